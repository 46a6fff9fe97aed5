"""Calibrated means and their variance: by hand, by law, and as R's package survey finds them.

calibration_expected.csv is R's word, committed; the last test checks that R still says the same.
"""

import csv
import math
import shutil
import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import calibrated, variance
from analysis.calibrated import CalibratedMeans, calibrated_means
from analysis.calibration import Calibration, calibrate
from analysis.cells import read_cells
from analysis.design import Coded, Design, code
from analysis.errors import LonelyPSUError
from analysis.margins import Margins
from analysis.measures import Measure

R = Path(__file__).parents[1] / "golden" / "r"
SCALES = {"any": (0.0, 1.0), "score": (0.0, 100.0), "skm": (1.0, 4.0)}
DESIGNS = {
    "plain": Design("weight", "unit", "psu", id="id"),
    "fpc": Design("weight", "unit", "psu", fpc="blocks", id="id"),
    "unstratified": Design("weight", "", "psu", id="id"),
    "simple": Design("weight", id="id"),
}
CASES = {
    "linear": (("sex", "age"), {"method": "linear"}),
    "raking": (("sex", "age"), {}),
    "rake": (("sex", "age"), {}),
    "logit": (("sex", "age"), {"method": "logit", "bounds": (0.5, 2.0)}),
    "linear_bounded": (("sex", "age"), {"method": "linear", "bounds": (0.6, 1.65)}),
    "raking_bounded": (("sex", "age"), {"method": "raking", "bounds": (0.6, 1.65)}),
    "poststratified": (("sex:age",), {}),
    "nested": (("region:sex", "region:age"), {}),
    "lonely_certainty": (("sex", "age"), {}),
    "lonely_adjust": (("sex", "age"), {}),
}

with (R / "calibration_expected.csv").open(newline="", encoding="utf-8") as file:
    EXPECTED = list(csv.DictReader(file))


@cache
def interviews() -> pd.DataFrame:
    frame = pd.read_csv(R / "calibration_interviews.csv", dtype={"unit": str, "psu": str})
    frame["unit_label"], frame["sex_label"] = "unit=" + frame["unit"], "sex=" + frame["sex"]
    return frame.assign(all="all", both=frame["unit_label"] + "&" + frame["sex_label"])


@cache
def margins(*names: str) -> Margins:
    given = pd.read_csv(R / "calibration_margins.csv")
    totals = {
        name: dict(given.loc[given["margin"] == name, ["level", "total"]].to_numpy().tolist())
        for name in names
    }
    return Margins("kunjungan", totals)


def measures_of(frame: pd.DataFrame) -> list[Measure]:
    return [
        Measure("r", name, "", "mean", frame[name].to_numpy(dtype=float), *ends)
        for name, ends in SCALES.items()
    ]


def kept() -> pd.DataFrame:
    """Unit 3 with its first PSU only, as in calibration.R."""
    frame = interviews()
    first = frame.loc[frame["unit"] == "3", "psu"].astype(int).min()
    chosen = (frame["unit"] != "3") | (frame["psu"] == str(first))
    return frame[chosen].reset_index(drop=True)


def column_of(domain: str) -> str:
    if domain in ("all", ""):
        return "all"
    if "&" in domain:
        return "both"
    return "unit_label" if domain.startswith("unit") else "sex_label"


@cache
def calibration_of(case: str, design: str, column: str) -> tuple[Coded, Calibration]:
    frame = kept() if case.startswith("lonely") else interviews()
    names, options = CASES[case]
    coded = code(frame, DESIGNS[design], domain=column)
    return coded, calibrate(coded, read_cells(frame, margins(*names)), **options)


@cache
def found_of(case: str, design: str, column: str) -> CalibratedMeans:
    frame = kept() if case.startswith("lonely") else interviews()
    return calibrated_means(*calibration_of(case, design, column), measures_of(frame))


@cache
def variance_of(case: str, design: str, column: str) -> np.ndarray:
    lonely = case.removeprefix("lonely_") if case.startswith("lonely") else "fail"
    return calibrated.variances(found_of(case, design, column), lonely)


