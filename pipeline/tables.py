"""Tables and settings that people edit, read as Excel with Indonesian settings writes them.

A byte-order mark or none, `;` or `,` between cells, UTF-8, UTF-16 or cp1252, `1,5` or `1.5`: all
are read alike. Every cell stays text; numbers are taken with `number`, so that a unit code `007`
never becomes 7.
"""

import codecs
import csv
import io
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pipeline.errors import StudyError

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Row(dict[str, str]):
    """Cells of a table's row by column; `line` is the line of the file where the row begins."""

    def __init__(self, cells: Iterable[tuple[str, str]], line: int) -> None:
        super().__init__(cells)
        self.line = line


def read_text(path: Path) -> str:
    """Text of a file a person edited: UTF-8 with or without BOM, UTF-16 with BOM, else cp1252.

    Raises
    ------
    StudyError
        Where the file cannot be read, or says UTF-16 and is not.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise StudyError(
            f"{path}: cannot be read ({error.strerror}). Check the name and your permission."
        ) from None
    if raw.startswith(_UTF_16):
        try:
            return raw.decode("utf-16")
        except UnicodeDecodeError:
            raise StudyError(
                f"{path}: begins as UTF-16 text but goes on as something else, so it is damaged. "
                "Save it again, as CSV UTF-8."
            ) from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def read_table(path: Path, required: Sequence[str]) -> list[Row]:
    """Rows of a CSV file as dicts of stripped text; blank lines are counted but left out.

    Raises
    ------
    StudyError
        Where the file is absent or empty, a required column is missing, a row has more cells
        than the header, or a double quote is not closed.
    """
    if not path.exists():
        raise StudyError(
            f"{path}: not found. The study needs it; its columns are {', '.join(required)}."
        )
    text = read_text(path)
    lines = text.splitlines()
    if not lines or not lines[0].strip():
        raise StudyError(
            f"{path}: empty. The first line must name the columns {', '.join(required)}."
        )
    delimiter = max(";,\t", key=lines[0].count)
    numbered = _numbered(text, delimiter, path)
    header = [cell.strip() for cell in next(numbered)[1]]
    missing = [name for name in required if name not in header]
    if missing:
        raise StudyError(
            f"{path}: column {', '.join(missing)} is missing; found {', '.join(header)}. "
            "Check the spelling in line 1."
        )
    rows = []
    for line, cells in numbered:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(header):
            raise StudyError(
                f"{path}, line {line}: {len(cells)} cells under {len(header)} columns. "
                f"A cell that holds {delimiter!r} must stand in double quotes."
            )
        padded = [cell.strip() for cell in cells] + [""] * (len(header) - len(cells))
        rows.append(Row(zip(header, padded, strict=True), line))
    return rows


def _numbered(text: str, delimiter: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Cells of each row with the line where it begins; a quoted cell may go over several lines."""
    # Strict, since a quote left open would swallow every row below it without a word.
    reader = csv.reader(io.StringIO(text, newline=None), delimiter=delimiter, strict=True)
    begins = 1
    try:
        for cells in reader:
            yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as error:
        raise StudyError(
            f"{path}, line {begins}: the row cannot be told into cells ({error}). A cell that "
            "begins with a double quote must end with one; a quote inside it is written twice."
        ) from None


def unique(rows: Sequence[Row], key: str, path: Path) -> None:
    """Refuse a table in which the code in column `key` is blank or stands twice."""
    seen: dict[str, int] = {}
    for row in rows:
        code = row[key]
        if not code:
            raise StudyError(
                f"{path}, row {row.line}: {key} is blank; every row needs its own code."
            )
        if code in seen:
            raise StudyError(
                f"{path}: {key} {code!r} stands in rows {seen[code]} and {row.line}; "
                "codes must be unique."
            )
        seen[code] = row.line


def number(text: str, where: str) -> float | None:
    """Number written with decimal point or comma; None for a blank cell.

    A single comma is a decimal comma, a point with a later comma is a thousands point.

    Raises
    ------
    StudyError
        Where the text is no number; `where` says in which file, row and column.
    """
    cleaned = text.strip().replace("\u00a0", "").replace(" ", "")
    if not cleaned:
        return None
    if "," in cleaned:
        cleaned = cleaned.replace(".", "").replace(",", ".")
    try:
        return float(cleaned)
    except ValueError:
        raise StudyError(f"{where}: {text!r} is not a number.") from None


def read_toml(path: Path) -> dict[str, Any]:
    """Settings of a TOML file; the error says line and column."""
    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise StudyError(f"{path}: not valid TOML: {error}. Texts need double quotes.") from None
