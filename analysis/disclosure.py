"""Which counts of one question are hidden, so that no visitor's answer can be read or worked out.

A count of 0 to 4 people is *small*: it is printed as one common upper limit, which depends on the
size of the sample and never on the count, so that a hidden bribe does not look like none. Hiding
it is not enough where the rest of the line gives it away. A line is *safe* where for each hidden
count there are five values or more that would have left everything printed as it is. That is
proved by construction: an integer move over the hidden cells of the line, with the line's sum and
the printed mean of the question unchanged. As long as it is not safe, the next smallest category
is hidden with it, then the whole line; at last the question's mean is left open a little.

Readers are assumed to know these rules, and to take every interview as of the same weight; with
weights of its own a share says less about a count.

Willenborg, L. and de Waal, T. (2001). Elements of Statistical Disclosure Control. Springer. §6.
Fischetti, M. and Salazar, J. J. (2001). Solving the cell
suppression problem on tabular data with linear constraints. Management Science, 47, 1008-1027.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
States = NDArray[np.int8]
Claims = NDArray[np.bool_]
Floats = NDArray[np.float64]
Move = dict[int, int]

SMALL = 4
"""Largest count that is never shown, and never told from those below it."""
VALUES = SMALL + 1
"""How many values each hidden count must be able to have."""

SHOWN, FEW, OTHER, WHOLE = 0, 1, 2, 3
"""State of a cell: printed; 0 to 4, printed as a limit; hidden to protect others; line hidden."""


@dataclass(frozen=True, eq=False)
class Line:
    """One question in every unit: how many people gave each answer.

    Parameters
    ----------
    counts
        (D, K) people in unit d with answer k; each person has one. Answers that say nothing
        (don't know, no answer) are left out: they are neither hidden nor hide others.
    scores
        (K,) score of each answer where the mean of this very question is printed, else None.
        Scores that are NaN have no part in the mean, and those with one and those without add up
        to what is known apart.
    """

    counts: Counts
    scores: Floats | None = None

    @property
    def groups(self) -> NDArray[np.bool_]:
        """(K,) whether an answer has a score: sums over both kinds are known."""
        if self.scores is None:
            return np.zeros(self.counts.shape[1], dtype=np.bool_)
        return np.isnan(self.scores)


@dataclass(frozen=True, eq=False)
class Hidden:
    """What is not printed of a line, and how far its mean must be left open.

    `state` (D, K). `effect` (D,) is how far apart sums of the unit's scores must print alike for
    the line to be safe; 0 where the sum may be known, infinite where nothing helps.
    """

    state: States
    effect: Floats


def protect(line: Line, also: Claims | None = None) -> Hidden:
    """Hide what is small in a line of each unit, and as little else as makes it safe.

    `also` (D, K) are cells that may not be shown for another reason, whatever their counts.
    """
    counts = line.counts
    state = np.zeros(counts.shape, dtype=np.int8)
    effect = np.zeros(len(counts))
    also = np.zeros(counts.shape, dtype=np.bool_) if also is None else also
    touched = ((counts <= SMALL) | also).any(axis=1) & (counts.sum(axis=1) > 0)
    for d in np.flatnonzero(touched).tolist():
        state[d], effect[d] = _alone(counts[d].tolist(), line, also[d].tolist())
    return Hidden(state, effect)


def _alone(counts: list[int], line: Line, also: list[bool]) -> tuple[list[int], float]:
    """States of one unit's line, and the effect on its mean."""
    size = len(counts)
    state = [
        FEW if count <= SMALL else WHOLE if other else SHOWN
        for count, other in zip(counts, also, strict=True)
    ]
    while True:
        if _Row(counts, state, line, 0.0).stands():
            return state, 0.0
        shown = [k for k in range(size) if state[k] == SHOWN]
        if not shown:
            break
        state[min(shown, key=lambda k: counts[k])] = OTHER
    state = [WHOLE] * size
    for effect in (0.0, *_effects(line)):
        if _Row(counts, state, line, effect).stands():
            return state, effect
    return state, np.inf


def _effects(line: Line) -> list[float]:
    """Sums of scores that a line is left open by, from the least step of the scale on."""
    if line.scores is None:
        return []
    known = np.unique(line.scores[~np.isnan(line.scores)])
    if known.size < 2:
        return []
    step = float(np.diff(known).min())
    most = float(known[-1] - known[0]) * SMALL
    return [step * times for times in range(1, round(most / step) + 1)]


class _Row:
    """A line of one unit: the moves over its hidden cells that leave what is printed as it is."""

    def __init__(self, counts: list[int], state: list[int], line: Line, effect: float) -> None:
        self.counts, self.state, self.effect = counts, state, effect
        self.apart = line.groups.tolist()
        self.scores = None if line.scores is None else line.scores.tolist()
        self.hidden = [k for k, s in enumerate(state) if s != SHOWN]
        n = sum(counts)
        # What is hidden beside small counts was the next smallest: a reader knows that it is no
        # more than the least that is shown.
        least = min((c for c, s in zip(counts, state, strict=True) if s == SHOWN), default=n)
        self.low = [c if s == SHOWN else SMALL + 1 if s == OTHER else 0
                    for c, s in zip(counts, state, strict=True)]  # fmt: skip
        self.high = [c if s == SHOWN else SMALL if s == FEW else least if s == OTHER else n
                     for c, s in zip(counts, state, strict=True)]  # fmt: skip

    def stands(self) -> bool:
        """Whether each hidden cell has enough values."""
        return all(
            _enough(shift for shift in self.shifts(k) if any(True for _ in self.moves(k, shift)))
            for k in self.hidden
        )

    def shifts(self, k: int) -> range:
        """Changes that are tried: all values of a small count, four either way of another."""
        count = self.counts[k]
        return range(-count, SMALL - count + 1) if self.state[k] == FEW else range(-SMALL, VALUES)

    def allows(self, move: Move) -> bool:
        """Whether a move keeps to the hidden cells, their bounds and the printed mean."""
        if any(
            not self.low[k] <= self.counts[k] + change <= self.high[k] or self.state[k] == SHOWN
            for k, change in move.items()
        ):
            return False
        return abs(self.told(move)) <= self.effect + 1e-9

    def told(self, move: Move) -> float:
        """By how much a move changes the sum of the scores."""
        if self.scores is None:
            return 0.0
        scored = (self.scores[k] * change for k, change in move.items() if not self.apart[k])
        return float(sum(scored))

    def moves(self, k: int, shift: int) -> Iterator[Move]:
        """Moves that change cell `k` by `shift`: with one other cell, with two, with many."""
        if shift == 0:
            yield {}
            return
        others = [j for j in self.hidden if j != k and self.apart[j] == self.apart[k]]
        for parts in self._balanced(k, shift, others):
            move = {k: shift, **parts}
            if self.allows(move):
                yield move

    def _balanced(self, k: int, shift: int, others: list[int]) -> Iterator[Move]:
        for j in others:
            yield {j: -shift}
        g = self.scores
        if g is not None and not self.apart[k]:
            for a in others:
                for b in others:
                    if g[a] == g[b]:
                        continue
                    change = shift * (g[b] - g[k]) / (g[a] - g[b])
                    if abs(change - round(change)) < 1e-9:
                        yield {a: round(change), b: -shift - round(change)}
            return
        left, parts = -shift, {}
        for j in others:
            parts[j] = min(max(left, self.low[j] - self.counts[j]), self.high[j] - self.counts[j])
            left -= parts[j]
        if left == 0:
            yield parts


def _enough(shifts: Iterator[int]) -> bool:
    """Whether values without a gap, the true one among them, are as many as they must be."""
    found = set(shifts) | {0}
    first = last = 0
    while first - 1 in found:
        first -= 1
    while last + 1 in found:
        last += 1
    return last - first + 1 >= VALUES
