"""Replicate variances against those of R's package survey, on the simulated files of golden/r.

replicates_expected.csv is R's word, committed; the last test checks that R still says the same.
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

from analysis import bootstrap, raked_jackknife, replicates
from analysis.cell_moments import cell_moments
from analysis.design import Coded, Codes, Design, Floats, code
from analysis.given_replicates import GivenReplicates, given_replicates
from analysis.jackknife import jackknife
from analysis.measures import Measure
from analysis.moments import psu_moments
from analysis.replicates import Replicated
from analysis.reraking import Raking
from analysis.variance import domain_means

R = Path(__file__).parents[1] / "golden" / "r"
DESIGNS = {
    "plain": Design("weight", "stratum", "psu", id="id"),
    "fpc": Design("weight", "stratum", "psu", fpc="blocks", id="id"),
    "unstratified": Design("weight", "", "psu", id="id"),
}
NAMES = ("any", "score", "minutes/visits")

with (R / "replicates_expected.csv").open(newline="", encoding="utf-8") as file:
    EXPECTED = list(csv.DictReader(file.read().splitlines()))


@cache
def interviews(name: str) -> pd.DataFrame:
    text = dict.fromkeys(("id", "region", "unit", "stratum", "psu", "sex", "age"), str)
    frame = pd.read_csv(R / name, dtype=text)
    frame["all"] = "all"
    for column in ("unit", "sex", "region"):
        if column in frame:
            frame[column + "_label"] = f"{column}=" + frame[column]
    frame["both"] = frame["unit_label"] + "&" + frame["sex_label"]
    return frame


def measures_of(frame: pd.DataFrame) -> list[Measure]:
    ends = {"any": 1.0, "score": 100.0, "minutes": 1e6, "visits": 100.0}
    return [
        Measure("r", name, "", "mean", frame[name].to_numpy(dtype=float), 0.0, high)
        for name, high in ends.items()
    ]


# Positions of numerator and denominator: a mean is a ratio to the weights.
RATIO = [(2, 3)]


def column_of(domain: str) -> str:
    if domain == "all":
        return "all"
    return "both" if "&" in domain else domain.partition("=")[0] + "_label"


def coded_of(frame: pd.DataFrame, design: Design, domain: str) -> Coded:
    return code(frame, design, domain=column_of(domain))


def cells_of(frame: pd.DataFrame, *columns: str) -> tuple[Codes, Raking]:
    """Cells of two margins, with the totals that R raked to."""
    levels = [sorted(frame[c].unique()) for c in columns]
    first, second = (
        frame[c].map({x: i for i, x in enumerate(own)}).to_numpy(dtype=np.intp)
        for c, own in zip(columns, levels, strict=True)
    )
    size = len(levels[1])
    every = np.arange(len(levels[0]) * size)
    totals = {(r["design"], r["domain"]): float(r["value"]) for r in EXPECTED}
    targets = tuple(
        np.array([totals[c, x] for x in own]) for c, own in zip(columns, levels, strict=True)
    )
    return first * size + second, Raking((every // size, every % size), targets)


@cache
def drawn() -> Floats:
    """(B, G) multipliers in the order of the PSUs' names."""
    table = pd.read_csv(R / "replicates_drawn.csv", dtype={"psu": str}).sort_values("psu")
    return table.drop(columns="psu").to_numpy(dtype=np.float64).T.copy()


def raking_frame() -> pd.DataFrame:
    frame = interviews("replicates_interviews.csv").copy()
    frame["regionsex"], frame["regionage"] = (frame["region"] + frame[c] for c in ("sex", "age"))
    return frame


def replicated(case: str, name: str, column: str, *, ratio: bool) -> Replicated:
    """What R was asked, by our own functions; with `ratio` that of minutes to visits."""
    if case == "given":
        return given(name, column, ratio=ratio)
    frame = raking_frame()
    design, _, margins = name.partition(" ")
    coded = coded_of(frame, DESIGNS.get(design, DESIGNS["plain"]), column)
    made = measures_of(frame)
    if case in ("jkn", "rao_wu"):
        moments = psu_moments(coded, made)
        means = domain_means(replicates.ratios(moments, RATIO) if ratio else moments)
        if case == "jkn":
            return jackknife(means)
        return bootstrap.bootstrap(means, drawn(), mse=name == "mse")
    columns = ("regionsex", "regionage") if margins == "region" else ("sex", "age")
    cell, raking = cells_of(frame, *columns)
    cells = cell_moments(coded, made, cell, raking.levels[0].size)
    cells = replicates.ratios(cells, RATIO) if ratio else cells
    if case == "jkn_raked":
        return raked_jackknife.reraked(cells, raking)
    return bootstrap.reraked(cells, raking, drawn(), mse=name == "mse")


def given(name: str, domain: str, *, ratio: bool) -> Replicated:
    frame = interviews("replicates_given.csv")
    kind, _, centre = name.partition(" ")
    prefix = {"BRR": "brr", "Fay": "fay", "JKn": "jkn", "JK1": "jk1_", "bootstrap": "boot"}[kind]
    size = 20 if kind == "bootstrap" else 16
    spec = GivenReplicates(
        tuple(f"{prefix}{r + 1}" for r in range(size)), kind, mse=centre == "mse",
        rscales=(0.5,) * 16 if kind == "JKn" else (), rho=0.3 if kind == "Fay" else None,
        combined=kind in ("BRR", "Fay"),
    )  # fmt: skip
    coded = coded_of(frame, Design("weight", id="id"), domain)
    made = measures_of(frame)
    if ratio:
        return given_replicates(frame, coded, made[2:3], spec, per=made[3:4])
    return given_replicates(frame, coded, made[:2], spec)


