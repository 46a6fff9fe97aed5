from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from estimator_samples import DESIGN, by_hand, measure, sample
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import totals, variance
from analysis.answers import one_per_choice, require_finite
from analysis.design import Design, code
from analysis.errors import MeasureError
from analysis.moments import psu_moments

BRIEF = settings(max_examples=30, deadline=None)
SEEDS = st.integers(0, 2**32 - 1)


def moments(data, *columns, domain="", design=DESIGN):
    return psu_moments(code(data, design, domain=domain), [measure(data[c]) for c in columns])


def test_a_total_and_its_variance_by_hand():
    t = totals.domain_totals(moments(by_hand(), "y"))
    # h1: 2x1 + 2x3 = 8, h2: 3x2 = 6, k1: no answer, k2: 4
    assert t.value[0, 0] == 18.0
    # 2 x (1^2 + 1^2) + 2 x (2^2 + 2^2)
    assert variance.variances(t)[0, 0] == pytest.approx(20.0, rel=1e-14)
    assert t.n[0, 0] == 4
    assert t.df[0, 0] == 1  # three PSUs answered, in two strata


def test_the_size_counts_the_visits_of_those_who_answered():
    size = totals.domain_sizes(moments(by_hand(), "y"))
    assert size.value[0, 0] == 8.0
    # h: 4, 3; k: 0, 1
    assert variance.variances(size)[0, 0] == pytest.approx(2 * 0.5 + 2 * 0.5, rel=1e-14)


def test_a_domain_nobody_answered_in_has_no_total():
    data = by_hand().assign(y=[1.0, 3.0, np.nan, np.nan, np.nan])
    t = totals.domain_totals(moments(data, "y", domain="unit"))
    assert t.value[0, 0] == 8.0
    assert np.isnan(t.value[1, 0])
    assert np.isnan(variance.variances(t)[1, 0])


@BRIEF
@given(SEEDS)
def test_totals_of_domains_add_up_to_the_whole_and_so_do_their_covariances(seed):
    data = sample(seed)
    parts = totals.domain_totals(moments(data, "y", domain="unit"))
    whole = totals.domain_totals(moments(data, "y"))
    assert parts.value.sum() == pytest.approx(whole.value[0, 0], rel=1e-12)
    value, v = variance.contrast(parts, {(0, 0): 1, (1, 0): 1})
    assert value == pytest.approx(whole.value[0, 0], rel=1e-12)
    assert v == pytest.approx(variance.variances(whole)[0, 0], rel=1e-9)


@BRIEF
@given(SEEDS, st.floats(0.01, 100), st.floats(0.01, 100))
def test_a_total_follows_the_unit_of_answers_and_of_weights(seed, unit, weight):
    data = sample(seed)
    one = totals.domain_totals(moments(data, "x"))
    other = totals.domain_totals(moments(data.assign(x=unit * data.x, w=weight * data.w), "x"))
    assert other.value == pytest.approx(unit * weight * one.value, rel=1e-9)
    found, before = variance.variances(other), variance.variances(one)
    assert found == pytest.approx((unit * weight) ** 2 * before, rel=1e-9)


@BRIEF
@given(SEEDS)
def test_equal_weights_and_no_design_give_the_textbook(seed):
    data = sample(seed)
    data["w"] = 7.0
    t = totals.domain_totals(moments(data, "x", design=Design("w", id="id")))
    n = len(data)
    assert t.value[0, 0] == pytest.approx(7 * data.x.sum(), rel=1e-12)
    assert variance.variances(t)[0, 0] == pytest.approx(49 * n * data.x.var(ddof=1), rel=1e-9)


@BRIEF
@given(SEEDS)
def test_the_order_of_rows_changes_no_bit(seed):
    data = sample(seed)
    mixed = data.sample(frac=1, random_state=seed % 1000).reset_index(drop=True)
    one, other = (totals.domain_totals(moments(d, "y", "x", domain="unit")) for d in (data, mixed))
    assert one.value.tolist() == other.value.tolist()
    assert variance.variances(one).tolist() == variance.variances(other).tolist()


def test_an_infinite_or_overflowing_answer_is_named_by_its_rows():
    values = np.array([1.0, np.inf, 2.0, -np.inf])
    with pytest.raises(MeasureError, match=r"y.*infinite in rows 2, 4"):
        require_finite([measure(values)])
    with pytest.raises(MeasureError, match="overflows the sums in row 3"):
        require_finite([measure([1.0, 2.0, 1e200])])
    require_finite([measure([1.0, np.nan])])


def test_a_sum_that_is_no_number_is_refused_with_its_domain():
    found = moments(by_hand(), "w", domain="unit")
    broken = np.where((found.domain == 1)[:, None], np.inf, found.value)
    with pytest.raises(MeasureError, match="measure 1 is no finite number in domain B"):
        totals.domain_totals(replace(found, value=broken))


def test_an_infinite_answer_that_reached_the_sums_is_refused_there():
    data = by_hand().assign(y=[1.0, 2.0, np.inf, 3.0, 4.0])
    with pytest.raises(MeasureError, match="no finite number in domain B"):
        totals.domain_totals(moments(data, "y", domain="unit"))


def test_choices_become_measures_and_one_that_nobody_took_stays():
    codes = pd.Series(["a", "b", None, "a"])
    made = one_per_choice("topline", "q", codes, ["a", "b", "c"])
    assert [m.category for m in made] == ["a", "b", "c"]
    assert np.array_equal(made[0].values, [1, 0, np.nan, 1], equal_nan=True)
    assert np.array_equal(made[2].values, [0, 0, np.nan, 0], equal_nan=True)
    assert all(m.kind == "proportion" for m in made)


@BRIEF
@given(SEEDS)
def test_shares_of_all_choices_add_up_to_one_without_variance(seed):
    data = sample(seed)
    rng = np.random.default_rng(seed)
    codes = pd.Series(rng.choice(["a", "b", "c", ""], len(data)))
    made = one_per_choice("topline", "q", codes, ["a", "b", "c"])
    means = variance.domain_means(psu_moments(code(data, DESIGN), made))
    value, v = variance.contrast(means, {(0, k): 1.0 for k in range(3)})
    assert value == pytest.approx(1.0, rel=1e-12)
    assert v == pytest.approx(0.0, abs=1e-20)


def test_an_answer_that_is_no_choice_is_named_with_its_row():
    with pytest.raises(MeasureError, match="z in row 2 is none of its choices"):
        one_per_choice("topline", "q", pd.Series(["a", "z"]), ["a", "b"])
    with pytest.raises(MeasureError, match="nobody answered"):
        one_per_choice("topline", "q", pd.Series([None, None], dtype=object), ["a"])
    with pytest.raises(MeasureError, match="choice a twice"):
        one_per_choice("topline", "q", pd.Series(["a"]), ["a", "a"])
