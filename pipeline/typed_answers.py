"""Answers as typed columns: numbers, times, codes; what does not fit is counted."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any

import numpy as np
import pandas as pd

from analysis.instrument import Instrument, Question
from pipeline.moments import read_moments

NUMBER_TYPES = frozenset({"integer", "int", "decimal", "range"})
TIME_TYPES = frozenset({"dateTime", "datetime", "start", "end"})


def kind_of(question: Question) -> str:
    """How a question's answers are stored: `number`, `time` or `text`."""
    if question.type in NUMBER_TYPES:
        return "number"
    if question.type in TIME_TYPES:
        return "time"
    return "text"


@dataclass(frozen=True)
class Reading:
    """Turns the texts of a question into a typed column and counts what does not fit.

    A form may be read in blocks: the counts add up. `answered` is how many answers the columns of
    closed questions hold; it tells `spoiled` whether most of them are `strangers`.
    """

    instrument: Instrument
    zone: tzinfo | None
    misfits: Counter[str] = field(default_factory=Counter)
    naive: Counter[str] = field(default_factory=Counter)
    strangers: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)

    def column(self, name: str, question: Question | None, values: list[Any]) -> pd.Series:
        """Typed column of a question; text where there is none."""
        kind = kind_of(question) if question is not None else "text"
        typed, bad, naive = _typed(values, kind, self.zone)
        self.misfits.update({name: bad} if bad else {})
        self.naive.update({name: naive} if naive else {})
        if question is not None and question.is_closed:
            known = self._known(question)
            if known:
                odd = int(sum(_strange(typed, question, known)))
                self.strangers.update({name: odd} if odd else {})
                self.answered[name] += int(typed.notna().sum())
                typed = _ordered(typed, known) if question.type == "select_multiple" else typed
        return typed

    def spoiled(self, name: str) -> bool:
        """Whether most answers of a column, after all blocks, are not among its choices.

        Such a column holds labels, or belongs to another question: none of them is an answer.
        """
        return self.strangers[name] > self.answered[name] / 2

    def without_strangers(self, typed: pd.Series, question: Question) -> pd.Series:
        """A column of a closed question without the answers that are not among its choices."""
        odd = _strange(typed, question, self._known(question))
        kept = [None if strange else value for value, strange in zip(typed, odd, strict=True)]
        return pd.Series(kept, dtype="object", index=typed.index)

    def _known(self, question: Question) -> dict[str, int]:
        return {c.name: place for place, c in enumerate(self.instrument.choices_of(question))}


def _typed(values: list[Any], kind: str, zone: tzinfo | None) -> tuple[pd.Series, int, int]:
    """A column of one kind, how many values do not fit it, how many times lack an offset."""
    series = pd.Series(values, dtype="object")
    present = series.notna() & (series.astype(str).str.strip() != "")
    series = series.where(present, None)
    if kind == "number":
        numbers = pd.to_numeric(series, errors="coerce").astype(np.float64)
        numbers = numbers.where(np.isfinite(numbers))
        return numbers, int((present & numbers.isna()).sum()), 0
    if kind == "time":
        read = read_moments(series, zone)
        return read.times, int((present & read.times.isna()).sum()), read.without_offset
    return pd.Series([_text(v) for v in series], dtype="object", index=series.index), 0, 0


def _text(value: Any) -> str | None:
    """An answer as text: spreadsheets make `1.0` of the code 1, and leave blanks around words."""
    if value is None or value != value:  # NaN is the one value unequal to itself
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _strange(series: pd.Series, question: Question, known: Mapping[str, int]) -> list[bool]:
    """Which answers of a closed question are not among its choices."""
    several = question.type == "select_multiple"
    return [
        v is not None and not (set(v.split()) if several else {v}) <= known.keys() for v in series
    ]


def _ordered(series: pd.Series, known: Mapping[str, int]) -> pd.Series:
    """Several answers in the order of the choices, whatever order the phone or an export gave.

    That order means nothing, and a table of ones and noughts has lost it.
    """
    ordered = {v: _in_order(v, known) for v in series.dropna().unique()}
    return pd.Series([ordered.get(v) for v in series], dtype="object", index=series.index)


def _in_order(answer: str, known: Mapping[str, int]) -> str:
    codes = dict.fromkeys(answer.split())
    return " ".join(sorted(codes, key=lambda code: known.get(code, len(known))))
