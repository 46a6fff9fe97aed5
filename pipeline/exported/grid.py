"""The cells of an export file: CSV as anybody saved it, the sheets of a workbook, a zip of CSV.

Every cell becomes text. A CSV may begin with a byte-order mark or with Excel's `sep=;`, have `;`,
`,` or tabs between cells, and be UTF-8, UTF-16 or cp1252.
"""

import codecs
import csv
import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path

from openpyxl import load_workbook

from pipeline.exported.errors import ExportError

TABLE_SUFFIXES = (".csv", ".xlsx", ".zip")
DELIMITERS = (";", ",", "\t")
ANCHORS = frozenset({"_id", "_uuid", "_submission_time", "KEY", "SubmissionDate", "PARENT_KEY"})
"""Columns that only a server writes: a header that shows one was split rightly."""

LARGEST_MEMBER = 2**31
"""Bytes of a file inside a zip; more is no survey."""

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_AGAIN = "Export the data again from the server and leave the file as it is."


@dataclass(frozen=True, slots=True)
class Line:
    """A row under the header; `number` is its line in a CSV, its row in a sheet."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of text. `exact` says that numbers and times are as a program wrote them.

    `sheet` is the sheet of a workbook or the file inside a zip, empty for a plain CSV.
    """

    path: Path
    sheet: str
    header: tuple[str, ...]
    lines: tuple[Line, ...]
    exact: bool

    def where(self, number: int = 0, column: str = "") -> str:
        """Place in the file for a message: file, sheet, row, column."""
        parts = [str(self.path)]
        parts += [f"sheet {self.sheet}"] if self.sheet else []
        parts += [f"row {number}"] if number else []
        parts += [f"column {column!r}"] if column else []
        return ", ".join(parts)


def read_grids(path: Path) -> list[Grid]:
    """Tables of an export file; those of a zip or a workbook in their order.

    Raises
    ------
    ExportError
        Where the file cannot be read, is damaged, or holds no table.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ExportError(
            f"{path}: cannot be read ({error.strerror}). Check the name and your permission, and "
            "close the file where a spreadsheet program has it open."
        ) from None
    suffix = path.suffix.lower()
    if suffix == ".xlsx":
        return _workbook(path, raw)
    if suffix == ".zip":
        return _zip(path, raw)
    return [_csv(path, "", raw)]


def _zip(path: Path, raw: bytes) -> list[Grid]:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            members = [
                item
                for item in archive.infolist()
                if item.filename.lower().endswith(".csv")
                and "/" not in item.filename
                and not item.filename.endswith(" - audit.csv")
            ]
            if any(item.file_size > LARGEST_MEMBER for item in members):
                raise ExportError(f"{path}: holds a file larger than 2 GiB. {_AGAIN}")
            found = [_csv(path, item.filename, archive.read(item)) for item in members]
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError):
        raise ExportError(f"{path}: not a zip file, damaged, or locked. {_AGAIN}") from None
    if not found:
        raise ExportError(f"{path}: there is no CSV file in it. {_AGAIN}")
    return found


def _workbook(path: Path, raw: bytes) -> list[Grid]:
    found = []
    try:
        book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
        try:
            for tab in book.worksheets:
                if not hasattr(tab, "iter_rows"):
                    continue
                rows = (tuple(_cell(v) for v in row) for row in tab.iter_rows(values_only=True))
                found.append(_grid(path, tab.title, enumerate(rows, start=1), exact=True))
        finally:
            book.close()
    except ExportError:
        raise
    except Exception as error:  # openpyxl meets a broken file with whatever it stumbles over
        raise ExportError(
            f"{path}: not an Excel workbook that can be read ({type(error).__name__}). {_AGAIN}"
        ) from None
    found = [grid for grid in found if grid.header]
    if not found:
        raise ExportError(f"{path}: every sheet is empty. {_AGAIN}")
    if {"survey", "choices"} & {grid.sheet for grid in found}:
        raise ExportError(
            f"{path}: is a questionnaire (it has a sheet survey), not its answers. Name the export "
            "under [server] export in study.toml."
        )
    return found


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds" if value.microsecond else "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


def _csv(path: Path, sheet: str, raw: bytes) -> Grid:
    text = _text(path, sheet, raw)
    if text[:4].lower() == "sep=" and text[5:6] in "\r\n":
        return _grid(path, sheet, _split(path, sheet, text, text[4]), exact=False, skip=1)
    whole = [_grid(path, sheet, _split(path, sheet, text, d), exact=False) for d in DELIMITERS]
    # Labels hold commas, answers hold semicolons: a column of the server's own tells for certain.
    anchored = [grid for grid in whole if ANCHORS & set(grid.header)]
    return max(anchored or whole, key=lambda grid: len(grid.header))


def _text(path: Path, sheet: str, raw: bytes) -> str:
    where = f"{path}, {sheet}" if sheet else str(path)
    if raw.startswith(_UTF_16):
        try:
            return raw.decode("utf-16")
        except UnicodeDecodeError:
            raise ExportError(f"{where}: begins as UTF-16 text and is damaged. {_AGAIN}") from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return raw.decode("cp1252")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ExportError(
            f"{where}, line {line}: neither UTF-8 nor the text of a Windows program (cp1252), so "
            f"its letters cannot be told. Save it as CSV UTF-8, or: {_AGAIN}"
        ) from None


def _split(path: Path, sheet: str, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    # Not strict while the delimiter is only tried; `_grid` counts the cells of each row.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    begins = 1
    try:
        for cells in reader:
            yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as error:
        where = f"{path}, {sheet}" if sheet else str(path)
        raise ExportError(f"{where}, line {begins}: no CSV ({error}). {_AGAIN}") from None


def _grid(
    path: Path,
    sheet: str,
    rows: Iterator[tuple[int, list[str]]] | Iterator[tuple[int, tuple[str, ...]]],
    *,
    exact: bool,
    skip: int = 0,
) -> Grid:
    header: tuple[str, ...] = ()
    lines: list[Line] = []
    for number, cells in rows:
        if skip:
            skip -= 1
        elif not any(cell.strip() for cell in cells):
            continue
        elif not header:
            header = tuple(_trimmed(cell.strip() for cell in cells))
        else:
            lines.append(Line(number, tuple(cells)))
    return Grid(path, sheet, header, tuple(lines), exact)


def _trimmed(cells: Iterator[str]) -> list[str]:
    found = list(cells)
    while found and not found[-1]:
        found.pop()
    return found


def column_of(grid: Grid, name: str) -> list[str]:
    """Cells of the column with that header, blank where a row ends before it or there is none."""
    if name not in grid.header:
        return [""] * len(grid.lines)
    index = grid.header.index(name)
    return [line.cells[index] if index < len(line.cells) else "" for line in grid.lines]


def check_widths(grid: Grid) -> None:
    """Refuse (ExportError) a row with more cells than the header: a quote or a separator is off."""
    for line in grid.lines:
        if any(cell.strip() for cell in line.cells[len(grid.header) :]):
            raise ExportError(
                f"{grid.where(line.number)}: {len(line.cells)} cells under {len(grid.header)} "
                f"columns, so answers stand under the wrong question. {_AGAIN}"
            )
