"""A design that left nothing to sample: an error of 0 that is no want of knowledge."""

import math

import numpy as np
import pytest
from test_api import people

from analysis import (
    Design,
    Mean,
    Proportion,
    Quantile,
    Ratio,
    Total,
    change,
    contrast,
    estimate,
    estimates,
)
from analysis.measures import Measure
from analysis.publication import Rules

SPECS = [
    Mean("score", 0, 100), Mean("y"), Proportion("paid"), Proportion("served"), Total("x"),
    Ratio("y", "x"), Quantile("y", (0.5,)),
]  # fmt: skip


def counted(seed=3, unit="A"):
    """All PSUs of the strata of a unit were drawn, and its interviews stand for themselves."""
    data = people(seed)
    drawn = data.groupby("stratum")["psu"].transform("nunique")
    data["blocks"] = np.where(data["unit"] == unit, drawn, 4 * drawn)
    data["w"] = np.where(data["unit"] == unit, 1.0, data["w"])
    return data


WHOLE = Design("w", "stratum", "psu", fpc="blocks", id="id")


@pytest.mark.parametrize("variance", ["taylor", "jkn", "bootstrap"])
@pytest.mark.parametrize("raw", [True, False])
def test_a_census_is_exact_on_every_scale_by_every_method_and_with_any_floor(variance, raw):
    found = estimate(counted(), WHOLE, SPECS, "unit", raw=raw, variance=variance, seed=1)
    a, b = found[found["domain"] == "A"], found[found["domain"] == "B"]
    assert (a["se"] == 0).all()
    assert (a["low"] == a["value"]).all()
    assert (a["high"] == a["value"]).all()
    assert a["flag"].tolist() == ["published"] * len(a)
    assert a["reason"].tolist() == ["census"] * len(a)
    assert (b["se"] > 0).all()
    assert not b["reason"].str.contains("census").any()


def test_the_whole_is_no_census_while_one_stratum_was_sampled():
    whole = estimate(counted(), WHOLE, Mean("score", 0, 100)).iloc[0]
    assert whole["se"] > 0
    assert "census" not in whole["reason"]


def test_a_census_of_one_psu_is_estimable():
    data = counted()
    data.loc[data["psu"] == "s00", ["stratum", "unit", "blocks", "w"]] = ["h9", "C", 1, 1.0]
    found = estimate(data, WHOLE, [Mean("score", 0, 100), Total("x")], "unit")
    own = found[found["domain"] == "C"]
    assert own["n_psu"].tolist() == [1, 1]
    assert own["se"].tolist() == [0, 0]
    assert set(own["reason"]) <= {"census", "n<30;census"}  # few people are still few people


def test_few_people_of_a_census_are_withheld_and_few_psus_are_not():
    data = counted()
    few = data[data["unit"] == "A"].index[7:]
    data = data.drop(few).assign(
        blocks=lambda d: np.where(
            d["unit"] == "A", d.groupby("stratum")["psu"].transform("nunique"), 90
        )
    )
    row = estimate(data, WHOLE, Mean("score", 0, 100), "unit").iloc[0]
    assert (row["domain"], row["n"], row["flag"]) == ("A", 7, "withheld")
    assert row["reason"] == "n<10;census"
    assert math.isnan(row["value"])


def test_interviews_that_stand_for_others_ask_for_the_second_stage():
    data = counted().assign(w=lambda d: np.where(d["unit"] == "A", 3.0, d["w"]))
    row = estimate(data, WHOLE, Mean("score", 0, 100), "unit").iloc[0]
    assert (row["se"], row["flag"], row["reason"]) == (0, "caution", "census;one_stage")
    data["visitors"] = 3 * data.groupby("psu")["id"].transform("size")
    staged = Design("w", "stratum", "psu", fpc="blocks", fpc2="visitors", id="id")
    second = estimate(data, staged, Mean("score", 0, 100), "unit").iloc[0]
    assert second["se"] > 0
    assert "census" not in second["reason"]


