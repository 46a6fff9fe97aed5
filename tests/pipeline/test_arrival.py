import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.arrival import Arrival, OutOfOrderError, any_twice


def followed(ids, psu, *, whole, cut=2):
    arrival = Arrival(whole=whole)
    for start in range(0, len(ids), cut):
        part = slice(start, start + cut)
        arrival.follow(pa.array(ids[part]), np.array(psu[part]))
    return arrival


@given(st.lists(st.integers(-1000, 1000) | st.integers(-(2**62), 2**62), max_size=50))
def test_whole_numbers_that_stand_twice_are_found(numbers):
    assert any_twice(np.array(numbers, dtype=np.int64)) == (len(set(numbers)) < len(numbers))


def test_ids_that_rise_over_all_rows_are_fit_whatever_the_psus_are():
    arrival = followed([1, 2, 5, 6, 9], [0, 1, 0, 1, 0], whole=False)
    assert arrival.rising
    assert arrival.twice() is False


@pytest.mark.parametrize("cut", [1, 2, 3, 9])
def test_whole_psus_with_rising_ids_are_fit(cut):
    arrival = followed([5, 6, 1, 2, 3], [0, 0, 1, 1, 1], whole=True, cut=cut)
    assert not arrival.rising
    assert arrival.twice() is False


def test_an_id_in_two_psus_is_seen():
    assert followed([5, 6, 1, 5], [0, 0, 1, 1], whole=True).twice() is True


@pytest.mark.parametrize("cut", [1, 2, 3, 9])
@pytest.mark.parametrize(
    ("ids", "psu", "whole"),
    [
        ([5, 6, 1, 2], [0, 1, 0, 1], False),
        ([5, 4, 6, 7], [0, 0, 1, 1], True),
        (["b", "a", "c", "d"], [0, 0, 1, 1], True),
    ],
)
def test_rows_in_neither_order_are_refused(ids, psu, whole, cut):
    with pytest.raises(OutOfOrderError):
        followed(ids, psu, whole=whole, cut=cut)


def test_of_texts_that_do_not_rise_nothing_is_known():
    assert followed(["c", "d", "a", "b"], [0, 0, 1, 1], whole=True).twice() is None
