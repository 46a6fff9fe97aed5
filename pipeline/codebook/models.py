"""What the codebook page shows, ready to be drawn."""

from dataclasses import dataclass

SHOWN = 3
"""Versions of forms that the foot of a page has room for."""


@dataclass(frozen=True, slots=True)
class Wording:
    """The same text in one language; `lang` is its code where it is known."""

    language: str
    lang: str
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A choice: code, wording in each language, score, and other columns of its row."""

    code: str
    labels: tuple[str, ...]
    score: str
    columns: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Told:
    """An expression in words, and as it is written; no words where it cannot be told."""

    words: str
    written: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A property of a question: term, text, and a second line in smaller letters."""

    term: str
    text: str
    more: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One question. `number` is its number on paper, empty where phones do not show it."""

    anchor: str
    form: str
    name: str
    number: str
    kind: str
    row: int
    wordings: tuple[Wording, ...]
    hints: tuple[Wording, ...]
    answers: tuple[Answer, ...]
    list_note: str
    facts: tuple[Fact, ...]
    asked: tuple[Told, ...]
    required: Told | None
    limits: Told | None
    limit_words: tuple[str, ...]
    calculation: Told | None
    versions: str
    earlier: tuple[str, ...]

    @property
    def has_scores(self) -> bool:
        """Whether any answer has a score."""
        return any(answer.score for answer in self.answers)


@dataclass(frozen=True, slots=True)
class Group:
    """Questions of a part of the form, under its heading."""

    anchor: str
    title: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class FormBook:
    """One form."""

    anchor: str
    form_id: str
    title: str
    version: str
    languages: tuple[str, ...]
    seen: tuple[str, ...]
    groups: tuple[Group, ...]

    @property
    def count(self) -> int:
        """How many questions it has."""
        return sum(len(group.entries) for group in self.groups)


@dataclass(frozen=True, slots=True)
class Link:
    """A question elsewhere on the page."""

    anchor: str
    text: str


@dataclass(frozen=True, slots=True)
class IndexRow:
    """What a measure is made of: its label, more about it, and its questions."""

    code: str
    label: str
    more: str
    links: tuple[Link, ...]
    empty: str = ""


@dataclass(frozen=True, slots=True)
class Index:
    """Measures of one kind with their questions."""

    anchor: str
    title: str
    rows: tuple[IndexRow, ...]


@dataclass(frozen=True)
class Codebook:
    """The page."""

    institution: str
    title: str
    home: str
    banner: str
    forms: tuple[FormBook, ...]
    indexes: tuple[Index, ...]
    notes: tuple[str, ...]

    @property
    def count(self) -> int:
        """How many questions there are in all."""
        return sum(form.count for form in self.forms)

    @property
    def footer(self) -> str:
        """Left part of the foot of every printed page."""
        versions = dict.fromkeys(form.version for form in self.forms if form.version)
        told = f"versi {', '.join(versions)}" if 0 < len(versions) <= SHOWN else ""
        return " · ".join(part for part in ("Buku kode", self.title, told) if part)
