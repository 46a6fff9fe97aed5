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
