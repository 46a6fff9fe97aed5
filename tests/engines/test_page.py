"""A questionnaire on a browser page of phone size, tapped through by its words, in both languages.

ODK Web Forms is what Central shows who opens a form's link. The pictures lie in build/engines.
"""

import re

import pytest
from defusedxml.ElementTree import fromstring

from tests.engines.agreement import differences
from tests.engines.person import Person
from tests.engines.web_engine import BUILD, opened, served, wait_for
from tests.forms.scenarios import STUDY, behaviour
from tests.report.browser import Browser

pytestmark = [pytest.mark.node, pytest.mark.chromium, pytest.mark.java]

ID, EN = "Bahasa Indonesia (id)", "English (en)"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
XFORMS = "{http://www.w3.org/2002/xforms}"
WORD = re.compile(r"[\w-]+")
CHANCE_OR_CLOCK = {"random", "decimal-date-time"}
BASE = ".question-container"


def apart_from(form_id):
    """What a page knows by itself, and what it loses.

    Of the first (clock, device, chance) only that something is there is compared. The second is
    where the phone is, which JavaRosa alone does not know, and moments set by the answer that also
    shows their group (test_known_differences).
    """
    model = behaviour(form_id).form.model
    text = (STUDY / f"{form_id}.xml").read_text(encoding="utf-8")
    known = {p for p, bind in model.binds.items() if bind.preload}
    known |= {p for p, b in model.binds.items() if CHANCE_OR_CLOCK & set(WORD.findall(b.calculate))}
    sensed = re.findall(r'setgeopoint ref="/data/([^"]+)"', text)
    return known | set(model.actions), model.following(sensed) | shown_by_what_sets_them(text)


def shown_by_what_sets_them(text):
    document, found = fromstring(text), set()
    shows = {
        bind.get("nodeset"): bind.get("relevant")
        for bind in document.iter(f"{XFORMS}bind")
        if bind.get("relevant")
    }
    for control in document.iter():
        for action in control.findall(f"{XFORMS}setvalue"):
            trigger, target = control.get("ref"), action.get("ref")
            above = [relevant for path, relevant in shows.items() if target.startswith(path)]
            if trigger and any(trigger in relevant for relevant in above):
                found.add(target.removeprefix("/data/"))
    return found


@pytest.fixture(scope="module")
def page(fetched):
    with served(STUDY) as address, Browser() as browser:

        def open_form(form_id: str, language: str) -> Person:
            url = f"{address}/page.html?form=/forms/{form_id}.xml"
            # What chance asks of three in ten must not depend on the day: as JavaRosa drew.
            drawn = drawn_by_javarosa(form_id)
            chance = "" if drawn is None else f"Math.random = () => {drawn}"
            ready = f"document.querySelector('{BASE}')"
            person = Person(opened(browser, url, ready, before=chance))
            if language != ID:  # a form opens in its default language
                person.language(language)
            return person

        yield open_form


def drawn_by_javarosa(form_id):
    """The number that `random()` must give for the seed that JavaRosa's phone draws, or None."""
    if not any(path.endswith("benih") for path in behaviour(form_id).form.model.binds):
        return None
    xml = fromstring(behaviour(form_id).fill({}, ID).xml)
    (seed,) = (one.text for one in xml.iter() if one.tag.rpartition("}")[2] == "benih")
    return (int(seed) + 0.5) / 1_000_000


def fill_in(person, form_id, language):
    """Answer the base scenario by its words; gives what JavaRosa made of the same answers."""
    filling = behaviour(form_id).fill({}, language)
    for step in filling.steps:
        if step.answer is not None and not step.prompt.read_only:
            person.answer(step.prompt, step.answer)
    return filling


def compared(person, form_id, filling):
    person.press("Send")
    wait_for(person.tab, "window.sent.length")
    model = behaviour(form_id).form.model
    sent = person.tab.run("window.sent[0]")
    own, lost = apart_from(form_id)
    said = differences(filling.xml, sent, model, apart={"meta/instanceID", *own})
    assert [one for one in said if one.partition(":")[0] not in lost] == []
    assert person.tab.complaints() == []
    strangers = [url for url in person.tab.requests() if "//127.0.0.1:" not in url]
    assert strangers == [], "the page asks somebody else"


def test_a_session_record_tapped_through_sends_what_javarosa_sends(page):
    person = page("sesi", ID)
    filling = fill_in(person, "sesi", ID)
    assert person.tab.run(OVERFLOW) == 0
    person.look(BUILD / "sesi-id.png")
    compared(person, "sesi", filling)


@pytest.mark.parametrize("language", [ID, EN], ids=["id", "en"])
def test_an_interview_tapped_through_is_refused_in_its_words_then_sent(page, language):
    form, name = behaviour("wawancara"), f"wawancara-{language[-3:-1]}"
    person = page("wawancara", language)
    filling = fill_in(person, "wawancara", language)
    assert person.tab.run(OVERFLOW) == 0
    person.look(BUILD / f"{name}.png", filling.step("p_adil").prompt.label)
    age = filling.step("umur")
    person.answer(age.prompt, "17")
    person.complains(age.prompt.label, form.cell("umur", f"constraint_message::{language}"))
    person.look(BUILD / f"{name}-refused.png", age.prompt.label)
    person.press("Send")
    assert person.tab.run("window.sent.length") == 0
    person.answer(age.prompt, age.answer)
    person.complains(age.prompt.label, "")
    compared(person, "wawancara", filling)
