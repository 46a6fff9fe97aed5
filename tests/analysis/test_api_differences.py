"""Contrasts, changes between waves, tests and models through the public API."""

import numpy as np
import pytest
from test_api import DESIGN, measured, people, raw, row

from analysis import (
    Design,
    GivenReplicates,
    Index,
    Mean,
    Proportion,
    Quantile,
    Ratio,
    Rules,
    Total,
    association,
    change,
    contrast,
    estimate,
    raoscott,
    regress,
    waves,
)
from analysis.design import code
from analysis.interviewers import interviewers
from analysis.moments import psu_moments
from analysis.variance import domain_means

METHODS = ["taylor", "jkn", "bootstrap"]


@pytest.mark.parametrize("variance", METHODS)
@pytest.mark.parametrize("weights", ["base", "raked"])
def test_a_contrast_of_one_estimate_is_that_estimate(variance, weights):
    data = people(31)
    design = DESIGN.rake(data, {"sex": {"L": 50, "P": 60}}) if weights == "raked" else DESIGN
    more = {"variance": variance, "seed": 4 if variance == "bootstrap" else None}
    specs = [Mean("score"), Total("x"), Index("i", {"score": 0.5, "other": 0.5})]
    table = estimate(data, design, specs, "sex", raw=True, replicates=60, **more)
    names = {m: {("L", m): 1.0} for m in ("score", "x", "i")}
    found = contrast(data, design, specs, names, "sex", replicates=60, **more)
    for _, one in found.iterrows():
        other = row(table, "L", one["contrast"])
        for name in ("value", "se", "df"):
            assert one[name] == pytest.approx(other[name], rel=1e-9)
        assert one["variance_method"] == other["variance_method"]


@pytest.mark.parametrize("variance", METHODS)
def test_a_contrast_turned_round_changes_its_sign_and_nothing_else(variance):
    data = people(32)
    there = {("L", "score"): 1.0, ("P", "score"): -1.0}
    back = {cell: -factor for cell, factor in there.items()}
    found = contrast(
        data, DESIGN, Mean("score"), {"there": there, "back": back}, "sex", variance=variance,
        seed=5, replicates=100,
    )  # fmt: skip
    assert found["value"].iloc[0] == pytest.approx(-found["value"].iloc[1])
    assert found["se"].iloc[0] == pytest.approx(found["se"].iloc[1], rel=1e-12)
    v = found.attrs["covariance"]
    assert v[0, 1] == pytest.approx(-v[0, 0], rel=1e-9)


def test_raking_to_a_margin_leaves_no_variance_to_its_share():
    data = people(33)
    design = DESIGN.rake(data, {"sex": {"L": 50, "P": 50}})
    data["man"] = data["sex"] == "L"
    for variance in ("taylor", "jkn"):
        found = estimate(data, design, Total("man"), raw=True, variance=variance)
        assert found["value"].iloc[0] == pytest.approx(50)
        assert np.isnan(found["se"].iloc[0])
        assert "no_spread" in found["reason"].iloc[0]


def test_a_change_between_waves_is_that_of_the_scores():
    first, second = people(34), people(35)
    found = change(first, second, DESIGN, [Mean("score"), Mean("x")], by="unit")
    means = [
        domain_means(
            psu_moments(code(d, DESIGN, domain="unit"), [measured(d, "score"), measured(d, "x")])
        )
        for d in (first, second)
    ]
    expected = waves.change(*means)
    assert found["value"].to_numpy() == pytest.approx(expected.value.ravel(), rel=1e-12)
    assert found["se"].to_numpy() == pytest.approx(np.sqrt(expected.variance).ravel(), rel=1e-12)
    nothing = change(first, first, DESIGN, Mean("score"), by="unit")
    assert nothing["value"].tolist() == [0, 0]
    assert nothing["se"].isna().all()


def test_tests_and_models_are_those_of_their_modules():
    data = people(36)
    inside = data["unit"] == "A"
    coded = code(data.assign(d=inside.astype(str)), DESIGN, domain="d")
    expected = raoscott.association(coded, data["served"], data["sex"], domain="True")
    found = association(data, DESIGN, "served", "sex", where=inside.to_numpy())
    assert (found.f, found.f_p, found.n) == (expected.f, expected.f_p, expected.n)
    model = regress(data, DESIGN, "paid", ["score", "sex"], family="logistic")
    assert model.names == ("(constant)", "score", "sex=P")
    assert model.n == len(data)


