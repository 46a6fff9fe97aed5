"""The published table with rows withheld, or printed coarsely, so that hidden counts stay hidden.

`disclosed` says which rows; here they lose their numbers, or are rounded to the first step at
which every count that must stay possible prints alike.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.publication import (
    BLANKED,
    COARSE,
    FEW_PEOPLE,
    NOT_ESTIMABLE,
    PROTECTS,
    WITHHELD,
    harmless,
)

Floats = NDArray[np.float64]
Claims = NDArray[np.bool_]

KEY = ["domain_type", "domain", "measure_type", "measure", "category"]
LIMITS = ("at_least", "at_most")

STEPS = (1, 2, 5, 10, 20, 50)
FINE = 1e-3
"""Finest step of a number that is left open, as a part of its scale; the coarsest is fifty times
that, beyond which it is hidden."""


@dataclass(frozen=True, eq=False)
class Parts:
    """Hidden counts of a share of the city; every array is (H,), one a unit.

    `one` is what one person of the unit is of the share, `low` and `high` the counts a reader must
    hold possible, `small` whether all of them must stay possible.
    """

    one: Floats
    count: NDArray[np.int64]
    small: Claims
    low: NDArray[np.int64]
    high: NDArray[np.int64]

    def fit(self, value: float, step: float) -> bool:
        """Whether a share printed at a step leaves every small count all its values.

        The others may be anything that a reader must hold possible.
        """
        middle = step * math.floor(value / step + 0.5)
        down = self.one * (self.low - self.count)
        up = self.one * (self.high - self.count)
        for d in np.flatnonzero(self.small).tolist():
            others = np.arange(len(self.one)) != d
            for own in (down[d], up[d]):
                least = value + own + down[others].sum()
                most = value + own + up[others].sum()
                if least > middle + step / 2 or most < middle - step / 2:
                    return False
        return True


def coarse(value: float, left: float, low: float, high: float) -> float:
    """Smallest step at which the value, and the value with `left` more or less, print alike.

    NaN where no step of a twentieth of the scale from `low` to `high` or less does it.
    """
    for times in STEPS:
        step = times * FINE * (high - low)
        places = {
            math.floor((min(max(x, low), high) - low) / step + 0.5)
            for x in (value - left, value, value + left)
        }
        if len(places) == 1:
            return step
    return math.nan


def conceal(table: pd.DataFrame, hidden: pd.DataFrame) -> pd.DataFrame:
    """The published table with the rows of `hidden` withheld or made coarse.

    Rows that were hidden before stay as they are. The columns `at_least` and `at_most` are added:
    the limits that are printed where the value is not.
    """
    found = table[KEY].merge(hidden, on=KEY, how="left", validate="many_to_one")
    state = found["state"].to_numpy(dtype=object)
    before = table["flag"].isin([WITHHELD, NOT_ESTIMABLE]).to_numpy(dtype=np.bool_)
    out = table.copy()
    for at in np.flatnonzero((state == "open") & ~before).tolist():
        row = found.iloc[at]
        step = _step(float(table["value"].iloc[at]), row)
        if math.isnan(step):
            state[at] = "others"
            continue
        _print_coarsely(out, at, step, row["low_end"], row["high_end"])
    new = np.array([s in ("few", "others") for s in state], dtype=np.bool_) & ~before
    for name in LIMITS:
        out[name] = np.where(new, found[name].to_numpy(dtype=np.float64), np.nan)
    out.loc[new, list(BLANKED)] = np.nan
    out.loc[new, "interval_method"] = ""
    out.loc[new, "flag"] = WITHHELD
    reasons: Mapping[str, str] = {"few": FEW_PEOPLE, "others": PROTECTS}
    out.loc[new, "reason"] = [
        ";".join(filter(None, (reasons[s], harmless(text))))
        for s, text in zip(state[new], table.loc[new, "reason"], strict=True)
    ]
    return out


def _step(value: float, row: "pd.Series[Any]") -> float:
    if isinstance(row["parts"], Parts):
        steps = [times / 100 for times in STEPS if times / 100 <= STEPS[-1] * FINE]
        return next((step for step in steps if row["parts"].fit(value, step)), math.nan)
    return coarse(value, row["open"], row["low_end"], row["high_end"])


def _print_coarsely(out: pd.DataFrame, at: int, step: float, low: float, high: float) -> None:
    """One row at a step: the value rounded, the interval outward at the finest, the rest blank."""
    fine = FINE * (high - low)
    columns = {str(name): k for k, name in enumerate(out.columns)}
    value = low + step * math.floor((out["value"].iloc[at] - low) / step + 0.5)
    out.iloc[at, columns["value"]] = round(value, 12)
    for name, turn in (("low", math.floor), ("high", math.ceil)):
        end = out[name].iloc[at]
        if not math.isnan(end):
            wide = 10 * fine
            limited = min(max(low + wide * turn((end - low) / wide), low), high)
            pick = min if name == "low" else max
            out.iloc[at, columns[name]] = round(pick(limited, value), 12)
    out.iloc[at, [columns["se"], columns["n_eff"], columns["deff"]]] = np.nan
    said = out["reason"].iloc[at]
    out.iloc[at, columns["reason"]] = ";".join(filter(None, (said, COARSE)))
