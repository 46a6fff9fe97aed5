"""Six sessions in three units, worked through by hand and with R's package survey.

Strata are units, PSUs sessions; C has one session, which R centres at the whole under
lonely.psu = "adjust". The weights are the fractions behind 19.753086, 20.833333, 35.555556, 22.5,
16 and 21.333333; `blocks` is the number of open blocks of the unit in the window.
"""

import math

import numpy as np
import pandas as pd
import pytest

from analysis import intervals, variance
from analysis.design import Design, code
from analysis.estimates import estimate
from analysis.measures import Measure
from analysis.moments import psu_moments
from analysis.publication import Rules
from analysis.variance import Means

SESSIONS = (
    ("A1", 1600 / 81, 10, "100100"),
    ("A2", 125 / 6, 10, "0010"),
    ("A3", 320 / 9, 10, "11010"),
    ("B1", 45 / 2, 6, "0010"),
    ("B2", 16.0, 6, "100"),
    ("C1", 64 / 3, 4, "010"),
)
FRAME = pd.DataFrame(
    [
        {"id": f"{psu}-{i}", "psu": psu, "unit_id": psu[0], "w": w, "blocks": blocks, "y": float(y)}
        for psu, w, blocks, answers in SESSIONS
        for i, y in enumerate(answers)
    ]
)
EVENT = Measure("bentuk", "any", "", "proportion", FRAME["y"].to_numpy(dtype=float))


def whole(fpc: str = "") -> Means:
    design = Design("w", "unit_id", "psu", fpc=fpc, id="id")
    return variance.domain_means(psu_moments(code(FRAME, design), [EVENT]))


def units() -> Means:
    coded = code(FRAME, Design("w", "unit_id", "psu", id="id"), domain="unit_id")
    return variance.domain_means(psu_moments(coded, [EVENT]))


def test_the_city_its_standard_error_and_its_t_interval_to_six_decimals():
    means = whole()
    se = math.sqrt(variance.variances(means, "adjust")[0, 0])
    assert means.value[0, 0] == pytest.approx(0.390007, abs=5e-7)
    assert se == pytest.approx(0.082341, abs=5e-7)
    assert means.df[0, 0] == 3  # 6 sessions - 3 units
    low, high = intervals.t(means.value[0, 0], se, 3, 0.95)
    # 3.182446 is the t quantile of 3 degrees of freedom: 0.390007 -+ 3.182446 * 0.082341
    assert (float(low), float(high)) == pytest.approx((0.127960, 0.652053), abs=2e-6)


def test_the_finite_window_narrows_it():
    se = math.sqrt(variance.variances(whole("blocks"), "adjust")[0, 0])
    assert se == pytest.approx(0.068836, abs=5e-7)


def test_the_units_show_why_each_needs_a_rule():
    means = units()
    se = np.sqrt(variance.variances(means, "adjust"))[:, 0]
    assert means.value[:, 0] == pytest.approx([0.4399, 0.2790, 0.3333], abs=5e-5)
    assert se == pytest.approx([0.1127, 0.0378, 0.0], abs=5e-5)
    assert means.df[:, 0].tolist() == [2, 1, 0]


def test_the_table_refuses_c_and_does_not_believe_b():
    design = Design("w", "unit_id", "psu", id="id")
    table = estimate(FRAME, design, [EVENT], rules=Rules(minimum_n=2, caution_n=4))
    a, b, c, city, mean = table.to_dict("records")
    assert (a["flag"], a["reason"]) == ("caution", "sessions<4;df<3;n_eff<30;se_floor;wide")
    # B's sessions agree by luck, SE .0378: the floor is that of 7 interviews drawn one by one,
    # and Wilson's t of 1 df is 12.7.
    assert b["flag"] == "caution"
    weights = np.array([22.5] * 4 + [16.0] * 3)
    kish = weights.sum() ** 2 / (weights**2).sum()
    assert b["se"] == pytest.approx(math.sqrt(b["value"] * (1 - b["value"]) / kish), rel=1e-9)
    assert b["high"] - b["low"] > 0.5
    assert c["flag"] == "not_estimable"
    assert math.isnan(c["se"])
    assert city["se"] == pytest.approx(0.082341, abs=5e-7)
    assert "lonely_adjust" in city["reason"].split(";")
    assert mean["flag"] == "not_estimable"
