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

from analysis.design import Codes, Floats
from analysis.errors import MeasureError
from analysis.measures import Kind

Claims = NDArray[np.bool_]

BLOCK = 1 << 15
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

    Each is kept as (K, C), a measure a row, so that a block writes runs of memory.
    """

    def __init__(self, measures: Sequence[Described], size: int = 0) -> None:
        self._measures = tuple(measures)
        self._size = 0
        self._own = np.zeros((5, len(measures), size))  # n, w, w^2, w y, w y^2
        self._all = np.zeros((3, size))  # n, w, w^2 of every row, answered or not
        self._partial = np.zeros(len(measures), dtype=np.bool_)

    def add(self, cell: Codes, weight: Floats, answers: Sequence[Answers]) -> None:
        """Add rows: `cell` and `weight` are (n,), cells may come in any order.

        The bits depend on the order of the rows of a cell and on nothing else. Answers must lie
        on their scales (`check`).
        """
        for start in range(0, cell.size, BLOCK):
            rows = slice(start, start + BLOCK)
            self._add(cell[rows], weight[rows], [a.part(rows) for a in answers])

    def sums(self, size: int) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """(C, K) n, sum w, w^2, w y, w y^2 of the first `size` cells.

        Where every measure was answered by all, the first three are one column seen K times, and
        cannot be written to.
        """
        self._grow(size)
        own, shared = self._own[:, :, :size], self._all[:, :size]
        shape = (len(self._measures), size)
        if not self._partial.any():
            n, weight, weight2 = (np.broadcast_to(a, shape).T for a in shared)
        else:
            of_all = ~self._partial
            own[:3, of_all] = shared[:, None, :]
            n, weight, weight2 = (np.ascontiguousarray(a.T) for a in own[:3])
        value, square = (np.ascontiguousarray(a.T) for a in own[3:])
        return n, weight, weight2, value, square

    def _add(self, cell: Codes, weight: Floats, answers: Sequence[Answers]) -> None:
        low, end = int(cell.min()), int(cell.max()) + 1
        self._grow(end)
        # Cells below the end of what was seen go on from their sum so far, be it 0.
        begun = max(min(end, self._size) - low, 0)
        self._size = max(self._size, end)
        local = cell - low
        index = np.concatenate([np.arange(begun), local]) if begun else local
        width, here = end - low, slice(low, end)
        for k, a in enumerate(answers):
            if a.given is not None and not self._partial[k]:
                self._own[:3, k] = self._all
                self._partial[k] = True
        first, second = np.empty((2, index.size))

        def add(target: Floats, product: Floats) -> None:
            product[:begun] = target[:begun]
            target[:] = np.bincount(index, weights=product, minlength=width)

        def add_weights(of: NDArray[np.float64], rows: Codes, w: Floats) -> None:
            of[0] += np.bincount(rows, minlength=width)
            first[begun:] = w
            add(of[1], first)
            np.multiply(w, w, out=first[begun:])
            add(of[2], first)

        add_weights(self._all[:, here], local, weight)
        for k, (measure, a) in enumerate(zip(self._measures, answers, strict=True)):
            own = self._own[:, k, here]
            w, y = weight, a.values
            if a.given is not None:
                w, y = np.where(a.given, weight, 0.0), np.where(a.given, y, 0)
            if self._partial[k]:
                add_weights(own, local if a.given is None else local[a.given], w)
            np.multiply(w, y, out=first[begun:])
            if measure.kind == "mean":
                np.multiply(first[begun:], y, out=second[begun:])
                add(own[4], second)
            add(own[3], first)
            if measure.kind == "proportion":
                own[4] = own[3]

    def _grow(self, end: int) -> None:
        held = self._all.shape[1]
        if end > held:
            room = max(end, 2 * held) - held
            self._own = np.pad(self._own, ((0, 0), (0, 0), (0, room)))
            self._all = np.pad(self._all, ((0, 0), (0, room)))


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