def test_enumerators_raise_the_variance_of_means_and_indices():
    data = people(37)
    data["who"] = [f"E{int(p[1:]) % 3}" for p in data["psu"]]
    data["score"] += data["who"].map({"E0": 0, "E1": 15, "E2": 30})
    specs = [Mean("score", 0, 200), Proportion("paid"), Index("i", {"score": 1.0}, 0, 200)]
    plain, raised = (raw(data, specs, "unit", enumerator=who) for who in ("", "who"))
    own = [measured(data, "score")]
    added = interviewers(code(data, DESIGN, domain="unit"), own, data, "who").units().added
    for d, unit in enumerate(("A", "B")):
        before, after = (row(t, unit, "score")["se"] for t in (plain, raised))
        assert after**2 == pytest.approx(before**2 + added[d, 0], rel=1e-9)
        assert row(raised, unit, "i")["se"] == pytest.approx(after, rel=1e-9)
    assert (raised["se"] >= plain["se"]).all()
    assert raised["se"].sum() > 1.2 * plain["se"].sum()


def test_a_quantile_holds_the_share_and_its_interval_is_that_of_the_share():
    data = people(38)
    found = raw(data, Quantile("x", (0.25, 0.5)), by="unit")
    assert found["category"].tolist() == ["0.25", "0.5"] * 2
    assert (found["interval_method"] == "woodruff").all()
    for _, one in found.iterrows():
        own = data[data["unit"] == one["domain"]]
        upto = own.loc[own["x"] <= one["value"], "w"].sum() / own["w"].sum()
        assert upto >= float(one["category"])
        assert one["low"] <= one["value"] <= one["high"]
        share = raw(data.assign(up=data["x"] <= one["value"]), Proportion("up"), by="unit")
        ends = row(share, one["domain"], "up")
        below = own.loc[own["x"] <= one["high"], "w"].sum() / own["w"].sum()
        assert below >= ends["high"] - 1e-12


def test_a_simple_random_sample_is_the_textbook():
    data = people(39)
    found = estimate(data, Design(), Mean("x"), raw=True).iloc[0]
    assert found["value"] == pytest.approx(data["x"].mean())
    assert found["se"] == pytest.approx(data["x"].std() / np.sqrt(len(data)))
    assert found["df"] == len(data) - 1


def halves(of_a, of_b):
    """People whose answers are one number in each unit."""
    data = people()
    return data.assign(x=np.where(data["unit"] == "A", of_a, of_b))


@pytest.mark.parametrize("variance", ["taylor", "jkn", "bootstrap"])
def test_a_contrast_of_answers_without_spread_has_no_error_and_no_test(variance):
    names = {"B - A": {("B", "x"): 1, ("A", "x"): -1}}
    found = contrast(
        halves(5.1, 6.3), DESIGN, Mean("x"), names, "unit", variance=variance, seed=1, replicates=60
    )
    only = found.iloc[0]
    assert "no_spread" in only["reason"].split(";")
    assert (only["flag"], only["variance_method"]) == ("caution", "")
    assert np.isnan(only[["se", "low", "high", "p"]].astype(float)).all()
    assert np.isnan(found.attrs["test"]).all()


def test_shares_that_add_up_to_one_and_margins_that_are_known_have_no_error():
    data = people()
    shares = {("all", "served", code): 1.0 for code in sorted(data["served"].dropna().unique())}
    whole = contrast(data, DESIGN, Proportion("served"), {"sum": shares}).iloc[0]
    assert whole["value"] == pytest.approx(1)
    assert "no_spread" in whole["reason"].split(";")
    assert np.isnan(whole["se"])

    known = data.assign(of_l=(data["sex"] == "L") * 1.0)
    raked = DESIGN.rake(known, {"sex": {"L": 500, "P": 600}})
    for asked in (Mean("of_l"), Total("of_l")):
        margin = contrast(known, raked, asked, {"margin": {("all", "of_l"): 1}}).iloc[0]
        assert "no_spread" in margin["reason"].split(";")
        assert np.isnan(margin["se"])


@pytest.mark.parametrize("answers", [(1.1, 2.3), (0.0, 1 / 3)])
@pytest.mark.parametrize("psus", ["shared", "apart"])
def test_a_change_of_answers_without_spread_has_no_error_and_says_why(answers, psus):
    first, second = (people().assign(x=value) for value in answers)
    if psus == "apart":
        first["psu"] = "before " + first["psu"].astype(str)
    found = change(first, second, DESIGN, Mean("x"), "unit")
    assert found["reason"].str.contains("no_spread").all()
    assert not found["reason"].str.contains("sessions<2").any()
    assert np.isnan(found[["se", "low", "high", "p"]].to_numpy()).all()
    assert (found["df"] >= 1).all()


def with_few(seed):
    """People of whom six, in two PSUs, have a sex of their own."""
    data = people(seed)
    stratum = data["stratum"].iloc[0]
    own = data[data["stratum"] == stratum]
    chosen = [own[own["psu"] == psu].index[:3] for psu in sorted(own["psu"].unique())[:2]]
    data.loc[chosen[0].union(chosen[1]), "sex"] = "X"
    assert (data["sex"] == "X").sum() == 6
    return data


NUMBERS = ["value", "se", "low", "high", "p"]