@cache
def answer(case: str, name: str, column: str, ratio: bool) -> tuple[Replicated, tuple[str, ...]]:
    found = replicated(case, name, column, ratio=ratio)
    return found, found.means.moments.domains


def ours(row: dict[str, str]) -> tuple[float, bool]:
    """Our number, and whether a replicate held nobody of the domain."""
    ratio = row["measure"] == "minutes/visits"
    representative = {"all": "all", "both": "unit=1&sex=1"}.get(column_of(row["domain"]))
    column = representative or row["domain"].partition("=")[0] + "="
    found, domains = answer(row["case"], row["design"], column, ratio)
    d, k = domains.index(row["domain"]), 0 if ratio else NAMES.index(row["measure"])
    number = {
        "value": found.means.value[d, k],
        "se": math.sqrt(found.variance[d, k]),
        "df": found.df[d, k],
    }[row["statistic"]]
    return float(number), bool(found.lost[d, k] > 0)


def off(case: str, rel: float, *statistics: str) -> tuple[list[str], int]:
    """Rows that differ from R, and how many were compared; where R dropped replicates, none is."""
    wrong, compared = [], 0
    for row in (r for r in EXPECTED if r["case"] == case and r["statistic"] in statistics):
        number, lost = ours(row)
        if lost and row["statistic"] == "se":
            continue
        compared += 1
        if not math.isclose(number, float(row["value"]), rel_tol=rel):
            wrong.append(f"{row}: {number!r}")
    return wrong, compared


def test_the_jackknife_equals_r_in_every_domain_and_design():
    wrong, compared = off("jkn", 1e-9, "value", "se")
    assert compared == 306
    assert not wrong


def test_degrees_of_freedom_are_those_of_r_less_the_strata_where_a_psu_has_none_of_the_domain():
    # R counts the rank of the replicate weights. Leaving out a PSU without the domain raises all
    # weights of its stratum: one direction more, but for what moves the whole domain alike.
    frame = interviews("replicates_interviews.csv")
    more = 0
    for row in (r for r in EXPECTED if r["case"] == "jkn" and r["statistic"] == "df"):
        answered = frame[frame[column_of(row["domain"])] == row["domain"]]
        answered = answered[answered[row["measure"]].notna()]
        stratum = "all" if row["design"] == "unstratified" else "stratum"
        of_domain = answered.groupby(stratum)["psu"].nunique()
        drawn = frame.groupby(stratum)["psu"].nunique()[of_domain.index]
        short = int((of_domain < drawn).sum())
        short -= short == of_domain.size
        assert ours(row)[0] == float(row["value"]) - short, row
        more += short
    assert more > 0


def test_the_jackknife_with_raking_redone_equals_r_with_city_and_regional_margins():
    wrong, compared = off("jkn_raked", 1e-9, "value", "se")
    assert compared == 408
    assert not wrong


@pytest.mark.parametrize("case", ["rao_wu", "rao_wu_raked"])
def test_the_bootstrap_equals_r_with_the_same_draws(case):
    wrong, compared = off(case, 1e-9, "value", "se")
    assert compared > 150
    assert not wrong


def test_given_replicate_weights_of_every_kind_equal_r():
    wrong, compared = off("given", 1e-9, "value", "se", "df")
    assert compared > 600
    assert not wrong


def test_a_lonely_stratum_that_is_never_left_out_equals_r():
    frame = interviews("replicates_interviews.csv")
    kept = frame[(frame["stratum"] != "3") | (frame["psu"] == "30")].reset_index(drop=True)
    for row in (r for r in EXPECTED if r["case"] == "lonely"):
        coded = code(kept, DESIGNS["plain"], domain=column_of(row["domain"]))
        found = jackknife(domain_means(psu_moments(coded, measures_of(kept))), "certainty")
        cell = coded.domains.index(row["domain"]), NAMES.index(row["measure"])
        number = {"value": found.means.value[cell], "se": math.sqrt(found.variance[cell])}
        assert number[row["statistic"]] == pytest.approx(float(row["value"]), rel=1e-9), row
        assert found.lonely[cell]


@pytest.mark.r
def test_r_still_says_the_same_of_replicates(tmp_path):
    for name in (
        "replicates.R",
        *(f"replicates_{n}.csv" for n in ("interviews", "drawn", "given")),
    ):
        shutil.copy(R / name, tmp_path)
    out = tmp_path / "out"
    out.mkdir()
    subprocess.run(
        ["Rscript", str(tmp_path / "replicates.R"), str(out)],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    with (out / "replicates_expected.csv").open(newline="", encoding="utf-8") as file:
        again = list(csv.DictReader(file))
    keys = ("case", "design", "domain", "measure", "statistic")
    assert [[r[k] for k in keys] for r in again] == [[r[k] for k in keys] for r in EXPECTED]
    for new, old in zip(again, EXPECTED, strict=True):
        assert math.isclose(float(new["value"]), float(old["value"]), rel_tol=1e-11), old
