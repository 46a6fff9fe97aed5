"""What changed since an earlier wave, from the tables of estimates of both.

Waves are samples of their own: other sessions, and people who are not known from one wave to the
next. The variance of a difference is then the sum of the two. Where the same enumerators work in
both, or the same people are met again, the true variance is smaller, so that an interval is rather
too wide than too narrow; PSUs that were drawn once and asked twice have a correlation that can be
given (`waves.change` finds it).

Means are tested by Student's t with Satterthwaite's degrees of freedom. Proportions are tested on
the arcsine scale with the design effect pooled over the units, as in `comparison`, and their
interval is made of the intervals of both shares (Newcombe 1998, method 10; Zou and Donner 2008), so
that it fits what is printed of each and stays inside -1 to 1.

Many changes are looked at once. Benjamini and Hochberg's false discovery rate is held over all
units and measures of a type, for the change since the wave before and since the first one apart;
the city has a family of its own.

References
----------
Newcombe, R. G. (1998). Interval estimation for the difference between independent proportions:
comparison of eleven methods. Statistics in Medicine, 17, 873-890.
Zou, G. Y. and Donner, A. (2008). Construction of confidence limits about effect measures: a general
approach. Statistics in Medicine, 27, 1693-1702.
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit
from statsmodels.stats.multitest import multipletests

from analysis.publication import Rules, may_judge

Floats = NDArray[np.float64]
Name = tuple[str, str]
"""Type and name of a measure."""
Correlate = Callable[[str, str, str, Name], float]
"""Correlation of two waves' estimates by wave before, domain type, domain and measure."""

UP, SAME, DOWN = "naik jelas", "tidak dapat dibedakan", "turun jelas"
PREVIOUS, FIRST = "previous", "first"
BROKEN, NO_BEFORE, NO_AFTER, UNITS = "asked_otherwise", "no_before", "no_after", "units_differ"
"""Why a change is not told; codes of the column `reason`."""

KEYS = ["domain_type", "domain", "measure_type", "measure"]
COLUMNS = (
    "since", "wave_before", "wave", *KEYS, "before", "after", "difference", "se", "low", "high",
    "level", "df", "p", "p_adjusted", "tier", "reason",
)  # fmt: skip


def changes(
    estimates: pd.DataFrame,
    waves: Sequence[str],
    rules: Rules,
    *,
    broken: Mapping[str, Collection[Name]] | None = None,
    correlate: Correlate | None = None,
) -> pd.DataFrame:
    """The last wave's estimates less those of the wave before, and less those of the first.

    Both estimates must be of the kind that carries a verdict (`publication.may_judge`); of the city
    both waves must also hold the same units. Where that is not so, numbers are NaN, the tier is
    empty and `reason` says why.

    Parameters
    ----------
    estimates
        The tables of all waves, one below the other, as `publication.publish` leaves them;
        toplines (rows with a category) have no change.
    waves
        Their ids from first to last. With one wave there is no change.
    broken
        By wave, the measures that were asked otherwise than in the wave before. Nothing is
        compared across; the first wave is then the first one since the break.
    correlate
        The correlation of both estimates where PSUs were asked twice; without it waves are
        independent.

    Returns
    -------
    DataFrame
        COLUMNS, in the order of the last wave's table. `since` is `previous` or `first`; there is
        no row of `first` where that is the wave before. Proportions are 0-1, means in the unit of
        the measure; `p_adjusted` is judged at 1 minus the level of the estimates, and a change is
        clear only where its interval does not hold 0 either.
    """
    broken = broken or {}
    rows = estimates[estimates["category"] == ""]
    by_wave = {wave: rows[rows["wave"] == wave] for wave in waves}
    if len(waves) < 2 or by_wave[waves[-1]].empty:
        return pd.DataFrame(columns=list(COLUMNS))
    spread = {wave: _pooled(table) for wave, table in by_wave.items()}
    tables = {wave: _keyed(table) for wave, table in by_wave.items()}
    units = {wave: _units(table) for wave, table in by_wave.items()}
    found: list[dict[str, Any]] = []
    for key, after in tables[waves[-1]].items():
        name = key[2], key[3]
        start = _start(name, waves, broken)
        for since, wave in _earlier(waves, start):
            told: dict[str, Any] = {"since": since, "wave_before": wave, "wave": waves[-1]}
            told |= dict(zip(KEYS, key, strict=True)) | {"level": float(after["level"])}
            before = tables[wave].get(key)
            same = key[0] == "unit" or units[wave].get(name) == units[waves[-1]].get(name)
            why = _why_not(before, after, rules, start > waves.index(wave), same)
            if why or before is None:
                found.append({**told, "reason": why})
                continue
            rho = correlate(wave, key[0], key[1], name) if correlate else 0.0
            pooled = spread[wave].get((key[0], *name)), spread[waves[-1]].get((key[0], *name))
            found.append({**told, **_difference(before, after, rho, pooled), "reason": ""})
    return _judged(pd.DataFrame(found, columns=list(COLUMNS)))


