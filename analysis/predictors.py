"""Predictors of a regression: numbers as they are, codes as one column a level."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.answers import texts
from analysis.design import Floats
from analysis.errors import MeasureError

CONSTANT = "(constant)"


@dataclass(frozen=True, eq=False)
class Predictors:
    """Columns of a model: `x` (n, P), the constant first, with their `names` (P,).

    `terms` gives the columns that come from one predictor, `is_level` (P,) says which of them
    stand for a level of a code, `complete` (n,) who answered all.
    """

    x: Floats
    names: tuple[str, ...]
    terms: Mapping[str, tuple[int, ...]]
    is_level: NDArray[np.bool_]
    complete: NDArray[np.bool_]

    def among(
        self, used: NDArray[np.bool_]
    ) -> tuple[Floats, tuple[str, ...], dict[str, tuple[int, ...]]]:
        """Matrix, names and terms without the levels that none of the `used` (n,) rows has."""
        kept = np.flatnonzero(~self.is_level | (self.x[used] != 0).any(axis=0))
        place = {int(old): new for new, old in enumerate(kept)}
        terms = {
            name: tuple(place[i] for i in own if i in place) for name, own in self.terms.items()
        }
        names = tuple(self.names[i] for i in kept)
        return self.x[:, kept], names, {name: own for name, own in terms.items() if own}


def predictors(frame: pd.DataFrame, *, reference: Mapping[str, str] | None = None) -> Predictors:
    """Read every column of `frame`, whose rows are in the order of the interviews.

    Numbers enter as they are. Other columns hold codes: one column of zeros and ones for each
    level but its `reference`, by default the first by name, called `column=level`.

    Raises
    ------
    MeasureError
        Where a number is infinite, naming rows; where nobody has the reference, or it is declared
        for a column that is not there.
    """
    size, given = len(frame), dict(reference or {})
    absent = [name for name in given if name not in frame.columns]
    if absent:
        raise MeasureError(
            f"A reference is given for {', '.join(absent)}, which is no predictor. Correct the "
            "name."
        )
    columns, names, is_level = [np.ones(size)], [CONSTANT], [False]
    terms: dict[str, tuple[int, ...]] = {}
    complete = np.ones(size, dtype=np.bool_)
    for name in map(str, frame.columns):
        column, first = frame[name], len(names)
        if pd.api.types.is_numeric_dtype(column):
            number = column.to_numpy(dtype=np.float64, na_value=np.nan)
            _refuse_infinite(number, name)
            complete &= ~np.isnan(number)
            columns.append(np.nan_to_num(number))
            names.append(name)
            is_level.append(False)
        else:
            code = texts(column)
            complete &= code != ""
            levels = sorted(set(code[code != ""].tolist()))
            base = given.get(name, levels[0] if levels else "")
            if base not in levels:
                raise MeasureError(
                    f"Predictor {name}: nobody has its reference level {base!r}; there are "
                    f"{', '.join(levels) or 'none'}. Choose one of these."
                )
            for level in (found for found in levels if found != base):
                columns.append((code == level).astype(np.float64))
                names.append(f"{name}={level}")
                is_level.append(True)
        terms[name] = tuple(range(first, len(names)))
    return Predictors(
        np.column_stack(columns), tuple(names), terms, np.array(is_level, dtype=np.bool_), complete
    )


def _refuse_infinite(number: Floats, name: str) -> None:
    bad = np.flatnonzero(np.isinf(number)) + 1
    if bad.size:
        raise MeasureError(
            f"Predictor {name} is infinite in row{'s' if bad.size > 1 else ''} "
            f"{', '.join(map(str, bad[:5]))}; no line passes there. Correct it, or set it to "
            "missing."
        )
