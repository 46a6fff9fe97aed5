"""The kernel on one partition of a cluster: whole PSUs in order, in batches that may cut them.

This module runs on the executors. It raises nothing about the data: a fault is a row of the
result, so that a task is not tried again for it and the driver can name the rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis import kernel
from analysis.design import Codes, Floats
from analysis.errors import MeasureError
from analysis.measures import Kind
from pipeline import duck
from pipeline.parquet_sources import answers_of

ROW = "psus array<string>, domains array<string>, rows bigint, sums binary, fault string"
"""What a partition gives, as Spark writes a schema: a group of cells, or a fault, a row."""

SCHEMA = pa.schema(
    [
        ("psus", pa.list_(pa.string())),
        ("domains", pa.list_(pa.string())),
        ("rows", pa.int64()),
        ("sums", pa.binary()),
        ("fault", pa.string()),
    ]
)

CELLS = 4096
"""Cells held before they are handed on, at the next end of a PSU."""


@dataclass(frozen=True)
class Scale:
    """A measure without its column: what the kernel needs of it, and nothing to import."""

    type: str
    name: str
    category: str
    kind: Kind
    low: float
    high: float
    index_version: str = ""
    combines: tuple[tuple[tuple[str, str], float], ...] = ()

    @classmethod
    def of(cls, measure: kernel.Described) -> "Scale":
        """The scale of any measure."""
        return cls(
            measure.type, measure.name, measure.category, measure.kind, measure.low, measure.high
        )  # fmt: skip


@dataclass(frozen=True)
class Partition:
    """Sums of the cells of one partition; called by Spark with its batches.

    Batches have `psu` (text), and where they are asked for `domain` (text), `weight` (float), `id`
    (whole numbers or text), then y0, y1 ...; rows are sorted by PSU and id. A PSU that goes on in
    the next batch is carried by the kernel; sums are handed on at the end of a PSU only, so
    memory depends on the size of a batch and on `cells`, not on the rows.
    """

    measures: tuple[Scale, ...]
    by_domain: bool
    weighted: bool
    named: bool
    cells: int = CELLS

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Batches of the schema `ROW`; after a fault the rest is read and ignored."""
        group = _Group(self.measures)
        for batch in batches:
            if not batch.num_rows or group.fault:
                continue
            try:
                weight, answers = self._read(batch)
            except _FaultError as fault:
                group.fault = str(fault)
                continue
            rows = _Rows.of(batch, weight, answers, by_domain=self.by_domain)
            if group.size >= self.cells:
                # The last PSU of the group may go on here; a new group begins only after it.
                end = rows.end_of(group.psu)
                if end < len(rows):
                    group.add(rows.part(0, end))
                    yield group.handed_on()
                    group, rows = _Group(self.measures), rows.part(end, len(rows))
            group.add(rows)
        yield group.handed_on()

    def _read(self, batch: pa.RecordBatch) -> tuple[Floats, list[kernel.Answers]]:
        if self.named:
            ids = batch.column("id")
            text = pa.types.is_string(ids.type) or pa.types.is_large_string(ids.type)
            if ids.null_count or (text and duck.has_blank(ids)):
                raise _FaultError("id")
        weight: Floats = np.ones(batch.num_rows)
        if self.weighted:
            given = batch.column("weight")
            weight = given.to_numpy(zero_copy_only=False)
            if given.null_count or not (weight.min() > 0 and weight.max() < np.inf):
                raise _FaultError("weight")
        answers = []
        for k, measure in enumerate(self.measures):
            answers.append(answers_of(batch.column(f"y{k}")))
            try:
                kernel.check(measure, answers[k])
            except MeasureError:
                raise _FaultError(f"measure {k}") from None
        return weight, answers