def ours(row: dict[str, str]) -> float:
    key = row["case"], row["design"], column_of(row["domain"])
    cell = at(row["domain"], row["measure"], *key)
    if row["statistic"] == "value":
        return float(found_of(*key).means.value[cell])
    return math.sqrt(variance_of(*key)[cell])


def at(domain: str, measure: str, *key: str) -> tuple[int, int]:
    return found_of(*key).means.moments.domains.index(domain), list(SCALES).index(measure)


def rows(*statistics: str) -> list[dict[str, str]]:
    return [row for row in EXPECTED if row["statistic"] in statistics]


def differences(chosen: list[dict[str, str]], rel: float) -> list[str]:
    return [
        f"{row}: {mine!r}"
        for row in chosen
        if not math.isclose(mine := ours(row), float(row["value"]), rel_tol=rel, abs_tol=1e-13)
    ]


def test_means_equal_r_for_every_method_design_and_domain():
    chosen = rows("value")
    assert len(chosen) > 1400
    assert {row["case"] for row in chosen} == set(CASES)
    assert not differences(chosen, 1e-9)


def test_standard_errors_equal_r_for_every_method_design_and_domain():
    chosen = [row for row in rows("se") if row["case"] != "rake"]
    assert len(chosen) > 1200
    assert not differences(chosen, 1e-9)


def test_r_rake_has_the_same_weights_and_other_standard_errors():
    # Its residuals weigh all interviews of a cell alike; calibrate(calfun = "raking") does not.
    ratio = [ours(row) / float(row["value"]) for row in rows("se") if row["case"] == "rake"]
    assert max(ratio) > 1.02
    assert min(ratio) < 0.98


def test_weights_equal_r():
    chosen = rows("weight")
    assert len(chosen) > 100
    for row in chosen:
        coded, found = calibration_of(row["case"], "plain", "all")
        place = interviews()["id"].tolist().index(row["domain"])
        assert found.in_frame(coded)[place] == pytest.approx(float(row["value"]), rel=1e-9)


def test_contrasts_of_measures_and_of_domains_that_share_psus_equal_r():
    chosen = rows("contrast", "contrast_se")
    assert len(chosen) == 12
    for row in chosen:
        if row["domain"] == "all":
            found = found_of(row["case"], "fpc", "all")
            factors = {(0, 0): 1.0, (0, 2): -0.25}
        else:
            found = found_of(row["case"], "fpc", "sex_label")
            factors = {(0, 2): 1.0, (1, 2): -1.0}
        value, v = calibrated.contrast(found, factors)
        mine = value if row["statistic"] == "contrast" else math.sqrt(v)
        assert mine == pytest.approx(float(row["value"]), rel=1e-9), row


def test_calibration_changes_the_standard_errors_it_should():
    taken_as_given = variance.variances(found_of("raking", "plain", "all").means)
    ratio = np.sqrt(variance_of("raking", "plain", "all") / taken_as_given)
    assert (np.abs(ratio - 1) > 0.01).all()


def test_a_contrast_with_one_term_is_the_variance_of_that_mean():
    found = found_of("nested", "plain", "unit_label")
    table = variance_of("nested", "plain", "unit_label")
    for d in range(4):
        for k in range(3):
            _, v = calibrated.contrast(found, {(d, k): 1.0})
            assert v == pytest.approx(table[d, k], rel=1e-9)


def small(w=(1.0, 1.0, 2.0, 2.0), y=(0.0, 1.0, 1.0, 3.0)) -> tuple[pd.DataFrame, list[Measure]]:
    frame = pd.DataFrame({"id": list("abcd"), "jk": list("LPLP"), "w": list(w)})
    return frame, [Measure("r", "y", "", "mean", np.array(y), 0, 10)]


