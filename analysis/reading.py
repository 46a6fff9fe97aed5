"""From a frame and a plan to measures: one number per interview for every source.

The rule of missing answers stands here: an interview without an answer (NaN, None, blank text)
leaves the base of that measure and of no other, and `n` in the table says how many remained. Text
that is no number is not a missing answer but an error.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, cast

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from analysis import columns
from analysis.answers import require_finite
from analysis.design import Floats
from analysis.errors import MeasureError
from analysis.measures import Measure
from analysis.plan import Plan, Source

Frame = pd.DataFrame | Iterable[Any]
"""What estimates can be made of: a pandas frame, an Arrow table, or Arrow record batches."""

Missing = Literal["leave", "fail"]
"""A missing answer leaves the base of its measure, or is refused with its rows named."""


def pandas(frame: Frame) -> pd.DataFrame:
    """The rows as a pandas frame; Arrow batches are put together in their order.

    Raises
    ------
    MeasureError
        Where it is neither a frame nor Arrow, or the batches have different columns.
    """
    if isinstance(frame, pd.DataFrame):
        return frame
    batches = frame
    if isinstance(frame, pa.RecordBatch):
        batches = [frame]
    try:
        table = frame if isinstance(frame, pa.Table) else pa.Table.from_batches(list(batches))
    except (TypeError, ValueError, pa.ArrowInvalid) as error:
        raise MeasureError(
            f"{type(frame).__name__} is no frame: give a pandas DataFrame, an Arrow table or "
            "record batches with the same columns, at least one."
        ) from error
    return cast("pd.DataFrame", table.to_pandas())


def codes(frame: pd.DataFrame, named: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The codes of every column of texts among `named`, in order; a Categorical keeps its own.

    Raises
    ------
    MeasureError
        Where a column is absent.
    """
    _require(frame, named)
    found = {}
    for name in named:
        column = frame[name]
        if _is_text(column):
            if isinstance(column.dtype, pd.CategoricalDtype):
                texts = [str(code) for code in column.cat.categories]
            else:
                texts = sorted({str(code) for code in column.dropna().unique()})
            found[name] = tuple(text for text in texts if text.strip())
    return found


def measures(frame: pd.DataFrame, plan: Plan, *, missing: Missing = "leave") -> list[Measure]:
    """Values (n,) of every source of the plan, in the order of the frame.

    Raises
    ------
    MeasureError
        Where a column is absent, holds texts that are no numbers, an infinite number or a code
        that is no category; with `missing="fail"`, where an answer is missing. Rows are named,
        counted from 1.
    """
    _require(frame, plan.columns)
    read = _Columns(frame, plan)
    found = []
    for source in plan.sources:
        values, choice = read.values(source), source.choice or ""
        found.append(Measure("", source.name, choice, source.kind, values, source.low, source.high))
    if missing == "fail":
        for measure in found:
            gone = np.isnan(measure.values)
            if gone.any():
                raise MeasureError(
                    f"Column {measure.name}: no answer in {columns.rows(frame, gone, '')}, and "
                    'missing="fail" allows none. Fill it in, leave these interviews out by a '
                    'stated rule, or take missing="leave": then they leave the base of this '
                    "measure only."
                )
    require_finite(found)
    return found


