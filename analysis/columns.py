"""Codes and numbers of the interviews' frame, or an error that names the rows.

Every function takes the name of a column (empty: there is none) and of the column of ids.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.errors import DesignError, WeightError

Texts = NDArray[np.str_]
Floats = NDArray[np.float64]


def rows(frame: pd.DataFrame, bad: NDArray[np.bool_], id: str) -> str:
    """Rows in words, the first five by number (from 1) and id."""
    at = np.flatnonzero(bad)
    named = [f"{i + 1} ({frame[id].iloc[i]})" if id else f"{i + 1}" for i in at[:5]]
    more = f" and {at.size - 5} more" if at.size > 5 else ""
    return f"row{'s' if at.size > 1 else ''} {', '.join(named)}{more}"


def texts(frame: pd.DataFrame, column: str, what: str, id: str = "") -> Texts:
    """(n,) codes as text; a blank one is an error. Without a column all are empty."""
    if not column:
        return np.full(len(frame), "", dtype=np.str_)
    values = frame[column]
    text = values.astype(object).where(values.notna(), "").astype(str).to_numpy(dtype=np.str_)
    blank = np.char.strip(text) == ""
    if blank.any():
        raise DesignError(
            f"Column {column}: no {what} in {rows(frame, blank, id)}; an interview that belongs "
            "nowhere cannot be counted. Fill it in, or exclude these interviews."
        )
    return text


def ids(frame: pd.DataFrame, column: str) -> Texts:
    """(n,) names of the interviews, each its own; row numbers without a column."""
    if not column:
        width = len(str(len(frame)))
        return np.array([f"{i:0{width}d}" for i in range(len(frame))], dtype=np.str_)
    names = texts(frame, column, "id")
    doubled = frame[column].duplicated(keep=False).to_numpy(dtype=np.bool_)
    if doubled.any():
        raise DesignError(
            f"Column {column}: the same id stands in {rows(frame, doubled, column)}; an interview "
            "counted twice narrows the interval. Keep one version of each."
        )
    return names


def weights(frame: pd.DataFrame, column: str, id: str) -> Floats:
    """(n,) weights, positive and finite; 1 without a column."""
    if not column:
        return np.ones(len(frame))
    weight = numbers(frame, column)
    for bad, what in (
        (np.isnan(weight), "is missing or no number"),
        (np.isinf(weight), "is infinite"),
        (weight < 0, "is negative"),
        (weight == 0, "is zero"),
    ):
        if bad.any():
            raise WeightError(
                f"Column {column}: the weight {what} in {rows(frame, bad, id)}; every interview "
                "must stand for a positive number of visits. Correct the factors it is made of, "
                "or exclude these interviews."
            )
    return weight


def sizes(frame: pd.DataFrame, column: str, id: str) -> Floats:
    """(n,) number of PSUs in the population of each interview's stratum."""
    given = numbers(frame, column)
    bad = ~(np.isfinite(given) & (given > 0))
    if bad.any():
        raise DesignError(
            f"Column {column}: no number of PSUs in the population in {rows(frame, bad, id)}. "
            "Fill it in, or leave fpc out of the design: intervals become wider."
        )
    return given


def numbers(frame: pd.DataFrame, column: str) -> Floats:
    """(n,) floats, NaN for what is no number."""
    found = pd.to_numeric(frame[column].astype(object), errors="coerce")
    return np.asarray(found.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)
