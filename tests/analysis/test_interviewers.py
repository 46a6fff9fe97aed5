from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from estimator_samples import DESIGN, measure, sample
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import variance
from analysis.design import Design, code
from analysis.errors import DesignError
from analysis.interviewers import interviewers
from analysis.moments import psu_moments
from analysis.twoway import two_way

BRIEF = settings(max_examples=20, deadline=None)
SEEDS = st.integers(0, 2**32 - 1)


def people(seed, n=150, enumerators=5):
    rng = np.random.default_rng([seed, 1])
    return sample(seed, n).assign(who=rng.integers(0, enumerators, n).astype(str))


def effect(data, columns=("x",), domain="unit", **more):
    coded = code(data, DESIGN, domain=domain)
    return interviewers(coded, [measure(data[c], c) for c in columns], data, "who", **more)


@BRIEF
@given(SEEDS)
def test_units_and_city_are_those_of_two_way_clustering(seed):
    data = people(seed)
    found = effect(data, ("x", "y"))
    measures = [measure(data["x"], "x"), measure(data["y"], "y")]
    units = two_way(code(data, DESIGN, domain="unit"), measures, data, "who")
    of_units = found.units()
    v, df = of_units.on(units.session, units.means.df)
    assert v == pytest.approx(units.variance, rel=1e-12)
    assert df == pytest.approx(units.df, rel=1e-12)
    assert of_units.factor == pytest.approx(units.variance / units.session, rel=1e-12)
    city = two_way(code(data, DESIGN), measures, data, "who")
    of_city = found.city()
    assert of_city.crossed.session == pytest.approx(city.session, rel=1e-9)
    assert of_city.crossed.enumerator == pytest.approx(city.enumerator, rel=1e-9)


@BRIEF
@given(SEEDS)
def test_the_session_parts_are_the_variances_of_the_design(seed):
    data = people(seed)
    means = variance.domain_means(
        psu_moments(code(data, DESIGN, domain="unit"), [measure(data["y"])])
    )
    found = effect(data, ("y",))
    _, of_mean = variance.mean_of_domains(means)
    assert found.mean_of_units().crossed.session[0] == pytest.approx(of_mean, rel=1e-9)
    _, of_difference = variance.contrast(means, {(0, 0): 1.0, (1, 0): -1.0})
    difference = found.contrast(np.array([1.0, -1.0]))
    assert difference.crossed.session[0, 0] == pytest.approx(of_difference, rel=1e-9)


@BRIEF
@given(SEEDS, st.integers(1, 12))
def test_no_variance_is_made_smaller(seed, enumerators):
    data = people(seed, enumerators=enumerators)
    found = effect(data, ("x", "y"))
    for raised in (found.units(), found.city(), found.mean_of_units()):
        assert np.all(raised.factor >= 1)
        assert np.all(raised.added >= 0)


