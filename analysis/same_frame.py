"""Whether a frame is the one that weights were calibrated on, by ids and columns of margins."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.columns import text_of

Mark = tuple[NDArray[np.intp], tuple[str, ...]]
"""(n,) codes of the rows, in the order in which values appear first, and these values as text."""
Marks = Mapping[str, Mark]
"""The marks of columns, by name."""


def marks(frame: pd.DataFrame, columns: Iterable[str]) -> dict[str, Mark]:
    """What the columns of a frame hold now, each once; an empty name is no column.

    Copies, so that a frame that is changed in its place is told from what it was.
    """
    return {name: _mark(frame[name]) for name in dict.fromkeys(columns) if name}


def differing(read: Marks, frame: pd.DataFrame, id: str) -> list[str]:
    """Columns that no longer hold what was read.

    The type may have changed (text to categories, whole numbers to floats), the values not. A
    column that is absent differs, unless the column `id` says that the interviews are the same.
    """
    proven = id in read and id in frame.columns
    return [
        name
        for name, mark in read.items()
        if (not proven if name not in frame.columns else not _alike(mark, _mark(frame[name])))
    ]


def _mark(column: "pd.Series[Any]") -> Mark:
    code, kinds = pd.factorize(column)
    texts = tuple(text_of(kind) for kind in np.asarray(kinds, dtype=object).tolist())
    return np.asarray(code, dtype=np.intp), texts


def _alike(one: Mark, other: Mark) -> bool:
    return one[1] == other[1] and np.array_equal(one[0], other[0])
