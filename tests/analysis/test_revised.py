"""Of how many people two issues differ, from marks that hold no answer."""

import numpy as np
import pandas as pd

from analysis.revised import few_changed, marks, people_changed

PEOPLE = pd.DataFrame(
    {
        "submission_id": [f"s{i}" for i in range(12)],
        "unit_id": ["a"] * 6 + ["b"] * 6,
        "puas": ["ya", "tidak"] * 6,
        "tunggu": [5.0, 10.0, np.nan, 7.0] * 3,
    }
)
ASKED = ("submission_id", "puas", "tunggu")


def marked(people):
    return pd.DataFrame({"unit_id": people["unit_id"], "mark": marks(people, ASKED)})


def test_a_mark_depends_on_the_answers_alone():
    shuffled = PEOPLE[["tunggu", "puas", "unit_id", "submission_id"]].iloc[::-1]
    assert sorted(marks(PEOPLE, ASKED)) == sorted(marks(shuffled, ASKED[::-1]))
    assert len(set(marks(PEOPLE, ASKED))) == len(PEOPLE)


def test_a_new_question_that_nobody_answered_moves_no_mark():
    more = PEOPLE.assign(baru=None)
    assert marks(more, (*ASKED, "baru")).tolist() == marks(PEOPLE, ASKED).tolist()


def test_the_same_answer_to_another_question_is_another_mark():
    two = pd.DataFrame({"a": ["ya", None], "b": [None, "ya"]})
    assert len(set(marks(two, ("a", "b")))) == 2


def test_people_who_came_went_or_answer_otherwise_are_counted_once():
    edited = PEOPLE.copy()
    edited.loc[0, "puas"] = "tidak"
    assert people_changed(marked(PEOPLE), marked(edited)) == {"a": 1}
    assert people_changed(marked(PEOPLE), marked(PEOPLE.iloc[:9])) == {"b": 3}
    grown = pd.concat([PEOPLE, PEOPLE.assign(submission_id=lambda f: f["submission_id"] + "x")])
    assert people_changed(marked(PEOPLE), marked(grown)) == {"a": 6, "b": 6}
    assert people_changed(marked(PEOPLE), marked(PEOPLE)) == {}


def test_one_to_four_people_are_few():
    assert few_changed({"a": 1, "b": 4, "c": 5, "d": 40}) == ("a", "b")
