"""The answers in Parquet files, as Arrow batches, to the sums of their PSUs.

Interviews must be added in the order of their ids within each PSU. Files written so are read as
they are; the first row out of order starts again with DuckDB sorting, on disk if need be.
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from analysis import kernel
from analysis.design import Codes, Design, Floats
from analysis.errors import DesignError, WeightError
from pipeline import duck
from pipeline.arrival import Arrival, OutOfOrderError, any_twice
from pipeline.duck import quoted
from pipeline.parquet_groups import Groups, numbers
from pipeline.parquet_rows import Rows, is_text
from pipeline.parquet_sources import Sources


class Reading:
    """One pass over the answers: `cell` and `psu` (G,) say where each group of rows belongs."""

    def __init__(
        self,
        files: duck.Files,
        rows: Rows,
        groups: Groups,
        design: Design,
        sources: Sources,
        cell: Codes,
        psu: Codes,
        size: int,
    ) -> None:
        self._files, self._rows, self._groups, self._size = files, rows, groups, size
        self._design, self._sources, self._cell, self._psu = design, sources, cell, psu
        named = (design.id, design.weight, *sources.columns)
        self._columns = list(dict.fromkeys(name for name in named if name))

    def sums(self) -> kernel.CellSums:
        """Sums of all rows, in the order of the files or sorted.

        Raises
        ------
        SampleError
            A missing or doubled id, a weight or an answer that cannot be, with rows by file.
        """
        try:
            return self._sums(sort=False)
        except OutOfOrderError:
            return self._sums(sort=True)

    def _sums(self, *, sort: bool) -> kernel.CellSums:
        found = kernel.CellSums(self._sources.measures, int(self._cell.max(initial=-1)) + 1)
        psu = self._psu[self._groups.group]
        runs = 1 + np.count_nonzero(psu[1:] != psu[:-1])
        arrival = Arrival(whole=runs == np.count_nonzero(np.bincount(psu, minlength=1)))
        for batch, cell, of_psu in self._arranged() if sort else self._written(psu):
            if self._design.id:
                ids = self._ids(batch)
                if sort:
                    arrival.note(ids)
                else:
                    arrival.follow(ids, of_psu)
            found.add(cell, self._weight(batch), self._sources.answers(batch))
        if self._design.id:
            self._refuse_repeated(arrival)
        return found

    def _written(self, psu: Codes) -> Iterator[tuple[pa.RecordBatch, Codes, Codes]]:
        """Batches with the cell and PSU of each row; `psu` (R,) is that of each run of rows."""
        first, cell = 0, self._cell[self._groups.group]
        for batch in self._rows.batches(self._columns, self._size, self._sources.codes):
            end = first + batch.num_rows
            if batch.num_rows:
                of_rows = self._groups.of_rows
                yield batch, of_rows(first, end, cell), of_rows(first, end, psu)
            first = end

    def _arranged(self) -> Iterator[tuple[pa.RecordBatch, Codes, Codes]]:
        group = self._groups.of_rows(0, self._groups.rows).astype(np.int32)
        before = np.cumsum([0, *(known.num_rows for known in self._files.metadata)])
        id = quoted(self._design.id)
        whole = pa.types.is_integer(self._files.types[self._design.id])
        order = [quoted(self._design.psu or self._design.id), id if whole else f"{id}::varchar"]
        for batch in self._files.arranged(self._columns, order, self._size):
            if batch.num_rows:
                file, row = (batch.column(i).to_numpy().astype(np.intp) for i in (0, 1))
                own = group[before[file] + row]
                yield batch, self._cell[own], self._psu[own]

    def _ids(self, batch: pa.RecordBatch) -> pa.Array:
        """Whole numbers, or texts."""
        ids = batch.column(self._design.id)
        if pa.types.is_dictionary(ids.type):
            ids = ids.dictionary_decode()
        whole = pa.types.is_integer(ids.type)
        if not (whole or is_text(ids.type)):
            ids = pa.array([None if i is None else str(i) for i in ids.to_pylist()], pa.string())
        if ids.null_count or (not whole and duck.has_blank(ids)):
            id = self._design.id
            raise DesignError(
                f"Column {id}: no id in {self._files.rows(duck.is_blank(id))}; an interview "
                "without one cannot be told from its copy. Fill it in, or exclude these interviews."
            )
        return ids

    def _weight(self, batch: pa.RecordBatch) -> Floats:
        column = self._design.weight
        if not column:
            return np.ones(batch.num_rows)
        weight = numbers(batch.column(column))
        if not (weight.min() > 0 and weight.max() < np.inf):  # NaN is neither
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

    def _refuse_repeated(self, arrival: Arrival) -> None:
        id = quoted(self._design.id)
        found = arrival.twice()
        if found is None:
            key = self._files.table(f"hash({id}) as key")["key"].to_numpy()
            found = any_twice(key.view(np.int64))
        if not found:
            return
        # Keys were equal; ids may still differ, and then nothing is wrong.
        twice = f"{id} in (select {id} from {self._files.source} group by 1 having count(*) > 1)"
        if self._files.table("1", f"where {twice} limit 1").num_rows:
            raise DesignError(
                f"Column {self._design.id}: the same id stands in "
                f"{self._files.rows(twice, self._design.id)}; an interview counted twice narrows "
                "the interval. Keep one version of each."
            )
