"""The ledger: nothing changed, taken out or cut off unseen."""

import sqlite3
from pathlib import Path

import pytest
from store_cases import NOON, sent, sql

from pipeline.ledger import Added
from pipeline.store import Store


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
