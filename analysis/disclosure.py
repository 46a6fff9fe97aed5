"""Which counts of one question are hidden, so that no visitor's answer can be read or worked out.

A count of 0 to 4 people is *small*: it is printed as one common upper limit, which depends on the
size of the sample and never on the count, so that a hidden bribe does not look like none. Hiding
it is not enough where the rest of the line gives it away. A line is *safe* where for each hidden
count there are five values or more that would have left everything printed as it is. That is
proved by construction: an integer move over the hidden cells of the line, with the line's sum and
the printed mean of the question unchanged; and where the city's share of a category is printed,
another unit whose line can make the opposite move. As long as it is not safe, the next smallest
category is hidden with it, then the whole line, then the question's mean.

Readers are assumed to know these rules, and to take every interview as of the same weight; with
weights of its own a share says less about a count.

Willenborg, L. and de Waal, T. (2001). Elements of Statistical Disclosure Control. Springer. §6
(suppression in linked tables). Fischetti, M. and Salazar, J. J. (2001). Solving the cell
suppression problem on tabular data with linear constraints. Management Science, 47, 1008-1027.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
States = NDArray[np.int8]
Claims = NDArray[np.bool_]
Floats = NDArray[np.float64]

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
    """What is not printed of a line.

    `state` (D, K); `mean` (D,) units whose mean of the question is hidden; `city` (K,) answers
    whose share in the city is hidden, `city_mean` (K,) whose mean over units is.
    """

    state: States
    mean: Claims
    city: Claims
    city_mean: Claims


def protect(line: Line, *, city: bool = True) -> Hidden:
    """Hide what is small in a line, and as little else as makes it safe.

    `city` says whether the sum over the units is printed too.
    """
    counts = line.counts
    units, size = counts.shape
    state = np.zeros((units, size), dtype=np.int8)
    mean = np.zeros(units, dtype=np.bool_)
    for d in np.flatnonzero((counts <= SMALL).any(axis=1) & (counts.sum(axis=1) > 0)).tolist():
        state[d], mean[d] = _alone(counts[d], line.scores, line.groups)
    touched = (state != SHOWN).any(axis=0)
    hidden = np.zeros(size, dtype=np.bool_)
    if city and touched.any():
        if (counts[:, touched].sum(axis=0) <= SMALL).any():
            hidden |= touched
        for d in np.flatnonzero((state != SHOWN).any(axis=1)).tolist():
            if not _safe(d, line, state, mean, hidden):
                hidden |= state[d] != SHOWN
        # What one unit needs hidden in the city may leave another's move half in the open.
        for d in np.flatnonzero((state != SHOWN).any(axis=1)).tolist():
            if not _safe(d, line, state, mean, hidden):
                hidden |= touched
    return Hidden(state, mean, hidden, touched)


def _alone(counts: Counts, scores: Floats | None, apart: Claims) -> tuple[States, bool]:
    """States of one unit's line, and whether its mean is hidden, whatever the city shows."""
    state = np.where(counts <= SMALL, FEW, SHOWN).astype(np.int8)
    for known in (scores, None) if scores is not None else (None,):
        tried = state.copy()
        while True:
            if _stands(counts, tried, known, apart):
                return tried, known is None and scores is not None
            shown = np.flatnonzero(tried == SHOWN)
            if not shown.size:
                break
            tried[shown[np.argmin(counts[shown])]] = OTHER
        tried = np.full_like(state, WHOLE)
        if _stands(counts, tried, known, apart):
            return tried, known is None and scores is not None
    return np.full_like(state, WHOLE), scores is not None


def _stands(counts: Counts, state: States, scores: Floats | None, apart: Claims) -> bool:
    """Whether each hidden cell of a line has enough values by moves within the line."""
    low, high = _bounds(counts[None], state[None])
    return all(
        _enough(
            shift
            for shift in _shifts(int(counts[k]), int(state[k]))
            if any(
                True
                for _ in _moves(k, shift, counts, state, scores, apart, low[0], high[0])
            )
        )
        for k in np.flatnonzero(state != SHOWN).tolist()
    )  # fmt: skip


