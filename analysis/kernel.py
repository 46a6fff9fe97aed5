"""Sums of cells over rows that arrive in blocks, with the bits of one pass over all of them.

A cell is a PSU, or the part of it in a domain. Adding is sequential: within a cell in the order of
the rows, one product a time, as `np.bincount` does. A cell that was begun in an earlier block is
carried: its sum so far is added first, so the chain of additions is the one that an uncut file
would have given. Threads, batch sizes and the places where a file is cut change no bit.

Where everybody answered a measure, its counts and sums of weights are those of all rows and are
made once; where answers are 0 and 1, the sum of w y^2 is the sum of w y. Both are the same
additions, not approximations of them. A square is made before it is weighted, w (y y): of whole
numbers it is exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from analysis.adding import add_rows
from analysis.design import Codes, Floats
from analysis.errors import MeasureError
from analysis.laid import Columns, Five, Laid
from analysis.measures import Kind

Claims = NDArray[np.bool_]

BLOCK = 1 << 12
"""Rows taken at a time: few enough that they stay near the processor."""
SMALL = 11
"""Whole numbers up to it, and their squares, are bytes."""


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

    A row holds the sums of a cell (`laid.Columns`). What an interview adds to it is its weight
    times 1, its weight, its answers and their squares: the answers are small whole numbers mostly,
    and are laid out as such.
    """

    def __init__(self, measures: Sequence[Described], size: int = 0) -> None:
        means = [k for k, m in enumerate(measures) if m.kind == "mean"]
        order = means + [k for k, m in enumerate(measures) if m.kind != "mean"]
        self._columns = Columns(tuple(order), len(means))
        self._small = all(-SMALL <= measures[k].low <= measures[k].high <= SMALL for k in means)
        self._sums = np.zeros((size, self._columns.width))
        self._n = np.zeros((size, 1))
        self._by_row = np.ones((0, self._columns.width))

    def add(self, cell: Codes, weight: Floats, answers: Sequence[Answers]) -> None:
        """Add rows: `cell` and `weight` are (n,), cells may come in any order.

        The bits depend on the order of the rows of a cell and on nothing else. Answers must lie
        on their scales (`check`).
        """
        if not cell.size:
            return
        given = [None if a.given is None or a.given.all() else a.given for a in answers]
        partial = set(self._columns.partial)
        self._leave_out([k for k, own in enumerate(given) if own is not None and k not in partial])
        self._make_room(min(cell.size, BLOCK))
        self._count(cell, given)
        whole = self._small and all(a.values.dtype.kind in "biu" for a in answers)
        of = self._columns
        wide = (len(of.order) + of.means, min(cell.size, BLOCK))
        room = np.empty(wide, dtype=np.int8 if whole else np.float64)
        for start in range(0, cell.size, BLOCK):
            rows = slice(start, start + BLOCK)
            claims = [None if own is None else own[rows] for own in given]
            laid = self._laid(weight[rows], [a.values[rows] for a in answers], claims, room)
            add_rows(self._sums, cell[rows], laid, weight[rows])

    def laid(self, size: int) -> Laid:
        """The sums of the first `size` cells, as they stand; they may still be added to."""
        self._grow(size)
        return Laid(self._columns, self._sums[:size], self._n[:size])

    def sums(self, size: int) -> Five:
        """(C, K) n, sum w, w^2, w y, w y^2 of the first `size` cells (`Laid.parts`)."""
        return self.laid(size).parts

    def _leave_out(self, measures: Sequence[int]) -> None:
        """Keep the sums of those who answered these measures; up to here all had answered them."""
        if not measures:
            return
        for k in measures:
            self._columns = self._columns.more(k)
        often = len(measures)
        self._sums = np.concatenate([self._sums, *[self._sums[:, :2]] * often], axis=1)
        self._n = np.concatenate([self._n, *[self._n[:, :1]] * often], axis=1)

    def _count(self, cell: Codes, given: Sequence[Claims | None]) -> None:
        """Count rows by cell; whole numbers add up to the same in any order."""
        low, high = int(cell.min()), int(cell.max())
        self._grow(high + 1)
        place = cell - low
        every = np.bincount(place)
        self._n[low : high + 1, 0] += every
        for at, k in enumerate(self._columns.partial, 1):
            own = given[k]
            those = every if own is None else np.bincount(place[own], minlength=every.size)
            self._n[low : high + 1, at] += those

    def _laid(
        self,
        weight: Floats,
        values: Sequence[NDArray[Any]],
        given: Sequence[Claims | None],
        room: NDArray[Any],
    ) -> Floats:
        """(n, T) what each row adds to the sums of its cell, before it is weighted."""
        of, n = self._columns, weight.size
        y, laid = room[:, :n], self._by_row[:n]
        for at, k in enumerate(of.order):
            y[at] = values[k]
            own = given[k]
            if own is not None:
                y[at, ~own] = 0
        means = of.means
        np.multiply(y[:means], y[:means], out=y[len(of.order) :])
        laid[:, 1] = weight
        laid[:, 2 : of.square.stop] = y.T
        for at, k in enumerate(of.partial):
            there, sums = given[k], laid[:, of.own(at)]
            sums[:, 0] = 1.0 if there is None else there
            sums[:, 1] = weight if there is None else weight * there
        return laid

    def _make_room(self, rows: int) -> None:
        """Room for the rows of a block; the first column is that of the weights alone."""
        held, width = self._by_row.shape
        if held < rows or width != self._columns.width:
            self._by_row = np.ones((max(held, rows), self._columns.width))

    def _grow(self, end: int) -> None:
        more = max(end, 2 * len(self._sums)) - len(self._sums)
        if end > len(self._sums):
            self._sums, self._n = (
                np.concatenate([held, np.zeros((more, held.shape[1]))])
                for held in (self._sums, self._n)
            )


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
