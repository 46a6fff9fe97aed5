r"""Totals of domains: how many visits, how many minutes, how many who paid.

The total is :math:`\hat T_d = \sum_{i \in d} w_i y_i`, and what a PSU adds to it is its score, so
that all of `analysis.variance` (variances, covariances, contrasts) works on it as on a mean. The
weights must be on the scale of the population (`w_raw`, not `w_norm`).

Who did not answer adds nothing: a total speaks of those who answered, and falls short of the
population's by the share that did not. `domain_sizes` says how many visits answered.

Särndal, C.-E., Swensson, B. and Wretman, J. (1992). Model Assisted Survey Sampling, ch. 2 and 10.
"""

from dataclasses import replace

import numpy as np

from analysis.design import Floats
from analysis.errors import MeasureError
from analysis.moments import Moments, sums
from analysis.variance import Means, domain_means


def domain_totals(moments: Moments) -> Means:
    """Total of every measure in every domain, with its scores in place of the mean's.

    `value` is (D, K) in the unit of the measure, NaN where nobody answered. `kish` and `spread`
    remain those of the answers.

    Raises
    ------
    MeasureError
        Where a sum overflowed or an answer was infinite, naming the measure and the domains.
    """
    return _of(moments, moments.value)


def domain_sizes(moments: Moments) -> Means:
    """Number of visits in every domain that those who answered each measure stand for.

    `value` is (D, K), the sum of their weights; NaN where nobody answered.
    """
    return _of(moments, moments.weight)


def _of(moments: Moments, scores: Floats) -> Means:
    means = domain_means(moments)
    with np.errstate(over="ignore"):
        total = sums(moments.domain, scores, len(moments.domains))
    value = np.where(means.n > 0, total, np.nan)
    refuse_overflow(moments, value)
    return replace(means, value=value, scores=scores)


def refuse_overflow(moments: Moments, value: Floats) -> None:
    """Refuse (D, K) values that are no finite number although somebody answered.

    Raises
    ------
    MeasureError
        Naming the measure by its place (from 1) and the domains.
    """
    answered = sums(moments.domain, moments.n, len(moments.domains)) > 0
    bad = answered & ~np.isfinite(value)
    if not bad.any():
        return
    k = int(np.flatnonzero(bad.any(axis=0))[0])
    names = [moments.domains[d] or "(the whole)" for d in np.flatnonzero(bad[:, k])]
    raise MeasureError(
        f"The sum of measure {k + 1} is no finite number in domain {', '.join(names[:5])}"
        f"{' ...' if len(names) > 5 else ''}: an answer is infinite, or answers times weights are "
        "too large to add. Look for answers typed in the wrong unit."
    )
