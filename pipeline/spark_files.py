"""Parquet files as Spark reads them: the columns asked for, by their types, and nothing guessed.

The files must have the same path on the driver and on every executor (a shared folder).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlparse

import pyarrow as pa

from pipeline.errors import StoreError

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession
    from pyspark.sql.types import DataType

NUMBER = r"^\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\s*$"
"""Text that is a number; Java alone would take 12f for one."""


def session_for(session: "SparkSession", partitions: int, rows: int) -> "SparkSession":
    """The same cluster with settings of our own: nothing skipped, nothing rearranged."""
    own = session.newSession()
    for name, value in {
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.shuffle.partitions": str(partitions),
        "spark.sql.execution.arrow.maxRecordsPerBatch": str(rows),
        "spark.sql.caseSensitive": "true",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.files.ignoreCorruptFiles": "false",
        "spark.sql.files.ignoreMissingFiles": "false",
        "spark.sql.parquet.filterPushdown": "false",
    }.items():
        own.conf.set(name, value)
    return own


def read(
    session: "SparkSession",
    paths: Sequence[Path],
    types: Mapping[str, pa.DataType],
    columns: Iterable[str],
) -> "DataFrame":
    """Some columns of the rows of Parquet files of one schema, which is `types`.

    Raises
    ------
    StoreError
        Where Spark has no type for a column, or passes over a file.
    """
    from pyspark.sql.types import StructField, StructType

    schema = StructType([StructField(name, _type(name, types[name])) for name in columns])
    # Recursive: so that a folder called unit_id=A gives no column.
    reader = session.read.schema(schema).option("recursiveFileLookup", "true")
    found = reader.parquet(*map(_literal, paths))
    seen = {_path(uri).resolve() for uri in found.inputFiles()}
    passed = [path for path in paths if path.resolve() not in seen]
    if passed:
        raise StoreError(
            f"Spark passes over {passed[0].name} in silence (as it does where a name begins with _ "
            "or a full stop), and an estimate from the other files would mislead. Rename it."
        )
    return found


def text(name: str, of: pa.DataType) -> "Column":
    """A code as text, with the letters that the local engine gives it.

    Raises
    ------
    StoreError
        Where Spark would write it otherwise: fractions and times.
    """
    from pyspark.sql import functions as F

    plain = (pa.types.is_integer, pa.types.is_boolean, pa.types.is_date, pa.types.is_decimal)
    if not (is_text(of) or any(kind(_plain(of)) for kind in plain)):
        raise StoreError(
            f"Column {name} holds {of}, which Spark and the engine built in write differently; as "
            "a code it must be text or whole numbers. Write the files with such a column."
        )
    return F.col(quoted(name)).cast("string")


def number(name: str, of: pa.DataType) -> "Column":
    """A column as floating point, NULL for what is no number."""
    from pyspark.sql import functions as F

    column = F.col(quoted(name))
    if is_text(of):
        column = F.when(column.rlike(NUMBER), column)
    return column.try_cast("double")


def in_order(frame: "DataFrame", paths: Sequence[Path]) -> "tuple[Column, Column]":
    """File and row of each row, numbered in the order of `paths`, to sort by."""
    from pyspark.sql import functions as F

    place = {path.resolve(): i for i, path in reversed(list(enumerate(paths)))}
    named = frame.select("_metadata.file_path").distinct().toArrow()[0].to_pylist()
    cells = [F.lit(value) for uri in named for value in (uri, place[_path(uri).resolve()])]
    file = F.create_map(*cells)[F.col("_metadata.file_path")] if cells else F.lit(0)
    return file, F.col("_metadata.row_index")


def is_text(of: pa.DataType) -> bool:
    """Whether a column of this type holds text."""
    of = _plain(of)
    return bool(
        pa.types.is_string(of) or pa.types.is_large_string(of) or pa.types.is_string_view(of)
    )


def quoted(column: str) -> str:
    """The name of a column as Spark takes any name."""
    return "`" + column.replace("`", "``") + "`"


def _path(uri: str) -> Path:
    return Path(unquote(urlparse(uri).path))


def _literal(path: Path) -> str:
    """A path as Spark takes it, where [1] or * would otherwise be a pattern."""
    return re.sub(r"([\[\]{}*?\\])", r"\\\1", str(path.absolute()))


def _plain(of: pa.DataType) -> pa.DataType:
    return of.value_type if pa.types.is_dictionary(of) else of


def _type(name: str, of: pa.DataType) -> "DataType":
    from pyspark.sql import types as T

    of = _plain(of)
    if is_text(of):
        return T.StringType()
    if pa.types.is_decimal(of) and of.precision <= 38:
        return T.DecimalType(of.precision, of.scale)
    # Parquet has numbers without a sign, Spark has not: the next wider type holds them.
    known = {
        "bool": T.BooleanType(), "int8": T.ByteType(), "uint8": T.ShortType(),
        "int16": T.ShortType(), "uint16": T.IntegerType(), "int32": T.IntegerType(),
        "uint32": T.LongType(), "int64": T.LongType(), "uint64": T.DecimalType(20, 0),
        "float": T.FloatType(), "double": T.DoubleType(), "date32[day]": T.DateType(),
    }  # fmt: skip
    if str(of) not in known:
        raise StoreError(
            f"Column {name} holds {of}, which Spark cannot read. Write the files with text or "
            "numbers there, or use the engine built in."
        )
    return known[str(of)]
