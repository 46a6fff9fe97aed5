"""Read the sheets of an .xlsx workbook."""

import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from pipeline.errors import QuestionnaireError
from pipeline.workbook.sheets import Row, Sheet, cell_text

BLANK_COLUMNS = 20
BLANK_ROWS = 60
"""A longer run of blanks ends a sheet, as in pyxform: stray formatting far below is no data."""


def read_workbook(path: Path, data: bytes | None = None) -> dict[str, Sheet]:
    """Sheets of an .xlsx file by name, in the order of its tabs.

    `data` are its bytes where they are at hand; `path` then only names it.

    Raises
    ------
    QuestionnaireError
        Where the file is absent, locked, or no .xlsx workbook.
    """
    try:
        data = path.read_bytes() if data is None else data
    except OSError as error:
        raise QuestionnaireError(
            f"{path}: cannot be read ({error.strerror}). Check the name, and close the file "
            "where a spreadsheet program has it open."
        ) from None
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        try:
            return {
                tab.title: _read_sheet(tab) for tab in book.worksheets if hasattr(tab, "iter_rows")
            }
        finally:
            book.close()
    except Exception as error:  # openpyxl meets a broken file with whatever it stumbles over
        raise QuestionnaireError(
            f"{path}: not an Excel workbook (.xlsx) that can be read: {type(error).__name__}. "
            "Open it in Excel or LibreOffice and save it as “Excel workbook (.xlsx)”."
        ) from None


def _read_sheet(tab: Any) -> Sheet:
    grid = tab.iter_rows(values_only=True)
    columns = list(_header(next(grid, ())))
    rows = []
    blanks = 0
    for number, values in enumerate(grid, start=2):
        cells: dict[str, str] = {}
        numeric: set[str] = set()
        for index, name in columns:
            if index >= len(values) or name in cells:
                continue
            text = cell_text(values[index])
            if text:
                cells[name] = text
                if isinstance(values[index], int | float) and not isinstance(values[index], bool):
                    numeric.add(name)
        if cells:
            rows.append(Row(number, cells, frozenset(numeric)))
            blanks = 0
        elif (blanks := blanks + 1) > BLANK_ROWS:
            break
    return Sheet(tuple(name for _, name in columns), tuple(rows))


def _header(values: Iterable[object]) -> Iterator[tuple[int, str]]:
    blanks = 0
    for index, value in enumerate(values):
        name = re.sub(r"\s+", " ", cell_text(value))
        if name:
            blanks = 0
            yield index, name
        elif (blanks := blanks + 1) > BLANK_COLUMNS:
            return
