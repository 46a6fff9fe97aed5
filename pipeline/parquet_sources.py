"""Answers to what a plan sums, from batches of columns: the rules of `analysis.reading` for files.

An interview without an answer (NULL, NaN, blank text) leaves the base of that measure and of no
other; an infinite number, and a code that is no category, are errors that name rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from analysis import kernel
from analysis.answers import LARGEST
from analysis.columns import text_of
from analysis.design import Floats
from analysis.errors import MeasureError
from analysis.measures import Kind
from analysis.plan import Source
from analysis.reading import Missing
from analysis.specs import Mean, Proportion
from pipeline import duck
from pipeline.duck import quoted
from pipeline.parquet_rows import is_text


class OnColumn(kernel.Described, Protocol):
    """A measure that is a column of the files."""

    @property
    def column(self) -> str:
        """Its name in the files."""


@dataclass(frozen=True)
class Column:
    """A column of sums as the kernel knows it: what it is called, and the ends of its scale."""

    column: str
    kind: Kind
    low: float
    high: float
    type: str = ""
    category: str = ""
    index_version: str = ""
    combines: tuple[tuple[tuple[str, str], float], ...] = ()

    @property
    def name(self) -> str:
        """The column's name."""
        return self.column

    @classmethod
    def of(cls, spec: Mean | Proportion) -> "Column":
        """The column that a spec names, summed as it stands."""
        is_mean = isinstance(spec, Mean)
        low, high = (spec.low, spec.high) if isinstance(spec, Mean) else (0.0, 1.0)
        return cls(
            spec.column, "mean" if is_mean else "proportion", low, high, spec.type, spec.category,
            spec.index_version,
        )  # fmt: skip


@dataclass(frozen=True)
class Sources:
    """The K columns of sums that a plan needs; `files` are asked for the rows of an error."""

    files: duck.Files
    sources: Sequence[Source]
    missing: Missing = "leave"
    measures: tuple[Column, ...] = field(init=False)
    columns: tuple[str, ...] = field(init=False)
    codes: tuple[str, ...] = field(init=False)
    _declared: Mapping[str, tuple[str, ...]] = field(init=False)

    def __post_init__(self) -> None:
        declared: dict[str, tuple[str, ...]] = {}
        for source in self.sources:
            if source.choice is not None:
                declared[source.column] = (*declared.get(source.column, ()), source.choice)
        scales = (Column(s.name, s.kind, s.low, s.high, "", s.choice or "") for s in self.sources)
        object.__setattr__(self, "measures", tuple(scales))
        needed = dict.fromkeys(name for source in self.sources for name in source.needs)
        object.__setattr__(self, "columns", tuple(needed))
        object.__setattr__(self, "codes", tuple(declared))
        object.__setattr__(self, "_declared", declared)

    @classmethod
    def of(cls, files: duck.Files, measures: Sequence[OnColumn]) -> "Sources":
        """Measures that are columns as they stand."""
        return cls(files, [Source(m.column, m.kind, m.low, m.high) for m in measures])

    def answers(self, batch: pa.RecordBatch) -> list[kernel.Answers]:
        """Answers of the rows of a batch to every source.

        Raises
        ------
        MeasureError
            An answer off its scale, infinite, no category, or missing where none may be.
        """
        read = _Batch(self, batch)
        found = []
        for source, scale in zip(self.sources, self.measures, strict=True):
            own = read.answers(source)
            if own.given is not None and self.missing == "fail":
                raise self._gone(source.column)
            try:
                kernel.check(scale, own)
            except MeasureError as error:
                if not scale.low < scale.high:
                    raise
                raise self._off_scale(source, scale) from error
            found.append(own)
        return found

    def places(self, column: str, names: Sequence[Any]) -> NDArray[np.intp]:
        """Place of each name among the categories of a column, -1 where it is blank.

        Raises
        ------
        MeasureError
            Where a name is none of them.
        """
        categories = self._declared[column]
        place = {category: i for i, category in enumerate(categories)}
        texts = ["" if name is None else text_of(name) for name in names]
        strange = sorted({text for text in texts if text.strip() and text not in place})
        if strange:
            listed = ", ".join("'" + text.replace("'", "''") + "'" for text in strange)
            where = self.files.rows(f"{quoted(column)}::varchar in ({listed})")
            raise MeasureError(
                f"Column {column} holds {', '.join(strange[:5])} in {where}, which is none of its "
                "categories, so the proportions would not add up to 1. Declare it, or correct the "
                "answers."
            )
        return np.array([place.get(text, -1) for text in texts] or [-1], dtype=np.intp)

    def refuse_infinite(self, column: str) -> None:
        """The error that a column holds numbers that cannot be summed, with their rows."""
        y = f"{quoted(column)}::double"
        raise MeasureError(
            f"Measure {column}: the answer is infinite, or overflows the sums, in "
            f"{self.files.rows(f'not isnan({y}) and abs({y}) > {LARGEST!r}')}; one such row "
            "decides every total. Correct it, or set it to missing."
        )

    def _gone(self, column: str) -> MeasureError:
        bad = duck.is_blank(column)
        if pa.types.is_floating(self.files.types[column]):
            bad = f"({bad} or isnan({quoted(column)}))"
        return MeasureError(
            f"Column {column}: no answer in {self.files.rows(bad)}, and missing = 'fail' allows "
            "none. Fill it in, exclude these interviews, or estimate with missing = 'leave'."
        )

    def _off_scale(self, source: Source, scale: Column) -> MeasureError:
        y = f"{quoted(source.column)}::double"
        slack = 1e-9 * (scale.high - scale.low)
        inside = f"{y} between {scale.low - slack!r} and {scale.high + slack!r}"
        if scale.kind == "proportion":
            inside = f"{y} in (0, 1)"
        count = self.files.table(
            f"count(*) as of, count(*) filter (where not {inside}) as off",
            f"where {y} is not null and not isnan({y})",
        ).to_pylist()[0]
        return kernel.off_scale(scale, count["off"], count["of"])


