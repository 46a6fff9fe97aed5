"""Known totals of numbers: what an interview's own number adds to a total of the population.

Beside levels (`margins`) a register may know a sum: minutes of service given, fees paid. An
interview counts in it with its number, so that the interviews of a cell have the same factor only
where they have the same numbers: here a cell is a combination of levels and of numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis import columns
from analysis.errors import MarginError

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Numbers:
    """Q numbers of each of C cells, with their known totals.

    `held` is (C, Q), `totals` (Q,), both in the unit of the column. `people` is what the margins
    sum to (0 without margins), `centre` and `scale` (Q,) bring the numbers to size 1. `size` (Q,)
    is what a distance from a total is measured by: the total, or where numbers have both signs
    at least what they add up to without them. Where each is 1 for who is in a level and 0 for
    others, `levels` are these by (margin, level).
    """

    names: tuple[str, ...]
    held: Floats
    totals: Floats
    people: float
    centre: Floats
    scale: Floats
    size: Floats
    levels: tuple[tuple[str, str], ...] = ()

    @property
    def standard(self) -> Floats:
        """(C, Q) numbers about their centre, of size 1."""
        return np.asarray((self.held - self.centre) / self.scale, dtype=np.float64)

    @property
    def goals(self) -> Floats:
        """(Q,) totals of the `standard` numbers."""
        return np.asarray((self.totals - self.centre * self.people) / self.scale, dtype=np.float64)

    @property
    def units(self) -> Floats:
        """(Q,) what a distance from a goal is measured by."""
        return np.asarray(self.size / self.scale, dtype=np.float64)

    def of_cells(self, cells: Codes | NDArray[np.bool_]) -> "Numbers":
        """The same totals, of these cells alone."""
        return replace(self, held=self.held[cells])

    def without(self, cell_weight: Floats) -> "Numbers":
        """The totals that are left beside interviews whose weights, (C,) by cell, are fixed."""
        people = self.people - float(cell_weight.sum()) if self.people else 0.0
        return replace(self, totals=self.totals - cell_weight @ self.held, people=people)


@dataclass(frozen=True, eq=False)
class Read:
    """For each column its (n,) codes into the sorted `distinct` numbers."""

    totals: Mapping[str, float]
    codes: tuple[Codes, ...]
    distinct: tuple[Floats, ...]

    def of(self, levels: tuple[Codes, ...], people: float) -> Numbers:
        """The numbers of cells, whose codes into `distinct` are (C,) in each column."""
        values = np.column_stack([d[at] for d, at in zip(self.distinct, levels, strict=True)])
        totals = np.array(list(self.totals.values()), dtype=np.float64)
        n = self.codes[0].size
        centre, scale, size = np.zeros(totals.size), np.ones(totals.size), np.abs(totals)
        for q, (name, code, x) in enumerate(
            zip(self.totals, self.codes, self.distinct, strict=True)
        ):
            count = np.bincount(code, minlength=x.size)
            if people:
                centre[q] = float(count @ x) / n
            scale[q] = float(np.sqrt(count @ (x - centre[q]) ** 2 / n))
            if people and x.size == 1:
                raise MarginError(
                    f"Total of {name}: every interview has the same number, so its total says "
                    "no more than how many there are, which the margins say. Leave it out."
                )
            if not scale[q] > 0:
                raise MarginError(
                    f"Total of {name}: every interview has 0, so no weights change its total. "
                    "Leave it out."
                )
            if x[0] < 0 < x[-1]:
                whole = people or float(n)
                size[q] = max(size[q], whole * float(count @ np.abs(x)) / n)
        size = np.where(size > 0, size, scale)
        return Numbers(tuple(self.totals), values, totals, people, centre, scale, size)


def read_numbers(frame: pd.DataFrame, totals: Mapping[str, float], id: str) -> Read:
    """The columns of `totals` as codes into their distinct numbers.

    Raises
    ------
    MarginError
        Naming the column and rows (counted from 1): a column that is absent, an answer that is
        missing, infinite or no number.
    """
    codes, distinct = [], []
    for name in totals:
        if name not in frame.columns:
            raise MarginError(
                f"Total of {name}: the interviews have no such column, so nobody knows what each "
                "adds to it. Correct the name of the total, or add the column."
            )
        x = columns.numbers(frame, name)
        for bad, what in ((np.isnan(x), "no number"), (np.isinf(x), "an infinite number")):
            if bad.any():
                raise MarginError(
                    f"Total of {name}: {what} in {columns.rows(frame, bad, id)}; what an interview "
                    "adds to the total must be known. Fill it in (by a stated rule), or exclude "
                    "these interviews."
                )
        found, code = np.unique(x + 0.0, return_inverse=True)
        distinct.append(np.asarray(found, dtype=np.float64))
        codes.append(np.asarray(code, dtype=np.intp))
    return Read(totals, tuple(codes), tuple(distinct))
