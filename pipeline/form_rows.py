"""The rows of a form as they count: of the workbook, and of the server's JSON, in one shape."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.xlsform import TRANSLATABLE, Column, QuestionType, Record, XLSForm

USUALLY_FALSE = frozenset({"required", "read_only"})
"""Columns where a form builder writes false and a person leaves the cell blank."""

OF_THE_SERVER = frozenset(
    {"type", "name", "list_name", "select_from_list_name", "file", "_or_other", "tags", "hxl"}
)
"""Columns that are compared by their meaning, and tags, which the server writes otherwise."""
_TRUE, _FALSE = frozenset({"yes", "true", "true()"}), frozenset({"no", "false", "false()"})

Cells = dict[tuple[str, str], str]


@dataclass(frozen=True, slots=True)
class FormRow:
    """A row by what names it, its type, its number in the sheet, and its other cells."""

    key: tuple[str, ...]
    kind: str
    row: int
    cells: Cells

    @property
    def what(self) -> str:
        """What a person calls it."""
        return " ".join(self.key)


def sent_rows(form: XLSForm, sheet: str, default: str) -> list[FormRow]:
    """Rows of a sheet of the workbook; `default` is the language of plain labels."""
    rows = []
    for record in form.records(sheet):
        kind = _type(record.text("type")) if sheet == "survey" else ""
        key = _key(sheet, record.text("list_name"), record.text("name"), kind)
        if not key or key[-1] in {"__version__", "_version_"}:
            continue
        rows.append(FormRow(key, kind, record.number, _sent_cells(record, default)))
    return rows


def _sent_cells(record: Record, default: str) -> Cells:
    cells: Cells = {}
    for column, text in record.cells.items():
        if column.base in OF_THE_SERVER or column.base.startswith("$"):
            continue
        cells[_column(column, default)] = counted_text(column.base, text)
    return cells


def held_rows(
    rows: Sequence[Mapping[str, Any]], sheet: str, languages: Sequence[str], default: str
) -> list[FormRow]:
    """Rows of a sheet as the server holds them, its arrays spread over `languages`."""
    found = []
    for number, row in enumerate(rows, start=2):
        listed = str(row.get("select_from_list_name") or row.get("file") or "")
        other = " or_other" if row.get("_or_other") in (True, "true") else ""
        kind = _type(f"{row.get('type', '')} {listed}{other}".strip()) if sheet == "survey" else ""
        key = _key(sheet, str(row.get("list_name") or ""), str(row.get("name") or ""), kind)
        if not key:
            continue
        cells: Cells = {}
        for header, value in row.items():
            column = Column.of(header)
            if header.startswith("$") or column.base in OF_THE_SERVER:
                continue
            values = value if isinstance(value, list) else [value]
            names = languages if isinstance(value, list) else [column.language]
            for language, text in zip(names, values, strict=False):
                if text is not None and str(text).strip():
                    place = _column(Column(column.base, language), default)
                    cells[place] = counted_text(column.base, text)
        found.append(FormRow(key, kind, number, cells))
    return found


def _key(sheet: str, list_name: str, name: str, kind: str) -> tuple[str, ...]:
    if sheet == "choices":
        return (list_name, name) if list_name else ()
    if not kind or kind.startswith("end_"):
        return ()
    return (name,) if name else (f"({kind} without a name)",)


def _type(text: str) -> str:
    kind = QuestionType.of(text)
    other = " or_other" if kind.other else ""
    return f"{kind.kind} {kind.list_name or kind.file}".strip() + other


def _column(column: Column, default: str) -> tuple[str, str]:
    """Column and language; a plain label is that of the default language."""
    language = column.language
    if column.base in TRANSLATABLE and not language:
        language = default
    return column.base, language


def counted_text(base: str, value: object) -> str:
    """Text as it counts: blanks run together, and truth values in one spelling."""
    text = " ".join(str(value).split())
    if base in TRANSLATABLE:
        return text
    lowered = text.lower()
    if lowered in _FALSE:
        return "" if base in USUALLY_FALSE else "FALSE"
    return "TRUE" if lowered in _TRUE else text


def place_of(form: XLSForm, sentence: str) -> str:
    """Where in the workbook a server's sentence points to; empty where it names nothing of it."""
    for reference in re.findall(r"\$\{\s*([^}]+?)\s*\}", sentence):
        for sheet in ("survey", "choices"):
            for record in form.records(sheet):
                for column, text in record.cells.items():
                    if re.search(r"\$\{\s*" + re.escape(reference) + r"\s*\}", text):
                        return _place(form, sheet, record.number, column.base)
    words = set(re.findall(r"'([^']+)'", sentence)) | set(re.findall(r"[^\s'\"]+", sentence))
    named = [r for r in form.records("survey") if r.text("name") and r.text("name") in words]
    if named:
        return _place(form, "survey", ", ".join(str(r.number) for r in named), "name")
    row = re.search(r"\[row : (\d+)\]", sentence)
    typed = [record for record in form.records("survey") if record.text("type")]
    if row and 0 <= int(row[1]) - 2 < len(typed):  # the server counts the rows that it kept
        return _place(form, "survey", typed[int(row[1]) - 2].number, "")
    return ""


def _place(form: XLSForm, sheet: str, row: int | str, column: str) -> str:
    return f"{form.path.name}, sheet {sheet}, row {row}" + (f", column {column}" if column else "")
