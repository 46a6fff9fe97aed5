"""How indicators go with trust within units: the regression with a constant for every unit."""

import numpy as np
import pandas as pd
import pytest
from test_own_contrasts import DESIGN, sample

from analysis.associations import associations
from analysis.calibration import calibrate
from analysis.cells import read_cells
from analysis.design import code
from analysis.margins import Margins
from analysis.measures import Measure
from analysis.predictors import predictors
from analysis.regression import regress


def trust_of(scores, seed=9, slope=0.3):
    rng = np.random.default_rng(seed)
    first = scores[0].values  # noqa: PD011 (a Measure, not a Series)
    value = 20 + slope * first + 8 * rng.standard_normal(first.size)
    return Measure("kepercayaan", "kepercayaan", "", "mean", value, 0.0, 100.0)


def coded_of(frame):
    return code(frame, DESIGN, domain="unit")


def with_dummies(coded, frame, outcome, measure, calibration=None):
    values = measure.values  # noqa: PD011 (a Measure, not a Series)
    x = pd.DataFrame({"x": values, "unit": frame["unit"]})
    return regress(coded, outcome, predictors(x), lonely="adjust", calibration=calibration)


@pytest.mark.parametrize("missing", [0.0, 0.15])
def test_it_is_the_regression_with_a_constant_for_every_unit(missing):
    frame, scores = sample(missing=missing)
    trust, coded = trust_of(scores), coded_of(frame)
    table = associations(coded, trust, scores, least_df=10).set_index("measure")
    for measure in scores:
        full = with_dummies(coded, frame, trust, measure)
        at, row = full.names.index("x"), table.loc[measure.name]
        assert row["slope"] == pytest.approx(full.value[at], rel=1e-10)
        assert row["se"] == pytest.approx(full.se[at], rel=1e-10)
        assert row["df"] == full.df
        assert row["low"] == pytest.approx(full.low[at], rel=1e-9)
        assert row["p"] == pytest.approx(full.p[at], rel=1e-6, abs=1e-300)


def test_after_calibration_the_margins_are_in_the_variance():
    frame, scores = sample()
    rng = np.random.default_rng(3)
    frame = frame.assign(sex=rng.choice(["L", "P"], len(frame)))
    total = float(frame["w"].sum())
    margins = Margins("kunjungan", {"sex": {"L": 0.4 * total, "P": 0.6 * total}})
    coded = coded_of(frame)
    made = calibrate(coded, read_cells(frame, margins))
    trust = trust_of(scores)
    row = associations(coded, trust, scores[:1], calibration=made, least_df=10).iloc[0]
    full = with_dummies(coded, frame, trust, scores[0], made)
    assert row["slope"] == pytest.approx(full.value[full.names.index("x")], rel=1e-9)
    assert row["se"] == pytest.approx(full.se[full.names.index("x")], rel=1e-8)


def test_a_unit_where_everything_is_good_makes_nothing_look_important():
    frame, _ = sample()
    lift = np.where(frame["unit"] == "u0", 25.0, 0.0)
    rng = np.random.default_rng(4)
    first, second = 50 + lift + 5 * rng.standard_normal((2, len(frame)))
    x = Measure("indikator", "x", "", "mean", first)
    y = Measure("kepercayaan", "kepercayaan", "", "mean", second)
    row = associations(coded_of(frame), y, [x], least_df=10).iloc[0]
    assert abs(row["slope"]) < 0.1
    assert row["p"] > 0.05


def test_with_few_sessions_nothing_is_said_and_why():
    frame, scores = sample(units=2, sessions=6)
    row = associations(coded_of(frame), trust_of(scores), scores[:1]).iloc[0]
    assert np.isnan(row["slope"])
    assert (row["df"], row["reason"]) == (8.0, "df<20")


def test_an_answer_that_never_varies_within_a_unit_has_no_association():
    frame, scores = sample()
    level = frame["unit"].map({"u0": 10.0, "u1": 20.0, "u2": 30.0}).to_numpy()
    flat = Measure("indikator", "flat", "", "mean", level, 0.0, 100.0)
    table = associations(coded_of(frame), trust_of(scores), [flat, scores[0]], least_df=10)
    assert table["reason"].tolist() == ["no_estimate", ""]
    assert np.isnan(table["p_adjusted"].iloc[0])
    assert table["p_adjusted"].iloc[1] == table["p"].iloc[1]


def test_many_measures_are_corrected_together():
    frame, scores = sample()
    rng = np.random.default_rng(8)
    noise = [
        Measure("indikator", f"n{i}", "", "mean", rng.uniform(0, 100, len(frame)), 0.0, 100.0)
        for i in range(20)
    ]
    table = associations(coded_of(frame), trust_of(scores), [scores[0], *noise], least_df=10)
    assert (table["p_adjusted"] >= table["p"]).all()
    assert table["p_adjusted"].iloc[0] < 0.001
