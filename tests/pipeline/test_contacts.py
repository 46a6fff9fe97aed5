import numpy as np
import pandas as pd
import pytest

from analysis.instrument import Choice, Instrument, Question
from analysis.weights import weigh
from pipeline.contacts import assemble, outcomes, read_plan
from pipeline.contacts.needs import AAPOR, CODES, NEEDED, USED
from pipeline.errors import QuestionnaireError, StudyError
from pipeline.questionnaire import read_instrument
from pipeline.study import open_study, study_folder

EVENTS = tuple(
    Question(f"e{i}", f"pengalaman/e{i}", "select_one", {}, list_name="yt", bentuk="PB")
    for i in range(1, 5)
)
FORM = Instrument(
    form_id="wawancara",
    title="",
    version="1",
    languages=("",),
    questions=(Question("hasil", "kontak/hasil", "select_one", {}, list_name="hasil"), *EVENTS),
    choices={
        "hasil": (
            Choice("bersedia", {}, columns={"aapor": "1"}),
            Choice("menolak", {}, columns={"aapor": "2.112"}),
            Choice("terlewat", {}, columns={"aapor": "2.20"}),
        ),
        "yt": (Choice("ya", {}, 1.0), Choice("tidak", {}, 0.0)),
    },
)
PLAN = """session_id;unit_id;date;block;day_type;blocks_window;block_minutes;k_plan
S1;u1;2026-10-05;pagi;ramai;10;120;4
S2;u1;2026-10-06;siang;biasa;10;120;4
S3;u1;2026-10-07;sore;biasa;10;120;4
"""


DAY = {"S1": "2026-10-05", "S2": "2026-10-06", "S3": "2026-10-07"}


def contact(number, session, hasil="bersedia", answers=("ya", "tidak", "tidak", "ya"), **more):
    row = {
        "submission_id": f"r{number}", "wave": "1", "form_version": "v1", "version_known": True,
        "submitted_at": pd.Timestamp("2026-10-05T05:00:00Z"),
        "t_pilih": f"{DAY.get(session, '2026-10-05')}T09:00:00.000+08:00",
        "petugas": "e01", "sesi": session,
        "urut": float(number), "jk_amatan": "P", "umur_amatan": "30-44", "hasil": hasil,
        "setuju": "ya" if hasil == "bersedia" else None, "dewasa": "ya", "pegawai": "tidak",
        "unit": "u1",
    }  # fmt: skip
    row |= dict(zip(("e1", "e2", "e3", "e4"), answers, strict=True))
    return row | more


def closing(session, hour=3, **more):
    return {
        "submission_id": f"c-{session}-{hour}", "sesi": session, "kegiatan": "tutup",
        "submitted_at": pd.Timestamp(f"2026-10-05T0{hour}:00:00Z"), "menit": 110.0,
        "cara_hitung": "tally", "tally": 40.0, "k_pakai": 4.0, "n_dipilih": 10.0,
        "n_lengkap": 8.0, "gangguan": "tidak",
    } | more  # fmt: skip


def opening(session, **more):
    return {
        "submission_id": f"o-{session}", "sesi": session, "kegiatan": "buka",
        "submitted_at": pd.Timestamp("2026-10-05T01:00:00Z"), "k": 5.0, "diumumkan": "tidak",
        "pengumpul": "ombudsman",
    } | more  # fmt: skip


@pytest.fixture
def study(tmp_path):
    (tmp_path / "study.toml").write_text('[design]\nselection = "probability"\n')
    (tmp_path / "units.csv").write_text("unit_id,name,sector\nu1,Satu,kesehatan\n")
    (tmp_path / "sessions.csv").write_text(PLAN)
    return open_study(str(tmp_path))


def test_consent_age_and_answers_decide_the_outcome():
    none = (None,) * 4
    rows = [
        contact(1, "S1"),
        contact(2, "S1", answers=("ya", "tidak", None, None)),
        contact(3, "S1", answers=("ya", None, None, None)),
        contact(4, "S1", answers=none, setuju="tidak"),
        contact(5, "S1", answers=none, dewasa="tidak"),
        contact(6, "S1", answers=none, pegawai="ya"),
        contact(7, "S1", hasil="menolak", answers=none),
        contact(8, "S1", hasil="terlewat", answers=none),
        contact(9, "S1", hasil=None, answers=none),
    ]
    found = outcomes(pd.DataFrame(rows), FORM).tolist()
    assert found == ["1.1", "1.2", "2.12", "2.112", "4.70", "4.10", "2.112", "2.20", "3.0"]