class _Columns:
    """Columns of the frame as numbers or as codes, each read once."""

    def __init__(self, frame: pd.DataFrame, plan: Plan) -> None:
        self._frame = frame
        self._numbers: dict[str, Floats] = {}
        self._coded: dict[str, tuple[NDArray[np.intp], list[str]]] = {}
        self._declared: dict[str, list[str]] = {}
        for source in plan.sources:
            if source.choice is not None:
                self._declared.setdefault(source.column, []).append(source.choice)

    def values(self, source: Source) -> Floats:
        """(n,) values of a source, NaN where it has none."""
        if source.choice is not None:
            at, names = self._codes(source.column)
            chosen = names.index(source.choice) if source.choice in names else -2
            return np.where(at < 0, np.nan, (at == chosen).astype(np.float64))
        if source.terms:
            values = sum(
                (factor * self._number(name) for name, factor in source.terms),
                start=np.zeros(len(self._frame)),
            )
        else:
            values = self._number(source.column)
        if source.times:
            values = values * self._number(source.times)
        for name in source.beside:
            values = np.where(np.isnan(self._number(name)), np.nan, values)
        return np.asarray(values, dtype=np.float64)

    def _number(self, name: str) -> Floats:
        if name not in self._numbers:
            self._numbers[name] = numbers(self._frame, name)
        return self._numbers[name]

    def _codes(self, name: str) -> tuple[NDArray[np.intp], list[str]]:
        if name not in self._coded:
            at, names = coded(self._frame[name])
            strange = np.array([text not in self._declared[name] for text in names], dtype=np.bool_)
            off = np.zeros(at.size, dtype=np.bool_)
            if strange.any():
                off = (at >= 0) & strange[at]
            if off.any():
                some = [text for text, bad in zip(names, strange, strict=True) if bad]
                raise MeasureError(
                    f"Column {name} holds {', '.join(some[:5])} in "
                    f"{columns.rows(self._frame, off, '')}, which is none of its categories, so "
                    "the proportions would not add up to 1. Declare it, or correct the answers."
                )
            self._coded[name] = at, names
        return self._coded[name]


def coded(column: "pd.Series[Any]") -> tuple[NDArray[np.intp], list[str]]:
    """(n,) codes into the texts of a column, -1 where it is missing or blank."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.cat.remove_unused_categories()
    found, kinds = pd.factorize(column)
    at = np.asarray(found, dtype=np.intp)
    texts = [columns.text_of(kind) for kind in np.asarray(kinds, dtype=object).tolist()]
    blank = np.array([not text.strip() for text in texts] or [False], dtype=np.bool_)
    if blank.any():
        at = np.where((at >= 0) & blank[at], -1, at)
    names = sorted({text for text in texts if text.strip()})
    place = {text: i for i, text in enumerate(names)}
    lookup = np.array([place.get(text, -1) for text in texts] or [-1], dtype=np.intp)
    return np.where(at < 0, -1, lookup[at]), names


def numbers(frame: pd.DataFrame, name: str) -> Floats:
    """(n,) numbers of a column, NaN where there is no answer; texts that are no number are refused.

    Raises
    ------
    MeasureError
        Naming the rows.
    """
    column = frame[name]
    values = columns.numbers(frame, name)
    if not pd.api.types.is_numeric_dtype(column):
        given = column.notna().to_numpy(dtype=np.bool_)
        if _is_text(column):
            blank = (column.astype(str).str.strip() == "").to_numpy(dtype=np.bool_)
            given = given & ~blank
        wrong = np.isnan(values) & given
        if wrong.any():
            raise MeasureError(
                f"Column {name} is no number in {columns.rows(frame, wrong, '')}; a mean or total "
                "of texts says nothing, and to drop them silently would move it. Recode them, set "
                "them to missing, or ask for Proportion."
            )
    return values


def _is_text(column: "pd.Series[Any]") -> bool:
    if isinstance(column.dtype, pd.CategoricalDtype | pd.StringDtype):
        return True
    if column.dtype != object:
        return False
    first = next(iter(column.dropna()), None)
    return isinstance(first, str)


def _require(frame: pd.DataFrame, named: Sequence[str]) -> None:
    absent = [name for name in named if name not in frame.columns]
    if absent:
        raise MeasureError(
            f"The interviews have no column {', '.join(absent)}, which a measure names. Correct "
            "the name, or add the column."
        )
    twice = [name for name in named if isinstance(frame[name], pd.DataFrame)]
    if twice:
        raise MeasureError(f"The frame has several columns named {', '.join(twice)}. Rename them.")
