"""Checks of what expressions compare: codes with the list of their question, columns of a filter.

A code that its list does not have makes a condition that never holds; engines say nothing.
"""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import StudyError
from pipeline.formlint.finding import Finding
from pipeline.formlint.rules import Rules
from pipeline.tables import read_table
from pipeline.xlsform import QuestionType, Record, XLSForm

EXPRESSIONS = (
    "relevant", "constraint", "calculation", "required", "choice_filter", "read_only", "default",
    "repeat_count",
)  # fmt: skip
_QUOTED = r"""(?:'([^']*)'|"([^"]*)")"""
_NAME = r"\$\{(?:last-saved#)?\s*([\w.-]+)\s*\}"
_COMPARED = re.compile(rf"(?:{_NAME}|(?<![\w.)/\]])(\.))\s*!?=\s*{_QUOTED}")
_TURNED = re.compile(rf"{_QUOTED}\s*!?=\s*(?:{_NAME}|(\.)(?![\w./]))")
_SELECTED = re.compile(rf"\bselected\s*\(\s*(?:{_NAME}|(\.))\s*,\s*{_QUOTED}\s*\)")
_PATH = re.compile(r"(?:instance\([^)]*\)|current\(\)|\.\.)(?:/[\w.:@*-]+(?:\[[^\]]*\])?|/\.\.)*")
_WORD = re.compile(r"(?<![\w$.:/-])([A-Za-z_][\w.-]*)(?![\w.-]*\s*[(:/])")
_OPERATORS = {"and", "or", "not", "div", "mod"}


@dataclass(frozen=True)
class Listed:
    """What a select may be answered with: the codes, and where they stand."""

    codes: frozenset[str]
    place: str


def compared_codes(form: XLSForm, rules: Rules, folder: Path) -> Iterator[Finding]:
    """Quoted codes compared with a select whose list does not have them."""
    known = selects(form, folder)
    for record in form.records("survey"):
        for column in EXPRESSIONS:
            for question, code in _pairs(record, column):
                listed = known.get(question)
                if not code or listed is None or code in listed.codes:
                    continue
                near = difflib.get_close_matches(code, sorted(listed.codes), 1, 0.6)
                yield Finding(
                    "survey", record.number, column,
                    f"{code!r} compared with {question!r}",
                    f"a code of {listed.place}{f', perhaps {near[0]!r}' if near else ''}",
                    "Correct the code: the comparison can never hold.", rules.severity,
                )  # fmt: skip


def _pairs(record: Record, column: str) -> Iterator[tuple[str, str]]:
    """(question, code) of each comparison in a cell; `.` is the row's own question."""
    text, own = record.text(column), record.text("name")
    for pattern in (_COMPARED, _SELECTED):
        for name, dot, single, double in pattern.findall(text):
            yield own if dot else name, single or double
    for single, double, name, dot in _TURNED.findall(text):
        yield own if dot else name, single or double


def selects(form: XLSForm, folder: Path) -> dict[str, Listed]:
    """What each select of a form may be answered with, by its name."""
    lists: dict[str, set[str]] = {}
    for choice in form.records("choices"):
        code = choice.text("name") or choice.text("value")
        lists.setdefault(choice.text("list_name"), set()).add(code)
    found: dict[str, Listed] = {}
    for record in form.records("survey"):
        kind = QuestionType.of(record.text("type"))
        name = record.text("name")
        if kind.list_name in lists and name not in found:
            more = {"other"} if kind.other else set()
            codes = frozenset(lists[kind.list_name] | more)
            found[name] = Listed(codes, f"the list {kind.list_name!r}")
        elif kind.file.lower().endswith(".csv") and (folder / kind.file).is_file():
            given = re.search(r"value\s*=\s*([\w.-]+)", record.text("parameters"))
            try:
                rows = read_table(folder / kind.file, [given[1] if given else "name"])
            except StudyError:
                continue  # `meaning.files` says what is wrong with the file
            codes = frozenset(row[given[1] if given else "name"] for row in rows)
            found[name] = Listed(codes, kind.file)
    return found


def filters(form: XLSForm, rules: Rules, folder: Path) -> Iterator[Finding]:
    """Columns that a choice_filter tests and that the list does not have."""
    for record in form.records("survey"):
        text = record.text("choice_filter")
        kind = QuestionType.of(record.text("type"))
        if not text or kind.list_name.startswith("${"):
            continue
        if kind.list_name:
            have = {
                header
                for row, choice in zip(
                    form.sheet("choices").rows, form.records("choices"), strict=True
                )
                if choice.text("list_name") == kind.list_name
                for header in row.cells
            }
            place = f"the list {kind.list_name!r} on the sheet choices"
        elif (folder / kind.file).is_file() and kind.file.lower().endswith(".csv"):
            try:
                have = set(next(iter(read_table(folder / kind.file, [])), {}))
            except StudyError:
                continue
            place = kind.file
        else:
            continue
        bare = re.sub(_QUOTED, "''", re.sub(r"\$\{[^}]*\}", " ", text))
        for wanted in dict.fromkeys(_WORD.findall(_PATH.sub(" ", bare))):
            if wanted not in have | _OPERATORS:
                yield Finding(
                    "survey", record.number, "choice_filter", f"the column {wanted!r}",
                    f"a column filled for {place} ({', '.join(sorted(have)) or 'none'})",
                    "Correct the column's name, or add and fill the column: as it stands phones "
                    "offer no choice or every one.", rules.severity,
                )  # fmt: skip
