"""A store of every older schema is brought to today's, or left as it was."""

import json
import sqlite3
from pathlib import Path

import pytest
from store_cases import NOON, bodies, sent, sql

from pipeline.ledger import Added
from pipeline.migrations import STEPS, migrate
from pipeline.store import AssetCounts, Store


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


OLD = Path(__file__).parent / "schemas"


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