@pytest.mark.parametrize("method", ["taylor", "jkn", "auto"])
def test_a_contrast_is_blank_where_estimate_would_blank_one_of_its_parts(method):
    data = with_few(41)
    names = {
        "X - L": {("X", "score"): 1, ("L", "score"): -1},
        "P - L": {("P", "score"): 1, ("L", "score"): -1},
    }
    asked = {"by": "sex", "variance": method, "replicates": 60, "seed": 3}
    found = contrast(data, DESIGN, Mean("score"), names, **asked)
    assert row(estimate(data, DESIGN, Mean("score"), **asked), "X", "score")["flag"] == "withheld"
    few, many = found.iloc[0], found.iloc[1]
    assert (few["flag"], few["reason"].split(";")[0]) == ("withheld", "n<10")
    assert few[NUMBERS].isna().all()
    assert not many[NUMBERS].isna().any()
    assert np.isnan(found.attrs["covariance"][0]).all()
    assert np.isnan(found.attrs["test"]).all()
    everything = contrast(data, DESIGN, Mean("score"), names, raw=True, **asked)
    assert not everything[NUMBERS].isna().any(axis=None)
    assert everything["flag"].tolist() == found["flag"].tolist()
    strict = contrast(data, DESIGN, Mean("score"), names, rules=Rules(minimum_n=6), **asked)
    assert strict["flag"].iloc[0] == "caution"
    assert strict[NUMBERS].iloc[0].notna().all()


@pytest.mark.parametrize("order", [1, -1])
def test_a_change_is_blank_where_estimate_would_blank_a_wave(order):
    few, many = with_few(42), people(43).assign(sex=lambda d: np.where(d.index % 3, "L", "X"))
    few["sex"] = few["sex"].replace({"P": "L"})
    waves_of = (few, many)[::order]
    found = change(*waves_of, DESIGN, Mean("score"), "sex").set_index("domain")
    assert found["flag"]["X"] == "withheld"
    assert found.loc["X", NUMBERS].isna().all()
    assert found.loc["L", NUMBERS].notna().all()
    everything = change(*waves_of, DESIGN, Mean("score"), "sex", raw=True).set_index("domain")
    assert everything.loc["X", NUMBERS].notna().all()


def test_a_contrast_of_a_quota_sample_says_quota_and_not_that_it_lacks_sessions():
    quota = Design("w", selection="quota", id="id")
    names = {"P - L": {("P", "score"): 1, ("L", "score"): -1}}
    found = contrast(people(44), quota, Mean("score"), names, "sex").iloc[0]
    assert (found["flag"], found["reason"]) == ("caution", "quota")
    assert np.isfinite(found["value"])
    assert np.isnan(found["se"])


def test_answers_that_all_rose_alike_leave_no_error_to_the_change():
    first = people(45)
    second = first.assign(score=first["score"] + 5)
    found = change(first, second, DESIGN, Mean("score"), [["unit"], ["unit", "sex"], []], raw=True)
    assert found["value"].to_numpy() == pytest.approx(5)
    assert found["se"].isna().all()
    assert found["reason"].str.contains("no_spread").all()


def test_without_the_floor_no_share_has_a_standard_error_that_the_design_does_not_give():
    data = people().assign(all=1)
    design = Design("w", "stratum", "psu", id="id")
    raked = design.rake(data, {"sex": {"L": 500, "P": 600}})
    fixed = estimate(data, raked, Proportion("sex"), raw=True)
    alike = estimate(
        data, design, [Proportion("all"), Mean("all", 0, 1), Mean("all", type="open")], raw=True
    )
    for found in (fixed, alike):
        assert found["se"].isna().all()
        assert found["reason"].str.contains("no_spread").all()
        assert not found["reason"].str.contains("se_floor").any()
    assert fixed[["low", "high", "n_eff"]].isna().all().all()
    assert alike["interval_method"].tolist() == ["wilson", "", ""]
    floored = estimate(data, design, Proportion("all"), raw=True, floor=True)
    assert floored["se"].iloc[0] > 0
    assert "se_floor" in floored["reason"].iloc[0]


def test_a_row_that_cannot_be_estimated_says_why():
    data = people().assign(zero=0.0)
    design = Design("w", "stratum", "psu", id="id")
    beyond = estimate(data, design, Quantile("x", 0.999), interval="t")
    nothing = estimate(data, design, Ratio("x", "zero"))
    inside = data["w"] * (data["unit"] == "A")
    names = tuple("abcdef")
    silent = data.assign(**{name: inside * (1 + 0.1 * i) for i, name in enumerate(names)})
    replicated = Design("w", replicates=GivenReplicates(names, "bootstrap"))
    unheld = estimate(silent, replicated, Mean("x"), by="unit").iloc[[1]]
    for found, reason in ((beyond, "no_estimate"), (nothing, "no_estimate"), (unheld, "df<3")):
        assert found["flag"].tolist() == ["not_estimable"]
        assert found["reason"].str.contains(reason).all()
        assert found[["value", "se"]].isna().all().all()
