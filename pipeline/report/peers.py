"""The units beside the one of a page: all of them, or of many every one as a dot and some in words.

A row of a table costs a kilobyte. A page of a study with hundreds of units would be unreadable and
too large to send, so above `ALL_PEERS` units a strip shows every unit as a dot, and the table holds
units of the same type whose index is nearest. The overview always has them all.
"""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.report import figures, perception, verdicts
from pipeline.report.basis import Basis
from pipeline.report.cells import cell, head, key_of, settled
from pipeline.report.charts import Axis
from pipeline.report.context import Context
from pipeline.report.lookup import Domain
from pipeline.report.models import Part, Section
from pipeline.report.parts import Cell
from pipeline.report.unit_parts import PeerGroup, PeerRow, PeerStrip, PeerTable
from pipeline.report.units import TIERS, Standing, ordered

ALL_PEERS, MOST_PEERS = 30, 12
"""Units up to which a page lists every one; of more it lists so many beside its own."""

BIN = 2.0
"""Percent of the axis that a stack of dots takes."""

STEP, TALLEST = 7.0, 112.0
"""Pixels from one dot of a stack to the next, and of the tallest stack; more dots stand closer."""


def peers(ctx: Context, domain: Domain, links: Mapping[str, str]) -> Section | None:
    """Units in short, the domain's own marked; `links` are relative to its page."""
    every = ctx.once("units in order", lambda: ordered(ctx, list(links)))
    if len(every) < 2 or not any(s.index is not None and s.index.is_shown for s in every):
        return None
    basis = ctx.basis(domain)
    own = next((s for s in every if s.unit.unit_id == domain.id), None)
    others = perception.peers(ctx, domain, [("indeks", ctx.results.study.index.id)])
    lead = "Indeks tiap unit dari mereka yang menjawab; tidak dibandingkan satu dengan yang lain."
    if basis.is_random and own is not None:
        lead = verdicts.place_among(own.index, own.compared, others)
    if len(every) <= ALL_PEERS or own is None:
        found = every
        parts: tuple[Part, ...] = (_table(ctx, basis, every, domain, others, links),)
    else:
        found = nearest(every, own)
        strip = _strip(ctx, every, own)
        parts = (strip, _table(ctx, basis, found, domain, others, links))
    about = ["Urutan menurut yang dapat dibedakan, lalu abjad; bukan peringkat."]
    if not any(s.tier for s in found):
        about = ["Urutan menurut abjad; bukan peringkat."]
    if len(found) < len(every):
        about.insert(0, verdicts.nearest_listed(len(found), len(every)))
    return Section("banding", "Dibandingkan unit lain", lead, parts, tuple(about))


def nearest(every: Sequence[Standing], own: Standing) -> list[Standing]:
    """The unit and those of its type with the nearest index, then of other types, in their order.

    Of a unit without a value those are taken that stand first.
    """
    here, sector = _value(own), own.unit.sector
    gaps = []
    for place, s in enumerate(every):
        value = _value(s)
        gap = 0.0 if here is None or value is None else abs(value - here)
        if s is not own:
            gaps.append((s.unit.sector != sector, value is None, gap, place))
    chosen = {place for *_, place in heapq.nsmallest(MOST_PEERS, gaps)}
    return [s for i, s in enumerate(every) if s is own or i in chosen]


def _value(s: Standing) -> float | None:
    return s.index.value if s.index is not None and s.index.is_shown else None


def _table(
    ctx: Context,
    basis: Basis,
    found: Sequence[Standing],
    domain: Domain,
    others: str,
    links: Mapping[str, str],
) -> PeerTable:
    scale = ctx.score.axis.scale_with(ctx.lines)
    cells = settled(
        [s.cell(ctx) if s.unit.unit_id == domain.id else _alone(s.cell(ctx)) for s in found]
    )
    groups = []
    for tier, label in TIERS.items():
        rows = tuple(
            PeerRow(s.unit.short_name, links[s.unit.unit_id], c, s.unit.unit_id == domain.id)
            for s, c in zip(found, cells, strict=True)
            if s.tier == tier
        )
        if rows:
            groups.append(PeerGroup(label if any(s.tier for s in found) else "", rows))
    key = replace(
        key_of(cells, basis, f"rata-rata {others}", scale), own="unit ini", others="unit lain"
    )
    is_part = len(found) < len(links)
    caption = basis.caption("Unit ini dan yang terdekat" if is_part else "Indeks semua unit")
    return PeerTable(caption, head("Indeks", cells), scale, tuple(groups), key, is_titled=is_part)


def _alone(shown: Cell) -> Cell:
    """The cell of another unit: the mean of its own others would only confuse here."""
    return replace(shown, mark=replace(shown.mark, reference="")) if shown.mark else shown


def _strip(ctx: Context, every: Sequence[Standing], own: Standing) -> PeerStrip:
    axis = ctx.score.axis
    values = [v for s in every if (v := _value(s)) is not None]
    dots, height = ctx.once("strip of units", lambda: stacked(values, axis))
    here = None if own.index is None else cell(own.index, ctx.index)
    mark = here.mark if here is not None else None
    said = "" if here is None or mark is None else figures.points(_value(own) or 0.0, ctx.edges)
    return PeerStrip(
        scale=axis.scale_with(ctx.lines),
        dots=dots,
        height=height,
        own=mark,
        text=verdicts.strip(values, said, ctx.edges),
    )


def stacked(values: Sequence[float], axis: Axis) -> tuple[str, str]:
    """Dots stacked over an axis: a path in a box 100 wide, and the height of that box in px."""
    stacks: dict[int, int] = {}
    share = 100 / (axis.high - axis.low)
    for value in values:
        place = min(max((value - axis.low) * share, 0.0), 100.0)
        at = min(int(place // BIN), int(100 / BIN) - 1)
        stacks[at] = stacks.get(at, 0) + 1
    most = max(stacks.values(), default=1)
    step = min(STEP, TALLEST / most)
    height = round(step * (most - 1) + STEP)
    path = "".join(
        f"M{BIN * (at + 0.5):g} {height - STEP / 2 - step * i:.4g}h0"
        for at in sorted(stacks)
        for i in range(stacks[at])
    )
    return path, str(height)
