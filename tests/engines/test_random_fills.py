"""Random complete fills of every questionnaire: both engines ask and calculate the same."""

import re
import shutil

import pytest

from pipeline.instance import to_kobo
from pipeline.javarosa import Form, Recheck
from tests.engines.agreement import disagreements, filled_again
from tests.engines.chance import Experience, draw
from tests.engines.questionnaires import forms, widened
from tests.engines.web_engine import web_engine
from tests.forms.scenarios import STUDY

FILLS = 50
ENOUGH = 20
FEW_INTERVIEWS, INTERVIEWS = 100, 500
ASKED_IN_A_WHOLE_INTERVIEW = 50


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return widened(tmp_path_factory.mktemp("wide"))


@pytest.fixture(scope="module")
def wide_web(fetched, folder):
    with web_engine(folder) as engine:
        yield engine


@pytest.mark.parametrize("name", forms())
@pytest.mark.java
@pytest.mark.node
@pytest.mark.chromium
def test_fifty_random_fills_give_the_same_submission_in_both_engines(wide_web, folder, name):
    form, experience = Form(folder / f"{name}.xml"), Experience()
    drawn = [draw(form, seed, experience) for seed in range(FILLS)]
    filled = filled_again(wide_web, name, drawn)
    assert disagreements(form, drawn, filled) == []


@pytest.mark.java
@pytest.mark.parametrize(
    "interviews", [FEW_INTERVIEWS, pytest.param(INTERVIEWS, marks=pytest.mark.slow)]
)
def test_random_interviews_end_without_a_surprise(folder, interviews):
    form, experience = Form(folder / "wawancara.xml"), Experience()
    recheck, whole, questions = Recheck(form), 0, set()
    for seed in range(interviews):
        one = draw(form, seed, experience, form.languages[seed % 2])
        record = to_kobo(one.filling.xml, id=seed, submitted_at=one.phone.end, submitted_by=None)
        assert recheck.judge(record, one.phone) == (), f"seed {seed}"
        whole += len(one.filling.asked) >= ASKED_IN_A_WHOLE_INTERVIEW
        questions |= set(one.filling.asked)
    assert whole > interviews / 4, "the fills stop at the door, so they prove little"
    asked = {path.rpartition("/")[2] for path, kind in form.model.controls.items()}
    notes = {p.rpartition("/")[2] for p, bind in form.model.binds.items() if bind.read_only}
    if interviews == INTERVIEWS:
        assert asked - notes == questions, "questions that no fill ever reached"


CLOSING = " /data/tutup/cara_hitung  = "
CHANGES = {
    "a calculation": (rf"({CLOSING}'tally', ) ?/data/tutup/tally", r"\1 1 + /data/tutup/tally"),
    "a relevance": (rf"relevant=\"{CLOSING}'register'\"", 'relevant="false()"'),
    "a constraint": ('constraint=". &gt;= 1 and . &lt;= 100"', 'constraint=". &gt; 1000"'),
    "a choice": ("<name>buka</name>", "<name>bukaan</name>"),
}


@pytest.mark.java
@pytest.mark.node
@pytest.mark.chromium
@pytest.mark.parametrize("what", CHANGES)
def test_one_changed_expression_is_seen(fetched, tmp_path, what):
    pattern, instead = CHANGES[what]
    for path in STUDY.glob("*.csv"):
        shutil.copy(path, tmp_path)
    text = (STUDY / "sesi.xml").read_text(encoding="utf-8")
    changed, count = re.subn(pattern, instead, text)
    assert count, f"the form has no such {what} any more: choose another"
    (tmp_path / "sesi.xml").write_text(changed, encoding="utf-8")
    form, experience = Form(STUDY / "sesi.xml"), Experience()
    drawn = [draw(form, seed, experience) for seed in range(ENOUGH)]
    with web_engine(tmp_path) as other:
        filled = filled_again(other, "sesi", drawn)
    assert disagreements(form, drawn, filled)
