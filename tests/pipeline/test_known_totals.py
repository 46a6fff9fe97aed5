"""margins.csv as people write it, and everything that can be wrong with it."""

import dataclasses
import shutil

import numpy as np
import pandas as pd
import pytest

from pipeline.calibrating import planned
from pipeline.errors import StudyError
from pipeline.fieldwork.draw import populations, work
from pipeline.fieldwork.parameters import read_parameters
from pipeline.fieldwork.register import as_csv, register
from pipeline.known_totals import read_known_totals
from pipeline.questionnaire import read_instrument
from pipeline.settings import CalibrationSettings
from pipeline.study import open_study
from pipeline.tables import read_table

HEAD = "population,unit_id,margin,level,total,source\n"
GOOD = (
    "kunjungan,a,jk,L,40,register\nkunjungan,a,jk,P,60,register\n"
    "kunjungan,b,jk,L,10,register\nkunjungan,b,jk,P,20,register\n"
)
LEVELS = {"jk": ("L", "P")}


def read(tmp_path, text, *, raw=False, **options):
    path = tmp_path / "margins.csv"
    path.write_bytes(text if raw else (HEAD + text).encode())
    settings = {"margins": (), "units": ["a", "b"], "levels": LEVELS} | options
    return read_known_totals(path, **settings)


