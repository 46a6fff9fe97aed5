"""The files beside a form, and which of their columns the form needs."""

import csv
import io
import re
from pathlib import Path

from pipeline.errors import StudyError
from pipeline.tables import read_text
from pipeline.xlsform import QuestionType, XLSForm

_INSTANCE = re.compile(r"instance\(\s*'([^']+)'\s*\)/root/item\[([^\]]*)\]/([\w.-]+)")
_PULLED = re.compile(r"pulldata\(\s*['\"]([^'\"]+)['\"]\s*,\s*['\"]([^'\"]+)['\"]"
                     r"\s*,\s*['\"]([^'\"]+)['\"]")  # fmt: skip
_TESTED = re.compile(r"(?:^|\band\b|\bor\b)\s*([A-Za-z_][\w.-]*)\s*=")


def needed_columns(form: XLSForm) -> dict[str, tuple[str, ...]]:
    """Columns that the form reads of each CSV file, by the file's name, in the form's order."""
    found: dict[str, dict[str, None]] = {}
    for record in form.records("survey"):
        kind = QuestionType.of(record.text("type"))
        if kind.file.lower().endswith(".csv"):
            given = dict(re.findall(r"(value|label)\s*=\s*([\w.-]+)", record.text("parameters")))
            columns = found.setdefault(kind.file, {})
            columns[given.get("value", "name")] = columns[given.get("label", "label")] = None
        elif kind.kind == "csv-external":
            found.setdefault(f"{record.text('name')}.csv", {})
    for record in form.records("survey"):
        for text in record.cells.values():
            for name, test, taken in _INSTANCE.findall(text):
                if f"{name}.csv" in found:
                    found[f"{name}.csv"].update(dict.fromkeys([*_TESTED.findall(test), taken]))
            for name, taken, key in _PULLED.findall(text):
                found.setdefault(f"{name.removesuffix('.csv')}.csv", {}).update(
                    {key: None, taken: None}
                )
    return {name: tuple(columns) for name, columns in found.items()}


def csv_header(path: Path) -> list[str] | None:
    """First line of a media file as phones read it (commas only); None where it is absent."""
    if not path.is_file():
        return None
    try:
        first = next(csv.reader(io.StringIO(read_text(path))), [])
    except StudyError:
        return None
    return [cell.strip() for cell in first]
