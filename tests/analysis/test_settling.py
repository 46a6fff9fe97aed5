"""Sessions that settle the side of a line: by the model that places units, and kept promises."""

import numpy as np
import pytest

from analysis.confidence import pooled_variances, probability_above
from analysis.sessions_needed import PerSession, pooled_session, sessions_needed
from analysis.settling import above, others, sessions_to_settle, settled


@pytest.mark.parametrize("threshold", [55.0, 65.0, 78.0])
def test_the_probability_is_that_of_the_model_that_places_all_units_at_once(threshold):
    value = np.array([64.0, 70.0, 75.0, 80.0, 71.0])
    prior = others(value[1:], np.full(4, 9.0))
    together = probability_above(value, np.full(5, 9.0), threshold)[0]
    alone = above(prior, value[:1], np.array([9.0]), threshold)[0]
    assert alone == pytest.approx(together, abs=0.01)


def test_others_on_the_same_side_ask_for_fewer_sessions_and_others_across_for_more():
    per = PerSession(81.0, df=40)
    flat = sessions_needed(per, 3.0, confidence=0.8, least=6)
    below, beyond = (
        sessions_to_settle(
            others(mean + np.array([-2.0, 0, 1, 2]), np.full(4, 10.0)), per, 75.0, 78.0, bar=0.8
        )
        for mean in (72.0, 85.0)
    )
    assert below < flat < beyond


def test_the_least_number_is_found_on_either_side_of_the_line():
    per = PerSession(81.0, df=40)
    prior = others(np.array([70.0, 76.0, 84.0, 90.0]), np.full(4, 10.0))
    for truth in (75.0, 81.5):
        m = sessions_to_settle(prior, per, truth, 78.0, bar=0.8)
        assert settled(prior, per, m, truth, 78.0, 0.8) >= 0.8
        assert settled(prior, per, m - 1, truth, 78.0, 0.8) < 0.8


def test_a_distance_that_enumerators_hide_is_not_settled():
    per = PerSession(81.0, df=40, enumerators=16.0)
    prior = others(np.array([70.0, 76.0, 84.0, 90.0]), np.full(4, 10.0))
    assert sessions_to_settle(prior, per, 77.0, 78.0, bar=0.8) is None


@pytest.mark.parametrize("mean", [72.0, 84.0])
def test_the_promised_sessions_settle_it_eight_times_of_ten_wherever_the_others_lie(mean):
    rng = np.random.default_rng(20261124)
    kept, false, tried = 0, 0, 0
    for _ in range(30):
        theta = mean + 6 * rng.standard_normal(5)
        value = theta + 9 / np.sqrt(8) * rng.standard_normal(5)
        df, now = np.full(6, 7.0), np.full(6, 8.0)
        se = 9 * np.sqrt(rng.chisquare(7, 6) / 7 / 8)
        per = pooled_session(se, df, now, np.ones(6))
        prior = others(value, pooled_variances(se[1:], df[1:], now[1:]))
        m = sessions_to_settle(prior, per, 74.0, 78.0, bar=0.8, least=6)
        n = np.r_[float(m), now[1:]]
        for _ in range(20):
            again = 9 * np.sqrt(rng.chisquare(n - 1) / (n - 1) / n)
            own = 74 + 9 / np.sqrt(m) * rng.standard_normal()
            pooled = pooled_variances(again, n - 1, n)
            p = probability_above(np.r_[own, value], pooled, 78.0)[0]
            kept, false, tried = kept + (p <= 0.2), false + (p >= 0.8), tried + 1
    assert 0.75 <= kept / tried <= 0.90
    assert false / tried <= 0.03
