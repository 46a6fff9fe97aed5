"""A sandbox without any form, and a study that publishes to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from small_study import make_study

from pipeline.sandbox import RunningSandbox, SandboxState, serve
from pipeline.study import Study


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with serve(SandboxState()) as running:
        yield running
    assert running.state.failures == []


@pytest.fixture
def study(tmp_path: Path, sandbox: RunningSandbox) -> Study:
    return make_study(tmp_path / "survei-air", sandbox.url)
