"""The public API: the same numbers as the pieces it is made of, from any frame."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from estimator_samples import sample

from analysis import (
    Design,
    Index,
    Mean,
    Proportion,
    Ratio,
    Total,
    contrast,
    estimate,
    ratios,
    variance,
)
from analysis.design import code
from analysis.errors import DesignError, MeasureError
from analysis.measures import Measure
from analysis.moments import psu_moments
from analysis.tidy import COLUMNS

DESIGN = Design("w", "stratum", "psu", id="id")


def people(seed=1, n=300):
    rng = np.random.default_rng([seed, 7])
    data = sample(seed, n)
    data["sex"] = rng.choice(["L", "P"], n)
    data["unit"] = np.where(data["stratum"] == "h2", "B", "A")
    data["paid"] = rng.random(n) < 0.2
    data["served"] = rng.choice(["ya", "tidak", "ragu"], n)
    data["score"] = rng.uniform(0, 100, n)
    data["other"] = rng.uniform(0, 100, n)
    return data


def row(table, domain, measure, category=""):
    at = (table["domain"] == domain) & (table["measure"] == measure)
    found = table[at & (table["category"] == category)]
    assert len(found) == 1
    return found.iloc[0]


def raw(data, specs, by=(), **more):
    return estimate(data, DESIGN, specs, by, raw=True, **more)


def measured(data, name):
    values = data[name].to_numpy(dtype=float)
    return Measure("r", name, "", "mean", values, -np.inf, np.inf)


def test_a_mean_is_that_of_the_scores_variance():
    data = people()
    found = raw(data, [Mean("y"), Mean("x")], by=["unit"])
    assert tuple(found.columns) == COLUMNS
    coded = code(data, DESIGN, domain="unit")
    means = variance.domain_means(psu_moments(coded, [measured(data, "y"), measured(data, "x")]))
    se = np.sqrt(variance.variances(means))
    for d, unit in enumerate(["A", "B"]):
        for k, name in enumerate(["y", "x"]):
            assert row(found, unit, name)["value"] == means.value[d, k]
            assert row(found, unit, name)["se"] == se[d, k]
            assert row(found, unit, name)["n"] == means.n[d, k]
    assert row(found, "A", "y")["n"] < row(found, "A", "x")["n"]


def test_a_column_of_codes_gives_a_share_for_each_and_they_add_up_to_one():
    data = people()
    found = raw(data, Proportion("served"), by="unit")
    assert found["category"].tolist() == ["ragu", "tidak", "ya"] * 2
    assert found.groupby("domain")["value"].sum().to_numpy() == pytest.approx([1, 1])
    declared = raw(data, Proportion("served", ["ya", "ragu", "tidak", "lain"]))
    assert declared["category"].tolist() == ["ya", "ragu", "tidak", "lain"]
    assert declared["value"].iloc[-1] == 0
    assert "zero_events" in declared["reason"].iloc[-1]
    everybody = raw(data.assign(yes=1), Proportion("yes")).iloc[0]
    assert "all_events" in everybody["reason"].split(";")
    nobody = raw(data.assign(yes=0), Proportion("yes")).iloc[0]
    assert everybody["low"] == pytest.approx(1 - nobody["high"], rel=1e-12)
    assert (everybody["high"], nobody["low"]) == (1, 0)
    as_one = raw(data.assign(yes=data["served"] == "ya"), Proportion("yes"))
    assert as_one["se"].iloc[0] == declared["se"].iloc[0]


def test_a_total_and_a_ratio_have_the_variance_of_their_scores():
    data = people(2)
    found = raw(data, [Total("y"), Ratio("x", "y")], by=["unit"])
    coded = code(data, DESIGN, domain="unit")
    pair = ratios.in_common(measured(data, "x"), measured(data, "y"))
    ratio = ratios.domain_ratios(psu_moments(coded, pair), [(0, 1)])
    se = np.sqrt(variance.variances(ratio))
    for d, unit in enumerate(["A", "B"]):
        assert row(found, unit, "x / y")["value"] == ratio.value[d, 0]
        assert row(found, unit, "x / y")["se"] == pytest.approx(se[d, 0], rel=1e-12)
        own = data[(data["unit"] == unit) & data["y"].notna()]
        assert row(found, unit, "y")["value"] == pytest.approx((own["w"] * own["y"]).sum())
    assert (found["interval_method"] == "t").all()


def test_the_design_effect_of_a_ratio_and_a_total_of_equal_weights_is_one_on_average():
    """With every interview its own PSU the design is a simple random sample."""
    data = people(3, 400)
    found = estimate(data, Design(), [Total("x"), Ratio("y", "x"), Mean("x")], raw=True)
    assert found["deff"].tolist() == pytest.approx([1, 1, 1], rel=0.02)


def test_an_index_is_the_sum_of_its_parts_with_their_covariance():
    data = people(4)
    index = Index("indeks", {"score": 0.25, "other": 0.75})
    found = raw(data, [Mean("score", 0, 100), Mean("other", 0, 100), index], by=["unit", "sex"])
    data["both"] = 0.25 * data["score"] + 0.75 * data["other"]
    alone = raw(data, Mean("both", 0, 100), by=["unit", "sex"])
    for domain in alone["domain"]:
        one, other = row(found, domain, "indeks"), row(alone, domain, "both")
        for name in ("value", "se", "low", "high", "deff", "n"):
            assert one[name] == pytest.approx(other[name], rel=1e-12)


def test_several_tables_are_those_of_several_calls():
    data = people(5)
    specs = [Mean("score", 0, 100), Total("x")]
    both = raw(data, specs, by=[["unit"], ["unit", "sex"], []])
    assert both["domain_type"].unique().tolist() == ["unit", "unit & sex", "all"]
    for by in (["unit"], ["unit", "sex"], []):
        alone = raw(data, specs, by=by, unit="unit")
        part = both[both["domain_type"] == alone["domain_type"].iloc[0]].reset_index(drop=True)
        for name in ("domain", "measure", "n", "df", "flag", "reason"):
            assert part[name].tolist() == alone[name].tolist()
        for name in ("value", "se", "low", "high"):
            assert part[name].to_numpy() == pytest.approx(alone[name].to_numpy(), rel=1e-12)


def test_arrow_gives_the_bits_of_pandas():
    data = people(6)
    specs = [Mean("y"), Proportion("served"), Proportion("paid")]
    expected = raw(data, specs, by=["unit"])
    whole = pa.Table.from_pandas(data, preserve_index=False)
    batches = whole.to_batches(max_chunksize=50)
    reader = pa.RecordBatchReader.from_batches(whole.schema, batches)
    for frame in (whole, batches, iter(batches), reader):
        pd.testing.assert_frame_equal(raw(frame, specs, by=["unit"]), expected, check_exact=True)


def test_with_an_id_the_order_of_rows_changes_no_bit():
    data = people(7)
    mixed = data.sample(frac=1, random_state=1)
    specs = [Mean("y"), Total("x"), Ratio("y", "x"), Proportion("served")]
    one, other = raw(data, specs, by=["sex"]), raw(mixed, specs, by=["sex"])
    pd.testing.assert_frame_equal(one, other, check_exact=True)
    loose = Design("w", "stratum", "psu")
    one, other = (estimate(f, loose, specs, ["sex"], raw=True) for f in (data, mixed))
    pd.testing.assert_frame_equal(one, other, rtol=1e-12)


def test_what_may_not_be_published_is_blank_unless_asked_for():
    data = people(8, 60)
    data["small"] = np.where(np.arange(60) < 6, "few", "many")
    found = estimate(data, DESIGN, Mean("score", 0, 100), by="small")
    few = row(found, "few", "score")
    assert few["flag"] == "withheld"
    assert found.loc[found["domain"] == "few", ["value", "se", "low", "high"]].isna().all().all()
    assert not np.isnan(row(raw(data, Mean("score", 0, 100), by="small"), "few", "score")["value"])


def test_a_missing_answer_leaves_its_measure_or_is_refused():
    data = people(9)
    gone = int(data["y"].isna().sum())
    assert raw(data, Mean("y"))["n"].iloc[0] == len(data) - gone
    at = int(np.flatnonzero(data["y"].isna())[0]) + 1
    with pytest.raises(MeasureError, match=f"no answer in rows? {at}"):
        raw(data, Mean("y"), missing="fail")


def test_all_answers_equal_on_an_open_scale_say_so_and_have_no_standard_error():
    data = people(10)
    data["same"] = np.where(data["unit"] == "A", 5.0, data["score"])
    found = raw(data, Mean("same"), by="unit")
    a, b = row(found, "A", "same"), row(found, "B", "same")
    assert a["value"] == pytest.approx(5)
    assert np.isnan([a["se"], a["low"], a["high"]]).all()
    assert (a["flag"], "no_spread" in a["reason"]) == ("caution", True)
    assert b["se"] > 0
    assert "no_spread" not in b["reason"]


@pytest.mark.parametrize("lonely", ["adjust", "average", "certainty", "collapse"])
def test_a_lonely_psu_is_refused_until_it_is_said_what_it_counts(lonely):
    data = people(11)
    data.loc[data["psu"] == "s00", "stratum"] = "h9"
    with pytest.raises(DesignError, match=r'lonely="collapse".*"adjust".*"average".*"certainty"'):
        raw(data, Mean("score", 0, 100))
    found = raw(data, Mean("score", 0, 100), lonely=lonely)
    assert found["se"].iloc[0] > 0
    reasons = found["reason"].iloc[0].split(";")
    assert ("collapsed" in reasons) == (lonely == "collapse")
    assert [r for r in reasons if r.startswith("lonely_")] == (
        [] if lonely == "collapse" else [f"lonely_{lonely}"]
    )


@pytest.mark.parametrize("variance", ["taylor", "jkn", "bootstrap"])
def test_the_whole_is_judged_by_its_own_psus_and_names_the_policy_of_a_lonely_stratum(variance):
    data = people(11)
    data.loc[data["psu"] == "s00", "stratum"] = "h9"
    data.loc[data["psu"] == "s00", "unit"] = "C"
    for lonely, flag in (("adjust", "published"), ("certainty", "caution")):
        found = estimate(
            data, DESIGN, Mean("score", 0, 100), by=[[], ["unit"]], lonely=lonely,
            variance=variance, seed=1,
        )  # fmt: skip
        whole, a, b, c = (found.iloc[i] for i in range(4))
        assert (whole["flag"], whole["reason"]) == (flag, f"lonely_{lonely}")
        assert whole["n_psu"] > 10
        for untouched in (a, b):
            assert "lonely" not in untouched["reason"]
        assert c["flag"] == "not_estimable"
        assert "sessions<2" in c["reason"].split(";")
        assert "lonely" not in c["reason"]


def test_a_contrast_with_the_whole_names_the_policy_too():
    data = people(11)
    data.loc[data["psu"] == "s00", "stratum"] = "h9"
    score = Mean("score", 0, 100)
    own = {"all": {("all", "score"): 1}}
    row = contrast(data, DESIGN, score, own, lonely="average").iloc[0]
    assert (row["flag"], row["reason"]) == ("caution", "lonely_average")


def test_a_stratum_that_was_taken_whole_is_not_lonely():
    data = people(12)
    data.loc[data["psu"] == "s00", "stratum"] = "h9"
    data["blocks"] = data["stratum"].map({"h9": 1, "h0": 30, "h1": 20, "h2": 25})
    design = Design("w", "stratum", "psu", fpc="blocks", id="id")
    found = estimate(data, design, Mean("score", 0, 100), raw=True)
    assert found["se"].iloc[0] > 0


@pytest.mark.parametrize(
    ("by", "message"),
    [
        (["unit", ["sex"]], "mixes columns and tables"),
        ([["unit"], ["unit"]], "twice"),
        (["unit", "unit"], "twice"),
        (["nothing"], "no column nothing"),
    ],
)
def test_what_makes_no_domains(by, message):
    with pytest.raises(DesignError, match=message):
        raw(people(), Mean("score", 0, 100), by=by)


def test_answers_far_from_zero_have_the_standard_error_of_their_differences():
    data = people()
    near, far = (raw(data.assign(x=data["x"] + shift), Mean("x")) for shift in (0.0, 1e10))
    assert far["se"].iloc[0] == pytest.approx(near["se"].iloc[0], rel=1e-4)
    assert far["reason"].iloc[0] == near["reason"].iloc[0]
    for name in ("deff", "n_eff"):
        assert far[name].iloc[0] == pytest.approx(near[name].iloc[0], rel=1e-4)
    same = raw(data.assign(x=1e10 / 3), Mean("x"))
    assert same["se"].isna().all()
    assert "no_spread" in same["reason"].iloc[0]
