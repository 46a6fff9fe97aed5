"""The questionnaires behave as their scenario tables say, in both languages."""

import re

import pytest
from scenarios import (
    FORMS,
    STRAIGHT,
    STUDY,
    behaviour,
    changes,
    filled_in,
    leaf,
    rows,
    survey_cells,
)

from pipeline.fieldwork import read_parameters
from pipeline.questionnaire import read_instrument
from pipeline.study import open_study
from pipeline.tables import read_table

LANGUAGES = ("Bahasa Indonesia (id)", "English (en)")
both_languages = pytest.mark.parametrize("language", LANGUAGES, ids=["id", "en"])
REFUSAL_LIMIT = 12


@pytest.mark.java
@both_languages
@pytest.mark.parametrize(("form_id", "row"), rows("Who is asked what"))
def test_who_is_asked_what(form_id, row, language):
    filling = behaviour(form_id).fill(changes(row["answers"]), language)
    assert filling.complete, filling.refused
    assert len(filling.asked) == int(row["prompts"])
    assert filling.asked[-1] == row["last"]
    assert set(row["asked"].split()) <= set(filling.asked)
    assert not set(row["not asked"].split()) & set(filling.asked)


@pytest.mark.java
@pytest.mark.parametrize(
    "result", [c.name for c in read_instrument(STUDY / "wawancara.xlsx").choices["hasil"]]
)
def test_every_refusal_path_is_short_and_keeps_only_the_contact(result):
    filling = behaviour("wawancara").fill({"hasil": result, "setuju": "tidak"})
    assert len(filling.asked) < REFUSAL_LIMIT
    assert leaf(filling.xml, "hasil") == result
    for group in ("urusan", "pengalaman", "sensitif", "kepercayaan", "responden", "penutup"):
        assert f"<{group}>" not in filling.xml


@pytest.mark.java
@both_languages
@pytest.mark.parametrize(("form_id", "row"), rows("What is refused"))
def test_a_constraint_refuses_in_the_language_of_the_interview(form_id, row, language):
    form, question = behaviour(form_id), row["question"]
    said = form.cell(question, f"constraint_message::{language}")
    assert said
    for wrong in row["refused"].split(", "):
        refused = form.fill({**changes(row["answers"]), question: wrong}, language).refused
        assert refused is not None, f"{question} accepts {wrong}"
        assert (refused.prompt.name, refused.outcome) == (question, "constraint")
        assert refused.message == said
    for right in (row["lowest"], row["highest"]):
        filling = form.fill({**changes(row["answers"]), question: right}, language)
        assert filling.step(question).outcome == "ok", filling.refused


@pytest.mark.parametrize("form_id", FORMS)
def test_every_constraint_stands_in_the_table(form_id):
    limited = {row["name"] for row in survey_cells(form_id) if row.get("constraint")}
    assert {row.values[1]["question"] for row in rows("What is refused") if row.values[0] == form_id
            } == limited  # fmt: skip


@pytest.mark.java
@both_languages
@pytest.mark.parametrize("form_id", FORMS)
def test_every_required_question_says_so_in_the_language_of_the_interview(form_id, language):
    form = behaviour(form_id)
    required = {row["name"] for row in form.survey if row.get("required")}
    seen = set()
    for row in rows("Who is asked what"):
        if row.values[0] != form_id:
            continue
        answers = changes(row.values[1]["answers"])
        shown = {step.prompt.name for step in form.fill(answers).steps if step.prompt.required}
        for question in shown & required - seen:
            refused = form.fill({**answers, question: ""}, language).refused
            assert (refused.prompt.name, refused.outcome) == (question, "required")
            assert refused.message == form.cell(question, f"required_message::{language}") != ""
            seen.add(question)
    assert seen == required - elsewhere(form.survey)


def elsewhere(survey):
    """What no scenario here can reach: services of other cities' units, what a draw decides.

    test_six_forms asks them.
    """
    here = {unit.sector for unit in open_study("kendari").units}
    asked = {
        row["name"]: re.match(r"\$\{sektor\} = '(\w+)'(?: and |$)", row["relevant"])
        for row in survey
    }
    drawn = {row["name"] for row in survey if " mod 10 " in row["relevant"]}
    return drawn | {name for name, sector in asked.items() if sector and sector[1] not in here}


@pytest.mark.java
@pytest.mark.parametrize("last", ["bukti", "e_tolak", "e_uang", "s_syarat", "t_kembali"])
def test_whoever_stops_midway_may_leave_the_rest_blank_and_keeps_what_was_said(last):
    form = behaviour("wawancara")
    names = [row["name"] for row in form.survey]
    rest = dict.fromkeys(names[names.index(last) + 1 :], "")
    stopped = form.fill({**rest, "setuju": "henti"})
    assert stopped.complete, stopped.refused
    assert leaf(stopped.xml, "lanjut") == "ya"
    assert leaf(stopped.xml, last) == form.base[last]
    assert leaf(stopped.xml, "t_selesai") is None
    refused = form.fill({**rest, "setuju": "ya"}).refused
    assert refused.outcome == "required", "without a break-off nothing may be missing"
    withdrawn = form.fill({**rest, "setuju": "tidak"})
    assert withdrawn.complete
    assert leaf(withdrawn.xml, last) is None


def test_the_moment_of_consent_is_the_first_one():
    consent = next(row for row in survey_cells("wawancara") if row["name"] == "t_setuju")
    assert consent["trigger"] == "${setuju}"
    assert consent["calculation"].startswith("if(${t_setuju} = '', now(),")