def test_an_enumerator_who_works_in_every_unit_weighs_more_in_the_city_than_one_who_works_in_one():
    rng = np.random.default_rng(3)
    psu = np.repeat(np.arange(24), 10)
    data = pd.DataFrame(
        {
            "id": [f"{i:03d}" for i in range(240)], "psu": psu.astype(str), "w": 1.0,
            "unit": (psu // 4).astype(str), "stratum": (psu // 4).astype(str),
            "x": rng.normal(size=240),
        }
    )  # fmt: skip
    everywhere = effect(data.assign(who=np.tile(["1", "2"], 120))).mean_of_units()
    at_home = data.assign(who=(psu // 4 * 2 + np.arange(240) % 2).astype(str))
    one_each = effect(at_home).mean_of_units()
    assert everywhere.assumed[0, 0]
    # two people share the city: rho s^2 / 2; twelve do: rho s^2 / 12
    assert everywhere.added[0, 0] == pytest.approx(6 * one_each.crossed.declared[0, 0])
    assert one_each.crossed.rotated[0, 0] == 12
    # two in a unit show half of what they differ by
    assert one_each.crossed.compared[0, 0] == pytest.approx(6)


def test_a_difference_takes_off_who_works_on_both_sides():
    rng = np.random.default_rng(4)
    psu = np.repeat(np.arange(12), 10)
    data = pd.DataFrame(
        {
            "id": [f"{i:03d}" for i in range(120)], "psu": psu.astype(str), "w": 1.0,
            "unit": (psu // 6).astype(str), "stratum": (psu // 6).astype(str),
            "x": rng.normal(size=120),
        }
    )  # fmt: skip
    both = effect(data.assign(who=np.tile(["1", "2"], 60))).contrast(np.array([1.0, -1.0]))
    assert both.added[0, 0] == pytest.approx(0, abs=1e-15)
    apart = effect(data.assign(who=(psu // 6).astype(str))).contrast(np.array([1.0, -1.0]))
    within = data.groupby("unit")["x"].var(ddof=0).mean()
    assert apart.added[0, 0] == pytest.approx(0.03 * within * 2)


def test_a_composite_carries_the_covariances_of_its_parts():
    data = people(5)
    data["sum"] = data["x"] + data["x"]
    found = effect(data, ("x", "sum"), composites={1: {0: 2.0}})
    for raised in (found.units(), found.city(), found.mean_of_units()):
        assert raised.crossed.session[:, 1] == pytest.approx(4 * raised.crossed.session[:, 0])
        assert raised.added[:, 1] == pytest.approx(4 * raised.added[:, 0])
        assert raised.factor[:, 1] == pytest.approx(raised.factor[:, 0])


def test_merged_strata_are_the_ones_that_count():
    data = people(6)
    coded = code(data, DESIGN, domain="unit")
    one = replace(
        coded.psus, stratum=np.zeros_like(coded.psus.stratum), strata=("",), size=np.array([np.inf])
    )
    found = effect(data, psus=one).units()
    plain = two_way(
        code(data, Design("w", "", "psu", id="id"), domain="unit"),
        [measure(data["x"])],
        data,
        "who",
    )
    assert found.crossed.variance == pytest.approx(plain.variance, rel=1e-12)


@BRIEF
@given(SEEDS)
def test_the_order_of_rows_changes_no_bit(seed):
    data = people(seed)
    mixed = data.sample(frac=1, random_state=seed % 1000).reset_index(drop=True)
    one, other = effect(data, ("y",)), effect(mixed, ("y",))
    assert one.units().added.tolist() == other.units().added.tolist()
    assert one.city().added.tolist() == other.city().added.tolist()
    assert one.mean_of_units().added.tolist() == other.mean_of_units().added.tolist()


def test_where_nobody_answered_nothing_is_added():
    data = people(7).assign(none=np.nan)
    found = effect(data, ("none", "x"))
    for raised in (found.units(), found.city(), found.mean_of_units()):
        assert raised.added[:, 0].tolist() == [0.0] * len(raised.added)
        assert raised.factor[:, 0].tolist() == [1.0] * len(raised.added)
        assert not raised.assumed[:, 0].any()


def test_equal_answers_leave_no_variance_to_raise():
    data = people(8).assign(x=3.0)
    assert effect(data).units().added.max() < 1e-25


def test_a_blank_enumerator_is_named_by_row():
    data = people(9)
    data.loc[3, "who"] = ""
    with pytest.raises(DesignError, match="no enumerator in row 4"):
        effect(data)
    with pytest.raises(DesignError, match=r"rho = -1"):
        effect(people(9), rho=-1.0).units()


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(0, 30), st.integers(1, 8))
def test_samples_however_poor_get_a_finite_number(seed, n, enumerators):
    rng = np.random.default_rng(seed)
    psu = rng.integers(0, 8, n)
    data = pd.DataFrame(
        {
            "id": [f"{i:02d}" for i in range(n)], "w": rng.lognormal(0, 1, n),
            "psu": psu.astype(str), "stratum": (psu // 3).astype(str),
            "unit": (psu // 3).astype(str), "who": rng.integers(0, enumerators, n).astype(str),
            "x": np.where(rng.random(n) < 0.3, np.nan, (rng.random(n) < 0.2) * 1.0),
        }
    )  # fmt: skip
    coded = code(data, DESIGN, domain="unit", domains=("0", "1", "2", "3"), empty={"x": "0"})
    found = interviewers(coded, [measure(data["x"])], data, "who")
    for raised in (found.units(), found.city(), found.mean_of_units()):
        assert np.isfinite(raised.added).all()
        assert (raised.factor >= 1).all()
        _, df = raised.on(raised.crossed.session, np.full(raised.added.shape, 4.0))
        assert not (df <= 0).any()


def test_a_census_of_sessions_still_varies_by_who_asked():
    data = people(10, enumerators=2).assign(all=4.0)
    design = Design("w", "stratum", "psu", fpc="all", id="id")
    coded = code(data, design, domain="unit")
    found = interviewers(coded, [measure(data["x"])], data, "who").units()
    assert found.crossed.session == pytest.approx(0)
    assert (found.added > 0).all()
    v, df = found.on(found.crossed.session, np.full((2, 1), 9.0))
    assert (v > 0).all()
    assert np.isfinite(df).all()
