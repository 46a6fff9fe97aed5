import numpy as np
import pandas as pd
import pytest

from analysis.instrument import Choice, Instrument, Question
from pipeline.contacts import assemble, outcomes, read_plan
from pipeline.errors import StudyError
from pipeline.study import open_study

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


def contact(number, session, hasil="bersedia", answers=("ya", "tidak", "tidak", "ya"), **more):
    row = {
        "submission_id": f"r{number}", "wave": "1", "form_version": "v1", "version_known": True,
        "submitted_at": pd.Timestamp("2026-10-05T05:00:00Z"),
        "t_pilih": "2026-10-05T09:00:00.000+08:00", "petugas": "e01", "sesi": session,
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
