"""Both questionnaires behave as their scenario tables say, in both languages."""

import pytest
from scenarios import STRAIGHT, STUDY, behaviour, changes, leaf, rows, survey_cells

from pipeline.questionnaire import read_instrument

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


@pytest.mark.parametrize("form_id", ["wawancara", "sesi"])
def test_every_constraint_stands_in_the_table(form_id):
    limited = {row["name"] for row in survey_cells(form_id) if row.get("constraint")}
    assert {row.values[1]["question"] for row in rows("What is refused") if row.values[0] == form_id
            } == limited  # fmt: skip


@pytest.mark.java
@both_languages
@pytest.mark.parametrize("form_id", ["wawancara", "sesi"])
def test_every_required_question_says_so_in_the_language_of_the_interview(form_id, language):
    form = behaviour(form_id)
    required = {row["name"] for row in form.survey if row.get("required") == "yes"}
    seen = set()
    for row in rows("Who is asked what"):
        if row.values[0] != form_id:
            continue
        answers = changes(row.values[1]["answers"])
        for question in set(form.fill(answers).asked) & required - seen:
            refused = form.fill({**answers, question: ""}, language).refused
            assert (refused.prompt.name, refused.outcome) == (question, "required")
            assert refused.message == form.cell(question, f"required_message::{language}") != ""
            seen.add(question)
    assert seen == required


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
@pytest.mark.parametrize("form_id", ["wawancara", "sesi"])
def test_every_prompt_and_choice_is_worded_in_the_language_of_the_interview(form_id, language):
    form, instrument = behaviour(form_id), read_instrument(STUDY / f"{form_id}.xlsx")
    shown = {}
    for row in rows("Who is asked what"):
        if row.values[0] == form_id:
            filling = form.fill(changes(row.values[1]["answers"]), language)
            shown |= {step.prompt.name: step.prompt for step in filling.steps}
    for question, prompt in shown.items():
        assert prompt.label == form.cell(question, f"label::{language}") != ""
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


@pytest.mark.parametrize("form_id", ["wawancara", "sesi"])
def test_the_word_that_may_not_be_said_is_not_in_the_form(form_id):
    for row in survey_cells(form_id):
        assert "maladministrasi" not in " ".join(row.values()).lower()


@pytest.mark.java
def test_the_languages_are_indonesian_first():
    assert behaviour("sesi").form.languages == LANGUAGES
    assert behaviour("wawancara").form.languages == LANGUAGES
