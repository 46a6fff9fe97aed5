"""Editions of the results: what may be handed on, and what stays in the office.

`public` hides every count of one to four people, in all tables and on all pages alike; `internal`
holds everything that the rules of publication let through, is marked so on each page, and is
written to a folder of its own so that the two cannot be mistaken for each other.
"""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.changes import restated
from analysis.concealing import KEY, LIMITS, conceal, unsaid
from analysis.publication import COARSE
from analysis.ranks import rank_sets
from pipeline.as_printed import (
    CHANCE,
    as_printed,
    judged_as_printed,
    scattered,
    sensible,
    weight_digits,
)
from pipeline.errors import StudyError
from pipeline.findings import safe_contrasts
from pipeline.results import CalibrationReport, Results, Trend

Claims = NDArray[np.bool_]

PUBLIC, INTERNAL = "public", "internal"
EDITIONS = (PUBLIC, INTERNAL)
HIDDEN = ("withheld", "not_estimable")
_LEVEL_COUNT = re.compile(r" \((?:at most )?\d+ interviews?\)")
"""How many interviews a level of a margin has, as notes of the calibration tell it."""


def checked(edition: str) -> str:
    """The edition, where there is one of that name.

    Raises
    ------
    StudyError
        Otherwise, naming those there are.
    """
    if edition not in EDITIONS:
        raise StudyError(
            f"There is no edition {edition!r}. Choose public (no count of one to four people can "
            "be read or worked out) or internal (stays in the office)."
        )
    return edition


def folder_of(study: str, edition: str) -> str:
    """Name of the folder in build/: the internal edition never lies beside the public one."""
    return study if edition == PUBLIC else f"{study}-{INTERNAL}"


def released(results: Results, edition: str) -> Results:
    """The results as that edition may show them; nothing is changed in the internal one.

    Notes of the field and the counts of contacts are no answers and stay. Degrees of freedom and
    numbers of sessions stay too: they are those of the plan. Ranks are those of the edition's own
    tables.
    """
    trend = results.trend
    if edition == INTERNAL:
        if trend is not None:
            trend = replace(trend, earlier=tuple(_ranked(one) for one in trend.earlier))
        table = _unlimited(results.estimates)
        return _ranked(replace(results, edition=edition, estimates=table, trend=trend))
    shown = _ranked(_shown(results))
    if trend is not None:
        earlier = tuple(_ranked(_shown(one)) for one in trend.earlier)
        tables = [one.estimates for one in (*earlier, shown) if not one.estimates.empty]
        estimates = pd.concat(tables, ignore_index=True) if tables else trend.estimates
        changes = _changes(trend, estimates)
        shown = replace(
            shown, trend=replace(trend, estimates=estimates, changes=changes, earlier=earlier)
        )
    return shown


def _ranked(results: Results) -> Results:
    found = rank_sets(
        results.estimates, results.comparisons, level=results.study.level, ties=results.ties
    )
    return replace(results, ranks=found)


def _shown(results: Results) -> Results:
    edges = [t.value for t in results.study.thresholds]
    results = replace(
        results,
        edition=PUBLIC,
        proof=None,  # sums of few people
        notes=tuple(_LEVEL_COUNT.sub("", note) for note in results.notes),
        weight_history=weight_digits(results.weight_history),
        calibration=None if results.calibration is None else _uncounted(results.calibration),
    )
    if results.hidden.empty:
        table = as_printed(unsaid(_unlimited(results.estimates)), edges)
        none = results.estimates.iloc[:0]
        alike = _alike(results.case_mix, none, none)
        return replace(results, estimates=table, case_mix=alike, small=pd.DataFrame())
    before = results.estimates
    table = conceal(before, results.hidden)
    gone = before[table["flag"].isin(HIDDEN) & ~before["flag"].isin(HIDDEN)]
    coarse = table[table["reason"].str.contains(COARSE, regex=False)]
    either = pd.concat([gone, coarse])
    # Rows that were hidden before, too: whether nobody or a few were asked may be a hidden count.
    secret = pd.concat([table[table["flag"].isin(HIDDEN)], coarse])
    table = as_printed(table, edges)
    results = judged_as_printed(results, table)
    # Each of these is another way to a number that was hidden, or to the digits of a coarse one.
    return replace(
        results,
        estimates=table,
        comparisons=_compared(results.comparisons, either),
        case_mix=_alike(results.case_mix, gone, coarse),
        # What leans on all units tells of each of them.
        small=pd.DataFrame(),
        standings=_without(results.standings, gone, KEY),
        variances=_scattered(_without(results.variances, secret, KEY), results.hidden),
        sensitivity=sensible(_without(results.sensitivity, secret, KEY)),
        own_contrasts=safe_contrasts(results.own_contrasts, table),
    )