def test_every_way_excel_writes_a_table_gives_the_same_totals(tmp_path):
    table = HEAD + GOOD.replace("40", "40.5").replace("60", "59.5")
    ways = [
        table.encode(),
        b"\xef\xbb\xbf" + table.replace("\n", "\r\n").encode(),
        table.replace(",", ";").replace("40.5", "40,5").replace("59.5", "59,5").encode("cp1252"),
        table.replace(",", "\t").encode("utf-16"),
        table.replace("register", "cacah – loket 1").encode("cp1252"),
    ]
    found = [read(tmp_path, way, raw=True) for way in ways]
    for one in found:
        assert [(r.unit_id, r.margin, r.level, r.total) for r in one.rows] == [
            ("a", "jk", "L", 40.5), ("a", "jk", "P", 59.5),
            ("b", "jk", "L", 10.0), ("b", "jk", "P", 20.0),
        ]  # fmt: skip
        assert one.population == "kunjungan"
        assert not one.is_simulated
        assert one.by_unit("jk")
    assert found[-1].sources == ("cacah – loket 1",)


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("", {}, ["holds no total"]),
        (GOOD.replace("kunjungan,b,jk,L", "pasien,b,jk,L"), {}, ["row 4", "'pasien'"]),
        (GOOD.replace("kunjungan,b,jk,L", "penduduk,b,jk,L"), {}, ["row 2", "row 4", "penduduk"]),
        (GOOD.replace(",b,", ",c,"), {}, ["row 4", "'c'", "units.csv"]),
        (GOOD.replace("b,jk,P", "b,jk,Q"), {}, ["row 5", "'Q'", "L, P"]),
        (GOOD.replace(",20,", ",dua puluh,"), {}, ["row 5", "'dua puluh'"]),
        (GOOD.replace(",20,", ",,"), {}, ["row 5", "total is blank"]),
        (GOOD.replace(",20,", ",0,"), {}, ["row 5", "is 0"]),
        (GOOD.replace(",20,", ",-20,"), {}, ["row 5", "is -20"]),
        (GOOD.replace(",20,", ",inf,"), {}, ["row 5", "is inf"]),
        (GOOD.replace(",20,", ",3.723,"), {}, ["row 5", "3.723", "thousands", "Write 3723"]),
        (GOOD.replace(",20,", ',"3,723",'), {}, ["row 5", "3,723", "Write 3723"]),
        (GOOD.replace(",20,", ",1.203.723,"), {}, ["row 5", "1.203.723", "Write 1203723"]),
        (GOOD + "kunjungan,b,jk,P,20,x\n", {}, ["rows 5 and 6", "jk P of b"]),
        (GOOD + "kunjungan,,jk,P,20,x\n", {}, ["row 6", "whole city", "unit a"]),
        (GOOD, {"margins": ("umur",)}, ["no margin umur", "it has jk"]),
        (GOOD, {"reconcile": "umur"}, ["no margin umur"]),
        (
            GOOD + "kunjungan,a,umur,muda,90,x\nkunjungan,b,umur,muda,30,x\n", {},
            ["jk of a (rows 2, 3) sums to 100", "umur of a (rows 6) sums to 90", "reconcile"],
        ),
        (GOOD + "kunjungan,,lama,ya,500,x\n", {}, ["whole city sums to 500", "together to 130"]),
        (GOOD + "kunjungan,a,jk:umur,L,40,x\n", {}, ["row 6", "crosses 2 answers"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_file_is_said_with_its_row(tmp_path, text, options, said):
    with pytest.raises(StudyError) as error:
        read(tmp_path, text, **options)
    for part in ["margins.csv", *said]:
        assert part in str(error.value)


def test_a_missing_column_and_a_missing_file_are_named(tmp_path):
    with pytest.raises(StudyError, match="column total is missing"):
        read(tmp_path, (HEAD + GOOD).replace("total", "jumlah").encode(), raw=True)
    with pytest.raises(StudyError, match="not found"):
        read_known_totals(tmp_path / "absent.csv", margins=(), units=(), levels={})


def test_totals_of_different_days_are_scaled_to_the_margin_that_counts(tmp_path):
    text = GOOD + "kunjungan,a,umur,muda,30,x\nkunjungan,a,umur,tua,60,x\n"
    text += "kunjungan,b,umur,muda,10,x\nkunjungan,b,umur,tua,20,x\n"
    found = read(tmp_path, text, reconcile="jk")
    own = {(r.unit_id, r.level): r.total for r in found.rows if r.margin == "umur"}
    assert own["a", "muda"] == pytest.approx(100 / 3)
    assert own["a", "tua"] == pytest.approx(200 / 3)
    assert own["b", "tua"] == 20


def kendari(**settings):
    study = open_study("kendari")
    given = dataclasses.replace(study.calibration, **settings)
    return dataclasses.replace(study, calibration=given)


def interviews(units=6):
    study = open_study("kendari")
    rows = [
        (u.unit_id, sex, age, sex, age)
        for u in study.units[:units]
        for sex in "LP"
        for age in ("17-29", "30-44", "45-59", "60+")
    ]
    names = ["unit_id", "jk", "umur_kel", "obs_sex", "obs_age_band"]
    return pd.DataFrame(rows, columns=names)


def instrument():
    return read_instrument(open_study("kendari").file("wawancara.xlsx"))


def plan(study, frame, *, selection="probability", simulated=True):
    return planned(study, frame, instrument(), selection=selection, simulated=simulated)


def test_the_committed_register_is_that_of_the_simulated_fieldwork():
    study = open_study("kendari")
    p = read_parameters(study, instrument())
    drawn = populations(p, p.seed)
    made = register(drawn, work(study, p, p.seed), p.seed)
    text = study.file("simulasi/margins.csv").read_text(encoding="utf-8")
    assert as_csv(made, p.seed) == text
    for unit, margins in made.items():
        visits = drawn[unit].visitors.sum()
        sums = {sum(levels.values()) for levels in margins.values()}
        # Staff, minors and second interviews are visitors, but not of the survey's population.
        assert len(sums) == 1
        assert 0.92 < sums.pop() / visits < 0.98


def test_totals_become_margins_of_units():
    found, notes = plan(open_study("kendari"), interviews())
    assert notes == ()
    margins = found.plan.margins
    assert margins.names == ("unit_id:jk", "unit_id:umur_kel")
    assert margins.totals["unit_id:jk"]["dinsos:L"] == 281
    assert found.counted == {"jk", "umur_kel", "jk_amatan", "umur_amatan"}


def test_a_unit_without_interviews_is_left_out_with_a_note():
    found, _ = plan(open_study("kendari"), interviews(units=5))
    assert not any("pkm_jatiraya" in level for level in found.plan.margins.totals["unit_id:jk"])
    assert "pkm_jatiraya" in found.notes[0]


def test_a_blank_answer_gets_the_declared_stand_in():
    frame = interviews()
    frame.loc[[0, 3], "jk"] = [None, ""]
    found, _ = plan(open_study("kendari"), frame)
    assert found.columns["jk"].tolist() == frame["obs_sex"].tolist()
    assert "2 interviews have no jk; obs_sex stands in" in found.notes[0]


def test_a_sample_that_was_not_drawn_is_not_calibrated():
    for selection in ("quota", "volunteer"):
        found, notes = plan(open_study("kendari"), interviews(), selection=selection)
        assert found is None
        assert selection in notes[0]


def test_simulated_totals_are_refused_for_real_answers():
    with pytest.raises(StudyError, match="simulated, the submissions were not"):
        plan(open_study("kendari"), interviews(), simulated=False)


def test_a_unit_with_interviews_and_without_totals_keeps_its_weights_and_is_named(tmp_path):
    study = copied(tmp_path, lambda text: "\n".join(
        line for line in text.splitlines() if ",dikbud,jk" not in line) + "\n")  # fmt: skip
    found, _ = plan(study, interviews())
    assert found.plan.without == {"unit_id:jk": {"dikbud"}}
    assert "unit_id:jk" in found.plan.margins.names
    assert "dikbud gave no totals of jk; 8 interviews keep their weights" in found.notes[0]


NUMBERS = (
    "kunjungan,dinsos,tunggu,,1200,register\nkunjungan,dikbud,tunggu,,900.5,register\n"
    "kunjungan,pkm_jatiraya,tunggu,,50,register\n"
)


def test_the_sum_of_a_number_is_a_column_of_the_unit_that_counted_it(tmp_path):
    study = copied(tmp_path, lambda text: text + NUMBERS)
    study = dataclasses.replace(
        study,
        calibration=dataclasses.replace(study.calibration, margins=("jk", "tunggu"), missing={}),
    )
    frame = interviews(5).assign(tunggu=lambda d: np.arange(len(d)) + 1.0)
    found, _ = plan(study, frame)
    assert found.plan.margins.numbers == {"dinsos:tunggu": 1200, "dikbud:tunggu": 900.5}
    own = found.columns["dinsos:tunggu"]
    assert (own[frame["unit_id"] != "dinsos"] == 0).all()
    is_own = frame["unit_id"] == "dinsos"
    assert own[is_own].tolist() == frame.loc[is_own, "tunggu"].tolist()
    whole = copied(tmp_path / "b", lambda text: text + "kunjungan,,tunggu,,9000,register\n")
    whole = dataclasses.replace(
        whole, calibration=dataclasses.replace(whole.calibration, margins=("tunggu",), missing={})
    )
    found, _ = plan(whole, frame)
    assert found.plan.margins.numbers == {"tunggu": 9000}
    assert found.plan.margins.names == ()


def test_sums_of_numbers_are_no_visits_and_stay_when_margins_are_scaled(tmp_path):
    text = GOOD + "kunjungan,a,umur,muda,90,x\nkunjungan,b,umur,muda,30,x\n"
    text += "kunjungan,a,lama,,5000,x\nkunjungan,,biaya,,70000,x\n"
    found = read(tmp_path, text, reconcile="jk")
    assert found.numbers == ("lama", "biaya")
    sums = {r.margin: r.total for r in found.rows if not r.level}
    assert sums == {"lama": 5000, "biaya": 70000}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("kunjungan,a,jk,,100,x\n", ["row 6", "level is blank"]),
        ("kunjungan,a,jk:umur,,100,x\n", ["row 6", "level is blank"]),
        ("kunjungan,a,lama,,9,x\nkunjungan,b,lama,ya,9,x\n", ["row 7 and none in row 6"]),
        ("kunjungan,a,lama,ya,9,x\nkunjungan,b,lama,,9,x\n", ["row 6 and none in row 7"]),
        ("kunjungan,a,lama,,9,x\nkunjungan,a,lama,,8,x\n", ["rows 6 and 7"]),
        ("kunjungan,a,lama,,9,x\nkunjungan,,lama,,8,x\n", ["row 7", "whole city"]),
        ("kunjungan,a,lama,,0,x\n", ["row 6", "is 0"]),
    ],
)  # fmt: skip
def test_a_total_without_a_level_is_of_a_number_alone(tmp_path, rows, said):
    with pytest.raises(StudyError) as error:
        read(tmp_path, GOOD + rows)
    for part in said:
        assert part in str(error.value)


