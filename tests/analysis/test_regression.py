import numpy as np
import pytest
import statsmodels.api as sm
from estimator_samples import DESIGN, measure, sample
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import variance
from analysis.design import Design, code
from analysis.errors import DesignError, LonelyPSUError, MeasureError
from analysis.moments import psu_moments
from analysis.predictors import predictors
from analysis.regression import regress

BRIEF = settings(max_examples=20, deadline=None)
SEEDS = st.integers(0, 2**32 - 1)


def people(seed, n=200):
    rng = np.random.default_rng([seed, 1])
    data = sample(seed, n).assign(sex=rng.choice(["L", "P"], n), age=rng.integers(17, 70, n) * 1.0)
    chance = 1 / (1 + np.exp(-0.03 * (data["age"] - 45) - (data["sex"] == "P")))
    return data.assign(yes=(rng.random(n) < chance) * 1.0)


def fitted(data, outcome, *names, family="linear", design=DESIGN, domain=None, reference=None):
    return regress(
        code(data, design, domain="unit" if domain else ""), measure(data[outcome], outcome),
        predictors(data[list(names)], reference=reference), family=family, domain=domain,
    )  # fmt: skip


@BRIEF
@given(SEEDS)
def test_a_model_of_a_code_is_the_means_of_its_levels(seed):
    data = people(seed)
    fit = fitted(data, "x", "sex")
    means = variance.domain_means(
        psu_moments(code(data, DESIGN, domain="sex"), [measure(data["x"])])
    )
    value, v = variance.contrast(means, {(1, 0): 1, (0, 0): -1})
    assert fit.names == ("(constant)", "sex=P")
    assert fit.value == pytest.approx([means.value[0, 0], value], rel=1e-9)
    assert fit.covariance[1, 1] == pytest.approx(v, rel=1e-9)


@BRIEF
@given(SEEDS)
def test_a_logistic_model_of_a_code_is_the_logits_of_its_shares(seed):
    data = people(seed)
    fit = fitted(data, "yes", "sex", family="logistic")
    means = variance.domain_means(
        psu_moments(code(data, DESIGN, domain="sex"), [measure(data["yes"])])
    )
    p = means.value[:, 0]
    logit = np.log(p / (1 - p))
    assert fit.value == pytest.approx([logit[0], logit[1] - logit[0]], rel=1e-9)
    _, v = variance.contrast(means, {(d, 0): s / (p[d] * (1 - p[d])) for d, s in ((1, 1), (0, -1))})
    assert fit.covariance[1, 1] == pytest.approx(v, rel=1e-9)


@BRIEF
@given(SEEDS)
def test_equal_weights_and_no_design_give_the_textbook_sandwich(seed):
    data = people(seed).assign(w=5.0)
    fit = fitted(data, "x", "age", "sex", design=Design("w", id="id"))
    x = sm.add_constant(np.column_stack([data["age"], data["sex"] == "P"]).astype(float))
    ols = sm.OLS(data["x"].to_numpy(), x).fit(cov_type="HC0")
    assert fit.value == pytest.approx(ols.params, rel=1e-9)
    n = len(data)
    assert fit.covariance == pytest.approx(ols.cov_params() * n / (n - 1), rel=1e-7)


@BRIEF
@given(SEEDS, st.floats(0.01, 100), st.floats(0.01, 100))
def test_a_change_of_unit_changes_coefficients_with_it(seed, unit, weight):
    data = people(seed)
    one = fitted(data, "x", "age", "sex")
    other = fitted(data.assign(age=unit * data["age"], w=weight * data["w"]), "x", "age", "sex")
    assert other.value[1] * unit == pytest.approx(one.value[1], rel=1e-7)
    assert other.se[1] * unit == pytest.approx(one.se[1], rel=1e-7)
    assert other.value[2] == pytest.approx(one.value[2], rel=1e-7, abs=1e-9)


@BRIEF
@given(SEEDS)
def test_the_order_of_rows_changes_nothing_that_is_printed(seed):
    data = people(seed)
    mixed = data.sample(frac=1, random_state=seed % 1000).reset_index(drop=True)
    one, other = (fitted(d, "yes", "age", "sex", family="logistic") for d in (data, mixed))
    assert other.value == pytest.approx(one.value, rel=1e-12)
    assert other.se == pytest.approx(one.se, rel=1e-12)