def _scattered(variances: pd.DataFrame, hidden: pd.DataFrame) -> pd.DataFrame:
    return scattered(variances, _among(variances, hidden[hidden["state"] == "spread"], KEY))


def _unlimited(estimates: pd.DataFrame) -> pd.DataFrame:
    """The table with the columns of limits, none of which is needed."""
    return estimates.assign(**dict.fromkeys(LIMITS, np.nan))


def _compared(comparisons: pd.DataFrame, either: pd.DataFrame) -> pd.DataFrame:
    """Differences from the others, which hold every unit: none of a share that is hidden somewhere.

    Those of a score that is coarse somewhere are whole points, without errors and probabilities.
    """
    share = either["estimator"] == "proportion"
    scores = either[~share & ~either["flag"].isin(HIDDEN)]
    kept = _without(comparisons, either[share], ["measure_type", "measure"])
    at = _among(kept, scores, ["measure_type", "measure"])
    if not at.any():
        return kept
    kept = kept.copy()
    for name in ("difference", "low", "high"):
        kept.loc[at, name] = np.floor(kept.loc[at, name].to_numpy(dtype=np.float64) + 0.5)
    kept.loc[at, ["se", "p", "p_adjusted"]] = np.nan
    return kept


def _alike(table: pd.DataFrame, gone: pd.DataFrame, coarse: pd.DataFrame) -> pd.DataFrame:
    """Comparisons with visitors made alike, with one digit behind the point.

    They are worked out from the answers of all units: none where a share is hidden somewhere, or a
    score in one of the units compared. Those of a score that is coarse somewhere are whole points.
    """
    if table.empty:
        return table
    either, names = pd.concat([gone, coarse]), ["measure_type", "measure"]
    kept = _without(table, either[either["estimator"] == "proportion"], names)
    compared = kept[kept["tier"] != ""]
    lost = compared[_among(compared, gone[gone["domain_type"] == "unit"], ["domain", *names])]
    kept = _without(kept, lost, names).copy()
    at = _among(kept, either[either["estimator"] != "proportion"], names)
    for name in ("difference", "low", "high", "unadjusted"):
        found = kept[name].to_numpy(dtype=np.float64)
        kept[name] = np.where(at, np.floor(found + 0.5), np.floor(10 * found + 0.5) / 10)
    kept["se"] = np.where(at, np.nan, kept["se"].round(1))
    for name in ("p", "p_adjusted"):
        kept[name] = np.where(at, np.nan, kept[name].round(CHANCE))
    return kept


def _uncounted(report: CalibrationReport) -> CalibrationReport:
    """The calibration without how many people of a unit were of each level."""
    levels = report.convergence.levels
    gone = [name for name in ("n", "before") if name in levels]
    convergence = replace(report.convergence, levels=levels.drop(columns=gone))
    return replace(report, convergence=convergence)


def _among(table: pd.DataFrame, rows: pd.DataFrame, key: list[str]) -> Claims:
    """Which rows of a table have the key of one of `rows`."""
    key = [name for name in key if name in table]
    if table.empty or rows.empty or not key:
        return np.zeros(len(table), dtype=np.bool_)
    keys = set(rows[key].itertuples(index=False, name=None))
    return np.array(
        [row in keys for row in table[key].itertuples(index=False, name=None)], dtype=np.bool_
    )


def _without(table: pd.DataFrame, rows: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    return table[~_among(table, rows, key)].reset_index(drop=True)


def _changes(trend: Trend, estimates: pd.DataFrame) -> pd.DataFrame:
    """Changes whose two ends are both printed as they are, worked out from what is printed."""
    if trend.changes.empty:
        return trend.changes
    secret = estimates[
        estimates["flag"].isin(HIDDEN) | estimates["reason"].str.contains(COARSE, regex=False)
    ]
    kept = trend.changes
    for end in ("wave_before", "wave"):
        ends = secret.rename(columns={"wave": end})
        kept = _without(kept, ends, [end, *KEY])
    return restated(kept, estimates)
