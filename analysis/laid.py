"""Sums of cells side by side: the row that the kernel keeps of each cell, and what stands where.

Sums over several cells are sums of such rows, so that those of all measures are made at once.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from analysis.adding import add_rows

Codes = NDArray[np.intp]
Floats = NDArray[np.float64]
Five = tuple[Floats, Floats, Floats, Floats, Floats]
"""n, sum w, sum w^2, sum w y and sum w y^2, each (C, K)."""


@dataclass(frozen=True)
class Columns:
    """Where the sums of a cell stand in its row.

    First w and w^2 of everybody, w y of every measure, w y^2 of the means, then w and w^2 of each
    measure that somebody left out. `order` (K,) are the measures as the row has them, the first
    `means` of them means; `partial` those that were left out, in the order in which they were.
    """

    order: tuple[int, ...]
    means: int
    partial: tuple[int, ...] = ()

    @property
    def value(self) -> slice:
        """Sums of w y."""
        return slice(2, 2 + len(self.order))

    @property
    def square(self) -> slice:
        """Sums of w y^2 of the means; where answers are 0 and 1 they are those of w y."""
        return slice(self.value.stop, self.value.stop + self.means)

    def own(self, at: int) -> slice:
        """Sums of w and w^2 of the partial measure at that place."""
        first = 2 + len(self.order) + self.means + 2 * at
        return slice(first, first + 2)

    @property
    def width(self) -> int:
        """Columns of a row."""
        return 2 + len(self.order) + self.means + 2 * len(self.partial)

    def more(self, measure: int) -> "Columns":
        """The same row with the sums of one more measure that was left out."""
        return Columns(self.order, self.means, (*self.partial, measure))


@dataclass(frozen=True, eq=False)
class Laid:
    """The sums of C cells: `rows` (C, T) as `columns` say, and `n` (C, 1 + partial measures).

    The first column of `n` counts everybody, the others those who answered a partial measure.
    """

    columns: Columns
    rows: Floats
    n: Floats

    @cached_property
    def parts(self) -> Five:
        """The five sums of each cell and measure, in the order of the measures.

        Where every measure was answered by all, the first three are one column seen K times, and
        cannot be written to.
        """
        of, found, shape = self.columns, self.rows, (len(self.rows), len(self.columns.order))
        value = found[:, of.value]
        square = np.concatenate([found[:, of.square], value[:, of.means :]], axis=1)
        if of.order != tuple(range(len(of.order))):
            back = np.argsort(of.order)
            value, square = value.take(back, axis=1), square.take(back, axis=1)
        every = (self.n[:, :1], found[:, :1], found[:, 1:2])
        counts = [np.broadcast_to(one, shape) for one in every]
        if of.partial:
            counts = [shared.copy() for shared in counts]
            for at, k in enumerate(of.partial):
                counts[0][:, k] = self.n[:, 1 + at]
                counts[1][:, k], counts[2][:, k] = found[:, of.own(at)].T
        n, weight, weight2 = counts
        return n, weight, weight2, value, square

    def by(self, code: Codes, size: int) -> "Laid":
        """The sums of the cells of each code (C,), added in the order of the cells."""
        rows = np.zeros((size, self.columns.width))
        add_rows(rows, code, self.rows)
        n = [np.bincount(code, weights=own, minlength=size) for own in self.n.T]
        return Laid(self.columns, rows, np.column_stack(n))

    def is_of(self, sums: Five) -> bool:
        """Whether these are its `parts`, and nothing was put in their place."""
        return all(own is other for own, other in zip(self.parts, sums, strict=True))
