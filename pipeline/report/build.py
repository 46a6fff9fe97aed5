"""Results to pages: which pages there are, and where they lie."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from pipeline.report.context import context
from pipeline.report.models import Page
from pipeline.report.overview import overview_page, topline_page
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
    return tuple(each_page(results, now))


def each_page(results: Results, now: datetime | None = None) -> Iterator[Page]:
    """The same pages one by one, so that no more than one of them is held at a time."""
    ctx = context(results, now)
    units = [u for u in ctx.results.study.units if u.in_frame]
    if not units:
        yield topline_page(ctx)
        return
    links = {code: f"unit/{slug}.html" for code, slug in slugs([u.unit_id for u in units]).items()}
    yield overview_page(ctx, links)
    for unit in units:
        yield unit_page(ctx, unit, links)
