"""Missed people counted by the next contact, reserve sessions, access refused, grid and flow."""

import numpy as np
import pandas as pd
import pytest

from analysis.outcomes import response_rates
from analysis.weights import weigh
from pipeline.contacts import assemble, read_plan
from pipeline.contacts.missed import MOST, with_missed
from pipeline.study import open_study
from tests.pipeline.test_contacts import FORM, PLAN, closing, contact, opening
from tests.report import sample_results


@pytest.fixture
def study(tmp_path):
    (tmp_path / "study.toml").write_text('[design]\nselection = "probability"\n')
    (tmp_path / "units.csv").write_text("unit_id,name,sector\nu1,Satu,kesehatan\n")
    rows = PLAN.strip().split("\n")
    reserve = ["R1;u1;;;;10;120;4;ya", "R2;u1;;;;10;120;4;ya"]
    text = "\n".join([rows[0] + ";cadangan", *(f"{row};" for row in rows[1:]), *reserve])
    (tmp_path / "sessions.csv").write_text(text + "\n")
    return open_study(str(tmp_path))


def assembled(study, contacts, records):
    plan = read_plan(study)
    return assemble(study, plan, pd.DataFrame(contacts), pd.DataFrame(records), FORM)


# --- missed --------------------------------------------------------------------------------------


def folded(contacts: pd.DataFrame) -> pd.DataFrame:
    """The same contacts, had missed people been counted by the contact that came after them."""
    ordered = contacts.sort_values(["session_id", "seq"]).reset_index(drop=True)
    missed = ordered["outcome"] == "2.20"
    run = missed.groupby([ordered["session_id"], (~missed).cumsum()]).cumsum()
    before = run.groupby(ordered["session_id"]).shift(fill_value=0)
    ends = ordered["session_id"] != ordered["session_id"].shift(-1)
    kept = ~missed | (missed & ends)  # whom nobody followed keeps a form
    trailing = missed & ends
    told = before.where(~missed | trailing, 0)
    return ordered.assign(terlewat=told.astype(float))[kept].reset_index(drop=True)


def test_weights_and_rates_are_the_same_whether_missed_people_have_forms_or_are_counted():
    contacts, sessions = sample_results._fieldwork()
    short = folded(contacts)
    assert len(short) < len(contacts) - 20
    again = with_missed(short)
    assert len(again) == len(contacts)
    keys = ["session_id", "seq"]
    numbers = [frame.sort_values(keys)[keys].astype(str).to_numpy().tolist() for frame in
               (contacts, again)]  # fmt: skip
    assert numbers[0] == numbers[1]
    units = dict.fromkeys(sessions["unit_id"], 1.0)
    found = [
        weigh(frame, sessions, units, selection="probability").frame for frame in (contacts, again)
    ]
    pd.testing.assert_frame_equal(found[0], found[1])
    rates = [response_rates(frame, by="unit_id") for frame in (contacts, again)]
    pd.testing.assert_frame_equal(rates[0], rates[1])


def test_a_missed_person_has_place_and_time_and_nothing_observed(study):
    done = assembled(
        study, [contact(1, "S1"), contact(4, "S1", terlewat=2.0)],
        [opening("S1"), closing("S1", n_dipilih=4.0)],
    )  # fmt: skip
    assert done.notes == ()
    rows = done.contacts.set_index("submission_id")
    assert list(rows.index) == ["r1", "r4", "r4/terlewat/1", "r4/terlewat/2"]
    assert rows["seq"].tolist() == [1, 4, 2, 3]
    assert rows["outcome"].tolist() == ["1.1", "1.1", "2.20", "2.20"]
    assert rows["obs_sex"].tolist()[:2] == ["P", "P"]
    assert rows[["obs_sex", "obs_age_band", "e1", "setuju"]].iloc[2:].isna().all().all()
    assert rows["selected_at"].iloc[1] == rows["selected_at"].iloc[2]
    assert str(rows["seq"].dtype) == "Int64"
    assert rows["version_known"].dtype == bool


@pytest.mark.parametrize(
    ("told", "rows"), [(None, 0), (np.nan, 0), (-3.0, 0), (0.0, 0), (1e6, MOST), ("x", 0)]
)
def test_a_count_that_the_form_cannot_have_made_does_no_harm(told, rows):
    frame = pd.DataFrame(
        {"submission_id": ["a"], "session_id": ["S1"], "seq": pd.array([60], dtype="Int64"),
         "outcome": ["1.1"], "terlewat": [told]}
    )  # fmt: skip
    assert len(with_missed(frame)) == 1 + rows


