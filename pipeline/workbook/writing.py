"""Write sheets to an .xlsx workbook: styled, every cell text, the same bytes every time."""

import io
import os
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from analysis.instrument import CODEBOOK_COLUMNS
from pipeline.errors import QuestionnaireError
from pipeline.workbook.frozen import EPOCH, archive
from pipeline.workbook.sheets import Row, Sheet, check_name

LONGEST_CELL = 32_767
"""Characters a cell of a workbook can hold; openpyxl would cut the rest off without a word."""

GROUP_COLOURS = ("DDEBF7", "E2EFDA", "FFF2CC", "FCE4D6", "EDEDED", "D9E1F2")
HEADER_COLOUR = "1F3864"
CODEBOOK_COLOUR = "7B5B00"

WIDTHS = {
    "type": 26, "name": 18, "label": 52, "hint": 34, "required": 9, "required_message": 24,
    "relevant": 26, "constraint": 26, "constraint_message": 30, "calculation": 30, "trigger": 12,
    "appearance": 14, "parameters": 30, "choice_filter": 18, "list_name": 16, "default": 30,
}  # fmt: skip
DEFAULT_WIDTH = 14
LINE_POINTS = 15.0
MOST_LINES = 8
"""Lines of a row that are shown at once; a consent text would otherwise fill the screen."""


def write_workbook(
    sheets: Mapping[str, Sheet],
    path: Path | None = None,
    *,
    lists: Mapping[str, Sequence[str]] | None = None,
) -> bytes:
    """Bytes of a styled .xlsx workbook, also written to `path` (atomically) where one is given.

    Headers are frozen, groups coloured, codebook columns carry drop-down lists, and every cell is
    a text cell. The same sheets give the same bytes.

    Parameters
    ----------
    lists
        Values that a column of the sheet survey offers, by its header; codebook columns without
        an entry offer the values in use.

    Raises
    ------
    QuestionnaireError
        Where a sheet's name or a cell holds what no workbook can; nothing is written then.
    """
    book = Workbook()
    book.remove(book.worksheets[0])
    seen: dict[str, str] = {}
    for name, content in sheets.items():
        check_name(name)
        if (other := seen.setdefault(name.lower(), name)) != name:
            raise QuestionnaireError(
                f"Sheets {name!r} and {other!r}: a workbook takes capitals for the same. Rename "
                "one of them."
            )
        tab = book.create_sheet(name)
        _check(name, content)
        _write_sheet(tab, name, content, lists or {})
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


def _check(name: str, content: Sheet) -> None:
    rows = [Row(1, dict(zip(content.header, content.header, strict=True))), *content.rows]
    for row in rows:
        for column, text in row.cells.items():
            if len(text) > LONGEST_CELL or ILLEGAL_CHARACTERS_RE.search(text):
                raise QuestionnaireError(
                    f"sheet {name}, row {row.number}, column {column!r}: longer than "
                    f"{LONGEST_CELL} characters or with a control character, which no workbook "
                    "can hold. Shorten or retype the cell."
                )


def _write_sheet(
    tab: Worksheet, name: str, content: Sheet, lists: Mapping[str, Sequence[str]]
) -> None:
    tab.freeze_panes = "C2" if name in {"survey", "choices"} else "A2"
    for index, column in enumerate(content.header, start=1):
        base = column.split("::")[0]
        own = base in CODEBOOK_COLUMNS or base == "skor"
        head = _text(tab.cell(row=1, column=index), column)
        head.font = Font(bold=True, color="FFFFFF")
        head.fill = PatternFill("solid", fgColor=CODEBOOK_COLOUR if own else HEADER_COLOUR)
        tab.column_dimensions[get_column_letter(index)].width = WIDTHS.get(base, DEFAULT_WIDTH)
    tab.row_dimensions[1].height = 2 * LINE_POINTS
    for row, colour in zip(content.rows, _colours(name, content), strict=True):
        for index, column in enumerate(content.header, start=1):
            text = row.get(column)
            if not text and not colour:
                continue
            cell = _text(tab.cell(row=row.number, column=index), text)
            if colour:
                cell.fill = PatternFill("solid", fgColor=colour)
        tab.row_dimensions[row.number].height = LINE_POINTS * _lines(row, content)
    if name == "survey":
        _drop_downs(tab, content, lists)


def _lines(row: Row, content: Sheet) -> int:
    """Lines that the longest cell of a row takes at the width of its column, within reason.

    Spreadsheet programs do not agree on whether a row without a height grows with its text.
    """
    most = 1
    for column in content.header:
        width = WIDTHS.get(column.split("::")[0], DEFAULT_WIDTH)
        lines = sum(max(1, -(-len(part) // width)) for part in row.get(column).split("\n"))
        most = max(most, lines)
    return min(most, MOST_LINES)


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


def _drop_downs(tab: Worksheet, content: Sheet, lists: Mapping[str, Sequence[str]]) -> None:
    last = (content.rows[-1].number if content.rows else 1) + 200
    for index, column in enumerate(content.header, start=1):
        if column not in {*CODEBOOK_COLUMNS, *lists}:
            continue
        used = (row.get(column) for row in content.rows if row.get(column))
        values = list(dict.fromkeys(lists.get(column, used)))
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
    parts = {}
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        for item in source.infolist():
            body = source.read(item)
            if item.filename == "docProps/core.xml":
                body = re.sub(rb"(<dcterms:(created|modified)[^>]*>)[^<]*", rb"\g<1>" + stamp, body)
            parts[item.filename] = body
    return archive(parts)
