"""Which level stands in the way when weights cannot be brought to the margins.

No iteration can tell slow from impossible. Whether factors between two bounds exist that meet
all margins is a linear programme; the distances that it cannot remove name the levels.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse

from analysis.auxiliaries import Numbers
from analysis.cells import summed

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

SLACK = 1e-7
"""Relative distance that the solver's own tolerance may leave."""


def out_of_reach(
    base: Floats,
    cell_levels: Sequence[Codes],
    targets: Sequence[Floats],
    low: float,
    high: float,
    numbers: Numbers | None = None,
) -> list[tuple[int, int, float, float, float]]:
    """Levels that cannot meet their target whatever the others do.

    Takes (C,) base totals, for each margin the (C,) level of a cell and the (L,) targets, and the
    bounds of the factor. Gives (margin, level, target, least, most) for each such level; totals of
    `numbers` follow as the levels of one margin more.
    """
    found = []
    for m, (level, target) in enumerate(zip(cell_levels, targets, strict=True)):
        sample = summed(level, base, target.size)
        least, most = (np.where(sample > 0, sample * end, 0.0) for end in (max(low, 0.0), high))
        found += [
            (m, int(j), float(target[j]), float(least[j]), float(most[j]))
            for j in np.flatnonzero((target < least * (1 - SLACK)) | (target > most * (1 + SLACK)))
        ]
    if numbers is not None:
        held = base[:, None] * numbers.held
        with np.errstate(invalid="ignore"):
            ends = [np.where(held == 0, 0.0, held * end) for end in (max(low, 0.0), high)]
        least, most = np.minimum(*ends).sum(axis=0), np.maximum(*ends).sum(axis=0)
        total, slack = numbers.totals, SLACK * numbers.size
        found += [
            (len(targets), int(q), float(total[q]), float(least[q]), float(most[q]))
            for q in np.flatnonzero((total < least - slack) | (total > most + slack))
        ]
    return found


def in_conflict(
    base: Floats,
    cell_levels: Sequence[Codes],
    targets: Sequence[Floats],
    low: float,
    high: float,
    numbers: Numbers | None = None,
) -> list[tuple[int, int, float]]:
    """Levels that the factors nearest to all margins still miss: (margin, level, relative miss).

    Minimises the sum of relative distances from the targets, factors between `low` (at least 0)
    and `high`. A positive miss means that the level stays below its target. Empty where all can
    be met. Where several sets of levels are equally hard to meet, one of them is named.
    """
    shares = [_shares(base, level, t) for level, t in zip(cell_levels, targets, strict=True)]
    wanted = np.ones(sum(target.size for target in targets))
    names = [(m, j) for m, target in enumerate(targets) for j in range(target.size)]
    if numbers is not None:
        shares.append(sparse.coo_array((base[:, None] * numbers.held / numbers.size).T))
        wanted = np.concatenate([wanted, numbers.totals / numbers.size])
        names += [(len(targets), q) for q in range(numbers.totals.size)]
    matrix = sparse.vstack(shares).tocsr()
    count = matrix.shape[0]
    cost = np.concatenate([np.zeros(base.size), np.ones(2 * count)])
    both = sparse.hstack([matrix, sparse.eye_array(count), -sparse.eye_array(count)]).tocsr()
    limits = [(max(low, 0.0), None if np.isinf(high) else high)] * base.size
    solved = optimize.linprog(
        cost, A_eq=both, b_eq=wanted, bounds=limits + [(0, None)] * (2 * count),
        method="highs",
    )  # fmt: skip
    if solved.x is None:
        return []
    miss = solved.x[base.size : base.size + count] - solved.x[base.size + count :]
    return [
        (*names[i], float(miss[i]))
        for i in sorted(np.flatnonzero(np.abs(miss) > SLACK), key=lambda i: -abs(miss[i]))
    ]


def _shares(base: Floats, level: Codes, target: Floats) -> sparse.coo_array:
    """(L, C) share of each level's target that a cell holds at factor 1."""
    shape = (target.size, level.size)
    return sparse.coo_array((base / target[level], (level, np.arange(level.size))), shape=shape)
