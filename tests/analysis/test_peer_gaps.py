"""Gaps to units of the same kind: how far they shrink, and whether their intervals hold."""

import numpy as np
import pytest

from analysis.peer_gaps import peer_gaps


def true_gap(theta):
    size = theta.size
    return (size * theta - theta.sum()) / (size - 1)


def test_units_that_are_alike_are_drawn_together():
    value = np.array([70.3, 71.0, 69.0, 70.5, 69.2])
    found = peer_gaps(value, np.full(5, 9.0))
    assert (np.abs(found.gap) < 0.6 * np.abs(true_gap(value))).all()
    assert (found.p > 0.5).all()


def test_units_far_apart_keep_their_gaps_and_the_gaps_add_up_to_nothing():
    value = np.array([40.0, 55.0, 70.0, 85.0])
    found = peer_gaps(value, np.full(4, 1.0))
    assert found.gap == pytest.approx(true_gap(value), rel=0.02)
    assert found.gap.sum() == pytest.approx(0.0, abs=1e-9)
    assert (found.p[[0, 3]] < 0.001).all()


def test_an_interval_holds_the_gap_and_p_says_whether_it_holds_0():
    value = np.array([60.0, 70.0, 71.0, 69.0, 72.0])
    found = peer_gaps(value, np.full(5, 6.0))
    assert ((found.low < found.gap) & (found.gap < found.high)).all()
    assert ((found.low > 0) | (found.high < 0)).tolist() == (found.p < 0.05).tolist()


def test_a_wider_level_gives_a_wider_interval():
    value, variance = np.array([60.0, 70.0, 75.0]), np.full(3, 4.0)
    narrow, wide = peer_gaps(value, variance, 0.8), peer_gaps(value, variance, 0.99)
    assert (wide.low < narrow.low).all()
    assert (wide.high > narrow.high).all()


def test_two_units_do_not_tell_how_much_units_differ():
    with pytest.raises(ValueError, match="3 or more"):
        peer_gaps(np.array([60.0, 70.0]), np.ones(2))


@pytest.mark.parametrize("size", [3, 6, 20])
def test_intervals_of_95_hold_95_of_a_hundred_over_spreads_of_every_size(size):
    rng = np.random.default_rng(20261124)
    held = []
    for _ in range(600 // size):
        theta = 70 + rng.uniform(0, 12) * rng.standard_normal(size)
        found = peer_gaps(theta + 3 * rng.standard_normal(size), np.full(size, 9.0))
        gap = true_gap(theta)
        held += ((found.low <= gap) & (gap <= found.high)).tolist()
    assert 0.92 <= np.mean(held) <= 0.99
