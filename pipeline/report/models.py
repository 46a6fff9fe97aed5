"""View models: everything a template may print, already worded, rounded and placed.

A page is a head, a hero where there is something to say, and sections; a section holds parts,
and `kind` of a part names the macro that draws it. Texts are plain text, escaped when they are
rendered; coordinates are percent strings. Templates compute nothing.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

State = Literal["published", "caution", "limit", "withheld"]
Tone = Literal["", "good", "fair", "poor"]


@dataclass(frozen=True)
class Tick:
    """A labelled place on an axis; `anchor` keeps the label inside the chart."""

    x: str
    label: str
    anchor: Literal["start", "middle", "end"] = "middle"


@dataclass(frozen=True)
class Scale:
    """An axis as drawn: its ticks, first to last."""

    ticks: tuple[Tick, ...]


@dataclass(frozen=True)
class Mark:
    """Dot and whisker in percent of the axis; empty text where there is no such thing.

    `state` `caution` is drawn hollow, `limit` as an open whisker without a dot; `is_cut` says
    that the interval goes on beyond the end of the axis.
    """

    state: State
    x: str
    low: str = ""
    high: str = ""
    reference: str = ""
    is_cut: bool = False


@dataclass(frozen=True)
class Cell:
    """One estimate in a table: value and interval together, or the reason for neither."""

    state: State
    value: str = ""
    interval: str = ""
    reason: str = ""
    mark: Mark | None = None


@dataclass(frozen=True)
class Verdict:
    """A word with the tone it is printed in; never a tone alone."""

    text: str
    tone: Tone = ""


@dataclass(frozen=True)
class Row:
    """A row of a figure table; `level` is `group`, `item` or empty."""

    label: str
    cell: Cell
    gloss: str = ""
    extra: Verdict = Verdict("")
    level: str = ""
    base: str = ""


@dataclass(frozen=True)
class FigureTable:
    """Estimates with dot and whisker on one axis."""

    kind: ClassVar[str] = "figures"
    caption: str
    label_head: str
    value_head: str
    scale: Scale
    rows: tuple[Row, ...]
    extra_head: str = ""
    base_head: str = ""
    reference: str = ""
    is_titled: bool = False
    is_keyed: bool = True

    @property
    def span(self) -> int:
        """Columns beside the label, for a row that only says why it is empty."""
        return 2 + bool(self.extra_head) + bool(self.base_head)

    @property
    def has_caution(self) -> bool:
        """Whether the key must explain hollow dots and square brackets."""
        return any(row.cell.state == "caution" for row in self.rows)

    @property
    def has_cut(self) -> bool:
        """Whether the key must explain arrows at the end of the axis."""
        return any(row.cell.mark is not None and row.cell.mark.is_cut for row in self.rows)


@dataclass(frozen=True)
class Segment:
    """A piece of a stacked bar; `step` numbers its colour."""

    x: str
    width: str
    step: str


@dataclass(frozen=True)
class AnswerColumn:
    """One answer and the colour of its pieces."""

    label: str
    step: str


@dataclass(frozen=True)
class AnswerCell:
    """Share of one answer; `step` repeats the colour of its column for narrow screens."""

    step: str
    cell: Cell


@dataclass(frozen=True)
class AnswerRow:
    """Distribution of the answers to one question, or the reason why it is not shown."""

    label: str
    gloss: str
    segments: tuple[Segment, ...]
    cells: tuple[AnswerCell, ...]
    reason: str = ""


@dataclass(frozen=True)
class AnswerTable:
    """Questions that share their answers."""

    kind: ClassVar[str] = "answers"
    caption: str
    columns: tuple[AnswerColumn, ...]
    rows: tuple[AnswerRow, ...]

    @property
    def span(self) -> int:
        """Columns beside the question."""
        return 1 + len(self.columns)


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
    """Who was interviewed, beside who was selected."""

    kind: ClassVar[str] = "profile"
    caption: str
    groups: tuple[ProfileGroup, ...]


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
class SkmTable:
    """The IKM with its mutu, and the nine unsur."""

    kind: ClassVar[str] = "skm"
    caption: str
    value: str
    interval: str
    sentence: str
    table: FigureTable


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


@dataclass(frozen=True)
class UnitRow:
    """A unit in the overview; `sort_*` are plain numbers for the script, empty sorts last."""

    label: str
    link: str
    gloss: str
    cell: Cell
    standing: str
    comparison: Verdict
    any_bentuk: Cell
    n: str
    response: str
    search: str
    sort_index: str
    sort_bentuk: str
    sort_n: str
    sort_response: str


@dataclass(frozen=True)
class UnitTable:
    """All units on one axis."""

    kind: ClassVar[str] = "units"
    caption: str
    scale: Scale
    rows: tuple[UnitRow, ...]
    reference: str
    count: str

    @property
    def has_caution(self) -> bool:
        """Whether the key must explain hollow dots and square brackets."""
        return any(row.cell.state == "caution" for row in self.rows)

    @property
    def has_cut(self) -> bool:
        """Whether the key must explain arrows at the end of the axis."""
        return any(row.cell.mark is not None and row.cell.mark.is_cut for row in self.rows)


Part = (
    FigureTable
    | AnswerTable
    | ProfileTable
    | QualityTable
    | FactList
    | SkmTable
    | OfficialTable
    | UnitTable
)


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
    """Findings that the comparison with other units has earned."""

    title: str
    items: tuple[str, ...]
    tone: Tone


@dataclass(frozen=True)
class Page:
    """One HTML file; `path` is relative to the build folder, `home` the way back or empty."""

    path: str
    home: str
    home_label: str
    institution: str
    office: str
    over: str
    title: str
    facts: tuple[Fact, ...]
    banner: str
    caution: str
    hero: Hero | None
    key_figures: tuple[KeyFigure, ...]
    contrasts: tuple[Contrast, ...]
    sections: tuple[Section, ...]
    footer: tuple[str, ...]
    legend: str
    has_script: bool = False
