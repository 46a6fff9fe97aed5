"""View models of the publication sheet: one A4 page that a unit hangs up beside its counter."""

from dataclasses import dataclass

from pipeline.report.listings import Fact
from pipeline.report.models import NO_STAMP, Gauge, Stamp
from pipeline.report.page_name import page_name
from pipeline.report.parts import Cell

DENSE = 800
"""Letters of name, sentences and facts from which a sheet is set smaller; the study has 600."""


@dataclass(frozen=True)
class Badge:
    """A mutu that the whole interval lies in; there is none where it does not."""

    letter: str
    words: str


@dataclass(frozen=True)
class PosterFigure:
    """A number of the sheet: what it is, the value with its interval, or why there is none."""

    label: str
    scale: str
    cell: Cell
    gauge: Gauge | None = None
    badge: Badge | None = None
    aside: str = ""


@dataclass(frozen=True)
class Poster:
    """One sheet; `size` is how long the unit's name is: empty, `long` or `longest`.

    `refusal` stands in the place of all numbers where none may be printed.
    """

    path: str
    home: str
    unit_id: str
    institution: str
    office: str
    over: str
    title: str
    size: str
    banner: tuple[str, str] | None
    refusal: str
    figures: tuple[PosterFigure, ...]
    facts: tuple[Fact, ...]
    sentences: tuple[str, ...]
    thanks: str
    footer: tuple[str, ...]
    stamp: Stamp = NO_STAMP

    @property
    def is_dense(self) -> bool:
        """Whether so much is to be said that it must be set smaller to stay on one page."""
        facts = (f"{fact.term}: {fact.text}" for fact in self.facts)
        return sum(map(len, (self.title, *self.sentences, *facts))) > DENSE

    @property
    def name(self) -> str:
        """The name in a tab and of a printed file."""
        return page_name(f"Lembar publikasi: {self.title}", self.over)
