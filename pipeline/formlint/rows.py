"""Checks of a form's names, lists and codes."""

import difflib
import re
from collections.abc import Iterator

from pyxform.question_type_dictionary import QUESTION_TYPE_DICT

from analysis.scoring import NO_ANSWER
from pipeline.errors import StudyError
from pipeline.formlint.finding import Finding
from pipeline.formlint.rules import Rules
from pipeline.tables import number
from pipeline.xlsform import Column, QuestionType, XLSForm

TYPES = frozenset(QUESTION_TYPE_DICT) | {
    "select_one", "select_multiple", "rank", "select_one_from_file", "select_multiple_from_file",
    "select_one_external", "begin_group", "end_group", "begin_repeat", "end_repeat", "begin_loop",
    "end_loop",
}  # fmt: skip
"""Kinds of rows that pyxform knows."""

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


def names(form: XLSForm) -> Iterator[Finding]:
    """Questions and groups without a name, with a bad one, or with one used twice."""
    seen: dict[str, int] = {}
    groups: dict[str, int] = {}
    for record in form.records("survey"):
        kind = QuestionType.of(record.text("type")).kind
        name = record.text("name")
        if not kind or kind.startswith("end_"):
            continue
        if not name:
            if kind not in {"note", "audit"}:
                yield Finding(
                    "survey", record.number, "name", "a blank cell", "a name",
                    "Give the row a name; KoBo invents a new one at every upload.",
                )  # fmt: skip
            continue
        if not NAME.fullmatch(name):
            yield Finding(
                "survey", record.number, "name", repr(name),
                "letters, digits, _ - . beginning with a letter or _", "Rename it, no blanks.",
            )  # fmt: skip
        if name in seen:
            yield Finding(
                "survey", record.number, "name", f"{name!r}, which also stands in row {seen[name]}",
                "a name used once in the whole form",
                "Rename one of them: KoBo refuses the form, and answers would share a column.",
            )  # fmt: skip
        elif name in groups and not kind.startswith("begin_"):
            yield Finding(
                "survey", record.number, "name", f"{name!r}, also the name of a group in row "
                f"{groups[name]}", "a name of its own",
                f"Rename one of them: ${{{name}}} would be ambiguous.", "warning",
            )  # fmt: skip
        (groups if kind.startswith("begin_") else seen).setdefault(name, record.number)


def types(form: XLSForm) -> Iterator[Finding]:
    """Rows of a type that XLSForm does not have."""
    for record in form.records("survey"):
        written = record.text("type")
        if not written or QuestionType.of(written).kind in TYPES:
            continue
        near = difflib.get_close_matches(written.split()[0].lower(), sorted(TYPES), 1, 0.7)
        yield Finding(
            "survey", record.number, "type", f"the question type {written!r}",
            f"a type of XLSForm{f', perhaps {near[0]!r}' if near else ''}",
            "Correct the type; phones know no other.",
        )  # fmt: skip


def messages(form: XLSForm) -> Iterator[Finding]:
    """Constraints that refuse an answer without saying why."""
    for record in form.records("survey"):
        if record.text("constraint") and not record.text("constraint_message"):
            yield Finding(
                "survey", record.number, "constraint_message", "a blank cell",
                f"what {record.text('name')!r} accepts, in words",
                "Write it; phones otherwise say only that the value is not allowed.", "warning",
            )  # fmt: skip


def lists(form: XLSForm) -> Iterator[Finding]:
    """Selects whose list is not there; lists that nobody uses."""
    known = {record.text("list_name") for record in form.records("choices")} - {""}
    used: set[str] = set()
    for record in form.records("survey"):
        kind = QuestionType.of(record.text("type"))
        if kind.kind not in {"select_one", "select_multiple", "rank"}:
            continue
        used.add(kind.list_name)
        if kind.list_name.startswith("${"):
            continue
        if not kind.list_name:
            yield Finding(
                "survey", record.number, "type", repr(record.text("type")),
                f"{kind.kind} and the name of a list", "Add the list's name after a blank.",
            )  # fmt: skip
        elif kind.list_name not in known:
            near = difflib.get_close_matches(kind.list_name, sorted(known), 1, 0.6)
            yield Finding(
                "survey", record.number, "type", f"the list {kind.list_name!r}",
                f"a list of the sheet choices{f', perhaps {near[0]!r}' if near else ''}",
                "Correct the name, or add the list to the sheet choices.",
            )  # fmt: skip
    for name in sorted(known - used):
        row = next(r.number for r in form.records("choices") if r.text("list_name") == name)
        yield Finding(
            "choices", row, "list_name", f"the list {name!r}, which no question uses",
            "lists in use", "Delete it, or correct the type of the question meant.", "warning",
        )  # fmt: skip


def codes(form: XLSForm) -> Iterator[Finding]:
    """Codes that are blank, doubled or typed as numbers; scores that are no numbers."""
    seen: dict[tuple[str, str], int] = {}
    twice = form.setting("allow_choice_duplicates").lower() in {"yes", "true", "true()"}
    for record in form.records("choices"):
        listed, name = record.text("list_name"), record.text("name") or record.text("value")
        if not listed or not name:
            yield Finding(
                "choices", record.number, "name" if listed else "list_name", "a blank cell",
                "the list's name and a code in every row", "Fill it, or delete the row.",
            )  # fmt: skip
        elif (listed, name) in seen and not twice:
            yield Finding(
                "choices", record.number, "name",
                f"the code {name!r} of list {listed!r} again (row {seen[listed, name]})",
                "each code once in a list", "Rename one: two answers would count as one.",
            )  # fmt: skip
        seen.setdefault((listed, name), record.number)
        try:
            number(record.text("skor"), "")
        except StudyError:
            yield Finding(
                "choices", record.number, "skor", repr(record.text("skor")),
                "a number such as 1 or 0,5, or blank", "Write the score as a number.",
            )  # fmt: skip
    for row in form.sheet("choices").rows:
        for header in sorted(row.numeric):
            if Column.of(header).base in {"name", "value", "list_name"}:
                yield Finding(
                    "choices", row.number, header, f"{row.get(header)!r} as a number",
                    "codes as text", "Format the column as text and type the code again: as a "
                    "number 07 turns into 7.", "warning",
                )  # fmt: skip


def scores(form: XLSForm, rules: Rules) -> Iterator[Finding]:
    """Choices without a score in a list where others have one."""
    by_list: dict[str, list[tuple[int, str, str]]] = {}
    for record in form.records("choices"):
        choice = (record.number, record.text("name"), record.text("skor"))
        by_list.setdefault(record.text("list_name"), []).append(choice)
    for listed, choices in by_list.items():
        if not any(score for _, _, score in choices):
            continue
        for row, code, score in choices:
            if code and not score and code not in NO_ANSWER:
                yield Finding(
                    "choices", row, "skor", f"no score of {code!r}, while others of {listed!r} "
                    "have one", f"a score, or one of the codes {', '.join(sorted(NO_ANSWER))}",
                    "Fill the score: without it the answer counts as missing.", rules.severity,
                )  # fmt: skip
