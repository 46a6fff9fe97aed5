"""Weights that were cut: what cutting them anew in every replicate adds to the variance."""

import numpy as np
import pandas as pd
import pytest

from analysis import variance
from analysis.cut_again import cut_again
from analysis.design import Design, code
from analysis.estimates import estimated
from analysis.measures import Measure
from analysis.moments import psu_moments
from analysis.publication import Rules
from analysis.weight_classes import trim_weights
from benchmarks.trimming_study import LIMIT, Setting

DESIGN = Design("w_trimmed", "unit_id", "psu", id="id")
HEAVY = Setting(sessions=12, interviews=8, spread=1.1, slope=0.5, between=0.3)


def unit(rng: np.random.Generator, name: str = "A", setting: Setting = HEAVY) -> pd.DataFrame:
    weight, answer, _ = setting.sample(rng)
    n = weight.size
    raw = weight.ravel()
    return pd.DataFrame(
        {
            "id": [f"{name}{i:04d}" for i in range(n)],
            "unit_id": name,
            "psu": [f"{name}{i // setting.interviews:02d}" for i in range(n)],
            "w_raw": raw,
            "w_trimmed": trim_weights(raw, LIMIT),
            "score": answer.ravel(),
        }
    )


def measures(data: pd.DataFrame) -> list[Measure]:
    y = data["score"].to_numpy(dtype=float)
    return [
        Measure("r", "score", "", "mean", y, -20.0, 20.0),
        Measure("r", "half", "", "mean", np.where(y > 0.3, np.nan, y), -20.0, 20.0),
        Measure("r", "both", "", "mean", y, -40.0, 40.0,
                combines=((("r", "score"), 1.0), (("r", "half"), 0.5))),
    ]  # fmt: skip


PARTS = {2: {0: 1.0, 1: 0.5}}


def added(data: pd.DataFrame, limit: float = LIMIT) -> np.ndarray:
    coded = code(data, DESIGN, domain="unit_id")
    return cut_again(coded, measures(data), data["w_raw"].to_numpy(), limit, PARTS)


def jackknifed(data: pd.DataFrame, *, anew: bool) -> float:
    """By hand: every session left out, the weights of the others cut again or not."""
    names = sorted(data["psu"].unique())

    def mean(own: pd.DataFrame, weight: np.ndarray) -> float:
        return float((weight * own["score"]).sum() / weight.sum())

    centre = mean(data, data["w_trimmed"].to_numpy())
    total = 0.0
    for name in names:
        own = data[data["psu"] != name]
        weight = own["w_trimmed"].to_numpy()
        if anew:
            weight = trim_weights(own["w_raw"].to_numpy(), LIMIT)
        total += (mean(own, weight) - centre) ** 2
    return total * (len(names) - 1) / len(names)


def test_what_is_added_is_the_jackknife_that_cuts_anew_less_the_one_that_does_not():
    for seed in range(6):
        data = unit(np.random.default_rng([seed, 3]))
        apart = jackknifed(data, anew=True) - jackknifed(data, anew=False)
        assert added(data)[0, 0] == pytest.approx(max(apart, 0.0), rel=1e-9, abs=1e-15)


def test_order_of_rows_and_scale_of_weights_change_nothing():
    data = unit(np.random.default_rng(5))
    mixed = data.sample(frac=1, random_state=1).reset_index(drop=True)
    assert added(mixed).tolist() == added(data).tolist()
    larger = data.assign(w_raw=7 * data["w_raw"], w_trimmed=7 * data["w_trimmed"])
    assert added(larger) == pytest.approx(added(data), rel=1e-9)


def test_where_nothing_was_cut_no_bit_moves():
    rng = np.random.default_rng(6)
    data = unit(rng, setting=Setting(8, 12, 0.1, 0.5, 0.3))
    assert added(data).tolist() == [[0.0] * 3]
    plain, with_cut = (
        estimated(data, DESIGN, measures(data), rules=Rules(), **more).table
        for more in ({}, {"uncut": "w_raw", "limit": LIMIT})
    )
    pd.testing.assert_frame_equal(plain, with_cut)


def test_units_city_and_mean_of_units_all_carry_it():
    rng = np.random.default_rng(7)
    data = pd.concat([unit(rng), unit(rng, "B", Setting(10, 10, 0.1, 0.5, 0.3))], ignore_index=True)
    extra = added(data)
    assert extra[0, 0] > 0
    assert extra[1].tolist() == [0.0] * 3
    plain, with_cut = (
        estimated(data, DESIGN, measures(data), rules=Rules(), **more)
        for more in ({}, {"uncut": "w_raw", "limit": LIMIT})
    )
    share = data.groupby("unit_id")["w_trimmed"].sum()["A"] / data["w_trimmed"].sum()
    for kind, domain, part in (("unit", "A", 1.0), ("city", "city", share**2),
                               ("city_mean", "city", 0.25)):  # fmt: skip
        before, after = (
            t[
                (t["domain_type"] == kind) & (t["domain"] == domain) & (t["measure"] == "score")
            ].iloc[0]
            for t in (plain.variances, with_cut.variances)
        )
        assert after["se_taylor"] ** 2 - before["se_taylor"] ** 2 == pytest.approx(
            part * extra[0, 0], rel=1e-6
        )
    b = (plain.table["domain"] == "B").to_numpy()
    pd.testing.assert_frame_equal(plain.table[b], with_cut.table[b])


def test_a_unit_of_one_session_adds_nothing():
    data = unit(np.random.default_rng(8)).assign(psu="A00")
    assert added(data).tolist() == [[0.0] * 3]


def test_over_many_samples_the_error_is_nearer_to_the_truth():
    rng = np.random.default_rng([20261124, 1])
    values, fixed, whole = [], [], []
    for _ in range(400):
        data = unit(rng)
        coded = code(data, DESIGN, domain="unit_id")
        means = variance.domain_means(psu_moments(coded, measures(data)[:1]))
        v = variance.variances(means)[0, 0]
        values.append(means.value[0, 0])
        fixed.append(v)
        whole.append(v + added(data)[0, 0])
    sd = np.std(values)
    ratio = {name: np.sqrt(np.mean(v)) / sd for name, v in (("fixed", fixed), ("anew", whole))}
    # 2,000 samples: 0.872 and 0.997.
    assert ratio["fixed"] < 0.93
    assert 0.88 < ratio["anew"] < 1.12
    assert abs(ratio["anew"] - 1) < abs(ratio["fixed"] - 1)
