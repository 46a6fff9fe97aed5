"""From answers to cells: which level of every margin an interview has, sparse levels merged.

A cell is a combination of levels that somebody in the sample has; where totals of numbers are
known too, of levels and numbers. Calibration gives all its interviews the same factor, so that
cells are all it needs to know of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis import columns
from analysis.auxiliaries import Numbers, read_numbers
from analysis.errors import MarginError
from analysis.margins import CROSS, Margins

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

FEW = 4
"""Counts of people from 1 to this are not told."""
FEWEST = 2
"""PSUs that a level needs where PSUs are looked at."""


@dataclass(frozen=True, eq=False)
class Cells:
    """Interviews by cell, cells by level, levels with their targets.

    `cell` is (n,) in the order of the frame, a code into the C cells; `cell_levels` holds for
    each margin the (C,) level of a cell, `levels` the names of its levels (merged ones joined by
    ` + `) and `targets` their (L,) totals, which have the same sum in every margin. `notes` say
    which levels were merged, `numbers` are those of the cells where totals of numbers are known.
    """

    cell: Codes
    margins: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    cell_levels: tuple[Codes, ...]
    targets: tuple[Floats, ...]
    notes: tuple[str, ...] = ()
    numbers: Numbers | None = None

    @property
    def size(self) -> int:
        """C, the number of cells."""
        if self.numbers is not None:
            return int(self.numbers.held.shape[0])
        return int(self.cell_levels[0].size)

    @property
    def total(self) -> float:
        """Sum of the targets of any margin; 0 where there are totals of numbers alone."""
        return float(self.targets[0].sum()) if self.targets else 0.0


def read_cells(
    frame: pd.DataFrame,
    margins: Margins,
    *,
    population: str = "kunjungan",
    minimum: int = 0,
    clusters: Codes | None = None,
    id: str = "",
) -> Cells:
    """Sort interviews into cells; `frame` has one row each, and a column for each margin.

    Levels with fewer than `minimum` interviews are merged with the neighbour that has fewer, in
    the declared order of the levels, smallest first, until all have enough or one is left;
    of a crossed margin only levels that agree in all columns but the last. With `clusters`, the
    (n,) PSU of each interview, a level that one PSU alone holds lacks as well: without that PSU
    nobody would be left to stand for it. `population` is what the sample is of.

    Raises
    ------
    MarginError
        Naming margins, levels and rows (counted from 1): totals of another population, a column
        that is absent, an answer that is missing or has no total, a level that nobody answered
        and no rule merges; of totals of numbers, what `auxiliaries` refuses.
    """
    margins.require(population)
    names, targets, codes = [], [], []
    notes: list[str] = []
    for margin in margins.names:
        level = _read(frame, margin, margins.levels(margin), id)
        n = np.bincount(level, minlength=len(margins.levels(margin)))
        held = _held(level, clusters if minimum else None, n.size)
        groups = list(
            _merged(margins.levels(margin), n.tolist(), held, margin.count(CROSS), minimum)
        )
        or_alone = "" if clusters is None else ", or stands in one PSU"
        notes += _describe(margin, margins.levels(margin), n.tolist(), groups, minimum, or_alone)
        merged = np.empty(n.size, dtype=np.intp)
        for new, group in enumerate(groups):
            merged[group] = new
        targets.append(summed(merged, margins.target(margin), len(groups)))
        names.append(tuple(" + ".join(margins.levels(margin)[i] for i in g) for g in groups))
        codes.append(merged[level])
    sizes = [len(levels) for levels in names]
    if not margins.numbers:
        cell, cell_levels = cross(codes, sizes)
        return Cells(cell, margins.names, tuple(names), cell_levels, tuple(targets), tuple(notes))
    read = read_numbers(frame, margins.numbers, id)
    cell, crossed = cross([*codes, *read.codes], [*sizes, *(d.size for d in read.distinct)])
    of_numbers = read.of(crossed[len(sizes) :], margins.total)
    return Cells(
        cell, margins.names, tuple(names), crossed[: len(sizes)], tuple(targets), tuple(notes),
        of_numbers,
    )  # fmt: skip


def summed(code: Codes, values: Floats, size: int) -> Floats:
    """(size,) sums of the (n,) values by their code, added in the order given."""
    return np.asarray(np.bincount(code, weights=values, minlength=size), dtype=np.float64)


def present(key: Codes, size: int) -> tuple[Codes, Codes]:
    """Sorted distinct values of `key` (0 <= key < size), and the position of each key in them.

    As `np.unique`, without sorting where the range is not much larger than the data.
    """
    if size > 8 * key.size + 1024:
        found, position = np.unique(key, return_inverse=True)
        return np.asarray(found, dtype=np.intp), np.asarray(position, dtype=np.intp)
    found = np.flatnonzero(np.bincount(key, minlength=size))
    lookup = np.zeros(size, dtype=np.intp)
    lookup[found] = np.arange(found.size)
    return np.asarray(found, dtype=np.intp), lookup[key]


def _read(frame: pd.DataFrame, margin: str, declared: Sequence[str], id: str) -> Codes:
    """(n,) position of every interview's level among the declared ones."""
    parts = margin.split(CROSS)
    absent = [column for column in parts if column not in frame.columns]
    if absent:
        raise MarginError(
            f"Margin {margin}: the interviews have no column {', '.join(absent)}, so nobody "
            "knows who belongs to which level. Correct the name of the margin, or add the column."
        )
    key, texts = np.zeros(len(frame), dtype=np.intp), [""]
    for i, column in enumerate(parts):
        code, found = pd.factorize(frame[column])
        kinds = np.asarray(found, dtype=object).tolist()
        # A whole number that became a float, 1.0, is level 1 unless a level 1.0 is declared.
        own = {level.split(CROSS)[i] if len(parts) > 1 else level
               for level in declared if len(parts) == 1 or level.count(CROSS) >= i}  # fmt: skip
        names = [str(kind) if str(kind) in own else columns.text_of(kind) for kind in kinds]
        blank = np.array([not name.strip() for name in names] + [True], dtype=np.bool_)[code]
        if blank.any():
            raise MarginError(
                f"Margin {margin}: no {column} in {columns.rows(frame, blank, id)}; who is in no "
                "level can be given no weight. Fill it in (from what was observed, or by a "
                "stated rule), or exclude these interviews."
            )
        strange = [name for name in names if len(parts) > 1 and CROSS in name]
        if strange:
            raise MarginError(
                f"Margin {margin}: the code {strange[0]} of {column} holds {CROSS!r}, which "
                "separates the columns of a crossed margin. Rename the code."
            )
        used, key = present(key * max(len(names), 1) + code, len(texts) * max(len(names), 1))
        texts = [
            f"{texts[u // len(names)]}{CROSS if i else ''}{names[u % len(names)]}" for u in used
        ]
    position = {level: i for i, level in enumerate(declared)}
    unknown = np.array([text not in position for text in texts] or [False], dtype=np.bool_)
    if unknown.any():
        rows = columns.rows(frame, unknown[key], id)
        named = sorted(text for text in texts if text not in position)
        raise MarginError(
            f"Margin {margin} has no total for {', '.join(named[:5])}, which {rows} answered; "
            "they would stand for nobody. Add the total, or recode these answers."
        )
    return np.array([position[text] for text in texts], dtype=np.intp)[key]


