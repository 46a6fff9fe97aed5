"""Golden matrix: estimator x design x calibration x variance x interval, each cell once or more.

`python -m tests.golden.matrix.cells` writes cases.csv (what R and our library are both asked) and
margins.csv (what weights are brought to). matrix.R answers the one, `answers.py` the other. A cell
that has no case has a reason, and a test holds that there is no third kind.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.design import Design

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Estimator:
    """Its intervals, and the domains in which it is asked for."""

    intervals: tuple[str, ...]
    domains: tuple[str, ...] = ("all", "unit=1", "sex=P", "unit=3&sex=L")


@dataclass(frozen=True)
class Drawn:
    """A design: the shape of its data, the columns, and what is done with a lonely PSU."""

    data: str
    columns: Design
    lonely: str = "fail"
    given: str = ""


ESTIMATORS = {
    "mean": Estimator(("t", "t_logit")),
    "proportion": Estimator(("t", "t_logit", "wilson", "korn_graubard")),
    "share": Estimator(("t", "t_logit", "wilson", "korn_graubard")),
    "zero": Estimator(("wilson", "exact")),
    "total": Estimator(("t",)),
    "ratio": Estimator(("t",)),
    "index": Estimator(("t", "t_logit")),
    "quantile": Estimator(("woodruff_t", "woodruff_logit", "woodruff_wilson")),
    "between_domains": Estimator(("t",), ("all", "unit=1", "unit=3")),
    "between_measures": Estimator(("t",)),
    "between_units": Estimator(("t",), ("all", "sex=P")),
    "between_waves": Estimator(("t",), ("all", "unit=1", "sex=P")),
    "association": Estimator(("test",), ("all", "unit=1", "sex=P")),
    "linear": Estimator(("t",), ("all", "unit=1", "sex=P")),
    "logistic": Estimator(("t",), ("all", "unit=1", "sex=P")),
}
CLUSTERED = Design("weight", "stratum", "psu", id="id")
TWO_STAGES = Design("weight", "stratum", "psu", fpc="blocks", fpc2="visitors", id="id")
DESIGNS = {
    "srs": Drawn("plain", Design(id="id")),
    "srs_fpc": Drawn("plain", Design(fpc="people", id="id")),
    "weighted": Drawn("plain", Design("weight", id="id")),
    "stratified": Drawn("plain", Design("weight", "unit", id="id")),
    "clustered": Drawn("plain", Design("weight", "", "psu", id="id")),
    "stratified_clustered": Drawn("plain", CLUSTERED),
    "one_stage_fpc": Drawn("plain", Design("weight", "stratum", "psu", fpc="blocks", id="id")),
    "certainty": Drawn("plain", Design("weight", "stratum", "psu", certainty="certain", id="id")),
    "two_stage_fpc": Drawn("plain", TWO_STAGES),
    "certainty_fpc": Drawn("plain", replace(TWO_STAGES, certainty="certain")),
    "missing": Drawn("missing", CLUSTERED),
    "empty": Drawn("empty", CLUSTERED),
    "extreme": Drawn("extreme", CLUSTERED),
    "lonely_fail": Drawn("lonely", CLUSTERED),
    "lonely_collapse": Drawn("lonely", CLUSTERED, "collapse"),
    "lonely_adjust": Drawn("lonely", CLUSTERED, "adjust"),
    "lonely_average": Drawn("lonely", CLUSTERED, "average"),
    "lonely_certainty": Drawn("lonely", CLUSTERED, "certainty"),
    "given_jk1": Drawn("twins", Design("weight", id="id"), given="jka"),
    "given_jkn": Drawn("twins", Design("weight", id="id"), given="jkn"),
    "given_brr": Drawn("twins", Design("weight", id="id"), given="brr"),
    "given_fay": Drawn("twins", Design("weight", id="id"), given="fay"),
    "given_bootstrap": Drawn("twins", Design("weight", id="id"), given="boot"),
}
TRIM = {"extreme": 20.0}
"""Multiple of the median weight at which weights are cut; 2 for other designs."""
CALIBRATIONS = (
    "none", "poststratify", "rake", "linear", "linear_bounded", "logit", "trimmed",
)  # fmt: skip
BOUNDS = {"linear_bounded": (0.85, 1.45), "logit": (0.6, 1.9)}
VARIANCES = ("taylor", "jkn", "replicates")
INTERVALS = tuple(dict.fromkeys(i for e in ESTIMATORS.values() for i in e.intervals))
EVERYWHERE = ("stratified_clustered", "given_jkn")
"""Designs whose cells are asked for in every domain of the estimator; elsewhere one of them."""

Cell = tuple[str, str, str, str, str]
Case = tuple[str, str, str, str, str, str]
"""Data, design, calibration, variance, domain, estimator."""

SHARES = ("proportion", "share", "zero")
SCALED = ("mean", "proportion", "share", "index")
MEANS = ("mean", "proportion", "share", "zero", "index")
REDONE = tuple(name for name in CALIBRATIONS if name != "trimmed")
CONTRASTS = ("between_domains", "between_measures", "between_units")


def reason(estimator: str, design: str, calibration: str, variance: str, interval: str) -> str:
    """Why a cell of the matrix has no case; empty where it must have one."""
    return (
        _of_interval(estimator, interval)
        or _of_variance(estimator, design, calibration, variance)
        or _of_calibration(estimator, design, calibration)
    )


def _of_interval(estimator: str, interval: str) -> str:
    if interval in ESTIMATORS[estimator].intervals:
        return ""
    if interval == "test":
        return "a hypothesis is tested of a table; other estimates have an interval"
    if estimator == "association":
        return "a table is tested, it has no interval"
    if interval.startswith("woodruff"):
        return "Woodruff's interval is one of quantiles"
    if estimator == "quantile":
        return "a quantile has an interval of its distribution (Woodruff), none of its own"
    if interval == "exact":
        return "the exact bound is for a share of which no event was seen"
    if estimator == "zero":
        return "without an event the linearised variance is 0, and with it these intervals"
    if interval in ("wilson", "korn_graubard"):
        return "an interval of a share"
    return "the estimate has no scale with two ends to take a logit on"


def _of_variance(estimator: str, design: str, calibration: str, variance: str) -> str:
    given = bool(DESIGNS[design].given)
    if given != (variance == "replicates"):
        return (
            "data with replicate weights name neither strata nor PSUs"
            if given
            else "no replicate weights are given"
        )
    if variance == "taylor":
        return ""
    if given and calibration != "none":
        return "replicate weights as given are final: the maker of the data has calibrated them"
    if estimator == "quantile":
        return "the jackknife is inconsistent for quantiles, which jump (Shao and Wu 1989)"
    if design in ("lonely_adjust", "lonely_average"):
        return "a lonely stratum among replicates differs on purpose: docs/differences_from_r.md"
    if variance == "jkn" and DESIGNS[design].columns.fpc2:
        return "leaving out PSUs says nothing of the draw within them; R drops the second stage"
    if variance == "jkn" and calibration not in REDONE:
        return "which weights are cut jumps from replicate to replicate; R has no such step"
    if estimator == "zero":
        return "without an event no replicate moves; the interval stands on Kish's n (taylor)"
    return NO_REPLICATES.get(estimator, "")


def _of_calibration(estimator: str, design: str, calibration: str) -> str:
    if estimator != "between_waves":
        return ""
    if DESIGNS[design].data != "plain":
        return "one shape of data has two waves"
    if DESIGNS[design].columns.fpc2:
        return "visitors of two waves are two populations; R's design of both would pool them"
    return "" if calibration == "none" else "waves have margins of their own; R calibrates one"


NO_REPLICATES = {
    "between_waves": "each wave has replicates of its own; R has none of both",
    "association": "a table is tested by the variance from scores (Rao and Scott 1984)",
    "linear": "a regression has the variance from scores (Binder 1983)",
    "logistic": "a regression has the variance from scores (Binder 1983)",
}


def pending(estimator: str, design: str, calibration: str, variance: str) -> str:
    """What R has answered and our library has not; empty where both have."""
    if estimator in ("association", "linear", "logistic"):
        return ""
    if design in ("two_stage_fpc", "certainty_fpc"):
        return "the variance of the second stage"
    if variance == "taylor":
        return NOT_CALIBRATED.get(estimator, "") if calibration != "none" else ""
    return "" if estimator in ("mean", "proportion", "share", "ratio") else "replicates of it"


NOT_CALIBRATED = dict.fromkeys(("total", "ratio", "quantile"), "calibrated weights")


def every_cell() -> Iterator[Cell]:
    """The whole product."""
    return product(ESTIMATORS, DESIGNS, CALIBRATIONS, VARIANCES, INTERVALS)


@cache
def cases() -> tuple[Case, ...]:
    """What R and our library are asked, for every cell without a reason."""
    out = []
    for turn, (design, calibration, variance) in enumerate(
        product(DESIGNS, CALIBRATIONS, VARIANCES)
    ):
        for place, (name, estimator) in enumerate(ESTIMATORS.items()):
            asked = [i for i in INTERVALS if not reason(name, design, calibration, variance, i)]
            if not asked:
                continue
            domains = estimator.domains
            if design not in EVERYWHERE:
                domains = (domains[(turn + place) % len(domains)],)
            if design == "lonely_fail":
                domains = tuple(d for d in ("all", "unit=1") if d in estimator.domains)
                domains = domains[: 1 if name == "quantile" else 2]  # asked of all at once
            data = DESIGNS[design].data
            out += [(data, design, calibration, variance, d, name) for d in domains]
    return tuple(out)


@cache
def frame(data: str, wave: str = "1") -> pd.DataFrame:
    """Interviews of one shape and wave, with a label for each kind of domain."""
    codes = ("id", "wave", "unit", "stratum", "psu", "sex", "age", "choice", "real")
    read = pd.read_csv(HERE / f"{data}.csv", dtype=dict.fromkeys(codes, str))
    kept = read["real"] == "1"
    if "wave" in read:
        kept &= read["wave"] == wave
    found = read[kept].reset_index(drop=True)
    for item in ("ease", "care"):
        found[f"{item}100"] = (found[item] - 1) / 3 * 100
    by_unit, by_sex = "unit=" + found["unit"], "sex=" + found["sex"]
    return found.assign(
        by_all="all", by_unit=by_unit, by_sex=by_sex, by_both=by_unit + "&" + by_sex
    )


def column_of(domain: str) -> str:
    """Column of `frame` in which the domain is a label."""
    if "&" in domain:
        return "by_both"
    return f"by_{domain.partition('=')[0]}"


def margins() -> list[dict[str, str]]:
    """Totals for every design: near the sample's own, up to a fifth away."""
    out = []
    for design, drawn in DESIGNS.items():
        if drawn.given:
            continue
        rows = frame(drawn.data)
        weight = rows[drawn.columns.weight] if drawn.columns.weight else rows["id"].map(lambda _: 1)
        for columns in (["sex"], ["age"], ["sex", "age"]):
            own = weight.groupby([rows[c] for c in columns]).sum()
            moved = own * (1 + 0.12 * np.cos(2.0 * np.arange(own.size) + len(columns)))
            moved = (moved * (1.04 * own.sum() / moved.sum())).round(3)
            moved.iloc[0] += round(1.04 * own.sum(), 3) - moved.sum()
            for level, total in moved.items():
                label = level if isinstance(level, str) else ":".join(level)
                out.append(
                    {
                        "design": design,
                        "margin": ":".join(columns),
                        "level": label,
                        "total": f"{total:.3f}",
                    }
                )
    return out


def written(header: tuple[str, ...], rows: "list[tuple[str, ...]]") -> str:
    """A CSV file."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


HEADER = ("data", "design", "calibration", "variance", "domain", "estimator")


def files() -> dict[str, str]:
    """What is committed beside this module, by name."""
    totals = margins()
    return {
        "cases.csv": written(HEADER, list(cases())),
        "margins.csv": written(tuple(totals[0]), [tuple(row.values()) for row in totals]),
    }


def main() -> None:
    for name, text in files().items():
        (HERE / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
