"""What calibration did to the weights, and how near every level came, as data.

Kish's design effect says what unequal weights cost: n sum(w^2) / (sum w)^2 (Kish 1965, §11.7).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis import feasibility
from analysis.cells import Cells, summed
from analysis.distances import Distance

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

QUANTILES = (0.0, 0.01, 0.5, 0.99, 1.0)


@dataclass(frozen=True, eq=False)
class Convergence:
    """Every level of every margin, and every total of numbers (level empty), before and after.

    `levels` has the columns `margin level n before target after gap`: interviews, sum of base
    weights, total asked for, sum of calibrated weights, and after over target less 1. `unmet`
    names the levels in the way (`umur 60+`), empty where all were met.
    """

    method: str
    low: float
    high: float
    converged: bool
    iterations: int
    levels: pd.DataFrame
    unmet: tuple[str, ...] = ()


@dataclass(frozen=True)
class Diagnostics:
    """The weights before and after, in numbers.

    `deff_before` and `deff_after` are Kish's, `n_eff_*` the interviews over them. `g_*` are the
    least, 1st percentile, median, 99th percentile and largest ratio of final to base weight, over
    interviews; `at_low` and `at_high` count those at a bound. `limit` is the largest weight that
    trimming allowed (infinite: none was asked for), `trimmed` counts the weights set to it,
    `moved` is the share of all weight that was cut off.
    """

    n: int
    deff_before: float
    deff_after: float
    n_eff_before: float
    n_eff_after: float
    g_min: float
    g_p01: float
    g_median: float
    g_p99: float
    g_max: float
    at_low: int
    at_high: int
    limit: float
    trimmed: int
    moved: float


def convergence(
    cells: Cells,
    n: Floats,
    before: Floats,
    after: Floats,
    distance: Distance,
    *,
    converged: bool,
    iterations: int,
    unmet: tuple[str, ...] = (),
) -> Convergence:
    """Report of a calibration; `n`, `before` and `after` are (C,) sums of the cells."""
    tables = []
    for m, margin in enumerate(cells.margins):
        level, size = cells.cell_levels[m], cells.targets[m].size
        count, old, new = (summed(level, a, size) for a in (n, before, after))
        tables.append(
            pd.DataFrame(
                {
                    "margin": margin,
                    "level": list(cells.levels[m]),
                    "n": count.astype(np.int64),
                    "before": old,
                    "target": cells.targets[m],
                    "after": new,
                    "gap": new / cells.targets[m] - 1,
                }
            )
        )
    if cells.numbers is not None:
        x = cells.numbers
        old, new = before @ x.held, after @ x.held
        names = x.levels or tuple((name, "") for name in x.names)
        of = (n @ x.held).astype(np.int64) if x.levels else int(n.sum())
        tables.append(
            pd.DataFrame(
                {
                    "margin": [margin for margin, _ in names],
                    "level": [level for _, level in names], "n": of, "before": old,
                    "target": x.totals, "after": new, "gap": (new - x.totals) / x.size,
                }
            )
        )  # fmt: skip
    return Convergence(
        distance.method, distance.low, distance.high, converged, iterations,
        pd.concat(tables, ignore_index=True), unmet,
    )  # fmt: skip


def obstacles(
    cells: Cells, before: Floats, after: Floats, distance: Distance
) -> tuple[tuple[str, ...], str]:
    """Levels that cannot be met, by name, and a sentence about the worst of them."""
    low, high = distance.low, distance.high
    scale = cells.total / before.sum() if cells.targets else 1.0
    about = (before, cells.cell_levels, cells.targets)
    alone = feasibility.out_of_reach(*about, low, high, cells.numbers)
    if alone:
        names = tuple(_name(cells, m, j) for m, j, *_ in alone)
        m, j, target, least, most = alone[0]
        hint = ""
        if not low <= scale <= high:
            hint = (
                f" All weights together sum to {before.sum():,.6g} and the margins to "
                f"{cells.total:,.6g}: bring them to the same total first (scale)."
            )
        return names, (
            f"{_name(cells, m, j)} has the total {target:,.6g}, and{_within(distance)} its "
            f"interviews can stand for {least:,.6g} to {most:,.6g}.{hint}"
        )
    # Raking and unbounded methods come near 0, never to it: a factor of a millionth counts as 0.
    least_factor = low if low > 0 else 1e-6 * scale
    together = feasibility.in_conflict(*about, least_factor, high, cells.numbers)
    if together:
        m, j, miss = together[0]
        side = "below" if miss > 0 else "above"
        names = tuple(_name(cells, m, j) for m, j, _ in together)
        return names, (
            f"{' and '.join(names[:3])} cannot be met together with the rest. At the nearest "
            f"weights{_within(distance)}, {names[0]} stays {abs(miss):.2%} {side} its total: the "
            "interviews that combine these levels cannot stand for so many, or for so few."
        )
    gaps = [
        (abs(float(g)), m, j)
        for m, (level, target) in enumerate(zip(cells.cell_levels, cells.targets, strict=True))
        for j, g in enumerate(summed(level, after, target.size) / target - 1)
    ]
    if cells.numbers is not None:
        x = cells.numbers
        off = np.abs(after @ x.held - x.totals) / x.size
        gaps += [(float(g), len(cells.targets), q) for q, g in enumerate(off)]
    gap, m, j = max(gaps)
    return (_name(cells, m, j),), (
        f"{_name(cells, m, j)} is still {gap:.1e} of its total away, though factors that meet "
        "all margins exist."
    )


def diagnostics(
    cell: Codes,
    n: Floats,
    base: Floats,
    weight: Floats,
    factor: Floats,
    distance: Distance,
    *,
    limit: float,
    trimmed: Codes,
    moved: float,
) -> Diagnostics:
    """Sums by cell first: in the same order on every machine, and no sort of a million rows."""
    before, after = _kish(cell, base, n.size), _kish(cell, weight, n.size)
    g, count = factor, n
    if trimmed.size:
        g = np.concatenate([factor, weight[trimmed] / base[trimmed]])
        cut = np.bincount(cell[trimmed], minlength=n.size)
        count = np.concatenate([n - cut, np.ones(trimmed.size)])
    quantiles = _quantiles(g, count)
    at_low, at_high = (
        int(count[np.abs(g - end) <= 1e-9].sum()) for end in (distance.low, distance.high)
    )
    size = int(n.sum())
    return Diagnostics(
        size, before, after, size / before, size / after,
        g_min=quantiles[0], g_p01=quantiles[1], g_median=quantiles[2], g_p99=quantiles[3],
        g_max=quantiles[4], at_low=at_low, at_high=at_high,
        limit=limit, trimmed=int(trimmed.size), moved=moved,
    )  # fmt: skip


def _kish(cell: Codes, weight: Floats, cells: int) -> float:
    total, square = (float(summed(cell, a, cells).sum()) for a in (weight, weight * weight))
    return cell.size * square / total**2


def _quantiles(values: Floats, count: Floats) -> list[float]:
    """Smallest value that at least each share of `QUANTILES` of the interviews has or is under."""
    order = np.argsort(values, kind="stable")
    order = order[count[order] > 0]
    reached = np.cumsum(count[order])
    at = np.searchsorted(reached, np.array(QUANTILES) * reached[-1])
    return [float(v) for v in values[order][np.minimum(at, order.size - 1)]]


def _within(distance: Distance) -> str:
    if np.isinf(distance.low) and np.isinf(distance.high):
        return ""
    return f" with factors between {distance.low:g} and {distance.high:g}"


def _name(cells: Cells, margin: int, level: int) -> str:
    if margin == len(cells.margins) and cells.numbers is not None:
        name = cells.numbers.names[level]
        return name if cells.numbers.levels else f"the sum of {name}"
    return f"{cells.margins[margin]} {cells.levels[margin][level]}"
