"""View models of what stands inside a section: tables that are their own charts.

Everything is already worded, rounded and placed. Texts are plain text, escaped when they are
rendered; coordinates are percent strings; `kind` names the macro that draws a part. Templates
compute nothing.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal
from zlib import crc32

from pipeline.report.listings import NO_VERDICT, Verdict

State = Literal["published", "caution", "limit", "withheld"]


@dataclass(frozen=True)
class Tick:
    """A labelled place on an axis; `anchor` keeps the label inside the chart."""

    x: str
    label: str
    anchor: Literal["start", "middle", "end"] = "middle"


@dataclass(frozen=True)
class Scale:
    """An axis as drawn: its ticks, first to last, and configured lines that lie on it.

    Its grid stands once on a page, under `id`; every row of every table with that scale shows it.
    """

    ticks: tuple[Tick, ...]
    lines: tuple[Tick, ...] = ()

    @property
    def id(self) -> str:
        """Name of the grid, made from where its lines stand."""
        places = " ".join([*(t.x for t in self.ticks), "|", *(t.x for t in self.lines)])
        return f"g{crc32(places.encode()):08x}"


@dataclass(frozen=True)
class Mark:
    """Dot and whisker in percent of the axis; empty text where there is no such thing.

    `state` `caution` is drawn hollow, `limit` as an open whisker without a dot that ends at
    `limit`; `cut_low` and `cut_high` say that the interval goes on beyond that end of the axis.
    """

    state: State
    x: str
    low: str = ""
    high: str = ""
    reference: str = ""
    cut_low: bool = False
    cut_high: bool = False
    limit: str = ""

    @property
    def is_cut(self) -> bool:
        """Whether the axis does not hold the whole interval."""
        return self.cut_low or self.cut_high


@dataclass(frozen=True)
class Cell:
    """One estimate in a table: value and interval together, or the reason for neither."""

    state: State
    value: str = ""
    interval: str = ""
    reason: str = ""
    mark: Mark | None = None
    is_careful: bool = False

    @property
    def figure(self) -> str:
        """The value, in square brackets where it is to be read with caution."""
        return f"[{self.value}]" if self.is_careful else self.value

    @property
    def has_interval(self) -> bool:
        """Whether the interval is one, not words in its place."""
        return self.mark is not None and bool(self.mark.low)

    @property
    def aside(self) -> str:
        """What stands beside the value: the interval in parentheses, or words as they are."""
        is_span = self.has_interval and self.state != "limit"
        return f"({self.interval})" if is_span else self.interval


@dataclass(frozen=True)
class Row:
    """A row of a figure table; `level` is `group`, `item` or empty."""

    label: str
    cell: Cell
    gloss: str = ""
    extra: Verdict = NO_VERDICT
    level: str = ""
    base: str = ""


@dataclass(frozen=True)
class Key:
    """What the line above a chart explains; `level` is empty where no value has an interval.

    `reference` names the tick and `lines` the configured lines, if there are any; `own` and
    `others` name the two colours of a chart in which one unit stands out.
    """

    level: str = ""
    reference: str = ""
    lines: str = ""
    has_caution: bool = False
    has_cut: bool = False
    own: str = ""
    others: str = ""


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
    key: Key | None = None
    is_titled: bool = False

    @property
    def span(self) -> int:
        """Columns beside the label, for a row that only says why it is empty."""
        return 2 + bool(self.extra_head) + bool(self.base_head)


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
class SkmTable:
    """The IKM with its mutu, and the nine unsur."""

    kind: ClassVar[str] = "skm"
    caption: str
    value: str
    interval: str
    sentence: str
    table: FigureTable
