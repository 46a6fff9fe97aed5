"""Checks of a designed study's two forms: questions and codes that the analysis is built on."""

import re
from collections.abc import Iterator

from pipeline.contacts.needs import AAPOR, CODES, LISTENED, NEEDED, USED
from pipeline.formlint.finding import Finding
from pipeline.formlint.rules import Rules
from pipeline.xlsform import QuestionType, Record, XLSForm


def needs(form: XLSForm, rules: Rules) -> Iterator[Finding]:
    """Names and codes that `wawancara` or `sesi` lacks, and bentuk or dimensions nobody asks."""
    name = form.path.stem
    if not rules.designed:
        return
    if name != "wawancara":
        yield from _coded(form)
    if name not in NEEDED:
        return
    lists = _lists_by_question(form)
    for wanted in NEEDED[name]:
        if wanted not in lists:
            yield Finding(
                "survey", 0, "name", f"no question named {wanted!r}",
                f"the names {', '.join(NEEDED[name])}",
                "Give the question that asks for it this name, once and outside repeats: without "
                "it nobody knows who was selected where.",
            )  # fmt: skip
    for wanted in USED[name]:
        if wanted not in lists:
            yield Finding(
                "survey", 0, "name", f"no question named {wanted!r}",
                f"the names {', '.join(USED[name])}",
                "Add it, or do without what it says: it is read where it is there.", "warning",
            )  # fmt: skip
    codes: dict[str, set[str]] = {}
    for choice in form.records("choices"):
        codes.setdefault(choice.text("list_name"), set()).add(choice.text("name"))
    for question, wanted_codes in CODES[name].items():
        row, listed = lists.get(question, (0, ""))
        lacking = [c for c in wanted_codes if c not in codes.get(listed, set())]
        if row and listed and lacking:
            yield Finding(
                "survey", row, "type", f"the list {listed!r} without {', '.join(lacking)}",
                f"the codes {', '.join(wanted_codes)}",
                "Add the codes to the sheet choices, or rename those that mean the same.",
            )  # fmt: skip
    if name == "wawancara":
        yield from _outcomes(form, lists.get("hasil", (0, ""))[1])
        yield from _asked(form, rules)


def _lists_by_question(form: XLSForm) -> dict[str, tuple[int, str]]:
    """Row and list of every question outside repeats, by its name."""
    found: dict[str, tuple[int, str]] = {}
    inside = 0
    for record in form.records("survey"):
        kind = QuestionType.of(record.text("type"))
        inside += {"begin_repeat": 1, "end_repeat": -1}.get(kind.kind, 0)
        if inside <= 0 and not kind.kind.startswith(("begin_", "end_")):
            found.setdefault(record.text("name"), (record.number, kind.list_name))
    return found


def _outcomes(form: XLSForm, listed: str) -> Iterator[Finding]:
    """Results of the approach whose outcome code nobody knows."""
    for choice in form.records("choices"):
        if listed and choice.text("list_name") == listed and choice.text("aapor") not in AAPOR:
            yield Finding(
                "choices", choice.number, "aapor", repr(choice.text("aapor")) if
                choice.text("aapor") else "a blank cell",
                f"an outcome code of AAPOR as text ({', '.join(sorted(AAPOR))})",
                f"Fill it, {LISTENED} for who listens: without it the contact counts as of "
                "unknown eligibility.",
            )  # fmt: skip


def _coded(form: XLSForm) -> Iterator[Finding]:
    """Results that are no outcome code, in forms that the analysis of contacts does not read."""
    by_list: dict[str, list[Record]] = {}
    for choice in form.records("choices"):
        by_list.setdefault(choice.text("list_name"), []).append(choice)
    for listed, choices in by_list.items():
        if not any(choice.text("aapor") for choice in choices):
            continue
        for choice in choices:
            code = choice.text("aapor")
            if not re.fullmatch(r"[1-4](\.\d{1,3})?", code):
                yield Finding(
                    "choices", choice.number, "aapor", repr(code) if code else "a blank cell",
                    "an outcome code of AAPOR as text, such as 2.112",
                    f"Fill it, as for the other choices of {listed!r}.", "warning",
                )  # fmt: skip


def _asked(form: XLSForm, rules: Rules) -> Iterator[Finding]:
    """Bentuk said to be asked, and dimensions of the index, without a single question."""
    records = list(form.records("survey"))
    bentuk = {code for record in records for code in record.text("bentuk").split()}
    for code, asked in (rules.bentuk or {}).items():
        if asked and code not in bentuk:
            yield Finding(
                "survey", 0, "bentuk", f"no question for the bentuk {code!r}",
                "a question for every bentuk with asked = ya in bentuk.csv",
                "Write the code beside the question that asks for it, or asked = tidak.",
            )  # fmt: skip
    dimensions = {record.text("dimensi") for record in records}
    for dimension in rules.dimensions:
        if dimension not in dimensions:
            yield Finding(
                "survey", 0, "dimensi", f"no question for the dimension {dimension!r}",
                "a question for every dimension of [index] in study.toml",
                "Write the dimension beside its questions, or take it out of the index.",
            )  # fmt: skip
