"""The scenario tables of the questionnaires hold in Web Forms, too, in both languages."""

import pytest

from tests.engines.questionnaires import described, table
from tests.engines.web_engine import WebEngine
from tests.forms.scenarios import (
    PHONE,
    STRAIGHT,
    behaviour,
    changes,
    filled_in,
    leaf,
)

pytestmark = [pytest.mark.node, pytest.mark.chromium, pytest.mark.java]

LANGUAGES = ("Bahasa Indonesia (id)", "English (en)")
both_languages = pytest.mark.parametrize("language", LANGUAGES, ids=["id", "en"])
every_form = pytest.mark.parametrize("form_id", described())
MOST = 5
"""Questions of a form that are answered wrongly, or left blank, in a language here; JavaRosa is
asked all of them in both."""


def forms_with(heading: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("form_id", [f for f in described() if table(f, heading)])


def share(cases: list, language: str) -> list:
    """Every other one: each is tried in one of the languages, the first in both."""
    which = LANGUAGES.index(language)
    return [case for i, case in enumerate(cases) if i == 0 or i % 2 == which]


def few(cases: list) -> list:
    return cases[:: max(1, -(-len(cases) // MOST))]


def fill(web: WebEngine, form_id: str, changed: list[dict[str, str]], language="", **how):
    base = behaviour(form_id).base
    return web.fill_all(form_id, [({**base, **one}, PHONE) for one in changed], language, **how)


@forms_with("Who is asked what")
@both_languages
def test_who_is_asked_what_and_in_which_words(web, form_id, language):
    form = behaviour(form_id)
    cases = share(table(form_id, "Who is asked what"), language)
    answers = [changes(row["answers"]) for row in cases]
    for row, filling in zip(
        cases, fill(web, form_id, answers, language, wording=True), strict=True
    ):
        who = row["who"]
        assert filling.complete, (who, filling.refused)
        assert len(filling.asked) == int(row["prompts"]), who
        assert filling.asked[-1] == row["last"], who
        assert set(row["asked"].split()) <= set(filling.asked), who
        assert not set(row["not asked"].split()) & set(filling.asked), who
        for step in filling.steps:
            written = form.cell(step.prompt.name, f"label::{language}")
            assert plain(step.prompt.label) == plain(filled_in(written, filling.xml)), who


@forms_with("What is refused")
@both_languages
def test_what_is_refused_and_in_which_words(web, form_id, language):
    form = behaviour(form_id)
    for row in few(share(table(form_id, "What is refused"), language)):
        question, given = row["question"], changes(row["answers"])
        wrong, right = row["refused"].split(", "), [row["lowest"], row["highest"]]
        tried = [{**given, question: value} for value in wrong + right]
        filled = fill(web, form_id, tried, language, until=question)
        for value, filling in zip(wrong + right, filled, strict=True):
            last = filling.steps[-1]
            assert last.prompt.name == question, value
            assert last.outcome == ("constraint" if value in wrong else "ok"), value
            if value in wrong:
                assert plain(last.message) == form.cell(question, f"constraint_message::{language}")


@every_form
@both_languages
def test_a_required_question_left_blank_says_so(web, form_id, language):
    form = behaviour(form_id)
    (base,) = fill(web, form_id, [{}], language)
    asked = [step.prompt.name for step in base.steps if step.prompt.required]
    assert asked
    for question in few(share(asked, language)):
        (filling,) = fill(web, form_id, [{question: ""}], language, until=question)
        last = filling.steps[-1]
        assert (last.prompt.name, last.outcome) == (question, "required")
        assert plain(last.message) == form.cell(question, f"required_message::{language}")


@forms_with("What is calculated")
def test_what_is_calculated(web, form_id):
    cases = table(form_id, "What is calculated")
    told = list(dict.fromkeys(row["answers"] for row in cases))
    filled = fill(web, form_id, [changes(answers) for answers in told])
    made = dict(zip(told, filled, strict=True))
    for row in cases:
        assert made[row["answers"]].complete, (row, made[row["answers"]].refused)
        assert leaf(made[row["answers"]].xml, row["question"]) == row["value"], row


@forms_with("What a sector is offered")
@both_languages
def test_what_a_sector_is_offered(web, form_id, language):
    cases = table(form_id, "What a sector is offered")
    answers = [{"sesi": row["sesi"], "layanan": "lain"} for row in cases]
    filled = fill(web, form_id, answers, language, wording=True, until="layanan")
    for row, filling in zip(cases, filled, strict=True):
        offered = [code for code, _ in filling.step("layanan").prompt.choices]
        assert offered == row["layanan"].split()


def plain(text: str) -> str:
    return " ".join(text.translate(STRAIGHT).split())
