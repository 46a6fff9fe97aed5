"""Quantiles of domains (the median wait), with Woodruff's interval.

The p-quantile is the smallest answer at which the weighted distribution reaches p: an answer that
somebody gave. Its interval is the interval of the share of answers up to it, taken back through
the same distribution (Woodruff 1952, Journal of the American Statistical Association, 47,
635-646). It is that of R's `svyquantile(qrule = "math")`, save that R gives the second smallest
answer where the smallest alone reaches p.

Where many gave the same answer (a scale of four points) a quantile moves in jumps and says little;
use proportions there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np

from analysis import intervals, variance
from analysis.answers import require_finite
from analysis.design import Coded, Floats
from analysis.errors import MeasureError
from analysis.measures import Measure
from analysis.moments import psu_moments
from analysis.variance import Lonely

Method = Literal["wilson", "mean", "xlogit"]
"""Interval of the share: Wilson's as everywhere in our tables; t as R's default, which has no end
where it leaves 0 to 1; t on the logit."""

EXACT = 1e-12
"""Share of the weight within which the distribution has reached p: sums round, p does not."""


@dataclass(frozen=True, eq=False)
class Quantiles:
    """Quantiles of D domains, K measures and P probabilities; arrays are (D, K, P).

    `value`, `low`, `high` are answers, in the unit of the measure; `se` is the interval's width
    over two t quantiles. `share` is the weighted share of answers up to `value`. `se`, `low` and
    `high` are NaN where the design gives no interval, an end alone where that end lies beyond the
    sample. `n`, `n_psu`, `df` are (D, K).
    """

    domains: tuple[str, ...]
    probabilities: tuple[float, ...]
    value: Floats
    se: Floats
    low: Floats
    high: Floats
    share: Floats
    n: Floats
    n_psu: Floats
    df: Floats


def domain_quantiles(
    coded: Coded,
    measures: Sequence[Measure],
    probabilities: Sequence[float],
    *,
    level: float = 0.95,
    method: Method = "wilson",
    lonely: Lonely = "fail",
) -> Quantiles:
    """Quantiles of every measure in every domain, and their intervals at `level`.

    Answers that are missing leave the base, as everywhere. Where all answers are equal, or one
    PSU holds them, the share shows no spread: Wilson's interval then stands on Kish's n, the
    others are not estimable.

    Raises
    ------
    MeasureError
        Where a probability is not inside (0, 1), or an answer infinite.
    LonelyPSUError
        From `variance.variances`.
    """
    if any(not 0 < p < 1 for p in probabilities):
        raise MeasureError(
            f"Probabilities {', '.join(f'{p:g}' for p in probabilities)}: a quantile needs one "
            "between 0 and 1, without the ends. The smallest answer is no estimate of the smallest "
            "there is."
        )
    require_finite(measures)
    shape = (len(coded.domains), len(measures), len(probabilities))
    answers = [sorted_answers(coded, measure) for measure in measures]
    value = placed(answers, np.broadcast_to(np.array(probabilities), shape))
    means = variance.domain_means(psu_moments(coded, _reached(coded, measures, value)))
    share, n, n_psu, df, kish = (
        a.reshape(shape) for a in (means.value, means.n, means.n_psu, means.df, means.kish)
    )
    usable = (n_psu >= 2) & (df >= 1)
    found = variance.variances(means, lonely).reshape(shape)
    error = np.where(usable, np.sqrt(found), np.nan)
    # A variance of exactly 0 comes out of the sums as rounding.
    error = np.where(error < EXACT, 0.0, error)
    lower, upper = of_share(share, error, kish, df, level, method)
    low, high = placed(answers, lower), placed(answers, upper)
    se = (high - low) / (2 * intervals.quantile(level, df))
    return Quantiles(
        coded.domains, tuple(probabilities), value, se, low, high, share,
        n[:, :, 0], n_psu[:, :, 0], df[:, :, 0],
    )  # fmt: skip


def sorted_answers(coded: Coded, measure: Measure) -> list[tuple[Floats, Floats]]:
    """For each domain: its answers from the smallest on, and the weight up to each."""
    y = measure.values[coded.order]
    given = ~np.isnan(y)
    y, domain, weight = y[given], coded.domain[given], coded.weight[given]
    order = np.lexsort((y, domain))
    starts = np.searchsorted(domain[order], np.arange(len(coded.domains) + 1))
    parts = (order[a:b] for a, b in pairwise(starts.tolist()))
    return [(y[own], np.cumsum(weight[own])) for own in parts]


def placed(answers: Sequence[Sequence[tuple[Floats, Floats]]], share: Floats) -> Floats:
    """(D, K, P) answers at which the distributions of D domains and K measures reach `share`."""
    out = np.full(share.shape, np.nan)
    for k, of_measure in enumerate(answers):
        for d, (y, cumulated) in enumerate(of_measure):
            out[d, k] = _at(y, cumulated, share[d, k])
    return out


def _at(y: Floats, cumulated: Floats, p: Floats) -> Floats:
    """Smallest answers at which the distribution reaches `p`; NaN for a NaN or without answers."""
    if not y.size:
        return np.full(p.shape, np.nan)
    goal = np.where(np.isnan(p), 0.0, p - EXACT) * cumulated[-1]
    at = np.minimum(np.searchsorted(cumulated, goal), y.size - 1)
    return np.where(np.isnan(p), np.nan, y[at])


def _reached(coded: Coded, measures: Sequence[Measure], value: Floats) -> list[Measure]:
    """For each measure and probability: has the answer reached the quantile of its domain."""
    domain = np.empty(coded.order.size, dtype=np.intp)
    domain[coded.order] = coded.domain
    found = []
    for k, measure in enumerate(measures):
        for p in range(value.shape[2]):
            with np.errstate(invalid="ignore"):
                reached = (measure.values <= value[domain, k, p]).astype(np.float64)
            reached = np.where(np.isnan(measure.values), np.nan, reached)
            found.append(replace(measure, kind="proportion", values=reached, low=0.0, high=1.0))
    return found


def of_share(
    share: Floats, error: Floats, kish: Floats, df: Floats, level: float, method: Method
) -> intervals.Interval:
    """Interval of shares from their standard errors, by Woodruff's `method`."""
    known = ~np.isnan(error)
    if method == "wilson":
        n_eff = intervals.effective_n(share, error, kish)
        low, high = intervals.wilson(share, np.where(known, n_eff, np.nan), df, level)
        return low, high
    error = np.where(error > 0, error, np.nan)
    if method == "xlogit":
        return intervals.t_logit(share, error, df, level)
    low, high = intervals.t(share, error, df, level)
    return np.where(low < 0, np.nan, low), np.where(high > 1, np.nan, high)
