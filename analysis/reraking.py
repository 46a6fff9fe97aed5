"""Calibration that can be redone: in every replicate, and only for the cells that it changes.

Margins nested in regions (region x sex, region x age) link no cell of one region with a cell of
another. Such parts are raked apart: a replicate that changes one region leaves the rest alone.
Linear, logit and bounded calibration are redone the same way (`recalibrating`); totals of numbers
link all cells.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from analysis import recalibrating
from analysis.auxiliaries import Numbers
from analysis.cells import Cells
from analysis.design import Codes, Floats
from analysis.distances import Distance
from analysis.errors import MarginError
from analysis.margins import AGREE
from analysis.raking import rake_cells

TOLERANCE = 1e-13
"""Relative distance from a target: a replicate differs from the sample by its PSU's share only,
so the factors must be known much better than that."""


@dataclass(frozen=True, eq=False)
class Raking:
    """Margins as the cells see them: for each, the (C,) level of every cell and its (L,) targets.

    `margins` and `names` are what errors call margins and levels; numbers from 1 if not given.
    `distance` says how the weights are brought to the margins, raking without bounds if not given;
    `numbers` are totals of numbers that must be met as well.

    Raises
    ------
    MarginError
        Where margins have different sums, or a target is not positive and finite.
    """

    levels: tuple[Codes, ...]
    targets: tuple[Floats, ...]
    margins: tuple[str, ...] = ()
    names: tuple[tuple[str, ...], ...] = ()
    tol: float = TOLERANCE
    max_iter: int = 1000
    distance: Distance = field(default_factory=lambda: Distance("raking"))
    numbers: Numbers | None = None

    @property
    def plain(self) -> bool:
        """Whether proportional fitting does it."""
        return self.distance.free_raking and self.numbers is None

    def __post_init__(self) -> None:
        numbered = tuple(str(i + 1) for i in range(len(self.targets)))
        object.__setattr__(self, "margins", self.margins or numbered)
        sizes = [range(target.size) for target in self.targets]
        levels = tuple(tuple(str(i + 1) for i in size) for size in sizes)
        object.__setattr__(self, "names", self.names or levels)
        if not self.targets:
            return
        whole = [float(target.sum()) for target in self.targets]
        for name, target, total in zip(self.margins, self.targets, whole, strict=True):
            if not (np.isfinite(target) & (target > 0)).all():
                raise MarginError(
                    f"Margin {name} has a total that is not positive and finite; no weight can "
                    "reach it. Correct it, or merge its level with another."
                )
            if abs(total - whole[0]) > AGREE * whole[0]:
                raise MarginError(
                    f"Margin {self.margins[0]} sums to {whole[0]:.12g} and margin {name} to "
                    f"{total:.12g}; both count the same people, so no weights meet both. Correct "
                    "the totals."
                )
        # Totals that differ by rounding would keep the iteration from ever closing the gap.
        same = tuple(t * (whole[0] / total) for t, total in zip(self.targets, whole, strict=True))
        object.__setattr__(self, "targets", same)

    def factors(self, totals: Floats) -> Floats:
        """(..., C) factors for base-weight totals (..., C); NaN where the margins cannot be met."""
        if self.plain:
            return rake_cells(totals, self.levels, self.targets, self.tol, self.max_iter)
        flat = totals.reshape(-1, totals.shape[-1])
        return recalibrating.factors(flat, self._equations(), self.tol).reshape(totals.shape)

    def again(self, totals: Floats, whole: Floats, factors: Floats) -> Floats:
        """As `factors`, for (J, C) replicates of a sample whose (C,) `whole` got these `factors`."""
        if self.plain:
            # From the sample's factors the way is short, and it leads to the same place.
            return np.asarray(factors * self.factors(totals * factors), dtype=np.float64)
        return recalibrating.factors(totals, self._equations(), self.tol, whole)

    def _equations(self) -> recalibrating.Equations:
        return recalibrating.Equations(self.levels, self.targets, self.numbers, self.distance)

    def why_not(self, totals: Floats) -> str:
        """Why the (C,) totals could not be brought to the margins, in words."""
        empty = self.emptied(totals)
        if empty:
            return f"{empty} is then empty"
        if np.isfinite(self.distance.high):
            d = self.distance
            return f"no factors between {d.low:g} and {d.high:g} do it"
        return f"{self.distance.method} does not converge"

    def sample_factors(self, totals: Floats) -> Floats:
        """(C,) factors of the sample itself, 1 in cells without interviews.

        Raises
        ------
        MarginError
            Where the margins cannot be met: a level nobody is in, sums that differ within a part,
            or no convergence.
        """
        empty = self.emptied(totals)
        found = np.ones(totals.size)
        if not empty:
            balanced = self._balanced(self.parts(totals)) if self.targets else self
            found = np.where(totals > 0, balanced._of_sample(totals), 1.0)
        if empty or np.isnan(found).any():
            what = f"nobody was interviewed in {empty}" if empty else self.why_not(totals)
            raise MarginError(
                f"The margins cannot be met: {what}, so there are no weights to replicate. Merge "
                "levels until each has interviews."
            )
        return found

    def _of_sample(self, totals: Floats) -> Floats:
        """(C,) factors of one set of totals, part by part."""
        if self.plain:
            return self.factors(totals)
        part, out = self.parts(totals), np.ones_like(totals)
        for p in range(int(part.max(initial=-1)) + 1):
            active = np.flatnonzero(part == p)
            out[active] = self.of_cells(active).factors(totals[active])
        return out

    def emptied(self, totals: Floats) -> str:
        """Levels that the (C,) totals leave without weight, in words; empty if none."""
        found = []
        for margin, names, level, target in zip(
            self.margins, self.names, self.levels, self.targets, strict=True
        ):
            reached = np.bincount(level, weights=totals, minlength=target.size)
            found += [f"level {names[j]} of margin {margin}" for j in np.flatnonzero(reached <= 0)]
        return ", ".join(found)

    def parts(self, totals: Floats) -> Codes:
        """(C,) code of the part each cell lies in; -1 for cells without interviews.

        Two cells are of one part where a chain of shared levels links them.
        """
        seen = np.flatnonzero(totals > 0)
        if self.numbers is not None:
            one = np.full(totals.size, -1, dtype=np.intp)
            one[seen] = 0
            return one
        first = np.cumsum([0, *(target.size for target in self.targets)])
        node = np.concatenate(
            [first[i] + level[seen] for i, level in enumerate(self.levels)]
        ).astype(np.intp)
        cell = np.tile(np.arange(seen.size), len(self.levels))
        size = int(seen.size + first[-1])
        links = coo_array((np.ones(cell.size), (cell, seen.size + node)), shape=(size, size))
        found = connected_components(links, directed=False)[1][: seen.size]
        part = np.full(totals.size, -1, dtype=np.intp)
        part[seen] = np.unique(found, return_inverse=True)[1]
        return part

    def _balanced(self, part: Codes) -> "Raking":
        """The same margins with equal sums in every part, where they differed by rounding."""
        seen = np.flatnonzero(part >= 0)
        whole: Floats | None = None
        targets = []
        for i, (level, target) in enumerate(zip(self.levels, self.targets, strict=True)):
            of_level = np.zeros(target.size, dtype=np.intp)
            of_level[level[seen]] = part[seen]
            reached = np.bincount(of_level, weights=target, minlength=int(part.max()) + 1)
            whole = np.asarray(reached, dtype=np.float64) if whole is None else whole
            differing = np.flatnonzero(np.abs(reached - whole) > AGREE * whole)
            if differing.size:
                p = differing[0]
                name = self.names[i][int(np.flatnonzero(of_level == p)[0])]
                raise MarginError(
                    f"Around level {name} of margin {self.margins[i]} that margin sums to "
                    f"{reached[p]:.12g} and margin {self.margins[0]} to {whole[p]:.12g}; both "
                    "count the same people, so no weights meet both. Correct the totals."
                )
            targets.append(target * (whole / reached)[of_level])
        return replace(self, targets=tuple(targets))

    def of_cells(self, cells: Codes) -> "Raking":
        """The margins of these (A,) cells alone, which must be whole parts."""
        kept = [np.unique(level[cells], return_inverse=True) for level in self.levels]
        own = [held for held, _ in kept]
        return Raking(
            tuple(np.asarray(code, dtype=np.intp) for _, code in kept),
            tuple(target[held] for target, held in zip(self.targets, own, strict=True)),
            self.margins,
            tuple(
                tuple(names[i] for i in held) for names, held in zip(self.names, own, strict=True)
            ),
            self.tol,
            self.max_iter,
            self.distance,
            None if self.numbers is None else self.numbers.of_cells(cells),
        )


def raking_of(cells: Cells, distance: Distance | None = None) -> Raking:
    """The margins of `cells.read_cells`, to be met again in replicates by the same distance.

    `cell_moments(coded, measures, cells.cell, cells.size)` are the sums that go with them.
    """
    return Raking(
        cells.cell_levels, cells.targets, cells.margins, cells.levels,
        distance=distance or Distance("raking"), numbers=cells.numbers,
    )  # fmt: skip


def psu_cell_totals(psu: Codes, cell: Codes, total: Floats, psus: int, cells: int) -> Floats:
    """(psus, cells) base weight of each PSU in each cell."""
    key = psu * cells + cell
    flat = np.bincount(key, weights=total, minlength=psus * cells)
    return np.asarray(flat.reshape(psus, cells), dtype=np.float64)


def named(names: Sequence[str], chosen: NDArray[np.bool_]) -> str:
    """The first five of the chosen names, and how many more."""
    at = np.flatnonzero(chosen)
    more = f" and {at.size - 5} more" if at.size > 5 else ""
    return ", ".join(names[i] for i in at[:5]) + more
