import numpy as np
import pandas as pd
import pytest
from estimator_samples import measure

from analysis import variance
from analysis.design import Design, code
from analysis.moments import psu_moments
from analysis.smoothed import smooth

DESIGN = Design("w", "unit", "psu")


def interviews(seed, units=40, sessions=6, each=10, rho=0.1):
    rng = np.random.default_rng(seed)
    psu = np.repeat(np.arange(units * sessions), each)
    y = np.sqrt(rho) * rng.normal(size=units * sessions)[psu]
    y = y + np.sqrt(1 - rho) * rng.normal(size=psu.size)
    return pd.DataFrame(
        {
            "unit": np.char.zfill((psu // sessions).astype(str), 3), "psu": psu.astype(str),
            "w": 1.0, "y": 10 + 2 * y, "rare": (rng.random(psu.size) < 0.02).astype(float),
        }
    )  # fmt: skip


def smoothed(data, *columns):
    measures = [measure(data[c], c) for c in columns]
    means = variance.domain_means(psu_moments(code(data, DESIGN, domain="unit"), measures))
    found = variance.variances(means, "adjust")
    return smooth(means, found), means, found


def test_one_correlation_is_found_from_all_units():
    data = interviews(1, units=300)
    s, _, found = smoothed(data, "y")
    assert s.rho[0] == pytest.approx(0.1, abs=0.02)
    assert s.df[0] == 300 * 5
    true = 4 * (1 + 9 * 0.1) / 60
    assert s.variance[:, 0].mean() == pytest.approx(true, rel=0.1)
    # a single unit's variance of 6 sessions is off by half, a smoothed one by little
    assert np.std(found[:, 0]) > 0.4 * true
    assert np.std(s.variance[:, 0]) < 0.1 * true


def test_two_equal_units_by_hand():
    data = pd.DataFrame(
        {
            "unit": list("aaaabbbb"), "psu": list("11223344"), "w": 1.0,
            "y": [1.0, 2, 3, 4, 2, 2, 3, 5],
        }
    )  # fmt: skip
    s, means, found = smoothed(data, "y")
    # unit a: scores -1 and 1 of 2/4 each: V = 2 * (1/4 + 1/4) = 1; S^2 = 5/3; V / (S^2/4) = 2.4
    # unit b: mean 3, scores -1/2 and 1/2, V = 1; S^2 = 2; ratio 2: rho = (1.4 + 1) / 2, cut at 1
    assert found[:, 0] == pytest.approx([1, 1])
    assert s.rho[0] == 1
    assert s.n_eff[:, 0] == pytest.approx([2, 2])
    assert means.n[:, 0].tolist() == [4, 4]
    # spreads 5/3 and 2 differ less than 4 answers do by chance: both are their mean
    assert s.spread[:, 0] == pytest.approx([11 / 6, 11 / 6])


def test_where_all_said_no_there_is_a_variance_all_the_same():
    s, means, found = smoothed(interviews(2), "rare")
    none = means.value[:, 0] == 0
    assert none.any()
    assert (found[none, 0] == 0).all()
    assert (s.variance[none, 0] > 0).all()
    assert (s.n_eff[none, 0] > 0).all()


def test_spreads_that_truly_differ_stay_apart():
    data = interviews(3)
    wide = data["unit"] < "020"
    data["y"] = np.where(wide, 10 + 5 * (data["y"] - 10), data["y"])
    s, means, _ = smoothed(data, "y")
    assert s.spread[:20, 0].min() > 10 * s.spread[20:, 0].max()
    assert s.spread[:, 0] == pytest.approx(means.spread[:, 0], rel=0.2)


def test_a_unit_of_one_session_borrows_its_design_effect():
    data = interviews(4)
    data = data[(data["unit"] != "007") | (data["psu"] == "42")]
    s, means, _ = smoothed(data.reset_index(drop=True), "y")
    at = means.moments.domains.index("007")
    assert means.df[at, 0] == 0
    assert s.n_eff[at, 0] == pytest.approx(10 / (1 + 9 * s.rho[0]))


def test_fewer_differences_than_chance_make_no_bonus():
    data = interviews(5, rho=0.0)
    data["y"] = np.tile(np.arange(10.0), 240)  # every session the same: less than chance
    s, means, _ = smoothed(data, "y")
    assert s.rho[0] == 0
    assert s.n_eff == pytest.approx(means.kish)


def test_without_answers_or_sessions_to_compare_there_is_nothing():
    data = interviews(6).assign(none=np.nan)
    s, _, _ = smoothed(data, "none")
    assert np.isnan(s.variance).all()
    alone = data[data["psu"].astype(int) % 6 == 0].reset_index(drop=True)
    s, _, _ = smoothed(alone, "y")
    assert s.df[0] == 0
    assert np.isnan(s.variance).all()
