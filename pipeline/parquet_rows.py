"""Rows of Parquet files in the order in which they were written, through Arrow.

Texts come as codes into a dictionary, the way Parquet keeps them: to compare and count codes
costs a tenth of what texts do.
"""

from collections.abc import Iterator, Sequence
from typing import cast

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import duck


class Rows:
    """All rows of the files, one file after the other; `threads` as `duck.opened`."""

    def __init__(self, files: duck.Files, threads: int) -> None:
        self._files, self._threads = files, threads != 1

    def columns(self, names: Sequence[str]) -> dict[str, pa.ChunkedArray]:
        """Whole columns, texts as codes into one dictionary."""
        with duck.readable():
            parts = [
                file.read(list(names), use_threads=self._threads) for file in self._each(names)
            ]
            found = {}
            for name in names:
                chunks = [chunk for part in parts for chunk in part[name].chunks]
                whole = pa.chunked_array(chunks, type=None if chunks else self._files.types[name])
                found[name] = whole.unify_dictionaries()
        return found

    def frame(self, names: Sequence[str]) -> pd.DataFrame:
        """Columns of all rows as a frame."""
        held = [name for name in names if name in self._files.types]
        with duck.readable():
            parts = [file.read(held, use_threads=self._threads) for file in self._each([])]
            whole = pa.concat_tables(parts, promote_options="permissive")
            return cast("pd.DataFrame", whole.to_pandas())

    def batches(
        self, names: Sequence[str], rows: int, texts: Sequence[str] = ()
    ) -> Iterator[pa.RecordBatch]:
        """Columns of all rows, at most `rows` at once and never from two files.

        Those among `texts` come as codes.
        """
        with duck.readable():
            for file in self._each(texts):
                if file.metadata.num_rows <= rows:  # at once costs less than as a stream
                    whole = file.read(list(names), use_threads=self._threads)
                    yield from whole.to_batches()
                else:
                    yield from file.iter_batches(
                        rows, columns=list(names), use_threads=self._threads
                    )

    def _each(self, texts: Sequence[str]) -> Iterator[pq.ParquetFile]:
        texts = [name for name in texts if is_text(self._files.types[name])]
        for path, known in zip(self._files.paths, self._files.metadata, strict=True):
            with pq.ParquetFile(path, metadata=known, read_dictionary=texts) as file:
                yield file


def is_text(of: pa.DataType) -> bool:
    """Whether a column holds texts, as such or as codes into a dictionary of them."""
    held = of.value_type if pa.types.is_dictionary(of) else of
    return bool(pa.types.is_string(held) or pa.types.is_large_string(held))
