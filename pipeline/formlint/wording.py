"""Checks of wordings against the list of words: jargon, open recall, two questions in one.

What counts is `words.csv`. Only what a respondent is asked is looked at: labels of questions and
notes, without what stands in brackets or after “misalnya”; the connectives of two questions in
one only where an answer becomes a number.
"""

import re
from collections.abc import Iterator, Mapping

from pipeline.formlint.finding import Finding
from pipeline.formlint.rules import Rules
from pipeline.formlint.scales import measured
from pipeline.formlint.word_list import Entry, house_words
from pipeline.xlsform import QuestionType, XLSForm

ASKED = frozenset(
    {"select_one", "select_multiple", "integer", "decimal", "text", "range", "rank", "date"}
)
"""Kinds of rows that put a question to somebody."""

_ASIDE = re.compile(r"\([^)]*\)|\$\{[^}]*\}|\b(?:misalnya|seperti|for example|such as)\b[^?.]*")
_CODE = re.compile(r"\(([\w-]+)\)\s*$")

SAID = {
    "jargon": ("the word {!r}", "words that any visitor knows{}"),
    "recall": ("{!r}, which asks about any time at all", "a time that is remembered{}"),
    "double": ("two questions in one ({!r})", "one thing a question"),
    "leading": ("{!r}, which suggests an answer", "a question that takes no side"),
}
FIX = {
    "jargon": "Say it in everyday words, or list the phrase as accepted in words.csv.",
    "recall": "Begin with the visit or the matter (“Hari ini, …”, “Untuk urusan ini, …”) and write "
    "rujukan.",
    "double": "Ask them apart, or list the phrase as accepted in words.csv with a reason: nobody "
    "knows which of the two was answered.",
    "leading": "Word it so that every answer is as easy to give.",
}


def wording(form: XLSForm, rules: Rules) -> Iterator[Finding]:
    """Words in a question that respondents do not know, cannot date, or that ask two things."""
    words = rules.words or house_words()
    name = form.path.stem
    if words.for_staff(name):
        return
    default = form.setting("default_language")
    known: dict[str, Mapping[str, list[Entry]]] = {}
    for record in form.records("survey"):
        if QuestionType.of(record.text("type")).kind not in ASKED:
            continue
        for language, text in record.translations("label").items():
            if language not in known:
                known[language] = words.by_kind(language_of(language or default), name)
            listed = known[language]
            plain = _ASIDE.sub(" ", text)
            for entry in listed["accepted"]:
                plain = entry.pattern.sub(" ", plain)
            dated = any(entry.pattern.search(plain) for entry in listed["period"])
            for kind in SAID:
                if (kind == "recall" and dated) or (kind == "double" and not measured(record)):
                    continue
                header = f"label::{language}" if language else "label"
                for entry in listed[kind]:
                    if found := entry.pattern.search(plain):
                        yield _finding(record.number, header, entry, found[0], rules)
                        break


def _finding(row: int, column: str, entry: Entry, found: str, rules: Rules) -> Finding:
    said, wanted = SAID[entry.kind]
    instead = f", such as {entry.instead}" if entry.instead else ""
    return Finding(
        "survey", row, column, said.format(found), wanted.format(instead), FIX[entry.kind],
        rules.severity if entry.kind == "recall" else "warning",
    )  # fmt: skip


def language_of(name: str) -> str:
    """Code of a language as `Bahasa Indonesia (id)` writes it; empty where it has none."""
    code = _CODE.search(name)
    return code[1].lower() if code else ""
