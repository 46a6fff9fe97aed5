"""Parquet files through DuckDB: the only module that calls it.

It sorts rows that are out of order, on disk where memory does not suffice, and finds the rows
that an error names; nothing is added up in it, for its sums depend on the number of threads.
Calls are those that both 1.5 and 2.0 have (`sql`, `to_arrow_table`, `to_arrow_reader`): the
interface changes between versions. A connection with an unread result takes no other work, so
every question has a cursor of its own.
"""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.errors import StoreError

NAMED = 5
"""Rows that an error names one by one."""


class Files:
    """Rows of several Parquet files as one table; `types` maps every column to its Arrow type.

    `metadata` is what stands at the end of each file.
    """

    def __init__(self, paths: Sequence[Path], memory: str, threads: int) -> None:
        self.paths = tuple(paths)
        self.metadata, self.types = _described(paths)
        self._limits = memory, threads

    def table(self, select: str, rest: str = "") -> pa.Table:
        """All rows of `select ... from <files> ...` at once."""
        with self._cursor() as cursor:
            return cursor.sql(f"select {select} from {self.source} {rest}").to_arrow_table()

    def arranged(
        self, columns: Sequence[str], order: Sequence[str], rows: int
    ) -> Iterator[pa.RecordBatch]:
        """Columns of all rows in the `order` of expressions, at most `rows` at once.

        Two more stand before them: `file_index`, the place of the row's file, and
        `file_row_number` in it, both from 0.
        """
        named = ", ".join(quoted(name) for name in columns)
        question = (
            f"select file_index, file_row_number{', ' if named else ''}{named} "
            f"from read_parquet([{self._names}], file_row_number=true) "
            f"order by {', '.join(order)}"
        )
        with self._cursor() as cursor:
            yield from cursor.sql(question).to_arrow_reader(rows)

    def rows(self, condition: str, id: str = "") -> str:
        """Rows in words that meet a condition: number from 1, file and id of the first few."""
        named = f", {quoted(id)}::varchar as id" if id else ""
        with self._cursor() as cursor:
            found = cursor.sql(
                f"select filename, file_row_number + 1 as row{named}, count(*) over () as of "
                f"from read_parquet([{self._names}], filename=true, file_row_number=true) "
                f"where {condition} order by filename, row limit {NAMED}"
            ).to_arrow_table().to_pylist()  # fmt: skip
        words = [
            f"{row['row']} of {Path(row['filename']).name}" + (f" ({row['id']})" if id else "")
            for row in found
        ]
        total = found[0]["of"] if found else 0
        more = f" and {total - len(words)} more" if total > len(words) else ""
        return f"row{'s' if total > 1 else ''} {', '.join(words)}{more}"

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A place to ask one question; files in order never need one."""
        with closing(_instance(*self._limits).cursor()) as cursor, readable():
            yield cursor

    @property
    def source(self) -> str:
        """The files as SQL names them in `from`."""
        return f"read_parquet([{self._names}])"

    @property
    def _names(self) -> str:
        return ", ".join(_literal(str(path)) for path in self.paths)


def opened(paths: Sequence[Path], *, memory: str, threads: int = 0) -> Files:
    """Parquet files of one schema; what exceeds `memory` (such as `1GB`) spills to disk.

    `threads` = 0 takes all there are.

    Raises
    ------
    StoreError
        Naming the file: it is absent, is no Parquet, or has other columns than the first.
    """
    return Files(paths, memory, threads)


@cache
def _instance(memory: str, threads: int) -> duckdb.DuckDBPyConnection:
    """One DuckDB in the process for the same limits: starting it costs more than a small study."""
    return duckdb.connect(
        config={
            "memory_limit": memory,
            # made by DuckDB when it first spills, and removed by it at the end of the process
            "temp_directory": str(Path(tempfile.gettempdir()) / f"persepsi-{os.getpid()}"),
            "preserve_insertion_order": True,
            "autoinstall_known_extensions": False,
            **({"threads": threads} if threads else {}),
        }
    )


def quoted(column: str) -> str:
    """The name of a column as SQL takes any name."""
    return '"' + column.replace('"', '""') + '"'


def is_blank(column: str) -> str:
    """The condition that a column has no text, or spaces only."""
    return f"regexp_full_match(coalesce({quoted(column)}::varchar, ''), '\\s*')"


def has_blank(texts: pa.Array | pa.ChunkedArray) -> bool:
    """Whether one of the texts is missing, or spaces only."""
    trimmed = pc.binary_length(pc.utf8_trim_whitespace(texts))
    return bool(texts.null_count or pc.any(pc.equal(trimmed, 0)).as_py())


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _described(
    paths: Sequence[Path],
) -> tuple[list[pq.FileMetaData], dict[str, pa.DataType]]:
    if not paths:
        raise StoreError("No Parquet file was given, so there is nothing to estimate from.")
    held: list[pq.FileMetaData] = []
    found: dict[str, pa.DataType] = {}
    for path in paths:
        try:
            held.append(pq.read_metadata(path))
            schema = held[-1].schema.to_arrow_schema()
        except (OSError, pa.ArrowInvalid) as error:
            raise StoreError(
                f"{path} cannot be read as Parquet ({type(error).__name__}); write it anew."
            ) from error
        own = {field.name: field.type for field in schema}
        found = found or own
        # DuckDB would take the first file's types and turn 22.5 into 22 without a word.
        differing = sorted({*found.items()} ^ {*own.items()}, key=lambda item: item[0])
        if differing:
            raise StoreError(
                f"{path.name} has the column {differing[0][0]} of another type than "
                f"{paths[0].name}, or one of them lacks it; values could change in silence. "
                "Write all files with one schema."
            )
    return held, found


@contextmanager
def readable() -> Iterator[None]:
    """Turn what goes wrong in reading the files into an error that says what to do.

    Raises
    ------
    StoreError
        In the place of whatever DuckDB or Arrow raised.
    """
    try:
        yield
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise StoreError(
            f"The Parquet files cannot be read: {first}. Write them anew, or give more memory."
        ) from error
