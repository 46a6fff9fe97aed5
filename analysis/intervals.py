"""From a value, its standard error and degrees of freedom to an interval.

All functions take arrays that broadcast and give (low, high); NaN where an input is NaN or `df`
is below 1. Which one is used where, and why, is decision 0007.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Floats = NDArray[np.float64]
Claims = NDArray[np.bool_]
Interval = tuple[Floats, Floats]

SLACK = 1e-9
"""By how much ends and probabilities may be off in comparisons that must be sure: thousands of
times the error of the incomplete beta function."""


def quantile(level: float, df: ArrayLike) -> Floats:
    """Two-sided t quantile; `df` need not be whole."""
    freedom = np.asarray(df, dtype=np.float64)
    usable = freedom >= 1
    with np.errstate(invalid="ignore"):
        whole = usable & (freedom <= 2 * freedom.size + 1000) & (freedom == np.floor(freedom))
    # Thousands of domains share a few whole numbers: each is inverted once.
    at = np.where(whole, freedom, 0).astype(np.intp)
    present = np.flatnonzero(np.bincount(at.ravel()))
    table = np.empty(int(present.max(initial=0)) + 1)
    table[present] = special.stdtrit(present, 0.5 + level / 2)
    other = usable & ~whole
    found = np.where(whole, table[at], np.nan)
    found[other] = special.stdtrit(freedom[other], 0.5 + level / 2)
    return np.asarray(found, dtype=np.float64)


def t(value: ArrayLike, se: ArrayLike, df: ArrayLike, level: float) -> Interval:
    """Value plus and minus t standard errors."""
    centre, reach = np.asarray(value, dtype=np.float64), quantile(level, df) * np.asarray(se)
    return centre - reach, centre + reach


def t_logit(
    value: ArrayLike,
    se: ArrayLike,
    df: ArrayLike,
    level: float,
    low: ArrayLike = 0.0,
    high: ArrayLike = 1.0,
) -> Interval:
    """Take a t interval on the logit of the place between the ends of the scale, taken back.

    It stays inside the scale and is the wider one towards its middle. With the ends 0 and 1 it
    is the logit interval of R (`xlogit`) and Stata. NaN at the ends themselves.
    """
    bottom, width = np.asarray(low, dtype=np.float64), np.asarray(high) - np.asarray(low)
    share = (np.asarray(value, dtype=np.float64) - bottom) / width
    inside = (share > 0) & (share < 1)
    p = np.where(inside, share, 0.5)
    reach = quantile(level, df) * np.asarray(se) / width / (p * (1 - p))
    centre = special.logit(p)
    ends = (np.where(inside, special.expit(centre + s * reach), np.nan) for s in (-1, 1))
    lower, upper = (bottom + width * end for end in ends)
    return lower, upper


def effective_n(p: ArrayLike, se: ArrayLike, kish: ArrayLike) -> Floats:
    """Size of the simple random sample as precise as this one: p(1-p)/se^2.

    Not capped at n: a design may beat simple random sampling. Where the sample shows no spread
    (p is 0 or 1, or se is 0) only the weights speak, and Kish's n is used.
    """
    share, error = np.asarray(p, dtype=np.float64), np.asarray(se, dtype=np.float64)
    spread = share * (1 - share)
    seen = (spread > 0) & (error > 0)
    return np.where(seen, spread / np.where(seen, error, 1.0) ** 2, kish)


def wilson(p: ArrayLike, n_eff: ArrayLike, df: ArrayLike, level: float) -> Interval:
    """Score interval of a proportion on `n_eff`, with the t quantile of the design.

    Wilson, E. B. (1927), JASA 22, 209-212; for complex samples Franco, Little, Louis and Slud
    (2019), Journal of Survey Statistics and Methodology 7, 334-364.
    """
    share, n = np.asarray(p, dtype=np.float64), np.asarray(n_eff, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        a = quantile(level, df) ** 2 / n
        centre = (share + a / 2) / (1 + a)
        reach = np.sqrt(a * (share * (1 - share) + a / 4)) / (1 + a)
    # In exact arithmetic the interval holds p and stays in [0, 1]; the last bit may not.
    return (
        np.clip(np.minimum(centre - reach, share), 0, 1),
        np.clip(np.maximum(centre + reach, share), 0, 1),
    )


def exact_upper(n_eff: ArrayLike, level: float) -> Floats:
    """Largest share that leaves `n_eff` draws without an event with probability (1-level)/2.

    The upper end of the exact (Clopper-Pearson) interval at zero events; one minus it is the
    lower end where all are events.
    """
    return np.asarray(
        -np.expm1(np.log((1 - level) / 2) / np.asarray(n_eff, dtype=np.float64)), dtype=np.float64
    )


def korn_graubard(
    p: ArrayLike, n_eff: ArrayLike, n: ArrayLike, df: ArrayLike, level: float
) -> Interval:
    """Exact binomial interval on `n_eff`, made smaller for the few degrees of freedom.

    Korn, E. L. and Graubard, B. I. (1998), Survey Methodology 24, 193-201. Conservative; the
    rule of publication reads its width.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        share, size = np.broadcast_arrays(
            np.asarray(p, dtype=np.float64), np.asarray(n_eff) * _shrunk(n, df, level)
        )
        tail = (1 - level) / 2
        bound = exact_upper(size, level)
        low = np.asarray(np.where(share >= 1, 1 - bound, 0.0))
        high = np.asarray(np.where(share <= 0, bound, 1.0))
        inside = (share > 0) & (share < 1) & (size > 0)
        x, trials = (share * size)[inside], size[inside]
    # Inverting the distribution costs a hundred times what all else does.
    low[inside] = special.betaincinv(x, trials - x + 1, tail)
    high[inside] = special.betaincinv(x + 1, trials - x, 1 - tail)
    known = ~np.isnan(size) & ~np.isnan(share)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def near_korn_graubard(
    p: ArrayLike, n_eff: ArrayLike, n: ArrayLike, df: ArrayLike, level: float
) -> tuple[Floats, Floats, Floats]:
    """Approximate `korn_graubard`, thirty times as fast, and how far the width may be off.

    For sorting the clear cases out. NaN with less than one event expected, or for levels above
    0.99, for which the error was not measured: at most a third of the one that is given.
    Quantiles of the beta distribution by the cube-root transformation of Paulson (1942), Annals
    of Mathematical Statistics 13, 233-235.
    """
    share = np.asarray(p, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        size = np.asarray(n_eff) * _shrunk(n, df, level)
        x = share * size
        y = size - x
        reach = special.ndtri(0.5 + level / 2)
        low, high = _beta_quantile(x, y + 1, -reach), _beta_quantile(x + 1, y, reach)
        usable = (x >= 1) & (y >= 1) & (level <= 0.99)
        error = np.minimum(0.04, 0.2 / size)
    return np.where(usable, low, np.nan), np.where(usable, high, np.nan), error


def wider_at_end(
    p: ArrayLike, n_eff: ArrayLike, n: ArrayLike, df: ArrayLike, level: float, width: ArrayLike
) -> tuple[Claims, Claims]:
    """Whether a `korn_graubard` interval is surely wider than `width`, and surely narrower.

    Without its ends, for a third of their cost, where less than one event or less than one of
    its opposite is expected; neither elsewhere. The end next to 0 or 1 is then known closely:
    Beta(a, b) with b < 1 lies above Beta(a, 1), whose quantile is a root. Where the other end
    lies, the distribution tells.
    """
    share, limit = np.broadcast_arrays(
        np.asarray(p, dtype=np.float64), np.asarray(width, dtype=np.float64)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        size = np.asarray(n_eff) * _shrunk(n, df, level)
        many = np.maximum(share, 1 - share) * size
        few = size - many
        tail = (1 - level) / 2
        near = (1 - tail) ** (1 / (many + 1))  # the near end lies between this and 1
        fits = np.asarray((many >= 1) & (few > 0) & (few < 1) & (near > limit))
    wider, narrower = np.zeros((2, *share.shape), dtype=np.bool_)
    many, few, near, limit = many[fits], few[fits], near[fits], limit[fits]
    above = special.betainc(many, few + 1, np.maximum(near - limit - SLACK, 0.0)) > tail + SLACK
    below, left = np.zeros_like(above), ~above
    reach = np.minimum(1 - limit[left] + SLACK, 1.0)
    below[left] = special.betainc(many[left], few[left] + 1, reach) < tail - SLACK
    wider[fits], narrower[fits] = above, below
    return wider, narrower


def _shrunk(n: ArrayLike, df: ArrayLike, level: float) -> Floats:
    """What the few degrees of freedom leave of an effective n."""
    whole = quantile(level, np.asarray(n, dtype=np.float64) - 1)
    return np.asarray((whole / quantile(level, df)) ** 2, dtype=np.float64)


def _beta_quantile(a: Floats, b: Floats, z: float) -> Floats:
    u, v = 1 / (9 * a), 1 / (9 * b)
    top, across = (1 - v) ** 2 - z * z * v, (1 - u) * (1 - v)
    root = np.sqrt(across**2 - top * ((1 - u) ** 2 - z * z * u))
    third = (across + np.sign(z) * root) / top
    ratio = third * third * third
    return np.asarray(a * ratio / (b + a * ratio), dtype=np.float64)


def se_floor(spread: ArrayLike, kish: ArrayLike) -> Floats:
    """Standard error of a simple random sample with these weights and this spread of answers.

    Few PSUs can agree by chance and feign a precision that so many interviews cannot have.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.sqrt(np.asarray(spread, dtype=np.float64) / np.asarray(kish, dtype=np.float64))
