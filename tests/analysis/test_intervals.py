import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import intervals

BRIEF = settings(deadline=None)
P = st.floats(0, 1)
N = st.floats(0.5, 1e6)
DF = st.integers(1, 200)
LEVEL = st.sampled_from([0.8, 0.9, 0.95, 0.99])


def test_t_quantiles_of_the_tables():
    # two-sided 95 %: 12.706 (1 df), 3.182 (3), 2.365 (7), 1.980 (120); 90 %: 1.895 (7)
    found = intervals.quantile(0.95, [1, 3, 7, 120])
    assert found == pytest.approx([12.7062, 3.18245, 2.36462, 1.97993], abs=5e-5)
    assert intervals.quantile(0.90, 7) == pytest.approx(1.894579, abs=5e-7)


def test_without_degrees_of_freedom_there_is_no_interval():
    assert np.isnan(intervals.t(1.0, 1.0, 0, 0.95)).all()
    assert np.isnan(intervals.t(1.0, 1.0, math.nan, 0.95)).all()
    assert np.isnan(intervals.wilson(0.5, 20, 0, 0.95)).all()
    assert np.isnan(intervals.korn_graubard(0.5, 20, 30, 0, 0.95)).all()


def test_t_interval_by_hand():
    low, high = intervals.t(70, 2, 7, 0.95)
    assert (float(low), float(high)) == pytest.approx((70 - 4.72925, 70 + 4.72925), abs=1e-4)


def test_wilson_by_hand():
    # p .1 on n 50 with t 2 (60 df gives 2.000298): centre (.1 + .04) / 1.08,
    # reach 2 sqrt(.09/50 + 1/2500) / 1.08
    low, high = intervals.wilson(0.1, 50, 60, 0.95)
    assert float(low) == pytest.approx(0.129630 - 0.086846, abs=2e-4)
    assert float(high) == pytest.approx(0.129630 + 0.086846, abs=2e-4)


def test_wilson_with_no_event_goes_from_zero_to_t_squared_over_n_plus_t_squared():
    low, high = intervals.wilson(0.0, 40, 7, 0.95)
    assert low == 0
    assert high == pytest.approx(2.364624**2 / (40 + 2.364624**2), abs=1e-6)


@BRIEF
@given(P, N, DF, LEVEL)
def test_wilson_stays_inside_and_holds_the_share(p, n, df, level):
    low, high = intervals.wilson(p, n, df, level)
    assert 0 <= low <= p <= high <= 1


@BRIEF
@given(P, N, DF, LEVEL)
def test_wilson_of_the_complement_is_its_mirror(p, n, df, level):
    low, high = intervals.wilson(p, n, df, level)
    other_low, other_high = intervals.wilson(1 - p, n, df, level)
    assert other_low == pytest.approx(1 - high, abs=1e-12)
    assert other_high == pytest.approx(1 - low, abs=1e-12)


@BRIEF
@given(P, st.floats(0.5, 1e4), DF)
def test_more_effective_interviews_never_widen_wilson(p, n, df):
    short, long = intervals.wilson(p, n, df, 0.95), intervals.wilson(p, 2 * n, df, 0.95)
    assert long[1] - long[0] <= short[1] - short[0] + 1e-12


def test_effective_n_is_that_of_simple_random_sampling():
    # p .2, se .05: .16 / .0025
    assert intervals.effective_n(0.2, 0.05, 10.0) == pytest.approx(64)


def test_effective_n_is_not_capped_but_falls_back_to_kish_where_nothing_varied():
    found = intervals.effective_n([0.5, 0.0, 1.0, 0.3], [0.001, 0.0, 0.0, 0.0], 12.0)
    assert found.tolist() == pytest.approx([250_000, 12, 12, 12])


def test_logit_interval_by_hand():
    # logit .2 = -1.386294, se .05/.16 = .3125, t(7) 2.364624: -2.125239, -.647349
    low, high = intervals.t_logit(0.2, 0.05, 7, 0.95)
    assert float(low) == pytest.approx(1 / (1 + math.exp(2.125239)), abs=1e-6)
    assert float(high) == pytest.approx(1 / (1 + math.exp(0.647349)), abs=1e-6)