def test_a_key_item_that_was_refused_counts_as_unanswered_one_not_known_as_answered():
    rows = [
        contact(1, "S1", answers=("ya", "tidak", "tt", "tt")),
        contact(2, "S1", answers=("ya", "tidak", "tj", "tidak")),
        contact(3, "S1", answers=("ya", "tidak", "tj", "tj")),
        contact(4, "S1", answers=("ya", "tj", "tj", "tj")),
        contact(5, "S1", answers=("tj",) * 4),
    ]
    found = outcomes(pd.DataFrame(rows), FORM).tolist()
    assert found == ["1.1", "1.2", "1.2", "2.12", "2.12"]  # 4, 3, 2, 1 and 0 of 4 answered


def test_whoever_stopped_midway_is_judged_by_what_was_answered():
    rows = [
        contact(1, "S1", setuju="henti"),
        contact(2, "S1", setuju="henti", answers=("ya", "tidak", None, None)),
        contact(3, "S1", setuju="henti", answers=("ya", None, None, None)),
    ]
    assert outcomes(pd.DataFrame(rows), FORM).tolist() == ["1.1", "1.2", "2.12"]


def test_a_unit_found_closed_is_a_worked_session_without_visitors(study):
    shut = opening("S2", unit_buka="tidak", k=None)
    done = assemble(
        study, read_plan(study), pd.DataFrame([contact(1, "S1")]),
        pd.DataFrame([opening("S1"), closing("S1", n_dipilih=1.0), shut]), FORM,
    )  # fmt: skip
    row = done.sessions.set_index("session_id").loc["S2"]
    assert (row["worked"], row["closed"], row["count"]) == (True, False, 0.0)
    (note,) = done.notes
    assert "S2: the unit was found closed" in note
    weighting = weigh(done.contacts, done.sessions, {"u1": 1.0}, selection="probability")
    assert weighting.empty == {"S2": "u1"}
    assert weighting.frame["f_block"].tolist() == [5.0]  # 10 open blocks, 2 worked
    assert not any("S2" in note for note in weighting.notes)


def test_a_session_closed_with_a_count_of_0_is_worked_and_empty(study):
    nobody = closing("S2", tally=0.0, n_dipilih=0.0, n_lengkap=0.0)
    done = assemble(
        study, read_plan(study), pd.DataFrame([contact(1, "S1")]),
        pd.DataFrame([closing("S1", n_dipilih=1.0), nobody]), FORM,
    )  # fmt: skip
    assert done.sessions["count"].tolist()[:2] == [40.0, 0.0]
    (note,) = done.notes
    assert "S2: closed with a count of 0" in note
    weighting = weigh(done.contacts, done.sessions, {"u1": 1.0}, selection="probability")
    assert weighting.empty == {"S2": "u1"}


def test_a_unit_that_opened_after_all_is_no_closed_one(study):
    done = assemble(
        study, read_plan(study), pd.DataFrame([contact(1, "S1")]),
        pd.DataFrame([opening("S1", unit_buka="tidak")]), FORM,
    )  # fmt: skip
    assert np.isnan(done.sessions.loc[0, "count"])
    assert any("no closing record: S1" in note for note in done.notes)


def test_running_numbers_twice_or_missing_are_named_without_an_answer(study):
    rows = [contact(n, "S1") for n in (1, 2, 4)] + [contact(3, "S1", urut=2.0)]
    rows += [contact(5, "S2", urut=9.0)]
    done = assemble(
        study, read_plan(study), pd.DataFrame(rows),
        pd.DataFrame([closing("S1", n_dipilih=6.0), opening("S2")]), FORM,
    )  # fmt: skip
    twice, gaps = (n for n in done.notes if "running number" in n)
    assert "1 sessions have a running number twice: S1 (2)." in twice
    assert "1 closed sessions lack running numbers: S1 (3, 5, 6)." in gaps, "S2 is not closed yet"


