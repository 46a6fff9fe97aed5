"""Geometry of the charts: values to percent of an axis.

The charts are table rows with a small SVG whose coordinates are percentages, so that text and
strokes keep their size at any width. One axis serves all units of a wave.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.report import figures
from pipeline.report.parts import Scale, Segment, Tick


@dataclass(frozen=True)
class Axis:
    """A linear axis from `low` to `high` with a tick every `step`."""

    low: float
    high: float
    step: float
    suffix: str = ""

    def __post_init__(self) -> None:
        if not (self.low < self.high and self.step > 0):
            raise ValueError(f"axis {self.low} to {self.high} by {self.step} has no extent")

    def x(self, value: float) -> str:
        """Place of `value` as a percentage of the axis, held inside it."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return percentage(100 * share)

    def scale_with(self, lines: Sequence[tuple[float, str]]) -> Scale:
        """The scale with those of the lines (value, label) that lie on it, from the lowest up."""
        ticks = [Tick(self.x(v), label) for v, label in sorted(lines) if self.low <= v <= self.high]
        return Scale(self.scale.ticks, tuple(ticks))

    @property
    def scale(self) -> Scale:
        """Ticks with labels; the outermost labels are kept inside."""
        count = math.floor((self.high - self.low) / self.step + 1e-9)
        values = [self.low + i * self.step for i in range(count + 1)]
        ticks = []
        for value in values:
            anchor: Literal["start", "middle", "end"] = "middle"
            if value == self.low:
                anchor = "start"
            elif math.isclose(value, self.high):
                anchor = "end"
            decimals = 0 if float(value).is_integer() else 1
            label = figures.number(value, decimals) + self.suffix
            ticks.append(Tick(self.x(value), label, anchor))
        return Scale(tuple(ticks))


def percentage(value: float) -> str:
    """`71.3%` with at most two decimals and no trailing zero."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return f"{'0' if text in ('', '-0') else text}%"


def score_axis(values: Iterable[float]) -> Axis:
    """Axis for scores of 0–100: from a round start below the least value, at most 50, to 100."""
    least = min((v for v in values if math.isfinite(v)), default=0.0)
    if least >= 50:
        return Axis(50.0, 100.0, 10.0)
    return Axis(20.0 * math.floor(max(least, 0.0) / 20.0), 100.0, 20.0)


def share_axis(values: Iterable[float]) -> Axis:
    """Axis for shares in percent: from 0 to a round end just beyond the largest value."""
    most = max((v for v in values if math.isfinite(v)), default=0.0)
    for high, step in ((5, 1), (10, 2), (20, 5), (30, 10), (40, 10), (60, 20)):
        if 100 * most <= high:
            return Axis(0.0, float(high), float(step), "%")
    return SHARE_AXIS


SKM_AXIS = Axis(1.0, 4.0, 1.0)
FULL_AXIS = Axis(0.0, 100.0, 20.0)
SHARE_AXIS = Axis(0.0, 100.0, 25.0, "%")


def segments(shares: Sequence[float], steps: Sequence[str]) -> tuple[Segment, ...]:
    """Stacked bar of `shares`, scaled to fill the axis; empty where they sum to nothing.

    Shares of published categories may miss a withheld one, and rounding may leave a gap:
    the bar shows proportions among those given.
    """
    known = [s if math.isfinite(s) and s > 0 else 0.0 for s in shares]
    total = sum(known)
    if total <= 0:
        return ()
    result, start = [], 0.0
    for share, step in zip(known, steps, strict=True):
        width = 100 * share / total
        if width > 0:
            result.append(Segment(percentage(start), percentage(width), step))
        start += width
    return tuple(result)
