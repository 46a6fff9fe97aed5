"""Which cells of a published table moved since it was published before.

A row is known by its key, a cell by its row and its column. Nothing is said of a column that only
one of the two tables has: it came or went with the program, not with the data.
"""

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Claims = NDArray[np.bool_]

KEY = ("wave", "domain_type", "domain", "measure_type", "measure", "category", "line")
"""Key of a row of any published table; what a table has no column for is empty."""
COLUMNS = ("table", *KEY, "fate", "columns", "cells", "old", "new")
MOVED, ADDED, GONE = "moved", "added", "gone"


def moved(
    table: str, before: pd.DataFrame, after: pd.DataFrame, about: str, line: str = ""
) -> pd.DataFrame:
    """Rows of `after` that differ from `before`, in the order of `after`, then those that are gone.

    Parameters
    ----------
    table : name of the table, for the first column.
    before, after : the table as it was published and as it is now; either may be empty.
    about : the column whose values are given as `old` and `new`; both only where both were printed.
    line : a column of the key that other tables do not have, such as the line of a place.

    Returns
    -------
    Frame with `COLUMNS`: `fate` is moved, added or gone, `columns` the names of the cells that
    differ joined by `;`, `cells` how many they are.
    """
    old, new = _keyed(before, line), _keyed(after, line)
    index = new.index.append(old.index.difference(new.index, sort=False))
    if index.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    was, now = index.isin(old.index), index.isin(new.index)
    names = [str(c) for c in new.columns if c in old.columns] if len(old) and len(new) else []
    left, right = old.reindex(index), new.reindex(index)
    differs = np.column_stack(
        [was & now & _differ(left[name], right[name]) for name in names]
        or [np.zeros(len(index), dtype=np.bool_)]
    )
    kept = np.flatnonzero(~(was & now) | differs.any(axis=1))
    nothing = np.full(len(index), np.nan)
    a = left[about].to_numpy(np.float64) if about in left else nothing
    b = right[about].to_numpy(np.float64) if about in right else nothing
    both = np.isfinite(a) & np.isfinite(b)
    found = index.to_frame(index=False).iloc[kept, : len(KEY)].reset_index(drop=True)
    fates = np.where(was & now, MOVED, np.where(now, ADDED, GONE))[kept]
    return pd.DataFrame(
        {
            "table": table,
            **{name: found[name] for name in KEY},
            "fate": fates,
            "columns": [
                ";".join(n for n, d in zip(names, row, strict=False) if d) for row in differs[kept]
            ],
            "cells": differs[kept].sum(axis=1).astype(np.int64),
            "old": np.where(both, a, np.nan)[kept],
            "new": np.where(both, b, np.nan)[kept],
        },
        columns=list(COLUMNS),
    )


def tellable(rows: pd.DataFrame, few: Collection[str]) -> pd.DataFrame:
    """The rows that may be told to everybody, where `few` units differ by fewer than five people.

    The difference of two public issues is then the answer of those few. Nothing is told of these
    units, nor of what holds them together with others: the city, comparisons and places.
    """
    if not few:
        return rows
    alone = (rows["table"] == "estimates") & (rows["domain_type"] == "unit")
    return rows[alone & ~rows["domain"].isin(list(few))].reset_index(drop=True)


def _keyed(table: pd.DataFrame, line: str) -> pd.DataFrame:
    """The table by its key; a last level counts rows of one key, so that none is lost."""
    key = {
        name: table[of].astype("str").where(table[of].notna(), "")
        if (of := line if name == "line" else name) in table
        else pd.Series("", index=table.index, dtype="str")
        for name in KEY
    }
    frame = pd.DataFrame(key, columns=list(KEY))
    frame["again"] = frame.groupby(list(KEY), sort=False).cumcount() if len(frame) else 0
    rest = table.drop(columns=[c for c in (*KEY[:-1], line) if c in table])
    return rest.set_axis(pd.MultiIndex.from_frame(frame), axis=0)


def _differ(left: pd.Series, right: pd.Series) -> Claims:
    """Where two columns say something else; missing and empty are the same."""
    if pd.api.types.is_numeric_dtype(left) and pd.api.types.is_numeric_dtype(right):
        a = left.to_numpy(np.float64, na_value=np.nan)
        b = right.to_numpy(np.float64, na_value=np.nan)
        return np.asarray(~((a == b) | (np.isnan(a) & np.isnan(b))), dtype=np.bool_)
    return np.asarray(_texts(left) != _texts(right), dtype=np.bool_)


def _texts(column: pd.Series) -> NDArray[np.object_]:
    return np.asarray(column.astype("object").where(column.notna(), "").astype(str), dtype=object)


def by_domain(rows: pd.DataFrame, table: str = "estimates") -> Sequence[tuple[str, str, int]]:
    """How many rows of a table moved, by domain type and domain, the most first."""
    own = rows[rows["table"] == table]
    counts = own.groupby(["domain_type", "domain"], sort=True).size()
    found = [(str(k[0]), str(k[1]), int(n)) for k, n in counts.items()]  # type: ignore[index]
    return sorted(found, key=lambda one: -one[2])
