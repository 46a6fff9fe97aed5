"""What a new edition may show beside earlier ones that somebody has kept.

Two editions a week apart can be subtracted: what is left are the people who came between. So the
differences of a line are a line too, with the same rule: those of up to four people stay hidden,
and what would give them away (`disclosure.protect`); where the mean of the line was printed, its
scores have a part in it. A count that was hidden and has grown past four is shown only when so
many people came that it may have been anything from nobody on. A number of the city that was
coarse or hidden is not printed once it has moved: two roundings of it have an overlap narrower
than either.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.disclosure import SHOWN, SMALL, VALUES, Floats, Line, protect
from analysis.hiding import Cells

Claims = NDArray[np.bool_]

KEYS = ("domain_type", "domain", "measure_type", "measure", "category")
COLUMNS = (*KEYS, "n", "events", "shown", "coarse")


@dataclass(frozen=True, eq=False)
class Before:
    """An earlier edition on the cells of today: (D, M) counts, and what was printed of them.

    `known` says where it had the row; `rough` (M,) and `rough_mean` (M,) which numbers of the city
    and of the mean of units were coarse or hidden.
    """

    n: NDArray[np.int64]
    events: NDArray[np.int64]
    known: Claims
    shown: Claims
    coarse: Claims
    rough: Claims
    rough_mean: Claims


def counted(cells: Cells, table: pd.DataFrame) -> pd.DataFrame:
    """What a ledger must remember of an edition: columns `COLUMNS`, a row for each printed row.

    `table` is the edition's own; counts are the true ones, so the ledger belongs to the office.
    """
    place = {unit: d for d, unit in enumerate(cells.people.units)}
    hidden = table["flag"].isin(["withheld", "not_estimable"])
    rough = table["reason"].str.contains("coarse", regex=False)
    rows = []
    for row, is_hidden, is_rough in zip(
        table[list(KEYS)].itertuples(index=False, name=None), hidden, rough, strict=True
    ):
        i = cells.place.get(row[2:])
        if i is None:
            continue
        of = [place[row[1]]] if row[0] == "unit" and row[1] in place else list(cells.units())
        n, events = int(cells.n[of, i].sum()), int(cells.events[of, i].sum())
        rows.append((*row, n, events, not is_hidden, bool(is_rough)))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def before(cells: Cells, earlier: pd.DataFrame) -> Before:
    """An earlier edition, as `counted` remembers it, on the cells of today."""
    shape = cells.n.shape
    n, events = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    known, shown, coarse = (np.zeros(shape, dtype=np.bool_) for _ in range(3))
    rough, rough_mean = (np.zeros(shape[1], dtype=np.bool_) for _ in range(2))
    place = {unit: d for d, unit in enumerate(cells.people.units)}
    for row in earlier[list(COLUMNS)].itertuples(index=False, name=None):
        i = cells.place.get(row[2:5])
        if i is None:
            continue
        if row[0] == "unit" and row[1] in place:
            d = place[row[1]]
            n[d, i], events[d, i], known[d, i] = row[5], row[6], True
            shown[d, i], coarse[d, i] = row[7] and not row[8], row[8]
        elif row[0] == "city":
            rough[i] = row[8] or not row[7]
        else:
            rough_mean[i] = row[8] or not row[7]
    return Before(n, events, known, shown, coarse, rough, rough_mean)


def compare(cells: Cells, editions: Sequence[pd.DataFrame]) -> None:
    """Say in `cells` which of them earlier editions forbid to show."""
    for edition in editions:
        was = before(cells, edition)
        moved = was.known & ((was.n != cells.n) | (was.events != cells.events))
        for i, measure in enumerate(cells.measures):
            if measure.kind == "proportion" and measure.type != "topline":
                _share(cells, was, i)
        for question in cells.asked():
            own = cells.of(question)
            if question.type == "select_multiple":
                for i in own:
                    _share(cells, was, i)
            else:
                _line(cells, was, own, cells.mean_of.get(question.name))
        moved_somewhere = moved.any(axis=0)
        cells.stale |= was.rough & moved_somewhere
        cells.stale_mean |= was.rough_mean & moved_somewhere


def _share(cells: Cells, was: Before, i: int) -> None:
    """A line of two: those who did, and the others."""
    for d in np.flatnonzero(was.known[:, i]).tolist():
        old = [int(was.events[d, i]), int(was.n[d, i] - was.events[d, i])]
        new = [int(cells.events[d, i]), int(cells.n[d, i] - cells.events[d, i])]
        shown = bool(was.shown[d, i])
        held, _ = _forbidden(old, new, [shown, shown], None)
        cells.kept_back[d, i] |= any(held)


def _line(cells: Cells, was: Before, own: Sequence[int], mean: tuple[int, Floats] | None) -> None:
    for d in np.flatnonzero(was.known[:, own].any(axis=1)).tolist():
        old, new = was.events[d, own].tolist(), cells.events[d, own].tolist()
        shown = was.shown[d, own].tolist()
        scores = None
        if mean is not None and (was.shown[d, mean[0]] or was.coarse[d, mean[0]]):
            scores = mean[1]
        held, effect = _forbidden(old, new, shown, scores)
        cells.kept_back[d, own] |= held
        if mean is not None and effect > 0:
            i, of = mean
            m = cells.measures[i]
            unit = (m.high - m.low) / (np.nanmax(of) - np.nanmin(of))
            scored = sum(c for c, s in zip(new, of.tolist(), strict=True) if not np.isnan(s))
            left = effect * unit / max(scored, 1) if not was.coarse[d, i] else np.inf
            cells.opened[d, i] = max(cells.opened[d, i], left)


def _forbidden(
    old: Sequence[int], new: Sequence[int], shown: Sequence[bool], scores: Floats | None
) -> tuple[list[bool], float]:
    """Which cells of a line may not be shown, and how far its mean must be left open."""
    change = [abs(b - a) for a, b in zip(old, new, strict=True)]
    if not any(change):
        return [False] * len(old), 0.0
    grown = abs(sum(new) - sum(old))
    found = protect(Line(np.array([change], dtype=np.int64), scores))
    told = found.state[0] != SHOWN
    # Of those who came, how many may have given an answer that was hidden: the rest are told.
    room = grown - sum(c for c, was in zip(change, shown, strict=True) if was)
    held = []
    for k, (a, b) in enumerate(zip(old, new, strict=True)):
        if shown[k]:
            held.append(bool(told[k]) or grown < VALUES)
        else:
            # Hidden before: it may have been anything only where enough people came since.
            held.append(room < (b if a <= SMALL else VALUES))
    effect = 0.0
    if scores is not None:
        # As far as all who came could move the mean: a finer one is a second equation for them.
        known = scores[~np.isnan(scores)]
        span = float(known.max() - known.min())
        effect = max(float(found.effect[0]), span * max(grown, sum(change)))
    return held, effect
