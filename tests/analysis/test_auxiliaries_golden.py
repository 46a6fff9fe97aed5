"""Totals of levels and of numbers, and replicates that redo any calibration, against R's survey.

golden/r/auxiliaries.csv is R's word, committed; the last test checks that R still says the same.
"""

import csv
import subprocess
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis import Design, Mean, Proportion, Ratio, Total, change, estimate

R = Path(__file__).parents[1] / "golden" / "r"
LEVELS = {"sex": {"L": 370, "P": 350}, "age": {"a": 255, "b": 260, "c": 205}}
TOTALS = {
    "levels": LEVELS,
    "number": {**LEVELS, "x": 2200.0},
    "alone": {"x": 2200.0},
    "signed": {"age": LEVELS["age"], "signed": 390.0},
}
DESIGNS = {
    "plain": Design("w", "stratum", "psu", id="id"),
    "fpc": Design("w", "stratum", "psu", fpc="N1", id="id"),
    "single": Design("w", id="id"),
    "two_stages": Design("w", "stratum", "psu", fpc="N1", fpc2="N2", id="id"),
}
METHODS = {
    "linear": ("linear", None),
    "raking": ("raking", None),
    "linear_bounded": ("linear", (0.91, 1.21)),
    "raking_bounded": ("raking", (0.91, 1.21)),
    "raking_tight": ("raking", (0.93, 1.17)),
    "logit": ("logit", (0.6, 1.8)),
}
SPECS = {"mean": Mean("score"), "total": Total("score"), "ratio": Ratio("score", "x")}


def read(text):
    rows = [row for row in csv.reader(text.splitlines()) if row[0] not in ("totals", "kept")]
    return {tuple(row[:6]): [float(v) for v in row[6:]] for row in rows}


def totals_of_waves():
    """Sex by wave, and visits, as the script rounded them."""
    text = (R / "auxiliaries.csv").read_text(encoding="utf-8")
    (row,) = [row for row in csv.reader(text.splitlines()) if row[0] == "totals"]
    known = dict(zip(row[1:7], map(float, row[7:]), strict=True))
    return [
        {"sex": {"L": known[f"nL{w}"], "P": known[f"nP{w}"]}, "visits": known[f"visits{w}"]}
        for w in "12"
    ]


@cache
def expected():
    return read((R / "auxiliaries.csv").read_text(encoding="utf-8"))


@cache
def data():
    frame = pd.read_csv(R / "api_interviews.csv")
    return frame.assign(signed=frame["x"] - 2.5)


@cache
def calibrated(design, totals, method):
    how, bounds = METHODS[method]
    return DESIGNS[design].calibrate(data(), TOTALS[totals], method=how, bounds=bounds)


def test_every_number_of_r_has_its_case():
    kinds = {"two_stages": ("taylor",)}
    assert {key[:4] for key in expected() if key[0] != "waves"} == {
        (design, totals, method, kind)
        for design in DESIGNS for totals in TOTALS for method in METHODS
        for kind in kinds.get(design, ("taylor", "jkn"))
    }  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("design", DESIGNS)
def test_estimates_and_errors_after_any_calibration_are_those_of_r(design, method):
    compared = 0
    for totals in TOTALS:
        for kind in ("taylor", "jkn"):
            if (design, kind) == ("two_stages", "jkn"):
                continue
            table = estimate(
                data(), calibrated(design, totals, method), list(SPECS.values()),
                by=[[], ["unit"]], raw=True, variance=kind,
            )  # fmt: skip
            redone = "raked" if (totals, method) == ("levels", "raking") else "calibrated"
            name = kind if kind == "taylor" else f"jkn_{redone}"
            unmet = np.isnan(expected()[design, totals, method, kind, "", "mean"][1])
            assert set(table["variance_method"]) == {"taylor" if unmet else name}
            assert bool(table.attrs.get("notes")) == unmet
            rows = table.set_index(["domain_type", "domain", "estimator"])
            for unit in ("", "A"):
                for estimator in SPECS:
                    where = ("unit", "A", estimator) if unit else ("all", "all", estimator)
                    value, se = expected()[design, totals, method, kind, unit, estimator]
                    assert rows.loc[where, "value"] == pytest.approx(value, rel=1e-9)
                    if unmet:  # R keeps the replicate as far as it came, with a warning
                        se = expected()[design, totals, method, "taylor", unit, estimator][1]
                    assert rows.loc[where, "se"] == pytest.approx(se, rel=1e-9), (totals, kind)
                    compared += 2
    assert compared == (48 if design == "two_stages" else 96)


