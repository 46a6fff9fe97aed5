"""The six questionnaires belong together: they can be published, and they refer to each other."""

from dataclasses import replace

import pytest
from scenarios import FORMS, PHONE, STUDY, behaviour, leaf, survey_cells

from pipeline.form_ready import prepare
from pipeline.formbuild import lint
from pipeline.questionnaire import read_instrument
from pipeline.study import open_study
from pipeline.tables import read_table

PERSONAL = ("nama", "nik", "alamat", "telepon", "foto")
LANGUAGES = ("Bahasa Indonesia (id)", "English (en)")
UNSEEN = {"start", "end", "today", "deviceid", "audit", "calculate"}


def test_all_six_may_go_to_phones_with_the_files_they_read():
    ready = {form.name: form for form in prepare(open_study("kendari"), FORMS, validate=False)}
    assert [form.form_id for form in ready.values()] == list(FORMS)
    assert {file.name for file in ready["kepercayaan"].files} == {
        "enumerators.csv", "wilayah.csv", "units.csv",
    }  # fmt: skip
    assert {file.name for file in ready["mandiri"].files} == {"units.csv"}
    assert not ready["kontak_ulang"].files, "a form with personal data carries no list of sessions"


def test_the_checks_of_forms_find_nothing_to_say():
    assert lint(STUDY, validate=False) == []


@pytest.mark.parametrize("form_id", FORMS)
def test_every_question_and_note_has_a_wording_and_a_hint_in_both_languages(form_id):
    for row in survey_cells(form_id):
        kind = row["type"]
        if kind in UNSEEN or kind.replace(" ", "_").startswith(("begin_", "end_")):
            continue
        for language in LANGUAGES:
            assert row[f"label::{language}"], row["name"]
            assert row[f"hint::{language}"], row["name"]


@pytest.mark.parametrize("form_id", [form for form in FORMS if form != "kontak_ulang"])
def test_no_form_but_the_call_back_contact_asks_for_personal_data(form_id):
    for row in survey_cells(form_id):
        assert row["type"] not in {"image", "audio", "video", "file", "phonenumber", "username"}
        assert row["name"] not in PERSONAL
        assert "numbers" not in row.get("appearance", "")


def test_the_call_back_contact_says_nothing_of_session_unit_or_phone():
    names = {row["name"] for row in survey_cells("kontak_ulang")}
    assert not names & {"sesi", "unit", "petugas", "urut", "deviceid", "start", "end", "audit"}


def test_a_back_check_asks_again_with_the_answers_of_the_interview():
    check, asked = (read_instrument(STUDY / f"{form}.xlsx") for form in ("cek_ulang", "wawancara"))
    compared = {row["name"]: row["banding"] for row in survey_cells("cek_ulang") if row["banding"]}
    assert len(compared) >= 15
    for name, original in compared.items():
        if not check[name].is_closed:
            continue
        codes = [{choice.name for choice in form.choices_of(form[question])}
                 for form, question in ((check, name), (asked, original))]  # fmt: skip
        assert codes[1] <= codes[0], f"{name} cannot say what {original} can"


def test_the_self_assessment_has_the_dimensions_and_indicators_of_the_survey():
    own, asked = (read_instrument(STUDY / f"{form}.xlsx") for form in ("mandiri", "wawancara"))
    theirs = {(q.dimension, q.indicator) for q in asked.questions if q.dimension}
    ours = {(q.dimension, q.indicator) for q in own.questions if q.dimension}
    assert ours == {pair for pair in theirs if pair[0] != "kepercayaan"}
    for item in (q.name for q in own.questions if q.dimension):
        key = item.removeprefix("m_")
        assert {f"b_{key}", f"v_{key}", f"c_{key}"} <= {q.name for q in own.questions}


def test_trust_is_asked_with_the_indicators_of_the_interview():
    forms = [read_instrument(STUDY / f"{form}.xlsx") for form in ("kepercayaan", "wawancara")]
    items = [
        {q.name: (q.indicator, q.polarity) for q in form.questions if q.dimension == "kepercayaan"}
        for form in forms
    ]
    assert items[0] == items[1]
    assert len(items[0]) == 6


def test_the_neighbourhoods_are_those_of_the_districts_that_are_asked_for():
    districts = {
        choice.label(LANGUAGES[0])
        for choice in read_instrument(STUDY / "kepercayaan.xlsx").choices["kecamatan"]
        if choice.name != "tj"
    }
    rows = read_table(STUDY / "wilayah.csv", ["wilayah_id", "label", "kecamatan"])
    assert {row["kecamatan"] for row in rows} == districts
    assert len({row["wilayah_id"] for row in rows}) == len(rows) == 65


@pytest.mark.java
def test_the_phone_draws_every_office_and_the_order_of_choices_can_be_rebuilt():
    form, drawn, orders = behaviour("kepercayaan"), [], {}
    answers = {**form.base, "unit_pilih": ""}
    for draw in range(60):
        filling = form.form.fill(answers, replace(PHONE, seed=draw * 7_919_000_003), LANGUAGES[0])
        drawn.append(leaf(filling.xml, "unit"))
        seed = leaf(filling.xml, "benih")
        shown = [code for code, _ in filling.step("t_sebab").prompt.choices]
        assert orders.setdefault(seed, shown) == shown
    units = {unit.unit_id for unit in open_study("kendari").units}
    assert set(drawn) == units
    assert max(drawn.count(unit) for unit in units) <= 22, "60 draws of 6, p < 0.0001"
    assert len({tuple(order) for order in orders.values()}) > 40
