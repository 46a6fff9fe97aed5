"""Sessions that are promised: the power they have, and what they do not promise."""

import numpy as np
import pytest
from scipy.stats import nct, t

from analysis.sessions_needed import (
    PerSession,
    distance_seen,
    pooled_session,
    power,
    sessions_needed,
)


@pytest.mark.parametrize(("sessions", "distance"), [(6, 5.0), (12, 5.0), (30, 4.0), (60, 2.0)])
@pytest.mark.parametrize("confidence", [0.8, 0.975, 0.999])
def test_the_power_is_that_of_the_noncentral_t(sessions, distance, confidence):
    df, away = sessions - 1, distance / np.sqrt(80 / sessions)
    exact = 1 - nct.cdf(t.ppf(confidence, df), df, away)
    near = power(PerSession(80.0), sessions, distance, confidence=confidence)
    assert near == pytest.approx(exact, abs=0.02)


def test_the_least_number_of_sessions_is_found():
    per = PerSession(80.0, df=35)
    m = sessions_needed(per, 5.0, confidence=0.975)
    assert power(per, m, 5.0, confidence=0.975) >= 0.8
    assert power(per, m - 1, 5.0, confidence=0.975) < 0.8


def test_a_variance_from_few_sessions_asks_for_more():
    sure, unsure = (
        sessions_needed(PerSession(80.0, df=d), 5.0, confidence=0.975) for d in (1e9, 7)
    )
    assert unsure > sure


def test_more_sessions_of_the_same_enumerators_do_not_take_their_part_away():
    per = PerSession(80.0, df=35, enumerators=4.0)
    assert sessions_needed(per, 5.0, confidence=0.975) is None
    more = sessions_needed(per.with_more_enumerators(8), 5.0, confidence=0.975)
    assert more > sessions_needed(PerSession(80.0, df=35), 5.0, confidence=0.975)
    # With as many sessions as now nothing changes by the assumption.
    assert per.variance_of(8) == pytest.approx(per.with_more_enumerators(8).variance_of(8))


def test_an_earlier_wave_that_is_too_small_cannot_be_made_up_for():
    per = PerSession(80.0, df=35)
    assert sessions_needed(per, 5.0, confidence=0.975, fixed=per.variance_of(8)) is None
    assert sessions_needed(per, 12.0, confidence=0.975, fixed=per.variance_of(8)) is not None


def test_where_only_the_blocks_of_the_window_are_spoken_of_all_of_them_are_certain():
    per = PerSession(80.0, df=35, blocks=20, fpc=True)
    assert per.variance_of(20) == 0
    few = sessions_needed(per, 3.0, confidence=0.975)
    assert few <= 20
    assert sessions_needed(PerSession(80.0, df=35), 3.0, confidence=0.975) > 20


def test_strata_cost_degrees_of_freedom():
    one, two = (sessions_needed(PerSession(80.0, strata=s), 8.0, confidence=0.975) for s in (1, 5))
    assert two > one
    assert power(PerSession(80.0, strata=3), 3, 50.0, confidence=0.8) == 0


def test_no_distance_no_number_and_never_less_than_a_verdict_takes():
    assert sessions_needed(PerSession(80.0), 0.0, confidence=0.8) is None
    assert sessions_needed(PerSession(np.nan), 5.0, confidence=0.8) is None
    assert sessions_needed(PerSession(80.0), 90.0, confidence=0.8, least=6) == 6


def test_the_least_change_that_is_seen_is_seen():
    per = PerSession(80.0, df=35)
    least = distance_seen(per, 8, confidence=0.975, fixed=per.variance_of(8))
    at = {
        d: power(per, 8, d, confidence=0.975, fixed=per.variance_of(8))
        for d in (least, least - 0.1)
    }
    assert at[least] >= 0.8 > at[least - 0.1]
    assert distance_seen(PerSession(1e6), 8, confidence=0.975) is None


def test_sessions_are_pooled_over_units_and_enumerators_are_told_apart():
    se, df, m = np.array([3.0, 4.0]), np.array([7.0, 9.0]), np.array([8.0, 10.0])
    times = np.array([1.2, 1.0])
    per = pooled_session(se, df, m, times)
    of_session = (se / times) ** 2
    assert per.variance == pytest.approx((df * of_session * m).sum() / 16)
    assert per.enumerators == pytest.approx((df * (se**2 - of_session)).sum() / 16)
    assert per.df == 16
    window = pooled_session(se, df, m, times, blocks=20, fpc=True)
    assert window.variance > per.variance  # the same error from fewer blocks that were left


def promised(rng, *, units, sessions, true_sd, distance, confidence, studies, draws=40):
    """Share of new samples of the promised size that see the distance, over studies."""
    seen = []
    for _ in range(studies):
        s2 = true_sd**2 * rng.chisquare(sessions - 1, units) / (sessions - 1)
        df = np.full(units, sessions - 1.0)
        per = pooled_session(np.sqrt(s2 / sessions), df, np.full(units, sessions), np.ones(units))
        m = sessions_needed(per, distance, confidence=confidence, most=20_000)
        sample = distance + true_sd * rng.standard_normal((draws, m))
        error = sample.std(axis=1, ddof=1) / np.sqrt(m)
        seen += (sample.mean(axis=1) / error > t.ppf(confidence, m - 1)).tolist()
    return float(np.mean(seen))


@pytest.mark.parametrize(
    ("distance", "confidence"), [(5.0, 0.8), (5.0, 0.975), (3.0, 0.8), (8.0, 0.999)]
)
def test_the_promised_sessions_see_the_distance_eight_times_of_ten(distance, confidence):
    rng = np.random.default_rng(20261124)
    share = promised(
        rng, units=5, sessions=8, true_sd=9.0, distance=distance, confidence=confidence, studies=60
    )
    assert 0.77 <= share <= 0.88


@pytest.mark.slow
@pytest.mark.parametrize("units", [1, 3, 6, 20])
@pytest.mark.parametrize("sessions", [6, 8, 12])
@pytest.mark.parametrize("true_sd", [4.0, 9.0, 15.0])
@pytest.mark.parametrize(("distance", "confidence"), [(3.0, 0.8), (5.0, 0.975), (5.0, 0.999)])
def test_the_promise_holds_over_the_whole_table(units, sessions, true_sd, distance, confidence):
    rng = np.random.default_rng(units * 1000 + sessions)
    share = promised(
        rng, units=units, sessions=sessions, true_sd=true_sd, distance=distance,
        confidence=confidence, studies=400,
    )  # fmt: skip
    print(f"{units} | {sessions} | {true_sd:g} | {distance:g} | {confidence:g} | {share:.3f}")
    assert share >= 0.78
