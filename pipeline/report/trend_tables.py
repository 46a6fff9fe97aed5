"""The chart of the index over the waves, and tables with a small chart for each measure or unit."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from pipeline.report import trend_plot, trend_said
from pipeline.report.cells import Style, cell, figure_table, head, settled
from pipeline.report.charts import Axis
from pipeline.report.context import Context
from pipeline.report.listings import Verdict
from pipeline.report.lookup import CITY_MEAN, Domain, Estimate, shown
from pipeline.report.parts import FigureTable, Row, Tick
from pipeline.report.sentences import counted, window
from pipeline.report.trend_parts import TrendChart, TrendKey, TrendRow, TrendTable, TrendText
from pipeline.report.trend_plot import Drawing
from pipeline.report.wave_lookup import Change, Waves

LARGE, SMALL = 190, 56
"""Heights of the charts in px."""
TOP, BELOW = 22, 24
"""Room above the large chart for a value, and below it for the names of the waves."""
LABEL = 8
"""Pixels between the end of an interval and the value above it."""
ABREAST = 5
"""Waves whose names stand beside each other on a phone; of more, every second one is left out."""

EVENTS = ("bentuk", "layanan")
"""Measures of which less is better."""

Measure = tuple[str, str, str]
"""Type, name and label of a measure."""


def index_parts(ctx: Context, domain: Domain, waves: Waves) -> list[TrendChart | FigureTable]:
    """The index over the waves as a chart, with its numbers in a table below it."""
    index_id = ctx.results.study.index.id
    values = waves.estimates(domain, "indeks", index_id)
    if not shown(values):
        return []
    has_chart = len(shown(values)) > 1
    table = _wave_table(ctx, domain, waves, index_id, has_chart=has_chart)
    if not has_chart:
        return [table]

    def made() -> Axis:
        every = all_domains(waves)
        return trend_plot.score_axis(ends(waves.estimates(d, "indeks", index_id) for d in every))

    axis = waves.axis("indeks", made)
    breaks = waves.breaks("indeks", index_id)
    peers = waves.estimates(CITY_MEAN, "indeks", index_id) if domain.type == "unit" else ()
    drawing = Drawing(axis, LARGE)
    plot = drawing.plot(values, breaks, peers)
    count = len(values)
    labels = []
    for i, e in enumerate(values):
        if e is not None and e.is_shown and e.value is not None:
            top = drawing.y(e.value if e.high is None else e.high)
            said = ctx.index.value(e)
            text = f"[{said}]" if e.is_careful else said
            labels.append(TrendText(f"{trend_plot.x(i, count):g}%", f"{top - LABEL:g}", text))
    ticks = tuple(
        # Counted from the last wave, which keeps its label on the narrowest screen.
        TrendText(
            f"{trend_plot.x(i, count):g}%",
            str(TOP + LARGE + 18),
            tick,
            count > ABREAST and (count - 1 - i) % 2 > 0,
        )
        for i, tick in enumerate(waves.ticks)
    )
    grid = tuple(Tick(f"{drawing.y(float(t)):g}", f"{t:g}") for t in _steps(axis))
    lines = tuple(
        Tick(f"{drawing.y(value):g}", label)
        for value, label in ctx.lines
        if axis.low < value < axis.high
    )
    careful = any(e.is_careful for e in shown(values))
    key = TrendKey(
        ctx.basis(domain).level, "rata-rata unit" if plot.peers else "", bool(breaks), careful
    )
    height = TOP + LARGE + BELOW
    return [TrendChart(str(height), str(TOP), plot, grid, lines, tuple(labels), ticks, key), table]


def _wave_table(
    ctx: Context, domain: Domain, waves: Waves, index_id: str, *, has_chart: bool
) -> FigureTable:
    """The index of each wave, with what was asked otherwise and why a value is missing."""
    study = ctx.results.study
    breaks = waves.breaks("indeks", index_id)
    rows = []
    for i, (wave, e) in enumerate(
        zip(waves.waves, waves.estimates(domain, "indeks", index_id), strict=True)
    ):
        dates = window(wave.start, wave.end) if wave.start and wave.end else ""
        gloss = "; ".join(filter(None, (dates, "pertanyaan atau definisi diubah" * (i in breaks))))
        n = counted(e.n, "").strip() if e is not None and e.is_shown else ""
        rows.append(Row(waves.row_label(i), cell(e, ctx.index), gloss, base=n))
    name = study.index.name or "Indeks"
    return figure_table(
        ctx.basis(domain), f"{name} tiap gelombang", ("Gelombang", "Indeks"), rows,
        ctx.score.axis.scale, base="Jawaban", has_key=not has_chart,
    )  # fmt: skip


def measure_table(
    ctx: Context,
    domain: Domain,
    waves: Waves,
    title: str,
    measures: Sequence[Measure],
    style: Style,
    axis_of: Callable[[Iterable[float]], Axis],
    chosen: Sequence[Measure] | None = None,
) -> list[TrendTable]:
    """Those of the measures that two waves show, on a scale that all pages share.

    Of them only the `chosen` ones have a row, where such are given.
    """
    rest = measures if chosen is None else chosen
    kept = [m for m in rest if len(shown(waves.estimates(domain, m[0], m[1]))) > 1]
    if not kept:
        return []

    def made() -> Axis:
        every = all_domains(waves)
        return axis_of(ends(waves.estimates(d, k, n) for d in every for k, n, _ in measures))

    rows = [(domain, measure, "") for measure in kept]
    return [trend_table(ctx, waves, title, title, rows, style, waves.axis(title, made))]


def trend_table(
    ctx: Context,
    waves: Waves,
    caption: str,
    label_head: str,
    measures: Sequence[tuple[Domain, Measure, str]],
    style: Style,
    axis: Axis,
) -> TrendTable:
    """A row for each domain, measure and link to a page."""
    drawing = Drawing(axis, SMALL, style.factor)
    starts = [waves.since_first(d, kind, name) for d, (kind, name, _), _ in measures]
    # The first wave of most rows; where questions changed, a row says its own.
    firsts = Counter(c.before for c in starts if c is not None)
    usual = firsts.most_common(1)[0][0] if firsts else ""
    rows = []
    for (domain, (kind, name, label), link), first in zip(measures, starts, strict=True):
        values = waves.estimates(domain, kind, name)
        breaks = waves.breaks(kind, name)
        rows.append(
            TrendRow(
                label=label,
                now=cell(values[-1], style),
                plot=drawing.plot(values, breaks),
                history=_history(waves, values, style),
                previous=_verdict(waves.since_previous(domain, kind, name), kind, style),
                first=_verdict(first, kind, style),
                link=link,
                gloss="pertanyaan pernah diubah" if breaks else "",
                since=(
                    f"sejak {inside(waves.name(first.before))} "
                    if first is not None and first.before != usual
                    else ""
                ),
            )
        )
    cells = settled([row.now for row in rows])
    # A column in which nothing could be told would say the same in every row.
    told = [waves.since_previous(d, kind, name) for d, (kind, name, _), _ in measures]
    has_previous, has_first = (any(c and c.tier for c in own) for own in (told, starts))
    return TrendTable(
        caption=ctx.basis(measures[0][0]).caption(f"{caption} tiap gelombang"),
        label_head=label_head,
        value_head=head("Sekarang", cells),
        previous_head=f"Sejak {inside(waves.waves[-2].name)}" if has_previous else "",
        first_head=f"Sejak {inside(waves.name(usual))}" if has_first else "",
        span=f"{waves.ticks[0]} sampai {waves.ticks[-1]}, {trend_said.scale(axis)}",
        rows=tuple(replace(r, now=c) for r, c in zip(rows, cells, strict=True)),
        is_share=style.is_share,
    )


def _verdict(c: Change | None, kind: str, style: Style) -> Verdict:
    return trend_said.short(c, is_adverse=kind in EVENTS, factor=style.factor)


def _history(waves: Waves, values: Sequence[Estimate | None], style: Style) -> str:
    """The earlier values in words: `2026-1: 74,2 (70–78)`."""
    said = []
    for i, e in enumerate(values[:-1]):
        shown_cell = cell(e, style)
        text = "tidak ada angka"
        if shown_cell.state != "withheld":
            text = shown_cell.figure
            text += f" ({shown_cell.interval})" if shown_cell.has_interval else ""
        said.append(f"{waves.ticks[i]}: {text}")
    return "; ".join(said)


def all_domains(waves: Waves) -> list[Domain]:
    """Every domain of any wave: one scale serves all pages."""
    found = [
        Domain(kind, code)
        for kind in ("unit", "city", "city_mean")
        for one in waves.lookups
        for code in one.domains(kind)
    ]
    return list(dict.fromkeys(found))


def ends(tables: Iterable[Sequence[Estimate | None]]) -> list[float]:
    """What an axis must hold: intervals of published values, of careful ones the value."""
    found: list[float | None] = []
    for values in tables:
        for e in shown(values):
            found += [e.value] if e.is_careful else [e.value, e.low, e.high]
    return [v for v in found if v is not None]


def _steps(axis: Axis) -> list[float]:
    count = round((axis.high - axis.low) / axis.step)
    return [axis.low + i * axis.step for i in range(count + 1)]


def inside(name: str) -> str:
    """The name of a wave within a sentence."""
    return name[:1].lower() + name[1:] if name.startswith("Gelombang") else name
