import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analysis import adding, intervals, kernel, publication
from analysis.design import Psus
from analysis.kernel import Answers, CellSums
from analysis.measures import Measure
from analysis.moments import Moments, sums

SEEDS = st.integers(0, 2**32 - 1)
BRIEF = settings(max_examples=60, deadline=None)
MEASURES = (
    Measure("indeks", "some", "", "mean", np.empty(0), 0, 100),
    Measure("indeks", "all", "", "mean", np.empty(0), 0, 5),
    Measure("bentuk", "all", "", "proportion", np.empty(0)),
    Measure("bentuk", "some", "", "proportion", np.empty(0)),
)


def rows(seed, n=300, cells=12):
    rng = np.random.default_rng(seed)
    given = rng.random((2, n)) < 0.8
    given[:, : n // 3] = True  # the first blocks lack nothing
    answers = (
        Answers(np.where(given[0], rng.normal(50, 20, n).clip(0, 100), np.nan), given[0]),
        Answers(rng.integers(1, 5, n).astype(np.int8)),
        Answers(rng.random(n) < 0.3),
        Answers((rng.random(n) < 0.3).astype(np.int8), given[1]),
    )
    return rng.integers(0, cells, n), rng.lognormal(0, 1, n), answers


def by_definition(cell, weight, answers, size):
    """Each sum as one `np.bincount` over all rows, rows without an answer adding 0."""
    out = []
    for a in answers:
        given = np.ones(cell.size) if a.given is None else a.given.astype(float)
        y = np.where(given > 0, a.values, 0).astype(float)
        w = weight * given
        products = (given, w, w * w, w * y, w * (y * y))
        out.append([np.bincount(cell, product, size) for product in products])
    return np.moveaxis(np.array(out), 0, 2)


@BRIEF
@given(SEEDS, st.lists(st.integers(1, 299), max_size=6), st.integers(1, 40))
def test_blocks_give_the_bits_of_one_bincount_wherever_they_are_cut(seed, cuts, block):
    cell, weight, answers = rows(seed)
    found = CellSums(MEASURES)
    edges = [0, *sorted(set(cuts)), cell.size]
    whole_block = kernel.BLOCK
    kernel.BLOCK = block
    try:
        for start, end in pairwise(edges):
            part = slice(start, end)
            found.add(cell[part], weight[part], [a.part(part) for a in answers])
    finally:
        kernel.BLOCK = whole_block
    assert np.array(found.sums(12)).tobytes() == by_definition(cell, weight, answers, 12).tobytes()


@BRIEF
@given(SEEDS)
def test_answers_that_nobody_left_out_share_their_counts_and_keep_their_bits(seed):
    cell, weight, answers = rows(seed)
    whole = [answers[1], answers[2]]
    found = CellSums(MEASURES[1:3])
    found.add(cell, weight, whole)
    n, *_ = found.sums(12)
    assert n.strides[1] == 0
    assert np.array(found.sums(12)).tobytes() == by_definition(cell, weight, whole, 12).tobytes()


SMALL = (
    Measure("indeks", "some", "", "mean", np.empty(0), -11, 11),
    Measure("indeks", "all", "", "mean", np.empty(0), 1, 4),
    Measure("bentuk", "some", "", "proportion", np.empty(0)),
)


@BRIEF
@given(SEEDS, st.sampled_from([np.int8, np.int16, np.int64, np.float64]))
def test_small_whole_numbers_have_the_bits_that_they_have_as_floats(seed, kind):
    rng = np.random.default_rng(seed)
    cell, weight, _ = rows(seed)
    given = rng.random((2, cell.size)) < 0.8
    answers = [
        Answers(np.where(given[0], rng.integers(-11, 12, cell.size), 99).astype(kind), given[0]),
        Answers(rng.integers(1, 5, cell.size).astype(kind)),
        Answers(rng.integers(0, 2, cell.size).astype(kind), given[1]),
    ]
    found = CellSums(SMALL)
    for start in range(0, cell.size, 77):
        part = slice(start, start + 77)
        found.add(cell[part], weight[part], [a.part(part) for a in answers])
    expected = by_definition(cell, weight, answers, 12)
    assert np.array(found.sums(12)).tobytes() == expected.tobytes()


@BRIEF
@given(SEEDS, st.integers(1, 5))
def test_sums_of_domains_are_the_same_from_whole_rows_and_from_each_sum(seed, domains):
    rng = np.random.default_rng(seed)
    cell, weight, answers = rows(seed)
    found = CellSums(MEASURES)
    found.add(cell, weight, answers)
    psus = Psus(tuple(map(str, range(12))), np.zeros(12, dtype=np.intp), ("",), np.array([np.inf]))
    names, domain = tuple(map(str, range(domains))), rng.integers(0, domains, 12)
    kept = Moments.of(psus, names, np.arange(12), domain, found.laid(12))
    apart = replace(kept, laid=None)
    assert kept.laid.is_of(kept._sums())
    assert np.array(kept.by_domain).tobytes() == np.array(apart.by_domain).tobytes()
    doubled = replace(kept, value=2 * kept.value)  # not what the kernel laid any more
    assert (doubled.by_domain[3] == 2 * kept.by_domain[3]).all()


def test_cells_without_rows_sum_to_nothing():
    found = CellSums(MEASURES)
    cell, weight, answers = rows(1)
    found.add(cell, weight, answers)
    assert all((a[12:] == 0).all() and a.shape == (20, 4) for a in found.sums(20))


def test_what_was_not_given_is_ignored_whatever_it_is():
    found = CellSums(MEASURES[3:])
    given = np.array([True, False, True])
    found.add(np.zeros(3, dtype=np.intp), np.ones(3), [Answers(np.array([1, 99, 0]), given)])
    assert [float(a[0, 0]) for a in found.sums(1)] == [2, 2, 2, 1, 1]


@BRIEF
@given(SEEDS, st.integers(1, 5), st.integers(1, 200))
def test_sums_by_code_have_the_bits_of_bincount(seed, measures, n):
    rng = np.random.default_rng(seed)
    codes, values = rng.integers(0, 7, n), rng.lognormal(0, 3, (n, measures)) - 1
    expected = np.column_stack([np.bincount(codes, v, 7) for v in values.T])
    assert np.ascontiguousarray(sums(codes, values, 7)).tobytes() == expected.tobytes()
    shared = np.broadcast_to(values[:, :1], (n, 3))
    assert (sums(codes, shared, 7) == expected[:, :1]).all()


@settings(max_examples=200, deadline=None)
@given(
    arrays(float, 40, elements=st.sampled_from([0, 1]) | st.floats(1e-4, 1 - 1e-4)),
    arrays(float, 40, elements=st.floats(1.5, 3000)),
    st.integers(2, 60),
    st.sampled_from([0.68, 0.8, 0.9, 0.95, 0.99]),
)
def test_the_quick_korn_graubard_is_off_by_no_more_than_it_says(share, n_eff, df, level):
    n = np.full(40, 200.0)
    low, high, error = intervals.near_korn_graubard(share, n_eff, n, df, level)
    exact = intervals.korn_graubard(share, n_eff, n, df, level)
    told = ~np.isnan(low)
    off = np.abs((high - low) - (exact[1] - exact[0]))
    assert (off[told] <= error[told] / 1.9).all()
    sure_wide = publication.is_wide(np.False_, share, low + error, high, 1.0)
    wide = publication.is_wide(np.False_, share, *exact, 1.0)
    assert wide[sure_wide & told].all()


def test_levels_beyond_those_measured_are_left_to_the_exact_interval():
    low, high, _ = intervals.near_korn_graubard(0.5, 100.0, 200.0, 20, 0.999)
    assert np.isnan([low, high]).all()


def test_t_quantiles_of_shared_whole_numbers_are_those_of_each():
    df = np.array([[1.0, 7.0, 7.0], [0.5, np.nan, 3.25], [1e9, np.inf, 2.0]])
    found = intervals.quantile(0.95, df)
    for at, value in np.ndenumerate(df):
        assert found[at] == pytest.approx(float(intervals.quantile(0.95, value)), nan_ok=True)
    assert found[0, 0] == pytest.approx(math.tan(0.475 * math.pi), rel=1e-12)  # df 1: Cauchy
    assert found[2, 1] == pytest.approx(1.959963984540, rel=1e-12)


@BRIEF
@given(SEEDS, st.integers(1, 5), st.integers(1, 200))
def test_rows_are_added_alike_with_and_without_the_loop_that_scipy_hides(seed, columns, n):
    rng = np.random.default_rng(seed)
    codes, rows = rng.integers(0, 9, n), rng.lognormal(0, 3, (n, columns)) - 1
    before = rng.lognormal(0, 3, (11, columns))
    expected = np.empty_like(before)
    for k in range(columns):
        terms = np.concatenate([before[:, k], rows[:, k]])
        expected[:, k] = np.bincount(np.append(np.arange(11), codes), terms, 11)
    quick, plain = before.copy(), before.copy()
    adding.add_rows(quick, codes, rows)
    hidden = adding._in_place
    adding._in_place = None
    try:
        adding.add_rows(plain, codes, rows)
    finally:
        adding._in_place = hidden
    assert hidden is not None
    assert quick.tobytes() == plain.tobytes() == expected.tobytes()


@BRIEF
@given(SEEDS, st.integers(1, 5), st.integers(1, 200))
def test_weighted_rows_are_added_alike_where_a_processor_would_not_round_products(seed, t, n):
    rng = np.random.default_rng(seed)
    codes, rows, weight = rng.integers(0, 9, n), rng.lognormal(0, 3, (n, t)), rng.lognormal(0, 1, n)
    within, before, expected = np.zeros((3, 9, t))
    adding.add_rows(expected, codes, weight[:, None] * rows)
    fuses = adding._FUSES
    try:
        for adding._FUSES, sums_of in ((fuses, within), (True, before)):
            adding.add_rows(sums_of, codes, rows, weight)
    finally:
        adding._FUSES = fuses
    assert within.tobytes() == before.tobytes() == expected.tobytes()


def test_a_code_that_is_no_place_among_the_sums_is_refused():
    for codes in ([-1, 0], [0, 3], [0]):
        with pytest.raises(IndexError, match="below the number of sums"):
            adding.add_rows(np.zeros((3, 2)), np.array(codes), np.ones((2, 2)))
