import pytest

from tests.engines.web_engine import LOCK, web_engine
from tests.forms.scenarios import STUDY
from tests.npm import installed_or_skipped


@pytest.fixture(scope="session")
def fetched():
    """Npm's packages."""
    return installed_or_skipped(LOCK, "engines")


@pytest.fixture(scope="session")
def web(fetched):
    """The second engine, with the forms of the embedded study."""
    with web_engine(STUDY) as engine:
        yield engine
