"""Precision on scales that have no ends: totals, ratios, means of minutes or rupiah.

There the interval is the plain t interval, nothing can be called wide, and where a sample shows no
spread there is no scale to say how far the truth may lie: `se` is then unknown, never 0.
"""

from dataclasses import fields, replace

import numpy as np

from analysis import intervals
from analysis.design import Floats
from analysis.precision import (
    METHODS,
    NO_SPREAD,
    VARIANCES,
    Block,
    Claims,
    Precision,
    Scale,
    precision,
)

ROUNDING = 1e-12
"""Standard error, as a share of the estimate's size, that is rounding of the sums. Replicates
calibrated again (AGAIN) meet their totals up to some 1e-12 only, so that theirs is NO_SPREAD."""
AGAIN = [i for i, name in enumerate(VARIANCES) if name.endswith(("_raked", "_calibrated"))]
LOST = 1e-12
"""Variance of the answers, as a share of the square of their size, below which the difference of
squares that it is made of holds no digits."""


def of_any_scale(
    b: Block, scale: Scale, level: float, *, floor: bool, assume: bool = True
) -> Precision:
    """As `precision.precision`, also for measures whose scale has no ends.

    Without `assume` a scale with ends stands in for no spread either: where the design shows none,
    `se` is unknown (`flat`), as on every other scale. The interval is too, but for a share of 0 or
    1, whose Wilson interval on Kish's n rests on the number of interviews alone. What a census
    gave has an error of 0 on every scale, with any floor.
    """
    if b.census is not None and b.census.any():
        rest = replace(b, se=np.where(b.census, np.nan, b.se), census=None)
        found = of_any_scale(rest, scale, level, floor=floor, assume=assume)
        return _exact(found, b.value, b.census)
    closed = np.isfinite(scale.length)
    found = _of_each_scale(b, scale, level, closed, floor)
    if assume or not closed.any():
        return found
    with np.errstate(invalid="ignore"):
        flat = closed & (b.se <= NO_SPREAD * np.where(closed, scale.length, 1.0))
    return _unknown(found, flat, ~scale.is_mean & ((b.value <= 0) | (b.value >= 1)))


def _exact(found: Precision, value: Floats, census: Claims) -> Precision:
    """The same precision where nothing was left to sample: no error, and both ends at the value."""
    low, high = (np.where(census, value, end) for end in (found.low, found.high))
    return replace(found, se=np.where(census, 0.0, found.se), low=low, high=high)


def _unknown(found: Precision, flat: Claims, at_end: Claims) -> Precision:
    """The same precision without standard errors of the `flat` estimates.

    Their intervals are left to those `at_end`.
    """
    blank = flat & ~at_end
    said = {name: np.where(flat, np.nan, getattr(found, name)) for name in ("se", "deff")}
    said |= {
        name: np.where(blank, np.nan, getattr(found, name)) for name in ("low", "high", "n_eff")
    }
    clustered = None if found.clustered is None else found.clustered & ~flat
    return replace(
        found, **said, choice=np.where(blank, 0, found.choice), raised=found.raised & ~flat,
        wide=found.wide & ~blank, flat=flat if found.flat is None else found.flat | flat,
        clustered=clustered,
    )  # fmt: skip


def _of_each_scale(b: Block, scale: Scale, level: float, closed: Claims, floor: bool) -> Precision:
    if closed.all():
        return precision(b, scale, level, floor=floor)
    found = _open(b, level)
    if closed.any():
        own = Scale(*(getattr(scale, f.name)[closed] for f in fields(Scale)))
        of_closed = precision(_columns(b, closed), own, level, floor=floor)
        for f in fields(Precision):
            part = getattr(of_closed, f.name)
            if part is not None:
                getattr(found, f.name)[:, closed] = part
    return found


def size_of(value: Floats, spread: Floats) -> Floats:
    """What a standard error is compared with to tell spread from rounding, in the same unit.

    Sums of weights stand in a total's score, so that no spread is relative to its value.
    """
    found: Floats = np.abs(value) + np.sqrt(np.where(np.isnan(spread), 0.0, spread))
    return found


def _open(b: Block, level: float) -> Precision:
    with np.errstate(invalid="ignore", divide="ignore"):
        size = size_of(b.value, b.spread)
        rounding = np.where(np.isin(b.variance, AGAIN), NO_SPREAD, ROUNDING)
        flat = ~np.isnan(b.se) & (b.se <= rounding * size)
        se = np.where(flat, np.nan, b.se)
        low, high = intervals.t(b.value, se, b.df, level)
        known = ~np.isnan(se)
        varied = known & (b.n > 1) & (b.spread > LOST * size**2)
        deff = np.where(varied, se**2 * (b.n - 1) / b.spread, np.nan)
        n_eff = np.where(varied, b.spread / se**2, np.nan)
    choice = np.where(known, METHODS.index("t"), 0)
    no = np.zeros(se.shape, dtype=np.bool_)
    return Precision(
        se, low, high, n_eff, deff, choice, no.copy(), no.copy(), flat, clustered=no.copy()
    )


def _columns(b: Block, chosen: np.ndarray) -> Block:
    def part(value: object) -> object:
        return value[:, chosen] if isinstance(value, np.ndarray) and value.ndim == 2 else value

    return replace(b, **{f.name: part(getattr(b, f.name)) for f in fields(Block)})  # type: ignore[arg-type]
