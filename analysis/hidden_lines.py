"""Every question's own line: which of its answers are hidden in each unit, and in the city.

A choice of several is a line of its own: marked or not. Who was asked marked one choice at least,
so that the marks together are no fewer than the people; where that alone would say that somebody
marked a hidden choice, a second one is hidden.
"""

from collections.abc import Sequence

import numpy as np

from analysis.concealing import Derived
from analysis.disclosure import FEW, OTHER, SHOWN, SMALL, Claims, Line, protect
from analysis.hiding import Cells
from analysis.instrument import Question
from analysis.scoring import NO_ANSWER


def hide_lines(cells: Cells) -> None:
    """Decide the lines of all closed questions."""
    for question in cells.asked():
        own = cells.of(question)
        if question.type == "select_multiple":
            for i in own:
                hide_share(cells, i)
            _marked_at_least_one(cells, cells.of(question, silent=True))
            continue
        mean, scores = cells.mean_of.get(question.name, (-1, None))
        counts = cells.known(cells.events[:, own], own[0])
        found = protect(Line(counts, scores), cells.kept_back[:, own])
        cells.state[:, own] = found.state
        hidden = np.asarray((found.state != SHOWN).any(axis=0))
        _mark(cells, own, hidden, scored=scores is not None)
        if len(own) == 2 and hidden.any():
            _second(cells, question, own)
        if scores is not None:
            measure = cells.measures[mean]
            unit = (measure.high - measure.low) / (np.nanmax(scores) - np.nanmin(scores))
            cells.spread[:, mean] = (found.state != SHOWN).any(axis=1)
            scored = counts[:, ~np.isnan(scores)].sum(axis=1)
            left = found.effect * unit / np.maximum(scored, 1)
            cells.open[:, mean] = np.maximum(left, cells.opened[:, mean])


def hide_share(cells: Cells, i: int) -> None:
    """A share that is a line of its own: those who did, and the others."""
    events = cells.events[:, i]
    counts = cells.known(np.stack([events, cells.n[:, i] - events], axis=1), i)
    found = protect(Line(counts), np.repeat(cells.kept_back[:, [i]], 2, axis=1))
    cells.state[:, i] = found.state[:, 0]
    many = (counts[:, 1] <= SMALL) & (counts[:, 0] > SMALL)
    cells.state[many, i] = np.where(counts.sum(axis=1)[many] > 0, OTHER, SHOWN)
    _mark(cells, [i], np.asarray((found.state[:, :1] != SHOWN).any(axis=0)))


def _mark(cells: Cells, own: Sequence[int], touched: Claims, *, scored: bool = False) -> None:
    """The city's shares: few in all, or left open by a few people of the hidden units.

    The city's share and the mean of units are two equations for the same few counts; what one
    of them leaves open the other would close.
    """
    for i in np.array(own)[touched].tolist():
        if cells.few(i):
            cells.city[i] = cells.city_mean[i] = FEW
            continue
        # A move that keeps a mean changes other answers by up to the scale's length times.
        cells.open_city[i] = SMALL * cells.one(i) * (len(own) - 1 if scored else 1)
        cells.city_mean[i] = OTHER
        cells.several[i] = len(own) > 2


def _second(cells: Cells, question: Question, own: Sequence[int]) -> None:
    """The second share of two, worked out from the first: rounded by itself it would tell more."""
    first, second = own
    if cells.city[first] != SHOWN or cells.city[second] == FEW:
        cells.city[second] = max(cells.city[second], OTHER)
        return
    cells.derived[second] = Derived(cells.key(first), said(cells, question), -1.0)


def said(cells: Cells, question: Question) -> float:
    """Share of the city's base that gave an answer which says something."""
    silent = [i for i in cells.of(question, silent=True) if _is_silent(cells, i)]
    return 1.0 - sum(cells.value(i) for i in silent)


def _is_silent(cells: Cells, i: int) -> bool:
    return cells.measures[i].category in NO_ANSWER


def _marked_at_least_one(cells: Cells, own: Sequence[int]) -> None:
    for d in cells.units():
        n = int(cells.n[d, own[0]]) if own else 0
        if n < max(cells.least, 1):
            continue
        while True:
            most = [_most(cells, d, i) for i in own]
            tight = [
                k for k, i in enumerate(own)
                if cells.state[d, i] == FEW and sum(most) - most[k] < n
            ]  # fmt: skip
            shown = [
                i for i in own
                if cells.state[d, i] == SHOWN and not _is_silent(cells, i) and cells.events[d, i]
            ]  # fmt: skip
            if not tight or not shown:
                break
            least = min(shown, key=lambda i: int(cells.events[d, i]))
            cells.state[d, least] = OTHER
            if not cells.few(least):
                cells.open_city[least] = max(cells.open_city[least], SMALL * cells.one(least))
            cells.city_mean[least] = max(cells.city_mean[least], OTHER)


def _most(cells: Cells, d: int, i: int) -> int:
    """Largest count that a reader must hold possible."""
    state = cells.state[d, i]
    if state == SHOWN:
        return int(cells.events[d, i])
    return min(SMALL, int(cells.n[d, i])) if state == FEW else int(cells.n[d, i])
