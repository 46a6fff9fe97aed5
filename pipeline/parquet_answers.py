"""The answers in Parquet files, as Arrow batches, to the sums of their PSUs.

Interviews must be added in the order of their ids within each PSU. Files written so are read as
they are; the first row out of order starts again with DuckDB sorting, on disk if need be.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis import kernel
from analysis.design import Coded, Design, Floats
from analysis.errors import DesignError, MeasureError, WeightError
from analysis.moments import Moments, cells
from pipeline import duck
from pipeline.arrival import Arrival
from pipeline.duck import quoted


class OnColumn(kernel.Described, Protocol):
    """A measure that is a column of the files."""

    @property
    def column(self) -> str:
        """Its name in the files."""


class Reading:
    """One pass over the answers, in the order of the files or sorted."""

    def __init__(
        self,
        files: duck.Files,
        design: Design,
        domain: str,
        measures: Sequence[OnColumn],
        coded: Coded,
        rows: int,
    ) -> None:
        self._files, self._design, self._measures, self._rows = files, design, measures, rows
        self._coded = coded
        _, self._psu, self._domain = cells(coded.psu, coded.domain, len(coded.domains))
        # Where every PSU lies in one domain the PSU alone tells the cell.
        self._by_domain = domain if (np.diff(self._psu) == 0).any() else ""
        size = max(len(coded.domains), 1)
        self._keys = self._psu * size + self._domain
        self._names = pa.array(coded.psus.names, pa.string())
        self._domains = pa.array(coded.domains, pa.string())

    def run(self, *, sort: bool) -> Moments:
        """Sums of all rows; without `sort` the order of the files must be fit to add in."""
        design, psu = self._design, quoted(self._design.psu or self._design.id)
        select = {"psu": f"{psu}::varchar"}
        if self._by_domain:
            select["domain"] = f"{quoted(self._by_domain)}::varchar"
        if design.weight:
            select["weight"] = f"try_cast({quoted(design.weight)} as double)"
        if design.id:
            whole = pa.types.is_integer(self._files.types[design.id])
            select["id"] = quoted(design.id) + ("" if whole else "::varchar")
            if not whole:
                select["key"] = f"hash({select['id']})"
        for k, measure in enumerate(self._measures):
            select[f"y{k}"] = quoted(measure.column)
        listed = ", ".join(f"{what} as {name}" for name, what in select.items())
        found = kernel.CellSums(self._measures, self._psu.size)
        arrival = Arrival(len(self._names))
        rest = f"order by {psu}::varchar, {select['id']}" if sort else ""
        for batch in self._files.batches(listed, rest, self._rows):
            if batch.num_rows:
                self._add(found, arrival, batch, sort=sort)
        if arrival.may_repeat():
            self._refuse_repeated()
        return Moments(
            self._coded.psus, self._coded.domains, self._psu, self._domain,
            *found.sums(self._psu.size),
        )  # fmt: skip

    def _add(
        self, found: kernel.CellSums, arrival: Arrival, batch: pa.RecordBatch, *, sort: bool
    ) -> None:
        psu = batch.column("psu")
        change = pc.not_equal(psu.slice(1), psu.slice(0, len(psu) - 1))
        starts = np.append(0, np.flatnonzero(change.to_numpy(zero_copy_only=False)) + 1)
        if 2 * starts.size < len(psu):
            of_run = pc.index_in(psu.take(pa.array(starts)), value_set=self._names).to_numpy()
        else:  # short runs: looking every row up is cheaper than picking
            of_run = pc.index_in(psu, value_set=self._names).to_numpy()[starts]
        runs = of_run.astype(np.intp)
        if self._design.id:
            ids = batch.column("id")
            keys = batch.column("key" if "key" in batch.schema.names else "id")
            if ids.null_count or ("key" in batch.schema.names and duck.has_blank(ids)):
                self._refuse_blank()
            if sort:
                arrival.note(keys)
            else:
                arrival.follow(ids, keys, starts, runs)
        length = np.diff(np.append(starts, len(psu)))
        if self._by_domain:
            of_row = pc.index_in(batch.column("domain"), value_set=self._domains).to_numpy()
            key = np.repeat(runs, length) * max(len(self._coded.domains), 1) + of_row
            cell = np.searchsorted(self._keys, key)
        else:
            cell = np.repeat(np.searchsorted(self._psu, runs), length)
        weight = self._weight(batch)
        answers = []
        for k, measure in enumerate(self._measures):
            answers.append(answers_of(batch.column(f"y{k}")))
            try:
                kernel.check(measure, answers[k])
            except MeasureError as error:
                raise self._off_scale(measure) from error
        found.add(cell, weight, answers)

    def _weight(self, batch: pa.RecordBatch) -> Floats:
        column = self._design.weight
        if not column:
            return np.ones(batch.num_rows)
        given = batch.column("weight")
        weight: Floats = given.to_numpy(zero_copy_only=False)
        if given.null_count or not (weight.min() > 0 and weight.max() < np.inf):
            number = f"try_cast({quoted(column)} as double)"
            for what, bad in (
                ("is missing or no number", f"{number} is null or isnan({number})"),
                ("is infinite", f"isinf({number})"),
                ("is negative", f"{number} < 0"),
                ("is zero", f"{number} = 0"),
            ):
                if self._files.table("1", f"where {bad} limit 1").num_rows:
                    raise WeightError(
                        f"Column {column}: the weight {what} in "
                        f"{self._files.rows(bad, self._design.id)}; every interview must stand for "
                        "a positive number of visits. Correct the factors it is made of, or "
                        "exclude these interviews."
                    )
        return weight

    def _off_scale(self, measure: OnColumn) -> MeasureError:
        y = f"{quoted(measure.column)}::double"
        slack = 1e-9 * (measure.high - measure.low)
        inside = f"{y} between {measure.low - slack!r} and {measure.high + slack!r}"
        if measure.kind == "proportion":
            inside = f"{y} in (0, 1)"
        count = self._files.table(
            f"count(*) as of, count(*) filter (where not {inside}) as off",
            f"where {y} is not null and not isnan({y})",
        ).to_pylist()[0]
        return kernel.off_scale(measure, count["off"], count["of"])

    def _refuse_blank(self) -> None:
        id = self._design.id
        raise DesignError(
            f"Column {id}: no id in {self._files.rows(duck.is_blank(id))}; an interview without "
            "one cannot be told from its copy. Fill it in, or exclude these interviews."
        )

    def _refuse_repeated(self) -> None:
        """Keys were equal; ids may still differ, and then nothing is wrong."""
        id = quoted(self._design.id)
        twice = f"{id} in (select {id} from {self._files.source} group by 1 having count(*) > 1)"
        if self._files.table("1", f"where {twice} limit 1").num_rows:
            raise DesignError(
                f"Column {self._design.id}: the same id stands in "
                f"{self._files.rows(twice, self._design.id)}; an interview counted twice narrows "
                "the interval. Keep one version of each."
            )


def answers_of(column: pa.Array) -> kernel.Answers:
    """Answers to one measure from a column of numbers; NULL and NaN are no answer."""
    given = None
    if column.null_count:
        given = column.is_valid().to_numpy(zero_copy_only=False)
        column = column.fill_null(False if pa.types.is_boolean(column.type) else 0)
    if pa.types.is_decimal(column.type):
        column = column.cast(pa.float64())
    values = column.to_numpy(zero_copy_only=False)
    if values.dtype.kind == "f":
        number = ~np.isnan(values)
        if not number.all():
            given = number if given is None else given & number
    return kernel.Answers(values, given)
