"""The first page: the city in one figure, all units on one axis, and how to read it."""

from collections.abc import Mapping

from pipeline.report import (
    answers,
    experience,
    figures,
    method,
    perception,
    quality,
    sentences,
    verdicts,
    wording,
)
from pipeline.report.cells import cell, scores
from pipeline.report.charts import FULL_AXIS
from pipeline.report.context import Context
from pipeline.report.listings import Fact, FactList, Verdict
from pipeline.report.lookup import CITY, CITY_MEAN, Domain, reference
from pipeline.report.models import Hero, Page, Section
from pipeline.report.parts import UnitRow, UnitTable, key_of
from pipeline.report.unit import hero, key_figures, over
from pipeline.settings import Unit

_ORDER = {"jelas di atas": 0, "tidak dapat dibedakan": 1, "jelas di bawah": 2, "": 3}


def overview_page(ctx: Context, links: Mapping[str, str]) -> Page:
    """Page of the city; `links` maps the code of a unit to the path of its page."""
    study = ctx.results.study
    n = quality.interviews_count(ctx, CITY)
    found = (
        _units(ctx, links),
        perception.dimensions(ctx, _city(ctx)),
        experience.bentuk(ctx, CITY),
        experience.service(ctx, CITY),
        experience.complaints(ctx, CITY),
        perception.trust(ctx, _city(ctx)),
        perception.skm(ctx, _city(ctx)),
        quality.quality(ctx, CITY),
        method.officials(ctx, CITY),
        _reading(),
        method.method(ctx, CITY),
    )
    return Page(
        path="index.html",
        home="",
        home_label="",
        institution=study.institution,
        office=study.office,
        over=over(ctx),
        title=f"Layanan publik di {study.place}" if study.place else study.name,
        facts=(Fact("Unit layanan", str(len(links))), *method.head_facts(ctx, CITY, n)),
        banner=wording.SIMULATED if ctx.results.simulated else "",
        caution="",
        hero=_hero(ctx),
        key_figures=key_figures(ctx, CITY, _city(ctx)),
        contrasts=(),
        sections=tuple(s for s in found if s is not None),
        footer=method.footer(ctx),
        legend=ctx.level,
        has_script=True,
    )


def _city(ctx: Context) -> Domain:
    """The mean of units where it was made, else the figure weighted by visits."""
    return CITY_MEAN if ctx.lookup.of(CITY_MEAN, "dimensi") else CITY


def _hero(ctx: Context) -> Hero | None:
    index_id = ctx.results.study.index.id
    mean = ctx.lookup.get(CITY_MEAN, "indeks", index_id)
    weighted = ctx.lookup.get(CITY, "indeks", index_id)
    main = hero(ctx, CITY_MEAN, mean)
    if main is None:
        return hero(ctx, CITY, weighted)
    second = sentences.city_weighted(weighted, ctx.edges) if weighted is not None else ""
    return Hero(
        label=f"{main.label}, rata-rata unit",
        direction=main.direction,
        cell=cell(mean, scores(FULL_AXIS, ctx.edges)),
        sentence=main.sentence,
        standings=main.standings,
        gauge=main.gauge,
        second=second,
    )


def _units(ctx: Context, links: Mapping[str, str]) -> Section | None:
    study = ctx.results.study
    listed = [u for u in study.units if u.unit_id in links]
    if not listed:
        return None
    tiers = {u.unit_id: _tier(ctx, u.unit_id) for u in listed}
    ordered = sorted(listed, key=lambda u: (_ORDER.get(tiers[u.unit_id], 3), u.short_name))
    count = [list(tiers.values()).count(t) for t in _ORDER]
    rows = tuple(_row(ctx, u, tiers[u.unit_id], links[u.unit_id]) for u in ordered)
    table = UnitTable(
        caption=f"Indeks tiap unit dengan rentang keyakinan {ctx.level}",
        scale=ctx.score.axis.scale,
        rows=rows,
        key=key_of((r.cell for r in rows), perception.OTHERS),
        count=f"{len(listed)} unit",
    )
    return Section(
        "unit",
        "Semua unit",
        verdicts.units_lead(count[0], count[2], count[1], count[3]),
        (table,),
        (wording.UNITS_NOTE,),
    )


