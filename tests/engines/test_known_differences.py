"""Where the two engines differ: what a form must avoid to behave alike on phone and page.

Each of these is what the engines do today. A test that fails because a difference went away is
good news: take it out, and its line in docs/decisions/0026-second-engine.md.
"""

import pytest
from pyxform.xls2xform import convert

from pipeline.javarosa import Form
from tests.engines.agreement import values
from tests.engines.person import Person
from tests.engines.web_engine import opened, served, wait_for, web_engine
from tests.forms.scenarios import PHONE
from tests.report.browser import Browser

pytestmark = [pytest.mark.java, pytest.mark.node, pytest.mark.chromium]

HEAD = "| survey |\n| | type | name | label | relevant | calculation | trigger |\n"
FORMS = {
    "jarak": """
| | geopoint | tempat | Tempat | | | |
| | calculate | jarak | | | distance(${tempat}, '-3.98 122.52 0 0') | |
| | calculate | aman | | | if(${tempat} = '', '', distance(${tempat}, '-3.98 122.52 0 0')) | |
| | text | nama | Nama | | | |
""",
    "aman": """
| | geopoint | tempat | Tempat | | | |
| | calculate | jarak | | | if(${tempat} = '', '', distance(${tempat}, '-3.98 122.52 0 0')) | |
| | text | nama | Nama | | | |
""",
    "ulang": """
| | integer | umur | Umur | | | |
| | begin_repeat | anak | Anak | ${umur} < 60 | | |
| | integer | usia | Usia | | | |
| | end_repeat | | | | | |
| | calculate | banyak | | | count(${anak}) | |
| | calculate | jumlah | | | sum(${usia}) | |
| | text | nama | Nama | | | |
""",
    "saat": """
| | select_one yt | setuju | Setuju | | | |
| | calculate | t_luar | | | now() | ${setuju} |
| | begin_group | isi | Isi | ${setuju} = 'ya' | | |
| | calculate | t_dalam | | | now() | ${setuju} |
| | text | nama | Nama | | | |
| | end_group | | | | | |

| choices |
| | list_name | name | label |
| | yt | ya | Ya |
| | yt | tidak | Tidak |
""",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("differences")
    for name, rows in FORMS.items():
        text = str(convert(HEAD + rows.strip("\n") + "\n", form_name="data").xform)
        (found / f"{name}.xml").write_text(text, encoding="utf-8")
    return found


@pytest.fixture(scope="module")
def engine(fetched, folder):
    with web_engine(folder) as found:
        yield found


def both(engine, folder, name, answers):
    form = Form(folder / f"{name}.xml")
    ours = form.fill(answers, PHONE)
    (theirs,) = engine.fill_all(name, [(answers, PHONE)])
    return values(ours.xml, form.model), values(theirs.xml, form.model)


def test_a_distance_from_a_place_not_taken_stops_the_form_on_a_page(engine, folder):
    assert Form(folder / "jarak.xml").fill({"nama": "a"}, PHONE).complete
    with pytest.raises(RuntimeError, match="does not represent GPS coordinates"):
        engine.fill_all("jarak", [({"nama": "a"}, PHONE)])
    ours, theirs = both(engine, folder, "aman", {"nama": "a"})
    assert ours["jarak"] == theirs["jarak"] == ""


def test_a_repeat_that_is_not_asked_counts_one_on_a_page(engine, folder):
    ours, theirs = both(engine, folder, "ulang", {"umur": "70", "nama": "a"})
    assert (ours["banyak"], theirs["banyak"]) == ("0", "1")
    assert (ours["jumlah"], theirs["jumlah"]) == ("0", "")


def test_a_moment_set_by_the_answer_that_shows_its_group_is_lost_on_a_page(fetched, folder):
    form = Form(folder / "saat.xml")
    ours = values(form.fill({"setuju": "ya", "nama": "a"}, PHONE).xml, form.model)
    assert ours["t_luar"]
    assert ours["isi/t_dalam"]
    with served(folder) as address, Browser() as browser:
        url = f"{address}/page.html?form=/forms/saat.xml"
        person = Person(opened(browser, url, "document.querySelector('.question-container')"))
        for step in form.fill({"setuju": "ya", "nama": "a"}, PHONE).steps:
            person.answer(step.prompt, step.answer)
        person.press("Send")
        wait_for(person.tab, "window.sent.length")
        theirs = values(person.tab.run("window.sent[0]"), form.model)
    assert theirs["t_luar"]
    assert theirs["isi/t_dalam"] == ""
