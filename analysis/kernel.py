"""Sums of cells over rows that arrive in blocks, with the bits of one pass over all of them.

A cell is a PSU, or the part of it in a domain. Adding is sequential: within a cell in the order of
the rows, one product a time, by `np.bincount`. A cell that was begun in an earlier block is
carried: its sum so far is added first, so the chain of additions is the one that an uncut file
would have given. Threads, batch sizes and the places where a file is cut change no bit.

Where everybody answered a measure, its counts and sums of weights are those of all rows and are
made once; where answers are 0 and 1, the sum of w y^2 is the sum of w y. Both are the same
additions, not approximations of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from analysis.adding import add_rows
from analysis.design import Codes, Floats
from analysis.errors import MeasureError
from analysis.measures import Kind

Claims = NDArray[np.bool_]

BLOCK = 1 << 12
"""Rows taken at a time: few enough that their products stay near the processor."""


class Described(Protocol):
    """A measure without its values: what it is called, and the ends of its scale."""

    @property
    def type(self) -> str:
        """Such as `indeks`."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def category(self) -> str:
        """The answer counted, empty where there is none."""

    @property
    def kind(self) -> Kind:
        """`mean` or `proportion`."""

    @property
    def low(self) -> float:
        """Lower end of its scale."""

    @property
    def high(self) -> float:
        """Upper end of its scale."""

    @property
    def index_version(self) -> str:
        """Version of the definition of an index."""

    @property
    def combines(self) -> tuple[tuple[tuple[str, str], float], ...]:
        """Measures that it adds up, as `Measure.combines`."""


@dataclass(frozen=True, eq=False)
class Answers:
    """Answers to one measure: `values` (n,) of any number type, `given` (n,) or None for all.

    Values that are not given are ignored, whatever they are.
    """

    values: NDArray[Any]
    given: Claims | None = None

    def part(self, rows: slice | Codes) -> "Answers":
        """The answers of some rows; none missing there is as good as none missing at all."""
        given = None if self.given is None else self.given[rows]
        return Answers(self.values[rows], None if given is None or given.all() else given)


