"""Our numbers against those of R's package survey, on the simulated interviews of golden/r.

expected.csv is R's word, committed; `make golden` writes it anew and the last test checks that R
still says the same.
"""

import csv
import math
import shutil
import subprocess
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis import intervals, variance
from analysis.design import Coded, Design, code, collapse, units_of_strata
from analysis.measures import Measure
from analysis.moments import psu_moments
from analysis.variance import Means

R = Path(__file__).parents[1] / "golden" / "r"
MEASURES = {
    "any": ("proportion", 0.0, 1.0),
    "rare": ("proportion", 0.0, 1.0),
    "score": ("mean", 0.0, 100.0),
    "skm": ("mean", 1.0, 4.0),
    "known": ("proportion", 0.0, 1.0),
}
DESIGNS = {
    "plain": Design("weight", "stratum", "psu", id="id"),
    "fpc": Design("weight", "stratum", "psu", fpc="blocks", id="id"),
    "unstratified": Design("weight", "", "psu", id="id"),
    "simple": Design(id="id"),
}

with (R / "expected.csv").open(newline="", encoding="utf-8") as file:
    EXPECTED = list(csv.DictReader(file.read().splitlines()))


@cache
def interviews() -> pd.DataFrame:
    text = dict.fromkeys(("id", "unit", "stratum", "psu", "sex"), str)
    frame = pd.read_csv(R / "interviews.csv", dtype=text)
    frame["all"] = "all"
    for label, columns in (("unit=", ["unit"]), ("sex=", ["sex"])):
        frame[columns[0] + "_label"] = label + frame[columns[0]]
    frame["both"] = frame["unit_label"] + "&" + frame["sex_label"]
    return frame


def measures_of(frame: pd.DataFrame) -> list[Measure]:
    return [
        Measure("r", name, "", kind, frame[name].to_numpy(dtype=float), low, high)
        for name, (kind, low, high) in MEASURES.items()
    ]


@cache
def means_of(design: str, column: str) -> Means:
    frame = interviews()
    coded = code(frame, DESIGNS[design], domain=column)
    return variance.domain_means(psu_moments(coded, measures_of(frame)))


def column_of(domain: str) -> str:
    if domain == "all":
        return "all"
    if "&" in domain:
        return "both"
    return "unit_label" if domain.startswith("unit") else "sex_label"


def at(means: Means, domain: str, measure: str) -> tuple[int, int]:
    return means.moments.domains.index(domain), list(MEASURES).index(measure)


def estimated(row: dict[str, str]) -> float:
    means = means_of(row["design"], column_of(row["domain"]))
    cell = at(means, row["domain"], row["measure"])
    v = float(variance.variances(means, "adjust")[cell])
    value, n, df = (float(a[cell]) for a in (means.value, means.n, means.df))
    spread = float(means.spread[cell])
    match row["statistic"]:
        case "value":
            return value
        case "se":
            return math.sqrt(v)
        case "df":
            return df
        case "n":
            return n
        case "deff":
            return v * (n - 1) / spread
    name, _, end = row["statistic"].rpartition("_")
    n_eff = intervals.effective_n(value, math.sqrt(v), np.nan)
    if row["statistic"] == "exact_zero":
        return float(intervals.exact_upper(n_eff, 0.95))
    if row["statistic"] == "exact_zero_binom":
        return float(intervals.exact_upper(n, 0.95))
    se, level = math.sqrt(v), 0.95
    low, high = {
        "t": lambda: intervals.t(value, se, df, level),
        "t_logit": lambda: intervals.t_logit(value, se, df, level, 1.0, 4.0),
        "logit": lambda: intervals.t_logit(value, se, df, level),
        "xlogit": lambda: intervals.t_logit(value, se, df, level),
        "wilson": lambda: intervals.wilson(value, n_eff, df, level),
        "beta": lambda: intervals.korn_graubard(value, n_eff, n, df, level),
    }[name]()
    return float(low if end == "low" else high)


def rows(*cases: str) -> list[dict[str, str]]:
    return [row for row in EXPECTED if row["case"] in cases]


def differences(ours: list[float], theirs: list[dict[str, str]], rel: float) -> list[str]:
    """Rows that are off; R prints an SE of 1e-17 where it is 0, so there is an absolute limit."""
    return [
        f"{row}: {mine!r}"
        for mine, row in zip(ours, theirs, strict=True)
        if not math.isclose(mine, float(row["value"]), rel_tol=rel, abs_tol=1e-13)
    ]


def test_means_errors_and_degrees_of_freedom_equal_r_in_every_domain_and_design():
    chosen = [r for r in rows("mean", "svyby", "ratio") if r["value"] != "NaN"]
    assert len(chosen) > 1000
    assert not differences([estimated(r) for r in chosen], chosen, 1e-9)


def test_where_r_has_no_design_effect_nothing_varied():
    chosen = [r for r in rows("mean", "svyby") if r["value"] == "NaN"]
    assert all(r["statistic"] == "deff" for r in chosen)
    for row in chosen:
        means = means_of(row["design"], column_of(row["domain"]))
        assert means.spread[at(means, row["domain"], row["measure"])] == 0


