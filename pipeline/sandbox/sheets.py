"""The sheets of an uploaded workbook as KoBo reads them: every cell is text."""

import datetime as dt
import io
import zipfile
from dataclasses import dataclass
from typing import Any

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

Row = dict[str, str]


@dataclass(frozen=True)
class Sheet:
    """Columns of a sheet in order, and its rows without their blank cells."""

    header: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()


Sheets = dict[str, Sheet]


class NotAWorkbookError(ValueError):
    """The bytes are no XLSX workbook."""


def read_sheets(data: bytes) -> Sheets:
    """Sheets by name; blank cells, blank rows and nameless columns are left out.

    Whole numbers lose `.0`, dates become `2026-01-02 00:00:00`, truth values `TRUE` or
    `FALSE`, as the server stores them.

    Raises
    ------
    NotAWorkbookError
        Where the bytes cannot be opened as XLSX.
    """
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError):
        raise NotAWorkbookError("Unsupported format, or corrupt file") from None
    try:
        return {sheet.title: _read(sheet) for sheet in book.worksheets}
    finally:
        book.close()


def without_columns(sheets: Sheets, names: frozenset[str]) -> Sheets:
    """Sheets as a server keeps them that does not know some columns."""
    if not names:
        return sheets
    return {
        title: Sheet(
            tuple(name for name in sheet.header if name not in names),
            tuple({k: v for k, v in row.items() if k not in names} for row in sheet.rows),
        )
        for title, sheet in sheets.items()
    }


def _read(sheet: Any) -> Sheet:
    lines = sheet.iter_rows(values_only=True)
    header = [_text(cell).strip() for cell in next(lines, ())]
    rows = []
    for line in lines:
        cells = {
            name: text
            for name, value in zip(header, line, strict=False)
            if name and (text := _text(value)).strip()
        }
        if cells:
            rows.append(cells)
    return Sheet(tuple(name for name in header if name), tuple(rows))


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return str(value)
