import subprocess

import pytest

from tests.conftest import required
from tests.engines.web_engine import installed, web_engine
from tests.forms.scenarios import STUDY


@pytest.fixture(scope="session")
def fetched():
    """Npm's packages; without a way to them the proofs are skipped, in CI they fail."""
    try:
        return installed()
    except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
        if "node" in required():
            raise
        return pytest.skip(f"proof not run: npm cannot fetch the engine of Web Forms ({error})")


@pytest.fixture(scope="session")
def web(fetched):
    """The second engine, with the forms of the embedded study."""
    with web_engine(STUDY) as engine:
        yield engine
