"""The numbers of the public edition: no digit more than its pages print, in its files too.

A weighted mean to twelve digits is an equation that few sets of answers solve, where a unit has few
interviews and few weights; with one digit behind the point many do. Shares keep their digits: of a
share that is printed the count is known anyway. Verdicts are worked out again from the values as
they are printed, so that a chance or a difference is no way around the rounding.
"""

import math
from collections.abc import Collection
from dataclasses import asdict, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.comparison import against_others
from analysis.concealing import two_digits
from analysis.confidence import place
from analysis.publication import COARSE, NOT_ESTIMABLE, WITHHELD, Rules
from pipeline.results import Results

Claims = NDArray[np.bool_]

SCORES = {"skm": 2}
"""Digits behind the point of means, by type of measure; one where it has none here."""
CHANCE = 4
"""Digits of chances and probabilities behind the point."""
WEIGHTS = 3
"""Significant digits of factors of weights."""


def digits_of(measure_type: str) -> int:
    """Digits behind the point that pages print of a mean."""
    return SCORES.get(measure_type, 1)


def as_printed(table: pd.DataFrame, edges: Collection[float] = ()) -> pd.DataFrame:
    """The estimates with means as the pages print them; interval ends are cut, not rounded.

    Pages print ends as whole numbers: an end that is cut rounds as it did before. A value that
    rounding would move onto or over one of `edges` keeps a second digit.
    """
    shown = ~table["flag"].isin([WITHHELD, NOT_ESTIMABLE])
    mean = shown & (table["estimator"] != "proportion") & table["value"].notna()
    rough = table["reason"].str.contains(COARSE, regex=False)
    numbers = {
        name: table[name].to_numpy(dtype=np.float64).copy() for name in ("value", "low", "high")
    }
    kinds = table["measure_type"].astype(str).tolist()
    for at in np.flatnonzero((mean & ~rough).to_numpy(dtype=np.bool_)).tolist():
        digits = digits_of(kinds[at])
        value = numbers["value"][at]
        shown_value = _half_up(value, digits)
        if any((value < edge) != (shown_value < edge) for edge in edges):
            shown_value = _half_up(value, digits + 1)
        numbers["value"][at] = shown_value
        low, high = numbers["low"][at], numbers["high"][at]
        numbers["low"][at] = min(_cut(low, digits), shown_value)
        numbers["high"][at] = max(_cut(high, digits), shown_value)
    return table.assign(**numbers)


def judged_as_printed(results: Results, table: pd.DataFrame) -> Results:
    """The results with places and differences worked out from the values in `table`.

    Rows of the results stay those they are: what an edition leaves out, it leaves out elsewhere.
    """
    if results.standings.empty and results.comparisons.empty:
        return results
    rules = Rules(**asdict(results.study.publication))
    raw = results.estimates.copy()
    there = table["value"].notna().to_numpy()
    raw.loc[there, "value"] = table.loc[there, "value"]
    # What this edition hides has no part in what it says of others.
    raw.loc[table["flag"].isin([WITHHELD, NOT_ESTIMABLE]).to_numpy(), "flag"] = WITHHELD
    tied = results.ties
    correlations, shared = tied.correlations or None, tied.shared or None
    lines = [("indeks", t.measure, t.value, t.label) for t in results.study.thresholds]
    standings = place(raw, lines, rules, units=tied.units, correlations=correlations)
    chance = standings["probability_above"].to_numpy(dtype=np.float64)
    standings["probability_above"] = np.round(chance, CHANCE)
    compared = against_others(
        raw, rules, units=tied.units, correlations=correlations, shared=shared
    )
    for name in ("p", "p_adjusted"):
        compared[name] = np.round(compared[name].to_numpy(dtype=np.float64), CHANCE)
    return replace(results, standings=standings, comparisons=compared)


def sensible(table: pd.DataFrame) -> pd.DataFrame:
    """The estimates without visitor counts, with the digits that pages print."""
    if table.empty:
        return table
    share = table["measure_type"].isin(["bentuk", "pengaduan", "layanan"])
    out = table.copy()
    for name in ("value", "value_uncounted", "half_width"):
        out[name] = [
            math.nan if math.isnan(x) else _half_up(x, 3 if is_share else digits_of(kind))
            for x, kind, is_share in zip(
                out[name].tolist(), out["measure_type"].astype(str), share, strict=True
            )
        ]
    return out.assign(difference=(out["value_uncounted"] - out["value"]).round(3))


def scattered(variances: pd.DataFrame, beside: Claims) -> pd.DataFrame:
    """The errors side by side; to two digits those of means `beside` hidden answers."""
    if variances.empty:
        return variances
    out = variances.copy()
    for name in ("se", "se_taylor", "se_jkn_raked", "ratio", "enumerators"):
        values = out[name].to_numpy(dtype=np.float64).copy()
        values[beside] = two_digits(values[beside])
        out[name] = values
    return out


def weight_digits(history: pd.DataFrame) -> pd.DataFrame:
    """The history of the weights to three significant digits: no weight can be told by its last."""
    numbers = history.select_dtypes("float").columns
    return history.assign(
        **{str(c): [_significant(x) for x in history[c].tolist()] for c in numbers}
    )


def _half_up(value: float, digits: int) -> float:
    return float(round(math.floor(value * 10.0**digits + 0.5 + 1e-9) / 10.0**digits, digits))


def _cut(value: float, digits: int) -> float:
    if math.isnan(value):
        return value
    return float(round(math.floor(value * 10.0**digits + 1e-9) / 10.0**digits, digits))


def _significant(value: float) -> float:
    return value if math.isnan(value) else float(f"{value:.{WEIGHTS}g}")
