"""Checks of what a cell refers to: other questions, files beside the form, lists of choices.

pyxform stops at the first unknown `${question}` and passes a `pulldata()` of a file that nobody
has; here each is named with its cell, and with the name that was probably meant.
"""

import difflib
import re
from collections.abc import Iterator
from pathlib import Path

from pipeline.formlint.finding import Finding
from pipeline.formlint.media import csv_header
from pipeline.xlsform import QuestionType, XLSForm

_REFERENCE = re.compile(r"\$\{(?:last-saved#)?\s*([^}]*?)\s*\}")
_PULLED = re.compile(r"pulldata\(\s*(['\"])(.*?)\1\s*,\s*(['\"])(.*?)\3\s*,\s*(['\"])(.*?)\5")
_INSTANCE = re.compile(r"instance\(\s*(['\"])(.*?)\1\s*\)")
BUILT_IN = frozenset({"__last-saved"})


def references(form: XLSForm) -> Iterator[Finding]:
    """`${names}` that no row has."""
    known = {record.text("name") for record in form.records("survey")} - {""}
    for sheet in ("survey", "choices", "settings"):
        for record in form.records(sheet):
            for column, text in record.cells.items():
                for name in dict.fromkeys(_REFERENCE.findall(text)):
                    if name in known:
                        continue
                    near = difflib.get_close_matches(name, sorted(known), 1, 0.6)
                    header = f"{column.base}::{column.language}" if column.language else column.base
                    yield Finding(
                        sheet, record.number, header, f"${{{name}}}",
                        f"the name of a question{f', perhaps ${{{near[0]}}}' if near else ''}",
                        "Correct the name: no row of the sheet survey is called so.",
                    )  # fmt: skip


def pulled(form: XLSForm, folder: Path) -> Iterator[Finding]:
    """Files, columns and lists that `pulldata()` and `instance()` name but that are not there."""
    lists = {record.text("list_name") for record in form.records("choices")} - {""}
    files = {Path(file).stem for file in _attached(form)}
    for record in form.records("survey"):
        for column, text in record.cells.items():
            for _, name, _, taken, _, key in _PULLED.findall(text):
                yield from _columns(record.number, column.base, name, (taken, key), folder)
            for _, name in _INSTANCE.findall(text):
                if name not in lists | files | BUILT_IN:
                    near = difflib.get_close_matches(name, sorted(lists | files), 1, 0.6)
                    yield Finding(
                        "survey", record.number, column.base, f"instance({name!r})",
                        "a list of the sheet choices or a file that a question uses"
                        f"{f', perhaps {near[0]!r}' if near else ''}",
                        "Correct the name: phones find nothing there.",
                    )  # fmt: skip


def _attached(form: XLSForm) -> Iterator[str]:
    for record in form.records("survey"):
        kind = QuestionType.of(record.text("type"))
        if kind.file:
            yield kind.file
        elif kind.kind in {"csv-external", "xml-external"}:
            yield f"{record.text('name')}.{kind.kind[:3]}"


def _columns(
    row: int, column: str, name: str, wanted: tuple[str, str], folder: Path
) -> Iterator[Finding]:
    path = folder / f"{name.removesuffix('.csv')}.csv"
    header = csv_header(path)
    if header is None:
        yield Finding(
            "survey", row, column, f"pulldata of {path.name!r}",
            f"a file of that name in {folder.name or folder}",
            "Put the file there, or correct its name (capitals count).",
        )  # fmt: skip
        return
    for one in dict.fromkeys(wanted):
        if one not in header:
            yield Finding(
                "survey", row, column, f"the column {one!r} of {path.name}",
                f"one of {', '.join(header)}", "Correct the column's name.",
            )  # fmt: skip
