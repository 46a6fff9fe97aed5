"""The weights of a study by its settings: persons, enumerators, counts that were not made."""

import dataclasses

import pandas as pd
import pytest

from pipeline.contacts import FieldRecord
from pipeline.designed import analyze_designed
from pipeline.errors import StudyError
from pipeline.report.render import render_reports
from pipeline.study import open_study
from pipeline.weighting import note_on_counts
from tests.report import sample_results


def analysed(study, change=lambda contacts, sessions: (contacts, sessions)):
    contacts, sessions = change(*(frame.copy() for frame in sample_results._fieldwork()))
    record = FieldRecord(contacts.reset_index(drop=True), sessions.reset_index(drop=True), ())
    return analyze_designed(
        study, record, sample_results.instrument(), simulated=True, source="simulasi", notes=()
    )


def of_persons(question="kali"):
    study = open_study("kendari")
    weights = dataclasses.replace(study.weights, estimand="persons", visits_question=question)
    return dataclasses.replace(study, weights=weights, calibration=None)


def test_persons_are_visits_divided_by_how_often_they_came(tmp_path):
    def told(contacts, sessions):
        often = contacts["seq"].astype(int) % 3 + 1
        return contacts.assign(kali=often.astype(float)), sessions

    visits = analysed(dataclasses.replace(of_persons(), weights=open_study("kendari").weights))
    persons = analysed(of_persons(), told)
    factor = persons.weighted["f_person"].round(6)
    assert set(factor) == {1.0, 0.5, round(1 / 3, 6)}
    assert persons.weighted["w_raw"].sum() < 0.8 * visits.weighted["w_raw"].sum()
    render_reports(persons, tmp_path)
    page = (tmp_path / "unit" / "dpmptsp.html").read_text("utf-8")
    assert "dari 100 pengguna" in page
    assert "dibagi banyaknya kunjungan orang itu" in page
    assert "dari 100 kunjungan" not in page
    assert "enurut kunjungan" not in (tmp_path / "index.html").read_text("utf-8")


def test_persons_without_their_question_are_refused():
    with pytest.raises(StudyError, match="visits_question = 'kali'"):
        analysed(of_persons())


def test_a_blank_enumerator_counts_as_one_person_of_the_session():
    def lost(contacts, sessions):
        contacts.loc[contacts["session_id"] == "DKC-01", "enumerator_id"] = None
        return contacts, sessions

    found = analysed(open_study("kendari"), lost)
    assert any("name no enumerator" in note for note in found.notes)


def test_enumerators_can_be_left_out_and_every_page_says_so(tmp_path):
    study = open_study("kendari")
    design = dataclasses.replace(study.design, enumerator_rho=0.0)
    without = analysed(dataclasses.replace(study, design=design))
    within = analysed(study)
    assert any("enumerator_rho = 0" in note for note in without.notes)
    keys = ["domain_type", "domain", "measure_type", "measure", "category"]
    both = without.estimates.merge(within.estimates, on=keys, suffixes=("", "_in"))
    known = both["se"].notna()
    assert (both["value"][known] == both["value_in"][known]).all()
    assert (both["se_in"][known] >= both["se"][known] * (1 - 1e-9)).all()
    assert (both["se_in"][known] > both["se"][known] * 1.05).any()
    assert not without.estimates["reason"].str.contains("rho_assumed").any()
    render_reports(without, tmp_path / "without")
    render_reports(within, tmp_path / "within")
    for page in sorted((tmp_path / "without").rglob("*.html")):
        assert "antarpewawancara tidak termasuk" in page.read_text("utf-8"), page
    page = (tmp_path / "within" / "unit" / "dpmptsp.html").read_text("utf-8")
    assert "antarpewawancara termasuk dalam rentang" in page
    assert "korelasi 0,03" in page
    assert "jenis kelamin dan kelompok umur" in page
    assert "Bobot ekstrem" in page


def test_counts_that_decide_an_estimate_are_told():
    row = {
        "wave": "1", "domain_type": "unit", "domain": "a", "measure_type": "indeks",
        "measure": "persepsi", "category": "", "value": 60.0, "value_uncounted": 72.0,
        "difference": 12.0, "half_width": 5.0, "beyond": True,
    }  # fmt: skip
    near = row | {"domain": "b", "difference": 1.0, "beyond": False}
    (note,) = note_on_counts(pd.DataFrame([row, near]))
    assert "1 of 2" in note
    assert "persepsi in a" in note
    assert note_on_counts(pd.DataFrame([near])) == ()


def test_sensitivity_holds_only_what_is_printed():
    found = analysed(open_study("kendari"))
    table = found.estimates
    shown = table[table["flag"].isin(["published", "caution"])]
    keys = ["domain_type", "domain", "measure_type", "measure"]
    printed = set(map(tuple, shown[keys].to_numpy().tolist()))
    told = set(map(tuple, found.sensitivity[keys].to_numpy().tolist()))
    assert told
    assert told <= printed
