"""The section on what changed: the index over the waves, then dimensions and experience.

A study of one wave has no such section. The index is drawn large, with its numbers in the table
below it; every other measure is a row with a small chart, and all charts of a table share a scale.
"""

from collections.abc import Mapping, Sequence

from analysis.changes import DOWN, UP
from pipeline.report import codebook, experience, trend_plot, trend_said, wording
from pipeline.report.context import Context
from pipeline.report.lookup import CITY, CITY_MEAN, Domain, Estimate, shown
from pipeline.report.models import KeyFigure, Part, Section
from pipeline.report.panel import TRUST
from pipeline.report.trend_parts import TrendChart, TrendTable
from pipeline.report.trend_tables import (
    Measure,
    ends,
    index_parts,
    inside,
    measure_table,
    trend_table,
)
from pipeline.report.wave_lookup import Waves
from pipeline.settings import Unit

MOST = 5
"""Forms of maladministration in the section; one that clearly changed is never left out."""


ALL_UNITS, MOST_UNITS = 40, 20
"""Units up to which the overview lists every one; of more it lists so many."""


def trend(ctx: Context, domain: Domain, waves: Waves) -> Section | None:
    """The section of a unit or the city; None where no wave has anything to show."""
    index_id = ctx.results.study.index.id
    parts: list[Part] = [
        *index_parts(ctx, domain, waves),
        *_scores(ctx, domain, waves),
        *_events(ctx, domain, waves),
    ]
    if not parts:
        return None
    return Section(
        "tren",
        "Perkembangan antargelombang",
        _lead(ctx, domain, waves, index_id),
        tuple(parts),
        _notes(ctx, domain, waves, parts),
    )


def units(ctx: Context, waves: Waves, links: Mapping[str, str]) -> Section | None:
    """The overview's table of all units: the index of each over the waves."""
    study = ctx.results.study
    name = ("indeks", study.index.id)
    found: list[tuple[Unit, tuple[Estimate | None, ...]]] = []
    for unit in sorted(study.units, key=lambda u: u.short_name.casefold()):
        values = waves.estimates(Domain("unit", unit.unit_id), *name)
        if unit.unit_id in links and shown(values):
            found.append((unit, values))
    if not found:
        return None
    axis = trend_plot.score_axis(ends(values for _, values in found))
    measures = [
        (Domain("unit", unit.unit_id), (*name, unit.short_name), links[unit.unit_id])
        for unit in _listed_units(waves, [unit for unit, _ in found], name)
    ]
    table = trend_table(ctx, waves, "Indeks tiap unit", "Unit", measures, ctx.index, axis)
    rises = [
        (unit.short_name, waves.since_previous(Domain("unit", unit.unit_id), *name))
        for unit, _ in found
    ]
    tested = [(label, c) for label, c in rises if c is not None and c.tier]
    lead = trend_said.moved(
        [label for label, c in tested if c.tier == UP],
        [label for label, c in tested if c.tier == DOWN],
        len(tested),
        "unit yang dapat dibandingkan",
    )
    rest = len(found) - len(measures)
    notes = (trend_said.other_units(rest), trend_said.MANY) if rest else (trend_said.MANY,)
    return Section("tren-unit", "Perubahan tiap unit", lead, (table,), notes)


def _listed_units(waves: Waves, units: Sequence[Unit], name: tuple[str, str]) -> list[Unit]:
    """All units; of many those that changed most surely, so that the overview stays small."""
    if len(units) <= ALL_UNITS:
        return list(units)

    def sure(unit: Unit) -> float:
        domain = Domain("unit", unit.unit_id)
        found = (waves.since_previous(domain, *name), waves.since_first(domain, *name))
        return min((c.p for c in found if c is not None and c.is_clear), default=2.0)

    chosen = {unit.unit_id for unit in sorted(units, key=sure)[:MOST_UNITS]}
    return [unit for unit in units if unit.unit_id in chosen]


def key(ctx: Context, domain: Domain) -> tuple[KeyFigure, ...]:
    """The change of the index since the wave before as a key figure; none where it is not told."""
    waves, index_id = ctx.waves, ctx.results.study.index.id
    c = waves.since_previous(domain, "indeks", index_id) if waves else None
    if waves is None or c is None or not c.tier:
        return ()
    value, span = trend_said.size(c)
    words = trend_said.key(c, inside(waves.name(c.before)))
    return (
        KeyFigure(
            value, f"rentang {span}", words + ctx.basis(domain).key_note, "#tren", "Perkembangan"
        ),
    )


