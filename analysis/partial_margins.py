"""Known totals of some units only: the others keep the weights that they have.

Levels are a cut of the whole sample, so that everybody lies in one. Where a unit gave no totals its
interviews lie in none: each level is then met as the sum of a number, 1 for who is in it and 0 for
everybody else, and the factor of who counts in no sum is 1 in every method and every replicate.
"""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from analysis import columns
from analysis.auxiliaries import Numbers
from analysis.cells import Cells, cross, read_cells
from analysis.design import Codes
from analysis.errors import MarginError
from analysis.margins import CROSS, Margins

MOST_LEVELS = 600
"""Levels that are met as sums of numbers: these tie all cells, and work grows with their cube."""

Without = Mapping[str, Collection[str]]
"""By margin, the codes of its first column (units) for which there are no totals."""


def partial_cells(
    frame: pd.DataFrame,
    margins: Margins,
    without: Without,
    *,
    population: str,
    minimum: int,
    clusters: Codes,
    id: str = "",
) -> Cells:
    """Sort interviews into cells, those of units `without` totals into none of a margin's levels.

    Levels are read, and merged where they are sparse, as by `cells.read_cells`, whose arguments
    these are, margin by margin among the interviews that it speaks of.

    Raises
    ------
    MarginError
        From `cells.read_cells`; more levels than can be met so.
    """
    margins.require(population)
    if margins.numbers:
        raise MarginError(
            f"Sums of {', '.join(margins.numbers)} stand beside margins that leave out some units. "
            "Give the totals of all units, or leave the sums out."
        )
    codes, named, totals = [], [], []
    notes: list[str] = []
    for margin in margins.names:
        rows = ~_lacking(frame, margin, without.get(margin, ()))
        own = read_cells(
            frame[rows], Margins(margins.population, {margin: margins.totals[margin]}),
            population=population, minimum=minimum, clusters=clusters[rows], id=id,
        )  # fmt: skip
        code = np.zeros(len(frame), dtype=np.intp)
        code[rows] = own.cell_levels[0][own.cell] + 1
        codes.append(code)
        named.append([(margin, level) for level in own.levels[0]])
        totals.append(own.targets[0])
        notes += own.notes
    names = tuple(pair for own in named for pair in own)
    if len(names) > MOST_LEVELS:
        raise MarginError(
            f"{len(names)} levels are to be met while some units have no totals; that many sums "
            f"are too slow to meet together (at most {MOST_LEVELS}). Give the totals of all units."
        )
    cell, levels = cross(codes, [len(own) + 1 for own in named])
    held = np.column_stack(
        [(level[:, None] == np.arange(1, len(own) + 1)).astype(np.float64)
         for level, own in zip(levels, named, strict=True)]
    )  # fmt: skip
    target = np.concatenate(totals)
    count = np.bincount(cell, minlength=len(held)).astype(np.float64)
    numbers = Numbers(
        tuple(f"{margin} {level}" for margin, level in names), held, target, 0.0,
        np.zeros(target.size), np.sqrt(count @ held / len(frame)), target, names,
    )  # fmt: skip
    return Cells(cell, (), (), (), (), tuple(notes), numbers)


def _lacking(frame: pd.DataFrame, margin: str, units: Collection[str]) -> "np.ndarray":
    """(n,) interviews whose unit has no totals of the margin."""
    first = margin.split(CROSS)[0]
    if not units or first not in frame.columns:
        return np.zeros(len(frame), dtype=np.bool_)
    given = [columns.text_of(code) for code in frame[first].tolist()]
    return np.isin(np.array(given, dtype=object), list(units))