class _Batch:
    """A batch whose columns are read once each."""

    def __init__(self, of: Sources, batch: pa.RecordBatch) -> None:
        self._of, self._batch = of, batch
        self._plain: dict[str, kernel.Answers] = {}
        self._codes: dict[str, NDArray[np.intp]] = {}

    def answers(self, source: Source) -> kernel.Answers:
        if source.choice is not None:
            at = self._coded(source.column)
            place = self._of._declared[source.column].index(source.choice)
            given = at >= 0
            return kernel.Answers(at == place, None if given.all() else given)
        if not (source.terms or source.times or source.beside):
            return self._number(source.column)
        if source.terms:
            zero = np.zeros(self._batch.num_rows)
            values = sum((factor * self._float(name) for name, factor in source.terms), start=zero)
        else:
            values = self._float(source.column)
        if source.times:
            values = values * self._float(source.times)
        for name in source.beside:
            values = np.where(np.isnan(self._float(name)), np.nan, values)
        given = ~np.isnan(values)
        return kernel.Answers(values, None if given.all() else given)

    def _number(self, name: str) -> kernel.Answers:
        if name not in self._plain:
            found = answers_of(self._batch.column(name))
            if found.values.dtype.kind == "f":
                y = found.values if found.given is None else found.values[found.given]
                if y.size and max(abs(float(y.min())), abs(float(y.max()))) > LARGEST:
                    self._of.refuse_infinite(name)
            self._plain[name] = found
        return self._plain[name]

    def _float(self, name: str) -> Floats:
        own = self._number(name)
        values = own.values.astype(np.float64)
        return values if own.given is None else np.where(own.given, values, np.nan)

    def _coded(self, name: str) -> NDArray[np.intp]:
        if name not in self._codes:
            column = self._batch.column(name)
            if not pa.types.is_dictionary(column.type):
                column = column.dictionary_encode()
            present = column.indices.is_valid().to_numpy(zero_copy_only=False)
            at = column.indices.fill_null(0).to_numpy(zero_copy_only=False)
            kinds = column.dictionary
            used = np.zeros(max(len(kinds), 1), dtype=np.bool_)
            used[at[present]] = True
            pairs = zip(kinds.to_pylist(), used.tolist(), strict=False)
            names = [kind if present_there else None for kind, present_there in pairs]
            self._codes[name] = np.where(present, self._of.places(name, names)[at], -1)
        return self._codes[name]


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


def is_number(of: pa.DataType) -> bool:
    """Whether a column holds numbers, of any kind that a measure can be made of."""
    plain = pa.types.is_integer(of) or pa.types.is_floating(of) or pa.types.is_boolean(of)
    return bool(plain or pa.types.is_decimal(of)) and not is_text(of)
