"""Counts of respondents: small ones are hidden, and cannot be computed back."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from pipeline.report.grouped import rows_of
from pipeline.report.respondents import Profile, hide_small

COLUMNS = ("unit_id", "jk")
LABELS = {"L": "Laki-laki", "P": "Perempuan"}


def test_answers_that_say_nothing_protect_nobody():
    # Together four, each could be anything: but how many said nothing is printed elsewhere.
    assert hide_small([2, 30, 12, 2]) == [None, 30, 12, None]
    assert hide_small([2, 30, 12, 2], [False, False, False, True]) == [None, 30, None, None]


def test_counts_of_up_to_four_are_hidden_and_a_zero_is_not_told_from_them():
    assert hide_small([0, 3, 2, 40]) == [None, None, None, 40]


def test_a_hidden_count_takes_the_smallest_other_with_it():
    assert hide_small([3, 16, 30]) == [None, None, 30]


def test_two_small_counts_that_bound_each_other_take_a_third():
    assert hide_small([4, 1, 12]) == [None, None, None]


@given(st.lists(st.integers(0, 60), min_size=2, max_size=8))
def test_no_hidden_count_can_be_computed_from_the_total(counts):
    shown = hide_small(counts)
    assert all(s is None or s >= 5 for s in shown) or sum(counts) == 0
    assert shown.count(None) != 1 or sum(counts) == 0


def people(unit: str, women: int, men: int) -> pd.DataFrame:
    return pd.DataFrame({"unit_id": unit, "jk": ["P"] * women + ["L"] * men})


def test_the_city_gives_no_count_and_no_fine_share_where_a_unit_hides_one():
    contacts = pd.concat([people("a", 2, 240), people("b", 86, 92)], ignore_index=True)
    profile = Profile(rows_of(contacts, COLUMNS), "jk", LABELS, whole=True)
    assert profile.counts == [None, None]
    women = 88 / 420
    assert profile.shares[1] is not None
    assert profile.shares[1] != women
    assert abs(profile.shares[1] - women) < 0.06
    assert Profile(rows_of(people("b", 30, 28), COLUMNS), "jk", LABELS, whole=True).counts == [
        28,
        30,
    ]
