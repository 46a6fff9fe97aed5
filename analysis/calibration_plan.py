"""What a study declares about its calibration, and carrying it out on coded interviews.

The plan is data: margins, method, bounds, limits. Which variance goes with it follows from what
happened to the weights: the jackknife redoes every method and its bounds, not cut weights.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

from analysis.calibration import Calibration, calibrate
from analysis.calibration_report import Diagnostics
from analysis.cells import Cells, read_cells
from analysis.design import Coded, Codes
from analysis.distances import Method
from analysis.errors import CalibrationError
from analysis.margins import Margins
from analysis.partial_margins import Without, partial_cells

Variance = Literal["jkn_raked", "taylor"]
VARIANCES = ("jkn_raked", "taylor")
OTHER = 2.0
"""Times by which totals may differ from what the sample estimates before a note doubts them."""
UNEQUAL = 5.0
"""... and by which the largest factor may exceed the least."""
MINIMUM = 10
"""Interviews that a level needs by default; with fewer it joins its neighbour."""


@dataclass(frozen=True)
class CalibrationPlan:
    """How weights are brought to known totals, and how their variance is taken.

    `population` is what the sample is of, `minimum` the interviews that a level needs, `bounds`
    the least and largest factor relative to all weights together, `trim` the multiple of the
    unit's median weight that no weight may exceed. `variance` is `jkn_raked` (the calibration,
    by whichever method, redone in every replicate, Taylor beside it) or `taylor` alone. `without`
    names by margin the units that have no totals of it: their interviews keep the weights that
    they have, unless another margin speaks of them. Bounds are then of the factor itself.

    Raises
    ------
    CalibrationError
        Where a variance is unknown.
    """

    margins: Margins
    population: str = "kunjungan"
    method: Method = "raking"
    bounds: tuple[float, float] | None = None
    trim: float = np.inf
    minimum: int = MINIMUM
    variance: Variance = "jkn_raked"
    without: Without = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.variance not in VARIANCES:
            raise CalibrationError(
                f"variance = {self.variance!r} is none of {', '.join(VARIANCES)}. Correct it under "
                "[calibration] in study.toml."
            )
        if self.margins.partial and not any(self.without.values()):
            raise CalibrationError(
                "The margins count some units only, and no unit is named that has no totals. Name "
                "them (without), or give margins that all count the same population."
            )


@dataclass(frozen=True, eq=False)
class Calibrated:
    """A plan carried out: the weights, their report, and what else an estimate needs.

    `replicable` says whether the jackknife can redo what was done; `notes` what was merged, cut
    or could not be done, one sentence each.
    """

    plan: CalibrationPlan
    cells: Cells
    calibration: Calibration
    replicable: bool
    notes: tuple[str, ...]


def carry_out(plan: CalibrationPlan, frame: pd.DataFrame, coded: Coded, id: str = "") -> Calibrated:
    """Calibrate the interviews of `frame`, which `coded` was read from.

    Levels with fewer than the minimum of interviews, or held by a single PSU, are merged first,
    so that no replicate is left with a level without interviews.

    Raises
    ------
    MarginError, CalibrationError
        From `cells.read_cells` and `calibration.calibrate`.
    """
    how: dict[str, Any] = {
        "population": plan.population, "minimum": plan.minimum,
        "clusters": _in_frame(coded, coded.psu), "id": id,
    }  # fmt: skip
    if any(plan.without.values()):
        cells = partial_cells(frame, plan.margins, plan.without, **how)
    else:
        cells = read_cells(frame, plan.margins, **how)
    # Sums of numbers alone do not say how many there are.
    made = calibrate(
        coded, cells, method=plan.method, bounds=plan.bounds, scale=bool(cells.targets),
        trim=plan.trim, trim_by=_in_frame(coded, coded.domain),
    )  # fmt: skip
    d = made.diagnostics
    notes = [*cells.notes, *_doubts(cells.total, float(coded.weight.sum()), d)]
    if d.trimmed:
        notes.append(
            f"Calibration: {d.trimmed} weights above {plan.trim:g} times their unit's median were "
            f"set to it, {d.moved:.1%} of all weight; the others were calibrated to the rest."
        )
    if d.at_low + d.at_high:
        notes.append(
            f"Calibration: {d.at_low + d.at_high} interviews stand at a bound of the factor."
        )
    replicable = plan.variance == "jkn_raked" and not d.trimmed
    if plan.variance == "jkn_raked" and d.trimmed:
        notes.append(
            "Variance: weights were cut, which the jackknife does not redo; Taylor's variance "
            "from calibration residuals is used."
        )
    return Calibrated(plan, cells, made, replicable, tuple(notes))


def _doubts(total: float, estimated: float, d: Diagnostics) -> list[str]:
    """What makes totals look like those of another period or of other people."""
    notes = []
    times = total / estimated
    if total and not 1 / OTHER < times < OTHER:
        notes.append(
            f"Calibration: the known totals sum to {total:,.0f}, but the sample estimates "
            f"{estimated:,.0f}. Check that they count the field window and not another period."
        )
    if d.g_max > UNEQUAL * d.g_min:
        notes.append(
            f"Calibration: the largest factor is {d.g_max / d.g_min:.1f} times the least, so that "
            "some interviews stand for many more visits than they were drawn for. Check the "
            "totals level by level in calibration.csv."
        )
    return notes


def tied(made: Calibrated, coded: Coded) -> bool:
    """Whether the margins tie domains together, so that their estimates have covariances.

    Margins by unit do not: no level of theirs holds interviews of two units.
    """
    c = made.calibration
    if c.cells.numbers is not None:
        return True
    for level, target in zip(c.cells.cell_levels, c.cells.targets, strict=True):
        pairs = np.unique(level[c.cell] * max(len(coded.domains), 1) + coded.domain)
        if pairs.size > target.size:
            return True
    return False


def _in_frame(coded: Coded, code: Codes) -> Codes:
    """(n,) codes in the order of the frame."""
    out = np.empty_like(code)
    out[coded.order] = code
    return out
