"""The calibration equations, solved in cell space by Newton's method.

One unknown for each level of each margin and for each total of numbers; the factor of a cell is F
of the sum of its levels' unknowns, and of its numbers times theirs. Margins without a cell in
common fall into blocks that are solved one by one, so that margins nested in units cost as many
small systems as there are units; numbers tie all cells together.

Deville, J.-C. and Särndal, C.-E. (1992). Calibration estimators in survey sampling. JASA, 87,
376-382.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from analysis.auxiliaries import Numbers
from analysis.distances import Distance
from analysis.raking import Raked, level_sums

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

GOOD_ENOUGH = 1e-10
"""Relative distance from a target at which rounding may end the search."""
FLATTEST = 0.01
"""Least slope in a step: where all cells of a level stand at a bound, none would lead back."""
RANK = 1e-11
"""Eigenvalues below this share of the largest come from margins that repeat each other."""
_HALVINGS, _OVERSHOOT = 50, -0.1


def solve(
    base: Floats,
    cell_levels: Sequence[Codes],
    targets: Sequence[Floats],
    distance: Distance,
    tol: float,
    max_iter: int,
    numbers: Numbers | None = None,
) -> Raked:
    """Factors (C,) that bring the (C,) base totals to all (L,) targets, by the given distance.

    `converged` is false where they could not be met; the factors are then as near as they came.
    """
    factors, gap, iterations = np.ones(base.size), 0.0, 0
    if numbers is not None:  # they tie all cells together
        none = np.zeros((base.size, 0), dtype=np.intp)
        column = np.column_stack(_columns(cell_levels, targets)) if targets else none
        target = np.concatenate([*targets, np.zeros(0)])
        factors, iterations, gap = _one(base, column, target, distance, tol, max_iter, numbers)
        met = gap <= max(tol, GOOD_ENOUGH)
        return Raked(factors, np.array(iterations), np.array(gap), np.array(met))
    column = np.column_stack(_columns(cell_levels, targets))
    target = np.concatenate(targets)
    count, block = blocks(cell_levels, targets)
    by_block = np.argsort(block, kind="stable")
    ends = np.cumsum(np.bincount(block, minlength=count))
    for cells in np.split(by_block, ends[:-1]):
        own, local = np.unique(column[cells], return_inverse=True)
        found = _one(
            base[cells], local.reshape(cells.size, -1), target[own], distance, tol, max_iter
        )
        factors[cells] = found[0]
        iterations, gap = max(iterations, found[1]), max(gap, found[2])
    return Raked(
        factors, np.array(iterations), np.array(gap), np.array(gap <= max(tol, GOOD_ENOUGH))
    )


def blocks(cell_levels: Sequence[Codes], targets: Sequence[Floats]) -> tuple[int, Codes]:
    """How many sets of cells share no level of any margin, and the (C,) set of each cell."""
    columns = _columns(cell_levels, targets)
    cells = cell_levels[0].size
    size = cells + sum(target.size for target in targets)
    ones = np.ones(cells * len(columns))
    at = (np.tile(np.arange(cells), len(columns)), cells + np.concatenate(columns))
    graph = sparse.coo_array((ones, at), shape=(size, size))
    count, label = csgraph.connected_components(graph, directed=False)
    return int(count), np.asarray(label[:cells], dtype=np.intp)


def inverse(matrix: Floats) -> Floats:
    """Moore-Penrose inverse of a symmetric (p, p) matrix, levels of any size alike."""
    scale = np.sqrt(np.diag(matrix))
    scale = np.where(scale > 0, scale, 1.0)
    found = np.linalg.pinv(matrix / np.outer(scale, scale), rcond=RANK, hermitian=True)
    return np.asarray(found / np.outer(scale, scale), dtype=np.float64)


def _columns(cell_levels: Sequence[Codes], targets: Sequence[Floats]) -> list[Codes]:
    """For each margin, the column that a cell has a one in, all margins side by side."""
    start = np.cumsum([0] + [target.size for target in targets[:-1]])
    return [level + first for level, first in zip(cell_levels, start, strict=True)]


def _one(
    base: Floats,
    column: Codes,
    target: Floats,
    distance: Distance,
    tol: float,
    max_iter: int,
    numbers: Numbers | None = None,
) -> tuple[Floats, int, float]:
    """Factors of a block, iterations taken, relative distance left."""
    levels, unit = target.size, target
    design = np.zeros((base.size, levels))
    for margin in column.T:
        design[np.arange(base.size), margin] = 1.0
    if numbers is not None:
        x = numbers.standard
        design = np.column_stack((design, x))
        unit = np.concatenate([target, numbers.units])
        target = np.concatenate([target, numbers.goals])

    def left(unknown: Floats) -> tuple[Floats, Floats, Floats]:
        u = unknown[column].sum(axis=1)
        if numbers is not None:
            u = u + x @ unknown[levels:]
        factor = distance.factor(u)
        reached = np.zeros(target.size)
        for margin in column.T:
            reached[:levels] += level_sums((base * factor)[:, None], margin, levels)[:, 0]
        if numbers is not None:
            reached[levels:] = (base * factor) @ x
        return u, factor, target - reached

    unknown = np.zeros(target.size)
    u, factor, misfit = left(unknown)
    gap = float((np.abs(misfit) / unit).max())
    for step in range(max_iter):
        if gap <= tol:
            return factor, step, gap
        slope = base * np.maximum(distance.slope(u), FLATTEST)
        direction = inverse(design.T @ (slope[:, None] * design)) @ misfit
        # The solution is the top of a concave hill with gradient `misfit`: a step is too long
        # where it leads down the other side.
        climb, length = float(direction @ misfit), 1.0
        for _ in range(_HALVINGS):
            trial = left(unknown + length * direction)
            ahead = float(direction @ trial[2])
            if np.isfinite(ahead) and ahead >= _OVERSHOOT * abs(climb):
                break
            length /= 2
        new_gap = float((np.abs(trial[2]) / unit).max())
        if gap <= GOOD_ENOUGH and not new_gap < gap:
            return factor, step, gap
        unknown = unknown + length * direction
        (u, factor, misfit), gap = trial, new_gap
    return factor, max_iter, gap
