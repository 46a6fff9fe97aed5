"""Weights cut at a limit inside calibration, so that both the limit and the margins hold.

Cutting calibrated weights breaks the margins, calibrating cut weights breaks the limit. Here a
weight above the limit is set to it for good, and the others are calibrated to what the margins
leave, until none is above (the upper bound of Deville and Särndal 1992 put on the weight instead
of the factor).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analysis.cells import Cells, summed
from analysis.errors import CalibrationError

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
Fit = Callable[[Floats, Cells], Floats]
"""From (C,) base totals and cells with their targets to (C,) factors."""

ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Trimmed:
    """Weights (n,), positions of those that were cut, and the (C,) factors of the others."""

    weight: Floats
    cut: Codes
    factor: Floats


def trim(
    weight: Floats, base: Floats, cell: Codes, cells: Cells, factor: Floats, limit: Floats, fit: Fit
) -> Trimmed:
    """Cut the calibrated weights (n,) at their `limit` (n,) and calibrate the rest anew.

    It ends when no weight is above its limit.

    Raises
    ------
    CalibrationError
        Naming the level whose interviews cannot reach its total within the limit.
    """
    is_cut = np.zeros(weight.size, dtype=np.bool_)
    while True:
        above = ~is_cut & (weight > limit * (1 + ROUNDING))
        if not above.any():
            return Trimmed(weight, np.flatnonzero(is_cut), factor)
        is_cut |= above
        kept = summed(cell, np.where(is_cut, limit, 0.0), cells.size)
        free = summed(cell, np.where(is_cut, 0.0, base), cells.size)
        left = []
        for m, (level, target) in enumerate(zip(cells.cell_levels, cells.targets, strict=True)):
            taken = summed(level, kept, target.size)
            open_weight = summed(level, free, target.size)
            # While one weight of a level is free, the cut ones hold less than its total.
            stuck = np.flatnonzero(open_weight <= 0)
            if stuck.size:
                j = stuck[0]
                own = cells.cell_levels[m][cell] == j
                n, most = int(own.sum()), float(limit[own].max())
                raise CalibrationError(
                    f"No weight may exceed {most:,.6g}, but margin {cells.margins[m]} "
                    f"{cells.levels[m][j]} has the total {target[j]:,.6g} and {n} interviews. "
                    "Trim at a larger multiple, or merge the level with its neighbour."
                )
            left.append(target - taken)
        x = cells.numbers
        rest = replace(
            cells, targets=tuple(left), numbers=None if x is None else x.without(kept)
        )  # fmt: skip
        factor = fit(free, rest)
        weight = np.where(is_cut, limit, base * factor[cell])
