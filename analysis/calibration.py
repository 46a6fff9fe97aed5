"""Weights brought to known totals: post-stratification, raking, linear and logit calibration.

Totals are of levels (visits by sex) or of numbers (minutes of service).

All of it happens on cells (`cells.read_cells`): one sum of base weights for each, a factor for
each, one look-up. A single margin is post-stratification and takes one step. Whatever cannot be
met is an error that names the margin and carries the state of every level.
"""

from dataclasses import dataclass, replace

import numpy as np

from analysis import calibration_report, newton, raking, trimming
from analysis.calibration_report import Convergence, Diagnostics
from analysis.cells import Cells, summed
from analysis.design import Coded, Codes, Floats
from analysis.distances import Distance, Method
from analysis.errors import CalibrationError
from analysis.raking import Raked


class NotCalibratedError(CalibrationError):
    """The margins cannot be met as asked; `convergence` holds how near every level came."""

    def __init__(self, message: str, convergence: Convergence) -> None:
        self.convergence = convergence
        super().__init__(message)


@dataclass(frozen=True, eq=False)
class Calibration:
    """Calibrated weights, in the order of the coded interviews, and how they came about.

    `base` and `weight` are (n,), `cell` (n,) the cell of each interview, `factor` (C,) what the
    base weights of a cell were multiplied by, except those at the positions `trimmed`.
    """

    cells: Cells
    cell: Codes
    base: Floats
    weight: Floats
    factor: Floats
    trimmed: Codes
    convergence: Convergence
    diagnostics: Diagnostics

    @property
    def distance(self) -> Distance:
        """How the factors were found, with their bounds."""
        c = self.convergence
        return Distance(c.method, c.low, c.high)

    def final(self, coded: Coded) -> Coded:
        """The same interviews with calibrated weights."""
        return replace(coded, weight=self.weight)

    def in_frame(self, coded: Coded) -> Floats:
        """(n,) calibrated weights in the order of the frame."""
        out = np.empty_like(self.weight)
        out[coded.order] = self.weight
        return out


def calibrate(
    coded: Coded,
    cells: Cells,
    *,
    method: Method = "raking",
    bounds: tuple[float, float] | None = None,
    scale: bool = False,
    trim: float = np.inf,
    trim_by: Codes | None = None,
    tol: float = raking.TOLERANCE,
    max_iter: int = raking.MOST_ITERATIONS,
) -> Calibration:
    """Bring the weights of `coded` to the margins of `cells`, read from the same frame.

    Parameters
    ----------
    method
        `raking` (factors multiply; without bounds by proportional fitting), `linear` (GREG) or
        `logit` (needs bounds).
    bounds
        Least and largest factor.
    scale
        First bring the sum of the weights to the margins' total, so that bounds speak of shares.
    trim
        No weight may exceed this multiple of the median calibrated weight. Those above are set
        to it and the others calibrated to what is left: the margins and the limit both hold. A
        weight that is cut may fall under the lower bound of the factor.
    trim_by
        (n,) codes in the order of the frame of groups that have medians of their own, as units
        have whose interviews stand for very different numbers of visits. One group if not given.
    tol, max_iter
        Largest relative distance from a target, most iterations.

    Raises
    ------
    CalibrationError
        Bounds that are none, cells of another frame, weights that would be negative, a level
        whose total cannot be reached within the limit of trimming.
    NotCalibratedError
        Where a margin cannot be met; names it, and the level.
    """
    distance = Distance(method, *(bounds or (-np.inf, np.inf)))
    if not trim > 1:
        raise CalibrationError(
            f"Trimming at {trim:g} times the median weight would cut half of them; use 2 or more."
        )
    if cells.cell.size != coded.order.size:
        raise CalibrationError(
            f"{cells.cell.size} interviews were sorted into cells, but the design holds "
            f"{coded.order.size}; both must be read from the same frame."
        )
    cell, base = cells.cell[coded.order], coded.weight
    n = np.bincount(cell, minlength=cells.size).astype(np.float64)
    totals = summed(cell, base, cells.size)
    if scale:
        if not cells.targets:
            raise CalibrationError(
                "Nothing says how many there are in all, so the weights cannot be brought to that "
                "first (scale). Give a margin, or leave scale out."
            )
        ratio = cells.total / float(totals.sum())
        base, totals = base * ratio, totals * ratio

    def fit(free: Floats, wanted: Cells, how: str) -> Raked:
        found = _solve(free, wanted, distance, tol, max_iter)
        _require(found, free, wanted, n, distance, how)
        return found

    found = fit(totals, cells, method)
    factor, weight = found.factors, base * found.factors[cell]
    trimmed, limit, moved = np.zeros(0, dtype=np.intp), np.full(weight.size, np.inf), 0.0
    if np.isfinite(trim):
        limit = trim * _medians(weight, None if trim_by is None else trim_by[coded.order])
        # Read in cell order, as all sums are, so that no bit depends on the machine.
        above = summed(cell, np.maximum(weight - limit, 0.0), cells.size)
        moved = float(above.sum()) / float(summed(cell, weight, cells.size).sum())
        how = f"{method}, no weight above {limit.max():,.6g}"
        cut = trimming.trim(
            weight, base, cell, cells, factor, limit,
            lambda free, left: fit(free, left, how).factors,
        )  # fmt: skip
        weight, trimmed, factor = cut.weight, cut.cut, cut.factor
    after = summed(cell, weight, cells.size)
    return Calibration(
        cells, cell, base, weight, factor, trimmed,
        calibration_report.convergence(
            cells, n, totals, after, distance, converged=True, iterations=int(found.iterations)
        ),
        calibration_report.diagnostics(
            cell, n, base, weight, factor, distance,
            limit=float(limit.max(initial=-np.inf)), trimmed=trimmed, moved=moved,
        ),
    )  # fmt: skip