def test_contacts_of_another_day_than_the_plans_are_counted_by_local_time(study):
    rows = [
        contact(1, "S1", t_pilih="2026-10-04T16:30:00Z"),  # 00:30 on the 5th in Kendari
        contact(2, "S1", t_pilih="2026-10-05T16:30:00Z"),  # 00:30 on the 6th
        contact(3, "S2", t_pilih="2026-10-05T09:00:00+08:00"),
    ]
    done = assemble(
        study, read_plan(study), pd.DataFrame(rows), pd.DataFrame([opening("S1")]), FORM
    )
    (note,) = (n for n in done.notes if "another day" in n)
    assert note.startswith("2 contacts were selected on another day than their session's: "
                           "S1 (1), S2 (1).")  # fmt: skip


@pytest.mark.parametrize(("form", "name"), [("wawancara", "hasil"), ("sesi", "kegiatan")])
def test_a_form_without_a_question_that_is_needed_is_refused_by_name(study, form, name):
    frames = {
        "wawancara": pd.DataFrame([contact(1, "S1")]),
        "sesi": pd.DataFrame([closing("S1")]),
    }
    frames[form] = frames[form].drop(columns=name)
    with pytest.raises(QuestionnaireError, match=rf"{form}\.xlsx, .*no question named {name}"):
        assemble(study, read_plan(study), frames["wawancara"], frames["sesi"], FORM)


@pytest.mark.parametrize("form", ["wawancara", "sesi"])
def test_the_list_of_what_is_needed_fits_the_studys_own_forms(form):
    own = read_instrument(study_folder("kendari") / f"{form}.xlsx")
    assert {*NEEDED[form], *USED[form]} <= {q.name for q in own.questions}
    for question, codes in CODES[form].items():
        assert set(codes) <= {c.name for c in own.choices_of(own[question])}
    if form == "wawancara":
        assert {c.columns["aapor"] for c in own.choices["hasil"]} <= AAPOR


def test_a_session_is_joined_from_plan_opening_and_closing(study):
    done = assemble(
        study, read_plan(study),
        pd.DataFrame([contact(1, "S1"), contact(2, "S2")]),
        pd.DataFrame([opening("S1"), closing("S1"), opening("S2")]), FORM,
    )  # fmt: skip
    first, second, third = done.sessions.to_dict("records")
    assert (first["count"], first["k"], first["covered_minutes"]) == (40.0, 4.0, 110.0)
    assert done.contacts.loc[0, "selected_at"] == pd.Timestamp("2026-10-05T01:00:00Z")
    assert first["announced"] == "tidak"
    assert (first["worked"], first["closed"]) == (True, True)
    assert np.isnan(second["count"])
    assert second["k"] == 5.0, "without a closing record the k of the opening counts"
    assert (second["worked"], second["closed"]) == (True, False)
    assert not third["worked"]
    assert any("no closing record: S2" in note for note in done.notes)


def test_tickets_count_both_ends(study):
    done = assemble(
        study, read_plan(study), pd.DataFrame([contact(1, "S1")]),
        pd.DataFrame([closing("S1", cara_hitung="tiket", tiket_awal=101.0, tiket_akhir=140.0)]),
        FORM,
    )  # fmt: skip
    assert done.sessions.loc[0, "count"] == 40.0


def test_the_last_of_two_closings_counts_and_is_noted(study):
    done = assemble(
        study, read_plan(study), pd.DataFrame([contact(1, "S1")]),
        pd.DataFrame([closing("S1", hour=4, tally=44.0), closing("S1", hour=3, tally=40.0)]), FORM,
    )  # fmt: skip
    assert done.sessions.loc[0, "count"] == 44.0
    assert any("'tutup' more than once: S1" in note for note in done.notes)


def test_an_unknown_session_or_unit_is_kept_out_and_counted(study):
    done = assemble(
        study, read_plan(study),
        pd.DataFrame([contact(1, "S1"), contact(2, "S9"), contact(3, "S2", unit="u7")]),
        pd.DataFrame([closing("S9")]), FORM,
    )  # fmt: skip
    assert done.contacts["submission_id"].tolist() == ["r1", "r3"]
    assert done.contacts["unit_id"].tolist() == ["u1", "u1"]
    text = " ".join(done.notes)
    assert "1 submissions name a session" in text
    assert "S9 (1)" in text
    assert "unit code u7" in text


def test_a_plan_with_an_unknown_unit_is_refused(study):
    study.file("sessions.csv").write_text(PLAN.replace("S2;u1", "S2;u2"))
    with pytest.raises(StudyError, match=r"row 3: unit_id 'u2' is not in units\.csv"):
        read_plan(study)
