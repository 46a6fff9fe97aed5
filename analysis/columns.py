"""Codes and numbers of the interviews' frame, or an error that names the rows.

Every function takes the name of a column (empty: there is none) and of the column of ids.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.errors import DesignError, WeightError

Texts = NDArray[np.str_]
Floats = NDArray[np.float64]
LEAST, MOST = 1e-50, 1e50
"""Weights beyond these leave the range of a float once they are squared and multiplied."""
Named = tuple[tuple[str, ...], NDArray[np.intp]]
"""Names in their order, and the (n,) code of each row into them."""


def rows(frame: pd.DataFrame, bad: NDArray[np.bool_], id: str) -> str:
    """Rows in words, the first five by number (from 1) and id."""
    at = np.flatnonzero(bad)
    named = [f"{i + 1} ({frame[id].iloc[i]})" if id else f"{i + 1}" for i in at[:5]]
    more = f" and {at.size - 5} more" if at.size > 5 else ""
    return f"row{'s' if at.size > 1 else ''} {', '.join(named)}{more}"


def codes(
    frame: pd.DataFrame,
    column: str,
    what: str,
    id: str = "",
    known: Mapping[str, Named] | None = None,
) -> Named:
    """Names as text, sorted, and the (n,) code of each row into them; a blank one is an error.

    Without a column all rows have the one empty name. Columns that are `known` were read and
    checked before; theirs are taken as they are.
    """
    if known and column in known:
        return known[column]
    if not column:
        return ("",) if len(frame) else (), np.zeros(len(frame), dtype=np.intp)
    if isinstance(frame[column].dtype, pd.CategoricalDtype):
        found, names = _of_categories(frame[column])
    else:
        found, kinds = pd.factorize(frame[column])
        names = np.asarray(kinds, dtype=object).tolist()
        if not isinstance(frame[column].dtype, pd.StringDtype):
            names = [str(kind) for kind in names]
    missing = found < 0
    if missing.any() or "" in map(str.strip, names):
        blank = np.array([not name.strip() for name in names] + [True], dtype=np.bool_)
        _refuse_blank(frame, column, what, blank[found], id)
    ordered = sorted(names)
    if len(set(names)) < len(names):  # 1 and "1" are one name
        ordered = sorted(set(names))
    if ordered == names:
        return tuple(names), np.asarray(found, dtype=np.intp)
    place = {name: i for i, name in enumerate(ordered)}
    rank = np.array([place[name] for name in names], dtype=np.intp)
    return tuple(ordered), rank[found]


def _of_categories(column: "pd.Series[Any]") -> tuple[NDArray[np.intp], list[str]]:
    """(n,) codes into the categories that are used, -1 where there is none, and their names."""
    codes = np.asarray(column.cat.codes, dtype=np.intp)
    used = np.bincount(codes + 1, minlength=len(column.cat.categories) + 1)[1:] > 0
    place = np.append(np.cumsum(used) - 1, -1)
    kinds = column.cat.categories
    names = np.asarray(kinds, dtype=object)[used].tolist()
    if kinds.inferred_type != "string":
        names = [str(kind) for kind in names]
    return place[codes], names


def texts(frame: pd.DataFrame, column: str, what: str, id: str = "") -> Texts:
    """(n,) codes as text; a blank one is an error. Without a column all are empty."""
    if not column:
        return np.full(len(frame), "", dtype=np.str_)
    values = frame[column]
    text = values.astype(object).where(values.notna(), "").astype(str).to_numpy(dtype=np.str_)
    blank = np.char.strip(text) == ""
    if blank.any():
        _refuse_blank(frame, column, what, blank, id)
    return text


def _refuse_blank(
    frame: pd.DataFrame, column: str, what: str, blank: NDArray[np.bool_], id: str
) -> None:
    raise DesignError(
        f"Column {column}: no {what} in {rows(frame, blank, id)}; an interview that belongs "
        "nowhere cannot be counted. Fill it in, or exclude these interviews."
    )


def ids(frame: pd.DataFrame, column: str) -> Texts:
    """(n,) names of the interviews, each its own; row numbers without a column."""
    if not column:
        width = len(str(len(frame)))
        return np.array([f"{i:0{width}d}" for i in range(len(frame))], dtype=np.str_)
    names = texts(frame, column, "id")
    # As texts: 1 and "1" are one name, as they are for PSUs and strata.
    doubled = pd.Series(names).duplicated(keep=False).to_numpy(dtype=np.bool_)
    if doubled.any():
        raise DesignError(
            f"Column {column}: the same id stands in {rows(frame, doubled, column)}; an interview "
            "counted twice narrows the interval. Keep one version of each."
        )
    return names


def positions(frame: pd.DataFrame, column: str) -> NDArray[np.intp]:
    """(n,) place of every interview in the order of ids: whole numbers by size, others as text.

    Without a column, the order of the file.
    """
    if not column:
        return np.arange(len(frame))
    whole = pd.api.types.is_integer_dtype(frame[column]) and not frame[column].isna().any()
    key: NDArray[Any] = frame[column].to_numpy() if whole else ids(frame, column)
    order = np.argsort(key, kind="stable")
    if whole and bool((key[order[1:]] == key[order[:-1]]).any()):
        ids(frame, column)  # names the rows
    place = np.empty(len(frame), dtype=np.intp)
    place[order] = np.arange(len(frame))
    return place


def weights(frame: pd.DataFrame, column: str, id: str) -> Floats:
    """(n,) weights, positive, with squares in the range of a float; 1 without a column."""
    if not column:
        return np.ones(len(frame))
    weight = numbers(frame, column)
    for bad, what in (
        (np.isnan(weight), "is missing or no number"),
        (np.isinf(weight), "is infinite"),
        (weight < 0, "is negative"),
        (weight == 0, "is zero"),
        (weight > MOST, f"is above {MOST:g}"),
        (weight < LEAST, f"is below {LEAST:g}"),
    ):
        if bad.any():
            raise WeightError(
                f"Column {column}: the weight {what} in {rows(frame, bad, id)}; every interview "
                "must stand for a positive number of visits. Correct the factors it is made of, "
                "or exclude these interviews."
            )
    return weight


def sizes(
    frame: pd.DataFrame, column: str, id: str, own: NDArray[np.bool_] | None = None
) -> Floats:
    """(n,) number of PSUs in the population of each interview's stratum; of `own` rows only."""
    given = numbers(frame, column)
    bad = ~(np.isfinite(given) & (given > 0))
    if own is not None:
        bad &= own
    if bad.any():
        raise DesignError(
            f"Column {column}: no number of PSUs in the population in {rows(frame, bad, id)}. "
            "Fill it in, or leave fpc out of the design: intervals become wider."
        )
    return given