def _scores(ctx: Context, domain: Domain, waves: Waves) -> list[TrendTable]:
    study, instrument = ctx.results.study, ctx.results.instrument
    # Trust has a number of its own whether or not the index of a wave counts it.
    measures: list[Measure] = [
        (TRUST if name == TRUST else "dimensi", name, codebook.label_of(study, name))
        for name in codebook.dimensions_of(study, instrument)
    ]
    return measure_table(ctx, domain, waves, "Dimensi", measures, ctx.score, trend_plot.score_axis)


def _events(ctx: Context, domain: Domain, waves: Waves) -> list[TrendTable]:
    """Experience: at least one form on the scale of all shares, each form on its own."""
    domain = _of_events(domain)
    every = _every_form(ctx)
    anyone = [("bentuk", experience.ANY, "Sedikitnya satu bentuk")]
    return [
        *measure_table(ctx, domain, waves, "Pengalaman", anyone, ctx.share, trend_plot.share_axis),
        *measure_table(
            ctx, domain, waves, "Bentuk dan pelayanan", every, ctx.event, trend_plot.share_axis,
            _main_forms(ctx, domain, waves),
        ),
    ]  # fmt: skip


def _of_events(domain: Domain) -> Domain:
    """Experience is told of all visits of the city, not as the mean of its units."""
    return CITY if domain == CITY_MEAN else domain


def _every_form(ctx: Context) -> list[Measure]:
    forms: list[Measure] = [("bentuk", b.id, b.label) for b in ctx.bentuk if b.is_asked]
    return forms + [("layanan", name, label) for name, (label, _) in wording.LAYANAN.items()]


def _shown_forms(ctx: Context, domain: Domain, waves: Waves) -> list[Measure]:
    """Forms that two waves show, the most frequent of today first."""
    found = [m for m in _every_form(ctx) if len(shown(waves.estimates(domain, m[0], m[1]))) > 1]

    def today(measure: Measure) -> float:
        e = waves.estimates(domain, measure[0], measure[1])[-1]
        return 0.0 if e is None or not e.is_shown or e.value is None else e.value

    return sorted(found, key=lambda m: -today(m))


def _main_forms(ctx: Context, domain: Domain, waves: Waves) -> list[Measure]:
    """Those that clearly changed, and the most frequent of the others."""
    found = _shown_forms(ctx, domain, waves)
    clear = [
        (kind, name, label)
        for kind, name, label in found
        for c in (
            waves.since_previous(domain, kind, name), waves.since_first(domain, kind, name),
        )
        if c is not None and c.is_clear
    ]  # fmt: skip
    usual = [m for m in found if m not in clear][: max(MOST - len(set(clear)), 0)]
    return [m for m in found if m in clear or m in usual]


def _lead(ctx: Context, domain: Domain, waves: Waves, index_id: str) -> str:
    values = waves.estimates(domain, "indeks", index_id)
    basis = ctx.basis(domain)
    if not any(e.is_shown for e in shown(values[:-1])):
        return trend_said.alone(basis.here)
    since = (
        waves.since_previous(domain, "indeks", index_id),
        waves.since_first(domain, "indeks", index_id),
    )
    said = [
        trend_said.change(c, "indeks", inside(waves.name(c.before)), values[-1])
        for c in since
        if c is not None
    ]
    return " ".join(dict.fromkeys(said)) or trend_said.alone(basis.here)


def _notes(ctx: Context, domain: Domain, waves: Waves, parts: Sequence[Part]) -> tuple[str, ...]:
    basis = ctx.basis(domain)
    index_id = ctx.results.study.index.id
    torn = [inside(waves.waves[i].name) for i in sorted(waves.breaks("indeks", index_id))]
    notes = [trend_said.broken("indeks", torn)] if torn else []
    of_events = _of_events(domain)
    left = len(_shown_forms(ctx, of_events, waves)) - len(_main_forms(ctx, of_events, waves))
    tables = [part for part in parts if isinstance(part, TrendTable)]
    if tables and left > 0:
        notes.append(trend_said.left_out(left))
    if tables and basis.is_random and not (tables[-1].previous_head or tables[-1].first_head):
        notes.append(trend_said.UNTOLD)
    elif any(t.is_share and (t.previous_head or t.first_head) for t in tables):
        notes.append(trend_said.PERCENT)
    if any(p.plot.tails for p in parts if isinstance(p, TrendChart)) or any(
        row.plot.tails for table in tables for row in table.rows
    ):
        notes.append(trend_said.TAILS)
    if basis.is_random:
        notes += [trend_said.again(waves.again), trend_said.MANY]
    return (*notes, *basis.notes)
