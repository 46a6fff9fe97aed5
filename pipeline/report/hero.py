"""The answer of a page: the index on its gauge, and the figures beside it."""

from collections.abc import Sequence
from typing import Literal

from pipeline.report import experience, figures, frequencies, notes, panel, sentences, verdicts
from pipeline.report.cells import NO_INTERVAL, UNSUR, cell, scores
from pipeline.report.charts import FULL_AXIS
from pipeline.report.context import Context
from pipeline.report.lookup import Domain, Estimate
from pipeline.report.models import Gauge, GaugeLine, Hero, KeyFigure
from pipeline.report.parts import Cell, Mark, Tick

# Labels of lines closer than this share of the gauge would touch on a phone.
_CLOSE = 20


def hero(
    ctx: Context, domain: Domain, index: Estimate | None, name: str = "", second: str = ""
) -> Hero | None:
    """The index with its interval and its place against the lines.

    `name` qualifies the index, `second` is a line below.
    """
    study = ctx.results.study
    if index is None:
        return None
    shown = cell(index, scores(FULL_AXIS, ctx.edges))
    places = ctx.lookup.standings(domain, "indeks", study.index.id)
    label = study.index.name or "Indeks"
    return Hero(
        label=f"{label}, {name}" if name else label,
        direction="0 sampai 100, makin tinggi makin baik",
        cell=shown,
        sentence=sentences.truth_between(index, ctx.edges) if index.is_shown else "",
        standings=verdicts.standings(places, index) if index.is_shown else (),
        gauge=_gauge(ctx, index, shown.mark) if index.is_shown and shown.mark else None,
        second=second,
    )


def _gauge(ctx: Context, index: Estimate, mark: Mark) -> Gauge:
    words = f"Indeks {figures.points(index.value or 0.0, ctx.edges)}"
    ends: list[Tick | None] = [None, None]
    width = ""
    if index.low is not None and index.high is not None:
        decimals = figures.points_decimals(index.low, index.high, ctx.edges)
        low, high = (figures.number(v, decimals) for v in (index.low, index.high))
        words += f", antara {low} dan {high}"
        width = FULL_AXIS.x(index.high - index.low)
        # Labels stand outside the bar, inside where they would leave the chart.
        ends[0] = Tick(FULL_AXIS.x(index.low), low, "start" if index.low < 8 else "end")
        ends[1] = Tick(FULL_AXIS.x(index.high), high, "end" if index.high > 92 else "start")
    words += ", pada skala 0 sampai 100"
    if ctx.lines:
        words += " dengan " + ", ".join(label for _, label in ctx.lines)
    placed = gauge_lines(ctx.lines)
    height = "98" if any(line.y != "78" for line in placed) else "82"
    return Gauge(mark, width, ends[0], ends[1], placed, height, words)


def gauge_lines(lines: Sequence[tuple[float, str]]) -> tuple[GaugeLine, ...]:
    """Lines of the gauge from the lowest up, a label below its neighbour's where both are close."""
    result: list[GaugeLine] = []
    last = float("-inf")
    for value, label in sorted(lines):
        low_row = value - last < _CLOSE and bool(result) and result[-1].y == "78"
        anchor: Literal["start", "middle", "end"] = "middle"
        if value < 15 or value > 85:
            low_row, anchor = True, "start" if value < 15 else "end"
        tick = Tick(FULL_AXIS.x(value), label, anchor)
        result.append(GaugeLine(tick, "94" if low_row else "78"))
        last = value
    return tuple(result)


def key_figures(
    ctx: Context, domain: Domain, trust_of: Domain | None = None, ikm_of: Domain | None = None
) -> tuple[KeyFigure, ...]:
    """Experience, trust and satisfaction, those of them that may be printed.

    `trust_of` and `ikm_of` are the domains of the two scores where they are others than that of
    the experience.
    """
    result = []
    anyone = ctx.lookup.get(domain, "bentuk", experience.ANY)
    if anyone is not None and anyone.is_shown:
        sentence = frequencies.how_many(anyone, frequencies.ANY, ctx.basis(domain), has_span=False)
        result.append(_key(cell(anyone, ctx.share), sentence, "#alami", "Bentuk apa?"))
    place = trust_of or domain
    trust = ctx.lookup.get(place, "kepercayaan", panel.TRUST)
    if trust is not None and trust.is_shown:
        sentence = notes.TRUST + ctx.basis(place).key_note
        result.append(_key(cell(trust, ctx.score), sentence, "#kepercayaan", "Butir kepercayaan"))
    place = ikm_of or domain
    ikm = ctx.lookup.get(place, "skm", "ikm")
    if ikm is not None and ikm.is_shown:
        basis = ctx.basis(place)
        sentence = verdicts.ikm_short(ikm, basis) + basis.key_note
        result.append(_key(cell(ikm, UNSUR), sentence, "#skm", "Sembilan unsur"))
    return tuple(result)


def _key(shown: Cell, sentence: str, link: str, text: str) -> KeyFigure:
    words = "" if shown.interval == NO_INTERVAL else shown.interval
    if shown.has_interval and shown.state != "limit":
        words = f"rentang {words}"
    return KeyFigure(shown.figure, words, sentence, link, text)
