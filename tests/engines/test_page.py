"""A questionnaire on a browser page of phone size, tapped through by its words, in both languages.

ODK Web Forms is what Central shows who opens a form's link. The pictures lie in build/engines.
"""

import pytest

from tests.engines.agreement import differences
from tests.engines.person import Person
from tests.engines.web_engine import BUILD, opened, served, wait_for
from tests.forms.scenarios import STUDY, behaviour
from tests.report.browser import Browser

pytestmark = [pytest.mark.node, pytest.mark.chromium, pytest.mark.java]

ID, EN = "Bahasa Indonesia (id)", "English (en)"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
BASE = ".question-container"


@pytest.fixture(scope="module")
def page(fetched):
    with served(STUDY) as address, Browser() as browser:

        def open_form(form_id: str, language: str) -> Person:
            url = f"{address}/page.html?form=/forms/{form_id}.xml"
            person = Person(opened(browser, url, f"document.querySelector('{BASE}')"))
            if language != ID:  # a form opens in its default language
                person.language(language)
            return person

        yield open_form


def fill_in(person, form_id, language):
    """Answer the base scenario by its words; gives what JavaRosa made of the same answers."""
    filling = behaviour(form_id).fill({}, language)
    for step in filling.steps:
        if step.answer is not None and not step.prompt.read_only:
            person.answer(step.prompt, step.answer)
    return filling


def of_this_page(model):
    """What a page knows better than JavaRosa did: the clock, the device, its own name."""
    moments = {path for path, bind in model.binds.items() if bind.preload}
    since = {p for p, bind in model.binds.items() if "decimal-date-time" in bind.calculate}
    return moments | set(model.actions) | since


@pytest.mark.parametrize(("form_id", "language"), [("sesi", ID), ("sesi", EN), ("wawancara", EN)])
def test_a_form_tapped_through_sends_what_javarosa_sends(page, form_id, language):
    person = page(form_id, language)
    model = behaviour(form_id).form.model
    filling = fill_in(person, form_id, language)
    assert person.tab.run(OVERFLOW) == 0
    person.look(BUILD / f"{form_id}-{language[-3:-1]}.png")
    person.press("Send")
    wait_for(person.tab, "window.sent.length")
    sent = person.tab.run("window.sent[0]")
    apart = of_this_page(model)
    said = differences(filling.xml, sent, model, apart=apart)
    assert [one for one in said if one.partition(":")[0] not in apart] == []
    assert person.tab.complaints() == []
    strangers = [url for url in person.tab.requests() if "//127.0.0.1:" not in url]
    assert strangers == [], "the page asks somebody else"


@pytest.mark.parametrize("language", [ID, EN], ids=["id", "en"])
def test_the_page_refuses_in_the_words_of_the_form(page, language):
    form = behaviour("wawancara")
    person = page("wawancara", language)
    age = form.fill({}, language).step("umur").prompt
    fill_in(person, "wawancara", language)
    person.answer(age, "17")
    said = form.cell("umur", f"constraint_message::{language}")
    assert person.complaint(age.label) == said
    person.look(BUILD / f"wawancara-refused-{language[-3:-1]}.png", age.label)
    person.press("Send")
    assert person.tab.run("window.sent.length") == 0
    person.answer(age, "18")
    assert person.complaint(age.label) == ""
