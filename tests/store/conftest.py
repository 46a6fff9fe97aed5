"""A store in a folder of its own, with a pull begun."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from store_cases import NOON

from pipeline.store import Store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "uji.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(path) as store:
        yield store


@pytest.fixture
def run(store: Store) -> int:
    return store.begin_run("uji", "http://127.0.0.1", NOON)
