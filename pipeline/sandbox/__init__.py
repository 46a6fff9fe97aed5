"""A KoBo-compatible server on the loopback interface, for training, defaults and tests.

    state = study_state(folder, "kendari")
    with serve(state) as sandbox:
        client = KoboClient(sandbox.url, sandbox.token)

It answers as KoboToolbox 2.026.30a was recorded to answer, sharp edges included; what it
leaves out it refuses with 501 (docs/decisions/0006-sandbox.md).
"""

from pipeline.sandbox.accounts import TOKEN, VIEWER_TOKEN, Account
from pipeline.sandbox.faults import Fault, Faults
from pipeline.sandbox.identifiers import Identifiers, asset_uid
from pipeline.sandbox.running import RunningSandbox, serve
from pipeline.sandbox.state import SandboxState
from pipeline.sandbox.study import has_wave, simulated_files, study_state

__all__ = [
    "TOKEN",
    "VIEWER_TOKEN",
    "Account",
    "Fault",
    "Faults",
    "Identifiers",
    "RunningSandbox",
    "SandboxState",
    "asset_uid",
    "has_wave",
    "serve",
    "simulated_files",
    "study_state",
]
