"""Small units: what leans on the others stands below what does not, from the design's errors."""

import numpy as np
import pandas as pd
import pytest

from analysis.design import Design, code
from analysis.estimates import estimated
from analysis.measures import Measure
from analysis.publication import MODEL, Rules
from analysis.small_units import small_units
from pipeline.leaning import leaning

DESIGN = Design("w", "unit", "psu", id="id")


@pytest.fixture(scope="module")
def study():
    """Twelve units of four to eight sessions; simulated, nobody was asked."""
    rng = np.random.default_rng(8)
    sessions = rng.integers(4, 9, 12)
    unit = np.repeat(np.repeat(np.arange(12), sessions), 6)
    psu = np.repeat(np.arange(sessions.sum()), 6)
    level = 70 + 4 * rng.standard_normal(12)
    y = level[unit] + 5 * rng.standard_normal(sessions.sum())[psu]
    frame = pd.DataFrame(
        {"unit": np.char.zfill(unit.astype(str), 2), "psu": np.char.zfill(psu.astype(str), 3),
         "w": rng.lognormal(0, 0.2, unit.size), "id": np.arange(unit.size).astype(str)}
    )  # fmt: skip
    first = np.clip(y + 12 * rng.standard_normal(unit.size), 0, 100)
    second = np.clip(y + 12 * rng.standard_normal(unit.size), 0, 100)
    parts = tuple((("dimensi", name), 0.5) for name in ("a", "b"))
    measures = [
        Measure("dimensi", "a", "", "mean", first, 0, 100),
        Measure("dimensi", "b", "", "mean", second, 0, 100),
        Measure("indeks", "i", "", "mean", (first + second) / 2, 0, 100, combines=parts),
        Measure("topline", "q", "ya", "proportion", (first > 70).astype(float)),
        Measure("layanan", "perantara", "", "proportion", (second > 90).astype(float)),
    ]
    found = estimated(frame, DESIGN, measures, rules=Rules(), domain="unit")
    return frame, measures, found


def test_both_stand_together_and_the_leaning_one_is_nearer_to_the_others(study):
    frame, measures, made = study
    found = leaning(
        code(frame, DESIGN, domain="unit"),
        measures,
        made.table,
        made.variances,
        Rules(),
        level=0.95,
    )
    own = found[found["measure_type"] == "indeks"]
    assert own["estimator"].tolist() == ["mean", MODEL] * 12
    direct, leant = (own[own["estimator"] == kind]["value"].to_numpy() for kind in ("mean", MODEL))
    assert leant.std() < direct.std()
    assert set(found["measure_type"]) == {"dimensi", "indeks"}
    assert set(own[own["estimator"] == MODEL]["flag"]) <= {"caution", "withheld"}


def test_it_is_what_small_units_makes_of_the_same_interviews(study):
    frame, measures, made = study
    found = leaning(
        code(frame, DESIGN, domain="unit"),
        measures,
        made.table,
        made.variances,
        Rules(),
        level=0.95,
    )
    wanted = small_units(frame, DESIGN, measures[:3], rules=Rules(), domain="unit").table
    # Not the printed errors: some of them are on their floor, which is no sampling error.
    assert made.table["reason"].str.contains("se_floor").any()
    pd.testing.assert_series_equal(
        found["value"].reset_index(drop=True), wanted["value"].reset_index(drop=True), rtol=1e-9
    )


def test_with_few_units_there_is_none(study):
    frame, measures, made = study
    coded = code(frame, DESIGN, domain="unit")
    assert leaning(coded, measures, made.table, made.variances, Rules(), level=0.95, least=13).empty
    assert leaning(coded, measures[3:], made.table, made.variances, Rules(), level=0.95).empty
