"""The columns of a table as a program takes them: numbers for codes, local times, true blanks."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from pipeline.labelled.variables import Table, Variable


def coded(table: Table) -> pd.DataFrame:
    """The frame with the safe names and numbers for codes, for programs with value labels.

    Times are those of the place's clock without a zone: SPSS and Stata have none, and would show
    another day for a session in the evening.
    """
    return pd.DataFrame({v.name: _coded(table.frame[v.column], v, table) for v in table.variables})


def worded(table: Table) -> pd.DataFrame:
    """The frame with the safe names and codes as they are, for CSV, Parquet and spreadsheets."""
    return pd.DataFrame({v.name: _typed(table.frame[v.column], v, table) for v in table.variables})


def _coded(values: pd.Series, v: Variable, table: Table) -> pd.Series:
    if v.kind != "code":
        return _typed(values, v, table)
    texts = values.astype("object").where(values.notna(), "").astype(str)
    return pd.Series([float(v.codes.get(t, np.nan)) for t in texts], values.index, dtype="float64")


def _typed(values: pd.Series, v: Variable, table: Table) -> pd.Series:
    if v.kind in ("number", "whole"):
        return pd.to_numeric(values, errors="coerce").astype("float64")
    if v.kind == "flag":
        truth = values.astype("object").map({True: 1.0, False: 0.0})
        return pd.to_numeric(truth, errors="coerce").astype("float64")
    if v.kind == "moment":
        # Whole seconds: SPSS holds no fraction exactly, and no clock of a phone is that good.
        here = pd.to_datetime(values, utc=True).dt.tz_convert(ZoneInfo(table.zone or "UTC"))
        return here.dt.tz_localize(None).dt.floor("s").astype("datetime64[s]")
    if v.kind == "date":
        return pd.Series([_day(t) for t in values], values.index, dtype="object")
    return values.astype("object").where(values.notna(), "").astype(str)


def _day(value: object) -> object:
    """A date of text; what is none stays blank."""
    try:
        return datetime.strptime(str(value), "%Y-%m-%d").date()  # noqa: DTZ007 # a day of the place
    except ValueError:
        return None