@BRIEF
@given(st.floats(1.001, 3.999), st.floats(0.001, 5), DF)
def test_the_logit_interval_of_a_mean_stays_on_its_scale(mean, se, df):
    low, high = intervals.t_logit(mean, se, df, 0.95, 1.0, 4.0)
    assert 1 <= low <= mean + 1e-9
    assert mean - 1e-9 <= high <= 4


def test_the_logit_interval_does_not_exist_at_the_ends():
    assert np.isnan(intervals.t_logit([1.0, 4.0], 0.1, 7, 0.95, 1.0, 4.0)).all()


@pytest.mark.parametrize(("n", "upper"), [(10, 0.308497), (30, 0.115703), (100, 0.036217)])
def test_no_event_in_n_draws_has_the_exact_upper_limit_of_the_tables(n, upper):
    # Clopper-Pearson 95 %: 0 of 10, 30, 100
    assert intervals.exact_upper(n, 0.95) == pytest.approx(upper, abs=1e-6)


def test_the_exact_limit_leaves_no_event_with_probability_two_and_a_half_percent():
    for n in (1, 7.5, 40, 1000):
        assert (1 - intervals.exact_upper(n, 0.95)) ** n == pytest.approx(0.025, rel=1e-9)


def test_korn_graubard_of_a_simple_random_sample_is_clopper_pearson():
    # 3 of 30 and df 29: no shrinking; Clopper-Pearson 95 %: 0.0211 to 0.2653
    low, high = intervals.korn_graubard(0.1, 30, 30, 29, 0.95)
    assert (float(low), float(high)) == pytest.approx((0.0211, 0.2653), abs=1e-4)


def test_korn_graubard_is_one_sided_where_nothing_or_all_happened():
    low, high = intervals.korn_graubard([0.0, 1.0], 30, 30, 29, 0.95)
    assert (low[0], high[1]) == (0, 1)
    assert float(high[0]) == pytest.approx(0.115703, abs=1e-6)
    assert float(low[1]) == pytest.approx(1 - 0.115703, abs=1e-6)


@BRIEF
@given(st.floats(0.001, 0.999), st.floats(2, 1e4), st.integers(2, 60), LEVEL)
def test_korn_graubard_holds_the_share_and_stays_inside(p, n_eff, df, level):
    low, high = intervals.korn_graubard(p, n_eff, 2 * n_eff + 2, df, level)
    assert 0 <= low <= p <= high <= 1


@BRIEF
@given(st.floats(0, 1), st.floats(2, 1e4), st.integers(2, 60))
def test_korn_graubard_of_the_complement_is_its_mirror(p, n_eff, df):
    low, high = intervals.korn_graubard(p, n_eff, 2 * n_eff + 2, df, 0.95)
    other_low, other_high = intervals.korn_graubard(1 - p, n_eff, 2 * n_eff + 2, df, 0.95)
    assert other_low == pytest.approx(1 - high, abs=1e-9)
    assert other_high == pytest.approx(1 - low, abs=1e-9)


def test_the_floor_is_the_error_of_a_simple_random_sample():
    # answers with variance 400 on 25 effective interviews: 20 / 5
    assert intervals.se_floor(400.0, 25.0) == 4.0


def test_what_is_surely_wider_or_narrower_than_a_limit_is_so_by_the_exact_interval():
    rng = np.random.default_rng(5)
    n_eff = rng.uniform(3, 60, 20_000)
    few = rng.uniform(0, 1.3, n_eff.size)  # events, or their opposites: also too many for it
    p = np.where(rng.random(n_eff.size) < 0.5, few, n_eff - few) / n_eff
    df, n = rng.integers(1, 30, n_eff.size), rng.integers(5, 80, n_eff.size)
    low, high = intervals.korn_graubard(p, n_eff, n, df, 0.95)
    for limit in (0.05, 0.2, 0.3, np.nextafter(high - low, 1), np.nextafter(high - low, 0)):
        wider, narrower = intervals.wider_at_end(p, n_eff, n, df, 0.95, limit)
        assert not (wider & narrower).any()
        assert not (wider & (high - low <= limit)).any()
        assert not (narrower & (high - low >= limit)).any()
    told = np.logical_or(*intervals.wider_at_end(p, n_eff, n, df, 0.95, 0.3))
    assert told[(few < 0.5) & (n_eff > 10) & (df > 15)].mean() > 0.9
