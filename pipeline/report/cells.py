"""One estimate as one table cell: value, interval, mark, or the reason why there is none."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline.report import figures, sentences
from pipeline.report.charts import SKM_AXIS, Axis
from pipeline.report.lookup import Estimate
from pipeline.report.parts import Cell, Mark


@dataclass(frozen=True)
class Style:
    """How a kind of estimate is printed, and how it lies on its axis.

    `factor` takes the value to the units of the axis (100 for shares); `edges` are lines that
    rounding must not cross; a compact style writes every interval as two numbers.
    """

    axis: Axis
    factor: float = 1.0
    is_share: bool = False
    decimals: int = 1
    edges: tuple[float, ...] = ()
    is_compact: bool = False

    def value(self, e: Estimate) -> str:
        """The value as text."""
        assert e.value is not None
        if self.is_share:
            return figures.percent(e.value, e.low, e.high)
        if self.decimals == 1:
            return figures.points(e.value, self.edges)
        return figures.number(e.value, self.decimals)

    def interval(self, low: float, high: float) -> str:
        """The interval as text."""
        if self.is_share:
            return figures.percent_span(low, high)
        if self.decimals == 1:
            return figures.points_span(low, high, self.edges)
        return figures.span(low, high, self.decimals)


def shares(axis: Axis) -> Style:
    """Style of proportions on an axis in percent."""
    return Style(axis, 100.0, is_share=True)


def scores(axis: Axis, edges: Sequence[float] = ()) -> Style:
    """Style of scores of 0–100."""
    return Style(axis, edges=tuple(edges))


UNSUR = Style(SKM_AXIS, decimals=2)


def cell(e: Estimate | None, style: Style, reference: float | None = None) -> Cell:
    """The cell of an estimate; `reference` is the mean of the others, where it was compared.

    A share of zero is shown as its upper limit: `0%`, `paling banyak 2,9%`.
    """
    if e is None or not e.is_shown or e.value is None:
        return Cell("withheld", reason=sentences.withheld(e))
    place: Callable[[float], str] = lambda v: style.axis.x(v * style.factor)  # noqa: E731
    tick = "" if reference is None else place(reference)
    if e.low is None or e.high is None:
        alone = Mark(e.state, place(e.value), reference=tick)
        return Cell(e.state, style.value(e), "tanpa rentang", mark=alone)
    cut = (e.low * style.factor < style.axis.low, e.high * style.factor > style.axis.high)
    mark = Mark(e.state, place(e.value), place(e.low), place(e.high), tick, *cut)
    if e.state == "limit" and style.is_share and not style.is_compact:
        most = figures.percent(e.high, 0.0, e.high)
        return Cell("limit", "0%", f"paling banyak {most}", mark=mark)
    return Cell(e.state, style.value(e), style.interval(e.low, e.high), mark=mark)
