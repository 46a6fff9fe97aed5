"""Sums of PSU x domain x calibration cell: the moments from which weights are calibrated again.

A calibrated weight is the base weight times a factor that is the same for all interviews of a
cell (sex x age, say). So the factors, the calibrated estimates, and the same once more for every
replicate, need only these sums, and their cost does not grow with the number of interviews.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis import moments as plain
from analysis.design import Coded, Codes, Floats, Psus
from analysis.errors import DesignError
from analysis.measures import Measure
from analysis.moments import Moments, Reduce, psu_moments, sums


@dataclass(frozen=True, eq=False)
class CellMoments:
    """Sums with base weights over the interviews of a PSU, a domain and a cell, for K measures.

    `psu`, `domain` and `cell` are (R,) codes, sorted in this order; `cells` is C. `total` is (R,):
    the base weight of all interviews, answered or not, which is what calibration adjusts. The
    (R, K) sums run over interviews that answered, as in `Moments`.
    """

    psus: Psus
    domains: tuple[str, ...]
    cells: int
    psu: Codes
    domain: Codes
    cell: Codes
    total: Floats
    n: Floats
    weight: Floats
    weight2: Floats
    value: Floats
    square: Floats

    def cell_totals(self) -> Floats:
        """(C,) base weight of the sample in each cell."""
        found = np.bincount(self.cell, weights=self.total, minlength=self.cells)
        return np.asarray(found, dtype=np.float64)

    def calibrated(self, factors: Floats) -> Moments:
        """Sums of PSU x domain with every base weight times the (C,) factor of its cell."""
        f = factors[self.cell][:, None]
        key = self.psu * max(len(self.domains), 1) + self.domain
        present, row = np.unique(key, return_inverse=True)
        arrays = (
            sums(row, a, present.size)
            for a in (self.n, f * self.weight, f**2 * self.weight2, f * self.value, f * self.square)
        )
        size = max(len(self.domains), 1)
        return Moments(self.psus, self.domains, present // size, present % size, *arrays)

    def pooled(self, name: str) -> "CellMoments":
        """The same sums with all domains as one, called `name`."""
        present, row = np.unique(self.psu * self.cells + self.cell, return_inverse=True)
        return CellMoments(
            self.psus, (name,), self.cells,
            present // self.cells, np.zeros_like(present), present % self.cells,
            sums(row, self.total[:, None], present.size)[:, 0],
            *(sums(row, a, present.size)
              for a in (self.n, self.weight, self.weight2, self.value, self.square)),
        )  # fmt: skip


def cell_moments(
    coded: Coded,
    measures: Sequence[Measure],
    cell: Codes,
    cells: int,
    reduce: Reduce = psu_moments,
) -> CellMoments:
    """Reduce interviews to the sums of their PSUs, domains and cells.

    `cell` is (n,), a code below `cells` for each interview in the order of the frame, as the
    values of the measures are. The adding is that of `moments.psu_moments`, in the same order,
    and `reduce` does it.

    Raises
    ------
    DesignError
        Where an interview has no cell, or one that is not among the `cells`.
    MeasureError
        As `moments.psu_moments`.
    """
    if cell.shape != coded.order.shape:
        raise DesignError(
            f"{cell.size} calibration cells for {coded.order.size} interviews; each needs "
            "one, in the order of the frame."
        )
    off = np.flatnonzero((cell < 0) | (cell >= cells))
    if off.size:
        named = ", ".join(str(i + 1) for i in off[:5])
        more = f" and {off.size - 5} more" if off.size > 5 else ""
        raise DesignError(
            f"Row {named}{more}: the calibration cell is none of 0 to {cells - 1}, so no margin "
            "counts the interview. Fill in the answers that the margins ask for, or exclude it."
        )
    size = len(coded.domains)
    # psu_moments knows PSUs and domains; here a domain and a cell together are its domain.
    crossed = replace(
        coded, domain=coded.domain * cells + cell[coded.order], domains=("",) * (size * cells)
    )
    everyone = Measure("", "", "", "proportion", np.ones(coded.order.size))
    return _apart(reduce(crossed, [*measures, everyone]), coded.domains, cells)


def join(blocks: Sequence[CellMoments]) -> CellMoments:
    """The sums of interviews that were reduced in blocks of whole PSUs; the bits are the same.

    All blocks must have the same domains and cells: declare them.

    Raises
    ------
    DesignError
        As `moments.join`, and where domains or cells differ.
    """
    first = blocks[0]
    if any((b.domains, b.cells) != (first.domains, first.cells) for b in blocks):
        raise DesignError(
            "Blocks of interviews have different domains or calibration cells, so their sums "
            "cannot be put together. Declare the domains and the cells of the whole."
        )
    names = tuple(map(str, range(len(first.domains) * first.cells)))
    crossed = [
        Moments(
            b.psus, names, b.psu, b.domain * b.cells + b.cell,
            *(np.column_stack((a, b.total))
              for a in (b.n, b.weight, b.weight2, b.value, b.square)),
        )
        for b in blocks
    ]  # fmt: skip
    return _apart(plain.join(crossed), first.domains, first.cells)


def _apart(m: Moments, domains: tuple[str, ...], cells: int) -> CellMoments:
    """Domain and cell from their product, and the last measure as the total of everyone."""
    return CellMoments(
        m.psus, domains, cells, m.psu, m.domain // max(cells, 1), m.domain % max(cells, 1),
        m.weight[:, -1].copy(),
        *(a[:, :-1] for a in (m.n, m.weight, m.weight2, m.value, m.square)),
    )  # fmt: skip
