"""What the public API says to a case of the golden matrix, by the names that matrix.R uses."""

from dataclasses import fields, replace
from functools import cache
from typing import Any

import pandas as pd

import analysis as api
from analysis import intervals
from tests.golden.matrix import answers
from tests.golden.matrix.cells import BOUNDS, DESIGNS, TRIM, Case, column_of, frame

Numbers = dict[str, float]
LEVEL = 0.95
SPECS = {
    "mean": [api.Mean("score", 0, 100)],
    "proportion": [api.Proportion("any"), api.Proportion("known")],
    "share": [api.Proportion("choice", tuple("abcd"))],
    "zero": [api.Proportion("never")],
    "total": [api.Total("minutes"), api.Total("any")],
    "ratio": [api.Ratio("minutes", "visits")],
    "index": [api.Index("index", {"ease100": 0.5, "care100": 0.5})],
    "quantile": [api.Quantile("minutes", (0.25, 0.5, 0.75))],
}
INTERVALS = {
    "mean": ("t", "logit"), "index": ("t", "logit"), "total": ("t",), "ratio": ("t",),
    "proportion": ("t", "logit", "wilson", "beta"), "share": ("t", "logit", "wilson", "beta"),
    "zero": ("wilson",), "quantile": ("t", "logit", "wilson"),
}  # fmt: skip
READ = (
    "domain_type", "domain", "measure_type", "measure", "category", "value", "se", "low", "high",
    "df", "n_eff",    "variance_method",
)  # fmt: skip
NAMES = {"t": "t", "logit": "t_logit", "wilson": "wilson", "beta": "korn_graubard"}


def unasked(case: Case) -> str:
    """Why the API is not asked; empty where it is. `answers` has these, or `cells.pending`."""
    _, design, calibration, _, domain, estimator = case
    tested = estimator in ("association", "linear", "logistic")
    if design == "lonely_fail" and domain != "all" and calibration == "none" and not tested:
        return "`fail` speaks of the whole call, not of one domain of its table"
    return ""


@cache
def design_of(name: str) -> api.Design:
    drawn = DESIGNS[name]
    own = {f.name: getattr(drawn.columns, f.name) for f in fields(drawn.columns)}
    if drawn.given:
        own["replicates"] = answers.spec(drawn.given)
    return api.Design(**own)


@cache
def weighted(name: str, calibration: str) -> Any:
    """The design, calibrated where that is asked for."""
    design, rows = design_of(name), frame(DESIGNS[name].data)
    if calibration == "none":
        return design
    if calibration == "poststratify":
        return design.poststratify(rows, answers.margins_of(name, "sex:age").totals)
    totals = answers.margins_of(name, "sex", "age").totals
    if calibration == "rake":
        return design.rake(rows, totals)
    if calibration == "trimmed":
        return design.rake(rows, totals, trim=TRIM.get(name, 2.0))
    method = "logit" if calibration == "logit" else "linear"
    return design.calibrate(rows, totals, method=method, bounds=BOUNDS.get(calibration))


def keywords(case: Case) -> dict[str, Any]:
    kind = "auto" if case[3] == "replicates" else case[3]
    return {"variance": kind, **strata(case)}


def strata(case: Case) -> dict[str, Any]:
    """What is done with lonely strata, and PSUs without an interview."""
    drawn = DESIGNS[case[1]]
    unit = "unit" if drawn.lonely == "collapse" else ""
    return {"lonely": drawn.lonely, "unit": unit, "empty": answers.in_vain(drawn.data)}


@cache
def table(name: str, calibration: str, variance: str, interval: str) -> Any:
    """Rows of all estimators that have this interval, by domain and estimator: one call."""
    drawn = DESIGNS[name]
    by = [["by_all"], ["by_unit"], ["by_sex"], ["by_both"]]
    if drawn.lonely == "collapse":
        by.append(["unit"])
    chosen = [
        estimator
        for estimator, offered in INTERVALS.items()
        if interval in offered and (estimator != "quantile" or variance == "taylor")
    ]
    found = api.estimate(
        frame(drawn.data), weighted(name, calibration),
        [replace(spec, type=estimator) for estimator in chosen for spec in SPECS[estimator]],
        by=by, raw=True, interval=interval, lonely=drawn.lonely, variance=variance, level=LEVEL,
        unit="unit" if drawn.lonely == "collapse" else "", empty=answers.in_vain(drawn.data),
    )  # fmt: skip
    columns = {name: found[name].tolist() for name in READ}
    out: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for values in zip(*columns.values(), strict=True):
        row = dict(zip(columns, values, strict=True))
        out.setdefault((row["domain_type"], row["domain"], row["measure_type"]), []).append(row)
    return out


