"""A sample as the variance methods read it: interviews, design, calibration, and policies."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from analysis.cell_moments import CellMoments, cell_moments
from analysis.design import Coded, Codes, Design, Floats, Psus
from analysis.measures import Measure
from analysis.moments import Moments, psu_moments, sums
from analysis.plan import Plan
from analysis.rollups import RollUp
from analysis.sampling import CalibratedDesign
from analysis.variance import Lonely


@dataclass(frozen=True, eq=False)
class Sample:
    """Interviews coded by their finest cell (atom), with what is asked of them.

    `coded` has final weights and the atoms as domains. `lonely` is the policy for the variance;
    `replicates` and `seed` are those of the bootstrap. `origins` (M,) are what the rows of the plan
    were summed about (`analysis.centring`): none where all are 0.
    """

    frame: pd.DataFrame
    design: Design
    calibrated: CalibratedDesign | None
    coded: Coded
    measures: Sequence[Measure]
    plan: Plan
    lonely: Lonely
    replicates: int = 500
    seed: int | None = None
    origins: Floats | None = None

    @property
    def origin(self) -> Floats:
        """(M,) what is to be added to the rows' values."""
        return np.zeros(len(self.plan.rows)) if self.origins is None else self.origins

    @property
    def psus(self) -> Psus:
        """Every PSU, after strata were joined."""
        return self.coded.psus

    @cached_property
    def cells(self) -> CellMoments:
        """Sums with base weights by PSU, atom and calibration cell."""
        assert self.calibrated is not None
        c = self.calibrated.calibration
        base = replace(self.coded, weight=c.base)
        return cell_moments(base, self.measures, c.cells.cell, c.cells.size)

    def rows(self) -> tuple[Floats, Floats]:
        """(n, K) w y and w of the interviews that answered, in the order of the kernel."""
        y = np.column_stack([np.take(m.values, self.coded.order) for m in self.measures])
        given = ~np.isnan(y)
        w = np.where(given, self.coded.weight[:, None], 0.0)
        return w * np.where(given, y, 0.0), w

    def asking(self, measures: Sequence[Measure], plan: Plan, of: "Domains") -> "Sample":
        """The same sample asked something else, with the domains of a table as its atoms."""
        coded = replace(
            self.coded, domain=of.to[self.coded.domain], domains=of.table.moments.domains
        )  # fmt: skip
        return replace(self, coded=coded, measures=measures, plan=plan, origins=None)


@dataclass(frozen=True, eq=False)
class Domains:
    """One table of a sample: its sums with final weights, and the (A,) domain of every atom."""

    table: RollUp
    to: Codes

    @property
    def moments(self) -> Moments:
        """Sums by PSU and domain."""
        return self.table.moments

    def cells(self, sample: Sample) -> CellMoments:
        """Sums with base weights by PSU, domain and calibration cell."""
        c, size = sample.cells, max(len(self.moments.domains), 1)
        key = (c.psu * size + self.to[c.domain]) * c.cells + c.cell
        present, row = np.unique(key, return_inverse=True)
        arrays = (sums(row, a, present.size) for a in (c.n, c.weight, c.weight2, c.value, c.square))
        return CellMoments(
            c.psus, self.moments.domains, c.cells, present // (size * c.cells),
            present // c.cells % size, present % c.cells,
            sums(row, c.total[:, None], present.size)[:, 0], *arrays,
        )  # fmt: skip


def whole_of(sample: Sample) -> Domains:
    """The atoms themselves as a table."""
    moments = psu_moments(sample.coded, sample.measures)
    to = np.arange(len(sample.coded.domains))
    return Domains(RollUp((), (), moments, to[:, None]), to)
