"""The engine on Apache Spark: the table of `pipeline.engine`, bit for bit, from many machines.

Spark reads, brings the interviews of a PSU together and sorts them by id; the sums are those of
`analysis.kernel`, made on the executors and joined here by PSU. Whatever is wrong with the data
is found there and named by the engine built in, so that both give the same errors.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pandas as pd
import pyarrow.parquet as pq

from analysis.design import Coded, Design
from analysis.estimates import of_moments
from analysis.moments import Moments
from analysis.publication import Rules
from analysis.variance import Lonely
from pipeline import duck, engine, spark_files
from pipeline.errors import StoreError
from pipeline.parquet_needs import require
from pipeline.parquet_sources import OnColumn
from pipeline.spark_job import FaultError, Job
from pipeline.spark_session import quiet, ship

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ROWS_EACH = 250_000
"""Rows of a partition where nothing else is said."""


@dataclass(frozen=True)
class Spread:
    """How the work is cut: none of it changes a bit of the result.

    `partitions` (0: by the number of rows), `rows` in a batch that an executor's Python takes.
    """

    partitions: int = 0
    rows: int = 1 << 15


def estimate(
    paths: Sequence[Path],
    design: Design,
    measures: Sequence[OnColumn],
    *,
    session: "SparkSession",
    rules: Rules,
    domain: str = "unit_id",
    domains: Sequence[str] = (),
    level: float = 0.95,
    wave: str = "",
    tiers: Mapping[str, str] | None = None,
    empty: Mapping[str, str] | None = None,
    order: Sequence[str] = (),
    lonely: Lonely = "adjust",
    spread: Spread | None = None,
) -> pd.DataFrame:
    """`pipeline.engine.units` on the executors of `session` (`pipeline.spark_session.opened`).

    Files must have the same path on the driver and on every executor. Memory on an executor
    depends on the size of a batch and of a partition, which Spark sorts on disk where it must.

    Raises
    ------
    SampleError, StoreError
        As `pipeline.engine.units`, which names the rows. StoreError also where Spark cannot
        read the files, reads other rows than the driver, or would write a code otherwise (codes
        must be text, whole numbers, dates or decimals).
    """
    found = moments(
        paths, design, measures, session=session, domain=domain, domains=domains, empty=empty,
        spread=spread,
    )  # fmt: skip
    return of_moments(
        found, measures, by_unit=bool(domain), selection=design.selection, rules=rules,
        level=level, wave=wave, tiers=tiers, order=order, lonely=lonely,
    )  # fmt: skip


def moments(
    paths: Sequence[Path],
    design: Design,
    measures: Sequence[OnColumn],
    *,
    session: "SparkSession",
    domain: str = "",
    domains: Sequence[str] = (),
    empty: Mapping[str, str] | None = None,
    coded: Coded | None = None,
    spread: Spread | None = None,
) -> Moments:
    """`pipeline.engine.moments` on the executors of `session`; errors as `estimate`.

    `coded` says who is there where that is known (`design.code`); else Spark is asked.
    """
    use = spread or Spread()
    files = duck.opened(list(paths), memory="64MB", threads=1)
    require(files, design, domain, measures)
    types = files.types
    total = sum(pq.read_metadata(path).num_rows for path in paths)
    parts = use.partitions or max(session.sparkContext.defaultParallelism, -(-total // ROWS_EACH))
    ship(session)
    with quiet():
        own = spark_files.session_for(session, parts, use.rows)
        job = Job(own, tuple(paths), types, design, domain, tuple(measures), parts, total)
        try:
            return job.run(domains, empty or {}) if coded is None else job.answers(coded)
        except FaultError:
            pass
        except Exception as error:
            stopped = _stopped(error)
            if stopped is None:
                raise
            raise stopped from error
    # Rows are named by the engine built in, so that both give the same errors.
    engine.moments(paths, design, measures, domain=domain, domains=domains, empty=empty)
    raise StoreError(
        "The executors of Spark found a fault in the Parquet files that the driver, reading the "
        "same paths, does not find. They see other files, or the files changed meanwhile: put "
        "them in one shared folder and run again."
    )


def _stopped(error: Exception) -> StoreError | None:
    """What stopped Spark, without a line of its trace: that may hold an answer.

    None where it is no error of Spark, or our own code failed on an executor.
    """
    if type(error).__module__.partition(".")[0] not in ("pyspark", "py4j"):
        return None
    said = str(error)
    if "ModuleNotFoundError" in said or "ImportError" in said:
        return StoreError(
            "An executor of Spark lacks a package that this program needs. Install "
            "requirements-spark.lock in the Python of every executor, and name that Python in "
            "PYSPARK_PYTHON."
        )
    if "Traceback (most recent call last)" in said:
        return None
    conditions = re.findall(r"\[([A-Z][A-Z0-9_.]+)\]", said)
    condition = next(iter(conditions), type(error).__name__)
    if "FAILED_READ_FILE" in condition or "PATH_NOT_FOUND" in condition:
        file = re.search(r"(?:reading file|Path does not exist:) (\S+?)\.?\s", said)
        named = Path(unquote(file[1])).name if file else "One of the Parquet files"
        return StoreError(
            f"{named} cannot be read by the executors of Spark ({condition}). Write it anew, or "
            "put it where every executor sees it under the same path."
        )
    return StoreError(
        f"Spark stopped before it was done ({condition}), most often for want of memory or disk, "
        "or because an executor was lost. Give executors more memory (spark.executor.memory) or "
        "disk (spark.local.dir), or ask for more partitions, and run again."
    )