def _medians(weight: Floats, group: Codes | None) -> Floats:
    """(n,) median weight of the group that each interview is in."""
    if group is None:
        return np.full(weight.size, np.median(weight))
    out = np.empty_like(weight)
    for g in np.unique(group):
        out[group == g] = np.median(weight[group == g])
    return out


def _solve(totals: Floats, cells: Cells, distance: Distance, tol: float, max_iter: int) -> Raked:
    if distance.free_raking and cells.numbers is None:
        return raking.rake(totals, cells.cell_levels, cells.targets, tol, max_iter)
    used = totals > 0
    levels = [level[used] for level in cells.cell_levels]
    numbers = None if cells.numbers is None else cells.numbers.of_cells(used)
    found = newton.solve(totals[used], levels, cells.targets, distance, tol, max_iter, numbers)
    factors = np.ones_like(totals)
    factors[used] = found.factors
    return replace(found, factors=factors)


def _require(
    found: Raked, totals: Floats, cells: Cells, n: Floats, distance: Distance, how: str
) -> None:
    """Stop where a level was missed, or a weight would be zero or negative."""
    after = totals * found.factors
    if not found.converged:
        unmet, sentence = calibration_report.obstacles(cells, totals, after, distance)
        ways = "Correct the total"
        ways += ", merge the level with its neighbour" if cells.targets else ""
        ways += ", or widen the bounds" if np.isfinite(distance.high) else ""
        raise NotCalibratedError(
            f"The weights cannot be brought to the margins ({how}, "
            f"{int(found.iterations)} iterations): {sentence} {ways}.",
            calibration_report.convergence(
                cells, n, totals, after, distance,
                converged=False, iterations=int(found.iterations), unmet=unmet,
            ),
        )  # fmt: skip
    wrong = np.flatnonzero((found.factors <= 0) & (totals > 0))
    if wrong.size:
        named = " and ".join(
            f"{margin} {cells.levels[m][cells.cell_levels[m][wrong[0]]]}"
            for m, margin in enumerate(cells.margins)
        )
        if cells.numbers is not None:
            named += f"{' and ' if named else ''}a {cells.numbers.names[0]} far from the others"
        raise CalibrationError(
            f"Calibration ({how}) would give {int(n[wrong].sum())} interviews a weight "
            f"of zero or less (those with {named}: factor {found.factors[wrong[0]]:.3g}); nobody "
            "can stand for fewer than no visits. Use raking, or a lower bound above 0."
        )
