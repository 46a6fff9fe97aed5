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
)

Floats = NDArray[np.float64]
Claims = NDArray[np.bool_]

KEY = ["domain_type", "domain", "measure_type", "measure", "category"]
LIMITS = ("at_least", "at_most")
Key = tuple[str, str, str]

_PLANNED = ("n<", "sessions<", "quota", "volunteer", "no_answers",
            "units_drawn")  # fmt: skip
"""Reasons that a hidden row may keep: they speak of the sample. All others are met or not by the
answers: an assumed correlation, say, is needed only where somebody gave the answer."""

_CAREFUL = ("wide", "rho_assumed", "enumerators<", "df<", "n_eff<")
"""Reasons that a coarse row may keep too: why its number is read with care."""

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


@dataclass(frozen=True)
class Derived:
    """A share of the city that follows from another printed one: `offset + scale * value`.

    Printed so, it says nothing that the other one does not.
    """

    of: Key
    offset: float
    scale: float

    def value(self, printed: Mapping[Key, tuple[float, float]]) -> tuple[float, float]:
        """What follows from the printed share and its step: value, to a thousandth, and step."""
        value, step = printed[self.of]
        wide = next((t / 100 for t in STEPS if t / 100 >= abs(self.scale) * step), 1.0)
        return round(self.offset + self.scale * value, 3), wide


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

    Rows that were hidden before stay hidden; one that is hidden to protect others does not say
    what hid it before. Their `n` is the one of `hidden`. The columns `at_least` and `at_most` are
    added: the limits that are printed where the value is not. Hidden rows lose their degrees of
    freedom and methods too, which depend on the answers. Means that are printed beside
    hidden answers ("spread") lose what tells how the answers scatter: with the mean that is a
    second equation for the same few counts.
    """
    hidden = hidden.rename(columns={"n": "n_hidden"})
    found = table[KEY].merge(hidden, on=KEY, how="left", validate="many_to_one")
    state = found["state"].to_numpy(dtype=object)
    before = table["flag"].isin([WITHHELD, NOT_ESTIMABLE]).to_numpy(dtype=np.bool_)
    numbers = {name: table[name].to_numpy(dtype=np.float64).copy() for name in BLANKED}
    left_open = (state == "open") & ~before
    rough = _round(found, numbers, left_open)
    state[left_open & ~rough] = "others"
    new = np.array([s in ("few", "others") for s in state], dtype=np.bool_)
    new &= ~before | (state == "others")
    reasons: Mapping[str, str] = {"few": FEW_PEOPLE, "others": PROTECTS}
    said = table["reason"].to_numpy(dtype=object).copy()
    for at in np.flatnonzero(rough).tolist():
        said[at] = _joined(_planned(str(said[at]), *_CAREFUL), COARSE)
    for at in np.flatnonzero(new).tolist():
        said[at] = _joined(reasons[state[at]], "" if before[at] else _planned(str(said[at])))
    scattered = (state == "spread") & ~before
    numbers["n_eff"][scattered] = numbers["deff"][scattered] = np.nan
    numbers["se"][scattered] = two_digits(numbers["se"][scattered])
    n = np.where(new | rough, found["n_hidden"].fillna(0), table["n"])
    out = table.assign(**numbers, reason=said, n=n.astype(np.int64))
    out.loc[scattered | rough, "df"] = out.loc[scattered | rough, "df"].round()
    for name in LIMITS:
        out[name] = np.where(new, found[name].to_numpy(dtype=np.float64), np.nan)
    out.loc[new, list(BLANKED)] = np.nan
    out.loc[new, "flag"] = WITHHELD
    return unsaid(out, rough)


def _round(found: pd.DataFrame, numbers: Mapping[str, Floats], left_open: Claims) -> Claims:
    """Round rows that are left open, in place; which of them could be.

    What is worked out from another row of the city comes after it.
    """
    rough = np.zeros(len(found), dtype=np.bool_)
    of_city: dict[Key, tuple[float, float]] = {}
    rows = found.to_dict("records")
    places = np.flatnonzero(left_open).tolist()
    later = [at for at in places if isinstance(rows[at]["parts"], Derived)]
    for at in [*(at for at in places if at not in set(later)), *later, *later]:
        row, how = rows[at], rows[at]["parts"]
        middle, step = math.nan, math.nan
        if isinstance(how, Derived):
            if how.of in of_city:
                middle, step = how.value(of_city)
        else:
            step = _step(float(numbers["value"][at]), row)
        if rough[at] or math.isnan(step):
            continue
        ends = [float(numbers[name][at]) for name in ("value", "low", "high")]
        scale = float(row["low_end"]), float(row["high_end"])
        printed = _coarsely(*ends, step=step, scale=scale, middle=middle)
        if row["domain_type"] == "city":
            key = (str(row["measure_type"]), str(row["measure"]), str(row["category"]))
            of_city[key] = printed["value"], step
        for name in BLANKED:
            numbers[name][at] = printed.get(name, np.nan)
        rough[at] = True
    return rough


def _joined(*reasons: str) -> str:
    return ";".join(filter(None, reasons))


def two_digits(values: Floats) -> Floats:
    """Numbers to two significant digits."""
    return np.array([float(f"{x:.2g}") for x in values.tolist()], dtype=np.float64)


def unsaid(table: pd.DataFrame, rough: Claims | None = None) -> pd.DataFrame:
    """The table whose hidden rows, and those that are `rough`, do not tell how they were made."""
    gone = table["flag"].isin([WITHHELD, NOT_ESTIMABLE]).to_numpy(dtype=np.bool_)
    out = table.copy()
    out.loc[gone, "reason"] = [_planned(text) for text in out.loc[gone, "reason"]]
    out.loc[gone, "interval_method"] = ""
    out.loc[gone, "df"] = np.nan
    gone = gone if rough is None else gone | rough
    out.loc[gone, "variance_method"] = ""
    return out


def _planned(reason: str, *more: str) -> str:
    keep = (*_PLANNED, *more, FEW_PEOPLE, PROTECTS, COARSE)
    return ";".join(code for code in reason.split(";") if code.startswith(keep))


def _step(value: float, row: Mapping[Any, Any]) -> float:
    if isinstance(row["parts"], Parts):
        steps = [times / 100 for times in STEPS if times / 100 <= STEPS[-1] * FINE]
        return next((step for step in steps if row["parts"].fit(value, step)), math.nan)
    return coarse(value, row["open"], row["low_end"], row["high_end"])


def _coarsely(
    value: float,
    low: float,
    high: float,
    *,
    step: float,
    scale: tuple[float, float],
    middle: float = math.nan,
) -> dict[str, float]:
    """Value rounded to a step, with an interval about what is printed; what else is known goes.

    The interval reaches, from the printed value, as far as the estimate's own and half a step more,
    rounded up to the step or ten of the finest: it holds the estimate's own, and where it lies says
    nothing of where between two steps the value does. `middle` is what is printed where that is
    worked out from another row.
    """
    start, end = scale
    wide = max(10 * _finest(start, end), step)
    shown = middle
    if math.isnan(middle):
        shown = start + step * math.floor((value - start) / step + 0.5)
    printed = {"value": round(min(max(shown, start), end), 12)}
    for name, at, sign in (("low", low, -1.0), ("high", high, 1.0)):
        if not math.isnan(at):
            reach = wide * math.ceil((abs(at - value) + step / 2) / wide - 1e-9)
            printed[name] = round(min(max(shown + sign * reach, start), end), 12)
    return printed