def answer(case: Case) -> dict[str, Numbers]:
    """Numbers of a case by measure, as `answers.answer`."""
    _, design, calibration, _, domain, estimator = case
    if estimator in SPECS:
        return of_table(case)
    rows = frame(DESIGNS[design].data)
    if estimator == "between_waves":
        return of_waves(case)
    if estimator.startswith("between"):
        return of_contrast(case)
    where = (rows[column_of(domain)] == domain).to_numpy()
    sample = weighted(design, calibration)
    if estimator == "association":
        coded = rows.assign(any=rows["any"].astype(str))
        found = api.association(coded, sample, "age", "any", where=where, **strata(case))
        return {"age:any": {
            "f": found.f, "d0": found.f_df[0], "p": found.f_p, "chisq_p": found.chisq_p,
        }}  # fmt: skip
    outcome = "score" if estimator == "linear" else "any"
    fit = api.regress(
        rows, sample, outcome, ["age", "visits"], family=estimator, where=where, **strata(case)
    )
    return {
        name: {
            "value": fit.value[i], "se": fit.se[i], "df": fit.df,
            "t_low": fit.low[i], "t_high": fit.high[i], "p": fit.p[i],
        }
        for i, name in enumerate(fit.names)
    }  # fmt: skip


def of_table(case: Case) -> dict[str, Numbers]:
    _, design, calibration, _, domain, estimator = case
    kind = keywords(case)["variance"]
    out: dict[str, Numbers] = {}
    for interval in INTERVALS[estimator]:
        found = table(design, calibration, kind, interval)
        for row in found[column_of(domain), domain, estimator]:
            own = out.setdefault(name_of(estimator, row), {"value": row["value"], "df": row["df"]})
            if estimator == "quantile":
                own[f"woodruff_{interval}_low"] = row["low"]
                own[f"woodruff_{interval}_high"] = row["high"]
                own[f"woodruff_{interval}_se"] = row["se"]
                continue
            own[f"{NAMES[interval]}_low"], own[f"{NAMES[interval]}_high"] = row["low"], row["high"]
            if estimator == "zero":
                own["exact_high"] = float(intervals.exact_upper(row["n_eff"], LEVEL))
            else:
                own["se"] = row["se"]
    return out


def name_of(estimator: str, row: dict[str, Any]) -> str:
    if estimator == "share":
        return f"choice={row['category']}"
    if estimator == "quantile":
        return f"minutes@{row['category']}"
    return str(row["measure"]).replace(" / ", "/")


def fell_back(case: Case) -> bool:
    """Whether the API took Taylor's variance where a replicate could not be calibrated."""
    _, design, calibration, variance, domain, estimator = case
    if estimator not in SPECS:
        return bool(contrasted(case)[1]["variance_method"] == "taylor")
    rows = [
        row
        for interval in INTERVALS[estimator]
        for row in table(design, calibration, variance, interval)[
            column_of(domain), domain, estimator
        ]
    ]
    return all(row["variance_method"] in ("taylor", "") for row in rows)


def of_contrast(case: Case) -> dict[str, Numbers]:
    name, row = contrasted(case)
    return {name: of_difference(row)}


def contrasted(case: Case) -> tuple[str, Any]:
    """Name and row of a contrast within one wave."""
    _, design, calibration, _, domain, estimator = case
    inside = "" if domain == "all" else domain

    def label(*parts: str) -> str:
        return "&".join(part for part in parts if part)

    if estimator == "between_measures":
        name, column = "any-known", column_of(domain)
        specs = SPECS["proportion"]
        wanted = {(domain, "any"): 1.0, (domain, "known"): -1.0}
    elif estimator == "between_domains":
        name, column, specs = "any", "by_both" if inside else "by_sex", [api.Proportion("any")]
        wanted = {(label(inside, "sex=P"), "any"): 1.0, (label(inside, "sex=L"), "any"): -1.0}
    else:
        name, column, specs = "score", "by_both" if inside else "by_unit", SPECS["mean"]
        wanted = {
            (label(f"unit={u}", inside), "score"): f for u, f in ((1, 1.0), (2, -0.5), (3, -0.5))
        }
    found = api.contrast(
        frame(DESIGNS[design].data), weighted(design, calibration), specs, {"it": wanted},
        by=column, level=LEVEL, raw=True, **keywords(case),
    ).iloc[0]  # fmt: skip
    return name, found


def of_waves(case: Case) -> dict[str, Numbers]:
    _, design, _, _, domain, _ = case
    found = api.change(
        frame("plain"), frame("plain", "2"), design_of(design), api.Proportion("any"),
        by=column_of(domain), level=LEVEL, raw=True, **strata(case),
    )  # fmt: skip
    return {"any": of_difference(found[found["domain"] == domain].iloc[0])}


def of_difference(row: "pd.Series[Any]") -> Numbers:
    return {
        "value": row["value"], "se": row["se"], "df": row["df"],
        "t_low": row["low"], "t_high": row["high"],
    }  # fmt: skip
