"""Totals, ratios, quantiles, cubes, contrasts, tables and regressions against R's survey.

golden/r/estimators.csv is R's word, committed; the last test checks that R still says the same.
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

from analysis import contrasts, cubes, ratios, rollups, totals, variance, waves
from analysis.answers import one_per_choice
from analysis.design import Coded, Design, code
from analysis.measures import Measure
from analysis.moments import Moments, psu_moments
from analysis.predictors import predictors
from analysis.publication import Rules
from analysis.quantiles import Quantiles, domain_quantiles
from analysis.raoscott import Association, association
from analysis.ratios import in_common
from analysis.regression import Regression, regress
from analysis.twoway import TwoWay, two_way
from analysis.variance import Means

R = Path(__file__).parents[1] / "golden" / "r"
DESIGNS = {
    "plain": Design("weight", "stratum", "psu", id="id"),
    "fpc": Design("weight", "stratum", "psu", fpc="blocks", id="id"),
    "unstratified": Design("weight", "", "psu", id="id"),
}
OPEN = (-math.inf, math.inf)
PROBABILITIES = (0.1, 0.25, 0.5, 0.75, 0.9)
SEVERAL = ("minutes", "fee", "happy")

with (R / "estimators.csv").open(newline="", encoding="utf-8") as file:
    EXPECTED = list(csv.DictReader(file.read().splitlines()))


@cache
def wave(which: str) -> pd.DataFrame:
    text = dict.fromkeys(("id", "wave", "unit", "stratum", "psu"), str)
    frame = pd.read_csv(R / "estimators_interviews.csv", dtype=text)
    frame["all"] = "all"
    frame["by_unit"], frame["by_sex"] = "unit=" + frame["unit"], "sex=" + frame["sex"]
    return frame[frame["wave"] == which].reset_index(drop=True)


def column_of(domain: str) -> str:
    return "all" if domain == "all" else f"by_{domain.partition('=')[0]}"


def measure(name: str, which: str = "1") -> Measure:
    values = wave(which)[name].to_numpy(dtype=float)
    return Measure("r", name, "", "proportion" if name == "happy" else "mean", values, *OPEN)


@cache
def coded(design: str, column: str, which: str = "1") -> Coded:
    return code(wave(which), DESIGNS[design], domain=column)


@cache
def moments(design: str, column: str) -> Moments:
    return psu_moments(coded(design, column), [measure(name) for name in SEVERAL])


def rows(*cases: str) -> list[dict[str, str]]:
    return [row for row in EXPECTED if row["case"] in cases]


def assert_all_equal(
    ours: list[float], theirs: list[dict[str, str]], rel: float = 1e-9, least: int = 1
) -> None:
    assert len(theirs) >= least
    off = []
    for mine, row in zip(ours, theirs, strict=True):
        given = float(row["value"])
        same = math.isnan(mine) if math.isnan(given) else math.isclose(
            mine, given, rel_tol=rel, abs_tol=1e-13
        )  # fmt: skip
        if not same:
            off.append(f"{row}: {mine!r}")
    assert not off, "\n".join(off[:20])


def found(means: Means, cell: tuple[int, int], statistic: str) -> float:
    if statistic == "se":
        return math.sqrt(variance.variances(means)[cell])
    return float(getattr(means, statistic)[cell])


def test_totals_and_sizes_equal_svytotal_in_every_domain_and_design():
    ours, theirs = [], rows("total", "size")
    for row in theirs:
        estimator = totals.domain_totals if row["case"] == "total" else totals.domain_sizes
        means = estimator(moments(row["design"], column_of(row["domain"])))
        cell = (means.moments.domains.index(row["domain"]), SEVERAL.index(row["measure"]))
        ours.append(found(means, cell, row["statistic"]))
    assert_all_equal(ours, theirs, least=300)


def test_ratios_equal_svyratio_in_every_domain_and_design():
    ours, theirs = [], rows("ratio")
    for row in theirs:
        pair = in_common(*(measure(name) for name in row["measure"].split("/")))
        both = psu_moments(coded(row["design"], column_of(row["domain"])), pair)
        means = ratios.domain_ratios(both, [(0, 1)])
        cell = (means.moments.domains.index(row["domain"]), 0)
        ours.append(found(means, cell, row["statistic"]))
    assert_all_equal(ours, theirs, least=120)


def test_a_share_of_the_whole_and_a_multiple_of_another_equal_svyratio():
    ours, theirs = [], rows("quotient")
    for row in theirs:
        fee = measure("fee")
        if row["measure"] == "all":
            own = Measure("r", "of1", "", "mean", np.where(wave("1")["unit"] == "1", fee.values, 0),
                          *OPEN)  # fmt: skip
            means = totals.domain_totals(psu_moments(coded(row["design"], "all"), [own, fee]))
            one = ratios.quotient(means, (0, 0), (0, 1))
        else:
            means = totals.domain_totals(moments(row["design"], "by_unit"))
            one = ratios.quotient(means, (0, 1), (1, 1))
        ours.append(one.value if row["statistic"] == "value" else math.sqrt(one.variance))
    assert_all_equal(ours, theirs, least=12)


def test_all_choices_of_a_question_and_their_covariances_equal_svymean():
    ours, theirs = [], rows("choice")
    made = one_per_choice("r", "choice", wave("1")["choice"], list("abcde"))
    for row in theirs:
        means = variance.domain_means(
            psu_moments(coded(row["design"], column_of(row["domain"])), made)
        )
        d = means.moments.domains.index(row["domain"])
        at = ["abcde".index(choice) for choice in row["measure"].split(":")]
        if row["statistic"] == "covariance":
            ours.append(contrasts.covariances(means, [(d, k) for k in at])[0, 1])
        else:
            ours.append(found(means, (d, at[0]), row["statistic"]))
    assert_all_equal(ours, theirs, least=400)


@cache
def quantiles(design: str, column: str, method: str) -> Quantiles:
    given = [measure("minutes"), measure("fee")]
    return domain_quantiles(coded(design, column), given, PROBABILITIES, method=method)


def quantile_of(row: dict[str, str], method: str, statistic: str, p: str) -> float:
    q = quantiles(row["design"], column_of(row["domain"]), method)
    at = (
        q.domains.index(row["domain"]),
        ("minutes", "fee").index(row["measure"]),
        PROBABILITIES.index(float(p)),
    )
    return float(getattr(q, statistic)[at])


def test_quantiles_and_woodruff_intervals_equal_svyquantile():
    ours, theirs = [], []
    for row in rows("quantile"):
        label, _, p = row["statistic"].rpartition("_")
        method, _, statistic = label.rpartition("_")
        if method.startswith("math"):
            continue
        ours.append(quantile_of(row, method or "wilson", statistic, p))
        theirs.append(row)
    assert_all_equal(ours, theirs, least=1000)


def test_the_rule_is_rs_math_save_where_the_smallest_answer_alone_reaches_the_share():
    differing = []
    chosen = [r for r in rows("quantile") if r["statistic"].startswith("math_mean_")]
    for row in chosen:
        _, method, statistic, p = row["statistic"].split("_")
        mine, given = quantile_of(row, method, statistic, p), float(row["value"])
        same = math.isnan(mine) if math.isnan(given) else math.isclose(mine, given, rel_tol=1e-9)
        if not same:
            differing.append((row, mine, given))
    assert len(chosen) > 500
    assert len(differing) < 0.05 * len(chosen)
    for row, mine, given in differing:
        column = column_of(row["domain"])
        frame = wave("1")
        answers = frame.loc[frame[column] == row["domain"], row["measure"]].dropna()
        statistic = row["statistic"].split("_")[2]
        if statistic == "se":
            continue  # follows from an end that differs
        assert mine == answers.min(), row
        assert given == np.sort(answers)[1], row


GROUPS = [("unit", "sex"), ("unit", "age"), ("unit", "service"), ("sex", "age")]


def test_subgroups_equal_svymean_of_a_subset():
    given = [measure("fee"), measure("happy")]
    tables = {
        " & ".join(table.dimensions): variance.domain_means(table.moments)
        for table in rollups.roll_ups(wave("1"), coded("plain", "all"), given, GROUPS)
    }
    ours, theirs = [], rows("cube")
    for row in theirs:
        means = tables[row["design"]]
        cell = (means.moments.domains.index(row["domain"]), ("fee", "happy").index(row["measure"]))
        ours.append(found(means, cell, row["statistic"]))
    assert_all_equal(ours, theirs, least=300)


def test_the_table_of_subgroups_holds_the_same_and_says_where_an_error_was_raised():
    given = [
        replace(measure(name), low=0.0, high=high) for name, high in (("fee", 1e3), ("happy", 1))
    ]
    table = cubes.cube(wave("1"), DESIGNS["plain"], given, GROUPS, rules=Rules())
    table = table.set_index(["domain_type", "domain", "measure"]).sort_index()
    checked = 0
    for row in rows("cube"):
        cell = table.loc[(row["design"], row["domain"], row["measure"])]
        mine, theirs = float(cell[row["statistic"]]), float(row["value"])
        if row["statistic"] != "se":
            assert mine == pytest.approx(theirs, rel=1e-9), row
        elif math.isnan(mine):
            assert cell["flag"] == "not_estimable", row
        elif "se_floor" in cell["reason"]:
            assert mine > theirs, row
        else:
            assert mine == pytest.approx(theirs, rel=1e-9), row
            checked += 1
    assert checked > 30


def test_joint_tests_and_covariances_of_contrasts_equal_r():
    fee, happy = SEVERAL.index("fee"), SEVERAL.index("happy")
    units = variance.domain_means(moments("plain", "by_unit"))
    alike = contrasts.contrasts(units, [{(0, fee): 1, (d, fee): -1} for d in (1, 2, 3)])
    sexes = variance.domain_means(moments("plain", "by_sex"))
    apart = contrasts.contrasts(sexes, [{(0, k): 1, (1, k): -1} for k in (fee, happy)])
    mine = {
        ("unit", "fee", "f"): alike.statistic,
        ("unit", "fee", "p"): alike.p,
        ("sex", "fee", "value"): apart.value[0],
        ("sex", "happy", "value"): apart.value[1],
        ("sex", "fee:happy", "covariance"): apart.covariance[0, 1],
        ("sex", "fee:fee", "covariance"): apart.covariance[0, 0],
    }
    theirs = rows("joint")
    ours = [float(mine[r["domain"], r["measure"], r["statistic"]]) for r in theirs]
    assert_all_equal(ours, theirs, least=6)


def test_changes_between_waves_equal_r_where_psus_are_shared_and_where_not():
    ours, theirs = [], rows("wave")
    for row in theirs:
        one, other = (
            variance.domain_means(
                psu_moments(
                    coded(row["design"], "by_unit", which), [measure(row["measure"], which)]
                )
            )
            for which in ("1", "2")
        )
        moved = waves.change(one, other)
        at = (moved.domains.index(row["domain"]), 0)
        found = moved.variance if row["statistic"] == "se" else getattr(moved, row["statistic"])
        ours.append(math.sqrt(found[at]) if row["statistic"] == "se" else float(found[at]))
    assert_all_equal(ours, theirs, least=48)
    assert any(float(r["value"]) != 0 for r in theirs if r["statistic"] == "covariance")


@cache
def table_of(design: str, domain: str, label: str) -> Association:
    frame, (one, other) = wave("1"), label.split(":")
    # R reads the levels of a subset anew, as we do.
    answered = frame["choice"].notna()
    return association(
        coded(design, column_of(domain)), frame[one].where(answered), frame[other].where(answered),
        domain=domain,
    )  # fmt: skip


def test_rao_scott_tests_equal_svychisq():
    ours, theirs = [], rows("chisq")
    for row in theirs:
        a = table_of(row["design"], row["domain"], row["measure"])
        name = row["statistic"]
        ours.append(a.f_df[name == "ddf"] if name in ("ndf", "ddf") else float(getattr(a, name)))
    assert_all_equal(ours, theirs, least=200)


@cache
def model_of(family: str, design: str, domain: str) -> Regression:
    names = ["age", "minutes"] if domain == "sex=P" else ["sex", "age", "minutes"]
    return regress(
        coded(design, column_of(domain)),
        measure("fee" if family == "linear" else "happy"),
        predictors(wave("1")[names]),
        family=family,
        domain=domain,
    )


def test_regressions_and_their_wald_tests_equal_svyglm():
    ours, theirs = [], rows("linear", "logistic")
    for row in theirs:
        fit, name = model_of(row["case"], row["design"], row["domain"]), row["statistic"]
        if row["measure"] == "model":
            ours.append(fit.df if name == "df" else fit.covariance[0, 1])
        elif name in ("f", "f_p"):
            ours.append(fit.test(row["measure"])[name == "f_p"])
        else:
            ours.append(float(getattr(fit, name)[fit.names.index(row["measure"])]))
    assert_all_equal(ours, theirs, least=400)


@cache
def crossed(design: str, unit: str) -> TwoWay:
    frame = wave("1")
    frame = frame[frame["by_unit"] == unit].reset_index(drop=True)
    fee = Measure("r", "fee", "", "mean", frame["fee"].to_numpy(dtype=float), *OPEN)
    return two_way(code(frame, DESIGNS[design]), [fee], frame, "enumerator")


def test_the_parts_of_two_way_clustering_equal_r():
    theirs = rows("twoway")
    ours = [float(getattr(crossed(r["design"], r["domain"]), r["statistic"])[0, 0]) for r in theirs]
    assert_all_equal(ours, theirs, least=24)


@pytest.mark.r
@pytest.mark.slow
def test_r_still_says_the_same(tmp_path):
    for name in ("estimators_interviews.csv", "estimators.R"):
        shutil.copy(R / name, tmp_path)
    out = tmp_path / "out"
    out.mkdir()
    subprocess.run(
        ["Rscript", str(tmp_path / "estimators.R"), str(out)],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    with (out / "estimators.csv").open(newline="", encoding="utf-8") as file:
        again = list(csv.DictReader(file))
    keys = ("case", "design", "domain", "measure", "statistic")
    assert [[r[k] for k in keys] for r in again] == [[r[k] for k in keys] for r in EXPECTED]
    assert_all_equal([float(r["value"]) for r in again], EXPECTED, 1e-10)
