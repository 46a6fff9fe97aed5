"""The sums of a study's interviews made on Spark: for `engine = "spark"` in study.toml.

Interviews are coded and checked in memory, as always; what is written for Spark is PSU, domain,
weight and answers of each, without its id, and removed when it was read.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from analysis import kernel
from analysis.design import Coded, Design, Floats
from analysis.errors import MeasureError
from analysis.measures import Kind, Measure
from analysis.moments import Moments, Reduce
from pipeline import spark
from pipeline.errors import StoreError
from pipeline.spark_session import opened

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@contextmanager
def reducer(master: str, folder: Path) -> Iterator[Reduce]:
    """`analysis.moments.psu_moments` on the Spark called `master`, for the time of the context.

    `folder` holds the interviews while they are read; executors must see it under the same path.
    They are answers, so it belongs beside the store.

    Raises
    ------
    NoSparkError
        As `spark_session.opened`.
    """
    with opened(master) as session:
        yield partial(psu_moments, session=session, folder=folder)


def psu_moments(
    coded: Coded, measures: Sequence[Measure], *, session: "SparkSession", folder: Path
) -> Moments:
    """`analysis.moments.psu_moments`, bit for bit, with its sums made by Spark.

    Raises
    ------
    MeasureError
        As `analysis.moments.psu_moments`.
    StoreError
        As `spark.estimate`, and where `folder` cannot be written.
    """
    values = [measure.values for measure in measures]
    named = [_Column.of(k, m, values[k], coded.order.size) for k, m in enumerate(measures)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = tempfile.TemporaryDirectory(dir=folder, prefix="spark-")
    except OSError as error:
        raise StoreError(
            f"{folder} cannot be written ({error.strerror}), and Spark reads the interviews from "
            "there. Choose another folder with --data, or free the disk."
        ) from error
    with written as name:
        path = Path(name) / "interviews.parquet"
        # Domains go by number: names may be alike, as those of calibration cells are.
        width = len(str(len(coded.domains)))
        numbers = tuple(f"{d:0{width}}" for d in range(len(coded.domains)))
        by_number = replace(coded, domains=numbers)
        pq.write_table(_table(by_number, values), path)
        drawn = Design("weight", psu="psu", id="row")
        found = spark.moments(
            [path], drawn, named, session=session, domain="domain", coded=by_number
        )
        return replace(found, domains=coded.domains)


@dataclass(frozen=True)
class _Column:
    """A measure whose values are a column of the file."""

    column: str
    type: str
    name: str
    category: str
    kind: Kind
    low: float
    high: float
    index_version: str
    combines: tuple[tuple[tuple[str, str], float], ...]

    @classmethod
    def of(cls, k: int, measure: Measure, values: Floats, rows: int) -> "_Column":
        if values.shape != (rows,):
            raise MeasureError(
                f"Measure {kernel.label(measure)} has {values.size} values for {rows} "
                "interviews; they must be in the order of the interviews' frame, NaN where there "
                "is no answer."
            )
        kernel.check(measure, kernel.Answers(values, ~np.isnan(values)))
        return cls(
            f"y{k}", measure.type, measure.name, measure.category, measure.kind, measure.low,
            measure.high, measure.index_version, measure.combines,
        )  # fmt: skip


def _table(coded: Coded, values: Sequence[Floats]) -> pa.Table:
    """Interviews in the order of adding, which `row` keeps; codes as text."""
    columns = {
        "row": pa.array(np.arange(coded.order.size)),
        "psu": pa.array(coded.psus.names, pa.string()).take(pa.array(coded.psu)),
        "domain": pa.array(coded.domains, pa.string()).take(pa.array(coded.domain)),
        "weight": pa.array(coded.weight),
    }
    for k, own in enumerate(values):
        columns[f"y{k}"] = pa.array(own[coded.order], from_pandas=True)
    return pa.table(columns)
