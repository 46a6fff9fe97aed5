import numpy as np
import pandas as pd
import pytest
from estimator_samples import DESIGN, by_hand, measure, sample
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.design import Design, code
from analysis.errors import LonelyPSUError, MeasureError
from analysis.quantiles import domain_quantiles

BRIEF = settings(max_examples=30, deadline=None)
SEEDS = st.integers(0, 2**32 - 1)


def quantiles(data, column, *p, domain="", method="wilson", design=DESIGN, level=0.95):
    return domain_quantiles(
        code(data, design, domain=domain), [measure(data[column])], p, method=method, level=level
    )


def test_the_quantile_is_the_smallest_answer_that_reaches_the_share_by_hand():
    # y 1, 2, 3, 4 with weights 2, 3, 2, 1 of 8: shares .25, .625, .875, 1
    q = quantiles(by_hand(), "y", 0.2, 0.25, 0.26, 0.625, 0.63, 0.9)
    assert q.value[0, 0].tolist() == [1.0, 1.0, 2.0, 2.0, 3.0, 4.0]
    assert q.share[0, 0, 2] == pytest.approx(5 / 8)
    assert q.n[0, 0] == 4


def test_a_share_reached_up_to_rounding_is_reached():
    # ten weights of 0.1 add up to 0.30000000000000004 and the like
    data = pd.DataFrame({"w": [0.1] * 10, "y": np.arange(1.0, 11.0)})
    q = quantiles(data, "y", *(np.arange(1, 10) / 10), design=Design("w"))
    assert q.value[0, 0].tolist() == list(range(1, 10))


@BRIEF
@given(SEEDS)
def test_a_quantile_is_an_answer_and_lies_in_its_interval(seed):
    data = sample(seed)
    q = quantiles(data, "y", 0.1, 0.5, 0.9, domain="unit")
    assert np.isin(q.value, data["y"]).all()
    assert np.isin(q.low, data["y"]).all()
    assert np.all(q.low <= q.value)
    assert np.all(q.value <= q.high)
    assert np.all(np.diff(q.value, axis=2) >= 0)
    assert np.all(q.se >= 0)


@BRIEF
@given(SEEDS)
def test_a_change_of_scale_that_keeps_the_order_moves_quantiles_with_it(seed):
    data = sample(seed)
    one = quantiles(data, "x", 0.25, 0.5)
    other = quantiles(data.assign(x=np.exp(data["x"] / 10)), "x", 0.25, 0.5)
    assert other.value == pytest.approx(np.exp(one.value / 10), rel=1e-12)
    assert other.low == pytest.approx(np.exp(one.low / 10), rel=1e-12)


@BRIEF
@given(SEEDS)
def test_a_wider_level_has_a_wider_interval(seed):
    data = sample(seed)
    one, other = (quantiles(data, "x", 0.5, level=level) for level in (0.8, 0.99))
    assert np.all(other.low <= one.low)
    assert np.all(one.high <= other.high)


@BRIEF
@given(SEEDS)
def test_the_order_of_rows_changes_no_quantile(seed):
    data = sample(seed)
    mixed = data.sample(frac=1, random_state=seed % 1000).reset_index(drop=True)
    one, other = (quantiles(d, "y", 0.3, 0.5, domain="unit") for d in (data, mixed))
    for name in ("value", "low", "high", "se"):
        assert getattr(one, name).tolist() == getattr(other, name).tolist()


def test_the_median_of_simple_samples_is_as_wide_as_theory_says():
    rng = np.random.default_rng(7)
    errors = [
        quantiles(pd.DataFrame({"y": rng.normal(0, 1, 2000)}), "y", 0.5, design=Design()).se[0, 0]
        for _ in range(30)
    ]
    # sqrt(pi / 2 / n) for the normal distribution
    assert np.mean(errors) == pytest.approx(np.sqrt(np.pi / 2 / 2000), rel=0.06)


def test_all_answers_equal_and_none_at_all():
    data = sample(1).assign(y=3.0)
    q = quantiles(data, "y", 0.5)
    assert (q.value[0, 0, 0], q.low[0, 0, 0], q.high[0, 0, 0]) == (3.0, 3.0, 3.0)
    for method in ("mean", "xlogit"):
        assert np.isnan(quantiles(data, "y", 0.5, method=method).low).all()
    nobody = quantiles(data.assign(y=np.nan), "y", 0.5)
    assert np.isnan(nobody.value).all()
    assert np.isnan(nobody.high).all()


def test_a_domain_with_answers_in_one_psu_has_a_value_and_no_interval():
    data = sample(2)
    data.loc[data["unit"] == "B", "y"] = np.where(data["psu"] == "s00", data["y"], np.nan)[
        data["unit"] == "B"
    ]
    data.loc[(data["unit"] == "B") & (data["psu"] == "s00"), "y"] = 5.0
    data.loc[data.index[data["psu"] == "s00"][0], ["unit", "y"]] = ["B", 4.0]
    q = quantiles(data, "y", 0.5, domain="unit")
    assert q.n_psu[1, 0] == 1
    assert not np.isnan(q.value[1, 0, 0])
    assert np.isnan(q.se[1, 0, 0])


def test_what_a_quantile_refuses():
    with pytest.raises(MeasureError, match="between 0 and 1"):
        quantiles(by_hand(), "y", 0.0, 0.5)
    with pytest.raises(MeasureError, match="infinite in row 1"):
        quantiles(by_hand().assign(y=np.inf).iloc[:1], "y", 0.5)
    with pytest.raises(LonelyPSUError, match="stratum k"):
        quantiles(by_hand().iloc[[0, 1, 2, 4]].reset_index(drop=True), "y", 0.5)