def _held(level: Codes, clusters: Codes | None, size: int) -> list[set[int]]:
    """The PSUs that hold each level; without clusters as many as are asked for."""
    if clusters is None:
        return [set(range(FEWEST)) for _ in range(size)]
    found: list[set[int]] = [set() for _ in range(size)]
    for pair in np.unique(np.column_stack((level, clusters)), axis=0).tolist():
        found[pair[0]].add(pair[1])
    return found


def _merged(
    levels: Sequence[str], n: Sequence[int], held: Sequence[set[int]], prefix: int, minimum: int
) -> Iterator[list[int]]:
    """Groups of levels that count as one, in declared order."""
    keys = [tuple(level.split(CROSS)[:prefix]) if prefix else () for level in levels]
    families: dict[tuple[str, ...], list[int]] = {}
    for i, key in enumerate(keys):
        families.setdefault(key, []).append(i)
    groups: list[list[int]] = []
    for family in families.values():
        own = [[i] for i in family]
        count = [n[i] for i in family]
        psus = [held[i] for i in family]
        while len(own) > 1:
            lacking = [(c, i) for i, c in enumerate(count) if c < minimum or len(psus[i]) < FEWEST]
            if not lacking:
                break
            at = min(lacking)[1]
            beside = [j for j in (at - 1, at + 1) if 0 <= j < len(own)]
            first = min(at, min(beside, key=lambda j: (count[j], j)))
            own[first : first + 2] = [own[first] + own[first + 1]]
            count[first : first + 2] = [count[first] + count[first + 1]]
            psus[first : first + 2] = [psus[first] | psus[first + 1]]
        groups += own
    return iter(sorted(groups, key=min))


def _describe(
    margin: str,
    levels: Sequence[str],
    n: Sequence[int],
    groups: list[list[int]],
    minimum: int,
    or_alone: str,
) -> list[str]:
    """What was merged, in words; an error for a level that nobody answered."""
    empty = [" + ".join(levels[i] for i in g) for g in groups if not sum(n[i] for i in g)]
    if empty:
        raise MarginError(
            f"Margin {margin}: nobody in the sample answered {', '.join(empty[:5])}"
            f"{f' and {len(empty) - 5} more' if len(empty) > 5 else ''}, so nobody can "
            "stand for its total. Merge it with a neighbour (a minimum of interviews for each "
            "level does), or leave it out of the margins and say whom the numbers are about."
        )
    notes = [
        f"Margin {margin}: {' and '.join(f'{levels[i]} ({_some(n[i])})' for i in g)} count as "
        f"one level, for one of them has fewer than {minimum}{or_alone}."
        for g in groups
        if len(g) > 1
    ]
    left = [g for g in groups if sum(n[i] for i in g) < minimum]
    return notes + [
        f"Margin {margin}: {' + '.join(levels[i] for i in g)} has {sum(n[i] for i in g)} "
        f"interviews, fewer than {minimum}, and no neighbour to merge with."
        for g in left
    ]


def _some(n: int) -> str:
    """A count of interviews in words; which few people they are shall not be read off it."""
    return f"{n} interviews" if n == 0 or n > FEW else f"at most {FEW} interviews"


def cross(codes: Sequence[Codes], sizes: Sequence[int]) -> tuple[Codes, tuple[Codes, ...]]:
    """Cells that occur, ordered by the levels of the first margin, then the next."""
    cell, levels = codes[0], [np.arange(sizes[0], dtype=np.intp)]
    cells = sizes[0]
    for code, size in zip(codes[1:], sizes[1:], strict=True):
        used, cell = present(cell * size + code, cells * size)
        levels = [*(level[used // size] for level in levels), used % size]
        cells = used.size
    return np.asarray(cell, dtype=np.intp), tuple(levels)
