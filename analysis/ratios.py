r"""Ratios of two totals: minutes per form, paid per visit, and a part of a whole.

With :math:`\hat R_d = \sum_d w y / \sum_d w x`, the score of PSU g is

.. math:: e_{gd} = (\sum_{gd} w y - \hat R_d \sum_{gd} w x) / \sum_d w x,

so that variances and covariances between ratios of any domains are those of `analysis.variance`.
A ratio is biased by about 1/n of its value; its interval is the t interval.

Woodruff, R. S. (1971). A simple method for approximating the variance of a complicated estimate.
Journal of the American Statistical Association, 66, 411-414.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis import variance
from analysis.design import Floats
from analysis.errors import MeasureError
from analysis.measures import Measure
from analysis.moments import Moments, sums
from analysis.totals import refuse_overflow
from analysis.variance import Lonely, Means, domain_means


@dataclass(frozen=True)
class Quotient:
    """One number made of two: its value, its variance and its degrees of freedom."""

    value: float
    variance: float
    df: float


def in_common(numerator: Measure, denominator: Measure) -> tuple[Measure, Measure]:
    """Both measures on the base of those who answered both, as a ratio needs them.

    A ratio of the answers of some to those of others would depend on who kept silent.

    Raises
    ------
    MeasureError
        Where they do not have the same number of values, or nobody answered both.
    """
    if numerator.values.shape != denominator.values.shape:
        raise MeasureError(
            f"Measures {numerator.name} and {denominator.name} have {numerator.values.size} and "
            f"{denominator.values.size} values; both must be in the order of the interviews' frame."
        )
    both = ~(np.isnan(numerator.values) | np.isnan(denominator.values))
    if not both.any():
        raise MeasureError(
            f"Nobody answered both {numerator.name} and {denominator.name}, so they have no ratio. "
            "Check whether one is asked only where the other is not."
        )
    top, bottom = (
        replace(m, values=np.where(both, m.values, np.nan)) for m in (numerator, denominator)
    )
    return top, bottom


def domain_ratios(moments: Moments, pairs: Sequence[tuple[int, int]]) -> Means:
    """Ratio of two measures in every domain, for R pairs (numerator, denominator) of positions.

    Each pair must have one base (`in_common`). `value` and `scores` are (D, R) and
    (C, R); `n`, `n_psu`, `df` and `kish` are those of the base; `spread` is NaN, as the sums of a
    PSU do not hold it. A ratio to a denominator of 0 is NaN, and so is its variance.

    Raises
    ------
    MeasureError
        Where the two measures of a pair were not answered by the same interviews, or overflow.
    """
    top, bottom = [a for a, _ in pairs], [b for _, b in pairs]
    differing = np.flatnonzero((moments.n[:, top] != moments.n[:, bottom]).any(axis=0))
    if differing.size:
        a, b = pairs[int(differing[0])]
        raise MeasureError(
            f"Measures {a + 1} and {b + 1} of a ratio were not answered by the same interviews, so "
            "it would compare different people. Bring them on one base with ratios.in_common."
        )
    base = _columns(moments, top)
    size = len(moments.domains)
    numerator, denominator = (sums(moments.domain, moments.value[:, c], size)
                              for c in (top, bottom))  # fmt: skip
    refuse_overflow(base, numerator)
    refuse_overflow(base, denominator)
    denominator = np.where(denominator == 0, np.nan, denominator)
    value = numerator / denominator
    residual = moments.value[:, top] - value[moments.domain] * moments.value[:, bottom]
    scores = residual / denominator[moments.domain]
    m = domain_means(base)
    unknown = np.full(value.shape, np.nan)
    return Means(base, value, scores, m.n, m.n_psu, m.df, m.kish, unknown)


def quotient(
    means: Means,
    numerator: tuple[int, int],
    denominator: tuple[int, int],
    lonely: Lonely = "fail",
) -> Quotient:
    """One estimate divided by another, each named by (domain, measure) position.

    With totals of a unit and of the whole this is the unit's share; with means of two units, how
    many times the one is the other. Covariances are taken in. NaN where the denominator is 0.
    """
    a, b = float(means.value[numerator]), float(means.value[denominator])
    df = float(min(means.df[numerator], means.df[denominator]))
    if b == 0 or np.isnan(a) or np.isnan(b):
        return Quotient(float("nan"), float("nan"), df)
    ratio = a / b
    if numerator == denominator:
        return Quotient(1.0, 0.0, df)
    _, found = variance.contrast(means, {numerator: 1 / b, denominator: -ratio / b}, lonely)
    return Quotient(ratio, found, df)


def _columns(m: Moments, chosen: Sequence[int]) -> Moments:
    def take(a: Floats) -> Floats:
        return a[:, list(chosen)]

    return Moments(
        m.psus, m.domains, m.psu, m.domain,
        take(m.n), take(m.weight), take(m.weight2), take(m.value), take(m.square),
    )  # fmt: skip
