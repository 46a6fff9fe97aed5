"""The page of a unit: results where the sample carries them, the reason where it does not."""

from collections.abc import Mapping

from pipeline.report import (
    answers,
    beside,
    experience,
    field,
    findings,
    method,
    notes,
    panel,
    peers,
    perception,
    placing,
    quality,
    respondents,
    sentences,
    trend,
)
from pipeline.report.context import Context
from pipeline.report.hero import hero, key_figures
from pipeline.report.listings import Fact, FactList
from pipeline.report.lookup import Domain, Estimate
from pipeline.report.models import Page, Section
from pipeline.settings import Unit


def unit_page(ctx: Context, unit: Unit, links: Mapping[str, str]) -> Page:
    """Page of one unit; `links` maps codes to paths of pages, relative to the build folder."""
    domain = Domain("unit", unit.unit_id)
    n = field.interviews_count(ctx, domain)
    is_empty = not _prints_anything(ctx, domain)
    beside = {code: path.rpartition("/")[2] for code, path in links.items()}
    sections = _without_results(ctx, domain, n) if is_empty else _results(ctx, domain, beside)
    index = ctx.lookup.get(domain, "indeks", ctx.results.study.index.id)
    study = ctx.results.study
    return Page(
        path=links[unit.unit_id],
        home="../index.html",
        home_label=f"Ringkasan {study.place}" if study.place else "Ringkasan",
        institution=study.institution,
        office=study.office,
        over=over(ctx),
        title=unit.name,
        facts=method.head_facts(ctx, domain, n),
        banner=ctx.banner,
        caution="" if is_empty else _caution(ctx, domain, index),
        hero=None if is_empty else hero(ctx, domain, index),
        key_figures=() if is_empty else (*key_figures(ctx, domain), *trend.key(ctx, domain)),
        contrasts=() if is_empty else panel.contrasts(ctx, domain),
        provenance=method.provenance(ctx, domain),
        sections=sections,
        footer=method.footer(ctx),
        unit_id=unit.unit_id,
        stamp=ctx.stamp,
    )


def _caution(ctx: Context, domain: Domain, index: Estimate | None) -> str:
    """What to mind on the whole page: the kind of sample, or an index in brackets."""
    said = notes.not_random(ctx.basis(domain))
    if said or index is None:
        return said
    places = ctx.lookup.standings(domain, "indeks", ctx.results.study.index.id)
    is_placed = not places or any(s.probability_above is not None for s in places)
    return sentences.caution(index, is_placed=is_placed)


def over(ctx: Context) -> str:
    """The line above a title."""
    study = ctx.results.study
    label = study.wave.label or f"gelombang {ctx.results.wave}"
    return f"{study.name} · {label[:1].lower() + label[1:]}"


def _prints_anything(ctx: Context, domain: Domain) -> bool:
    kinds = ("indeks", "dimensi", "bentuk", "skm", "kepercayaan", "topline")
    return any(e.is_shown for kind in kinds for e in ctx.lookup.of(domain, kind))


def _without_results(ctx: Context, domain: Domain, n: int) -> tuple[Section, ...]:
    sessions = field.sessions_of(ctx, domain)
    worked = len(field.worked_of(sessions))
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
                    Fact("Artinya", notes.EMPTY_MEANS),
                )
            ),
        ),
    )
    rest = (
        quality.quality(ctx, domain),
        method.officials(ctx, domain),
        beside.reply(ctx, domain),
        method.method(ctx, domain),
    )
    return (why, *(s for s in rest if s is not None))


def _results(ctx: Context, domain: Domain, links: Mapping[str, str]) -> tuple[Section, ...]:
    found = (
        findings.first(ctx, domain),
        perception.dimensions(ctx, domain),
        experience.bentuk(ctx, domain),
        experience.service(ctx, domain),
        experience.complaints(ctx, domain),
        peers.peers(ctx, domain, links),
        placing.of_unit(ctx, domain),
        trend.trend(ctx, domain, ctx.waves) if ctx.waves else None,
        perception.trust(ctx, domain),
        perception.skm(ctx, domain),
        answers.distributions(ctx, domain),
        respondents.respondents(ctx, domain),
        quality.quality(ctx, domain),
        findings.sessions(ctx, domain),
        beside.own_scores(ctx, domain),
        beside.observations(ctx, domain),
        method.officials(ctx, domain),
        beside.reply(ctx, domain),
        method.method(ctx, domain),
    )
    return tuple(s for s in found if s is not None)
