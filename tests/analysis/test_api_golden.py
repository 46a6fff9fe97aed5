"""The public API against R's survey: calibration, two stages, lonely PSUs, replicate weights.

golden/r/api.csv is R's word, committed; the last test checks that R still says the same.
"""

import subprocess
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis import Design, GivenReplicates, Mean, Ratio, Total, contrast, estimate

R = Path(__file__).parents[1] / "golden" / "r"
MARGINS = {"sex": {"L": 600, "P": 500}, "age": {"a": 400, "b": 400, "c": 300}}
ONE = Design("w", "stratum", "psu", id="id")
TWO = Design("w", "stratum", "psu", fpc="N1", fpc2="N2", id="id")
REPLICATES = tuple(f"r{i:02d}" for i in range(12))
SCORE, TOTAL, RATIO = Mean("score"), Total("score"), Ratio("score", "x")
DIFFERENCE = {"A - B": {("A", "score"): 1.0, ("B", "score"): -1.0}}
EXPECTED = {
    name: [float(v) for v in values]
    for name, *values in (
        line.split(",") for line in (R / "api.csv").read_text(encoding="utf-8").splitlines()
    )
}


@cache
def data():
    return pd.read_csv(R / "api_interviews.csv")


def with_lonely():
    return data().assign(stratum=lambda d: np.where(d["psu"] == 1, 99, d["stratum"]))


def counted():
    """The strata with all their PSUs drawn (`all`), and one of them (`some`)."""
    known = data()
    drawn = known.groupby("stratum")["psu"].transform("nunique")
    first = known["stratum"] == known["stratum"].min()
    return known.assign(all=drawn, some=np.where(first, drawn, known["N1"]))


def far():
    return data().assign(score=lambda d: d["score"] + 1e12)


FAR = Mean("score")
ROUNDED = {"far_mean": 1e-5, "far_jkn_mean": 2e-4}
"""Sixteen digits hold 10^12 and four decimals: what is left of the spread in R."""
CENSUS = Design("w", "stratum", "psu", fpc="all", id="id")
CENSUS_TWO = Design("w", "stratum", "psu", fpc="all", fpc2="N2", id="id")


def found(design, spec, unit="", frame=None, **more):
    frame = data() if frame is None else frame
    table = estimate(frame, design, spec, by="unit" if unit else (), raw=True, **more)
    return table[table["domain"] == unit].iloc[0] if unit else table.iloc[0]


@cache
def raked():
    return ONE.rake(data(), MARGINS)


def replicated(kind, **more):
    return Design("w", id="id", replicates=GivenReplicates(REPLICATES, kind, **more))


def certain():
    """Certain PSUs have visitors; elsewhere only the first stage counts, as R is told."""
    known = data()
    size = known.groupby("psu")["id"].transform("size")
    frame = known.assign(N2=np.where(known["cert"] == 1, known["N2"], size))
    design = Design("w", "stratum", "psu", fpc="N1", fpc2="N2", certainty="cert", id="id")
    return found(design, SCORE, frame=frame)


CASES = {
    "rk_mean": lambda: found(raked(), SCORE),
    "rk_total": lambda: found(raked(), TOTAL),
    "rk_ratio": lambda: found(raked(), RATIO),
    "rk_total_A": lambda: found(raked(), TOTAL, "A"),
    "rk_ratio_A": lambda: found(raked(), RATIO, "A"),
    "rk_total_B": lambda: found(raked(), TOTAL, "B"),
    "rk_ratio_B": lambda: found(raked(), RATIO, "B"),
    "ps_total_A": lambda: found(
        ONE.poststratify(data(), {"sex": MARGINS["sex"]}), TOTAL, "A"
    ),
    "cal_mean": lambda: found(ONE.calibrate(data(), MARGINS), SCORE, variance="taylor"),
    "cal_total_A": lambda: found(ONE.calibrate(data(), MARGINS), TOTAL, "A", variance="taylor"),
    "cal_ratio_A": lambda: found(ONE.calibrate(data(), MARGINS), RATIO, "A", variance="taylor"),
    "two_mean": lambda: found(TWO, SCORE),
    "two_total": lambda: found(TWO, TOTAL),
    "two_ratio_A": lambda: found(TWO, RATIO, "A"),
    "two_contrast": lambda: contrast(data(), TWO, SCORE, DIFFERENCE, "unit").iloc[0],
    "contrast": lambda: contrast(data(), ONE, SCORE, DIFFERENCE, "unit").iloc[0],
    "jk_contrast": lambda: contrast(
        data(), ONE, SCORE, DIFFERENCE, "unit", variance="jkn"
    ).iloc[0],
    "rk_contrast": lambda: contrast(data(), raked(), SCORE, DIFFERENCE, "unit").iloc[0],
    "jk_total": lambda: found(ONE, TOTAL, variance="jkn"),
    "deff_total": lambda: found(ONE, TOTAL, "A"),
    "deff_ratio": lambda: found(ONE, RATIO, "A"),
    "cert_mean": certain,
    "census_mean": lambda: found(CENSUS, SCORE, frame=counted()),
    "census_total_A": lambda: found(CENSUS, TOTAL, "A", frame=counted()),
    "census_of_some_mean": lambda: found(
        Design("w", "stratum", "psu", fpc="some", id="id"), SCORE, frame=counted()
    ),
    "census_two_mean": lambda: found(CENSUS_TWO, SCORE, frame=counted()),
    "census_two_ratio_A": lambda: found(CENSUS_TWO, RATIO, "A", frame=counted()),
    "far_mean": lambda: found(ONE, FAR, frame=far()),
    "far_jkn_mean": lambda: found(ONE, FAR, frame=far(), variance="jkn"),
    "lonely_adjust": lambda: found(ONE, SCORE, frame=with_lonely(), lonely="adjust"),
    "lonely_total_adjust": lambda: found(ONE, TOTAL, frame=with_lonely(), lonely="adjust"),
    "lonely_average": lambda: found(ONE, SCORE, frame=with_lonely(), lonely="average"),
    "lonely_total_average": lambda: found(ONE, TOTAL, frame=with_lonely(), lonely="average"),
    "lonely_certainty": lambda: found(ONE, SCORE, frame=with_lonely(), lonely="certainty"),
    "lonely_total_certainty": lambda: found(
        ONE, TOTAL, frame=with_lonely(), lonely="certainty"
    ),
    "rep_total_A": lambda: found(replicated("bootstrap"), TOTAL, "A"),
    "rep_ratio_A": lambda: found(replicated("bootstrap"), RATIO, "A"),
    "rep_mean_A_JK1": lambda: found(replicated("JK1"), SCORE, "A"),
    "rep_ratio_JK1": lambda: found(replicated("JK1"), RATIO),
    "rep_mean_A_BRR": lambda: found(replicated("BRR", mse=False), SCORE, "A"),
    "rep_ratio_BRR": lambda: found(replicated("BRR", mse=False), RATIO),
    "rep_mean_A_Fay": lambda: found(replicated("Fay", rho=0.3), SCORE, "A"),
    "rep_ratio_Fay": lambda: found(replicated("Fay", rho=0.3), RATIO),
    "rep_mean_A_other": lambda: found(
        replicated("other", scale=0.1, rscales=tuple(0.5 + 0.1 * i for i in range(12))), SCORE, "A"
    ),
    "rep_ratio_other": lambda: found(
        replicated("other", scale=0.1, rscales=tuple(0.5 + 0.1 * i for i in range(12))), RATIO
    ),
    "logit_ratio_A": lambda: found(
        ONE.calibrate(data(), MARGINS, method="logit", bounds=(0.3, 3)), RATIO, "A",
        variance="taylor",
    ),
}  # fmt: skip
COLUMNS = {"deff_total": ["deff"], "deff_ratio": ["deff"], "cert_mean": ["value", "se", "df"]}


