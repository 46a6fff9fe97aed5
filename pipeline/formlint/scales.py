"""Checks of scales and of the index: scores that are missing or odd, indicators without items."""

from collections.abc import Iterator
from itertools import pairwise

from analysis.scoring import NO_ANSWER, TRUST
from pipeline.errors import StudyError
from pipeline.formlint.finding import Finding
from pipeline.formlint.rules import Rules
from pipeline.tables import number
from pipeline.xlsform import Column, QuestionType, Record, XLSForm

GRADES = ("sangat ", "very ", "strongly ", "extremely ")
"""How the label of an end of a scale begins."""

NEIGHBOURS = 4
"""Questions with `rujukan` beside which the only one without it counts as forgotten."""

ASIDES = ("petugas:", "enumerator:")
"""How a label begins that is for the enumerator; “Petugas di sini jujur.” is read aloud."""

MEASURED = ("dimensi", "skm", "bentuk")


def measured(record: Record) -> str:
    """The column by which a question is a measure, or empty."""
    return next((column for column in MEASURED if record.text(column)), "")


def scales(form: XLSForm, rules: Rules) -> Iterator[Finding]:
    """Lists that grade without scores, and scores that do not follow the order of their list."""
    used: dict[str, bool] = {}
    for record in form.records("survey"):
        kind = QuestionType.of(record.text("type"))
        if kind.kind == "select_one":
            used[kind.list_name] = used.get(kind.list_name, False) or bool(measured(record))
    by_list: dict[str, list[Record]] = {}
    for record in form.records("choices"):
        by_list.setdefault(record.text("list_name"), []).append(record)
    for listed, choices in by_list.items():
        scored = [c for c in choices if c.text("skor")]
        graded = [c for c in choices if c.text("label").lower().startswith(GRADES)]
        if listed in used and graded and not scored:
            yield Finding(
                "choices", choices[0].number, "skor", f"no score in the list {listed!r}, which "
                f"grades ({graded[0].text('label')!r})", "a number for each grade",
                "Fill skor, the better answer the higher number, and leave don't know blank.",
                rules.severity if used[listed] else "warning",
            )  # fmt: skip
        if listed in used and len({c.text("name") for c in scored}) > 2:
            yield from _steps(listed, scored)


def _steps(listed: str, scored: list[Record]) -> Iterator[Finding]:
    values: list[tuple[Record, float]] = []
    for record in scored:
        if record.text("name") in NO_ANSWER:
            continue
        try:
            values.append((record, number(record.text("skor"), "") or 0.0))
        except StudyError:
            return  # `rows.codes` names the cell
    rising = values[-1][1] > values[0][1] if values else True
    for (_, before), (record, score) in pairwise(values):
        if score == before or (score > before) != rising:
            yield Finding(
                "choices", record.number, "skor", f"{record.text('skor')!r} after {before:g} in "
                f"the list {listed!r}", "scores that rise or fall from choice to choice",
                "Correct the score, or put the choices into the order in which they are read out.",
                "warning",
            )  # fmt: skip
            return


def indicators(form: XLSForm, rules: Rules) -> Iterator[Finding]:
    """Measured questions without reference or polarity; indicators without dimension or items."""
    header = {Column.of(name).base for name in form.sheet("survey").header}
    home: dict[str, tuple[str, int]] = {}
    for record in form.records("survey"):
        name, dimension, indicator = (record.text(c) for c in ("name", "dimensi", "indikator"))
        if measured(record):
            for column, why in (
                ("rujukan", "nobody knows whether today's visit, the matter or a view is meant"),
                ("polaritas", "it counts as positive, which turns a bad answer into a good one"),
            ):
                if column in header and not record.text(column):
                    yield Finding(
                        "survey", record.number, column, "a blank cell",
                        f"the {column} of {name!r}", f"Fill it: without it {why}.",
                        rules.severity if form.path.stem == "wawancara" else "warning",
                    )  # fmt: skip
        if "indikator" not in header:
            continue
        if indicator and not dimension:
            yield Finding(
                "survey", record.number, "dimensi", f"a blank cell beside the indikator "
                f"{indicator!r}", "the dimensi that the indicator belongs to",
                "Fill it, or clear the indikator: it counts nowhere.", rules.severity,
            )  # fmt: skip
        elif dimension and not indicator:
            yield Finding(
                "survey", record.number, "indikator", "a blank cell",
                f"the indikator of {name!r} in {dimension!r}",
                "Fill it: otherwise the question is an indicator of its own.", "warning",
            )  # fmt: skip
        elif indicator:
            other, row = home.setdefault(indicator, (dimension, record.number))
            if other != dimension:
                yield Finding(
                    "survey", record.number, "dimensi", f"{dimension!r} for the indikator "
                    f"{indicator!r}, which row {row} has in {other!r}",
                    "one dimensi for each indikator", "Correct one of the two.", rules.severity,
                )  # fmt: skip
    if rules.designed and form.path.stem == "wawancara" and "indikator" in header:
        yield from _labelled(form, rules, home)


def _labelled(form: XLSForm, rules: Rules, home: dict[str, tuple[str, int]]) -> Iterator[Finding]:
    if not rules.labels:
        return
    for indicator in sorted(set(rules.labels) - {*rules.dimensions, TRUST, *home}):
        yield Finding(
            "survey", 0, "indikator", f"no question for the indikator {indicator!r}",
            "a question for every indikator of [index.labels] in study.toml",
            "Write the indikator beside its questions, or take it out of study.toml.", "warning",
        )  # fmt: skip
    for indicator, (_, row) in home.items():
        if indicator not in rules.labels:
            yield Finding(
                "survey", row, "indikator", repr(indicator),
                f"an indikator of [index.labels] in study.toml ({', '.join(sorted(rules.labels))})",
                "Correct the word, or give the indikator its label there: reports would print the "
                "code.", "warning",
            )  # fmt: skip


def references_in_groups(form: XLSForm) -> Iterator[Finding]:
    """A question without `rujukan` in a group where every other one says what it refers to."""
    groups: list[list[Record]] = []
    for record in form.records("survey"):
        kind = QuestionType.of(record.text("type"))
        if kind.kind.startswith("begin_"):
            groups.append([])
        elif kind.kind.startswith("end_"):
            if groups:
                yield from _without(groups.pop())
        elif groups and kind.kind.startswith(("select_", "integer", "decimal", "rank")):
            groups[-1].append(record)


def _without(group: list[Record]) -> Iterator[Finding]:
    lacking = [
        record
        for record in group
        if not record.text("rujukan") and not measured(record)
        and not record.text("label").lower().startswith(ASIDES)
    ]  # fmt: skip
    said = sum(bool(record.text("rujukan")) for record in group)
    if len(lacking) != 1 or said < NEIGHBOURS:
        return
    for record in lacking:
        yield Finding(
            "survey", record.number, "rujukan", "a blank cell",
            f"the rujukan of {record.text('name')!r}, as of its neighbours",
            "Write kunjungan, urusan or umum: a question without it asks about any time at all.",
            "warning",
        )  # fmt: skip
