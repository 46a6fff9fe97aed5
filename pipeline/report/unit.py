"""The page of a unit: results where the sample carries them, the reason where it does not."""

from collections.abc import Sequence
from typing import Literal

from pipeline.report import (
    answers,
    experience,
    figures,
    method,
    perception,
    quality,
    respondents,
    sentences,
    verdicts,
    wording,
)
from pipeline.report.cells import cell, scores
from pipeline.report.charts import FULL_AXIS
from pipeline.report.context import Context
from pipeline.report.listings import Fact, FactList
from pipeline.report.lookup import Domain, Estimate
from pipeline.report.models import Gauge, GaugeLine, Hero, KeyFigure, Page, Section
from pipeline.report.parts import Mark, Tick
from pipeline.settings import Unit


def unit_page(ctx: Context, unit: Unit, path: str) -> Page:
    """Page of one unit; `path` is where it is written, relative to the build folder."""
    domain = Domain("unit", unit.unit_id)
    n = quality.interviews_count(ctx, domain)
    is_empty = not _prints_anything(ctx, domain)
    sections = _without_results(ctx, domain, n) if is_empty else _results(ctx, domain)
    index = ctx.lookup.get(domain, "indeks", ctx.results.study.index.id)
    study = ctx.results.study
    sector = wording.SECTORS.get(unit.sector, unit.sector)
    return Page(
        path=path,
        home="../index.html",
        home_label=f"Ringkasan {study.place}" if study.place else "Ringkasan",
        institution=study.institution,
        office=study.office,
        over=over(ctx),
        title=unit.name,
        facts=(*method.head_facts(ctx, domain, n), Fact("Jenis layanan", sector)),
        banner=wording.SIMULATED if ctx.results.simulated else "",
        caution="" if is_empty or index is None else sentences.caution(index),
        hero=None if is_empty else hero(ctx, domain, index),
        key_figures=() if is_empty else key_figures(ctx, domain),
        contrasts=() if is_empty else perception.contrasts(ctx, domain),
        sections=sections,
        footer=method.footer(ctx),
        legend=ctx.level,
    )


def over(ctx: Context) -> str:
    """The line above a title."""
    study = ctx.results.study
    label = study.wave.label or f"gelombang {ctx.results.wave}"
    return f"{study.name} · {label[:1].lower() + label[1:]}"


def _prints_anything(ctx: Context, domain: Domain) -> bool:
    kinds = ("indeks", "dimensi", "bentuk", "skm", "kepercayaan", "topline")
    return any(e.is_shown for kind in kinds for e in ctx.lookup.of(domain, kind))


def _without_results(ctx: Context, domain: Domain, n: int) -> tuple[Section, ...]:
    sessions = quality.sessions_of(ctx, domain)
    worked = 0 if sessions.empty else int(sessions["worked"].astype(bool).sum())
    rules = ctx.results.study.publication
    why = Section(
        "alasan",
        "Tidak ada angka untuk unit ini",
        sentences.nothing(n, worked, rules),
        (
            FactList(
                (
                    Fact("Wawancara", sentences.counted(n, "wawancara") + "."),
                    Fact(
                        "Sesi",
                        f"{worked} terlaksana dari {len(sessions)} yang direncanakan."
                        if len(sessions)
                        else "tidak ada yang direncanakan.",
                    ),
                    Fact("Artinya", wording.EMPTY_MEANS),
                )
            ),
        ),
    )
    rest = (
        quality.quality(ctx, domain),
        method.officials(ctx, domain),
        method.method(ctx, domain),
    )
    return (why, *(s for s in rest if s is not None))


def _results(ctx: Context, domain: Domain) -> tuple[Section, ...]:
    found = (
        perception.dimensions(ctx, domain),
        experience.bentuk(ctx, domain),
        experience.service(ctx, domain),
        experience.complaints(ctx, domain),
        perception.trust(ctx, domain),
        perception.skm(ctx, domain),
        answers.distributions(ctx, domain),
        respondents.respondents(ctx, domain),
        quality.quality(ctx, domain),
        method.officials(ctx, domain),
        method.method(ctx, domain),
    )
    return tuple(s for s in found if s is not None)


