"""The answers that paper offers: those of the form, of a short list file, or a line to write on.

A filter (`sector = ${sector}`) cannot run on paper. It is judged for each answer with the columns
that the answer has; what is left of it is the condition under which that answer is offered.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from analysis.instrument import Choice
from pipeline.conditions import Known, Node, Unreadable, judge
from pipeline.conditions.parse import Answer, Binary, Call, Column, Lookup, Text
from pipeline.errors import StudyError
from pipeline.paper.outline import Ask, Outline
from pipeline.tables import read_table
from pipeline.xlsform import TRANSLATABLE
from pipeline.xlsform import Column as Header

SHORT_LIST = 15
"""Rows of a list file up to which its answers are printed one by one."""


WRITTEN = frozenset({"enumerators.csv", "sessions.csv"})
"""Lists of which paper takes the code: the roster is nobody's business, the plan too long."""


@dataclass(frozen=True, slots=True)
class Offered:
    """Answers that are offered under one condition; None: always, or not known when."""

    condition: Node | None
    choices: tuple[Choice, ...]


def choices_on_paper(outline: Outline, ask: Ask, folder: Path) -> tuple[Choice, ...]:
    """Every answer of a closed question; empty where one writes a code or a text instead."""
    if ask.file:
        found = listed(outline, ask, folder)
        is_short = len(found) <= SHORT_LIST and Path(ask.file).name not in WRITTEN
        return found if is_short else ()
    return outline.instrument.choices_of(ask.question)


def offered(outline: Outline, ask: Ask, choices: tuple[Choice, ...]) -> tuple[Offered, ...]:
    """Answers by the condition under which they are offered, in the order of the form.

    Raises
    ------
    Unreadable
        Where the filter is not read.
    """
    if ask.choice_filter is None or not choices:
        return (Offered(None, choices),)
    node = ask.choice_filter.node
    groups: dict[Node | None, list[Choice]] = {}
    for choice in choices:
        columns = {"name": choice.name, **choice.columns}
        rest = _rest(node, columns)
        known = judge(rest, Known(columns=columns))
        if known is not False:
            groups.setdefault(None if known else rest, []).append(choice)
    return tuple(Offered(condition, tuple(group)) for condition, group in groups.items())


def _rest(node: Node, columns: dict[str, str]) -> Node:
    """The filter with the columns of one choice filled in, and without what that decides."""
    if isinstance(node, Column):
        return Text(columns.get(node.name, ""))
    if isinstance(node, Call):
        return Call(node.name, tuple(_rest(a, columns) for a in node.arguments))
    if isinstance(node, Lookup):
        return Lookup(node.table, node.column, node.key, _rest(node.value, columns))
    if not isinstance(node, Binary):
        return node
    left, right = _rest(node.left, columns), _rest(node.right, columns)
    if node.operator in {"and", "or"}:
        for one, other in ((left, right), (right, left)):
            known = judge(one, Known())
            if known is not None:
                # true or x is true; true and x is x; and the other way round for false
                return one if known == (node.operator == "or") else other
    if isinstance(left, Text) and isinstance(right, Answer):
        turned = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
        return Binary(turned.get(node.operator, node.operator), right, left)
    return Binary(node.operator, left, right)


def listed(outline: Outline, ask: Ask, folder: Path) -> tuple[Choice, ...]:
    """Rows of the list file of a question; none where it cannot be read."""
    if not ask.file.lower().endswith(".csv"):
        return ()
    value, label = _parameter(ask, "value", "name"), _parameter(ask, "label", "label")
    try:
        rows = read_table(folder / Path(ask.file).name, [value])
    except (StudyError, OSError):
        return ()  # `forms lint` says what is wrong with the file
    return tuple(
        Choice(
            row[value],
            dict(_translated(row, label, outline)),
            columns={k: v for k, v in row.items() if k != value},
        )
        for row in rows
        if row[value]
    )


def _translated(row: dict[str, str], label: str, outline: Outline) -> Iterator[tuple[str, str]]:
    for header, text in row.items():
        column = Header.of(header)
        if text and (header == label or (column.base == label and column.base in TRANSLATABLE)):
            yield column.language or outline.instrument.languages[0], text


def _parameter(ask: Ask, name: str, default: str) -> str:
    found = re.search(rf"(?:^|[\s;,]){name}\s*=\s*([^\s;,]+)", ask.parameters)
    return found[1] if found else default


def only_value(outline: Outline, name: str, folder: Path) -> str:
    """What a calculation that looks into a list file gives for every row alike; else empty."""
    made = outline.calculations.get(name)
    if not isinstance(made, Lookup):
        return ""
    try:
        rows = read_table(folder / f"{Path(made.table).name}.csv", [made.column])
    except (StudyError, OSError):
        return ""
    values = {row[made.column] for row in rows}
    return values.pop() if len(values) == 1 else ""


__all__ = ["Offered", "Unreadable", "choices_on_paper", "listed", "offered", "only_value"]
