"""What enumerators saw of a unit: sessions in which it could be seen, and in which it was so."""

import pandas as pd

from pipeline.contacts.observed import observed

SESSIONS = pd.DataFrame(
    {
        "session_id": ["a1", "a2", "a3", "b1"],
        "unit_id": ["a", "a", "a", "b"],
        "worked": [True, True, False, True],
    }
)


def record(session, seen, *, kind="buka", at=1, id="x"):
    return {"sesi": session, "kegiatan": kind, "o_biaya": seen, "submitted_at": at,
            "submission_id": id}  # fmt: skip


def rows(*records):
    return list(observed(SESSIONS, pd.DataFrame(records)).itertuples(index=False, name=None))


def test_sessions_are_counted_by_unit_and_only_those_that_were_worked():
    found = rows(record("a1", "ya"), record("a2", "tidak"), record("a3", "ya"), record("b1", "ya"))
    assert found == [("a", "o_biaya", 2, 1), ("b", "o_biaya", 1, 1)]


def test_what_could_not_be_seen_is_not_counted():
    assert rows(record("a1", "tl"), record("a2", "ya")) == [("a", "o_biaya", 1, 1)]
    assert rows(record("a1", "tl")) == []


def test_the_last_opening_record_of_a_session_counts():
    found = rows(
        record("a1", "tidak", at=1), record("a1", "ya", at=2),
        record("a1", "tidak", kind="tutup", at=3), record("lain", "ya"),
    )  # fmt: skip
    assert found == [("a", "o_biaya", 1, 1)]


def test_a_form_without_observations_has_none():
    table = observed(SESSIONS, pd.DataFrame([record("a1", "ya")]).drop(columns="o_biaya"))
    assert table.empty
    assert list(table.columns) == ["unit_id", "question", "seen", "yes"]
