import numpy as np
import pytest
from estimator_samples import DESIGN, by_hand, measure, sample
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import contrasts, ratios, totals, variance, waves
from analysis.design import code
from analysis.errors import DesignError, MeasureError
from analysis.moments import psu_moments

BRIEF = settings(max_examples=30, deadline=None)
SEEDS = st.integers(0, 2**32 - 1)


def ratio(data, top, bottom, domain=""):
    pair = ratios.in_common(measure(data[top], top), measure(data[bottom], bottom))
    return ratios.domain_ratios(psu_moments(code(data, DESIGN, domain=domain), pair), [(0, 1)])


def test_a_ratio_by_hand():
    data = by_hand().assign(w=1.0, x=[1.0, 1.0, 2.0, 9.0, 4.0])
    r = ratio(data, "y", "x")  # row 4 has no y: 10 / 8
    assert r.value[0, 0] == 1.25
    # residuals y - 1.25 x: h1 (-.25 + 1.75), h2 -.5, k1 none, k2 -1; over 8:
    # h 2 x 2 x (1/8)^2, k 2 x 2 x (1/16)^2
    assert variance.variances(r)[0, 0] == pytest.approx(4 / 64 + 4 / 256, rel=1e-14)
    assert r.n[0, 0] == 4


@BRIEF
@given(SEEDS)
def test_a_ratio_to_ones_is_the_mean(seed):
    data = sample(seed).assign(one=1.0)
    r = ratio(data, "y", "one", "unit")
    means = variance.domain_means(
        psu_moments(code(data, DESIGN, domain="unit"), [measure(data["y"])])
    )
    assert r.value == pytest.approx(means.value, rel=1e-12)
    assert variance.variances(r) == pytest.approx(variance.variances(means), rel=1e-9)
    assert r.df.tolist() == means.df.tolist()


@BRIEF
@given(SEEDS)
def test_a_ratio_to_itself_is_one_for_certain(seed):
    r = ratio(sample(seed).assign(z=lambda d: d.x), "x", "z", "unit")
    assert r.value == pytest.approx(1.0, rel=1e-12)
    assert variance.variances(r) == pytest.approx(0.0, abs=1e-24)


@BRIEF
@given(SEEDS)
def test_a_quotient_of_totals_is_the_ratio_of_the_measures(seed):
    data = sample(seed)
    pair = ratios.in_common(measure(data["y"]), measure(data["x"]))
    both = psu_moments(code(data, DESIGN), pair)
    direct = ratios.domain_ratios(both, [(0, 1)])
    found = ratios.quotient(totals.domain_totals(both), (0, 0), (0, 1))
    assert found.value == pytest.approx(direct.value[0, 0], rel=1e-12)
    assert found.variance == pytest.approx(variance.variances(direct)[0, 0], rel=1e-9)


def test_a_denominator_of_zero_has_no_ratio_and_no_variance():
    r = ratio(by_hand().assign(x=[0.0, 0.0, 1.0, 1.0, 1.0]), "y", "x", "unit")
    assert np.isnan(r.value[0, 0])
    assert np.isnan(variance.variances(r)[0, 0])
    assert r.value[1, 0] == pytest.approx((3 * 2 + 4) / (3 + 1))
    t = totals.domain_totals(
        psu_moments(code(by_hand().assign(x=0.0), DESIGN), [measure(np.ones(5)),
                                                            measure(np.zeros(5))])
    )  # fmt: skip
    assert np.isnan(ratios.quotient(t, (0, 0), (0, 1)).value)


def test_measures_of_different_people_have_no_ratio():
    data = by_hand().assign(x=[1.0, np.nan, 1.0, 1.0, 1.0])
    apart = psu_moments(code(data, DESIGN), [measure(data["y"]), measure(data["x"])])
    with pytest.raises(MeasureError, match="not answered by the same interviews"):
        ratios.domain_ratios(apart, [(0, 1)])
    with pytest.raises(MeasureError, match="Nobody answered both"):
        ratios.in_common(measure([1, np.nan]), measure([np.nan, 1]))
    with pytest.raises(MeasureError, match="2 and 1 values"):
        ratios.in_common(measure([1, 2]), measure([1]))


def means_of(data, *columns, domain="unit"):
    return variance.domain_means(
        psu_moments(code(data, DESIGN, domain=domain), [measure(data[c]) for c in columns])
    )


