"""An indicator against the unit's other indicators: what is printed, taken from what is printed."""

import numpy as np
import pandas as pd
import pytest

from analysis.design import Design
from analysis.estimates import estimate
from analysis.measures import Measure
from analysis.own_contrasts import OWN, own_contrasts
from analysis.publication import Rules

DESIGN = Design(weight="w", stratum="unit", psu="session", id="id")


def sample(seed=5, units=3, sessions=8, people=20, missing=0.0):
    rng = np.random.default_rng(seed)
    n = units * sessions * people
    unit = np.repeat([f"u{i}" for i in range(units)], sessions * people)
    session = np.repeat([f"s{i:03}" for i in range(units * sessions)], people)
    frame = pd.DataFrame(
        {"id": [f"i{i:05}" for i in range(n)], "unit": unit, "session": session,
         "w": rng.uniform(1, 4, n)}
    )  # fmt: skip
    person = rng.standard_normal(n) + np.repeat(0.5 * rng.standard_normal(units * sessions), people)
    scores = []
    for k in range(4):
        value = np.clip(60 + 5 * k + 12 * person + 10 * rng.standard_normal(n), 0, 100)
        value[rng.random(n) < missing] = np.nan
        scores.append(Measure("indikator", f"k{k}", "", "mean", value, 0.0, 100.0))
    return frame, scores


def rows_of(frame, measures):
    table = estimate(frame, DESIGN, measures, rules=Rules(), domain="unit")
    return table[table["domain_type"] == "unit"].set_index(["domain", "measure_type", "measure"])


def test_it_is_the_difference_of_the_printed_values_whoever_left_an_answer_out():
    frame, scores = sample(missing=0.1)
    rows = rows_of(frame, [*scores, *own_contrasts(scores)])
    for unit in ("u0", "u1", "u2"):
        printed = [rows.loc[(unit, "indikator", f"k{k}"), "value"] for k in range(4)]
        for k in range(4):
            others = np.mean([v for i, v in enumerate(printed) if i != k])
            got = rows.loc[(unit, OWN, f"k{k}"), "value"]
            assert got == pytest.approx(printed[k] - others, abs=1e-9)


def test_with_all_answers_its_error_is_that_of_each_persons_own_difference():
    frame, scores = sample()
    each = np.stack([m.values for m in scores])  # noqa: PD011 (a Measure)
    own = each[2] - (each.sum(axis=0) - each[2]) / 3
    alone = Measure("own", "k2", "", "mean", own, -100.0, 100.0)
    rows = rows_of(frame, [*scores, *own_contrasts(scores), alone])
    for unit in ("u0", "u1", "u2"):
        ours, theirs = rows.loc[(unit, OWN, "k2")], rows.loc[(unit, "own", "k2")]
        assert ours["se"] == pytest.approx(theirs["se"], rel=1e-9)
        assert ours["df"] == theirs["df"]
        # What people have in common goes in the difference.
        assert ours["se"] < 0.9 * rows.loc[(unit, "indikator", "k2"), "se"]


def test_two_indicators_are_not_held_against_each_other():
    _, scores = sample()
    assert own_contrasts(scores[:2]) == []
    assert len(own_contrasts(scores[:3])) == 3
