"""HTTP to a server with forms: one conversation, its deadline, what is tried again, its errors.

The only package that uses `requests`. What a server is asked and what its answers mean stands
in the server's own package (`pipeline.kobo`, `pipeline.central`), whose session is a `Session`
with credentials and refusals of its own.
"""

from pipeline.transport.auth import HeaderAuth
from pipeline.transport.retry import PassingFault
from pipeline.transport.server import Options, Server
from pipeline.transport.session import Raw, Response, Session, Upload

__all__ = [
    "HeaderAuth", "Options", "PassingFault", "Raw", "Response", "Server", "Session", "Upload",
]  # fmt: skip