def hero(ctx: Context, domain: Domain, index: Estimate | None) -> Hero | None:
    """The index with its interval and its place against the lines."""
    study = ctx.results.study
    if index is None:
        return None
    shown = cell(index, scores(FULL_AXIS, ctx.edges))
    standings = ctx.lookup.standings(domain, "indeks", study.index.id)
    return Hero(
        label=study.index.name or "Indeks",
        direction="0 sampai 100, makin tinggi makin baik",
        cell=shown,
        sentence=sentences.truth_between(index, ctx.edges) if index.is_shown else "",
        standings=verdicts.standings(standings) if index.is_shown else (),
        gauge=_gauge(ctx, index, shown.mark) if index.is_shown and shown.mark else None,
    )


def _gauge(ctx: Context, index: Estimate, mark: Mark) -> Gauge:
    study = ctx.results.study
    lines = [
        (t.value, t.label or figures.number(t.value))
        for t in study.thresholds
        if t.measure == study.index.id
    ]
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
    if lines:
        words += " dengan " + ", ".join(label for _, label in lines)
    placed = gauge_lines(lines)
    height = "98" if any(line.y != "78" for line in placed) else "82"
    return Gauge(mark, width, ends[0], ends[1], placed, height, words)


def gauge_lines(lines: Sequence[tuple[float, str]]) -> tuple[GaugeLine, ...]:
    """Lines of the gauge from the lowest up, a label below its neighbour's where both are close."""
    result: list[GaugeLine] = []
    last = float("-inf")
    for value, label in sorted(lines):
        low_row = value - last < 18 and bool(result) and result[-1].y == "78"
        anchor: Literal["start", "middle", "end"] = "middle"
        if value < 15 or value > 85:
            low_row, anchor = True, "start" if value < 15 else "end"
        tick = Tick(FULL_AXIS.x(value), label, anchor)
        result.append(GaugeLine(tick, "94" if low_row else "78"))
        last = value
    return tuple(result)


def key_figures(
    ctx: Context, domain: Domain, scores_of: Domain | None = None
) -> tuple[KeyFigure, ...]:
    """Experience, trust and satisfaction, those of them that may be printed.

    `scores_of` is the domain of the two scores where it is another than that of the experience.
    """
    result = []
    anyone = ctx.lookup.get(domain, "bentuk", experience.ANY)
    domain = scores_of or domain
    suffix = wording.KEY_BASIS.get(domain.type, "")
    if anyone is not None and anyone.is_shown:
        c = cell(anyone, ctx.share)
        sentence = sentences.any_bentuk(anyone, ctx.noun)
        result.append(_key(anyone, c.value, c.interval, sentence, "#alami", "Bentuk apa?"))
    trust = ctx.lookup.get(domain, "kepercayaan", perception.TRUST)
    if trust is not None and trust.is_shown:
        c = cell(trust, ctx.score)
        result.append(
            _key(
                trust,
                c.value,
                c.interval,
                wording.TRUST + suffix,
                "#kepercayaan",
                "Butir kepercayaan",
            )
        )
    ikm = ctx.lookup.get(domain, "skm", "ikm")
    if ikm is not None and ikm.is_shown:
        c = cell(ikm, perception.IKM_STYLE)
        sentence = verdicts.ikm_short(ikm)
        result.append(_key(ikm, c.value, c.interval, sentence + suffix, "#skm", "Sembilan unsur"))
    return tuple(result)


def _key(e: Estimate, value: str, interval: str, sentence: str, link: str, text: str) -> KeyFigure:
    shown = f"[{value}]" if e.is_careful else value
    words = f"rentang {interval}" if e.has_interval and e.state != "limit" else interval
    return KeyFigure(shown, words, sentence, link, text)
