"""Immutable typed Parquet snapshots of what the store holds, named by the hash of their content.

Analysis reads snapshots, never the ledger. The schema is written out from the questionnaire:
letting a reader infer types across form versions has silently turned 22.5 into 22. Snapshots
hold answers, so they live beside the store and not among the outputs.
"""

import filecmp
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import StoreError

_TYPES = {
    "number": pa.float64(),
    "time": pa.timestamp("us", tz="UTC"),
    "text": pa.string(),
    "flag": pa.bool_(),
    "integer": pa.int64(),
}


def arrow_type(series: pd.Series) -> pa.DataType:
    """The Arrow type a decoded column is stored as."""
    if pd.api.types.is_bool_dtype(series):
        return _TYPES["flag"]
    if pd.api.types.is_integer_dtype(series):
        return _TYPES["integer"]
    if pd.api.types.is_float_dtype(series):
        return _TYPES["number"]
    if pd.api.types.is_datetime64_any_dtype(series):
        return _TYPES["time"]
    return _TYPES["text"]


def digest(parts: Iterable[str]) -> str:
    """SHA-256 over texts in order, each ended so that no two lists collide."""
    sha = hashlib.sha256()
    for part in parts:
        sha.update(part.encode())
        sha.update(b"\x00")
    return sha.hexdigest()


@contextmanager
def spool(folder: Path, name: str) -> Iterator[Path]:
    """Name of a file in `folder` to write a snapshot to, which its owner alone may read.

    It is gone afterwards, unless it was put in place.

    Raises
    ------
    StoreError
        Where the folder cannot be written, now or while the file is.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(prefix=f"{name}-", suffix=".tmp", dir=folder)
        os.close(handle)
        try:
            yield Path(temporary)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(
            f"{folder}: a snapshot cannot be written ({error.strerror}). Free some disk space or "
            "choose another folder with --data; the store itself is unharmed."
        ) from None


def write_frames(path: Path, frames: Iterable[pd.DataFrame]) -> None:
    """Write frames of the same columns behind each other, one in memory at a time."""
    writer: pq.ParquetWriter | None = None
    try:
        for frame in frames:
            schema = pa.schema([pa.field(str(c), arrow_type(frame[c])) for c in frame.columns])
            if writer is None:
                writer = pq.ParquetWriter(path, schema, compression="zstd")
            table = pa.Table.from_pandas(frame, schema=writer.schema, preserve_index=False)
            writer.write_table(table.replace_schema_metadata(None))
    finally:
        if writer is not None:
            writer.close()


def read_frames(path: Path) -> Iterator[pd.DataFrame]:
    """The frames that `write_frames` wrote, one after the other."""
    with pq.ParquetFile(path) as file:
        for number in range(file.num_row_groups):
            yield _frame(file.read_row_group(number))


def read_column(path: Path, name: str) -> Iterator[pd.Series]:
    """One column of a snapshot, in the blocks it was written in."""
    with pq.ParquetFile(path) as file:
        for number in range(file.num_row_groups):
            yield _frame(file.read_row_group(number, [name]))[name]


def put_in_place(temporary: Path, folder: Path, name: str, key: str) -> Path:
    """Give a written file the name `<name>-<key>.parquet`; other snapshots of that name go.

    One that is there and holds the same is left as it is.
    """
    path = folder / f"{name}-{key[:16]}.parquet"
    if not path.exists() or not filecmp.cmp(path, temporary, shallow=False):
        os.replace(temporary, path)
    for old in folder.glob(f"{name}-*.parquet"):
        if old != path:
            with suppress(OSError):  # another run may be reading it, or have removed it
                old.unlink()
    return path


def read_snapshot(path: Path) -> pd.DataFrame:
    """A snapshot as a frame; beside it never more than one column is in memory.

    Raises
    ------
    StoreError
        Where it is damaged or gone.
    """
    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            # A column at a time: Arrow's copy of the whole would double the peak.
            return pd.DataFrame({name: _series(file.read([name]).column(0)) for name in names})
    except (OSError, pa.ArrowInvalid):
        raise StoreError(
            f"{path}: the snapshot cannot be read; perhaps another run has just replaced it. Run "
            "again; the store itself is unharmed."
        ) from None


def _frame(table: pa.Table) -> pd.DataFrame:
    """Frame of a table; text columns hold None where missing."""
    return pd.DataFrame(
        {field.name: _series(table.column(field.name)) for field in table.schema},
        index=pd.RangeIndex(table.num_rows),
    )


def _series(column: pa.ChunkedArray) -> pd.Series:
    """One column; equal texts are one object, or a code would cost 50 bytes instead of eight."""
    if pa.types.is_string(column.type):
        coded = column.combine_chunks().dictionary_encode()
        texts = np.array([*coded.dictionary.to_pylist(), None], dtype=object)
        missing = len(texts) - 1
        places = coded.indices.fill_null(missing).to_numpy(zero_copy_only=False)
        return pd.Series(texts[places], dtype="object")
    series: pd.Series = column.to_pandas(date_as_object=False)
    return series.astype("Int64") if pa.types.is_int64(column.type) else series