def test_intervals_equal_r():
    chosen = [r for r in rows("interval") if not r["statistic"].startswith("logit")]
    assert len(chosen) > 150
    assert not differences([estimated(r) for r in chosen], chosen, 1e-9)


def test_logit_interval_is_that_of_svyciprop_up_to_the_last_step_of_its_iteration():
    chosen = [r for r in rows("interval") if r["statistic"].startswith("logit")]
    assert len(chosen) > 40
    assert not differences([estimated(r) for r in chosen], chosen, 1e-6)


def test_covariances_between_measures_and_between_domains_that_share_psus_equal_r():
    for row in rows("covariance"):
        one, other = row["measure"].split(":")
        a, _, b = row["domain"].partition(":")
        means = means_of(row["design"], column_of(a))
        found = variance.covariance(means, at(means, a, one), at(means, b or a, other))
        assert found == pytest.approx(float(row["value"]), rel=1e-9), row


def test_contrasts_equal_r():
    chosen = rows("contrast")
    assert len(chosen) == 20
    for row in chosen:
        column = "sex_label" if row["domain"] == "sex" else "unit_label"
        means = means_of(row["design"], column)
        k = list(MEASURES).index(row["measure"])
        factors = {"sex": [1, -1], "unit": [1, *[-1 / 3] * 3], "mean": [1 / 4] * 4}[row["domain"]]
        found = variance.contrast(means, {(d, k): c for d, c in enumerate(factors)})
        mine = found[0] if row["statistic"] == "value" else math.sqrt(found[1])
        assert mine == pytest.approx(float(row["value"]), rel=1e-9), row


def test_the_mean_of_units_is_the_contrast_with_equal_factors():
    for row in rows("contrast"):
        if row["domain"] != "mean":
            continue
        value, v = variance.mean_of_domains(means_of(row["design"], "unit_label"))
        k = list(MEASURES).index(row["measure"])
        mine = value[k] if row["statistic"] == "value" else math.sqrt(v[k])
        assert mine == pytest.approx(float(row["value"]), rel=1e-9)


def kept() -> pd.DataFrame:
    """Stratum 3 with its first PSU only, as in reference.R."""
    frame = interviews()
    return frame[(frame["stratum"] != "3") | (frame["psu"] == "30")].reset_index(drop=True)


def coded_of(frame: pd.DataFrame, column: str) -> Coded:
    return code(frame, DESIGNS["plain"], domain=column)


def test_a_lonely_stratum_as_certainty_or_centred_at_the_whole_equals_r():
    frame = kept()
    means = variance.domain_means(psu_moments(coded_of(frame, "all"), measures_of(frame)))
    for row in rows("lonely"):
        rule = "certainty" if row["design"] == "certainty" else "adjust"
        cell = at(means, "all", row["measure"])
        v = variance.variances(means, rule)[cell]
        mine = means.value[cell] if row["statistic"] == "value" else math.sqrt(v)
        assert mine == pytest.approx(float(row["value"]), rel=1e-9), row


def test_a_lonely_stratum_merged_within_its_unit_equals_r_with_the_strata_written_as_one():
    frame = kept()
    coded = coded_of(frame, "unit_label")
    psus, touched = collapse(coded.psus, units_of_strata(coded))
    assert touched == {"unit=2"}
    merged = Coded(coded.order, coded.weight, coded.psu, coded.domain, psus, coded.domains)
    means = variance.domain_means(psu_moments(merged, measures_of(frame)))
    v = variance.variances(means)
    for row in rows("collapsed"):
        cell = at(means, row["domain"], row["measure"])
        mine = {"value": means.value[cell], "se": math.sqrt(v[cell]), "df": means.df[cell]}
        assert mine[row["statistic"]] == pytest.approx(float(row["value"]), rel=1e-9), row


def test_the_data_are_awkward_enough():
    frame = interviews()
    psus_of_stratum = frame.groupby("stratum")["psu"].nunique()
    assert psus_of_stratum.min() == 2
    assert psus_of_stratum.max() == 6
    assert (frame.groupby("psu")["sex"].nunique() < 2).sum() > 3
    assert (frame.groupby("psu")["score"].count() == 0).sum() >= 1


@pytest.mark.r
def test_r_still_says_the_same(tmp_path):
    shutil.copy(R / "interviews.csv", tmp_path)
    shutil.copy(R / "reference.R", tmp_path)
    out = tmp_path / "out"
    out.mkdir()
    subprocess.run(
        ["Rscript", str(tmp_path / "reference.R"), str(out)],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    with (out / "expected.csv").open(newline="", encoding="utf-8") as file:
        again = list(csv.DictReader(file))
    keys = ("case", "design", "domain", "measure", "statistic")
    assert [[r[k] for k in keys] for r in again] == [[r[k] for k in keys] for r in EXPECTED]
    with_number = [(a, b) for a, b in zip(again, EXPECTED, strict=True) if b["value"] != "NaN"]
    assert not differences([float(a["value"]) for a, _ in with_number],
                           [b for _, b in with_number], 1e-12)  # fmt: skip
