"""Linear, logit and bounded calibration of many replicates side by side, in cell space.

A replicate differs from the sample by one PSU, so Newton's full steps from the sample's own
solution lead to its factors in a few rounds, each a handful of small matrices for all replicates
at once. Those that do not arrive so are solved one by one with care (`newton.solve`); those that
no factors can bring to the margins are found out beforehand.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis import newton
from analysis.auxiliaries import Numbers
from analysis.design import Codes, Floats
from analysis.distances import Distance
from analysis.feasibility import SLACK
from analysis.replicates import Claims

NUMBERS_AT_ONCE = 1 << 22
"""Numbers held of (replicates x unknowns x cells) at a time."""
ROUNDS = 30
"""Full steps before a replicate is left to the careful way."""
CAREFUL_ROUNDS = 200
RIDGE = 1e-13
"""Added to the unit diagonal: margins repeat each other, and what they repeat has no direction."""


@dataclass(frozen=True, eq=False)
class Equations:
    """What replicates must meet: levels (M arrays (C,)), their targets, numbers with totals."""

    levels: Sequence[Codes]
    targets: Sequence[Floats]
    numbers: Numbers | None
    distance: Distance

    def columns(self) -> Floats:
        """(C, p) indicators of the levels, then the numbers."""
        parts = [
            (level[:, None] == np.arange(target.size)).astype(np.float64)
            for level, target in zip(self.levels, self.targets, strict=True)
        ]
        return np.hstack(parts if self.numbers is None else [*parts, self.numbers.standard])

    def goals(self) -> tuple[Floats, Floats]:
        """(p,) goals of the columns, and what a distance from them is measured by."""
        goal = [*self.targets] if self.numbers is None else [*self.targets, self.numbers.goals]
        unit = [*self.targets] if self.numbers is None else [*self.targets, self.numbers.units]
        return np.concatenate(goal), np.concatenate(unit)


def factors(totals: Floats, of: Equations, tol: float, near: Floats | None = None) -> Floats:
    """(J, C) factors for base-weight totals (J, C); NaN in rows that cannot meet the totals.

    `near` (C,) are the totals of the sample that the replicates were made of. Factors of cells
    without weight are those that their levels and numbers imply.
    """
    x = of.columns()
    goal, unit = of.goals()
    out = np.full(totals.shape, np.nan)
    start = np.zeros(goal.size)
    if near is not None:
        unknown, _, met = _stepped(near[None], x, goal, unit, of.distance, start, tol)
        start = unknown[0] if met[0] else start
    possible = np.flatnonzero(~_out_of_reach(totals, x, of))
    step = max(1, NUMBERS_AT_ONCE // max(x.size, 1))
    for first in range(0, possible.size, step):
        some = possible[first : first + step]
        _, found, met = _stepped(totals[some], x, goal, unit, of.distance, start, tol)
        out[some[met]] = found[met]
        for j in some[~met]:
            out[j] = _careful(totals[j], of, tol)
    return out


def _stepped(
    totals: Floats, x: Floats, goal: Floats, unit: Floats, distance: Distance, start: Floats,
    tol: float,
) -> tuple[Floats, Floats, Claims]:  # fmt: skip
    """Unknowns (J, p), factors (J, C), and which replicates met their goals, by full steps."""
    size = len(totals)
    unknown = np.tile(start, (size, 1))
    factor, met = np.ones_like(totals), np.zeros(size, dtype=np.bool_)
    best = np.full(size, np.inf)
    active = np.arange(size)
    for _ in range(ROUNDS):
        u = unknown[active] @ x.T
        factor[active] = distance.factor(u)
        own = totals[active]
        misfit = goal - (own * factor[active]) @ x
        gap = (np.abs(misfit) / unit).max(axis=1)
        # What rounding leaves does not become less.
        settled = (gap <= newton.GOOD_ENOUGH) & ~(gap < best[active])
        done = (gap <= tol) | settled
        met[active[done]] = True
        best[active] = gap
        go = ~done & np.isfinite(gap)
        active, u, own, misfit = active[go], u[go], own[go], misfit[go]
        if not active.size:
            break
        slope = own * np.maximum(distance.slope(u), newton.FLATTEST)
        matrix = np.matmul(x.T[None] * slope[:, None, :], x)
        scale = np.sqrt(np.einsum("jpp->jp", matrix))
        scale = np.where(scale > 0, scale, 1.0)
        matrix /= scale[:, :, None] * scale[:, None, :]
        np.einsum("jpp->jp", matrix)[...] += RIDGE
        try:
            taken = np.linalg.solve(matrix, (misfit / scale)[:, :, None])[:, :, 0]
        except np.linalg.LinAlgError:
            break
        unknown[active] += taken / scale
    return unknown, factor, met


def _out_of_reach(totals: Floats, x: Floats, of: Equations) -> Claims:
    """(J,) replicates in which a level has nobody, or not enough within the bounds."""
    count = sum(target.size for target in of.targets)
    held = totals @ x[:, :count]
    target = np.concatenate([*of.targets, np.zeros(0)])
    low, high = of.distance.low, of.distance.high
    found = held <= 0
    with np.errstate(invalid="ignore"):
        if np.isfinite(high):
            found |= held * high < target * (1 - SLACK)
        if np.isfinite(low):
            found |= held * low > target * (1 + SLACK)
    return np.asarray(found.any(axis=1), dtype=np.bool_)


def _careful(totals: Floats, of: Equations, tol: float) -> Floats:
    """(C,) factors of one replicate; NaN where its totals cannot be met."""
    used = totals > 0
    out = np.ones_like(totals)
    numbers = None if of.numbers is None else of.numbers.of_cells(used)
    found = newton.solve(
        totals[used], [level[used] for level in of.levels], list(of.targets), of.distance, tol,
        CAREFUL_ROUNDS, numbers,
    )  # fmt: skip
    if not found.converged:
        return np.full(totals.shape, np.nan)
    out[used] = found.factors
    return out
