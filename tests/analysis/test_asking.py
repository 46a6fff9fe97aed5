"""Tests and models under every design: the same variance as estimates and contrasts have."""

import numpy as np
import pytest
from estimator_samples import measure
from hypothesis import given, settings
from hypothesis import strategies as st
from test_api import DESIGN, people

from analysis import Design, Mean, Total, association, change, contrast, estimate, regress
from analysis.calibrated import calibrated_means, covariances
from analysis.design import code
from analysis.linearised import covariance

BRIEF = settings(max_examples=8, deadline=None)
SEEDS = st.integers(0, 2**32 - 1)
TWO_STAGES = Design("w", "stratum", "psu", fpc="N1", fpc2="N2", id="id")
IN_VAIN = {"s90": "h0", "s91": "h0", "s92": "h2"}
TOTALS = {"age": {"17-29": 300, "30+": 420}, "paid": {"False": 560, "True": 160}}


def asked(seed):
    data = people(seed).assign(N1=9)
    data["N2"] = 2 * data.groupby("psu")["id"].transform("size")
    rng = np.random.default_rng([seed, 8])
    return data.assign(age=rng.choice(["17-29", "30+"], len(data)), paid=data["paid"].astype(str))


def with_lonely_stratum(data):
    """Stratum h1 has one PSU left. It lies in the unit of h0; without units h2 is next to it."""
    return data[(data["stratum"] != "h1") | (data["psu"] == "s05")].reset_index(drop=True)


WAYS = {
    "one stage": (DESIGN, {}),
    "two stages": (TWO_STAGES, {}),
    "empty PSUs": (DESIGN, {"empty": IN_VAIN}),
    "adjust": (DESIGN, {"lonely": "adjust"}),
    "collapse": (DESIGN, {"lonely": "collapse", "unit": "unit"}),
}


@pytest.mark.parametrize("weights", ["base", "raked", "linear"])
@pytest.mark.parametrize("way", WAYS)
def test_the_coefficient_of_a_code_is_the_contrast_of_its_means(way, weights):
    design, more = WAYS[way]
    data = asked(3)
    if "lonely" in more:
        data = with_lonely_stratum(data)
    if weights != "base":
        make = design.rake if weights == "raked" else design.calibrate
        design = make(data, TOTALS)
    model = regress(data, design, "score", "sex", **more)
    (means,) = [
        contrast(
            data, design, Mean("score"), {"d": {("P", "score"): 1, ("L", "score"): -1}}, "sex",
            variance="taylor", **more,
        ).iloc[0]
    ]  # fmt: skip
    assert model.names[1] == "sex=P"
    assert model.value[1] == pytest.approx(means["value"], rel=1e-9)
    assert model.se[1] == pytest.approx(means["se"], rel=1e-9)
    # R counts coefficients, too: PSUs less strata, less two, plus one.
    assert model.df == means["df"] - 1


@BRIEF
@given(SEEDS)
def test_covariances_from_interviews_are_those_from_sums_after_calibration(seed):
    data = asked(seed)
    coded = code(data, DESIGN, domain="sex")
    calibration = DESIGN.rake(data, TOTALS).calibration
    found = calibrated_means(coded, calibration, [measure(data["score"])])
    final = calibration.final(coded)
    scores = np.zeros((len(data), 2))
    for d in (0, 1):
        own = final.domain == d
        y = data["score"].to_numpy()[final.order]
        scores[own, d] = (y - found.means.value[d, 0])[own] / final.weight[own].sum()
    held = np.ones(len(data), dtype=bool)
    assert covariance(final, scores, held, "fail", calibration) == pytest.approx(
        covariances(found)[0], rel=1e-9
    )


@BRIEF
@given(SEEDS)
def test_margins_that_explain_an_answer_make_its_test_and_model_sharper(seed):
    data = asked(seed)
    data["score"] = 40.0 * (data["age"] == "30+") + 0.1 * data["score"]
    with_margins = DESIGN.rake(data, TOTALS)
    data["x"] -= np.average(data["x"], weights=with_margins.weights)
    as_given = Design("final", "stratum", "psu", id="id")
    given_weights = data.assign(final=with_margins.weights)
    one = regress(data, with_margins, "score", "x")
    other = regress(given_weights, as_given, "score", "x")
    assert one.value == pytest.approx(other.value, rel=1e-9)
    # The constant is the mean of all, most of which the margin of age explains.
    assert one.se[0] < 0.5 * other.se[0]


def test_a_coefficient_that_margins_fix_has_no_error_and_no_test():
    data = asked(5)
    fixed = DESIGN.poststratify(
        data, {"sex:age": {"L:17-29": 90, "L:30+": 80, "P:17-29": 110, "P:30+": 120}}
    )
    data["old"] = (data["age"] == "30+") * 1.0
    model = regress(data, fixed, "old", ["sex"])
    assert model.value == pytest.approx([80 / 170, 120 / 230 - 80 / 170], rel=1e-9)
    assert np.isnan(model.se).all()
    assert np.isnan(model.p).all()
    assert np.isnan(model.test("sex")).all()
    free = regress(data, fixed, "score", ["sex"])
    assert (free.se > 0).all()


