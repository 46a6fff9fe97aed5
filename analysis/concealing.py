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

    NaN where no step of a twentieth of the scale from `low` to `high`, or little more, does it.
    """
    for times in STEPS:
        step = times * _finest(low, high)
        places = {
            math.floor((min(max(x, low), high) - low) / step + 0.5)
            for x in (value - left, value, value + left)
        }
        if len(places) == 1:
            return step
    return math.nan


def coarsest(value: float, low: float, high: float) -> float:
    """Coarsest step that a value printed coarsely may have been rounded to, as its digits say."""
    finest = _finest(low, high)
    fits = [t for t in STEPS if abs((value - low) / (t * finest) % 1 - 0.5) > 0.5 - 1e-6]
    return max(fits, default=1) * finest


def _finest(low: float, high: float) -> float:
    """Decimal step next above `FINE` of a scale: 0.001 of a share, 0.1 of 100, 0.01 of 1 to 4."""
    return float(10.0 ** math.ceil(math.log10(FINE * (high - low)) - 1e-9))


def conceal(table: pd.DataFrame, hidden: pd.DataFrame) -> pd.DataFrame:
    """The published table with the rows of `hidden` withheld or made coarse.

    Rows that were hidden before stay as they are. The columns `at_least` and `at_most` are added:
    the limits that are printed where the value is not.
    """
    found = table[KEY].merge(hidden, on=KEY, how="left", validate="many_to_one")
    state = found["state"].to_numpy(dtype=object)
    before = table["flag"].isin([WITHHELD, NOT_ESTIMABLE]).to_numpy(dtype=np.bool_)
    out = table.copy()
    numbers = {name: out[name].to_numpy(dtype=np.float64).copy() for name in BLANKED}
    said = out["reason"].to_numpy(dtype=object).copy()
    for at in np.flatnonzero((state == "open") & ~before).tolist():
        row = found.iloc[at]
        low, high = float(row["low_end"]), float(row["high_end"])
        step = _step(float(numbers["value"][at]), row)
        if math.isnan(step):
            state[at] = "others"
            continue
        ends = (float(numbers[name][at]) for name in ("value", "low", "high"))
        printed = _coarsely(*ends, step=step, scale=(low, high))
        for name in BLANKED:
            numbers[name][at] = printed.get(name, np.nan)
        said[at] = ";".join(filter(None, (str(said[at]), COARSE)))
    out = out.assign(**numbers, reason=said)
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


def _coarsely(
    value: float, low: float, high: float, *, step: float, scale: tuple[float, float]
) -> dict[str, float]:
    """Value rounded to a step, interval outward to ten of the finest; what else is known goes."""
    start, end = scale
    wide = 10 * _finest(start, end)
    shown = start + step * math.floor((value - start) / step + 0.5)
    printed = {"value": round(shown, 12)}
    for name, at, turn, pick in (("low", low, math.floor, min), ("high", high, math.ceil, max)):
        if not math.isnan(at):
            outward = min(max(start + wide * turn((at - start) / wide), start), end)
            printed[name] = round(pick(outward, shown), 12)
    return printed
