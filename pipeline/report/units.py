"""All units on one axis: the order of all lists of units, and the table of the overview.

Lists stand in the order that the comparison has earned, then by name; units without a value, or
with one in brackets, come last. There are no ranks.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from analysis.half_up import rounded
from pipeline.report import experience, field, figures, notes, verdicts, wording
from pipeline.report.cells import cell, head, key_of, settled
from pipeline.report.context import Context
from pipeline.report.listings import NO_VERDICT
from pipeline.report.lookup import CITY, Comparison, Domain, Estimate, reference
from pipeline.report.models import Section
from pipeline.report.parts import Cell
from pipeline.report.unit_parts import UnitRow, UnitTable
from pipeline.settings import Unit

TIERS = {
    "jelas di atas": "Jelas di atas rata-rata unit lain",
    "tidak dapat dibedakan": "Tidak dapat dibedakan",
    "jelas di bawah": "Jelas di bawah rata-rata unit lain",
    "": "Tidak dibandingkan",
}
"""Tiers in the order of the tables, and the heading of each."""


@dataclass(frozen=True)
class Standing:
    """A unit with its index and what the comparison says of it."""

    unit: Unit
    index: Estimate | None
    compared: Comparison | None

    @property
    def tier(self) -> str:
        """Tier of the comparison; empty where there is none."""
        return self.compared.tier if self.compared and self.compared.tier in TIERS else ""

    @property
    def is_last(self) -> bool:
        """Whether the unit stands below the others however they are sorted."""
        return self.index is None or not self.index.is_shown or self.index.is_careful

    def cell(self, ctx: Context) -> Cell:
        """The index as a table cell, with the mean of the others where it was compared."""
        if self.index is None:
            return Cell("withheld", reason="tidak ada angka")
        return cell(self.index, ctx.index, reference(self.index, self.compared))


def ordered(ctx: Context, codes: Sequence[str]) -> list[Standing]:
    """The units of those codes, in the order of the tables."""
    index_id = ctx.results.study.index.id
    found = []
    for unit in ctx.results.study.units:
        if unit.unit_id in codes:
            domain = Domain("unit", unit.unit_id)
            index = ctx.lookup.get(domain, "indeks", index_id)
            compared = ctx.lookup.comparison(domain, "indeks", index_id)
            found.append(Standing(unit, index, compared))
    rank = {tier: i for i, tier in enumerate(TIERS)}
    return sorted(found, key=lambda s: (rank[s.tier], s.is_last, by_name(s.unit.short_name)))


def by_name(name: str) -> tuple[tuple[bool, int, str], ...]:
    """Key that sorts names as people do: `Unit 9` before `Unit 10`, letters' case ignored."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name.casefold())
    return tuple((not p.isdecimal(), int(p) if p.isdecimal() else 0, p) for p in parts)


def overview(ctx: Context, links: Mapping[str, str]) -> Section | None:
    """The table of all units; `links` maps the code of a unit to the path of its page."""
    found = ordered(ctx, list(links))
    if not found:
        return None
    basis = ctx.basis(CITY)
    tiers = [s.tier for s in found]
    rows = [_row(ctx, s, links[s.unit.unit_id]) for s in found]
    cells, any_cells = [r.cell for r in rows], [r.any_bentuk for r in rows]
    scale = ctx.score.axis.scale_with(ctx.lines)
    shown = zip(rows, settled(cells), settled(any_cells), strict=True)
    index_id = ctx.results.study.index.id
    held = max((ctx.lookup.others("indeks", index_id) for s in found if s.tier), default=0)
    table = UnitTable(
        caption=basis.caption("Indeks tiap unit"),
        scale=scale,
        rows=tuple(replace(r, cell=c, any_bentuk=a) for r, c, a in shown),
        key=key_of(cells, basis, f"rata-rata {verdicts.others(held, len(found))}", scale),
        count=f"{len(found)} unit",
        index_head=head("Indeks", cells),
        any_head=head("Mengalami", any_cells),
        has_standing=any(r.standing for r in rows),
        has_comparison=any(tiers),
        has_response=any(r.response for r in rows),
    )
    unjudged = [verdicts.unjudged(s.index) for s in found if not s.tier]
    above, same, below = (tiers.count(t) for t in list(TIERS)[:3])
    return Section(
        "unit",
        "Semua unit",
        verdicts.units_lead(above, below, same, unjudged),
        (table,),
        (notes.units(basis),),
    )


def _row(ctx: Context, s: Standing, link: str) -> UnitRow:
    unit, domain = s.unit, Domain("unit", s.unit.unit_id)
    index_id = ctx.results.study.index.id
    anyone = ctx.lookup.get(domain, "bentuk", experience.ANY)
    n = field.interviews_count(ctx, domain)
    is_shown = s.index is not None and s.index.is_shown
    is_random = ctx.basis(domain).is_random
    rr3 = field.rate(field.response_of(ctx, domain), "rr3") if n and is_random else None
    standings = ctx.lookup.standings(domain, "indeks", index_id) if is_shown and is_random else ()
    sector = wording.SECTORS.get(unit.sector, unit.sector)
    return UnitRow(
        label=unit.short_name,
        link=link,
        gloss=sector[:1].upper() + sector[1:],
        cell=s.cell(ctx),
        standing=verdicts.standings_short(standings, ctx.results.study.publication.bar),
        comparison=wording.COMPARED[s.tier] if is_shown else NO_VERDICT,
        any_bentuk=cell(anyone, ctx.share),
        n="belum ada" if n == 0 else "<10" if n < 10 else figures.number(n),
        response="" if rr3 is None else figures.percent(rr3),
        search=f"{unit.name} {unit.short_name} {sector}".lower(),
        sort_index=_plain(s.index.value if s.index is not None and is_shown else None),
        sort_bentuk=_plain(anyone.value if anyone is not None and anyone.is_shown else None),
        sort_n=str(n) if n >= 10 else "",
        sort_response=_plain(rr3),
        is_last=s.is_last,
    )


def _plain(value: float | None) -> str:
    """A number for the script to sort by, no finer than what is printed."""
    return "" if value is None else str(rounded(value, 3))
