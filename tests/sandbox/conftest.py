"""A small deployed form, served: two questions, a group, a repeat."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from served_form import FORM, NOW, UID, Get

from pipeline.sandbox import RunningSandbox, SandboxState, serve


@pytest.fixture
def state() -> SandboxState:
    """A state with the form and no data."""
    made = SandboxState(clock=lambda: NOW)
    made.add_form("wawancara", FORM, "Percobaan", UID)
    return made


@pytest.fixture
def sandbox(state: SandboxState) -> Iterator[RunningSandbox]:
    """A server over the state."""
    with serve(state) as running:
        yield running
    assert state.failures == []


@pytest.fixture
def get(sandbox: RunningSandbox) -> Iterator[Get]:
    """GET under the asset's data, as the owner."""
    with requests.Session() as session:
        session.headers["Authorization"] = f"Token {sandbox.token}"

        def ask(path: str = "", **params: Any) -> requests.Response:
            url = f"{sandbox.url}/api/v2/assets/{UID}/data/{path}"
            return session.get(url, params=params, timeout=10)

        yield ask
