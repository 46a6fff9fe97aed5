"""Counts of respondents: small ones are hidden, and cannot be computed back."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.report.respondents import hide_small


def test_counts_of_one_to_four_are_hidden_and_a_zero_is_not():
    assert hide_small([0, 3, 2, 40]) == [0, None, None, 40]


def test_a_single_hidden_count_takes_the_smallest_other_with_it():
    assert hide_small([3, 16, 30]) == [None, None, 30]
    assert hide_small([0, 3, 16]) == [0, None, None]


def test_two_hidden_counts_need_no_third():
    assert hide_small([4, 1, 12]) == [None, None, 12]


@given(st.lists(st.integers(0, 60), min_size=2, max_size=8))
def test_no_hidden_count_can_be_computed_from_the_total(counts):
    shown = hide_small(counts)
    assert all(s is None or s == 0 or s >= 5 for s in shown)
    others = sum(1 for c in counts if c > 0)
    assert shown.count(None) != 1 or others == 1