@BRIEF
@given(SEEDS)
def test_one_coefficient_has_the_same_test_by_t_and_by_wald(seed):
    fit = fitted(people(seed), "x", "age", "sex")
    f, p = fit.test("sex")
    assert f == pytest.approx((fit.value[2] / fit.se[2]) ** 2, rel=1e-9)
    assert p == pytest.approx(fit.p[2], rel=1e-9)


def test_degrees_of_freedom_are_those_of_the_psus_less_the_coefficients():
    data = people(1)
    assert fitted(data, "x", "age", "sex").df == 12 - 3 + 1 - 3


def test_who_lacks_an_answer_is_left_out_and_counted():
    data = people(2)
    data.loc[:9, "age"] = np.nan
    data.loc[5:14, "sex"] = None
    fit = fitted(data, "y", "age", "sex")
    gone = data["y"].isna() | (data.index < 15)
    assert fit.n == int((~gone).sum())
    assert fit.left_out == int(gone.sum())
    kept = fitted(data[~gone].reset_index(drop=True), "y", "age", "sex")
    assert fit.value == pytest.approx(kept.value, rel=1e-12)


def test_a_domain_leaves_out_levels_nobody_there_has_and_keeps_all_psus():
    data = people(3)
    data["service"] = np.where(data["unit"] == "A", "ktp", np.where(data.index % 2, "kk", "ktp"))
    data.loc[data.index[data["unit"] == "A"][::3], "service"] = "akta"
    fit = fitted(data, "x", "service", domain="B", reference={"service": "ktp"})
    assert fit.names == ("(constant)", "service=kk")
    assert fit.n == (data["unit"] == "B").sum()


def test_the_reference_can_be_chosen():
    data = people(4)
    one, other = (fitted(data, "x", "sex", reference={"sex": r}) for r in "LP")
    assert other.names[1] == "sex=L"
    assert other.value[1] == pytest.approx(-one.value[1], rel=1e-9)
    assert other.se[1] == pytest.approx(one.se[1], rel=1e-9)
    with pytest.raises(MeasureError, match="nobody has its reference level 'Q'"):
        predictors(data[["sex"]], reference={"sex": "Q"})
    with pytest.raises(MeasureError, match="is no predictor"):
        predictors(data[["sex"]], reference={"seks": "L"})


def test_what_a_regression_refuses():
    data = people(5)
    with pytest.raises(MeasureError, match=r"follows from the others"):
        fitted(data.assign(twice=2 * data["age"]), "x", "age", "twice")
    with pytest.raises(MeasureError, match="values beside 0 and 1"):
        fitted(data, "x", "age", family="logistic")
    with pytest.raises(MeasureError, match="All answers to y are equal"):
        fitted(data.assign(y=1.0), "y", "age")
    with pytest.raises(MeasureError, match="infinite in rows 1, 3"):
        fitted(data.assign(age=np.where(data.index.isin([0, 2]), np.inf, 1.0)), "x", "age")
    with pytest.raises(MeasureError, match="infinite in row 4"):
        fitted(data.assign(x=np.where(data.index == 3, -np.inf, 1.0)), "x", "age")
    with pytest.raises(DesignError, match="leave 0 degrees"):
        fitted(data.assign(g=[str(i % 10) for i in range(200)]), "x", "g")
    with pytest.raises(DesignError, match="no domain C"):
        fitted(data, "x", "age", domain="C")
    with pytest.raises(DesignError, match="nothing to fit"):
        fitted(data.assign(x=np.nan), "x", "age")
    with pytest.raises(MeasureError, match="has no predictor seks"):
        fitted(data, "x", "sex").test("seks")
    with pytest.raises(LonelyPSUError):
        fitted(data[(data["stratum"] != "h0") | (data["psu"] == "s00")], "x", "age")


def test_answers_that_a_predictor_separates_have_no_coefficient():
    data = people(6)
    with pytest.raises(MeasureError, match="separate the answers"):
        fitted(data.assign(yes=(data["age"] > 40) * 1.0), "yes", "age", family="logistic")
    half = data.assign(yes=np.where(data["sex"] == "P", 1.0, data["yes"]))
    with pytest.raises(MeasureError, match="separate the answers"):
        fitted(half, "yes", "sex", family="logistic")
