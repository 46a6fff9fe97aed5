"""View models of tables without estimates: respondents, quality, facts, scores of others."""

from dataclasses import dataclass
from typing import ClassVar, Literal

Tone = Literal["", "good", "fair", "poor"]


@dataclass(frozen=True)
class Verdict:
    """A word with the tone it is printed in; never a tone alone."""

    text: str
    tone: Tone = ""


NO_VERDICT = Verdict("")


@dataclass(frozen=True)
class ProfileRow:
    """Respondents of one group beside everybody selected, as observed."""

    label: str
    count: str
    share: str
    selected: str
    bar: str = ""
    reference: str = ""


@dataclass(frozen=True)
class ProfileGroup:
    """One characteristic of the respondents."""

    label: str
    rows: tuple[ProfileRow, ...]


@dataclass(frozen=True)
class ProfileTable:
    """Who was interviewed, beside who was selected; `others` is the word for the latter."""

    kind: ClassVar[str] = "profile"
    caption: str
    groups: tuple[ProfileGroup, ...]
    others: str = "terpilih"


@dataclass(frozen=True)
class QualityRow:
    """One property of the data, what it means, and its verdict."""

    label: str
    value: str
    meaning: str
    verdict: Verdict


@dataclass(frozen=True)
class QualityTable:
    """What the data are worth."""

    kind: ClassVar[str] = "quality"
    caption: str
    rows: tuple[QualityRow, ...]


@dataclass(frozen=True)
class Fact:
    """A term and what is to be said of it."""

    term: str
    text: str


@dataclass(frozen=True)
class FactList:
    """Terms with their explanations."""

    kind: ClassVar[str] = "facts"
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class OfficialRow:
    """A score published by somebody else, as they printed it."""

    instrument: str
    year: str
    score: str
    words: str
    source: str
    unit: str = ""


@dataclass(frozen=True)
class OfficialTable:
    """Scores of others, apart from ours."""

    kind: ClassVar[str] = "officials"
    caption: str
    rows: tuple[OfficialRow, ...]
    has_units: bool = False