def restated(changes: pd.DataFrame, estimates: pd.DataFrame) -> pd.DataFrame:
    """The changes worked out again from other values of the same estimates, as they are printed.

    Means take their values from `estimates` (rows of all waves, as in `changes`), keep standard
    error and degrees of freedom, and are tested again; shares stay as they are. Families of the
    false discovery rate hold the rows that are given, so that a row left out tells nothing.
    """
    rows = estimates[(estimates["category"] == "") & (estimates["estimator"] != "proportion")]
    printed = {
        (str(row["wave"]), *(str(row[key]) for key in KEYS)): float(row["value"])
        for row in rows.to_dict("records")
    }
    out = changes.copy()
    numbers = {name: out[name].to_numpy(np.float64).copy() for name in _RESTATED}
    for at, row in enumerate(out.to_dict("records")):
        key = tuple(str(row[name]) for name in KEYS)
        ends = [printed.get((str(row[wave]), *key)) for wave in ("wave_before", "wave")]
        if ends[0] is None or ends[1] is None or math.isnan(row["difference"]):
            continue
        difference = round(ends[1] - ends[0], 9)
        told = _by_t(difference, float(row["se"]), float(row["df"]), float(row["level"]))
        told |= {"before": ends[0], "after": ends[1], "difference": difference}
        for name, value in told.items():
            numbers[name][at] = value
    return _judged(out.assign(**numbers))


_RESTATED = ("before", "after", "difference", "low", "high", "p")


def _by_t(difference: float, se: float, df: float, level: float) -> dict[str, float]:
    """Interval and p of a difference of means by Student's t."""
    reach = float(stdtrit(df, 0.5 + level / 2)) * se
    p = 2 * float(stdtr(df, -abs(difference) / se)) if se > 0 else math.nan
    return {"low": difference - reach, "high": difference + reach, "p": p}


def _start(name: Name, waves: Sequence[str], broken: Mapping[str, Collection[Name]]) -> int:
    """Place of the first wave since which the measure was asked as it is now."""
    return max((i for i, w in enumerate(waves) if i and name in broken.get(w, ())), default=0)


def _earlier(waves: Sequence[str], start: int) -> list[tuple[str, str]]:
    """The wave before, and the first comparable one where it is another."""
    last = len(waves) - 1
    found = [(PREVIOUS, waves[last - 1])]
    if start < last - 1:
        found.append((FIRST, waves[start]))
    return found


def _keyed(table: pd.DataFrame) -> dict[tuple[str, ...], dict[str, Any]]:
    return {
        tuple(str(row[key]) for key in KEYS): {str(k): v for k, v in row.items()}
        for row in table.to_dict("records")
    }


def _units(table: pd.DataFrame) -> dict[Name, frozenset[str]]:
    """Units with answers, by measure: those that the city is made of."""
    held = table[(table["domain_type"] == "unit") & (table["n"] > 0)]
    by_name = held.groupby(["measure_type", "measure"])["domain"]
    return {(str(a), str(b)): frozenset(own) for (a, b), own in by_name}


def _pooled(table: pd.DataFrame) -> dict[tuple[str, ...], tuple[float, float]]:
    """Design effect (at least 1) and degrees of freedom over the units, by domain type and name."""
    found = {}
    for key, own in table.groupby(["domain_type", "measure_type", "measure"], sort=False):
        df, deff = own["df"].to_numpy(np.float64), own["deff"].to_numpy(np.float64)
        known = ~np.isnan(df) & ~np.isnan(deff)
        if known.any() and df[known].sum() > 0:
            effect = float((deff * df)[known].sum() / df[known].sum())
            found[tuple(map(str, key))] = (max(effect, 1.0), float(max(df[known].sum(), 1.0)))
    return found


