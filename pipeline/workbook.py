"""Sheets of text: read from an .xlsx workbook, written to one that people like to edit.

Every cell is text, so that the code `07` stays `07` and 7.0 typed as a number reads as `7`.
The writer is deterministic: the same sheets give the same bytes, whatever the day.
"""

import datetime
import io
import os
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from analysis.instrument import CODEBOOK_COLUMNS
from pipeline.errors import QuestionnaireError

EPOCH = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC).replace(tzinfo=None)
"""The date every written workbook carries, so that equal content gives equal bytes."""

BLANK_COLUMNS = 20
BLANK_ROWS = 60
"""A longer run of blanks ends a sheet, as in pyxform: stray formatting far below is no data."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row under the header.

    `number` is the row's number in the spreadsheet (the header is 1), `cells` maps column to
    text and leaves blank cells out, `numeric` names the columns whose cell held a number.
    """

    number: int
    cells: Mapping[str, str]
    numeric: frozenset[str] = frozenset()

    def get(self, column: str) -> str:
        """Text of the cell, empty where it is blank."""
        return self.cells.get(column, "")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: its header without blank cells (a repeated one stands twice) and its rows.

    Where a header stands twice, the rows hold the first column of that name.
    """

    header: tuple[str, ...]
    rows: tuple[Row, ...]


def sheet(header: Iterable[str], rows: Iterable[Iterable[str]]) -> Sheet:
    """Sheet from a header and rows of cells in its order; blank rows keep their number."""
    names = tuple(header)
    kept = []
    for number, values in enumerate(rows, start=2):
        cells: dict[str, str] = {}
        for name, value in zip(names, values, strict=False):
            if value.strip():
                cells.setdefault(name, value.strip())
        if cells:
            kept.append(Row(number, cells))
    return Sheet(names, tuple(kept))


def read_workbook(path: Path) -> dict[str, Sheet]:
    """Sheets of an .xlsx file by name, in the order of its tabs.

    Raises
    ------
    QuestionnaireError
        Where the file is absent, locked, or no .xlsx workbook.
    """
    try:
        data = path.read_bytes()
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


def cell_text(value: object) -> str:
    """What a cell says, as XLSForm tools read it: 7.0 is `7`, true is `TRUE`, ends trimmed."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value).replace("\u00a0", " ").replace("\r\n", "\n").replace("\r", "\n")
    return text.strip()


GROUP_COLOURS = ("DDEBF7", "E2EFDA", "FFF2CC", "FCE4D6", "EDEDED", "D9E1F2")
HEADER_COLOUR = "1F3864"
CODEBOOK_COLOUR = "7B5B00"

WIDTHS = {
    "type": 26, "name": 18, "label": 52, "hint": 34, "required": 9, "required_message": 24,
    "relevant": 26, "constraint": 26, "constraint_message": 30, "calculation": 30, "trigger": 12,
    "appearance": 14, "parameters": 30, "choice_filter": 18, "list_name": 16,
}  # fmt: skip
DEFAULT_WIDTH = 14


def write_workbook(sheets: Mapping[str, Sheet], path: Path | None = None) -> bytes:
    """Bytes of a styled .xlsx workbook, also written to `path` (atomically) where one is given.

    Headers are frozen, groups coloured, codebook columns carry drop-down lists of the values
    in use, and every cell is a text cell. The same sheets give the same bytes.
    """
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, content in sheets.items():
        _write_sheet(book.create_sheet(name), name, content)
    book.properties.creator = "Persepsi"
    book.properties.created = EPOCH
    book.properties.modified = EPOCH
    buffer = io.BytesIO()
    book.save(buffer)
    data = _frozen(buffer.getvalue())
    if path is not None:
        part = path.with_name(f".{path.name}.part")
        part.write_bytes(data)
        os.replace(part, path)
    return data


def _write_sheet(tab: Worksheet, name: str, content: Sheet) -> None:
    tab.freeze_panes = "C2" if name in {"survey", "choices"} else "A2"
    for index, column in enumerate(content.header, start=1):
        base = column.split("::")[0]
        own = base in CODEBOOK_COLUMNS or base == "skor"
        head = _text(tab.cell(row=1, column=index), column)
        head.font = Font(bold=True, color="FFFFFF")
        head.fill = PatternFill("solid", fgColor=CODEBOOK_COLOUR if own else HEADER_COLOUR)
        tab.column_dimensions[get_column_letter(index)].width = WIDTHS.get(base, DEFAULT_WIDTH)
    for row, colour in zip(content.rows, _colours(name, content), strict=True):
        for index, column in enumerate(content.header, start=1):
            text = row.get(column)
            if not text and not colour:
                continue
            cell = _text(tab.cell(row=row.number, column=index), text)
            if colour:
                cell.fill = PatternFill("solid", fgColor=colour)
    if name == "survey":
        _drop_downs(tab, content)


def _text(cell: Any, text: str) -> Cell:
    if text:
        cell.value = text
        cell.data_type = "s"  # a relevant that starts with "=" is no Excel formula
    cell.number_format = "@"
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell  # type: ignore[no-any-return]


def _colours(name: str, content: Sheet) -> Iterator[str]:
    """Background of each row: the colour of its outermost group, or of every other list."""
    if name != "survey":
        lists: list[str] = []
        for row in content.rows:
            key = row.get("list_name")
            if key and key not in lists:
                lists.append(key)
            yield GROUP_COLOURS[0] if key and lists.index(key) % 2 else ""
        return
    depth, group = 0, -1
    for row in content.rows:
        kind = row.get("type").lower().replace(" ", "_")
        if kind in {"begin_group", "begin_repeat"}:
            group += depth == 0
            depth += 1
        yield GROUP_COLOURS[group % len(GROUP_COLOURS)] if depth else ""
        depth -= kind in {"end_group", "end_repeat"}


def _drop_downs(tab: Worksheet, content: Sheet) -> None:
    last = (content.rows[-1].number if content.rows else 1) + 200
    for index, column in enumerate(content.header, start=1):
        if column not in CODEBOOK_COLUMNS:
            continue
        values = list(dict.fromkeys(row.get(column) for row in content.rows if row.get(column)))
        listed = ",".join(values)
        if not values or len(listed) > 255 or any("," in v or '"' in v for v in values):
            continue  # Excel refuses a longer list
        rule = DataValidation(type="list", formula1=f'"{listed}"', allow_blank=True)
        rule.errorStyle = "warning"
        letter = get_column_letter(index)
        rule.add(f"{letter}2:{letter}{last}")
        tab.add_data_validation(rule)


def _frozen(data: bytes) -> bytes:
    """Archive with fixed times and a fixed modification date, which openpyxl sets to now."""
    stamp = f"{EPOCH.isoformat()}Z".encode()
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
        for item in source.infolist():
            body = source.read(item)
            if item.filename == "docProps/core.xml":
                body = re.sub(rb"(<dcterms:(created|modified)[^>]*>)[^<]*", rb"\g<1>" + stamp, body)
            entry = zipfile.ZipInfo(item.filename, date_time=(2026, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            target.writestr(entry, body)
    return out.getvalue()
