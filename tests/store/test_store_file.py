"""The file: its place, its readers, two writers at once, a full disk, a kill."""

import os
import random
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from store_cases import NOON, ROOT, bodies, sent, sql

from pipeline.database import SAFE_WAL, journal_mode
from pipeline.errors import StoreError
from pipeline.ledger import Added
from pipeline.migrations import STEPS
from pipeline.store import AssetCounts, Store
from pipeline.submission import Submission


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_nobody_else_may_read_the_file(store: Store, path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_journal_is_one_that_loses_nothing(store: Store, run: int, path: Path) -> None:
    assert journal_mode((3, 40, 1)) == journal_mode((3, 51, 2)) == "TRUNCATE"
    assert journal_mode(SAFE_WAL) == journal_mode((3, 52, 0)) == "WAL"
    used = store._connection.execute("PRAGMA journal_mode").fetchone()[0]
    assert used == journal_mode(sqlite3.sqlite_version_info).lower()
    assert store._connection.execute("PRAGMA synchronous").fetchone()[0] == 2


# What cannot be a store is refused and left as it was.


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no such folder") as caught:
        Store.open(tmp_path / "tidak" / "uji.sqlite")
    assert caught.value.exit_code == 13


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="a folder, not a store"):
        Store.open(tmp_path)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs Linux's /proc")
def test_a_place_that_cannot_be_written_is_named() -> None:
    with pytest.raises(StoreError, match="cannot be written"):
        Store.open(Path("/proc/self/uji.sqlite"))


def test_another_kind_of_file_is_left_as_it_was(path: Path) -> None:
    path.write_text("unit_id;nama\n" * 200)
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another kind of file"):
        Store.open(path)
    assert path.read_bytes() == before


def test_the_sqlite_file_of_another_program_is_left_as_it_was(path: Path) -> None:
    sql(path, "CREATE TABLE bookmarks (url TEXT)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another program"):
        Store.open(path)
    assert path.read_bytes() == before


def test_a_store_from_a_newer_version_is_left_as_it_was(path: Path) -> None:
    Store.open(path).close()
    sql(path, f"INSERT INTO schema_version VALUES ({len(STEPS) + 1})")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="newer Persepsi"):
        Store.open(path)
    assert path.read_bytes() == before


def test_an_empty_file_becomes_a_store(path: Path) -> None:
    path.touch()
    with Store.open(path) as store:
        assert store.counts() == []


def test_a_damaged_file_is_called_damaged(path: Path) -> None:
    with Store.open(path) as store:
        run = store.begin_run("uji", "", NOON)
        store.add_page(run, [sent(n) for n in range(1, 101)], NOON)
    raw = bytearray(path.read_bytes())
    raw[8192:-4096] = b"\xaa" * (len(raw) - 8192 - 4096)
    path.write_bytes(raw)
    with pytest.raises(StoreError, match="damaged"), Store.open(path) as store:
        bodies(store)


def test_another_writer_is_waited_for_and_then_named(store: Store, run: int, path: Path) -> None:
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with Store.open(path, busy_timeout=0.05) as second:
        with pytest.raises(StoreError, match="another program is writing"):
            second.add_page(run, [sent(1)], NOON)
        holder.execute("ROLLBACK")
        assert second.add_page(run, [sent(1)], NOON) == Added(new=1)
    holder.close()


def test_who_will_write_holds_the_store_before_reading_it(
    store: Store, run: int, path: Path
) -> None:
    other = sqlite3.connect(path, timeout=0.0, isolation_level=None)

    def look() -> Iterator[Submission]:
        # While a page is compared with what is known, nobody may add to what is known.
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        yield sent(1)

    assert store.add_page(run, look(), NOON) == Added(new=1)
    other.close()


def test_a_full_disk_loses_nothing_that_was_stored(store: Store, run: int) -> None:
    store.add_page(run, [sent(n) for n in range(1, 101)], NOON)
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count = {pages + 2}")  # SQLite's own full disk
    with pytest.raises(StoreError, match="disk is full"):
        store.add_page(run, [sent(n) for n in range(101, 201)], NOON)
    assert [s.submission.id for s in store.current("uji", "a")] == list(range(1, 101))
    store._connection.execute("PRAGMA max_page_count = 1000000")
    assert store.add_page(run, [sent(n) for n in range(101, 201)], NOON) == Added(new=100)
    assert store.verify() == []


# Migrations


def test_many_may_make_the_same_store_at_once(path: Path) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            with Store.open(path) as store:
                run = store.begin_run("uji", "", NOON)
                for first in range(1, 41, 10):
                    store.add_page(run, [sent(n) for n in range(first, first + 10)], NOON)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with Store.open(path) as store:
        assert store.counts() == [AssetCounts("uji", "a", 40, 40, 0)]
        assert store.verify() == []


WRITER = """
import sys
sys.path.insert(0, sys.argv[2])
from test_store import NOON, sent
from pathlib import Path
from pipeline.store import Store
with Store.open(Path(sys.argv[1])) as store:
    run = store.begin_run("uji", "", NOON)
    page = len(store.marks("uji", "a")) // 20
    while True:
        store.add_page(run, [sent(n) for n in range(page * 20 + 1, page * 20 + 21)], NOON)
        print(page, flush=True)
        page += 1
"""


def test_a_writer_killed_at_any_moment_loses_no_acknowledged_page(path: Path) -> None:
    rng = random.Random(20261005)
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    done = 0
    for _ in range(8):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(Path(__file__).parent)],
            stdout=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip
        assert writer.stdout is not None
        acknowledged = int(writer.stdout.readline())
        timer = threading.Timer(rng.uniform(0, 0.08), writer.send_signal, [signal.SIGKILL])
        timer.start()
        for line in writer.stdout:
            acknowledged = int(line)
        writer.wait()
        writer.stdout.close()
        assert writer.returncode == -signal.SIGKILL
        with Store.open(path) as store:
            held = [s.submission.id for s in store.current("uji", "a")]
            assert store.verify() == []
        assert held == list(range(1, len(held) + 1))
        assert len(held) % 20 == 0, "no half page"
        # The page in flight may have been written just before its acknowledgement.
        assert len(held) // 20 - (acknowledged + 1) in (0, 1)
        assert len(held) // 20 > done
        done = len(held) // 20
