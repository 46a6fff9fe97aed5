"""The first page: the city in one figure, all units on one axis, and how to read it."""

from collections.abc import Mapping

from pipeline.report import (
    answers,
    experience,
    field,
    findings,
    method,
    notes,
    perception,
    placing,
    quality,
    sentences,
    trend,
    units,
    wording,
)
from pipeline.report.context import Context
from pipeline.report.hero import hero, key_figures
from pipeline.report.listings import Fact, FactList
from pipeline.report.lookup import CITY, CITY_MEAN, Domain
from pipeline.report.models import Hero, Page, Section
from pipeline.report.unit import over


def overview_page(ctx: Context, links: Mapping[str, str]) -> Page:
    """Page of the city; `links` maps the code of a unit to the path of its page."""
    study = ctx.results.study
    n = field.interviews_count(ctx, CITY)
    trust_of, skm_of = city_of(ctx, "kepercayaan"), city_of(ctx, "skm")
    found = (
        units.overview(ctx, links),
        placing.of_city(ctx, links),
        findings.of_city(ctx, links),
        trend.trend(ctx, city_of(ctx, "indeks"), ctx.waves) if ctx.waves else None,
        trend.units(ctx, ctx.waves, links) if ctx.waves else None,
        perception.dimensions(ctx, city_of(ctx, "dimensi")),
        experience.bentuk(ctx, CITY),
        experience.service(ctx, CITY),
        experience.complaints(ctx, CITY),
        perception.trust(ctx, trust_of),
        perception.skm(ctx, skm_of),
        quality.quality(ctx, CITY),
        method.officials(ctx, CITY),
        _reading(ctx),
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
        facts=method.head_facts(ctx, CITY, n),
        banner=ctx.banner,
        caution=_caution(ctx, list(links)),
        hero=_hero(ctx),
        key_figures=(
            *key_figures(ctx, CITY, trust_of, skm_of),
            *trend.key(ctx, city_of(ctx, "indeks")),
        ),
        contrasts=(),
        provenance=method.provenance(ctx, CITY),
        sections=tuple(s for s in found if s is not None),
        footer=method.footer(ctx),
        stamp=ctx.stamp,
        has_script=True,
    )


def city_of(ctx: Context, kind: str) -> Domain:
    """The mean of units where it may be shown, else the figure with all answers together."""
    return CITY_MEAN if any(e.is_shown for e in ctx.lookup.of(CITY_MEAN, kind)) else CITY


def _caution(ctx: Context, codes: list[str]) -> str:
    """What to mind on the whole page: the kind of sample, and why the city has no mean."""
    basis = ctx.basis(CITY)
    said = [notes.not_random(basis)]
    if city_of(ctx, "indeks") == CITY and ctx.lookup.of(CITY, "indeks"):
        found = units.ordered(ctx, codes)
        weak = [
            (s.unit.short_name, s.index) for s in found if s.index is None or not s.index.is_shown
        ]
        if 0 < len(weak) < len(found):
            said.append(sentences.no_mean(weak, len(found) - len(weak), basis))
    return " ".join(text for text in said if text)


def _hero(ctx: Context) -> Hero | None:
    index_id = ctx.results.study.index.id
    domain = city_of(ctx, "indeks")
    index = ctx.lookup.get(domain, "indeks", index_id)
    if domain == CITY:
        return hero(ctx, CITY, index, ctx.basis(CITY).pooled)
    weighted = ctx.lookup.get(CITY, "indeks", index_id)
    basis = ctx.basis(CITY)
    second = "" if weighted is None else sentences.city_weighted(weighted, basis, ctx.edges)
    return hero(ctx, CITY_MEAN, index, "rata-rata unit", second)


def _reading(ctx: Context) -> Section:
    basis, rules = ctx.basis(CITY), ctx.results.study.publication
    facts = tuple(Fact(term, text) for term, text in notes.reading(basis, rules.caution_n))
    return Section("baca", "Cara membaca", notes.reading_lead(basis), (FactList(facts),))


def topline_page(ctx: Context) -> Page:
    """Page of a study without units: the topline of every closed question."""
    study = ctx.results.study
    domain = CITY if ctx.lookup.of(CITY, "topline") else _only_domain(ctx)
    basis = ctx.basis(domain)
    tables = answers.toplines(ctx, domain)
    n = max((e.n for e in ctx.lookup.of(domain, "topline")), default=0)
    title = study.name
    if not study.has_settings:
        title = wording.shown(ctx.results.instrument.title) or study.name
    lead = notes.topline_lead(basis) if tables else notes.NO_TOPLINE
    found = (
        perception.dimensions(ctx, domain),
        experience.bentuk(ctx, domain),
        experience.service(ctx, domain),
        experience.complaints(ctx, domain),
        perception.trust(ctx, domain),
        perception.skm(ctx, domain),
        trend.trend(ctx, domain, ctx.waves) if ctx.waves else None,
        Section("jawaban", "Jawaban tiap pertanyaan tertutup", lead, tables),
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
        banner=ctx.banner,
        caution=notes.not_random(basis),
        hero=hero(ctx, domain, ctx.lookup.get(domain, "indeks", study.index.id)),
        key_figures=(),
        contrasts=(),
        provenance=method.provenance(ctx, domain),
        sections=tuple(s for s in found if s is not None),
        footer=method.footer(ctx),
        stamp=ctx.stamp,
    )


def _only_domain(ctx: Context) -> Domain:
    names = ctx.lookup.domains("unit")
    return Domain("unit", names[0]) if names else CITY