def test_residents_are_refused_for_a_sample_of_visits(tmp_path):
    study = copied(tmp_path, lambda text: text.replace("kunjungan,", "penduduk,"))
    with pytest.raises(StudyError, match=r"row 2: the totals count residents \(penduduk\)"):
        plan(study, interviews())


def test_visits_are_refused_where_persons_are_estimated():
    study = kendari()
    weights = dataclasses.replace(study.weights, estimand="persons", visits_question="x")
    with pytest.raises(StudyError, match="the totals count visits"):
        plan(dataclasses.replace(study, weights=weights), interviews())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"missing": {"sekolah": "obs_sex"}}, "missing names sekolah"),
        ({"missing": {"jk": "obs_sexx"}}, "'obs_sexx'"),
        ({"method": "poststrat"}, "meets one margin"),
        ({"margins": ("jk", "bahasa")}, "no margin bahasa"),
        ({"file": "tidak_ada.csv"}, "not found"),
    ],
)
def test_settings_that_do_not_fit_the_study_are_refused(settings, message):
    with pytest.raises(StudyError, match=message):
        plan(kendari(**settings), interviews())


def test_a_margins_file_without_its_section_is_not_silently_left_lying(tmp_path):
    folder = tmp_path / "kendari"
    shutil.copytree(open_study("kendari").folder, folder)
    shutil.copy(folder / "simulasi" / "margins.csv", folder / "margins.csv")
    study = dataclasses.replace(open_study(str(folder)), calibration=None)
    found, notes = plan(study, interviews())
    assert found is None
    assert "margins.csv is there" in notes[0]


