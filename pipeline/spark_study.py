"""A study's estimates on Spark: its interviews written as Parquet, then the same table.

For `engine = "spark"` in study.toml. Interviews are checked in memory first, so that errors are
those of `analysis.estimates.estimate`; what is written has no id of an interview.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis import kernel
from analysis.design import Coded, Design, Floats, code
from analysis.errors import MeasureError
from analysis.measures import Kind, Measure
from analysis.publication import Rules
from analysis.variance import Lonely
from pipeline import spark
from pipeline.errors import StoreError
from pipeline.spark_session import opened

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class Estimate(Protocol):
    """What `analysis.estimates.estimate` is."""

    def __call__(
        self,
        frame: pd.DataFrame,
        design: Design,
        measures: Sequence[Measure],
        *,
        rules: Rules,
        domain: str = ...,
        domains: Sequence[str] = ...,
        level: float = ...,
        wave: str = ...,
        tiers: Mapping[str, str] | None = ...,
        empty: Mapping[str, str] | None = ...,
        order: Sequence[str] = ...,
        lonely: Lonely = ...,
    ) -> pd.DataFrame:
        """The tidy table."""


@contextmanager
def estimator(master: str, folder: Path) -> Iterator[Estimate]:
    """`analysis.estimates.estimate` on the Spark called `master`, for the time of the context.

    `folder` holds the interviews while they are estimated from; executors must see it under the
    same path. It holds answers, so it belongs beside the store.

    Raises
    ------
    NoSparkError
        As `spark_session.opened`.
    """
    with opened(master) as session:
        yield partial(estimate, session=session, folder=folder)


def estimate(
    frame: pd.DataFrame,
    design: Design,
    measures: Sequence[Measure],
    *,
    session: "SparkSession",
    folder: Path,
    rules: Rules,
    domain: str = "unit_id",
    domains: Sequence[str] = (),
    level: float = 0.95,
    wave: str = "",
    tiers: Mapping[str, str] | None = None,
    empty: Mapping[str, str] | None = None,
    order: Sequence[str] = (),
    lonely: Lonely = "adjust",
) -> pd.DataFrame:
    """`analysis.estimates.estimate`, bit for bit, with its sums made by Spark.

    Raises
    ------
    SampleError
        As `analysis.estimates.estimate`.
    StoreError
        As `spark.estimate`, and where `folder` cannot be written.
    """
    coded = code(frame, design, domain=domain, domains=domains, empty=empty)
    values = [measure.values for measure in measures]  # noqa: PD011 (a measure is no frame)
    named = [
        _Column.of(k, m, y, len(frame))
        for k, (m, y) in enumerate(zip(measures, values, strict=True))
    ]
    drawn = Design(
        "weight", "stratum" if design.stratum else "", "psu", "size" if design.fpc else "", "row",
        design.selection,
    )  # fmt: skip
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
        pq.write_table(_table(coded, values), path)
        return spark.estimate(
            [path], drawn, named, session=session, rules=rules,
            domain="domain" if domain else "", domains=coded.domains if domain else (),
            level=level, wave=wave, tiers=tiers, empty=empty, order=order, lonely=lonely,
        )  # fmt: skip


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
    stratum = coded.psus.stratum[coded.psu]
    columns = {
        "row": pa.array(np.arange(coded.order.size)),
        "psu": pa.array(coded.psus.names, pa.string()).take(pa.array(coded.psu)),
        "stratum": pa.array(coded.psus.strata, pa.string()).take(pa.array(stratum)),
        "domain": pa.array(coded.domains, pa.string()).take(pa.array(coded.domain)),
        "size": pa.array(coded.psus.size[stratum]),
        "weight": pa.array(coded.weight),
    }
    for k, own in enumerate(values):
        columns[f"y{k}"] = pa.array(own[coded.order], from_pandas=True)
    return pa.table(columns)