class CellSums:
    """The five sums of every cell and measure, growing as blocks of rows are added.

    A row holds all sums of a cell: n, sum w and sum w^2 of everybody, sum w y of every measure,
    sum w y^2 of the means, and n, sum w and sum w^2 of each measure that somebody left out.
    """

    def __init__(self, measures: Sequence[Described], size: int = 0) -> None:
        means = [k for k, m in enumerate(measures) if m.kind == "mean"]
        self._order = means + [k for k, m in enumerate(measures) if m.kind != "mean"]
        self._means = len(means)
        self._place = {k: at for at, k in enumerate(self._order)}
        self._partial: list[int] = []  # measures in the order in which they were first left out
        self._sums = np.zeros((size, 3 + len(measures) + self._means))
        self._given = np.empty((len(measures), BLOCK))
        self._by_term, self._by_row = self._room()

    def add(self, cell: Codes, weight: Floats, answers: Sequence[Answers]) -> None:
        """Add rows: `cell` and `weight` are (n,), cells may come in any order.

        The bits depend on the order of the rows of a cell and on nothing else. Answers must lie
        on their scales (`check`).
        """
        for start in range(0, cell.size, BLOCK):
            rows = slice(start, start + BLOCK)
            given = [None if a.given is None else a.given[rows] for a in answers]
            given = [None if own is None or own.all() else own for own in given]
            self._add(cell[rows], weight[rows], [a.values[rows] for a in answers], given)

    def sums(self, size: int) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """(C, K) n, sum w, w^2, w y, w y^2 of the first `size` cells.

        Where every measure was answered by all, the first three are one column seen K times, and
        cannot be written to. All may share memory with what is still being added up.
        """
        self._grow(size)
        found, measures = self._sums[:size], len(self._order)
        value = found[:, 3 : 3 + measures]
        square = np.concatenate(
            [found[:, 3 + measures : self._counts(0)], value[:, self._means :]], axis=1
        )
        if self._order != list(range(measures)):
            back = np.argsort(self._order)
            value, square = value.take(back, axis=1), square.take(back, axis=1)
        counts = [np.broadcast_to(found[:, i : i + 1], (size, measures)) for i in range(3)]
        if self._partial:
            counts = [shared.copy() for shared in counts]
            for at, k in enumerate(self._partial):
                own = found[:, self._counts(at) : self._counts(at + 1)]
                for i, count in enumerate(counts):
                    count[:, k] = own[:, i]
        n, weight, weight2 = counts
        return n, weight, weight2, value, square

    def _add(
        self,
        cell: Codes,
        weight: Floats,
        values: Sequence[NDArray[Any]],
        given: Sequence[Claims | None],
    ) -> None:
        for k, own in enumerate(given):
            if own is not None and k not in self._partial:
                # Up to here all had answered it: its counts are those of everybody.
                self._partial.append(k)
                self._sums = np.concatenate([self._sums, self._sums[:, :3]], axis=1)
                self._by_term, self._by_row = self._room()
        terms = self._terms(weight, values, given)
        self._grow(int(cell.max()) + 1)
        laid = self._by_row[: cell.size]
        laid[:] = terms.T
        add_rows(self._sums, cell, laid)

    def _terms(
        self, weight: Floats, values: Sequence[NDArray[Any]], given: Sequence[Claims | None]
    ) -> Floats:
        """(T, n) what each row adds to the sums of its cell."""
        n, measures = weight.size, len(self._order)
        y, terms = self._given[:, :n], self._by_term[:, :n]
        for at, k in enumerate(self._order):
            y[at] = values[k]
        for k, own in enumerate(given):
            if own is not None:
                y[self._place[k], ~own] = 0.0
        terms[0] = 1.0
        terms[1] = weight
        np.multiply(weight, weight, out=terms[2])
        value = terms[3 : 3 + measures]
        np.multiply(y, weight, out=value)
        means = self._means
        np.multiply(value[:means], y[:means], out=terms[3 + measures : self._counts(0)])
        for at, k in enumerate(self._partial):
            counts, there = terms[self._counts(at) : self._counts(at + 1)], given[k]
            counts[:] = terms[:3]
            if there is not None:
                counts[:, ~there] = 0.0
        return terms

    def _counts(self, at: int) -> int:
        """Column where the counts of the partial measure at that place begin."""
        return 3 + len(self._order) + self._means + 3 * at

    def _room(self) -> tuple[Floats, Floats]:
        """Room for the terms of a block, a term a row and a cell's row a row.

        A term is not a power of two long: in the cache all terms of an interview would lie in
        each other's way.
        """
        columns = self._sums.shape[1]
        return np.empty((columns, BLOCK + 8)), np.empty((BLOCK, columns))

    def _grow(self, end: int) -> None:
        held, columns = self._sums.shape
        if end > held:
            room = np.zeros((max(end, 2 * held) - held, columns))
            self._sums = np.concatenate([self._sums, room])


def check(measure: Described, answers: Answers) -> None:
    """Refuse answers that lie off the scale of their measure.

    Raises
    ------
    MeasureError
        With the number of such answers; a proportion is made of 0 and 1.
    """
    if not measure.low < measure.high:
        raise MeasureError(
            f"Measure {label(measure)} has a scale from {measure.low:g} to {measure.high:g}; "
            "without two ends nothing can be placed on it. Check the column skor of its choices."
        )
    y = answers.values if answers.given is None else answers.values[answers.given]
    slack = 1e-9 * (measure.high - measure.low)
    whole = y.dtype.kind in "biu"
    if measure.kind == "proportion":
        # Whole numbers between 0 and 1 are 0 or 1; looking at the ends is enough.
        fine = not y.size or (whole and bool(y.min() >= 0 and y.max() <= 1))
        off = 0 if fine else int(((y != 0) & (y != 1)).sum())
    else:
        low, high = measure.low - slack, measure.high + slack
        fine = not y.size or bool(y.min() >= low and y.max() <= high)
        off = 0 if fine else int(((y < low) | (y > high)).sum())
    if off:
        raise off_scale(measure, off, y.size)


def off_scale(measure: Described, off: int, of: int) -> MeasureError:
    """The error that `off` answers out of `of` lie off the scale; no answer is quoted."""
    scale = "0 and 1" if measure.kind == "proportion" else f"{measure.low:g}–{measure.high:g}"
    return MeasureError(
        f"Measure {label(measure)}: {off} of {of} values lie off its scale ({scale}), so its mean "
        "would mean nothing. Check the column skor of the choices, or the recoding."
    )


def label(measure: Described) -> str:
    """The measure in words: its type, name and category."""
    return " ".join(filter(None, (measure.type, measure.name, measure.category)))