def _tier(ctx: Context, unit_id: str) -> str:
    found = ctx.lookup.comparison(Domain("unit", unit_id), "indeks", ctx.results.study.index.id)
    return found.tier if found and found.tier in _ORDER else ""


def _row(ctx: Context, unit: Unit, tier: str, link: str) -> UnitRow:
    domain = Domain("unit", unit.unit_id)
    index_id = ctx.results.study.index.id
    index = ctx.lookup.get(domain, "indeks", index_id)
    compared = ctx.lookup.comparison(domain, "indeks", index_id)
    anyone = ctx.lookup.get(domain, "bentuk", experience.ANY)
    n = quality.interviews_count(ctx, domain)
    rr3 = quality.rate(quality.response_of(ctx, domain), "rr3")
    is_shown = index is not None and index.is_shown
    standings = ctx.lookup.standings(domain, "indeks", index_id) if is_shown else ()
    shown_index = cell(index, ctx.index, reference(index, compared))
    if index is None:
        shown_index = type(shown_index)("withheld", reason="tidak ada angka")
    sector = wording.SECTORS.get(unit.sector, unit.sector)
    return UnitRow(
        label=unit.short_name,
        link=link,
        gloss=sector[:1].upper() + sector[1:],
        cell=shown_index,
        standing=verdicts.standings_short(standings),
        comparison=wording.COMPARED[tier] if is_shown else Verdict(""),
        any_bentuk=cell(anyone, ctx.share),
        n="<10" if 0 < n < 10 else figures.number(n),
        response="" if rr3 is None else figures.percent(rr3),
        search=f"{unit.name} {unit.short_name} {sector}".lower(),
        sort_index=_plain(index.value if index is not None and index.is_shown else None),
        sort_bentuk=_plain(anyone.value if anyone is not None and anyone.is_shown else None),
        sort_n=str(n),
        sort_response=_plain(rr3),
    )


def _plain(value: float | None) -> str:
    """A number for the script to sort by, no finer than what is printed."""
    return "" if value is None else str(figures.rounded(value, 3))


def _reading() -> Section:
    return Section(
        "baca",
        "Cara membaca",
        "Setiap nilai berasal dari sampel, jadi selalu disertai rentang.",
        (FactList(tuple(Fact(term, text) for term, text in wording.READING)),),
    )


def topline_page(ctx: Context) -> Page:
    """Page of a study without units: the topline of every closed question."""
    study = ctx.results.study
    domain = CITY if ctx.lookup.of(CITY, "topline") else _only_domain(ctx)
    tables = answers.toplines(ctx, domain)
    n = max((e.n for e in ctx.lookup.of(domain, "topline")), default=0)
    title = study.name if study.has_settings else ctx.results.instrument.title or study.name
    selection = study.design.selection
    lead = wording.TOPLINE_LEAD[selection]
    closed = Section("jawaban", "Jawaban tiap pertanyaan tertutup", lead, tables)
    if not tables:
        closed = Section("jawaban", "Jawaban tiap pertanyaan tertutup", wording.NO_TOPLINE)
    found = (
        perception.dimensions(ctx, domain),
        experience.bentuk(ctx, domain),
        experience.service(ctx, domain),
        experience.complaints(ctx, domain),
        perception.trust(ctx, domain),
        perception.skm(ctx, domain),
        closed,
        method.method(ctx, domain),
    )
    return Page(
        path="index.html",
        home="",
        home_label="",
        institution=study.institution,
        office=study.office,
        over=over(ctx) if study.has_settings else "Hasil survei",
        title=title,
        facts=method.head_facts(ctx, domain, n),
        banner=wording.SIMULATED if ctx.results.simulated else "",
        caution=wording.VOLUNTEER.get(selection, ""),
        hero=hero(ctx, domain, ctx.lookup.get(domain, "indeks", study.index.id)),
        key_figures=(),
        contrasts=(),
        sections=tuple(s for s in found if s is not None),
        footer=method.footer(ctx),
        legend=ctx.level if selection == "probability" else "",
    )


def _only_domain(ctx: Context) -> Domain:
    names = ctx.lookup.domains("unit")
    return Domain("unit", names[0]) if names else CITY