@both_languages
def test_the_consent_is_read_out_in_a_minute_and_says_what_it_must(language):
    study = open_study("kendari")
    text = next(r for r in survey_cells("wawancara") if r["name"] == "teks_setuju")
    said = text[f"label::{language}"]
    # Reading aloud is some 150 words a minute in English; Indonesian words are longer.
    assert len(said.split()) <= {"id": 125, "en": 160}[language[-3:-1]]
    id_only = {
        "id": ("${pengumpul_label} ", study.report.contact, "Nama, NIK,", "boleh berhenti",
               "boleh melewati", "10 menit", "kode ponsel", "nomor antrean", "waktu"),
        "en": ("${pengumpul_label_en} ", "Ombudsman RI, Southeast Sulawesi Office", "10 minutes",
               "ID number", "may stop", "may skip", "code of this phone", "queue number"),
    }  # fmt: skip
    for words in id_only[language[-3:-1]]:
        assert words in said


def test_the_collector_that_is_named_is_the_one_of_the_simulated_fieldwork():
    study = open_study("kendari")
    fields = read_parameters(study, read_instrument(STUDY / "wawancara.xlsx")).fields
    words = {
        "mitra": "mitra lapangan",
        "ombudsman": "tim pengumpul data Ombudsman RI",
        "inspektorat": "Inspektorat Kota Kendari",
        "ortala": "Bagian Organisasi dan Tata Laksana Kota Kendari",
    }
    sessions = read_table(STUDY / "sessions.csv", ["pengumpul_label", "pengumpul_label_en"])
    for row in sessions:
        assert row["pengumpul_label"] == words[fields[row["unit_id"]].collector]
        assert row["pengumpul_label_en"]


def test_date_and_hour_of_a_session_stand_early_enough_for_a_phone():
    for row in read_table(STUDY / "sessions.csv", ["label", "cadangan"]):
        code, when, where = row["label"].split(" · ")
        assert code == row["session_id"]
        if row["cadangan"] == "ya":
            assert when == "cadangan"
        assert len(f"{code} · {when}") <= 26
        assert len(row["label"]) <= 40
        assert where


@both_languages
def test_who_is_counted_is_who_is_selected(language):
    alone = {"id": "anak yang dibawa orang dewasa tidak dihitung dan tidak dipilih",
             "en": "a child brought by an adult is neither counted nor selected"}  # fmt: skip
    for form_id, names in (("sesi", ("tally", "k")), ("wawancara", ("urut", "umur_amatan"))):
        for row in survey_cells(form_id):
            if row["name"] in names:
                assert alone[language[-3:-1]] in row[f"hint::{language}"]


@pytest.mark.java
@pytest.mark.parametrize(("form_id", "row"), rows("What is calculated"))
def test_what_is_calculated(form_id, row):
    filling = behaviour(form_id).fill(changes(row["answers"]))
    assert filling.complete, filling.refused
    assert leaf(filling.xml, row["question"]) == row["value"]


@pytest.mark.java
@pytest.mark.parametrize(("form_id", "row"), rows("What a sector is offered"))
def test_services_offered_are_those_of_the_sector(form_id, row):
    filling = behaviour(form_id).fill({"sesi": row["sesi"], "layanan": "lain"}, LANGUAGES[0])
    offered = [code for code, _ in filling.step("layanan").prompt.choices]
    assert offered == row["layanan"].split()


@pytest.mark.java
@both_languages
@pytest.mark.parametrize("form_id", FORMS)
def test_every_prompt_and_choice_is_worded_in_the_language_of_the_interview(form_id, language):
    form, instrument = behaviour(form_id), read_instrument(STUDY / f"{form_id}.xlsx")
    shown = {}
    for row in rows("Who is asked what"):
        if row.values[0] == form_id:
            filling = form.fill(changes(row.values[1]["answers"]), language)
            shown |= {step.prompt.name: (step.prompt, filling) for step in filling.steps}
    for question, (prompt, filling) in shown.items():
        written = form.cell(question, f"label::{language}")
        assert prompt.label == filled_in(written, filling.xml) != ""
        if question in instrument and instrument[question].list_name in instrument.choices:
            worded = {
                c.name: c.labels[language].translate(STRAIGHT)
                for c in instrument.choices_of(instrument[question])
            }
            assert dict(prompt.choices).items() <= worded.items()


@pytest.mark.parametrize(("form_id", "row"), rows("Names the rest of the project counts on"))
def test_names_are_where_the_project_expects_them(form_id, row):
    paths, group, inside = set(), row["group"], []
    for line in survey_cells(form_id):
        kind = line["type"].replace(" ", "_")
        if kind == "begin_group":
            inside.append(line["name"])
        elif kind == "end_group":
            inside.pop()
        else:
            paths.add("/".join([*inside, line["name"]]))
    expected = {f"{group}/{name}" if group else name for name in row["questions"].split()}
    assert expected <= paths


@pytest.mark.parametrize("form_id", FORMS)
def test_the_word_that_may_not_be_said_is_not_in_the_form(form_id):
    for row in survey_cells(form_id):
        assert "maladministrasi" not in " ".join(row.values()).lower()


@pytest.mark.java
def test_the_languages_are_indonesian_first():
    assert behaviour("sesi").form.languages == LANGUAGES
    assert behaviour("wawancara").form.languages == LANGUAGES
