"""Which rows of Parquet files belong together: the same PSU, stratum and codes of domains.

Rows of a session mostly stand one after the other, so that all which is asked of the codes is
asked of runs of rows, and then of the distinct combinations only.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analysis.columns import Named
from analysis.design import Codes, Design, Floats
from analysis.errors import DesignError
from pipeline import duck
from pipeline.duck import quoted
from pipeline.parquet_design import roles
from pipeline.parquet_rows import Rows, is_text


@dataclass(frozen=True, eq=False)
class Groups:
    """The distinct combinations of codes, one a row of `frame`, and the rows that have them.

    `frame` has the columns of codes and the sizes of populations, sorted by PSU. Columns that
    `known` names stand in `frame` as their codes, and were checked; the others as categories.
    Run r of rows begins at `start` (R,) and is of `group` (R,); there are `rows` in all.
    """

    frame: pd.DataFrame
    known: dict[str, Named]
    start: Codes
    group: Codes
    rows: int

    def of_rows(self, first: int, end: int, of_run: Codes | None = None) -> Codes:
        """(end - first,) the group of each of these rows, or what `of_run` (R,) says of its run."""
        of_run = self.group if of_run is None else of_run
        low = int(np.searchsorted(self.start, first, side="right")) - 1
        high = int(np.searchsorted(self.start, end))
        edges = np.append(self.start[low:high], end)
        edges[0] = first
        return np.repeat(of_run[low:high], np.diff(edges))


def groups(
    files: duck.Files, rows: Rows, design: Design, domains: Sequence[str], *, blank: bool = False
) -> Groups:
    """The groups of all rows by PSU, stratum and the columns `domains`, and population sizes.

    With `blank` the code of a domain may be missing, and is an empty text then.

    Raises
    ------
    DesignError
        Where a code is blank or a population size is no positive number, with rows by file.
    """
    named = roles(design, *domains)
    sizes = [design.fpc] if design.fpc and design.fpc not in named else []
    columns = rows.columns([*named, *sizes])
    read: list[tuple[pa.Array, Codes]] = []
    for column, what in named.items():
        own = _read(columns[column], blank=blank and what == "domain")
        if own is None:
            raise _no_name(files, design, column, what)
        read.append(own)
    codes = [code for _, code in read]
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
    # From here on runs of rows stand for their rows.
    names: list[list[str]] = []
    runs = [code[start] for code in codes]
    for i, ((column, what), (texts, _)) in enumerate(zip(named.items(), read, strict=True)):
        own_names, runs[i], bad = _named(texts, runs[i], blank=blank and what == "domain")
        if bad:
            raise _no_name(files, design, column, what)
        names.append(own_names)
    widths = [len(own) for own in names] + ([values.size] if sizes else [])
    group, first = _distinct(runs, widths)
    frame: dict[str, object] = {}
    known: dict[str, Named] = {}
    for column, own_names, run in zip(named, names, runs, strict=False):
        at = run[first].astype(np.intp, copy=False)
        if blank or column == design.fpc:  # a blank code still has to get its name
            frame[column] = pd.Categorical.from_codes(
                at, categories=pd.Index(own_names, dtype=object)
            )
        else:
            frame[column], known[column] = at, (tuple(own_names), at)
    if sizes:
        frame[design.fpc] = values[runs[-1][first]]
    return Groups(pd.DataFrame(frame, copy=False), known, start, group, total)


def names_of(files: duck.Files, rows: Rows, columns: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The codes found in every column of texts, in order; categories of a frame keep theirs."""
    texts = [name for name in columns if name in files.types and is_text(files.types[name])]
    found = {}
    for name, column in rows.columns(texts).items() if texts else ():
        own, _ = _coded(column)
        if pa.types.is_dictionary(files.types[name]) and column.num_chunks:
            own = [str(code) for code in column.chunk(0).dictionary.to_pylist()]
        found[name] = tuple(code for code in own if code.strip())
    return found


def _no_name(files: duck.Files, design: Design, column: str, what: str) -> DesignError:
    return DesignError(
        f"Column {column}: no {what} in {files.rows(duck.is_blank(column), design.id)}; an "
        "interview that belongs nowhere cannot be counted. Fill it in, or exclude these "
        "interviews."
    )


def _coded(column: pa.ChunkedArray) -> tuple[list[str], Codes]:
    """Names in their order, and the (n,) code of each row into them; blank ones are one name."""
    read = _read(column, blank=True)
    names, code, _ = _named(*read, blank=True) if read else ([], np.zeros(0, dtype=np.intp), False)
    return names, code


def _read(column: pa.ChunkedArray, *, blank: bool) -> tuple[pa.Array, Codes] | None:
    """The values of a column as they stand, and the (n,) place of each row's among them.

    Missing ones have the place after the last; None where there are such and `blank` is false.
    """
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    if not column.num_chunks:
        return pa.array([], pa.string()), np.zeros(0, dtype=np.intp)
    values = column.chunk(0).dictionary
    if (column.null_count or values.null_count) and not blank:
        return None
    none = len(values)
    code = _joined([
        (chunk.indices.cast(pa.int32()).fill_null(none) if chunk.null_count else chunk.indices)
        .to_numpy() for chunk in column.chunks
    ])  # fmt: skip
    return values, code


def _named(values: pa.Array, code: Codes, *, blank: bool) -> tuple[list[str], Codes, bool]:
    """Names in their order, the (R,) code of each run into them, and whether one is blank.

    `values` and `code` are what `_read` gives, of runs. Blank names, where they are allowed,
    become one that is empty.
    """
    if not code.size:
        return [], code, False
    if blank:
        texts = ["" if value is None else str(value) for value in values.to_pylist()]
        values = pa.array([text if text.strip() else "" for text in [*texts, ""]], pa.string())
    used = np.flatnonzero(np.bincount(code, minlength=len(values)))
    if used.size < len(values):
        place = np.zeros(len(values), dtype=np.intp)
        place[used] = np.arange(used.size)
        values = values.take(pa.array(used))
        code = place[code]
    if not is_text(values.type):
        values = pa.array([str(value) for value in values.to_pylist()], pa.string())
    if not blank and duck.has_blank(values):
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


def _joined(parts: Sequence[Codes]) -> Codes:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


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
    if isinstance(column, pa.Array):
        column = pa.chunked_array([column])
    return np.asarray(column.to_numpy(), dtype=np.float64)


def _distinct(codes: Sequence[Codes], widths: Sequence[int]) -> tuple[Codes, Codes]:
    """(R,) the combination of each row, in their order, and the first row of each combination."""
    key, size = codes[0].astype(np.int64), max(widths[0], 1)
    for code, width in zip(codes[1:], widths[1:], strict=True):
        if size * width > 2**62:
            kinds, key = np.unique(key, return_inverse=True)
            size = kinds.size
        key, size = key * width + code, size * width
    if not (key[1:] < key[:-1]).any():  # in order, as most files are
        new = np.ones(key.size, dtype=np.bool_)
        np.not_equal(key[1:], key[:-1], out=new[1:])
        return np.cumsum(new) - 1, np.flatnonzero(new)
    at, kinds = pd.factorize(key)
    order = np.argsort(kinds, kind="stable")
    rank = np.empty(order.size, dtype=np.intp)
    rank[order] = np.arange(order.size)
    group = rank[at]
    first = np.empty(order.size, dtype=np.intp)
    first[group[::-1]] = np.arange(key.size)[::-1]
    return group, first