def test_both_stages_taken_whole_leave_nothing():
    data = counted()
    data["visitors"] = data.groupby("psu")["id"].transform("size")
    staged = Design("w", "stratum", "psu", fpc="blocks", fpc2="visitors", id="id")
    row = estimate(data, staged, Mean("score", 0, 100), "unit").iloc[0]
    assert (row["se"], row["reason"]) == (0, "census")


def test_a_census_of_all_strata_is_exact_after_calibration_too():
    data = counted().assign(blocks=lambda d: d.groupby("stratum")["psu"].transform("nunique"))
    raked = WHOLE.rake(data, {"sex": {"L": 150, "P": 150}})
    for variance in ("taylor", "jkn", "bootstrap"):
        found = estimate(data, raked, Mean("score", 0, 100), "unit", variance=variance, seed=1)
        assert (found["se"] == 0).all()
        assert found["reason"].str.contains("census").all()


def test_a_census_raked_with_a_sample_keeps_what_the_margins_carry_over():
    data = counted()
    size = data.groupby("sex")["w"].sum() * 1.2
    raked = WHOLE.rake(data, {"sex": size.to_dict()})
    for variance in ("taylor", "jkn"):
        row = estimate(data, raked, Mean("score", 0, 100), "unit", variance=variance, raw=True)
        assert (row["se"] > 0).all()


def test_differences_of_what_was_counted_are_exact_and_have_no_test():
    data = counted().assign(blocks=lambda d: d.groupby("stratum")["psu"].transform("nunique"), w=1)
    pair = {"A - B": {("A", "score"): 1, ("B", "score"): -1}}
    row = contrast(data, WHOLE, Mean("score", 0, 100), pair, by="unit").iloc[0]
    values = estimate(data, WHOLE, Mean("score", 0, 100), "unit")["value"]
    assert row["value"] == pytest.approx(values[0] - values[1], rel=1e-10)
    assert (row["se"], row["low"], row["high"]) == (0, row["value"], row["value"])
    assert math.isnan(row["p"])
    assert (row["flag"], row["reason"]) == ("published", "census")
    later = data.assign(score=data["score"] * 0.9, psu="t" + data["psu"])
    moved = change(data, later, WHOLE, Mean("score", 0, 100), "unit")
    assert moved["se"].tolist() == [0, 0]
    assert moved["low"].tolist() == moved["value"].tolist() == moved["high"].tolist()
    assert moved["p"].isna().all()


def test_a_sampled_part_of_a_contrast_still_has_its_error():
    pair = {"A - B": {("A", "score"): 1, ("B", "score"): -1}}
    row = contrast(counted(), WHOLE, Mean("score", 0, 100), pair, by="unit").iloc[0]
    alone = estimate(counted(), WHOLE, Mean("score", 0, 100), "unit", raw=True)
    assert row["se"] == pytest.approx(alone["se"].iloc[1], rel=1e-12)
    assert row["p"] > 0


def test_what_enumerators_carry_from_session_to_session_no_census_of_sessions_takes_away():
    data = counted().assign(who=lambda d: np.where(d["psu"] < "s10", "E1", "E2"))
    row = estimate(data, WHOLE, Mean("score", 0, 100), "unit", enumerator="who", raw=True).iloc[0]
    assert row["se"] > 0
    assert "census" not in row["reason"]
    assert "rho_assumed" in row["reason"]


def test_the_tables_of_a_study_say_it_too():
    data = counted().rename(columns={"unit": "unit_id"})
    measure = Measure("indeks", "score", "", "mean", data["score"].to_numpy(float), 0.0, 100.0)
    found = estimates.estimate(data, WHOLE, [measure], rules=Rules()).set_index("domain_type")
    unit = found.loc["unit"].set_index("domain")
    assert (unit.loc["A", "se"], unit.loc["A", "reason"]) == (0, "census")
    assert unit.loc["B", "se"] > 0
    assert found.loc["city", "se"] > 0
    assert found.loc["city_mean", "se"] > 0
    every = data.assign(blocks=data.groupby("stratum")["psu"].transform("nunique"), w=1.0)
    for kind, row in (
        estimates.estimate(every, WHOLE, [measure], rules=Rules()).groupby("domain_type")
    ):  # fmt: skip
        assert (row["se"] == 0).all(), kind
        assert row["reason"].tolist() == ["census"] * len(row)
