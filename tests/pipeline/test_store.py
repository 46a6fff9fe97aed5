"""The ledger: nothing lost, nothing half written, nothing changed unseen."""

import dataclasses
import json
import os
import random
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fakes.kobo import record

from pipeline.database import SAFE_WAL, journal_mode
from pipeline.errors import StoreError
from pipeline.ledger import Added
from pipeline.migrations import STEPS, migrate
from pipeline.record import Record, to_submission
from pipeline.source import FROM_START, FormVersion, Mark
from pipeline.store import AssetCounts, Store
from pipeline.submission import Submission

NOON = datetime(2026, 10, 5, 4, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


def sent(number: int, asset: str = "a", **answers: object) -> Submission:
    fields = record(number, **answers)
    text = json.dumps(fields, ensure_ascii=False)
    return to_submission(Record(text, fields), server_id="uji", asset=asset)


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


def sql(path: Path, *statements: str) -> list[tuple[object, ...]]:
    """Statements behind the store's back; rows of the last one."""
    connection = sqlite3.connect(path)
    try:
        for statement in statements:
            rows = connection.execute(statement).fetchall()
        connection.commit()
        return rows
    finally:
        connection.close()


def bodies(store: Store, asset: str = "a") -> list[str]:
    return [s.submission.body for s in store.current("uji", asset)]


def test_what_goes_in_comes_out_unchanged_after_reopening(path: Path) -> None:
    one = sent(1, **{"penutup/x_saran": "“tolong” \\ ☂ 😀 \x00"})
    with Store.open(path) as store:
        run = store.begin_run("uji", "http://127.0.0.1", NOON)
        assert store.add_page(run, [one], NOON) == Added(new=1)
    with Store.open(path) as store:
        (stored,) = store.current("uji", "a")
        assert stored.submission == one
        assert (stored.seq, stored.op, stored.learned_at) == (1, "I", NOON)


def test_the_same_page_may_come_any_number_of_times(store: Store, run: int) -> None:
    page = [sent(n) for n in range(1, 6)]
    assert store.add_page(run, page, NOON) == Added(new=5)
    assert store.add_page(run, page, NOON) == Added(same=5)
    assert store.add_page(run, page + page, NOON) == Added(same=10)


def test_every_version_is_kept_even_when_an_edit_is_taken_back(store: Store, run: int) -> None:
    first, second = sent(1, x="1"), sent(1, x="2")
    added = [store.add_page(run, [version], NOON) for version in (first, second, first)]
    assert added == [Added(new=1), Added(edited=1), Added(edited=1)]
    assert store.counts() == [AssetCounts("uji", "a", 1, 3, 0)]
    assert [(s.op, s.submission.body) for s in store.current("uji", "a")] == [("U", first.body)]


def test_another_address_of_the_server_is_no_edit(store: Store, run: int) -> None:
    def with_photo(host: str) -> Submission:
        return sent(1, _attachments=[{"uid": "att1", "download_url": f"{host}/att1/"}])

    store.add_page(run, [with_photo("http://127.0.0.1:5001")], NOON)
    assert store.add_page(run, [with_photo("http://127.0.0.1:5002")], NOON) == Added(same=1)


def test_servers_and_forms_do_not_mix(store: Store, run: int) -> None:
    other = dataclasses.replace(sent(1), server_id="lain")
    store.add_page(run, [sent(2), sent(1), sent(1, asset="b", x="b"), other], NOON)
    assert [s.submission.id for s in store.current("uji", "a")] == [1, 2]
    assert [s.submission.id for s in store.current("uji", "b")] == [1]
    assert [(c.server_id, c.asset, c.submissions) for c in store.counts()] == [
        ("lain", "a", 1), ("uji", "a", 2), ("uji", "b", 1),
    ]  # fmt: skip


def test_a_page_is_written_whole_or_not_at_all(store: Store, run: int) -> None:
    broken = dataclasses.replace(sent(3), body="{not json")
    with pytest.raises(ValueError, match="Expecting"):
        store.add_page(run, [sent(1), sent(2), broken], NOON)
    assert bodies(store) == []
    assert store.add_page(run, [sent(1)], NOON) == Added(new=1)
    assert store.verify() == []


def test_the_watermark_leaves_an_overlap_of_known_submissions(store: Store, run: int) -> None:
    assert store.watermark("uji", "a") == FROM_START
    store.add_page(run, [sent(n * 10) for n in range(1, 6)], NOON)
    store.add_page(run, [sent(50, x="edited")], NOON)
    assert store.watermark("uji", "a") == 50
    assert store.watermark("uji", "a", overlap=2) == 30, "40 and 50 are read again"
    assert store.watermark("uji", "a", overlap=4) == 10
    assert store.watermark("uji", "a", overlap=5) == FROM_START


def test_marks_are_those_of_the_latest_version(store: Store, run: int) -> None:
    store.add_page(run, [sent(1), sent(2)], NOON)
    store.add_page(run, [sent(2, _uuid="u2", _validation_status={"uid": "ok"})], NOON)
    first = sent(1)
    assert store.marks("uji", "a") == {1: Mark(1, first.uuid, ""), 2: Mark(2, "u2", '{"uid":"ok"}')}


def test_form_versions_are_kept_once_in_order_of_deployment(store: Store) -> None:
    late = FormVersion("uji", "a", "v2", '{"survey":[2]}', "2026-10-02T01:00:00Z")
    early = FormVersion("uji", "a", "v1", '{"survey":[1]}', "2026-10-01T01:00:00Z")
    assert store.add_versions([late, early], NOON) == 2
    assert store.add_versions([late, early], NOON) == 0
    assert store.form_versions("uji", "a") == [early, late]
    assert store.form_versions("uji", "b") == []


def test_a_tombstone_hides_a_submission_and_its_return_is_named(store: Store, run: int) -> None:
    store.add_page(run, [sent(1), sent(2)], NOON)
    assert store.add_deletions(run, "uji", "a", {1, 77}, NOON) == 1
    assert store.add_deletions(run, "uji", "a", {1}, NOON) == 0, "it is deleted only once"
    assert [s.submission.id for s in store.current("uji", "a")] == [2]
    assert store.marks("uji", "a").keys() == {2}
    assert store.counts() == [AssetCounts("uji", "a", 1, 3, 0)], "every version is kept"
    assert store.add_page(run, [sent(1)], NOON) == Added(restored=1)
    assert [s.submission.id for s in store.current("uji", "a")] == [1, 2]
    assert store.verify() == []


def test_each_event_of_a_submission_is_named(store: Store, run: int) -> None:
    approved = {"uid": "validation_status_approved", "timestamp": 1790000000}
    photo = [{"uid": "att1", "media_file_basename": "f.png", "download_url": "https://x/1/"}]
    moved = [{"uid": "att1", "media_file_basename": "f.png", "download_url": "https://y/1/"}]
    gone = [{"uid": "att1", "media_file_basename": "f.png", "is_deleted": True}]
    for answers, events in (
        ({}, Added(new=1)),
        ({"_uuid": "u2"}, Added(edited=1)),
        ({"_uuid": "u2", "_validation_status": approved}, Added(validated=1)),
        ({"_uuid": "u2"}, Added(reset=1)),
        ({"_uuid": "u2", "_attachments": photo}, Added(attachments=1)),
        ({"_uuid": "u2", "_attachments": moved}, Added(same=1)),
        ({"_uuid": "u2", "_attachments": gone}, Added(attachments=1)),
        ({"_uuid": "u2", "_attachments": gone, "_date_modified": "2026-10-06"}, Added(same=1)),
        ({"_uuid": "u2", "_attachments": gone, "x": "2"}, Added(edited=1)),
        ({"_uuid": "u3", "_attachments": photo, "_validation_status": approved},
         Added(edited=1, validated=1, attachments=1)),
    ):  # fmt: skip
        assert store.add_page(run, [sent(1, **answers)], NOON) == events
    again = {"_uuid": sent(1).uuid, "meta/rootUuid": f"uuid:{sent(1).root_uuid}"}
    store.add_deletions(run, "uji", "a", {1}, NOON)
    assert store.add_page(run, [sent(9, **again)], NOON) == Added(restored=1)
    assert store.verify() == []


def test_files_of_a_submission_are_listed_with_their_state(store: Store, run: int) -> None:
    def listed(*files: dict[str, object]) -> list[tuple[str, str]]:
        store.add_page(run, [sent(1, _attachments=list(files))], NOON)
        return [tuple(r) for r in store.rows("SELECT uid, state FROM attachment ORDER BY uid")]

    one, two = {"uid": "att1", "media_file_basename": "a.png"}, {"uid": "att2"}
    assert listed(one) == [("att1", "wanted")]
    assert listed(one, two) == [("att1", "wanted"), ("att2", "wanted")]
    with store.transaction() as connection:
        connection.execute("UPDATE attachment SET state = 'held', held_at = '' WHERE uid = 'att1'")
    assert listed(one, {**two, "is_deleted": True}) == [("att1", "held"), ("att2", "gone")]
    assert listed(two) == [("att1", "gone"), ("att2", "wanted")]
    assert listed(one) == [("att1", "held"), ("att2", "gone")], "what is held is not fetched again"
    store.add_deletions(run, "uji", "a", {1}, NOON)
    rows = store.rows("SELECT DISTINCT state FROM attachment")
    assert [row["state"] for row in rows] == ["gone"]


def test_rows_cut_off_at_the_end_show_once_a_pull_ended_behind_them(
    store: Store, run: int, path: Path
) -> None:
    store.add_page(run, [sent(n) for n in (1, 2, 3)], NOON)
    store.finish_run(run, NOON, complete=True)
    assert store.verify() == []
    sql(path, "DROP TRIGGER submission_version_is_kept",
        "DELETE FROM submission_latest WHERE id = 3",
        "DELETE FROM submission_version WHERE seq = 3")  # fmt: skip
    assert store.verify() == [f"Rows 3 to 3: pull {run} wrote them, and they were cut off since."]


def test_a_chain_written_anew_does_not_end_where_the_pull_did(
    store: Store, run: int, path: Path
) -> None:
    store.add_page(run, [sent(1)], NOON)
    store.finish_run(run, NOON, complete=True)
    other = path.with_name("lain.sqlite")
    with Store.open(other) as second:  # the same place in the ledger, another text, a true chain
        second.add_page(second.begin_run("uji", "", NOON), [sent(1, x="2")], NOON)
    sql(path, "DROP TRIGGER submission_version_is_kept", f"ATTACH '{other}' AS lain",
        "DELETE FROM submission_latest", "DELETE FROM submission_version",
        "INSERT INTO submission_version SELECT * FROM lain.submission_version",
        "INSERT INTO submission_latest SELECT * FROM lain.submission_latest")  # fmt: skip
    (said,) = store.verify()
    assert "not the row that pull 1 ended with" in said


def test_rows_cannot_be_changed_or_taken_out(store: Store, run: int, path: Path) -> None:
    store.add_page(run, [sent(1)], NOON)
    for statement in (
        "DELETE FROM submission_version",
        "UPDATE submission_version SET body = '{}'",
        "UPDATE submission_version SET sha256 = ''",
        "UPDATE submission_version SET body = NULL, learned_at = ''",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            sql(path, statement)


def test_a_purged_body_stays_purged_and_the_chain_holds(store: Store, run: int, path: Path) -> None:
    store.add_page(run, [sent(1), sent(2)], NOON)
    sql(path, "UPDATE submission_version SET body = NULL WHERE id = 1")
    assert store.verify() == []
    assert [s.submission.id for s in store.current("uji", "a")] == [2]
    assert store.add_page(run, [sent(1)], NOON) == Added(same=1)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("UPDATE submission_version SET body = replace(body, '22.50', '22.51') WHERE seq = 2",
         ["Row 2 (form a, submission 2): the text"]),
        ("UPDATE submission_version SET form_version = NULL WHERE seq = 2",
         ["Row 2 (form a, submission 2): the row"]),
        ("DELETE FROM submission_version WHERE seq = 2",
         ["Row 3 (form a, submission 3): the row, or one before it",
          "Form a, submission 2: the index differs from the ledger."]),
        ("UPDATE submission_latest SET status = 'x' WHERE id = 3",
         ["Form a, submission 3: the index differs from the ledger."]),
        ("DELETE FROM submission_latest WHERE id = 1",
         ["Form a, submission 1: missing in the index."]),
    ],
)  # fmt: skip
def test_damage_is_found(store: Store, run: int, path: Path, damage: str, words: list[str]) -> None:
    store.add_page(run, [sent(n) for n in (1, 2, 3)], NOON)
    assert store.verify() == []
    sql(path, "DROP TRIGGER submission_version_is_kept",
        "DROP TRIGGER submission_version_is_final", damage)  # fmt: skip
    found = store.verify()
    assert len(found) == len(words)
    assert all(said.startswith(word) for said, word in zip(found, words, strict=True))
    assert "Loketnya" not in "".join(found), "damage reports hold no answers"


