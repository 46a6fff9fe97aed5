"""Known totals of numbers: what is refused, what cannot be met, and replicates that say so."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import Design, Mean, Total, contrast, estimate, feasibility, recalibrating
from analysis.auxiliaries import Numbers
from analysis.calibration import NotCalibratedError
from analysis.distances import Distance
from analysis.errors import CalibrationError, MarginError

DESIGN = Design("w", "unit", "sesi", id="id")


def people(seed=5, n=200):
    rng = np.random.default_rng(seed)
    sesi = rng.integers(0, 20, n)
    return pd.DataFrame(
        {
            "id": np.arange(n), "unit": np.where(sesi < 10, "A", "B"),
            "sesi": [f"S{s:02d}" for s in sesi], "w": rng.lognormal(2, 0.3, n),
            "jk": rng.choice(["L", "P"], n), "menit": rng.gamma(3, 10, n).round(1),
            "nilai": rng.normal(60, 12, n),
        }
    )  # fmt: skip


def totals(frame, times=1.05):
    sums = frame.groupby("jk")["w"].sum()
    return {
        "jk": {"L": sums["L"] * 1.03, "P": sums["P"] * 0.98},
        "menit": float((frame["w"] * frame["menit"]).sum()) * times,
    }


def changed(column, value, rows=(3, 7)):
    frame = people().astype({column: object})
    frame.loc[list(rows), column] = value
    return frame


KNOWN = totals(people())
REFUSED = {
    "a missing number": (
        lambda: DESIGN.calibrate(changed("menit", None), KNOWN), r"menit: no number in rows 4 \(3\)"
    ),
    "a text": (
        lambda: DESIGN.calibrate(changed("menit", "lama"), KNOWN), r"no number in rows 4 \(3\), 8"
    ),
    "an infinite number": (
        lambda: DESIGN.calibrate(changed("menit", np.inf), KNOWN), "an infinite number in rows 4"
    ),
    "a column that is absent": (
        lambda: DESIGN.calibrate(people(), {**KNOWN, "biaya": 5.0}), "biaya: .* no such column"
    ),
    "the same number everywhere": (
        lambda: DESIGN.calibrate(people().assign(satu=1.0), {**KNOWN, "satu": 900.0}),
        "satu: every interview has the same number",
    ),
    "zero everywhere": (
        lambda: DESIGN.calibrate(people().assign(nol=0.0), {"nol": 900.0}), "every interview has 0"
    ),
    "a total that is no number": (
        lambda: DESIGN.calibrate(people(), {**KNOWN, "menit": float("nan")}), "menit is nan"
    ),
    "neither levels nor a number": (
        lambda: DESIGN.calibrate(people(), {**KNOWN, "menit": [1, 2]}), "menit is neither"
    ),
    "numbers for raking": (lambda: DESIGN.rake(people(), KNOWN), "rake meets .* and menit"),
    "numbers for cells": (
        lambda: DESIGN.poststratify(people(), {"menit": 5.0}), "poststratify meets"
    ),
    "residents": (
        lambda: DESIGN.calibrate(people(), {"menit": 5.0}, population="penduduk"),
        "menit count residents",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_is_named(what):
    make, message = REFUSED[what]
    with pytest.raises(MarginError, match=message):
        make()


def test_scaling_needs_a_margin_that_says_how_many_there_are():
    with pytest.raises(CalibrationError, match="how many there are"):
        DESIGN.calibrate(people(), {"menit": KNOWN["menit"]}, scale=True)


@pytest.mark.parametrize(("method", "bounds"), [("raking", None), ("linear", (0.5, 2.0))])
def test_a_total_that_cannot_be_met_is_named_with_what_can_be_had(method, bounds):
    frame = people()
    with pytest.raises(NotCalibratedError, match="the sum of menit") as error:
        DESIGN.calibrate(frame, totals(frame, 9.0), method=method, bounds=bounds)
    report = error.value.convergence
    assert not report.converged
    assert report.unmet[0] == "the sum of menit"
    row = report.levels.set_index("margin").loc["menit"]
    assert abs(row["gap"]) > 0.1
    assert row["target"] == pytest.approx(totals(frame, 9.0)["menit"])


def test_no_message_tells_the_number_of_an_interview():
    frame = people().assign(menit=lambda d: np.where(d.index == 4, 987654.0, d["menit"]))
    known = {**totals(people()), "menit": 5.0 * people()["w"].sum()}
    with pytest.raises(CalibrationError) as error:
        DESIGN.calibrate(frame, known, method="linear")
    assert "weight of zero or less" in str(error.value)
    assert "987" not in str(error.value)


@pytest.mark.parametrize("method", ["linear", "raking", "logit"])
def test_trimmed_weights_meet_the_totals_of_numbers_too(method):
    frame = people()
    made = DESIGN.calibrate(frame, KNOWN, method=method, bounds=(0.3, 3.0), trim=1.5)
    assert made.diagnostics.trimmed > 0
    assert made.report["gap"].abs().max() < 1e-9
    assert (made.weights * frame["menit"]).sum() == pytest.approx(KNOWN["menit"])
    assert made.weights.max() <= made.diagnostics.limit * (1 + 1e-12)
    table = estimate(frame, made, Mean("nilai"), raw=True)
    assert table["variance_method"].tolist() == ["taylor"]


def test_what_the_totals_count_is_known_and_has_no_variance():
    frame = people()
    made = DESIGN.calibrate(frame, KNOWN, method="raking")
    for variance in ("taylor", "jkn"):
        row = estimate(frame, made, Total("menit"), raw=True, variance=variance).iloc[0]
        assert row["value"] == pytest.approx(KNOWN["menit"], rel=1e-9)
        assert np.isnan(row["se"]) or row["se"] < 1e-8 * row["value"]


def test_shifted_numbers_give_the_same_weights():
    frame = people()
    n = sum(KNOWN["jk"].values())
    one = DESIGN.calibrate(frame, KNOWN, method="raking")
    moved = frame.assign(menit=frame["menit"] + 2026)
    other = DESIGN.calibrate(moved, {**KNOWN, "menit": KNOWN["menit"] + 2026 * n}, method="raking")
    assert other.weights == pytest.approx(one.weights, rel=1e-9)


def test_a_contrast_after_any_calibration_has_the_covariances_of_its_replicates():
    frame = people()
    made = DESIGN.calibrate(frame, KNOWN, method="logit", bounds=(0.4, 2.5))
    asked = {
        "A": {("A", "nilai"): 1.0}, "B": {("B", "nilai"): 1.0},
        "A - B": {("A", "nilai"): 1.0, ("B", "nilai"): -1.0},
    }  # fmt: skip
    found = contrast(frame, made, Mean("nilai"), asked, "unit")
    assert set(found["variance_method"]) == {"jkn_calibrated"}
    v = found.attrs["covariance"]
    assert v[2, 2] == pytest.approx(v[0, 0] + v[1, 1] - 2 * v[0, 1], rel=1e-10)
    table = estimate(frame, made, Mean("nilai"), "unit", raw=True)
    assert found["se"].iloc[:2].to_numpy() == pytest.approx(table["se"].to_numpy(), rel=1e-10)


def test_the_bootstrap_redoes_it_too():
    frame = people()
    made = DESIGN.calibrate(frame, KNOWN, method="linear")
    one = estimate(frame, made, Mean("nilai"), raw=True, variance="taylor").iloc[0]
    other = estimate(
        frame, made, Mean("nilai"), raw=True, variance="bootstrap", seed=2, replicates=800
    ).iloc[0]
    assert other["variance_method"] == "bootstrap_calibrated"
    assert other["se"] == pytest.approx(one["se"], rel=0.15)


@st.composite
def replicates(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    cells = draw(st.integers(4, 12))
    levels = [rng.integers(0, size, cells) for size in (2, 3)]
    whole = rng.gamma(3, 20, cells)
    wanted = whole * rng.uniform(0.75, 1.3, cells)
    targets = [np.bincount(level, weights=wanted, minlength=n) for level, n in
               zip(levels, (2, 3), strict=True)]  # fmt: skip
    kept = [np.unique(level, return_inverse=True) for level in levels]
    targets = [t[held] for t, (held, _) in zip(targets, kept, strict=True)]
    levels = [code.astype(np.intp) for _, code in kept]
    numbers = None
    if draw(st.booleans()):
        x = rng.normal(20, 8, (cells, 1))
        total = wanted @ x
        one = np.ones(1)
        people = float(wanted.sum())
        numbers = Numbers(("x",), x, total, people, 20 * one, 8 * one, np.abs(total))
    totals = whole * rng.uniform(0.8, 1.25, (8, cells))
    totals[rng.random(totals.shape) < 0.05] = 0.0
    how = draw(st.sampled_from([("raking", 0.7, 1.4), ("linear", 0.6, 1.5), ("logit", 0.5, 1.8)]))
    return totals, recalibrating.Equations(levels, targets, numbers, Distance(*how)), whole


@settings(deadline=None, max_examples=60)
@given(replicates())
def test_replicates_that_are_possible_are_met_and_no_others(made):
    totals, of, whole = made
    found = recalibrating.factors(totals, of, 1e-12, whole)
    x = of.columns()
    goal, unit = of.goals()
    for own, factor in zip(totals, found, strict=True):
        used = own > 0
        numbers = None if of.numbers is None else of.numbers.of_cells(used)
        levels = [level[used] for level in of.levels]
        missed = feasibility.in_conflict(
            own[used], levels, of.targets, of.distance.low, of.distance.high, numbers
        )
        if np.isnan(factor).any():
            # Impossible, or by so little that no factor within the bounds can be told from one.
            narrow = (of.distance.low + 1e-3, of.distance.high - 1e-3)
            assert missed or feasibility.in_conflict(
                own[used], levels, of.targets, *narrow, numbers
            )
            continue
        assert not missed
        assert (np.abs((own * factor) @ x - goal) / unit).max() < 1e-9
        assert factor[used].min() >= of.distance.low - 1e-12
        assert factor[used].max() <= of.distance.high + 1e-12
