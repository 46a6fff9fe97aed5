"""View models of what runs over the waves: a chart, and tables with a small chart in each row.

Lines and dots are SVG paths in a box 100 wide that is stretched to any width; strokes and dots
keep their size. Texts stand outside that box.
"""

from dataclasses import dataclass
from typing import ClassVar

from pipeline.report.listings import Verdict
from pipeline.report.parts import Cell, Tick


@dataclass(frozen=True)
class Plot:
    """Paths of a chart `height` px high; empty text where there is no such thing.

    `tails` are ends of intervals that go on beyond the axis, `dashed` lines to or from a value to
    be read with caution, `hollow` the dots of such values; `breaks` stand between waves that asked
    otherwise, `peers` is the mean of the units.
    """

    height: str
    line: str = ""
    dashed: str = ""
    whiskers: str = ""
    tails: str = ""
    points: str = ""
    hollow: str = ""
    breaks: str = ""
    peers: str = ""


@dataclass(frozen=True)
class TrendText:
    """A text in a chart: `x` in percent, `y` in px; one that is minor is left out on phones."""

    x: str
    y: str
    label: str
    is_minor: bool = False


@dataclass(frozen=True)
class TrendKey:
    """What the marks of a chart mean; a sample of each that is there."""

    level: str
    peers: str = ""
    has_break: bool = False
    has_caution: bool = False


@dataclass(frozen=True)
class TrendChart:
    """One measure over the waves, large; its numbers stand in the table below it.

    `height` is that of all, `top` the place of the plot in it, both in px; places of
    `grid` and of the configured `lines` are px.
    """

    kind: ClassVar[str] = "trend"
    height: str
    top: str
    plot: Plot
    grid: tuple[Tick, ...]
    lines: tuple[Tick, ...]
    values: tuple[TrendText, ...]
    waves: tuple[TrendText, ...]
    key: TrendKey


@dataclass(frozen=True)
class TrendRow:
    """A measure or unit over the waves, its value today, and its changes.

    `history` tells the earlier values to who cannot see the chart; `since` says which wave `first`
    is told against, where that is not the one in the table's head.
    """

    label: str
    now: Cell
    plot: Plot
    history: str
    previous: Verdict
    first: Verdict
    link: str = ""
    gloss: str = ""
    since: str = ""


@dataclass(frozen=True)
class TrendTable:
    """Measures or units over the waves, all charts on one scale."""

    kind: ClassVar[str] = "trends"
    caption: str
    label_head: str
    value_head: str
    previous_head: str
    first_head: str
    span: str
    rows: tuple[TrendRow, ...]
    is_share: bool = False
