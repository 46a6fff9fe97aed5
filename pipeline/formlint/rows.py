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


def types(form: XLSForm) -> Iterator[Finding]:
    """Rows of a type that XLSForm does not have."""
    for record in form.records("survey"):
        written = record.text("type")
        kind = QuestionType.of(written)
        first = written.split()[0] if written else ""
        if kind.kind.startswith(("select_", "rank")) and first != first.lower():
            yield Finding(
                "survey", record.number, "type", f"capitals in {first!r}", first.lower(),
                "Write it in small letters: pyxform knows no other spelling.",
            )  # fmt: skip
        if not written or kind.kind in TYPES:
            continue
        near = difflib.get_close_matches(written.split()[0].lower(), sorted(TYPES), 1, 0.7)
        yield Finding(
            "survey", record.number, "type", f"the question type {written!r}",
            f"a type of XLSForm{f', perhaps {near[0]!r}' if near else ''}",
            "Correct the type; phones know no other.",
        )  # fmt: skip


def messages(form: XLSForm, rules: Rules) -> Iterator[Finding]:
    """Constraints that refuse an answer without saying why; required answers the same."""
    header = {Column.of(name).base for name in form.sheet("survey").header}
    for record in form.records("survey"):
        needed = record.text("required").lower() not in {"", "no", "false", "false()"}
        if needed and not record.text("required_message") and (
            rules.designed or "required_message" in header
        ) and record.text("label"):  # fmt: skip
            yield Finding(
                "survey", record.number, "required_message", "a blank cell",
                f"what is said where {record.text('name')!r} is left out, in words",
                "Write it; phones otherwise say “Condition not satisfied”.", "warning",
            )  # fmt: skip
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
        elif kind.other and len(form.languages()) > 1:
            yield Finding(
                "survey", record.number, "type", "or_other in a form of several languages",
                "a choice of its own, such as lain, and a text question after it",
                "Add them and delete or_other: its wording cannot be translated.", "warning",
            )  # fmt: skip
        if kind.list_name and kind.list_name not in known:
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
    kinds = [QuestionType.of(record.text("type")) for record in form.records("survey")]
    several = {kind.list_name for kind in kinds if kind.kind in {"select_multiple", "rank"}}
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
        yield from _spelling(record.number, listed, name, several)
    for row in form.sheet("choices").rows:
        for header in sorted(row.numeric):
            if Column.of(header).base in {"name", "value", "list_name"}:
                yield Finding(
                    "choices", row.number, header, f"{row.get(header)!r} as a number",
                    "codes as text", "Format the column as text and type the code again: as a "
                    "number 07 turns into 7.", "warning",
                )  # fmt: skip


def _spelling(row: int, listed: str, code: str, several: set[str]) -> Iterator[Finding]:
    """Codes that answers or expressions cannot hold."""
    if re.search(r"\s", code):
        yield Finding(
            "choices", row, "name", f"a blank in the code {code!r}", "a code without blanks",
            "Write _ for the blank: the answers to a question with several of them are joined by "
            "blanks, and Enketo refuses the form.", "error" if listed in several else "warning",
        )  # fmt: skip
    elif re.search(r"['\"]", code):
        yield Finding(
            "choices", row, "name", f"a quotation mark in the code {code!r}",
            "letters, digits, _ - + .", "Leave it out: no expression could compare with the code.",
            "warning",
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


def settings(form: XLSForm, rules: Rules) -> Iterator[Finding]:
    """Settings without which servers or people cannot tell a designed study's forms apart."""
    row = next((record.number for record in form.records("settings")), 0)
    if not rules.designed or not row:
        return
    for name, why in (
        ("form_id", "its answers are found by it"),
        ("version", "servers and phones tell by it that a form has changed"),
    ):
        if not form.setting(name):
            yield Finding(
                "settings", row, name, "a blank cell", f"the {name} of the form",
                f"Fill it: {why}.", "warning",
            )  # fmt: skip
