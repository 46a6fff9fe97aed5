"""A table with labels as a file: CSV, Parquet, a workbook, SPSS or Stata."""

import csv
import io
import json
import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from pipeline.errors import StudyError
from pipeline.labelled.coded import worded
from pipeline.labelled.dictionary import VALUES, VARIABLES, value_rows, variable_rows
from pipeline.labelled.statistical import write_dta, write_sav
from pipeline.labelled.variables import Table, Variable
from pipeline.outputs import write_bytes, write_parquet, write_text
from pipeline.workbook import Column, Grid, Value, harmless, workbook_of
from pipeline.workbook.grid import DATE, EXACT, MOMENT, TEXT, WRAPPED

FORMATS = ("csv", "parquet", "xlsx", "sav", "dta")


def write_labelled(table: Table, kind: str, folder: Path) -> list[Path]:
    """Write the table under its name in that format; returns the files as they came to lie.

    Files with rows of single people can be read by their owner only. Equal tables give equal
    bytes.

    Raises
    ------
    StudyError
        Where there is no such format, or its library is not installed.
    PersepsiError
        As `placing`, and where a workbook cannot hold so many rows.
    """
    writers: dict[str, Callable[[Table, Path], list[Path]]] = {
        "csv": _csv, "parquet": _parquet, "xlsx": _xlsx, "sav": _sav, "dta": _dta,
    }  # fmt: skip
    if kind not in writers:
        raise StudyError(f"--format {kind!r}: there is no such format. Choose one of "
                         f"{', '.join(FORMATS)}.")  # fmt: skip
    return writers[kind](table, folder)


def _csv(table: Table, folder: Path) -> list[Path]:
    """The data, and beside it what its columns and codes mean."""
    frame = worded(table)
    moments = [v.name for v in table.variables if v.kind == "moment"]
    for name in moments:
        frame[name] = frame[name].dt.strftime("%Y-%m-%d %H:%M:%S").fillna("")
    for v in table.variables:
        if v.kind in ("whole", "flag"):
            frame[v.name] = frame[v.name].astype("Int64")
        elif v.kind == "text":
            # Who opens the file in a spreadsheet program must not run what a unit calls itself.
            frame[v.name] = frame[v.name].map(harmless)
    private = table.respondents
    data = frame.to_csv(index=False, lineterminator="\n")
    return [
        write_text(folder / f"{table.name}.csv", data, private=private),
        write_text(folder / f"{table.name}.variabel.csv", _lines(VARIABLES, variable_rows(table)),
                   private=private),
        write_text(folder / f"{table.name}.pilihan.csv", _lines(VALUES, value_rows(table)),
                   private=private),
    ]  # fmt: skip


def _lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    safe = ([harmless(c) if isinstance(c, str) else c for c in row] for row in (header, *rows))
    csv.writer(text, lineterminator="\n").writerows(safe)
    return text.getvalue()


def _parquet(table: Table, folder: Path) -> list[Path]:
    """Labels stand in the metadata of each field: `label`, and `values` as JSON."""
    frame = worded(table)
    fields, columns = [], []
    for v in table.variables:
        kind = _arrow(v)
        told = {"label": v.label}
        if v.codes:
            told["values"] = json.dumps(
                {code: v.words[n] for code, n in v.codes.items()}, ensure_ascii=False
            )
        fields.append(pa.field(v.name, kind, metadata=told))
        columns.append(pa.Array.from_pandas(frame[v.name], type=kind))
    schema = pa.schema(fields, metadata={"title": table.title})
    made = pa.Table.from_arrays(columns, schema=schema)
    return [write_parquet(folder / f"{table.name}.parquet", made, private=table.respondents)]


def _arrow(v: Variable) -> pa.DataType:
    kinds = {
        "number": pa.float64(), "whole": pa.int64(), "moment": pa.timestamp("s"),
        "date": pa.date32(), "flag": pa.int8(),
    }  # fmt: skip
    return kinds.get(v.kind, pa.string())


def _xlsx(table: Table, folder: Path) -> list[Path]:
    frame = worded(table)
    styles = {"moment": MOMENT, "date": DATE, "text": TEXT, "code": TEXT}
    columns = tuple(Column(v.name, styles.get(v.kind, EXACT)) for v in table.variables)
    held = [_cells(frame[v.name], v) for v in table.variables]
    rows = list(zip(*held, strict=True))
    lead = (table.title, "Kode dan labelnya ada di lembar Variabel dan Pilihan.")
    variables = Grid(
        "Variabel",
        (Column("variabel"), Column("label", WRAPPED, 70), Column("jenis"), Column("kolom_asal"),
         Column("buku_kode")),
        list(variable_rows(table)), lead[:1],
    )  # fmt: skip
    values = Grid(
        "Pilihan",
        (Column("variabel"), Column("angka di SPSS dan Stata", EXACT), Column("kode"),
         Column("label", WRAPPED, 60), Column("tidak menjawab")),
        list(value_rows(table)), lead[:1],
    )  # fmt: skip
    data = workbook_of(
        [Grid(table.name, columns, rows, lead), variables, values], title=table.title
    )
    return [write_bytes(folder / f"{table.name}.xlsx", data, private=table.respondents)]


def _cells(values: pd.Series, v: Variable) -> list[Value]:
    def plain(value: Any) -> Value:
        if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
            return None
        if v.kind == "moment":
            return pd.Timestamp(value).to_pydatetime()
        return int(value) if v.kind in ("whole", "flag") else value

    return [plain(value) for value in values.tolist()]


def _sav(table: Table, folder: Path) -> list[Path]:
    return [write_sav(table, folder / f"{table.name}.sav")]


def _dta(table: Table, folder: Path) -> list[Path]:
    return [write_dta(table, folder / f"{table.name}.dta")]
