"""View models of a page: head, hero where there is something to say, sections of parts."""

import html
from dataclasses import dataclass

from pipeline.report.finding_parts import FindingTable, Quotation
from pipeline.report.listings import Fact, FactList, OfficialTable, ProfileTable, QualityTable, Tone
from pipeline.report.parts import AnswerTable, Cell, FigureTable, Mark, SkmTable, Tick
from pipeline.report.placing_parts import PlacedTable, RankTable
from pipeline.report.trend_parts import TrendChart, TrendTable
from pipeline.report.unit_parts import PeerStrip, PeerTable, UnitTable

Part = (
    FigureTable
    | AnswerTable
    | ProfileTable
    | QualityTable
    | FactList
    | SkmTable
    | OfficialTable
    | UnitTable
    | PeerStrip
    | PeerTable
    | TrendChart
    | TrendTable
    | PlacedTable
    | RankTable
    | FindingTable
    | Quotation
)


LONGEST = 70
"""Characters of a page's name; what is longer is cut by browsers, at a place of their choice."""


@dataclass(frozen=True)
class Section:
    """A heading, the finding in a sentence, the parts, and notes below them."""

    id: str
    title: str
    lead: str
    parts: tuple[Part, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class GaugeLine:
    """A line on the gauge; `y` keeps labels of close lines apart."""

    tick: Tick
    y: str


@dataclass(frozen=True)
class Gauge:
    """The index on its whole scale with the configured lines; `text` says it in words.

    `low` and `high` label the ends of the interval; None where there is no interval.
    """

    mark: Mark
    width: str
    low: Tick | None
    high: Tick | None
    lines: tuple[GaugeLine, ...]
    height: str
    text: str


@dataclass(frozen=True)
class Hero:
    """The answer of a page: value, interval, place; or the reason why there is none."""

    label: str
    direction: str
    cell: Cell
    sentence: str
    standings: tuple[str, ...] = ()
    gauge: Gauge | None = None
    second: str = ""


@dataclass(frozen=True)
class KeyFigure:
    """A number worth remembering, with its interval and what it is a number of."""

    value: str
    interval: str
    sentence: str
    link: str
    link_text: str


@dataclass(frozen=True)
class Contrast:
    """Findings that the comparison with other units has earned; `more` counts those left out."""

    title: str
    subtitle: str
    items: tuple[str, ...]
    more: str
    tone: Tone


@dataclass(frozen=True)
class Stamp:
    """The issue of a page: `brief` joins the line of who collected, `line` stands at the end."""

    brief: str = ""
    line: str = ""


NO_STAMP = Stamp()


@dataclass(frozen=True)
class Page:
    """One HTML file; `path` is relative to the build folder, `home` the way back or empty.

    `banner` holds the words in bold and the rest; `provenance` says who collected the data and how,
    `stamp` when that was published. `codebook` is the codebook's page and `poster` the publication
    sheet's, each empty where there is none; `unit_id` is empty on a page of all units.
    """

    path: str
    home: str
    home_label: str
    institution: str
    office: str
    over: str
    title: str
    facts: tuple[Fact, ...]
    banner: tuple[str, str] | None
    caution: str
    hero: Hero | None
    provenance: str
    key_figures: tuple[KeyFigure, ...]
    contrasts: tuple[Contrast, ...]
    sections: tuple[Section, ...]
    footer: tuple[str, ...]
    has_script: bool = False
    codebook: str = ""
    poster: str = ""
    unit_id: str = ""
    stamp: Stamp = NO_STAMP

    @property
    def name(self) -> str:
        """The title with survey and wave, as far as a tab, a bookmark or a file name shows them."""
        wave = self.over.rpartition(" · ")[2]
        for name in (f"{self.title} · {self.over}", f"{self.title} · {wave}", self.title):
            if _length(name) <= LONGEST:
                return name
        cut = self.title[:LONGEST]
        while _length(cut) >= LONGEST:
            cut = cut[:-1]
        return cut.rstrip() + "…"


def _length(text: str) -> int:
    """Characters as they stand in a file, where `&` takes five."""
    return len(html.escape(text))
