"""The workbooks behind the recorded uploads, written anew from what the server made of them."""

import datetime as dt
import io
from typing import Any

import openpyxl

Rows = list[dict[str, Any]]


def workbook(**sheets: Rows) -> bytes:
    """XLSX of sheets given as rows; the columns stand in the order they first appear."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        header = list(dict.fromkeys(key for row in rows for key in row))
        sheet.append(header)
        for row in rows:
            sheet.append([row.get(key) for key in header])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def from_content(content: dict[str, Any], title: str) -> bytes:
    """XLSX that the server would read into this content."""
    languages = content["translations"]
    settings = {**content["settings"], "form_title": title}
    settings["form_id"] = settings.pop("id_string")
    sheets = {
        "survey": [_cells(row, languages) for row in content["survey"]],
        "choices": [_cells(row, languages) for row in content.get("choices", [])],
        "settings": [settings],
    }
    for name, value in content.items():
        if value == [] and name not in sheets:
            sheets[name] = [{"key": "note", "value": "this row is lost"}]
    return workbook(**sheets)


def _cells(row: dict[str, Any], languages: list[str | None]) -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for key, value in row.items():
        if key.startswith("$") or key in {"select_from_list_name", "file"}:
            continue
        if isinstance(value, list):
            for language, text in zip(languages, value, strict=True):
                cells[f"{key}::{language}" if language else key] = text
        elif value is True:
            cells[key] = "yes"
        else:
            cells[key] = value
    listed = row.get("select_from_list_name") or row.get("file")
    if listed:
        cells["type"] = f"{row['type']} {listed}"
    return cells


DUPLICATE_NAME = workbook(
    survey=[
        {"type": "text", "name": "q1", "label": "A"},
        {"type": "text", "name": "q1", "label": "B"},
    ]
)
BAD_NAME = workbook(survey=[{"type": "text", "name": "1bad name", "label": "A"}])
BAD_REFERENCE = workbook(
    survey=[{"type": "text", "name": "q1", "label": "Q", "relevant": "${nope} = 1"}]
)
NO_SURVEY = workbook(questions=[{"type": "text", "name": "q1", "label": "Q"}])
SAME_NAME_IN_GROUPS = workbook(
    survey=[
        {"type": "begin_group", "name": "g1", "label": "G"},
        {"type": "text", "name": "q", "label": "Q"},
        {"type": "end_group"},
        {"type": "begin_group", "name": "g2", "label": "G"},
        {"type": "text", "name": "q", "label": "Q"},
        {"type": "end_group"},
    ]
)
ROLE_COLUMNS = workbook(
    survey=[
        {
            "type": "text",
            "name": "q1",
            "label::English (en)": "Q1",
            "analysis::role": "admin",
            "note::internal": "n1",
        },
        {
            "type": "integer",
            "name": "q2",
            "label::English (en)": "Q2",
            "analysis::role": "outcome",
        },
    ],
    settings=[{"form_title": "Role form", "form_id": "role"}],
)
OR_OTHER = workbook(
    survey=[
        {"type": "select_one l or_other", "name": "c", "label": "C"},
        {"type": "select_multiple m", "name": "m", "label": "M"},
        {"type": "rank m", "name": "r", "label": "R"},
    ],
    choices=[
        {"list_name": "l", "name": "x", "label": "X"},
        {"list_name": "m", "name": "has space", "label": "HS"},
        {"list_name": "m", "name": "b", "label": "B"},
    ],
)
ODD_CELLS = workbook(
    survey=[
        {
            "type": "text",
            "name": "q1",
            "label": "Q",
            "my col": "a",
            "MyCol": "b",
            "default": 3,
            "x.y": "d",
            "label::French (fr)": "Qf",
            "x:y": "c",
        },
        {
            "type": "date",
            "name": "q2",
            "label": "D",
            "default": dt.datetime(2026, 1, 2, tzinfo=dt.UTC).replace(tzinfo=None),
            "relevant": True,
        },
        {"type": "integer", "name": "q3", "default": 0, "relevant": False},
    ],
    notes=[{"n": "lost"}],
    **{"choices ": [{"list_name": "a", "name": "b"}]},
)
NO_NAMES = workbook(
    survey=[
        {"type": "text", "label": "Combien d\N{RIGHT SINGLE QUOTATION MARK}enfants ?"},
        {"type": "text", "label": "Combien d\N{RIGHT SINGLE QUOTATION MARK}enfants ?"},
        {"type": "text", "label": "عربي"},
        {"type": "note"},
    ]
)
RESERVED_NAMES = workbook(
    survey=[
        {"type": "text", "name": "_id", "label": "Q"},
        {"type": "text", "name": "meta", "label": "M"},
        {"type": "text", "name": "a.b", "label": "dot"},
        {"type": "text", "name": "a-b", "label": "dash"},
        {"type": "text", "name": "Élan", "label": "unicode"},
    ]
)
