"""Immutable typed Parquet snapshots of what the store holds, named by the hash of their content.

Analysis reads snapshots, never the ledger. The schema is written out from the questionnaire:
letting a reader infer types across form versions has silently turned 22.5 into 22. Snapshots
hold answers, so they live beside the store and not among the outputs.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

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


def snapshot(frame: pd.DataFrame, folder: Path, name: str, key: str) -> pd.DataFrame:
    """`frame` as its snapshot `<name>-<key>.parquet` gives it, which is written if need be.

    Older snapshots of that name are removed. The file is readable by its owner alone.

    Raises
    ------
    StoreError
        Where the folder cannot be written; nothing half-written remains under that name.
    """
    path = folder / f"{name}-{key[:16]}.parquet"
    if path.exists():
        try:
            return _frame(pq.read_table(path))
        except (OSError, pa.ArrowInvalid):
            pass  # damaged, or gone since: it is written anew from the store
    schema = pa.schema([pa.field(str(c), arrow_type(frame[c])) for c in frame.columns])
    table = pa.Table.from_pandas(frame, schema=schema, preserve_index=False)
    table = table.replace_schema_metadata(None)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(prefix=f"{name}-", suffix=".tmp", dir=folder)
        os.close(handle)
        try:
            pq.write_table(table, temporary, compression="zstd")
            os.replace(temporary, path)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(
            f"{folder}: a snapshot cannot be written ({error.strerror}). Free some disk space or "
            "choose another folder with --data; the store itself is unharmed."
        ) from None
    for old in folder.glob(f"{name}-*.parquet"):
        if old != path:
            with suppress(OSError):  # another run may be reading it, or have removed it
                old.unlink()
    return _frame(table)


def _frame(table: pa.Table) -> pd.DataFrame:
    """Frame of a table; text columns hold None where missing."""
    frame: pd.DataFrame = table.to_pandas(date_as_object=False)
    for field in table.schema:
        if pa.types.is_string(field.type):
            column = frame[field.name].astype("object")
            frame[field.name] = column.where(column.notna(), None)
        elif pa.types.is_int64(field.type):
            frame[field.name] = frame[field.name].astype("Int64")
    return frame
