"""Estimates as table cells, and tables of them: value, interval, mark, or the reason for none."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from pipeline.report import figures, frequencies, sentences
from pipeline.report.basis import Basis
from pipeline.report.charts import SKM_AXIS, Axis
from pipeline.report.lookup import Estimate
from pipeline.report.parts import Cell, FigureTable, Key, Mark, Row, Scale, State

NO_INTERVAL = "tanpa rentang"


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

    def interval(self, low: float, high: float, value: float | None = None) -> str:
        """The interval as text, with the decimals that `value` gets."""
        if self.is_share:
            return figures.percent_span(low, high, value)
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

    A share of none or all is shown with its limit: `0%`, `paling banyak 2,9%`.
    """
    if e is not None and (e.at_most is not None or e.at_least is not None):
        return _bounded(e, style)
    if e is None or not e.is_shown or e.value is None:
        return Cell("withheld", reason=sentences.withheld(e))
    place: Callable[[float], str] = lambda v: style.axis.x(v * style.factor)  # noqa: E731
    tick = "" if reference is None else place(reference)
    careful = e.is_careful
    state: State = "caution" if careful else "published"
    text = style.value(e)
    if e.low is None or e.high is None:
        alone = Mark(state, place(e.value), reference=tick)
        return Cell(state, text, NO_INTERVAL, mark=alone, is_careful=careful)
    cut = (e.low * style.factor < style.axis.low, e.high * style.factor > style.axis.high)
    low, high = place(e.low), place(e.high)
    if style.is_share and not style.is_compact and e.value in (0.0, 1.0):
        end = high if e.value == 0 else low
        mark = Mark("limit", place(e.value), low, high, tick, *cut, limit=end)
        return Cell("limit", text, frequencies.limit(e), mark=mark, is_careful=careful)
    mark = Mark(state, place(e.value), low, high, tick, *cut)
    span = style.interval(e.low, e.high, e.value)
    return Cell(state, text, span, mark=mark, is_careful=careful)


def _bounded(e: Estimate, style: Style) -> Cell:
    """A share of which only a limit is said, the same for none and for four people."""
    axis = style.axis
    low, high = e.at_least or 0.0, 1.0 if e.at_most is None else e.at_most
    ends = [axis.x(v * style.factor) for v in (low, high)]
    few = e.at_most is not None
    mark = Mark(
        "limit", ends[0 if few else 1], ends[0], ends[1],
        cut_high=high * style.factor > axis.high, limit=ends[1 if few else 0],
    )  # fmt: skip
    text, words = frequencies.bound(e)
    return Cell("limit", text, "" if style.is_compact else words, mark=mark)


def has_intervals(cells: Iterable[Cell]) -> bool:
    """Whether any of the cells has an interval."""
    return any(c.has_interval for c in cells)


def settled(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """The cells of one table; where none has an interval the table says so, not every cell."""
    if has_intervals(cells):
        return tuple(cells)
    return tuple(replace(c, interval="") for c in cells)


def head(words: str, cells: Iterable[Cell]) -> str:
    """Heading of a column of values: `Nilai (rentang)`, or `Nilai` where there is none."""
    return f"{words} (rentang)" if has_intervals(cells) else words


def key_of(
    cells: Iterable[Cell], basis: Basis, reference: str = "", scale: Scale | None = None
) -> Key:
    """Key of a chart that shows these cells on that scale."""
    shown = list(cells)
    return Key(
        level=basis.level if has_intervals(shown) else "",
        reference=reference if any(c.mark and c.mark.reference for c in shown) else "",
        lines=" dan ".join(t.label for t in scale.lines) if scale else "",
        has_caution=any(c.is_careful for c in shown),
        has_cut=any(c.mark is not None and c.mark.is_cut for c in shown),
    )


def figure_table(
    basis: Basis,
    caption: str,
    heads: tuple[str, str],
    rows: Sequence[Row],
    scale: Scale,
    *,
    extra: str = "",
    base: str = "",
    reference: str = "",
    has_key: bool = True,
) -> FigureTable:
    """Table of estimates; columns that would be empty and words that never apply are left out.

    `heads` are those of the labels and of the values, `extra` and `base` those of the two
    columns that may follow.
    """
    cells = [r.cell for r in rows]
    shown = zip(rows, settled(cells), strict=True)
    return FigureTable(
        caption=basis.caption(caption),
        label_head=heads[0],
        value_head=head(heads[1], cells),
        scale=scale,
        rows=tuple(replace(r, cell=c) for r, c in shown),
        extra_head=extra if any(r.extra.text for r in rows) else "",
        base_head=base if any(r.base for r in rows) else "",
        key=key_of(cells, basis, reference, scale) if has_key else None,
    )
