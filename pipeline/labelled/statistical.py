"""SPSS and Stata files: the only module that calls pyreadstat, an optional extra."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

from pipeline.errors import StudyError
from pipeline.labelled.coded import coded
from pipeline.labelled.variables import Table, Variable
from pipeline.placing import placing

SAV_LABEL, SAV_VALUE = 255, 120
DTA_LABEL = 80
"""Bytes that SPSS allows for the label of a variable and of a value; letters that Stata does."""

LETTERS = {-1: "a", -2: "b", -3: "c"}
"""Stata's extended missing values: .a don't know, .b no answer, .c does not apply."""


def _library() -> ModuleType:
    try:
        import pyreadstat
    except ImportError:
        raise StudyError(
            "SPSS and Stata files need the package pyreadstat, which is not installed. Install it "
            "with: python -m pip install --require-hashes -r requirements-stata.lock. Without it "
            "choose --format csv, parquet or xlsx; the first has the labels in two more files."
        ) from None
    found: ModuleType = pyreadstat
    return found


def write_sav(table: Table, path: Path) -> Path:
    """Write an SPSS file; what says nothing of the thing asked is declared missing.

    Raises
    ------
    StudyError
        Where pyreadstat is not installed.
    PersepsiError
        As `placing`.
    """
    library, frame = _library(), _dates(coded(table))
    kinds: dict[str, Any] = {
        "variable_measure": {v.name: _measure(v) for v in table.variables},
        "variable_format": {
            v.name: f"F{len(str(max(map(abs, v.words), default=1))) + 1}.0"
            for v in table.variables
            if v.kind == "code"
        },
        "missing_ranges": {
            v.name: [float(n) for n in v.missing] for v in table.variables if v.missing
        },
        "compress": False,
    }
    labels = {v.name: {float(n): _cut(t, SAV_VALUE) for n, t in v.words.items()}
              for v in table.variables if v.words}  # fmt: skip

    def write(target: Path) -> None:
        library.write_sav(
            frame, str(target), file_label=_cut(table.title, 64),
            column_labels=[_cut(v.label, SAV_LABEL) for v in table.variables],
            variable_value_labels=labels, **kinds,
        )  # fmt: skip
        data = bytearray(target.read_bytes())
        data[92:109] = b"01 Jan 2600:00:00"  # day and time of writing, in the header of the file
        target.write_bytes(data)

    return _placed(table, path, write)


def write_dta(table: Table, path: Path) -> Path:
    """Write a Stata file (version 15, readable from Stata 14 on); see `LETTERS` for the missing.

    Raises
    ------
    StudyError, PersepsiError
        As `write_sav`.
    """
    library, frame = _library(), _dates(coded(table))
    labels: dict[str, Mapping[Any, str]] = {}
    lettered: dict[str, list[str]] = {}
    for v in table.variables:
        if v.words:
            labels[v.name] = {LETTERS.get(n, n): t for n, t in v.words.items()}
        if v.missing:
            lettered[v.name] = [LETTERS[n] for n in v.missing]
            held = [_stata(value) for value in frame[v.name]]
            frame[v.name] = pd.Series(held, frame.index, dtype="object")

    def write(target: Path) -> None:
        library.write_dta(
            frame, str(target), file_label=table.title[:80], version=15,
            column_labels=[v.label[:DTA_LABEL] for v in table.variables],
            variable_value_labels=labels, missing_user_values=lettered,
        )  # fmt: skip
        data = target.read_bytes()
        stamp = rb"(<timestamp>.)\d\d \w{3} \d{4} \d\d:\d\d"
        target.write_bytes(re.sub(stamp, rb"\g<1>01 Jan 2026 00:00", data, count=1, flags=re.S))

    return _placed(table, path, write)


def _stata(value: float) -> object:
    """A number as it is, a missing one by its letter, a blank as a blank."""
    if np.isnan(value):
        return None
    return LETTERS.get(int(value), int(value))


def _measure(v: Variable) -> str:
    return "scale" if v.kind in ("number", "whole", "moment", "date") else "nominal"


def _dates(frame: pd.DataFrame) -> pd.DataFrame:
    """The same with times in the unit that the library knows."""
    times = frame.select_dtypes("datetime").columns
    return frame.astype(dict.fromkeys(times, "datetime64[ns]"))


def _cut(text: str, most: int) -> str:
    """The text in at most so many bytes of UTF-8, with no half letter at its end."""
    data = text.encode("utf-8")
    if len(data) <= most:
        return text
    return data[: most - 3].decode("utf-8", errors="ignore") + "…"


def _placed(table: Table, path: Path, write: Callable[[Path], None]) -> Path:
    with placing(path, private=table.respondents) as placed:
        write(placed.temporary)
    return placed.path
