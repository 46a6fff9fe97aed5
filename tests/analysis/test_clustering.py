"""A rare share whose clustering in sessions was not seen has the variance of an assumed one."""

import numpy as np
import pandas as pd
import pytest

from analysis.clustering import ICC, assumed_deff
from analysis.design import Design, code
from analysis.estimates import estimate
from analysis.measures import Measure
from analysis.moments import psu_moments
from analysis.publication import Rules

DESIGN = Design(weight="w", psu="psu", id="id")


def interviews(events, each=10, weights=1.0):
    """Sessions of `each` interviews, the first of which had the event: so many in each session."""
    rows = [
        {"id": f"{g}{i:02}", "psu": f"s{g}", "unit": "u", "y": float(i < count)}
        for g, count in enumerate(events)
        for i in range(each)
    ]
    return pd.DataFrame(rows).assign(w=weights)


def deff(events, **others):
    frame = interviews(events, **others)
    measure = Measure("topline", "q", "ya", "proportion", frame["y"].to_numpy())
    moments = psu_moments(code(frame, DESIGN), [measure])
    return float(assumed_deff(moments, np.array([True]))[0, 0])


def row(frame, kind="proportion"):
    measure = Measure("topline", "q", "ya", kind, frame["y"].to_numpy())
    return estimate(frame, DESIGN, [measure], rules=Rules(), domain="unit").iloc[0]


@pytest.mark.parametrize(
    ("events", "held"),
    [
        ((2, 1, 2, 1, 2, 1, 1, 2), False),  # every session knows it
        ((1, 1, 1, 1, 1, 1, 0, 0), False),  # six of eight: three quarters
        ((1, 1, 1, 1, 1, 0, 0, 0), True),
        ((6, 0, 0, 0, 0, 0, 0, 0), True),
        ((0, 0, 0, 0, 0, 0, 0, 0), True),
        ((10, 10, 10, 10, 10, 10, 10, 9), True),  # and its opposite
        ((10, 10, 10, 10, 10, 10, 10, 10), True),
        ((10, 10, 10, 0, 0, 0, 0, 0), False),  # no rare share: differences between sessions show
    ],
)
def test_what_part_of_the_sessions_must_hold_an_answer_and_its_opposite(events, held):
    assert deff(events) == pytest.approx(1 + 9 * ICC if held else 1.0, rel=1e-12)


def test_weights_scale_out_and_split_sessions_by_what_they_stand_for():
    assert deff((1, 1, 1, 1, 1, 1, 0, 0), weights=7.3) == 1.0
    # The six sessions with an event stand for little, the two without for nearly all.
    heavy = np.repeat([1.0, 1, 1, 1, 1, 1, 40, 40], 10)
    assert deff((1, 0, 0, 0, 0, 0, 1, 0), weights=heavy) > 1


def test_sessions_of_one_interview_cannot_cluster():
    assert deff((1, 0, 0, 0, 0, 0, 0, 0), each=1) == 1.0


def test_the_variance_is_that_of_the_assumed_clustering_and_the_row_says_so():
    found = row(interviews((2, 1, 1, 1, 0, 0, 0, 0)))
    p = 5 / 80
    assert found["se"] == pytest.approx(np.sqrt(p * (1 - p) / 80 * (1 + 9 * ICC)), rel=1e-12)
    assert found["n_eff"] == pytest.approx(80 / (1 + 9 * ICC), rel=1e-12)
    assert "icc_assumed" in found["reason"].split(";")


def test_a_variance_that_is_larger_already_stays():
    found = row(interviews((8, 0, 0, 0, 0, 0, 0, 0)))
    assert found["se"] == pytest.approx(0.1, rel=1e-12)  # scores of 0.1 x (7, -1, ... -1)/8
    assert "icc_assumed" not in found["reason"]


def test_means_are_left_alone():
    frame = interviews((2, 1, 1, 1, 0, 0, 0, 0))
    assert "icc_assumed" not in row(frame, "mean")["reason"]


def test_the_mean_of_units_says_that_a_unit_rests_on_the_assumption():
    frame = pd.concat(
        [
            interviews(events).assign(unit=name, psu=lambda f, name=name: name + f["psu"])
            for name, events in (("a", (2, 1, 2, 1, 2, 1, 1, 2)), ("b", (1, 1, 0, 0, 0, 0, 0, 0)))
        ],
        ignore_index=True,
    ).assign(id=lambda f: f.index.astype(str))
    measure = Measure("topline", "q", "ya", "proportion", frame["y"].to_numpy())
    table = estimate(
        frame, Design(weight="w", stratum="unit", psu="psu", id="id"), [measure], rules=Rules(),
        domain="unit",
    ).set_index(["domain_type", "domain"])  # fmt: skip
    said = table["reason"].str.contains("icc_assumed")
    assert not said["unit", "a"]
    assert said["unit", "b"]
    assert said["city_mean"].all()
