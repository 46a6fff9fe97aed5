"""One grid as the part of a workbook that holds its cells."""

import datetime
import math
from collections.abc import Iterator, Sequence
from decimal import Decimal
from xml.sax.saxutils import escape

from openpyxl.utils import get_column_letter

from pipeline.errors import PersepsiError
from pipeline.workbook.grid import (
    HEAD,
    MOST_COLUMNS,
    MOST_ROWS,
    SUBTITLE,
    TEXT,
    TITLE,
    WRAPPED,
    Formula,
    Grid,
    Styled,
    Value,
)
from pipeline.workbook.looks import PLACE
from pipeline.workbook.sheets import check_name

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DAY_ONE = datetime.datetime(1899, 12, 30)  # noqa: DTZ001 # Excel knows no zones
NARROWEST, WIDEST = 9.0, 60.0
LINE = 15.0
"""Height of a line in points."""
LETTERS = 1.1
"""Letters of a text for each digit that a column is wide."""
MOST_LINES = 27
"""Lines after which a row cannot grow (409 points)."""


def sheet_part(grid: Grid, texts: dict[str, int], *, is_first: bool) -> str:
    """The part of a sheet; its texts get their numbers in `texts`, which all sheets share.

    Raises
    ------
    PersepsiError
        Where it has more rows or columns than a workbook can hold, or no usable name.
    """
    check_name(grid.name)
    rows, columns = grid.first - 1 + len(grid.rows), len(grid.columns)
    if rows > MOST_ROWS or columns > MOST_COLUMNS:
        raise PersepsiError(
            f"Sheet {grid.name}: {rows} rows and {columns} columns; a workbook holds "
            f"{MOST_ROWS} and {MOST_COLUMNS}. Choose CSV or Parquet, which have no such limit."
        )
    head, pane = grid.first - 1, f"{get_column_letter(grid.frozen + 1)}{grid.first}"
    across = f' xSplit="{grid.frozen}"' if grid.frozen else ""
    at = "bottomRight" if grid.frozen else "bottomLeft"
    kind = f' topLeftCell="{pane}" activePane="{at}" state="frozen"'
    selected = ' tabSelected="1"' if is_first else ""
    last = get_column_letter(max(columns, 1))
    widths = "".join(
        f'<col min="{i}" max="{i}" width="{width:.2f}" customWidth="1"/>'
        for i, width in enumerate(_widths(grid), start=1)
    )
    filtered = (
        f'<autoFilter ref="A{head}:{last}{max(rows, head)}"/>'
        if grid.has_filter and grid.rows
        else ""
    )
    return (
        f'<worksheet xmlns="{MAIN}"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>'
        f'<dimension ref="A1:{last}{max(rows, head)}"/><sheetViews><sheetView workbookViewId="0"'
        f'{selected}><pane{across} ySplit="{head}"{kind}/><selection pane="{at}" '
        f'activeCell="{pane}" sqref="{pane}"/></sheetView></sheetViews>'
        f'<sheetFormatPr defaultRowHeight="15"/>'
        f"<cols>{widths}</cols><sheetData>{''.join(_rows(grid, texts))}</sheetData>{filtered}"
        '<pageMargins left="0.5" right="0.5" top="0.6" bottom="0.6" header="0.3" footer="0.3"/>'
        '<pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/>'
        "<headerFooter><oddFooter>&amp;L&amp;A&amp;R&amp;P / &amp;N</oddFooter></headerFooter>"
        "</worksheet>"
    )


def _rows(grid: Grid, texts: dict[str, int]) -> Iterator[str]:
    letters = [get_column_letter(i) for i in range(1, len(grid.columns) + 1)]
    for number, line in enumerate(grid.lead, start=1):
        style = (TITLE, TEXT)[number - 1] if number < 3 else SUBTITLE
        yield f'<row r="{number}">{_cell(f"A{number}", line, style, texts)}</row>'
    head = grid.first - 1
    cells = [
        _cell(f"{letter}{head}", column.head, HEAD, texts)
        for letter, column in zip(letters, grid.columns, strict=True)
    ]
    yield f'<row r="{head}" ht="45" customHeight="1">{"".join(cells)}</row>'
    styles = [column.style for column in grid.columns]
    wrapped = [(i, LETTERS * c.width) for i, c in enumerate(grid.columns) if c.style == WRAPPED]
    for number, row in enumerate(grid.rows, start=grid.first):
        cells = [
            _cell(f"{letter}{number}", value, style, texts)
            for letter, style, value in zip(letters, styles, row, strict=False)
            if value is not None and value != ""
        ]
        yield f'<row r="{number}"{_height(row, wrapped)}>{"".join(cells)}</row>'


def _height(row: Sequence[Value], wrapped: Sequence[tuple[int, float]]) -> str:
    """Height of a row whose texts take several lines; not every program finds it by itself."""
    lines = 1
    for i, width in wrapped:
        text = row[i] if i < len(row) else None
        if isinstance(text, str) and len(text) > width:
            lines = max(lines, math.ceil(len(text) / width))
    return f' ht="{LINE * min(lines, MOST_LINES):g}" customHeight="1"' if lines > 1 else ""


def _cell(at: str, value: Value, style: str, texts: dict[str, int]) -> str:
    if isinstance(value, Styled):
        return _cell(at, value.value, value.style, texts)
    if isinstance(value, Formula):
        text = isinstance(value.value, str)
        held = escape(str(value.value)) if text else repr(float(value.value))
        kind = ' t="str"' if text else ""
        formula = f"<f>{escape(value.text)}</f><v>{held}</v>"
        return f'<c r="{at}" s="{PLACE[value.style]}"{kind}>{formula}</c>'
    if value is None:
        return f'<c r="{at}" s="{PLACE[style]}"/>'
    if isinstance(value, str):
        place = texts.setdefault(value, len(texts))
        return f'<c r="{at}" s="{PLACE[style]}" t="s"><v>{place}</v></c>'
    return f'<c r="{at}" s="{PLACE[style]}"><v>{_number(value)}</v></c>'


def _number(value: int | float | Decimal | datetime.date) -> str:
    if isinstance(value, datetime.datetime):
        return repr((value - _DAY_ONE) / datetime.timedelta(days=1))
    if isinstance(value, datetime.date):
        return str((value - _DAY_ONE.date()).days)
    if not math.isfinite(value):
        raise ValueError(f"{value} is no number that a cell can hold; leave the cell blank")
    return repr(float(value)) if isinstance(value, float) else str(value)


def _widths(grid: Grid) -> Iterator[float]:
    """Widths of the columns in characters, those without one by what they hold."""
    for i, column in enumerate(grid.columns):
        if column.width:
            yield column.width
            continue
        most = max(map(len, column.head.split()), default=0)
        for row in grid.rows[:2000]:
            value = row[i] if i < len(row) else None
            value = value.value if isinstance(value, Styled | Formula) else value
            most = max(most, len(value) if isinstance(value, str) else 10 * (value is not None))
        yield min(max(most + 2.0, NARROWEST), WIDEST)
