"""The publication sheet of a unit: IKM with its mutu, the index, who was asked, room to sign.

Permenpan RB 14/2017 has every unit publish its IKM with the number of respondents, by sex and
education, and the period. No person's name is printed: the head of the unit writes it by hand.
"""

from collections.abc import Mapping

from pipeline.editions import INTERNAL
from pipeline.report import figures, method, poster_said
from pipeline.report import sentences as said
from pipeline.report.accuracy import WITHOUT_ENUMERATORS
from pipeline.report.cells import UNSUR, cell
from pipeline.report.context import Context
from pipeline.report.field import interviews_count, sessions_of, worked_of
from pipeline.report.hero import hero
from pipeline.report.listings import Fact
from pipeline.report.lookup import Domain
from pipeline.report.poster_parts import Poster, PosterFigure
from pipeline.report.respondents import EDUCATION, SEX, profiles
from pipeline.report.unit import over
from pipeline.settings import Unit

FOLDER = "poster"


def posters_of(ctx: Context, links: Mapping[str, str]) -> dict[str, str]:
    """Path of each unit's sheet by its code; none in the edition that stays in the office.

    `links` are the paths of the units' pages, whose file names the sheets share.
    """
    if ctx.results.edition == INTERNAL or not ctx.results.study.is_designed:
        return {}
    return {code: f"{FOLDER}/{path.rpartition('/')[2]}" for code, path in links.items()}


def poster(ctx: Context, unit: Unit, page: str, path: str) -> Poster:
    """The sheet of one unit; `page` is the path of its report, `path` its own."""
    domain = Domain("unit", unit.unit_id)
    study, n, basis = ctx.results.study, interviews_count(ctx, domain), ctx.basis(domain)
    ikm = ctx.lookup.get(domain, "skm", "ikm")
    anyone = ctx.lookup.get(domain, "bentuk", "any")
    shown = tuple(f for f in (_ikm(ctx, domain), _index(ctx, domain)) if f is not None)
    refusal = ""
    if all(figure.cell.state == "withheld" for figure in shown):
        worked = len(worked_of(sessions_of(ctx, domain)))
        refusal, shown = said.nothing(n, worked, study.publication), ()
    return Poster(
        path=path,
        home=f"../{page}",
        unit_id=unit.unit_id,
        institution=study.institution,
        office=study.office,
        over=over(ctx),
        title=unit.name,
        size=poster_said.size(unit.name),
        banner=ctx.banner,
        refusal=refusal,
        figures=shown,
        facts=_facts(ctx, domain, n, has_people=bool(shown)),
        sentences=poster_said.sentences(ikm, anyone, n, basis) if shown else (),
        thanks=poster_said.THANKS,
        footer=(
            *([poster_said.BRACKETS] if any(f.cell.is_careful for f in shown) else []),
            *([] if study.design.enumerator_rho else [f"{WITHOUT_ENUMERATORS}."]),
            *([poster_said.NOT_OPINI] if study.institution else []),
            *method.footer(ctx),
        ),
        stamp=ctx.stamp,
    )


def _ikm(ctx: Context, domain: Domain) -> PosterFigure | None:
    e = ctx.lookup.get(domain, "skm", "ikm")
    if e is None:
        return None
    badge = poster_said.badge(e)
    return PosterFigure(
        label="Indeks Kepuasan Masyarakat (IKM)",
        scale="25 sampai 100",
        cell=cell(e, UNSUR),
        badge=badge,
        aside="" if badge or not e.is_shown else poster_said.unsettled(e, ctx.basis(domain)),
    )


def _index(ctx: Context, domain: Domain) -> PosterFigure | None:
    found = hero(ctx, domain, ctx.lookup.get(domain, "indeks", ctx.results.study.index.id))
    if found is None:
        return None
    return PosterFigure(found.label, "0 sampai 100", found.cell, found.gauge)


def _facts(ctx: Context, domain: Domain, n: int, *, has_people: bool) -> tuple[Fact, ...]:
    """Period, number of respondents, and how many they are by sex and education.

    Of a unit that prints nothing the number stands without its parts; below the limit of the
    study it is not given either.
    """
    facts = [Fact("Masa survei", ctx.period)]
    if has_people:
        facts.append(Fact("Responden", f"{figures.number(n)} pengguna layanan"))
        facts += [
            Fact(group.label, poster_said.counted(group))
            for group in profiles(ctx, domain)
            if group.label in (SEX, EDUCATION)
        ]
    return tuple(facts)