def test_post_stratified_mean_of_four_by_hand():
    frame, measures = small()
    coded = code(frame, Design("w", id="id"))
    cells = read_cells(frame, Margins("kunjungan", {"jk": {"L": 6.0, "P": 3.0}}))
    found = calibrated_means(coded, calibrate(coded, cells), measures)
    # L: base 1 and 2, to 6: factor 2, weights 2 and 4. P: base 1 and 2, to 3: factor 1.
    # mean = (2*0 + 1*1 + 4*1 + 2*3) / 9 = 11/9. Means by sex on base weights: L 2/3, P 7/3.
    assert found.means.value[0, 0] == pytest.approx(11 / 9)
    # residuals times weight over 9: a 2(0-2/3), b 1(1-7/3), c 4(1-2/3), d 2(3-7/3), all +-4/3;
    # mean 0, sum of squares 4 * (4/27)^2; times n/(n-1) = 4/3.
    assert calibrated.variances(found)[0, 0] == pytest.approx(4 / 3 * 4 * (4 / 27) ** 2)


def test_what_the_margins_count_has_no_sampling_error():
    frame, _ = small()
    share = Measure("r", "L", "", "proportion", (frame["jk"] == "L").to_numpy(dtype=float))
    coded = code(frame, Design("w", id="id"))
    cells = read_cells(frame, Margins("kunjungan", {"jk": {"L": 6.0, "P": 3.0}}))
    found = calibrated_means(coded, calibrate(coded, cells), [share])
    assert found.means.value[0, 0] == pytest.approx(6 / 9)
    assert calibrated.variances(found)[0, 0] == pytest.approx(0, abs=1e-20)


def test_a_domain_without_answers_has_neither_value_nor_variance():
    frame, _ = small()
    silent = Measure("r", "y", "", "mean", np.array([1.0, np.nan, 3.0, np.nan]), 0, 10)
    coded = code(frame, Design("w", id="id"), domain="jk")
    cells = read_cells(frame, Margins("kunjungan", {"jk": {"L": 6.0, "P": 3.0}}))
    found = calibrated_means(coded, calibrate(coded, cells), [silent])
    assert np.isnan(found.means.value[1, 0])
    assert np.isnan(calibrated.variances(found)[1, 0])
    assert calibrated.variances(found)[0, 0] > 0


def test_a_lonely_stratum_stops_even_a_domain_elsewhere():
    frame = kept()
    coded, calibration = calibration_of("lonely_adjust", "plain", "unit_label")
    found = calibrated_means(coded, calibration, measures_of(frame))
    with pytest.raises(LonelyPSUError, match="stratum 3"):
        calibrated.variances(found)
    with pytest.raises(LonelyPSUError, match="stratum 3"):
        calibrated.contrast(found, {(0, 0): 1.0})