class _FaultError(Exception):
    """Something in the data that the driver must name; never leaves this module."""


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows of PSUs one after the other; `domain` is None where the PSU alone tells the cell."""

    psu: pa.Array
    domain: pa.Array | None
    weight: Floats
    answers: Sequence[kernel.Answers]
    starts: Codes

    @classmethod
    def of(
        cls,
        batch: pa.RecordBatch,
        weight: Floats,
        answers: Sequence[kernel.Answers],
        *,
        by_domain: bool,
    ) -> "_Rows":
        psu = batch.column("psu")
        change = pc.not_equal(psu.slice(1), psu.slice(0, len(psu) - 1))
        starts = np.append(0, np.flatnonzero(change.to_numpy(zero_copy_only=False)) + 1)
        return cls(psu, batch.column("domain") if by_domain else None, weight, answers, starts)

    def __len__(self) -> int:
        return len(self.psu)

    @property
    def names(self) -> list[str]:
        """The PSU of each run."""
        found: list[str] = self.psu.take(pa.array(self.starts)).to_pylist()
        return found

    def end_of(self, psu: str | None) -> int:
        """Rows at the beginning that belong to `psu`."""
        ends = [*self.starts[1:2].tolist(), len(self)]
        return ends[0] if self.psu[0].as_py() == psu else 0

    def part(self, low: int, high: int) -> "_Rows":
        """Some rows; `low` must begin a run."""
        rows = slice(low, high)
        inside = self.starts[(self.starts >= low) & (self.starts < high)]
        return _Rows(
            self.psu[rows],
            None if self.domain is None else self.domain[rows],
            self.weight[rows],
            [a.part(rows) for a in self.answers],
            inside - low,
        )


class _Group:
    """Cells of consecutive PSUs, in the order in which they came."""

    def __init__(self, measures: Sequence[Scale]) -> None:
        self.psu: str | None = None
        self.fault = ""
        self._measures = measures
        self._sums = kernel.CellSums(measures)
        self._cells: dict[tuple[int, str], int] = {}
        self._runs = 0
        self._names: list[str] = []
        self._domains: list[str] = []
        self._rows = 0

    @property
    def size(self) -> int:
        """Cells so far."""
        return len(self._names)

    def add(self, rows: _Rows) -> None:
        """Add rows; those of the last PSU so far are carried on."""
        if not len(rows):
            return
        names = rows.names
        begun = int(names[0] == self.psu)
        length = np.diff(np.append(rows.starts, len(rows)))
        first = self._runs - begun
        run = np.repeat(np.arange(first, first + len(names)), length)
        self._runs = first + len(names)
        self.psu = names[-1]
        self._rows += len(rows)
        if rows.domain is None:
            self._names += names[begun:]
            cell = run
        else:
            cell = self._cells_of(run, rows.domain, dict(enumerate(names, first)))
        self._sums.add(cell, rows.weight, rows.answers)

    def _cells_of(self, run: Codes, domain: pa.Array, names: dict[int, str]) -> Codes:
        coded = pc.dictionary_encode(domain)
        kinds, of_row = coded.dictionary.to_pylist(), coded.indices.to_numpy()
        pairs, which = np.unique(run * len(kinds) + of_row, return_inverse=True)
        place = np.empty(pairs.size, dtype=np.intp)
        for i, (r, d) in enumerate(zip(*divmod(pairs, len(kinds)), strict=True)):
            key = int(r), kinds[d]
            if key not in self._cells:
                self._cells[key] = len(self._names)
                self._names.append(names[key[0]])
                self._domains.append(key[1])
            place[i] = self._cells[key]
        return place[which]

    def handed_on(self) -> pa.RecordBatch:
        """The group as a row: sums are (C, 5, K) floats, n, w, w^2, w y and w y^2."""
        sums = np.stack(self._sums.sums(self.size), axis=1)
        return pa.RecordBatch.from_pylist(
            [
                {
                    "psus": self._names,
                    "domains": self._domains,
                    "rows": self._rows,
                    "sums": sums.tobytes(),
                    "fault": self.fault,
                }
            ],
            schema=SCHEMA,
        )
