"""From means to standard errors that are never 0, intervals, effective sizes and design effects.

Which interval is used where, and why: docs/decisions/0007-variance-and-intervals.md.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis import intervals, publication

Floats = NDArray[np.float64]
Claims = NDArray[np.bool_]
Texts = NDArray[np.object_]

NEAR_END = 0.10
"""Share of the scale within which a mean gets its interval on the logit."""
FEW_DF = 15
"""Degrees of freedom below which it does so everywhere."""
VARIANCES = (
    "",
    "taylor",
    "jkn",
    "jkn_raked",
    "bootstrap",
    "bootstrap_raked",
    "replicates",
    "crossed",
    "jkn_calibrated",
    "bootstrap_calibrated",
)
"""Where a variance came from; the first: there is none."""
FEW_PSU = 6
LUCK = 0.5
"""From so many sessions on, the variance of a proportion may be down to this share of a simple
random sample's. Without any limit, 33 of 1,327 simulated unit proportions had more than four times
their n as effective n, and intervals that hit in half of the cases; the whole limit at any number
of sessions makes the intervals of 8 sessions cover 98 instead of 95 (docs/coverage.md)."""
METHODS = ("", "wilson", "t_logit", "t", "korn_graubard", "woodruff")
"""Which interval was taken; the first: none."""
NO_SPREAD = 1e-10
"""Standard error, as a share of the scale, that is rounding and not spread."""


@dataclass(frozen=True, eq=False)
class Block:
    """Estimates of one kind of domain before they are judged; arrays are (D, K).

    `se` is NaN where the design gives none; `selection` and `tier` are (D,). The claims are
    those of `publication.Evidence`, `variance` is a place in VARIANCES. `clustering` is the design
    effect of sessions to be assumed of a proportion (`clustering.assumed_deff`), none where not
    given; `clustered` says that such a one is in `se` already. `policy` names how the variance of
    `lonely` estimates counts strata with one PSU, empty where it does not. `census` marks those
    that left nothing to sample, `one_stage` those of them whose interviews stand for others.
    """

    domain_type: str
    domains: tuple[str, ...]
    selection: Texts
    tier: Texts
    value: Floats
    se: Floats
    n: Floats
    n_psu: Floats
    df: Floats
    kish: Floats
    spread: Floats
    collapsed: Claims
    lonely: Claims
    hides: Claims
    lacks: Claims
    incomplete: Claims
    assumed: Claims
    differs: Claims
    variance: NDArray[np.intp]
    clustering: Floats | None = None
    clustered: Claims | None = None
    policy: str = ""
    census: Claims | None = None
    one_stage: Claims | None = None
    untold: Claims | None = None


@dataclass(frozen=True, eq=False)
class Scale:
    """What the K measures are; arrays are (K,)."""

    is_mean: Claims
    low: Floats
    high: Floats

    @property
    def length(self) -> Floats:
        """(K,) from one end of the scale to the other."""
        return self.high - self.low


@dataclass(frozen=True, eq=False)
class Precision:
    """Standard errors that are never 0, and intervals; all (D, K).

    `choice` is a place in METHODS. `flat` marks estimates on scales without ends that showed no
    spread (`open_scale`); None where every scale has ends. `clustered` marks those whose variance
    is that of an assumed clustering.
    """

    se: Floats
    low: Floats
    high: Floats
    n_eff: Floats
    deff: Floats
    choice: NDArray[np.intp]
    raised: Claims
    wide: Claims
    flat: Claims | None = None
    clustered: Claims | None = None

    @property
    def method(self) -> Texts:
        """(D, K) names of the intervals."""
        return np.array(METHODS, dtype=object)[self.choice]


def precision(b: Block, scale: Scale, level: float, *, floor: bool) -> Precision:
    """Choose standard error and interval of every estimate.

    Proportions get Wilson's interval on their effective n; means the t interval, on the logit
    near the ends of the scale and wherever degrees of freedom are few. With `floor` the standard
    error is at least that of a simple random sample with the same weights: with a handful of
    sessions the one between them is often tiny by luck, and would be believed. Where the
    sample shows no spread at all, the interval is Wilson's on Kish's n (of the place on the
    scale, for a mean: no variable between two ends varies more), and `se` is the one that this
    interval implies.
    """
    length, is_mean = scale.length, np.broadcast_to(scale.is_mean, b.value.shape)
    known = ~np.isnan(b.se)
    share = (b.value - scale.low) / length
    flat = known & (b.se <= NO_SPREAD * length)
    least = intervals.se_floor(b.spread, b.kish)
    # A share of the floor: see LUCK.
    bottom = np.where(is_mean | (b.n_psu < FEW_PSU), least, least * np.sqrt(LUCK))
    raised = floor & known & ~flat & (b.se < bottom)
    se = np.where(raised, bottom, b.se)
    # Where the sample does not show how a share clusters, a floor holds in the city too.
    assumed = 1.0 if b.clustering is None else np.where(is_mean, 1.0, b.clustering)
    least = least * np.sqrt(assumed)
    clustered = known & ~is_mean & (assumed > 1) & (flat | (se < least))
    se = np.where(clustered & ~flat, least, se)
    with np.errstate(invalid="ignore", divide="ignore"):
        n_eff = np.where(flat, b.kish / assumed, b.spread / se**2)
        near = (share < NEAR_END) | (share > 1 - NEAR_END) | (b.df < FEW_DF)
    by_score = ~is_mean | flat
    low, high, choice = _ends(
        b, scale, level, se, share, n_eff, known & by_score, known & ~by_score & near
    )
    if flat.any():
        reach = 2 * intervals.quantile(level, b.df[flat])
        se[flat] = (high[flat] - low[flat]) / reach
    with np.errstate(invalid="ignore", divide="ignore"):
        varied = known & (b.spread > NO_SPREAD * length**2) & (b.n > 1)
        deff = np.where(varied, se**2 * (b.n - 1) / b.spread, np.nan)
    wide = publication.is_wide(np.True_, b.value, low, high, length)
    of_share = known & ~is_mean
    wide[of_share] = _wide_share(
        share[of_share], n_eff[of_share], b.n[of_share], b.df[of_share], level
    )
    raised |= flat | clustered
    if b.clustered is not None:
        clustered |= known & b.clustered
    return Precision(
        se, low, high, np.where(known, n_eff, np.nan), deff, choice, raised, known & wide,
        clustered=clustered,
    )  # fmt: skip


def _ends(
    b: Block,
    scale: Scale,
    level: float,
    se: Floats,
    share: Floats,
    n_eff: Floats,
    by_score: Claims,
    by_logit: Claims,
) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """(D, K) ends of the intervals and places in METHODS: each by its own method only."""
    low, high = np.full((2, *se.shape), np.nan)
    choice = np.zeros(se.shape, dtype=np.intp)
    bottom, top = (np.broadcast_to(end, se.shape) for end in (scale.low, scale.high))
    by_t = ~np.isnan(b.se) & ~by_score & ~by_logit
    for use, name in ((by_score, "wilson"), (by_logit, "t_logit"), (by_t, "t")):
        if not use.any():
            continue
        df, first, last = b.df[use], bottom[use], top[use]
        if name == "wilson":
            lower, upper = intervals.wilson(share[use], n_eff[use], df, level)
            length = last - first
            lower, upper = first + length * lower, first + length * upper
        elif name == "t_logit":
            lower, upper = intervals.t_logit(b.value[use], se[use], df, level, first, last)
        else:
            lower, upper = intervals.t(b.value[use], se[use], df, level)
        low[use], high[use], choice[use] = lower, upper, METHODS.index(name)
    return low, high, choice


def _wide_share(share: Floats, n_eff: Floats, n: Floats, df: Floats, level: float) -> Claims:
    """(R,) whether the Korn-Graubard interval of a proportion says too little.

    Clear cases are told by the approximate interval, or by where one end must lie; the exact one
    decides the others, so that nothing depends on an approximation.
    """
    low, high, error = intervals.near_korn_graubard(share, n_eff, n, df, level)
    at_least = publication.is_wide(np.False_, share, low + error, high, 1.0)
    at_most = publication.is_wide(np.False_, share, low - error, high, 1.0)
    left = np.isnan(low) | (at_least != at_most)
    at = np.flatnonzero(left)
    if at.size:
        limit = publication.least_wide(share[at])
        wider, narrower = intervals.wider_at_end(share[at], n_eff[at], n[at], df[at], level, limit)
        at_least[at] = wider
        left[at] = ~(wider | narrower)
    exact = intervals.korn_graubard(share[left], n_eff[left], n[left], df[left], level)
    at_least[left] = publication.is_wide(np.False_, share[left], *exact, 1.0)
    return at_least
