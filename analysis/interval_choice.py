"""An interval that was asked for by name, in the place of the one that the rules would choose."""

from dataclasses import replace
from typing import Literal

import numpy as np

from analysis import intervals
from analysis.design import Floats
from analysis.errors import MeasureError
from analysis.judged import Judged
from analysis.precision import METHODS, Scale

Choice = Literal["auto", "t", "logit", "wilson", "beta"]
CHOICES = ("auto", "t", "logit", "wilson", "beta")


def require(choice: str) -> None:
    """Refuse a name that is no interval."""
    if choice not in CHOICES:
        raise MeasureError(f"interval = {choice!r} is none of {', '.join(CHOICES)}. Choose one.")


def with_interval(judged: Judged, scale: Scale, level: float, choice: Choice) -> Judged:
    """The same estimates with the interval `choice`, from the standard error as it stands.

    `t` for every estimate; `logit` (t on the logit of the place on the scale) where the scale has
    ends; `wilson` and `beta` (Korn and Graubard's) for proportions. Estimates without a standard
    error have none; those that showed no spread keep theirs.
    """
    if choice == "auto":
        return judged
    b, p = judged.block, judged.precision
    length = np.where(np.isfinite(scale.length), scale.length, 1.0)
    bottom = np.where(np.isfinite(scale.low), scale.low, 0.0)
    share = (b.value - bottom) / length
    spread = b.se > 0  # of the design itself; what showed none has the rules' interval
    with np.errstate(invalid="ignore", divide="ignore"):
        n_eff = share * (1 - share) / (p.se / length) ** 2
    found: tuple[Floats, Floats]
    fits = np.ones(scale.length.size, dtype=np.bool_)
    if choice == "t":
        found, name = intervals.t(b.value, p.se, b.df, level), "t"
    elif choice == "logit":
        found = intervals.t_logit(b.value, p.se, b.df, level, bottom, bottom + length)
        fits, name = np.isfinite(scale.length), "t_logit"
    elif choice == "wilson":
        found, fits, name = intervals.wilson(share, n_eff, b.df, level), ~scale.is_mean, "wilson"
    else:
        found = intervals.korn_graubard(share, n_eff, b.n, b.df, level)
        fits, name = ~scale.is_mean, "korn_graubard"
    use = fits & spread & ~np.isnan(found[0]) & (p.choice > 0)
    low, high = (np.where(use, new, old) for new, old in zip(found, (p.low, p.high), strict=True))
    code = np.where(use, METHODS.index(name), p.choice)
    return replace(judged, precision=replace(p, low=low, high=high, choice=code))
