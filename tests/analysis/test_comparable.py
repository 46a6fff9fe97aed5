"""Whether two waves asked the same: seen from answers, declared, or another definition."""

import dataclasses

import pandas as pd
import pytest

from analysis.comparable import Asked, asked, broken, questions_of
from analysis.instrument import Choice, Instrument, Question
from analysis.scoring import IndexDefinition, measures

INDEX = IndexDefinition("i", "1", ("d1", "d2"), 0.8)


def question(name, **more):
    return Question(name, name, "select_one", {"": name}, more.pop("list_name", "skala"), **more)


FORM = Instrument(
    "f", "F", "1", ("",),
    (
        question("p1", dimension="d1", indicator="k"),
        question("p2", dimension="d1", indicator="l"),
        question("p3", dimension="d2"),
        question("t1", dimension="kepercayaan", indicator="jujur"),
        question("e1", bentuk="PB TMP", list_name="yt"),
        question("e2", bentuk="PB", list_name="yt"),
        question("a_tahu", list_name="yt"),
        question("status_layanan", list_name="yt"),
        question("umur", list_name="yt"),
    ),
    {
        "skala": tuple(Choice(str(i), {"": str(i)}, float(i)) for i in (1, 2, 3, 4)),
        "yt": (Choice("ya", {"": "Ya"}, 1.0), Choice("tidak", {"": "Tidak"}, 0.0)),
    },
)  # fmt: skip
NAMES = [q.name for q in FORM.questions]


def answers(n=40, without=(), few=()):
    frame = pd.DataFrame({name: ["1"] * n for name in NAMES if name not in without})
    for name in few:
        frame.loc[frame.index[1:], name] = None
    return frame


def of(frame, changed=(), index=INDEX):
    return asked(frame, FORM, index, changed)


def test_every_measure_of_the_scoring_knows_its_questions():
    made = {(m.type, m.name) for m in measures(answers(), FORM, INDEX, ()) if m.type != "topline"}
    assert made == set(questions_of(FORM, INDEX))


def test_a_measure_rests_on_its_questions_and_no_other():
    known = questions_of(FORM, INDEX)
    assert known["indeks", "i"] == {"p1", "p2", "p3"}
    assert known["dimensi", "d1"] == {"p1", "p2"}
    assert known["indikator", "p3"] == {"p3"}
    assert known["bentuk", "TMP"] == {"e1"}
    assert known["bentuk", "any"] == {"e1", "e2"}
    assert known["kepercayaan", "kepercayaan"] == {"t1"}
    assert known["pengaduan", "tahu"] == {"a_tahu"}


def test_equal_waves_are_not_broken():
    assert broken(of(answers()), of(answers(120)), FORM) == frozenset()


def test_a_question_that_one_wave_did_not_ask_breaks_what_rests_on_it():
    torn = {("indikator", "l"), ("dimensi", "d1"), ("indeks", "i")}
    assert broken(of(answers(without=["p2"])), of(answers()), FORM) == torn
    assert broken(of(answers()), of(answers(without=["p2"])), FORM) == torn


def test_silence_of_a_few_people_is_no_evidence():
    assert broken(of(answers()), of(answers(12, few=["p2"], without=["p3"])), FORM) == frozenset()
    rare = of(answers(few=["a_tahu"]))
    assert broken(rare, of(answers(without=["a_tahu"])), FORM) == frozenset()


def test_a_reworded_question_is_declared():
    assert broken(of(answers()), of(answers(), {"e2"}), FORM) == {
        ("bentuk", "PB"), ("bentuk", "any"),
    }  # fmt: skip
    assert broken(of(answers(), {"e2"}), of(answers()), FORM) == frozenset(), "said once"
    assert broken(of(answers()), of(answers(), {"umur"}), FORM) == frozenset()


@pytest.mark.parametrize(
    "other",
    [{"version": "2"}, {"dimensions": ("d1",)}, {"dimensions": ("d2", "d1", "kepercayaan")}],
)
def test_another_definition_breaks_the_index_alone(other):
    new = dataclasses.replace(INDEX, **other)
    assert broken(of(answers()), of(answers(), index=new), FORM) == {("indeks", "i")}


def test_another_least_share_of_answers_breaks_what_it_decides():
    new = dataclasses.replace(INDEX, minimum_answered=0.5)
    found = broken(of(answers()), of(answers(), index=new), FORM)
    assert {kind for kind, _ in found} == {"indikator", "dimensi", "indeks", "kepercayaan"}


def test_a_wave_without_interviews_says_nothing():
    empty = Asked(0, {}, INDEX)
    assert broken(of(answers()), empty, FORM) == frozenset()
    assert of(answers(0)).answered == {}