@BRIEF
@given(SEEDS)
def test_one_contrast_in_a_joint_test_is_the_contrast(seed):
    means = means_of(sample(seed), "y", "x")
    value, v = variance.contrast(means, {(0, 0): 1, (1, 0): -1})
    found = contrasts.contrasts(means, [{(0, 0): 1, (1, 0): -1}])
    assert found.value[0] == pytest.approx(value, rel=1e-12)
    assert found.covariance[0, 0] == pytest.approx(v, rel=1e-12)
    assert found.statistic == pytest.approx(value**2 / v, rel=1e-9)
    assert 0 <= found.p <= 1


@BRIEF
@given(SEEDS)
def test_a_covariance_matrix_is_symmetric_with_the_variances_and_never_negative(seed):
    means = means_of(sample(seed), "y", "x")
    cells = [(0, 0), (1, 0), (0, 1), (1, 1)]
    v = contrasts.covariances(means, cells)
    assert np.array_equal(v, v.T)
    own = variance.variances(means)
    assert np.diag(v) == pytest.approx([own[c] for c in cells], rel=1e-9)
    assert np.linalg.eigvalsh(v / np.sqrt(np.outer(np.diag(v), np.diag(v)))).min() > -1e-9


def test_what_cannot_be_tested_has_no_p():
    means = means_of(sample(1), "y")
    same = {(0, 0): 1.0, (1, 0): -1.0}
    assert np.isnan(contrasts.contrasts(means, [same, same]).p)
    few = means_of(by_hand().assign(unit="A"), "y")
    assert few.df[0, 0] == 1
    assert np.isnan(contrasts.contrasts(few, [{(0, 0): 1.0}, {(0, 0): 2.0}]).statistic)


def test_estimators_stand_side_by_side_only_on_the_same_sums():
    data = sample(2)
    sums = psu_moments(code(data, DESIGN, domain="unit"), [measure(data["x"])])
    both = contrasts.side_by_side(variance.domain_means(sums), totals.domain_totals(sums))
    v = contrasts.covariances(both, [(0, 0), (0, 1)])
    assert v[0, 0] == pytest.approx(variance.variances(variance.domain_means(sums))[0, 0])
    assert v[1, 1] == pytest.approx(variance.variances(totals.domain_totals(sums))[0, 0])
    with pytest.raises(DesignError, match="side by side"):
        contrasts.side_by_side(both, means_of(sample(3), "x"))


@BRIEF
@given(SEEDS)
def test_a_wave_against_itself_has_not_changed_for_certain(seed):
    means = means_of(sample(seed), "y", "x")
    moved = waves.change(means, means)
    assert np.all(moved.value == 0)
    assert moved.variance == pytest.approx(0.0, abs=1e-12)
    assert moved.df.tolist() == means.df.tolist()


@BRIEF
@given(SEEDS)
def test_waves_that_share_no_psu_are_independent(seed):
    one = means_of(sample(seed), "y")
    later = sample(seed + 1)
    later["psu"] = "new-" + later["psu"]
    other = means_of(later, "y")
    moved = waves.change(one, other)
    assert np.all(moved.covariance == 0)
    a, b = variance.variances(one), variance.variances(other)
    assert moved.variance == pytest.approx(a + b, rel=1e-12)
    assert np.all(moved.df >= np.minimum(one.df, other.df) - 1e-9)


@BRIEF
@given(SEEDS, st.integers(1, 11))
def test_with_some_psus_in_common_the_variance_is_one_that_can_be(seed, kept):
    one = means_of(sample(seed), "y")
    later = sample(seed + 1)
    later["psu"] = [p if int(p[1:]) < kept else f"new-{p}" for p in later["psu"]]
    other = means_of(later, "y")
    moved = waves.change(one, other)
    a, b = np.sqrt(variance.variances(one)), np.sqrt(variance.variances(other))
    assert np.all(moved.variance <= (a + b) ** 2 * (1 + 1e-9))
    assert np.all(moved.variance >= (a - b) ** 2 * (1 - 1e-9) - 1e-12)


def test_waves_with_a_shared_psu_moved_to_another_stratum_are_refused():
    data = sample(4)
    later = data.assign(stratum="other-" + data["stratum"])
    with pytest.raises(DesignError, match="lies in one stratum in the first wave"):
        waves.change(means_of(data, "y"), means_of(later, "y"))
    with pytest.raises(DesignError, match="share no domain"):
        waves.change(means_of(data, "y"), means_of(data.assign(unit="C"), "y"))
    with pytest.raises(MeasureError, match="1 and 2 measures"):
        waves.change(means_of(data, "y"), means_of(data, "y", "x"))