def test_the_second_stage_adds_to_a_test_and_a_census_of_psus_leaves_nothing_else():
    data = asked(6)
    one = association(data, Design("w", "stratum", "psu", fpc="N1", id="id"), "served", "age")
    two = association(data, TWO_STAGES, "served", "age")
    assert two.mean_deff > one.mean_deff
    assert two.f < one.f
    whole = data.assign(N1=data.groupby("stratum")["psu"].transform("nunique"))
    rest = association(whole, TWO_STAGES, "served", "age")
    assert 0 < rest.mean_deff < two.mean_deff
    none = association(whole.assign(N2=10**9), TWO_STAGES, "served", "age")
    assert none.mean_deff == pytest.approx(2 * rest.mean_deff, rel=1e-6)  # half were asked


@pytest.mark.parametrize("variance", ["taylor", "jkn"])
@pytest.mark.parametrize("more", [{"empty": IN_VAIN}, {"lonely": "collapse", "unit": "unit"}])
def test_a_contrast_has_the_strata_and_psus_of_estimate(variance, more):
    data = with_lonely_stratum(asked(7)) if "lonely" in more else asked(7)
    specs = [Mean("score"), Total("x")]
    table = estimate(
        data, DESIGN, specs, "sex", raw=True, interval="t", variance=variance, **more
    ).set_index(["domain", "measure"])
    names = {f"{d} {m}": {(d, m): 1.0} for d in "LP" for m in ("score", "x")}
    found = contrast(data, DESIGN, specs, names, "sex", variance=variance, **more)
    for _, row in found.iterrows():
        own = table.loc[tuple(row["contrast"].split())]
        for what in ("value", "se", "df", "low", "high"):
            assert row[what] == pytest.approx(own[what], rel=1e-9)
    plain = {k: v for k, v in more.items() if k not in ("empty", "unit")}
    without = contrast(data, DESIGN, specs, names, "sex", variance=variance, **plain)
    assert not np.allclose(without["se"], found["se"], rtol=1e-6)


def test_a_change_counts_psus_without_interviews_in_their_wave():
    before, after = asked(8), asked(9)
    after["psu"] = "n" + after["psu"]
    own = {f"n{name}": stratum for name, stratum in IN_VAIN.items()}
    moved = change(before, after, DESIGN, Total("x"), empty=(IN_VAIN, own)).iloc[0]
    se = [
        estimate(data, DESIGN, Total("x"), raw=True, empty=empty)["se"].iloc[0]
        for data, empty in ((before, IN_VAIN), (after, own))
    ]
    assert moved["se"] == pytest.approx(np.hypot(*se), rel=1e-9)
    without = change(before, after, DESIGN, Total("x")).iloc[0]
    assert moved["value"] == without["value"]
    assert moved["se"] > without["se"]


def test_a_session_worked_in_vain_in_both_waves_is_shared_as_any_other():
    before, after = asked(10), asked(10)
    after["x"] = 1.5 * after["x"]
    shared = change(before, after, DESIGN, Total("x"), empty=IN_VAIN).iloc[0]
    alone = estimate(before, DESIGN, Total("x"), raw=True, empty=IN_VAIN)["se"].iloc[0]
    # The same people with answers half as large again: the change is half of the total.
    assert shared["se"] == pytest.approx(0.5 * alone, rel=1e-9)


@pytest.mark.parametrize("weights", ["base", "raked"])
def test_the_order_of_the_file_changes_no_bit_of_a_test_or_model(weights):
    data = asked(11)
    mixed = data.sample(frac=1, random_state=2).reset_index(drop=True)

    def numbers(frame):
        design = TWO_STAGES.rake(frame, TOTALS) if weights == "raked" else TWO_STAGES
        inside = (frame["unit"] == "A").to_numpy()
        table = association(frame, design, "served", "age", where=inside)
        model = regress(frame, design, "score", ["age", "x"], where=inside)
        return [table.f, table.f_p, table.mean_deff, *model.value, *model.se, *model.p]

    assert numbers(data) == numbers(mixed)


def test_a_sample_without_chance_has_coefficients_and_no_errors():
    data = with_lonely_stratum(asked(12))
    quota = Design("w", "stratum", "psu", id="id", selection="quota")
    model = regress(data, quota, "score", ["age"])
    drawn = regress(data, DESIGN, "score", ["age"], lonely="adjust")
    assert model.value.tolist() == drawn.value.tolist()
    for numbers in (model.se, model.low, model.high, model.p, model.covariance, model.test("age")):
        assert np.isnan(numbers).all()


def test_who_is_outside_has_a_residual_but_no_answer_in_the_table():
    data = asked(13)
    raked = DESIGN.rake(data, TOTALS)
    inside = (data["unit"] == "A").to_numpy()
    found = association(data, raked, "served", "age", where=inside)
    moved = data.assign(served=data["served"].where(data["unit"] == "A", "ya"))
    again = association(moved, raked, "served", "age", where=inside)
    assert (again.f, again.f_p, again.n) == (found.f, found.f_p, int(inside.sum()))