def _safe(d: int, line: Line, state: States, mean: Claims, hidden: Claims) -> bool:
    """As `_stands`, with a partner for each move that the city's shares would show."""
    counts, scores = line.counts, None if mean[d] else line.scores
    low, high = _bounds(counts, state)
    return all(
        _enough(
            shift
            for shift in _shifts(int(counts[d, k]), int(state[d, k]))
            if any(
                hidden[np.flatnonzero(move)].all()
                or _has_partner(d, move, line, state, mean, low, high)
                for move in _moves(
                    k, shift, counts[d], state[d], scores, line.groups, low[d], high[d]
                )
            )
        )
        for k in np.flatnonzero(state[d] != SHOWN).tolist()
    )  # fmt: skip


def _has_partner(
    d: int, move: Counts, line: Line, state: States, mean: Claims, low: Counts, high: Counts
) -> bool:
    """Whether another unit's hidden cells can make the opposite move, its own mean unchanged."""
    support = np.flatnonzero(move)
    other = line.counts[:, support] - move[support]
    able = (
        (state[:, support] != SHOWN)
        & (other >= low[:, support])
        & (other <= high[:, support])
    ).all(axis=1)  # fmt: skip
    if line.scores is not None:
        scored = support[~line.groups[support]]
        if abs(float(line.scores[scored] @ move[scored])) > 1e-9:
            able &= mean
    able[d] = False
    return bool(able.any())


def _bounds(counts: Counts, state: States) -> tuple[Counts, Counts]:
    """(D, K) least and largest count that a reader must hold possible from the state alone."""
    whole = np.broadcast_to(counts.sum(axis=1, keepdims=True), counts.shape)
    low = np.select([state == SHOWN, state == OTHER], [counts, SMALL + 1], 0)
    high = np.select([state == SHOWN, state == FEW], [counts, SMALL], whole)
    return low, high


def _shifts(count: int, state: int) -> range:
    """Changes of a count that are tried: all values of a small one, four either way of another."""
    return range(-count, SMALL - count + 1) if state == FEW else range(-SMALL, SMALL + 1)


def _enough(shifts: Iterator[int]) -> bool:
    """Whether values without a gap, the true one among them, are as many as they must be."""
    found = set(shifts) | {0}
    first = last = 0
    while first - 1 in found:
        first -= 1
    while last + 1 in found:
        last += 1
    return last - first + 1 >= VALUES


def _moves(
    k: int,
    shift: int,
    counts: Counts,
    state: States,
    scores: Floats | None,
    apart: Claims,
    low: Counts,
    high: Counts,
) -> Iterator[Counts]:
    """Integer moves over hidden cells that change cell `k` by `shift` and nothing printed."""
    if shift == 0:
        yield np.zeros(len(counts), dtype=np.int64)
        return
    others = [j for j in np.flatnonzero(state != SHOWN).tolist() if j != k and apart[j] == apart[k]]
    scored = scores is not None and not apart[k]
    for parts in _balanced(k, shift, others, scores if scored else None, counts, low, high):
        move = np.zeros(len(counts), dtype=np.int64)
        move[k] = shift
        for j, change in parts:
            move[j] += change
        after = counts + move
        if (after >= low).all() and (after <= high).all():
            yield move


def _balanced(
    k: int,
    shift: int,
    others: Sequence[int],
    scores: Floats | None,
    counts: Counts,
    low: Counts,
    high: Counts,
) -> Iterator[list[tuple[int, int]]]:
    """Changes of other cells that undo a shift of cell `k`: in one, in two, or in many cells."""
    for j in others:
        if scores is None or scores[j] == scores[k]:
            yield [(j, -shift)]
    if scores is not None:
        for a in others:
            for b in others:
                if scores[a] == scores[b] or a == b:
                    continue
                change = shift * (scores[b] - scores[k]) / (scores[a] - scores[b])
                if abs(change - round(change)) < 1e-9:
                    yield [(a, round(change)), (b, -shift - round(change))]
        return
    left, parts = -shift, []
    for j in others:
        change = int(np.clip(left, low[j] - counts[j], high[j] - counts[j]))
        parts.append((j, change))
        left -= change
    if left == 0:
        yield parts
