"""Known totals of some units: the others keep their weights, in every replicate."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from test_api import people

from analysis import Design, Mean, estimate
from analysis.calibration_plan import CalibrationPlan
from analysis.errors import CalibrationError, MarginError
from analysis.estimates import Estimated, estimated
from analysis.margins import Margins
from analysis.measures import Measure
from analysis.partial_margins import MOST_LEVELS
from analysis.publication import Rules

DESIGN = Design("w", "stratum", "psu", id="id")
MARGIN = "unit_id:sex"


def sample(seed: int = 3) -> pd.DataFrame:
    return people(seed).rename(columns={"unit": "unit_id"})


def totals(data: pd.DataFrame, unit: str = "A") -> dict[str, float]:
    own = data[data["unit_id"] == unit].groupby("sex")["w"].sum()
    return {f"{unit}:L": own["L"] * 1.3, f"{unit}:P": own["P"] * 1.1}


def of_some(data: pd.DataFrame, **more: object) -> Estimated:
    plan = CalibrationPlan(
        Margins("kunjungan", {MARGIN: totals(data)}), minimum=2, without={MARGIN: {"B"}}
    )
    return made(data, replace(plan, **more))


def made(data: pd.DataFrame, plan: CalibrationPlan | None) -> Estimated:
    score = Measure("indeks", "score", "", "mean", data["score"].to_numpy(float), 0.0, 100.0)
    return estimated(data, DESIGN, [score], rules=Rules(), calibration=plan)


def unit(found: Estimated, code: str) -> pd.Series:
    table = found.table
    return table[(table["domain_type"] == "unit") & (table["domain"] == code)].iloc[0]


@pytest.mark.parametrize(
    ("method", "bounds"), [("raking", None), ("raking", (0.5, 2.0)), ("linear", None),
                           ("logit", (0.5, 2.0))]
)  # fmt: skip
def test_the_totals_are_met_and_the_other_unit_keeps_its_weights(method, bounds):
    data = sample()
    found = of_some(data, method=method, bounds=bounds)
    weight = pd.Series(found.weight)
    b = (data["unit_id"] == "B").to_numpy()
    assert weight[b].to_numpy() == pytest.approx(data["w"][b].to_numpy(), rel=1e-12)
    for level, total in totals(data).items():
        own = (data["unit_id"] + ":" + data["sex"] == level).to_numpy()
        assert weight[own].sum() == pytest.approx(total, rel=1e-9)
    levels = found.calibrated.calibration.convergence.levels
    assert levels["margin"].tolist() == [MARGIN] * 2
    assert levels["level"].tolist() == ["A:L", "A:P"]
    assert levels["n"].tolist() == [
        int((data["unit_id"] + ":" + data["sex"] == level).sum()) for level in ("A:L", "A:P")
    ]


def test_each_unit_has_the_numbers_that_it_would_have_alone():
    data = sample()
    found = of_some(data)
    plain = estimate(data, DESIGN, Mean("score", 0, 100), "unit_id", variance="jkn", floor=True)
    b = plain[plain["domain"] == "B"].iloc[0]
    assert unit(found, "B")["value"] == pytest.approx(b["value"], rel=1e-9)
    assert unit(found, "B")["se"] == pytest.approx(b["se"], rel=1e-9)
    alone = data[data["unit_id"] == "A"].reset_index(drop=True)
    plan = CalibrationPlan(Margins("kunjungan", {MARGIN: totals(data)}), minimum=2)
    a = unit(made(alone, plan), "A")
    for name in ("value", "se", "low", "high"):
        assert unit(found, "A")[name] == pytest.approx(a[name], rel=1e-8)


def test_the_city_is_that_of_totals_of_indicators():
    data = sample()
    known = {}
    for level, total in totals(data).items():
        data[level] = (data["unit_id"] + ":" + data["sex"] == level) * 1.0
        known[level] = total
    calibrated = DESIGN.calibrate(data, known, method="raking")
    theirs = estimate(data, calibrated, Mean("score", 0, 100), floor=False).iloc[0]
    found = of_some(data).table.set_index("domain_type").loc["city"]
    assert found["value"] == pytest.approx(theirs["value"], rel=1e-9)
    assert found["se"] == pytest.approx(theirs["se"], rel=1e-8)
    # What B weighs is estimated: known, it would leave the city a smaller error.
    everything = totals(data) | {"B:L": 1.0, "B:P": 1.0}
    own = data[data["unit_id"] == "B"].groupby("sex")["w"].sum()
    everything |= {"B:L": own["L"], "B:P": own["P"]}
    plan = CalibrationPlan(Margins("kunjungan", {MARGIN: everything}), minimum=2)
    assert made(data, plan).table.set_index("domain_type").loc["city", "se"] < found["se"]


def test_the_unit_without_totals_says_so_and_the_other_does_not():
    found = of_some(sample())
    assert "uncalibrated" in unit(found, "B")["reason"].split(";")
    assert "uncalibrated" not in unit(found, "A")["reason"]
    every = made(sample(), None).table
    assert not every["reason"].str.contains("uncalibrated").any()


def test_a_unit_of_which_another_margin_speaks_is_not_uncalibrated():
    data = sample()
    whole = data.groupby("unit_id")["w"].sum() * np.array([1.2, 1.1])
    margins = {MARGIN: totals(data), "unit_id": {"A": sum(totals(data).values()), "B": whole["B"]}}
    with pytest.raises(MarginError, match="sums to"):  # they count different people
        Margins("kunjungan", margins)
    ages = data.assign(age=np.where(data["x"] > data["x"].median(), "old", "young"))
    margins = {
        MARGIN: totals(ages),
        "unit_id:age": {"B:old": 0.4 * whole["B"], "B:young": 0.6 * whole["B"]},
    }
    with pytest.raises(CalibrationError, match="no unit is named"):
        CalibrationPlan(Margins("kunjungan", margins, partial=True))
    plan = CalibrationPlan(
        Margins("kunjungan", margins, partial=True), minimum=2,
        without={MARGIN: {"B"}, "unit_id:age": {"A"}},
    )  # fmt: skip
    found = made(ages, plan)
    assert not found.table["reason"].str.contains("uncalibrated").any()
    for name, level, total in found.calibrated.calibration.convergence.levels[
        ["margin", "level", "target"]
    ].itertuples(index=False):
        first, second = name.split(":")
        own = (ages[first] + ":" + ages[second] == level).to_numpy()
        assert pd.Series(found.weight)[own].sum() == pytest.approx(total, rel=1e-9)


def test_sparse_levels_merge_as_they_do_elsewhere():
    data = sample()
    few = data.index[(data["unit_id"] == "A") & (data["sex"] == "P")][3:]
    data = data.drop(few).reset_index(drop=True)
    found = of_some(data, minimum=10)
    assert found.calibrated.calibration.convergence.levels["level"].tolist() == ["A:L + A:P"]
    assert any("count as one level" in note for note in found.notes)


def test_sums_of_numbers_beside_and_too_many_levels_are_refused():
    data = sample()
    margins = Margins("kunjungan", {MARGIN: totals(data)}, {"x": 100.0})
    with pytest.raises(MarginError, match="Sums of x stand beside"):
        of_some(data, margins=margins)
    assert MOST_LEVELS >= 100 * 6  # a hundred units by sex and four ages


def test_what_is_wrong_with_the_interviews_is_still_said():
    data = sample()
    data.loc[data.index[data["unit_id"] == "A"][0], "sex"] = "X"
    with pytest.raises(MarginError, match="has no total for A:X"):
        of_some(data)
    data = sample()
    data.loc[data.index[data["unit_id"] == "B"][0], "sex"] = "X"  # nobody asks of B
    assert unit(of_some(data), "B")["n"] > 0


def test_sums_of_numbers_alone_and_with_levels_carry_a_study():
    data = sample().assign(minutes=lambda d: d["x"].abs() + 1)
    reached = float((data["w"] * data["minutes"]).sum())
    for levels in ({}, {"sex": data.groupby("sex")["w"].sum().to_dict()}):
        plan = CalibrationPlan(Margins("kunjungan", levels, {"minutes": 1.05 * reached}), minimum=2)
        found = made(data, plan)
        assert (found.weight * data["minutes"]).sum() == pytest.approx(1.05 * reached, rel=1e-9)
        assert not any("sum to 0" in note for note in found.notes)
        assert (found.table["se"] > 0).all()
