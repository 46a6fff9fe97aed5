r"""How many sessions a question needs: to settle a line, or to see a change.

The variance of a unit's number with m sessions is taken as

.. math:: V(m) = A + E + \sigma^2 (1/m - f/M),

with :math:`\sigma^2` that of one session, as the design measured it (interviews within sessions in
it: as many per session as now), E the enumerators' part, which more sessions of the same
enumerators do not take away, and A what is already fixed, such as the wave before. f is 1 where
inference is to the M blocks of the window alone, else 0. The degrees of freedom are m less the
strata.

A test at t needs a true distance d to be beyond it with probability `power`: with the noncentral t
(Johnson and Welch 1940, Biometrika 31:362-389, by its normal approximation). :math:`\sigma^2` is
itself an estimate with df degrees of freedom; the power is averaged over what it may be,
:math:`\sigma^2 \mathrm{df} / \chi^2` (assurance; O'Hagan, Stevens and Campbell 2005,
Pharmaceutical Statistics 4:187-201), for a variance that came out small by luck would promise too
much.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import chdtri, ndtr, stdtrit

from analysis.design import Floats

POWER = 0.8
"""Probability with which a promise is kept."""

MOST = 999
"""Sessions beyond which no number is given."""

_POINTS = 25
_UNSURE = 1e9


@dataclass(frozen=True)
class PerSession:
    """What one session of a unit is worth for one number.

    `variance` is that of a session, in the square of the number's unit, with `df` degrees of
    freedom; `enumerators` the part of the variance that more sessions do not lower. `strata`
    are those of the unit, `blocks` the open ones of its window, and `fpc` whether only these are
    spoken of.
    """

    variance: float
    df: float = _UNSURE
    enumerators: float = 0.0
    strata: int = 1
    blocks: float = np.inf
    fpc: bool = False

    def variance_of(self, sessions: int) -> float:
        """Variance of the number with so many sessions, the enumerators' part in it."""
        left = 1 / self.blocks if self.fpc else 0.0
        return self.enumerators + self.variance * max(1 / sessions - left, 0.0)

    def with_more_enumerators(self, sessions: float) -> "PerSession":
        """The same where enumerators come with the sessions, as many to a session as now.

        Their part then falls like that of the sessions; `sessions` are those of now.
        """
        more = self.enumerators * sessions
        return replace(self, variance=self.variance + more, enumerators=0.0)


def power(
    per: PerSession, sessions: int, distance: float, *, confidence: float, fixed: float = 0.0
) -> float:
    """Probability that `sessions` show a true `distance` beyond the quantile `confidence` of t.

    `confidence` is one-sided: 0.975 for a two-sided test at five of a hundred, 0.8 for a place
    against a line with the bar 0.8. `fixed` is variance that the sessions do not touch.
    """
    df = float(sessions - per.strata)
    if df < 1:
        return 0.0
    t = float(stdtrit(df, confidence))
    left = 1 / per.blocks if per.fpc else 0.0
    rate = max(1 / sessions - left, 0.0)
    variance = fixed + per.enumerators + per.variance * chances(per.df) * rate
    with np.errstate(divide="ignore"):
        away = distance / np.sqrt(variance)
    found = ndtr((away - t * (1 - 1 / (4 * df))) / np.sqrt(1 + t**2 / (2 * df)))
    return float(found.mean())


def sessions_needed(
    per: PerSession,
    distance: float,
    *,
    confidence: float,
    fixed: float = 0.0,
    power_wanted: float = POWER,
    least: int = 2,
    most: int = MOST,
) -> int | None:
    """Sessions in all from which a true `distance` is seen with the power that is wanted.

    `least` is the number from which anything is judged. None where `most` sessions, or all blocks
    of the window where only they are spoken of, do not suffice: then the enumerators, or what is
    `fixed`, are too uncertain alone, or the distance is too small.
    """
    if not distance > 0:
        return None

    def enough(m: int) -> bool:
        return power(per, m, distance, confidence=confidence, fixed=fixed) >= power_wanted

    return first_enough(enough, per, least, most)


def first_enough(
    enough: Callable[[int], bool], per: PerSession, least: int, most: int
) -> int | None:
    """The first number of sessions, from `least`, that is `enough`; more are never less so.

    None where `most`, or all blocks of a window of which alone is spoken, are not.
    """
    if not np.isfinite(per.variance):
        return None
    top = int(min(most, per.blocks)) if per.fpc else most
    first = max(least, per.strata + 1)
    if first > top or not enough(top):
        return None
    low, high = first - 1, top
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def chances(df: float, points: int = _POINTS) -> Floats:
    """(Q,) times that a variance may be what it was estimated as, each as likely."""
    if df >= _UNSURE:
        return np.ones(1)
    share = (np.arange(points) + 0.5) / points
    return np.asarray(df / chdtri(df, share), dtype=np.float64)


def distance_seen(
    per: PerSession,
    sessions: int,
    *,
    confidence: float,
    fixed: float = 0.0,
    power_wanted: float = POWER,
    most: float = 100.0,
) -> float | None:
    """The least true distance that so many sessions show with the power wanted; None above `most`.

    To two decimals, by bisection.
    """
    low, high = 0.0, most
    if power(per, sessions, most, confidence=confidence, fixed=fixed) < power_wanted:
        return None
    while high - low > 0.005:
        middle = (low + high) / 2
        seen = power(per, sessions, middle, confidence=confidence, fixed=fixed) >= power_wanted
        low, high = (low, middle) if seen else (middle, high)
    return high


def pooled_session(
    se: Floats,
    df: Floats,
    n_psu: Floats,
    times: Floats,
    *,
    strata: int = 1,
    blocks: float = np.inf,
    fpc: bool = False,
) -> PerSession:
    """What a session is worth, pooled over U units by their degrees of freedom; arrays are (U,).

    Parameters
    ----------
    se, df, n_psu
        Standard errors, their degrees of freedom and sessions of the units' numbers.
    times
        How many times enumerators make each `se` larger (`variances`), 1 where they are left out.
    """
    of_session = (se / times) ** 2
    left = 1 / blocks if fpc else 0.0
    rate = np.maximum(1 / n_psu - left, 1e-12)
    total = float(df.sum())
    return PerSession(
        variance=float((df * of_session / rate).sum() / total),
        df=total,
        enumerators=float((df * (se**2 - of_session)).sum() / total),
        strata=strata, blocks=blocks, fpc=fpc,
    )  # fmt: skip