def _why_not(
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any],
    rules: Rules,
    is_broken: bool,
    same_units: bool,
) -> str:
    """The code of why nothing may be said of a change; empty where something may."""
    if is_broken:
        return BROKEN
    if not _carries(after, rules):
        return NO_AFTER
    if before is None or not _carries(before, rules):
        return NO_BEFORE
    return "" if same_units else UNITS


def _carries(row: Mapping[str, Any], rules: Rules) -> bool:
    numbers = [row[name] for name in ("value", "se", "low", "high", "df")]
    return bool(may_judge(row, rules) and np.isfinite(numbers).all() and row["se"] > 0)


def _difference(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    rho: float,
    pooled: tuple[tuple[float, float] | None, tuple[float, float] | None],
) -> dict[str, float]:
    """Difference, standard error, interval, degrees of freedom and p of one pair of estimates."""
    value, se, df, n = (
        np.array([before[name], after[name]], dtype=np.float64)
        for name in ("value", "se", "df", "n")
    )
    difference = float(value[1] - value[0])
    variance = max(float((se**2).sum() - 2 * rho * se[0] * se[1]), 0.0)
    freedom = float((se**2).sum() ** 2 / (se**4 / df).sum()) if rho == 0 else float(df.min())
    error = float(np.sqrt(variance))
    known = [one for one in pooled if one is not None]
    if after["estimator"] == "proportion" and len(known) == 2:
        effect, shared = (np.array(part) for part in zip(*known, strict=True))
        sd = np.sqrt(effect / (4 * n))
        spread = float((sd**2).sum() - 2 * rho * sd[0] * sd[1])
        apart = float(np.arcsin(np.sqrt(value[1])) - np.arcsin(np.sqrt(value[0])))
        p = 2 * float(stdtr(shared.min(), -abs(apart) / np.sqrt(max(spread, 1e-300))))
        low, high = _recovered(before, after, rho)
        told = {"low": low, "high": high, "p": p}
    else:
        told = _by_t(difference, error, freedom, float(after["level"]))
    return {
        "before": float(value[0]), "after": float(value[1]), "difference": difference, "se": error,
        "df": freedom, **told,
    }  # fmt: skip


def _recovered(
    before: Mapping[str, Any], after: Mapping[str, Any], rho: float
) -> tuple[float, float]:
    """Interval of a difference from those of both shares (Newcombe; Zou and Donner)."""
    down = after["value"] - after["low"], before["high"] - before["value"]
    up = after["high"] - after["value"], before["value"] - before["low"]
    difference = after["value"] - before["value"]
    ends = [
        float(np.sqrt(max(a**2 + b**2 - 2 * rho * a * b, 0.0))) for a, b in (down, up)
    ]  # fmt: skip
    return difference - ends[0], difference + ends[1]


def _judged(table: pd.DataFrame) -> pd.DataFrame:
    """The table with adjusted p and tiers, family by family."""
    numbers = ["before", "after", "difference", "se", "low", "high", "level", "df", "p"]
    table = table.astype(dict.fromkeys(numbers, np.float64))
    adjusted = np.full(len(table), np.nan)
    tier = np.full(len(table), "", dtype=object)
    of_units = np.where(table["domain_type"] == "unit", "unit", "city")
    known = table["p"].notna().to_numpy()
    families = table.groupby([table["since"], of_units, table["measure_type"]]).indices
    for at in families.values():
        own = np.asarray(at, dtype=np.intp)
        own = own[known[own]]
        if own.size:
            adjusted[own] = multipletests(table["p"].to_numpy()[own], method="fdr_bh")[1]
    difference = table["difference"].to_numpy()
    with np.errstate(invalid="ignore"):
        clear = adjusted < 1 - table["level"].to_numpy()
        clear &= (table["low"].to_numpy() > 0) | (table["high"].to_numpy() < 0)
    tier[known] = SAME
    tier[known & clear & (difference > 0)] = UP
    tier[known & clear & (difference < 0)] = DOWN
    return table.assign(p_adjusted=adjusted, tier=tier)
