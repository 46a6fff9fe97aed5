"""Results to pages: which pages there are, and where they lie."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from pipeline.report import notes
from pipeline.report.context import context
from pipeline.report.models import Page
from pipeline.report.overview import overview_page, topline_page
from pipeline.report.poster import poster, posters_of
from pipeline.report.poster_parts import Poster
from pipeline.report.unit import unit_page
from pipeline.results import Results

_RESERVED = {"con", "prn", "aux", "nul"} | {f"{p}{i}" for p in ("com", "lpt") for i in range(1, 10)}


def slugs(unit_ids: Sequence[str]) -> dict[str, str]:
    """File name (without ending) of each unit, made from its code alone.

    Lower-case ASCII letters, digits, `-` and `_`; never empty, never a name that Windows
    reserves, never the same twice even where letters' case is ignored.
    """
    result: dict[str, str] = {}
    for unit_id in unit_ids:
        base = re.sub(r"[^a-z0-9_]+", "-", unit_id.lower()).strip("-") or "unit"
        if base in _RESERVED:
            base = f"unit-{base}"
        slug, number = base, 2
        while slug in result.values():
            slug, number = f"{base}-{number}", number + 1
        result[unit_id] = slug
    return result


def build_pages(results: Results, now: datetime | None = None) -> tuple[Page, ...]:
    """All pages of a study: the overview first, then one page for each unit of the frame."""
    return build_reports(results, now)[0]


def build_reports(
    results: Results, now: datetime | None = None
) -> tuple[tuple[Page, ...], tuple[Poster, ...]]:
    """The pages, and the publication sheet of each unit where the edition has any."""
    made = tuple(each_report(results, now))
    pages = tuple(one for one in made if isinstance(one, Page))
    return pages, tuple(one for one in made if isinstance(one, Poster))


def each_report(results: Results, now: datetime | None = None) -> Iterator[Page | Poster]:
    """The pages, then the publication sheet of each unit where the edition has any.

    One by one, so that no more than one of them is held at a time.
    """
    ctx = context(results, now)
    units = [u for u in ctx.results.study.units if u.in_frame]
    if not units:
        yield topline_page(ctx)
        return
    links = {code: f"unit/{slug}.html" for code, slug in slugs([u.unit_id for u in units]).items()}
    sheets = posters_of(ctx, links)
    yield overview_page(ctx, links)
    for unit in units:
        yield replace(unit_page(ctx, unit, links), poster=_up(sheets.get(unit.unit_id)))
    for unit in units:
        if unit.unit_id in sheets:
            yield poster(ctx, unit, links[unit.unit_id], sheets[unit.unit_id])


def build_unit_page(results: Results, unit_id: str, path: str, now: datetime | None = None) -> Page:
    """The page of one unit by itself: no other page is there to lead to."""
    ctx = context(results, now)
    unit = next(u for u in ctx.results.study.units if u.unit_id == unit_id)
    links = {u.unit_id: "" for u in ctx.results.study.units if u.in_frame} | {unit_id: path}
    page = unit_page(ctx, unit, links)
    return replace(page, home="", banner=notes.one_unit(simulated=ctx.results.simulated))


def _up(path: str | None) -> str:
    return f"../{path}" if path else ""