def test_a_replicate_that_cannot_be_calibrated_is_not_used_as_r_uses_it():
    table = estimate(data(), calibrated("plain", "levels", "raking_tight"), Mean("score"), raw=True)
    row = table.iloc[0]
    assert row["variance_method"] == "taylor"
    (note,) = table.attrs["notes"]
    assert "Without PSU 10 " in note
    assert "no factors between 0.93 and 1.17 do it" in note
    text = (R / "auxiliaries.csv").read_text(encoding="utf-8")
    (kept,) = [float(r[2]) for r in csv.reader(text.splitlines()) if r[0] == "kept"]
    assert kept != pytest.approx(row["se"], rel=1e-3)
    page = (R.parents[2] / "docs" / "differences_from_r.md").read_text(encoding="utf-8")
    said = page.partition("## Replicates that cannot be calibrated")[2].partition("\n## ")[0]
    assert f"{kept:.6g}" in said
    assert f"{row['se']:.6g}" in said


@pytest.mark.parametrize("method", ["linear", "raking", "logit"])
def test_a_change_between_waves_with_totals_of_their_own_is_that_of_r(method):
    every = pd.read_csv(R.parent / "matrix" / "plain.csv", dtype={"unit": str})
    waves = [every[(every["real"] == 1) & (every["wave"] == w)] for w in (1, 2)]
    how, bounds = METHODS[method]
    plain = Design("weight", "stratum", "psu", id="id")
    made = tuple(
        plain.calibrate(frame, known, method=how, bounds=bounds)
        for frame, known in zip(waves, totals_of_waves(), strict=True)
    )
    specs = [Proportion("any"), Mean("visits")]
    found = change(*waves, made, specs, [[], ["unit"]]).set_index(["domain", "measure"])
    for unit, measure in (("", "any"), ("1", "any"), ("1", "visits")):
        value, se = expected()["waves", "own", method, "taylor", unit, measure]
        row = found.loc[(unit or "all", measure)]
        assert row["value"] == pytest.approx(value, rel=1e-9)
        assert row["se"] == pytest.approx(se, rel=1e-9)
    # Visits of all are what the totals count: R's error is rounding, 1e-17.
    known = found.loc[("all", "visits")]
    assert np.isnan(known["se"])
    assert known["reason"] == "no_spread"
    assert expected()["waves", "own", method, "taylor", "", "visits"][1] < 1e-15


@pytest.mark.parametrize("method", METHODS)
def test_weights_meet_every_total_and_keep_within_the_bounds(method):
    frame, made = data(), calibrated("plain", "number", method)
    assert (made.weights * frame["x"]).sum() == pytest.approx(2200, rel=1e-10)
    for margin, levels in LEVELS.items():
        sums = pd.Series(made.weights).groupby(frame[margin]).sum()
        assert sums.to_dict() == pytest.approx(levels, rel=1e-10)
    g = made.weights / frame["w"]
    low, high = METHODS[method][1] or (-np.inf, np.inf)
    assert g.min() >= low - 1e-12
    assert g.max() <= high + 1e-12
    if "bounded" in method:
        assert (np.abs(g - low) < 1e-12).any()
        assert (np.abs(g - high) < 1e-12).any()


@pytest.mark.r
@pytest.mark.slow
def test_r_still_says_the_same():
    run = subprocess.run(
        ["Rscript", str(R / "auxiliaries.R")], capture_output=True, text=True, check=True,
        timeout=300,
    )  # fmt: skip
    again = read(run.stdout)
    assert again.keys() == expected().keys()
    for key, numbers in again.items():
        assert numbers == pytest.approx(expected()[key], rel=1e-11, nan_ok=True, abs=1e-14), key
