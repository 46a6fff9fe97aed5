"""Tables and settings that people edit, read as Excel with Indonesian settings writes them.

A byte-order mark or none, `;` or `,` between cells, UTF-8 or cp1252, `1,5` or `1.5`: all are
read alike. Every cell stays text; numbers are taken with `number`, so that a unit code `007`
never becomes 7.
"""

import csv
import io
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.errors import StudyError


def read_text(path: Path) -> str:
    """Text of a file a person edited: UTF-8 with or without BOM, else cp1252."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise StudyError(
            f"{path}: cannot be read ({error.strerror}). Check the name and your permission."
        ) from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def read_table(path: Path, required: Sequence[str]) -> list[dict[str, str]]:
    """Rows of a CSV file as dicts of stripped text; blank lines are left out.

    Raises
    ------
    StudyError
        Where the file is absent or empty, a required column is missing, or a row has more
        cells than the header.
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
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    header = [cell.strip() for cell in next(reader)]
    missing = [name for name in required if name not in header]
    if missing:
        raise StudyError(
            f"{path}: column {', '.join(missing)} is missing; found {', '.join(header)}. "
            "Check the spelling in line 1."
        )
    rows = []
    for number, cells in enumerate(reader, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(header):
            raise StudyError(
                f"{path}, line {number}: {len(cells)} cells under {len(header)} columns. "
                f"A cell that holds {delimiter!r} must stand in double quotes."
            )
        padded = [cell.strip() for cell in cells] + [""] * (len(header) - len(cells))
        rows.append(dict(zip(header, padded, strict=True)))
    return rows


def unique(rows: Sequence[Mapping[str, str]], key: str, path: Path) -> None:
    """Refuse a table in which the code in column `key` is blank or stands twice."""
    seen: dict[str, int] = {}
    for number, row in enumerate(rows, start=2):
        code = row[key]
        if not code:
            raise StudyError(f"{path}, row {number}: {key} is blank; every row needs its own code.")
        if code in seen:
            raise StudyError(
                f"{path}: {key} {code!r} stands in rows {seen[code]} and {number}; "
                "codes must be unique."
            )
        seen[code] = number


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
