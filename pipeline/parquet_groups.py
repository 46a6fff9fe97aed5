"""Which rows of Parquet files belong together: the same PSU, stratum and codes of domains.

Rows of a session mostly stand one after the other, so that all which is asked of the codes is
asked of runs of rows, and then of the distinct combinations only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from analysis.design import Codes, Design, Floats
from analysis.errors import DesignError
from pipeline import duck
from pipeline.duck import quoted
from pipeline.parquet_design import roles
from pipeline.parquet_rows import Rows, is_text


@dataclass(frozen=True, eq=False)
class Groups:
    """The distinct combinations of codes, one a row of `frame`, and the rows that have them.

    `frame` has the columns of codes as categories and the sizes of populations, sorted by PSU.
    Run r of rows begins at `start` (R,) and is of `group` (R,); there are `rows` in all.
    """

    frame: pd.DataFrame
    start: Codes
    group: Codes
    rows: int

    def of_rows(self, first: int, end: int) -> Codes:
        """(end - first,) the group of each of these rows."""
        low = int(np.searchsorted(self.start, first, side="right")) - 1
        high = int(np.searchsorted(self.start, end))
        edges = np.append(self.start[low:high], end)
        edges[0] = first
        return np.repeat(self.group[low:high], np.diff(edges))


def groups(files: duck.Files, rows: Rows, design: Design, domains: Sequence[str]) -> Groups:
    """The groups of all rows by PSU, stratum and the columns `domains`, and population sizes.

    Raises
    ------
    DesignError
        Where a code is blank or a population size is no positive number, with rows by file.
    """
    named = roles(design, *domains)
    sizes = [design.fpc] if design.fpc and design.fpc not in named else []
    columns = rows.columns([*named, *sizes])
    names: dict[str, list[str]] = {}
    codes: list[Codes] = []
    for column, what in named.items():
        own, code, blank = _coded(columns[column])
        if blank:
            raise DesignError(
                f"Column {column}: no {what} in {files.rows(duck.is_blank(column), design.id)}; an "
                "interview that belongs nowhere cannot be counted. Fill it in, or exclude these "
                "interviews."
            )
        names[column] = own
        codes.append(code)
    if design.fpc:
        size = _sizes(files, design, columns[design.fpc])
        values, at = np.unique(size, return_inverse=True)
        codes += [at] if sizes else []
    total = codes[0].size
    change = np.ones(total, dtype=np.bool_)
    change[1:] = False
    for code in codes:
        change[1:] |= code[1:] != code[:-1]
    start = np.flatnonzero(change)
    widths = [len(own) for own in names.values()] + ([values.size] if sizes else [])
    group, first = _distinct([code[start] for code in codes], widths)
    frame: dict[str, object] = {
        column: pd.Categorical.from_codes(code[start[first]], categories=pd.Index(own))
        for (column, own), code in zip(names.items(), codes, strict=False)
    }
    if sizes:
        frame[design.fpc] = values[codes[-1][start[first]]]
    return Groups(pd.DataFrame(frame, copy=False), start, group, total)


def _coded(column: pa.ChunkedArray) -> tuple[list[str], Codes, bool]:
    """Names in their order, the (n,) code of each row into them, and whether any is blank."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    if column.null_count or not column.num_chunks:
        return [], np.zeros(len(column), dtype=np.intp), bool(column.null_count)
    code = np.concatenate([chunk.indices.to_numpy() for chunk in column.chunks])
    values = column.chunk(0).dictionary
    used = np.flatnonzero(np.bincount(code, minlength=len(values)))
    place = np.zeros(len(values), dtype=np.intp)
    if used.size < len(values):
        place[used] = np.arange(used.size)
        values = values.take(pa.array(used))
        code = place[code]
    if values.null_count:
        return [], code, True
    if not is_text(values.type):
        values = pa.array([str(value) for value in values.to_pylist()], pa.string())
    if duck.has_blank(values):
        return [], code, True
    if not _rises(values):
        order = pc.array_sort_indices(values)
        rank = np.empty(len(values), dtype=np.intp)
        rank[order.to_numpy()] = np.arange(len(values))
        values = values.take(order)
        if not _rises(values):  # two kinds of one name
            own, again = np.unique(np.array(values.to_pylist(), dtype=object), return_inverse=True)
            values, rank = pa.array(own.tolist()), again[rank]
        code = rank[code]
    return values.to_pylist(), code, False


def _rises(names: pa.Array) -> bool:
    return bool(pc.all(pc.less(names.slice(0, max(len(names) - 1, 0)), names.slice(1))).as_py())


def _sizes(files: duck.Files, design: Design, column: pa.ChunkedArray) -> Floats:
    size = numbers(column)
    if not (np.isfinite(size) & (size > 0)).all():
        number = f"try_cast({quoted(design.fpc)} as double)"
        bad = f"not coalesce({number} > 0 and isfinite({number}), false)"
        raise DesignError(
            f"Column {design.fpc}: no number of PSUs in the population in "
            f"{files.rows(bad, design.id)}. Fill it in, or leave fpc out of the design: "
            "intervals become wider."
        )
    return size


def numbers(column: pa.Array | pa.ChunkedArray) -> Floats:
    """(n,) floats, NaN for what is missing or no number."""
    of = column.type
    if pa.types.is_decimal(of):
        column = column.cast(pa.float64())
    elif not (pa.types.is_integer(of) or pa.types.is_floating(of)):
        texts = pd.Series(column.to_pylist(), dtype=object)
        return pd.to_numeric(texts, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    found = column.to_numpy() if isinstance(column, pa.ChunkedArray) else _plain(column)
    return np.asarray(found, dtype=np.float64)


def _plain(column: pa.Array) -> NDArray[Any]:
    return column.to_numpy(zero_copy_only=False)


def _distinct(codes: Sequence[Codes], widths: Sequence[int]) -> tuple[Codes, Codes]:
    """(R,) the combination of each row, in their order, and the first row of each combination."""
    key, size = codes[0].astype(np.int64), max(widths[0], 1)
    for code, width in zip(codes[1:], widths[1:], strict=True):
        if size * width > 2**62:
            kinds, key = np.unique(key, return_inverse=True)
            size = kinds.size
        key, size = key * width + code, size * width
    at, kinds = pd.factorize(key)
    order = np.argsort(kinds, kind="stable")
    rank = np.empty(order.size, dtype=np.intp)
    rank[order] = np.arange(order.size)
    group = rank[at]
    first = np.empty(order.size, dtype=np.intp)
    first[group[::-1]] = np.arange(key.size)[::-1]
    return group, first
