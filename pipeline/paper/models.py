"""What a printed page holds, ready to be drawn: templates compute nothing.

`Words` is a text in each of the languages that are printed, the first one leading.
"""

from dataclasses import dataclass, field
from typing import Literal

Words = tuple[str, ...]
LONG = 14
"""Answers from which a question may be broken over two sheets."""
Shape = Literal["one", "many", "rank"]


@dataclass(frozen=True, slots=True)
class Box:
    """One answer with its box: code, wording, and where to go on after it."""

    code: str
    labels: Words
    jump: Words = ()


@dataclass(frozen=True, slots=True)
class Boxes:
    """Answers that are offered under one condition; `head` says which, where there is one."""

    head: Words
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """Room to write: so many digit boxes, or so many lines, with words before or below."""

    kind: Literal["digits", "lines", "code", "date", "time", "datetime", "words", "tick"]
    count: int = 1
    words: Words = ()


@dataclass(frozen=True, slots=True)
class Heading:
    """Head of a part; `letter` only at the top level."""

    letter: str
    labels: Words
    hints: Words
    condition: Words
    repeat: Words
    kind: Literal["heading"] = "heading"


@dataclass(frozen=True, slots=True)
class Note:
    """A text to read out or to read."""

    labels: Words
    hints: Words
    condition: Words
    kind: Literal["note"] = "note"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its boxes or its room to write."""

    number: int
    name: str
    labels: Words
    hints: tuple[Words, ...]
    condition: Words
    how: Words
    shape: Shape
    answers: tuple[Boxes, ...]
    entry: Entry | None
    after: Words
    is_required: bool
    kind: Literal["question"] = "question"

    @property
    def is_wide(self) -> bool:
        """Whether one wording is too long for columns of answers."""
        boxes = [box for group in self.answers for box in group.boxes]
        return any(
            max(map(len, box.labels)) > 52 or len(" / ".join(box.jump)) > 14 for box in boxes
        )

    @property
    def is_long(self) -> bool:
        """Whether so much belongs to it that it may go over to the next sheet."""
        return sum(len(group.boxes) + bool(group.head) for group in self.answers) > LONG


@dataclass(frozen=True, slots=True)
class Grid:
    """Questions with the same answers, as a table."""

    heads: tuple[Box, ...]
    rows: tuple[Asked, ...]
    condition: Words
    hint: tuple[Words, ...]
    after: Words = ()
    kind: Literal["grid"] = "grid"


Block = Heading | Note | Asked | Grid


@dataclass(frozen=True, slots=True)
class Card:
    """The consent text on a card of its own, one text a language."""

    texts: tuple[tuple[str, Words], ...]
    contact: str
    complaint: str


@dataclass(frozen=True)
class Paper:
    """A questionnaire on A4. `words` holds the fixed words by name, `lang` the page's language."""

    lang: str
    title: str
    form_id: str
    version: str
    study: tuple[str, ...]
    period: str
    blocks: tuple[Block, ...]
    silent: tuple[str, ...]
    card: Card | None
    languages: int
    words: dict[str, Words] = field(default_factory=dict)
    kind: Literal["paper"] = "paper"

    @property
    def questions(self) -> int:
        """Questions that the pages hold."""
        return sum(
            len(block.rows) if block.kind == "grid" else block.kind == "question"
            for block in self.blocks
        )

    @property
    def is_bilingual(self) -> bool:
        """Whether two languages stand side by side."""
        return self.languages == 2

    @property
    def footer(self) -> str:
        """Left part of the foot of every page: form, version, study and its dates."""
        version = self.words["version"][0].format(self.version) if self.version else ""
        parts = (self.form_id, version, *self.study[:1], self.period)
        return " · ".join(part for part in parts if part)