def test_the_digest_depends_on_current_content_alone(tmp_path: Path) -> None:
    def digest(name: str, *pages: list[Submission]) -> str:
        with Store.open(tmp_path / name) as store:
            run = store.begin_run("uji", name, NOON)
            for number, submissions in enumerate(pages):
                store.add_page(run, submissions, NOON + timedelta(hours=number))
            return store.digest()

    straight = digest("1", [sent(1), sent(2)])
    assert digest("2", [sent(2)], [sent(1)]) == straight
    assert digest("3", [sent(1, x="old"), sent(2)], [sent(1)]) == straight
    assert digest("4", [sent(1, x="old"), sent(2)]) != straight
    assert digest("5", [sent(1)]) != straight


def test_runs_are_remembered_with_their_counts_and_their_end(store: Store, path: Path) -> None:
    done = store.begin_run("uji", "https://kobo.example", NOON)
    store.add_page(done, [sent(1), sent(2)], NOON)
    store.add_page(done, [sent(2, x="2")], NOON)
    store.finish_run(done, NOON + timedelta(seconds=3), complete=True)
    killed = store.begin_run("uji", "https://kobo.example", NOON)
    store.add_page(killed, [sent(3)], NOON)
    rows = sql(path, "SELECT outcome, ended_at, pages, seen, new, edited FROM pull_run")
    assert rows == [
        ("complete", "2026-10-05T04:00:03.000000Z", 2, 3, 2, 1),
        (None, None, 1, 1, 1, 0),
    ]


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


