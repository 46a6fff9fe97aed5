"""Geometry of charts over the waves: estimates to paths in a box 100 wide.

Waves stand at equal distances, whatever the time between them. A wave without a value is a gap; no
line crosses it, nor a break in what was asked.
"""

import math
from collections.abc import Collection, Iterable, Sequence

from pipeline.report import charts
from pipeline.report.charts import Axis
from pipeline.report.lookup import Estimate, shown
from pipeline.report.trend_parts import Plot

Point = tuple[float, float]

PAD = 6
"""Pixels above and below the axis, so that no dot is cut."""

TAIL = 6
"""Pixels of an interval that are dashed where it goes on beyond the axis."""

LEAST = 30.0
"""Least length of an axis of scores: a shorter one makes noise look like news."""


def x(place: int, count: int) -> float:
    """Place of a wave, 0-100: each has a column of its own."""
    return round(100 * (place + 0.5) / count, 2)


def score_axis(values: Iterable[float]) -> Axis:
    """Axis for scores over the waves: round ends around all values, at least `LEAST` long."""
    found = [v for v in values if math.isfinite(v)]
    low = 10.0 * math.floor(min(found, default=0.0) / 10)
    high = min(10.0 * math.ceil(max(found, default=100.0) / 10), 100.0)
    if high - low < LEAST:
        high = min(high + 10 * math.ceil((LEAST - (high - low)) / 20), 100.0)
        low = max(high - LEAST, 0.0)
        high = max(high, low + LEAST)
    return Axis(low, high, 10.0 if high - low <= 50 else 20.0)


def share_axis(values: Iterable[float]) -> Axis:
    """Axis for shares over the waves, in percent from 0."""
    return charts.share_axis(values)


class Drawing:
    """A box of `height` px in which values of one axis have their place."""

    def __init__(self, axis: Axis, height: int, factor: float = 1.0) -> None:
        self._axis, self._height, self._factor = axis, height, factor

    def y(self, value: float) -> float:
        """Pixels from the top, held inside the box."""
        axis = self._axis
        held = min(max(value * self._factor, axis.low), axis.high)
        share = (held - axis.low) / (axis.high - axis.low)
        return round(PAD + (1 - share) * (self._height - 2 * PAD), 1)

    def _segments(
        self, values: Sequence[Estimate | None], breaks: Collection[int]
    ) -> list[tuple[Point, Point, bool]]:
        """From each wave to the next one, where both have a value and asked the same.

        The last of the three says whether one of them is to be read with caution.
        """
        found = []
        for i in range(1, len(values)):
            pair = shown(values[i - 1 : i + 1])
            if len(pair) == 2 and i not in breaks:
                ends = [
                    (x(i - 1 + k, len(values)), self.y(e.value or 0.0)) for k, e in enumerate(pair)
                ]
                found.append((ends[0], ends[1], any(e.is_careful for e in pair)))
        return found

    def plot(
        self,
        values: Sequence[Estimate | None],
        breaks: Collection[int] = (),
        peers: Sequence[Estimate | None] = (),
    ) -> Plot:
        """All paths of a chart of these values; `peers` are drawn as a line without intervals."""
        count = len(values)
        segments = self._segments(values, breaks)
        whiskers, tails, points, hollow = "", "", "", ""
        for i, e in enumerate(values):
            if e is None or not e.is_shown or e.value is None:
                continue
            at = _number(x(i, count))
            if e.low is not None and e.high is not None:
                low, high = self.y(e.low), self.y(e.high)
                # An end that the axis does not hold is drawn as going on.
                if e.high * self._factor > self._axis.high and low - high > 2 * TAIL:
                    tails += f"M{at} {_number(high + TAIL)}V{_number(high - PAD)}"
                    high += TAIL
                if e.low * self._factor < self._axis.low and low - high > 2 * TAIL:
                    tails += f"M{at} {_number(low - TAIL)}V{_number(low + PAD)}"
                    low -= TAIL
                whiskers += f"M{at} {_number(low)}V{_number(high)}"
            dot = f"M{at} {_number(self.y(e.value))}h0"
            points += dot
            hollow += dot if e.is_careful else ""
        return Plot(
            height=str(self._height),
            line=_path([(a, b) for a, b, careful in segments if not careful]),
            dashed=_path([(a, b) for a, b, careful in segments if careful]),
            whiskers=whiskers,
            tails=tails,
            points=points,
            hollow=hollow,
            breaks="".join(f"M{_number(100 * i / count)} 0V{self._height}" for i in sorted(breaks)),
            peers=_path([(a, b) for a, b, _ in self._segments(peers, breaks)]),
        )


def _path(segments: Iterable[tuple[Point, Point]]) -> str:
    """Segments as one path; one that begins where the last one ended goes on with it."""
    found, end = "", None
    for start, to in segments:
        if start != end:
            found += f"M{_number(start[0])} {_number(start[1])}"
        found += f"L{_number(to[0])} {_number(to[1])}"
        end = to
    return found


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
