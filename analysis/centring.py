"""Answers far from 0 and close together, summed about an origin of their own.

Times in milliseconds since 1970, or any number plus 10^12, have sums in which the spread of the
answers is the last of sixteen digits. A mean moves with its answers, so such a column is summed as
what it lies above its smallest answer, which floats subtract without rounding; spread, variance,
by whatever replicates, and what is rounding are then judged at the size of the spread. The origin
is added to value and interval at the end.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from analysis.design import Floats
from analysis.judged import Judged
from analysis.measures import Measure
from analysis.plan import Plan, Row

FAR = 1e6
"""Size of the answers, in standard deviations, from which a column gets an origin."""


def centred(plan: Plan, measures: Sequence[Measure]) -> tuple[Plan, list[Measure], Floats]:
    """The plan and its measures with means of far answers about an origin, and the (M,) origins.

    Only means and quantiles on scales without ends move: a scale with ends has no room for far
    answers, and totals and ratios do not shift with theirs. Other columns stay as they are.
    """
    sources, rows, made = list(plan.sources), list(plan.rows), list(measures)
    origins, place = np.zeros(len(rows)), dict[int, int]()
    for m, row in enumerate(rows):
        if not _moves(row):
            continue
        own = measures[row.base]
        origin = _origin(own.values)
        if origin == 0:
            continue
        if row.base not in place:
            place[row.base] = len(sources)
            sources.append(sources[row.base])
            made.append(replace(own, values=own.values - origin))
        rows[m] = replace(row, base=place[row.base])
        origins[m] = origin
    if not place:
        return plan, made, origins
    return Plan(tuple(sources), tuple(rows)), made, origins


def moved_back(judged: Judged, origins: Floats) -> Judged:
    """The same estimates with the origins added to values and ends of intervals."""
    if not origins.any():
        return judged
    b, p = judged.block, judged.precision
    return replace(
        judged,
        block=replace(b, value=b.value + origins),
        precision=replace(p, low=p.low + origins, high=p.high + origins),
    )


def _moves(row: Row) -> bool:
    has_ends = bool(np.isfinite([row.low, row.high]).any())
    return row.kind in ("mean", "quantile") and not row.parts and not has_ends


def _origin(values: Floats) -> float:
    given = values[~np.isnan(values)]
    if not given.size:
        return 0.0
    least = float(given.min())
    # Answers that are near each other are subtracted without rounding.
    with np.errstate(over="ignore", invalid="ignore"):
        spread = float(np.std(given - least))
    return least if 0 < spread < abs(least) / FAR else 0.0
