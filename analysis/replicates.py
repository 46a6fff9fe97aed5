r"""Variance from replicates: how far an estimate moves when the sample, or its weights, change.

.. math:: V = \sum_r c_r (\hat\theta_r - \hat\theta)^2,

with one coefficient a replicate. Where replicates come from: PSUs left out (`jackknife`), PSUs
drawn again (`bootstrap`), or columns that the maker of the data gives (`given_replicates`).

Every change is computed as the replicate's total of residuals over its total of weights,
:math:`\hat\theta_r - \hat\theta = \sum_r w (y - \hat\theta) / \sum_r w`, which is the same
number as the difference of two means and keeps its digits where they are nearly equal.

Wolter, K. M. (2007). Introduction to Variance Estimation, 2nd ed. Springer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from analysis.cell_moments import CellMoments
from analysis.design import Codes, Floats
from analysis.errors import DesignError, MeasureError
from analysis.moments import Moments, sums
from analysis.variance import Means

Claims = NDArray[np.bool_]
Sums = TypeVar("Sums", Moments, CellMoments)

APART = 0.10
"""Relative difference of two standard errors of one estimate that is worth a word."""
NOBODY = 1e-12
"""Share of a domain's denominator that is rounding: the replicate holds nobody of the domain."""
BLOCK = 1 << 18
"""Numbers held of (replicates x domains x measures) at a time: two megabytes stay in the cache."""


@dataclass(frozen=True, eq=False)
class Replicated:
    """Estimates of D domains and K measures with the variance that replicates give; (D, K) each.

    `means` holds the values (with calibrated weights where the method calibrates), n, Kish's n
    and spread. `variance` is NaN where it cannot be estimated, never 0 for want of PSUs: fewer
    than two PSUs with answers, all answers in strata that were skipped, or replicates that held
    nobody of the domain; `lost` counts those where replicates are drawn or given. `df` are
    degrees of freedom. `lonely` says that the domain has answers in a stratum with one PSU,
    where the declared policy was followed.
    """

    means: Means
    variance: Floats
    df: Floats
    lost: NDArray[np.int64]
    lonely: Claims
    replicates: int
    method: str


def ratios(moments: Sums, pairs: Sequence[tuple[int, int]]) -> Sums:
    """Sums whose "mean" is the ratio of two measures, for (numerator, denominator) positions.

    Everything that takes moments then estimates ratios. Kish's n and spread are NaN: a ratio has
    none.

    Raises
    ------
    MeasureError
        Where the two measures of a pair were not answered by the same interviews.
    """
    top, bottom = [a for a, _ in pairs], [b for _, b in pairs]
    differing = np.flatnonzero((moments.n[:, top] != moments.n[:, bottom]).any(axis=0))
    if differing.size:
        a, b = pairs[int(differing[0])]
        raise MeasureError(
            f"Measures {a + 1} and {b + 1} of a ratio were not answered by the same interviews, so "
            "it would compare different people. Leave both empty where one is not answered."
        )
    none = np.full((moments.n.shape[0], len(pairs)), np.nan)
    return replace(
        moments, n=moments.n[:, top], weight=moments.value[:, bottom], weight2=none,
        value=moments.value[:, top], square=none,
    )  # fmt: skip


def differs(taylor: Floats, replicated: Floats, limit: float = APART) -> Claims:
    """Where two variances of the same estimates have standard errors more than `limit` apart.

    Relative to Taylor's; False where one of them cannot be estimated.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.sqrt(replicated / taylor)
        return np.asarray((np.abs(ratio - 1) > limit) & ~np.isnan(ratio), dtype=np.bool_)


@dataclass(frozen=True, eq=False)
class Bases:
    """Measures that everybody answered or left out alike share their denominators.

    `columns` (B,) are the first measure of each base, `of` (K,) the base of every measure.
    """

    columns: Codes
    of: Codes


def bases(weight: Floats) -> Bases:
    """Distinct columns of the (R, K) denominators."""
    found: dict[bytes, int] = {}
    of = [found.setdefault(weight[:, k].tobytes(), k) for k in range(weight.shape[1])]
    columns, code = np.unique(np.array(of, dtype=np.intp), return_inverse=True)
    return Bases(columns, np.asarray(code, dtype=np.intp))


def residuals(means: Means, value: Floats, weight: Floats, domain: Codes) -> Floats:
    """(R, K) sums of w (y - mean of the domain), from sums with any weights; 0 without answers."""
    centre = np.where(np.isnan(means.value), 0.0, means.value)
    return np.asarray(value - centre[domain] * weight, dtype=np.float64)


def product(rows: Floats, columns: Floats) -> Floats:
    """(R, A) times (A, M), added in the order of A.

    Not a matrix product of BLAS, whose last bits differ between CPU models.
    """
    return np.asarray(np.einsum("ra,am->rm", rows, columns), dtype=np.float64)


def unless_empty(left: Floats, whole: Floats) -> Floats:
    """Denominators of replicates, NaN where they hold nobody but what rounding leaves."""
    return np.where(np.abs(left) > NOBODY * np.abs(whole), left, np.nan)


def estimable(means: Means, skipped: Claims) -> Claims:
    """(D, K) whether replicates can speak: two PSUs with answers, one of them not skipped.

    `skipped` is (H,): strata that no replicate changes.
    """
    m = means.moments
    moved = ~skipped[m.psus.stratum[m.psu]][:, None] & (m.n > 0)
    seen = sums(m.domain, moved.astype(np.float64), len(m.domains)) > 0
    return np.asarray((means.n_psu >= 2) & seen, dtype=np.bool_)


def spread_of_replicates(
    change: Floats, coefficient: Floats, *, mse: bool, forgive: float = 0.0
) -> tuple[Floats, NDArray[np.int64]]:
    """(...) variance from the (R, ...) changes of replicates, and how many of them were lost.

    A change is NaN where the replicate held nobody. With `mse` deviations are from the estimate,
    else from the mean of the replicates. A variance is NaN when a larger share than `forgive` was
    lost; below it the others stand for those lost.

    Raises
    ------
    DesignError
        Where there are no replicates.
    """
    if not len(change):
        raise DesignError(
            "No replicates, so nothing shows how far an estimate moves. Give their weights, or "
            "ask for at least two."
        )
    usable = ~np.isnan(change)
    shape = (-1, *(1,) * (change.ndim - 1))
    c = coefficient.reshape(shape)
    lost = (~usable).sum(axis=0)
    moved = np.where(usable, change, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        if not mse:
            counted = usable & (c > 0)
            centre = (moved * (c > 0)).sum(axis=0) / counted.sum(axis=0)
            moved = np.where(usable, moved - centre, 0.0)
        kept = coefficient.sum() / (usable * c).sum(axis=0)
        found = (c * moved**2).sum(axis=0) * np.where(lost > 0, kept, 1.0)
    return np.where(lost <= forgive * len(change), found, np.nan), lost.astype(np.int64)