def marks(frame: pd.DataFrame, column: str, id: str) -> NDArray[np.bool_]:
    """(n,) whether a column of 0 and 1 (or bool) marks a row; none without a column."""
    if not column:
        return np.zeros(len(frame), dtype=np.bool_)
    given = numbers(frame, column)
    bad = ~np.isin(given, (0.0, 1.0))
    if bad.any():
        raise DesignError(
            f"Column {column} holds neither 0 nor 1 in {rows(frame, bad, id)}, so it does not say "
            "whether the PSU was drawn with certainty. Fill it in."
        )
    return np.asarray(given == 1, dtype=np.bool_)


def numbers(frame: pd.DataFrame, column: str) -> Floats:
    """(n,) floats, NaN for what is no number."""
    found = frame[column]
    if pd.api.types.is_complex_dtype(found):
        raise DesignError(
            f"Column {column} holds complex numbers, whose second part would be lost. Write it as "
            "plain numbers."
        )
    if not pd.api.types.is_numeric_dtype(found):
        found = pd.to_numeric(found.astype(object), errors="coerce")
    return np.asarray(found.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)


def text_of(kind: object) -> str:
    """A code as text; a whole number that became a float is written as a whole number."""
    if isinstance(kind, float | np.floating) and float(kind).is_integer():
        return str(int(kind))
    return str(kind)