def test_contacts_of_a_form_without_the_question_stay_as_they_are(study):
    done = assembled(study, [contact(1, "S1")], [opening("S1")])
    assert done.contacts["submission_id"].tolist() == ["r1"]


# --- reserve sessions ----------------------------------------------------------------------------


def test_a_reserve_that_nobody_needed_is_no_session_of_the_study(study):
    done = assembled(study, [contact(1, "S1")], [opening("S1"), closing("S1", n_dipilih=1.0)])
    assert done.sessions["session_id"].tolist() == ["S1", "S2", "S3"]
    assert done.notes == ()


def test_a_reserve_that_was_worked_counts_on_the_local_day_it_was_worked(study):
    late = contact(1, "R1", t_pilih="2026-10-08T00:30:00.000+08:00")
    done = assembled(study, [late, contact(2, "S1")], [opening("S1"), closing("R1", n_dipilih=1.0)])
    rows = done.sessions.set_index("session_id")
    assert list(rows.index) == ["S1", "S2", "S3", "R1"]
    assert rows.loc["R1", "date"] == "2026-10-08"  # 7 October 16:30 UTC
    assert bool(rows.loc["R1", "worked"])
    assert [note for note in done.notes if "R1" in note] == [
        "Session R1: a reserve, worked in place of a planned session that was lost."
    ]
    weighting = weigh(done.contacts, done.sessions, {"u1": 1.0}, selection="probability")
    assert set(weighting.frame["psu"]) == {"S1", "R1"}


# --- access, grid, flow --------------------------------------------------------------------------


def test_a_session_that_was_not_permitted_is_not_worked(study):
    done = assembled(
        study, [contact(1, "S1")],
        [opening("S1"), closing("S1", n_dipilih=1.0),
         opening("S2", akses="ditolak", unit_buka="ya", k=None)],
    )  # fmt: skip
    row = done.sessions.set_index("session_id").loc["S2"]
    assert (row["worked"], row["cancelled"], row["opened"]) == (False, True, True)
    (note,) = done.notes
    assert note.startswith("Session S2: the unit did not permit")


def test_a_session_that_was_worked_after_all_stays_worked(study):
    done = assembled(
        study, [contact(1, "S1")],
        [opening("S1", akses="ditolak"), closing("S1", n_dipilih=1.0)],
    )  # fmt: skip
    assert bool(done.sessions.set_index("session_id").loc["S1", "worked"])
    assert done.notes == ()


def test_a_closed_unit_that_also_refused_is_a_closed_unit(study):
    shut = opening("S2", akses="ditolak", unit_buka="tidak", k=None)
    done = assembled(study, [contact(1, "S1")], [opening("S1"), closing("S1", n_dipilih=1.0), shut])
    row = done.sessions.set_index("session_id").loc["S2"]
    assert (row["worked"], row["cancelled"], row["count"]) == (True, False, 0.0)


def test_three_counts_of_five_minutes_estimate_the_visitors_of_the_covered_time(study):
    flow = closing("S1", cara_hitung="arus", tally=None, alir_1=7.0, alir_2=11.0, alir_3=4.0,
                   menit=118.0, n_dipilih=1.0)  # fmt: skip
    done = assembled(study, [contact(1, "S1")], [opening("S1"), flow])
    row = done.sessions.set_index("session_id").loc["S1"]
    assert row["count"] == 173.0  # 22 in 15 minutes, 118 minutes
    weighting = weigh(done.contacts, done.sessions, {"u1": 1.0}, selection="probability")
    assert weighting.frame["tier"].tolist() == ["T2"]


def test_a_flow_with_a_count_missing_is_no_count(study):
    flow = closing("S1", cara_hitung="arus", tally=None, alir_1=7.0, alir_2=None, alir_3=4.0)
    done = assembled(study, [contact(1, "S1")], [opening("S1"), flow])
    assert np.isnan(done.sessions.set_index("session_id").loc["S1", "count"])


@pytest.mark.parametrize(
    ("at_open", "at_close", "k"),
    [("kisi", "kisi", None), ("kisi", None, None), ("k", "kisi", None), ("kisi", "k", 4.0)],
)
def test_a_time_grid_has_no_k_to_rebuild_a_count_from(study, at_open, at_close, k):
    shut = closing("S1", cara_hitung="tidak", tally=None, pilih_pakai=at_close, n_dipilih=1.0)
    done = assembled(study, [contact(1, "S1")], [opening("S1", cara_pilih=at_open), shut])
    found = done.sessions.set_index("session_id").loc["S1", "k"]
    assert (None if np.isnan(found) else found) == k
