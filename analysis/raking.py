"""Iterative proportional fitting on the totals of cells, for one sample or many replicates at once.

A cell is a combination of levels, one of each margin. All interviews of a cell get the same
factor, so raking needs no row: a million interviews are a few dozen totals. Replicates (leading
axes) are fitted side by side, each until it has converged itself, so that the factors of one do
not depend, to the last bit, on which others it shares an array with.

Deming, W. E. and Stephan, F. F. (1940). Annals of Mathematical Statistics, 11, 427-444.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

TOLERANCE = 1e-12
"""Largest distance of a level's total from its target, as a share of the target."""
MOST_ITERATIONS = 1000


@dataclass(frozen=True, eq=False)
class Raked:
    """Factors (..., C), and for each replicate (...) how it went.

    `gap` is the largest relative distance from a target when last looked at, before the last
    step; infinite where a level has a target and no weight.
    """

    factors: Floats
    iterations: Codes
    gap: Floats
    converged: NDArray[np.bool_]


def rake_cells(
    cell_totals: ArrayLike,
    cell_levels: Sequence[ArrayLike],
    targets: Sequence[ArrayLike],
    tol: float = TOLERANCE,
    max_iter: int = MOST_ITERATIONS,
) -> Floats:
    """Factors of the cells that bring their totals to every margin.

    Parameters
    ----------
    cell_totals : (..., C) float
        Sum of base weights of each cell; leading axes are replicates. Zero where a replicate
        has nobody in the cell.
    cell_levels : M arrays (C,) int
        Level of each cell in each margin.
    targets : M arrays (L_m,) float
        Total of each level, positive; all margins have the same sum.

    Returns
    -------
    (..., C) float
        Final over base weight. The whole row is NaN for a replicate that cannot be brought to
        the margins: nobody left in a level, or not converged to `tol` in `max_iter` rounds.
    """
    found = rake(cell_totals, cell_levels, targets, tol, max_iter)
    return np.where(found.converged[..., None], found.factors, np.nan)


def rake(
    cell_totals: ArrayLike,
    cell_levels: Sequence[ArrayLike],
    targets: Sequence[ArrayLike],
    tol: float = TOLERANCE,
    max_iter: int = MOST_ITERATIONS,
) -> Raked:
    """As `rake_cells`, with the factors as far as they came and a report of each replicate."""
    totals = np.asarray(cell_totals, dtype=np.float64)
    lead, cells = totals.shape[:-1], totals.shape[-1]
    # Cells first: a level's total is then a sum of whole rows, vectorised over the replicates.
    base = np.ascontiguousarray(totals.reshape(-1, cells).T)
    margins = [
        (np.asarray(level, dtype=np.intp), np.asarray(target, dtype=np.float64)[:, None])
        for level, target in zip(cell_levels, targets, strict=True)
    ]
    size = base.shape[1]
    factors, gap = np.ones_like(base), np.full(size, np.inf)
    iterations = np.zeros(size, dtype=np.intp)
    empty = np.zeros(size, dtype=np.bool_)
    for level, target in margins:
        empty |= (level_sums(base, level, target.size) <= 0).any(axis=0)
    active = np.flatnonzero(~empty)
    weight, factor = base[:, active], factors[:, active]
    for _ in range(max_iter):
        if not active.size:
            break
        worst = np.zeros(active.size)
        for level, target in margins:
            reached = level_sums(weight * factor, level, target.size)
            np.maximum(worst, (np.abs(reached - target) / target).max(axis=0), out=worst)
            factor *= (target / reached)[level]
        iterations[active] += 1
        gap[active] = worst
        open_still = ~(worst <= tol)
        if not open_still.all():
            factors[:, active] = factor
            active = active[open_still]
            weight, factor = weight[:, open_still], factor[:, open_still]
    factors[:, active] = factor
    return Raked(
        np.ascontiguousarray(factors.T).reshape(totals.shape),
        iterations.reshape(lead),
        gap.reshape(lead),
        (gap <= tol).reshape(lead),
    )


def level_sums(values: Floats, level: Codes, levels: int) -> Floats:
    """(L, R) sums of the (C, R) `values` by the level of their cell, added in the order of cells.

    One replicate is added by `np.bincount`, many row by row: the same order, so the same bits.
    """
    if values.shape[1] == 1:
        alone = np.bincount(level, weights=values[:, 0], minlength=levels)
        return np.asarray(alone[:, None], dtype=np.float64)
    out = np.zeros((levels, values.shape[1]))
    for cell, at in enumerate(level.tolist()):
        out[at] += values[cell]
    return out