def residual_variance(
    frame: pd.DataFrame, coded: Coded, c: Calibration, y: np.ndarray, inside: np.ndarray
) -> float:
    """The definition, row by row: residuals of a regression on dummies with base weights."""
    dummies = np.column_stack(
        [
            (levels[c.cell] == j).astype(float)
            for levels, t in zip(c.cells.cell_levels, c.cells.targets, strict=True)
            for j in range(t.size)
        ]
    )
    w = np.where(inside, c.weight, 0.0)
    mean = (w * y).sum() / w.sum()
    z = np.where(inside, (y - mean) / w.sum(), 0.0)
    root = np.sqrt(c.base)
    b, *_ = np.linalg.lstsq(dummies * root[:, None], z * root, rcond=None)
    scores = np.bincount(coded.psu, weights=c.weight * (z - dummies @ b))
    total = 0.0
    for h in range(len(coded.psus.strata)):
        own = scores[coded.psus.stratum == h]
        total += own.size / (own.size - 1) * ((own - own.mean()) ** 2).sum()
    return total


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 2**31),
    st.sampled_from(["linear", "raking", "logit", "trimmed", "crossed", "three"]),
)
def test_variance_is_that_of_the_residuals_row_by_row(seed, kind):
    rng = np.random.default_rng(seed)
    n = 160
    psu = rng.integers(0, 14, n)
    frame = pd.DataFrame(
        {
            "id": [f"i{i:03d}" for i in range(n)],
            "psu": [f"p{p:02d}" for p in psu],
            "stratum": [f"h{p // 5}" for p in psu],
            "jk": rng.choice(["L", "P"], n),
            "umur": rng.choice(["a", "b", "c"], n),
            "layanan": rng.choice(["k", "l"], n),
            "unit": rng.choice(["u1", "u2"], n),
            "w": rng.lognormal(0, 0.4, n),
        }
    )
    names = {"crossed": ["unit:jk", "unit:umur"], "three": ["jk", "umur", "layanan"]}
    whole = frame["w"] * (1 + 0.2 * (frame["jk"] == "L") + 0.1 * (frame["umur"] == "a"))
    totals = {}
    for name in names.get(kind, ["jk", "umur"]):
        key = frame[name.split(":")].agg(":".join, axis=1)
        totals[name] = whole.groupby(key).sum().to_dict()
    options = {
        "linear": {"method": "linear"},
        "logit": {"method": "logit", "bounds": (0.4, 3.0)},
        "trimmed": {"trim": 3.0},
    }.get(kind, {})
    coded = code(frame, Design("w", "stratum", "psu", id="id"), domain="unit")
    c = calibrate(coded, read_cells(frame, Margins("kunjungan", totals)), **options)
    y = rng.normal(50, 10, n) + 5 * (frame["jk"] == "L").to_numpy()
    y[rng.random(n) < 0.1] = np.nan
    found = calibrated_means(coded, c, [Measure("r", "y", "", "mean", y, 0, 100)])
    table = calibrated.variances(found)
    sorted_y = y[coded.order]
    for d in range(2):
        inside = (coded.domain == d) & ~np.isnan(sorted_y)
        direct = residual_variance(frame, coded, c, np.nan_to_num(sorted_y), inside)
        assert table[d, 0] == pytest.approx(direct, rel=1e-9)


def test_neither_the_order_of_the_file_nor_other_measures_change_a_bit():
    frame = interviews()
    shuffled = frame.sample(frac=1, random_state=5).reset_index(drop=True)
    bits = []
    for data, chosen in ((frame, slice(None)), (shuffled, slice(None)), (frame, slice(1, 2))):
        coded = code(data, DESIGNS["plain"], domain="unit_label")
        c = calibrate(coded, read_cells(data, margins("sex", "age")))
        found = calibrated_means(coded, c, measures_of(data)[chosen])
        v = calibrated.variances(found)
        bits.append((v[:, 1] if v.shape[1] == 3 else v[:, 0]).tobytes())
    assert bits[0] == bits[1] == bits[2]


def test_scaling_all_base_weights_changes_nothing():
    frame = interviews()
    cells = read_cells(frame, margins("sex", "age"))
    found = []
    for factor in (1.0, 7.0):
        coded = code(frame, DESIGNS["plain"], domain="sex")
        coded = replace(coded, weight=coded.weight * factor)
        found.append(calibrated_means(coded, calibrate(coded, cells), measures_of(frame)))
    one, other = found
    assert other.means.value == pytest.approx(one.means.value, rel=1e-12)
    assert calibrated.variances(other) == pytest.approx(calibrated.variances(one), rel=1e-10)


@pytest.mark.r
@pytest.mark.slow
def test_r_still_says_the_same(tmp_path):
    for name in ("calibration.R", "calibration_interviews.csv", "calibration_margins.csv"):
        shutil.copy(R / name, tmp_path)
    out = tmp_path / "out"
    out.mkdir()
    subprocess.run(
        ["Rscript", str(tmp_path / "calibration.R"), str(out)],
        check=True, capture_output=True, timeout=240,
    )  # fmt: skip
    with (out / "calibration_expected.csv").open(newline="", encoding="utf-8") as file:
        again = list(csv.DictReader(file))
    keys = ("case", "design", "domain", "measure", "statistic")
    assert [[r[k] for k in keys] for r in again] == [[r[k] for k in keys] for r in EXPECTED]
    assert [float(r["value"]) for r in again] == pytest.approx(
        [float(r["value"]) for r in EXPECTED], rel=1e-11, abs=1e-13
    )
