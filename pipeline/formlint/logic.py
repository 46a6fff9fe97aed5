"""Logic that converts, validates, and then cannot work on a phone.

`required` with `ya` is a path to nothing and asks nobody; a bare name is a path as well; a
question that is required and locked can never be answered. Engines are silent about all of it.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from pipeline.formlint.expressions import selects
from pipeline.formlint.finding import Finding
from pipeline.xlsform import QuestionType, Record, XLSForm

YES = frozenset({"yes", "true", "true()"})
NO = frozenset({"", "no", "false", "false()"})
_NAMED = re.compile(r"\$\{\s*([\w.-]+)\s*\}")
_ASIDE = re.compile(r"'[^']*'|\"[^\"]*\"|\$\{[^}]*\}")
_PATH = re.compile(
    r"instance\([^)]*\)(?:/[\w.:@*-]+(?:\[[^\]]*\])?)*"
    r"|(?:current\(\)|\.\.?|/)?(?:/?(?:\.\.|[\w.:@*-]+)(?:\[[^\]]*\])?/)+(?:\.\.|[\w.:@*-]+)"
    r"|/[\w.:@*-]+"
)
_WORD = re.compile(r"(?<![\w$.:/-])([^\W\d][\w.-]*)(?![\w.-]*\s*[(:/])")
_HERE = re.compile(r"(?<![\w.)/\]])\.(?![\w.])")
_OPERATORS = frozenset({"and", "or", "not", "div", "mod"})


def logic(form: XLSForm, folder: Path) -> Iterator[Finding]:
    """Conditions that are none, questions that nobody can answer, defaults that no list has."""
    rows = {r.text("name"): r.number for r in form.records("survey") if r.text("name")}
    codes = {choice.text("name") for choice in form.records("choices")} - {""}
    listed = selects(form, folder)
    later = _Later(form)
    for record in form.records("survey"):
        for column in ("required", "read_only"):
            yield from _yes_or_no(record, column)
        if _is_dead_end(record):
            yield Finding(
                "survey", record.number, "read_only", "a required question that is locked",
                "one of the two, or a default or calculation that fills it",
                "Clear required or read_only: nobody can answer it, so no form can be closed.",
            )  # fmt: skip
        for column in ("relevant", "constraint", "calculation", "required", "read_only",
                       "repeat_count"):  # fmt: skip
            yield from _bare(record, column, rows, codes)
        constraint, own = record.text("constraint"), record.text("name")
        if constraint and not _HERE.search(_ASIDE.sub(" ", constraint)) and (
            own not in _NAMED.findall(constraint)
        ):  # fmt: skip
            yield Finding(
                "survey", record.number, "constraint", "a constraint without “.”",
                "a test of the answer itself, such as . >= 18",
                "Write . for the answer: as it stands it takes or refuses every answer alike.",
                "warning",
            )  # fmt: skip
        yield from later.findings(record)
        chosen = listed.get(own)
        default = record.text("default")
        if chosen and default and not re.search(r"[$(/']", default):
            strange = [c for c in default.split() if c not in chosen.codes]
            if strange:
                yield Finding(
                    "survey", record.number, "default", repr(strange[0]),
                    f"a code of {chosen.place}",
                    "Correct the code: phones show the question as not answered.",
                )  # fmt: skip


def _yes_or_no(record: Record, column: str) -> Iterator[Finding]:
    """A cell that is neither yes nor no nor an expression: phones take it for a path to nothing."""
    text = record.text(column)
    if text.lower() in YES | NO or re.search(r"[${(=<>/'\"]", text):
        return
    effect = "asks for no answer" if column == "required" else "locks nothing"
    yield Finding(
        "survey", record.number, column, repr(text), "yes, no, or a condition with ${question}",
        f"Write yes: phones take {text!r} for a path to nothing, which {effect}.",
    )  # fmt: skip


def _is_dead_end(record: Record) -> bool:
    filled = any(record.text(column) for column in ("default", "calculation", "trigger"))
    return (
        record.text("read_only").lower() in YES
        and record.text("required").lower() not in NO
        and not filled
        and QuestionType.of(record.text("type")).kind not in {"note", "calculate"}
    )


def _bare(
    record: Record, column: str, rows: Mapping[str, int], codes: set[str]
) -> Iterator[Finding]:
    text = record.text(column)
    if column in {"required", "read_only"} and not re.search(r"[${(=<>/'\"]", text):
        return  # said by `_yes_or_no`
    rest = _ASIDE.sub(" ", text)
    if open_quote := re.search(r"['\"]", rest):
        yield Finding(
            "survey", record.number, column, f"a {open_quote[0]} that is never closed",
            "a pair of quotation marks around each code",
            "Close the quotation mark: phones refuse the whole form.",
        )  # fmt: skip
        return
    plain = _PATH.sub(" ", rest)
    for name in dict.fromkeys(_WORD.findall(plain)):
        if name in _OPERATORS:
            continue
        if name in rows:
            itself = " or . for the answer itself" if name == record.text("name") else ""
            yield Finding(
                "survey", record.number, column, f"the bare name {name!r}", f"${{{name}}}{itself}",
                f"Write ${{{name}}}{itself}: phones look for a node of that name below this one "
                "and find nothing.",
            )  # fmt: skip
        elif name in codes or name in {"true", "false"}:
            wanted = repr(name) if name in codes else f"{name}()"
            yield Finding(
                "survey", record.number, column, f"the bare word {name!r}", wanted,
                f"Write {wanted}: without it phones look for a node of that name and find nothing.",
            )  # fmt: skip
        else:
            yield Finding(
                "survey", record.number, column, f"the bare word {name!r}",
                f"${{{name}}} for a question, {name!r} in quotation marks for a code",
                "Write one of the two: phones look for a node of that name and find nothing.",
                "warning",
            )  # fmt: skip


class _Later:
    """Which question a condition waits for, through calculations."""

    def __init__(self, form: XLSForm) -> None:
        self._rows: dict[str, int] = {}
        self._calculated: dict[str, str] = {}
        for record in form.records("survey"):
            name = record.text("name")
            if not name:
                continue
            self._rows.setdefault(name, record.number)
            if record.text("calculation"):
                self._calculated.setdefault(name, record.text("calculation"))

    def findings(self, record: Record) -> Iterator[Finding]:
        for column in ("relevant", "constraint", "choice_filter"):
            below = {
                name: row
                for name, row in self._questions(record.text(column))
                if row > record.number
            }
            for name, row in below.items():
                yield Finding(
                    "survey", record.number, column, f"${{{name}}}, which is asked in row {row}",
                    "questions that were asked before",
                    "Move one of the two: the answer comes too late, and what was said here is "
                    "refused at the end or lost.", "warning",
                )  # fmt: skip

    def _questions(self, text: str) -> Iterator[tuple[str, int]]:
        waiting, done = _NAMED.findall(text), set[str]()
        while waiting:
            name = waiting.pop()
            if name in done or name not in self._rows:
                continue
            done.add(name)
            if name in self._calculated:
                waiting += _NAMED.findall(self._calculated[name])
            else:
                yield name, self._rows[name]