def test_every_number_of_r_has_its_case():
    assert sorted(CASES) == sorted(EXPECTED)


@pytest.mark.parametrize("case", CASES)
def test_an_estimate_is_that_of_r(case):
    ours = CASES[case]()
    numbers = [float(ours[name]) for name in COLUMNS.get(case, ["value", "se"])]
    if case in ROUNDED:
        numbers[0] -= 1e12
    assert numbers == pytest.approx(EXPECTED[case], rel=ROUNDED.get(case, 1e-9))


def test_the_jackknife_after_calibration_is_the_default_and_taylor_on_request():
    assert found(raked(), TOTAL)["variance_method"] == "jkn_raked"
    assert found(ONE.calibrate(data(), MARGINS), TOTAL)["variance_method"] == "jkn_calibrated"
    assert found(raked(), TOTAL, variance="taylor")["variance_method"] == "taylor"
    trimmed = ONE.rake(data(), MARGINS, trim=2.5)
    assert found(trimmed, TOTAL)["variance_method"] == "taylor"


@pytest.mark.parametrize("design", ["base", "raked"])
def test_the_bootstrap_is_near_taylor_for_every_estimator(design):
    which = ONE if design == "base" else raked()
    for spec in (SCORE, TOTAL, RATIO):
        one = found(which, spec, "A", variance="taylor")["se"]
        other = found(which, spec, "A", variance="bootstrap", seed=3, replicates=2000)["se"]
        assert other == pytest.approx(one, rel=0.12)


def test_two_standard_errors_far_apart_are_flagged():
    rare = data().assign(age=lambda d: np.where(d["psu"] % 11 == 3, d["age"], "a"))
    design = ONE.rake(rare, {"age": {"a": 300, "b": 400, "c": 400}})
    table = estimate(rare, design, [TOTAL, RATIO, SCORE], by="unit", raw=True)
    taylor = estimate(rare, design, [TOTAL, RATIO, SCORE], by="unit", raw=True, variance="taylor")
    apart = (table["se"] / taylor["se"] - 1).abs() > 0.10
    assert apart.any()
    assert table["reason"].str.contains("se_differs").tolist() == apart.tolist()


@pytest.mark.r
def test_r_still_says_the_same():
    run = subprocess.run(
        ["Rscript", str(R / "api.R")], capture_output=True, text=True, check=True, timeout=120
    )
    again = {
        name: [float(v) for v in values]
        for name, *values in (line.split(",") for line in run.stdout.splitlines())
    }
    assert sorted(again) == sorted(EXPECTED)
    for name, values in again.items():
        assert values == pytest.approx(EXPECTED[name], rel=1e-12)


def test_the_page_of_differences_has_both_errors_of_far_answers():
    page = (R.parents[2] / "docs" / "differences_from_r.md").read_text(encoding="utf-8")
    ours = found(ONE, FAR, frame=far(), variance="jkn")["se"]
    for number in (EXPECTED["far_jkn_mean"][1], ours):
        assert f"{number:.7g}" in page
    near = found(ONE, Mean("score"), variance="jkn")["se"]
    assert abs(ours / near - 1) < abs(EXPECTED["far_jkn_mean"][1] / near - 1) / 50
