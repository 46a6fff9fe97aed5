"""The questions that Spark answers about Parquet files: who is there, and what was answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis.design import Coded, Design, Floats
from analysis.moments import Moments, cells
from pipeline import duck, spark_files
from pipeline.errors import StoreError
from pipeline.parquet_design import of_distinct, roles
from pipeline.parquet_sources import OnColumn
from pipeline.spark_partition import ROW, Partition, Scale

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


class FaultError(Exception):
    """The data have a fault, which the engine built in will name; never leaves `spark`."""


@dataclass(frozen=True)
class Job:
    """The three questions to Spark about Parquet files: `types` maps their columns.

    `partitions` is the number of parts into which PSUs are dealt, `total` that of the rows there
    must be.
    """

    session: "SparkSession"
    paths: tuple[Path, ...]
    types: Mapping[str, pa.DataType]
    design: Design
    domain: str
    measures: tuple[OnColumn, ...]
    partitions: int
    total: int

    def run(self, domains: Sequence[str], empty: Mapping[str, str]) -> Moments:
        """Who is there, whether anybody twice, and what was answered.

        Raises
        ------
        FaultError
            Where the data have a fault that is found row by row.
        DesignError, StoreError
            As `spark.estimate`.
        """
        coded = self._there(domains, empty)
        if self.design.id:
            self._refuse_repeated()
        return self.answers(coded)

    def _read(self, *columns: str) -> "DataFrame":
        named = [name for name in dict.fromkeys(columns) if name]
        return spark_files.read(self.session, self.paths, self.types, named)

    def _there(self, domains: Sequence[str], empty: Mapping[str, str]) -> Coded:
        named = roles(self.design, self.domain)
        fpc = self.design.fpc if self.design.fpc not in named else ""
        columns = [spark_files.text(name, self.types[name]).alias(name) for name in named]
        if fpc:
            columns.append(spark_files.number(fpc, self.types[fpc]).alias(fpc))
        table = self._read(*named, fpc).select(*columns).distinct().toArrow()
        if any(duck.has_blank(table[name]) for name in named):
            raise FaultError
        if self.design.fpc:
            size = table[self.design.fpc].cast(pa.float64()).to_numpy()
            if not (np.isfinite(size) & (size > 0)).all():
                raise FaultError
        # Rows come as the executors finish; an error must name the same stratum every time.
        table = table.sort_by([(name, "ascending") for name in table.column_names])
        return of_distinct(table, self.design, self.domain, domains, empty)

    def _refuse_repeated(self) -> None:
        id = spark_files.quoted(self.design.id)
        twice = self._read(self.design.id).groupBy(id).count().where("count > 1").limit(1)
        if twice.toArrow().num_rows:
            raise FaultError

    def answers(self, coded: Coded) -> Moments:
        """The sums of all rows, whose PSUs and domains are those of `coded`; errors as `run`."""
        _, psu, domain = cells(coded.psu, coded.domain, len(coded.domains))
        # Where every PSU lies in one domain the PSU alone tells the cell.
        by_domain = bool((np.diff(psu) == 0).any())
        size = max(len(coded.domains), 1)
        keys = psu * size + domain
        sums = np.full((keys.size, 5, len(self.measures)), np.nan)
        rows = 0
        for group in self._groups(by_domain):
            if group["fault"]:
                raise FaultError
            of_psu = pc.index_in(pa.array(group["psus"]), pa.array(coded.psus.names))
            key = of_psu.to_numpy().astype(np.intp) * size if len(of_psu) else np.empty(0, np.intp)
            if by_domain and len(of_psu):
                names = pa.array(group["domains"])
                key += pc.index_in(names, pa.array(coded.domains)).to_numpy()
                cell = np.searchsorted(keys, key)
            else:
                cell = np.searchsorted(psu, key // size)
            if not np.isnan(sums[cell]).all():
                raise AssertionError("a PSU came from two partitions of Spark")
            sums[cell] = np.frombuffer(group["sums"]).reshape(cell.size, 5, len(self.measures))
            rows += group["rows"]
        if rows != self.total:
            raise StoreError(
                f"The Parquet files hold {self.total} rows, and Spark read {rows} of them; an "
                "estimate from a part would mislead. The executors see other files, or names that "
                "Spark passes over (they begin with _ or a full stop): rename or share the files."
            )
        n, weight, weight2, value, square = (_column(sums[:, i]) for i in range(5))
        return Moments(coded.psus, coded.domains, psu, domain, n, weight, weight2, value, square)

    def _groups(self, by_domain: bool) -> list[dict[str, Any]]:
        from pyspark.sql import functions as F

        design, types = self.design, self.types
        psu = design.psu or design.id
        frame = self._read(
            psu, self.domain if by_domain else "", design.weight, design.id,
            *(measure.column for measure in self.measures),
        )  # fmt: skip
        select = [spark_files.text(psu, types[psu]).alias("psu")]
        if by_domain:
            select.append(spark_files.text(self.domain, types[self.domain]).alias("domain"))
        if design.weight:
            weight = spark_files.number(design.weight, types[design.weight])
            select.append(weight.alias("weight"))
        order = ["psu"]
        if design.id:
            whole = pa.types.is_integer(types[design.id])
            id = F.col(spark_files.quoted(design.id))
            select.append(
                (id if whole else spark_files.text(design.id, types[design.id])).alias("id")
            )
            order += ["id"]
        else:
            file, row = spark_files.in_order(frame, self.paths)
            select += [file.alias("file"), row.alias("row")]
            order += ["file", "row"]
        for k, measure in enumerate(self.measures):
            select.append(F.col(spark_files.quoted(measure.column)).alias(f"y{k}"))
        work = Partition(
            tuple(map(Scale.of, self.measures)), by_domain, bool(design.weight), bool(design.id)
        )
        arranged = frame.select(*select).repartition(self.partitions, "psu")
        found = arranged.sortWithinPartitions(*order).mapInArrow(work.__call__, ROW).toArrow()
        groups: list[dict[str, Any]] = found.to_pylist()
        return groups


def _column(values: Floats) -> Floats:
    """(C, K) sums; where all columns are one, that one seen K times, as the kernel gives it."""
    if values.shape[1] > 1 and (values == values[:, :1]).all():
        return np.broadcast_to(values[:, :1], values.shape)
    return np.ascontiguousarray(values)