def copied(tmp_path, change):
    folder = tmp_path / "kendari"
    shutil.copytree(open_study("kendari").folder, folder)
    path = folder / "simulasi" / "margins.csv"
    path.write_text(change(path.read_text("utf-8")), encoding="utf-8")
    assert read_table(path, ["total"])
    return open_study(str(folder))


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ('method = "rake"', "method = 'rake'"),
        ('variance = "bootstrap"', "variance = 'bootstrap'"),
        ('method = "logit"', "needs bounds"),
        ("bounds = [2.0, 3.0]", "two numbers around 1"),
        ("bounds = [0.5]", "two numbers around 1"),
        ('bounds = ["a"]', "a list of numbers"),
        ("trim = 0.5", "write 2 or more"),
        ("minimum = -1", "0 or more"),
        ("margin = 3", "Did you mean 'margins'"),
    ],
)
def test_the_section_calibration_says_what_is_wrong_with_it(tmp_path, toml, message):
    (tmp_path / "study.toml").write_text(f"[calibration]\n{toml}\n", encoding="utf-8")
    with pytest.raises(StudyError) as error:
        open_study(str(tmp_path))
    assert message in str(error.value)


def test_the_variance_is_the_jackknife_whatever_the_method(tmp_path):
    def variance(toml):
        (tmp_path / "study.toml").write_text(f"[calibration]\n{toml}\n", encoding="utf-8")
        return open_study(str(tmp_path)).calibration.variance

    assert variance("") == variance('method = "poststrat"') == "jkn_raked"
    assert variance('method = "linear"') == "jkn_raked"
    assert variance('method = "logit"\nbounds = [0.3, 3]') == "jkn_raked"
    assert variance('method = "linear"\nvariance = "taylor"') == "taylor"
    assert CalibrationSettings().trim == 0


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ('[weights]\nestimand = "people"', "must be one of visits, persons"),
        ('[weights]\nestimand = "persons"', "needs visits_question"),
        ("[design]\nenumerator_rho = 1.0", "from 0 to 1"),
    ],
)
def test_estimand_and_rho_are_checked(tmp_path, toml, message):
    (tmp_path / "study.toml").write_text(toml + "\n", encoding="utf-8")
    with pytest.raises(StudyError, match=message):
        open_study(str(tmp_path))