def test_a_step_that_fails_leaves_the_schema_before_it(path: Path) -> None:
    with Store.open(path) as store:
        run = store.begin_run("uji", "", NOON)
        store.add_page(run, [sent(1)], NOON)
        bad = (*STEPS, ("CREATE TABLE extra (x)", "INSERT INTO nowhere VALUES (1)"))
        with pytest.raises(sqlite3.OperationalError, match="nowhere"):
            migrate(store._connection, bad)
    assert sql(path, "SELECT max(version) FROM schema_version") == [(len(STEPS),)]
    assert sql(path, "SELECT name FROM sqlite_master WHERE name = 'extra'") == []
    good = (*STEPS, ("ALTER TABLE pull_run ADD COLUMN note TEXT",))
    with Store.open(path) as store:
        migrate(store._connection, good)
        assert len(bodies(store)) == 1
        assert store.verify() == []


OLD = Path(__file__).parent / "stores"


@pytest.mark.parametrize("taken", range(1, len(STEPS)))
def test_a_store_of_every_older_schema_is_brought_to_todays(path: Path, taken: int) -> None:
    connection = sqlite3.connect(path)
    connection.executescript((OLD / f"schema_{taken}.sql").read_text("utf-8"))
    connection.close()
    before = sql(path, "SELECT seq, body, chain FROM submission_version ORDER BY seq")
    with Store.open(path) as store:
        assert store.verify() == []
        assert store.digest() == "d9c7df3eed91792433c33773b2417295e81c4ac4f397cc7824648e307b332ea8"
        assert [s.submission.id for s in store.current("uji", "a")] == [1, 2, 3]
        assert store.counts()[0] == AssetCounts("uji", "a", 3, 7, 1)
        wanted = store.rows("SELECT id, uid, name, state FROM attachment")
        assert [tuple(row) for row in wanted] == [(3, "att1", "foto.png", "wanted")]
        run = store.begin_run("uji", "", NOON)
        photo = json.loads(next(b for _, b, _ in before if b and "foto.png" in b))["_attachments"]
        assert store.add_page(run, [sent(3, _attachments=photo)], NOON) == Added(same=1)
        assert store.add_page(run, [sent(4)], NOON) == Added(restored=1)
    after = sql(path, "SELECT seq, body, chain FROM submission_version ORDER BY seq")
    assert after[: len(before)] == before, "what was written is not touched"


@pytest.mark.parametrize("taken", range(1, len(STEPS)))
def test_a_migration_that_fails_midway_leaves_the_older_store(path: Path, taken: int) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript((OLD / f"schema_{taken}.sql").read_text("utf-8"))
    before = list(connection.iterdump())
    broken = (*STEPS[taken], "INSERT INTO nowhere VALUES (1)")
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        migrate(connection, (*STEPS[:taken], broken))
    assert list(connection.iterdump()) == before
    connection.close()


def test_who_is_overtaken_while_migrating_does_not_migrate_again(path: Path) -> None:
    slow = sqlite3.connect(path, isolation_level=None)
    fast = sqlite3.connect(path, isolation_level=None)

    def overtake(statement: str) -> None:
        if statement.startswith("BEGIN"):
            slow.set_trace_callback(None)
            migrate(fast)

    slow.set_trace_callback(overtake)
    migrate(slow)
    slow.close()
    fast.close()
    assert sql(path, "SELECT version FROM schema_version") == [(n + 1,) for n in range(len(STEPS))]


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
