"""A questionnaire as fielded: its questions and choices, and what each answer means.

The XLSForm is the codebook: the columns `dimensi indikator bentuk skm polaritas rujukan`
on the sheet `survey` and `skor` on `choices` travel with the form. A form without any of
them is still an `Instrument`; it only carries no measures beyond the topline.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

CODEBOOK_COLUMNS = ("dimensi", "indikator", "bentuk", "skm", "polaritas", "rujukan")
"""Columns of the sheet `survey` that say what an answer means; all optional."""

_EMPTY: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer that a respondent can give, with its score where it has one."""

    name: str
    labels: Mapping[str, str]
    score: float | None = None
    columns: Mapping[str, str] = field(default_factory=lambda: _EMPTY)

    def label(self, language: str = "") -> str:
        """Wording in `language`, or in the form's first language, or the code itself."""
        return self.labels.get(language) or next(filter(None, self.labels.values()), self.name)


@dataclass(frozen=True, slots=True)
class Question:
    """One row of the sheet `survey` that can hold an answer.

    `path` is the key of the answer in KoBo's JSON (groups joined by `/`), `type` the first
    word of the XLSForm type (`select_one`, `integer`, `calculate` ...), `repeat` the path of
    the enclosing repeat, or empty. `relevant` and `calculation` are as the form has them.
    """

    name: str
    path: str
    type: str
    labels: Mapping[str, str]
    list_name: str = ""
    repeat: str = ""
    relevant: str = ""
    required: bool = False
    row: int = 0
    dimension: str = ""
    indicator: str = ""
    bentuk: str = ""
    skm: str = ""
    polarity: str = ""
    reference: str = ""
    hints: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    calculation: str = ""

    def label(self, language: str = "") -> str:
        """Wording in `language`, or in the form's first language, or the name."""
        return self.labels.get(language) or next(filter(None, self.labels.values()), self.name)

    @property
    def is_closed(self) -> bool:
        """Whether the answer is one or several of a list in the form itself."""
        return self.type in {"select_one", "select_multiple"} and bool(self.list_name)


@dataclass(frozen=True, slots=True)
class Instrument:
    """A form: its questions in order, its choice lists, its languages (the first is default)."""

    form_id: str
    title: str
    version: str
    languages: tuple[str, ...]
    questions: tuple[Question, ...]
    choices: Mapping[str, tuple[Choice, ...]]

    def __getitem__(self, name: str) -> Question:
        """Return the question called `name`; KeyError where the form has none."""
        for question in self.questions:
            if question.name == name:
                return question
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return any(question.name == name for question in self.questions)

    def choices_of(self, question: Question) -> tuple[Choice, ...]:
        """Choices of a closed question in the order of the form; empty for a list from a file."""
        return self.choices.get(question.list_name, ())

    def scores_of(self, question: Question) -> dict[str, float]:
        """Code to score, for the choices that have one."""
        return {c.name: c.score for c in self.choices_of(question) if c.score is not None}
