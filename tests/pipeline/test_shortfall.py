import pandas as pd
import pytest

from pipeline.shortfall import (
    lost_contacts,
    notes_on_shortfall,
    notes_on_unworked,
    with_lost,
)
from pipeline.study import open_study

CONTACTS = pd.DataFrame(
    {"session_id": ["S1"] * 8 + ["S2"] * 5, "unit_id": "u1", "outcome": ["1.1"] * 13}
)
SESSIONS = pd.DataFrame(
    {
        "session_id": ["S1", "S2", "S3", "S4"], "unit_id": "u1",
        "n_selected_tally": [10.0, 5.0, 4.0, None], "worked": [True, True, True, False],
        "cancelled": [False, False, False, True],
    }
)  # fmt: skip


def test_people_who_were_selected_and_never_arrived_are_counted_by_session():
    assert lost_contacts(CONTACTS, SESSIONS).to_dict() == {"S1": 2, "S3": 4}


def test_they_count_as_unknown_in_the_response_rate():
    every = with_lost(CONTACTS, SESSIONS)
    assert every["outcome"].value_counts().to_dict() == {"1.1": 13, "3.0": 6}
    assert set(every["unit_id"]) == {"u1"}
    (note,) = notes_on_shortfall(CONTACTS, SESSIONS)
    assert "6 people were selected by the closing tally and never arrived" in note
    assert "S1 (2), S3 (4)" in note


def test_a_tally_below_what_arrived_takes_nothing_away():
    more = SESSIONS.assign(n_selected_tally=[3.0, 2.0, None, None])
    assert lost_contacts(CONTACTS, more).empty
    assert notes_on_shortfall(CONTACTS, more) == ()


@pytest.fixture
def study(tmp_path):
    (tmp_path / "units.csv").write_text("unit_id,name,sector\nu1,Satu,kesehatan\n")
    return open_study(str(tmp_path))


def test_sessions_that_were_not_worked_are_named_and_cancelled_ones_marked(study):
    (note,) = notes_on_unworked(study, SESSIONS)
    assert note.startswith("u1: 1 of 4 planned sessions were not worked: S4 (cancelled).")
