"""Sections on where a unit stands: ranks as sets, distance to lines, visitors made alike.

All of it is read from the tables of the edition. A unit without a tier has no rank.
"""

from collections.abc import Mapping, Sequence

from pipeline.report import figures, placing_said, units, verdicts, wording
from pipeline.report.context import Context
from pipeline.report.listings import NO_VERDICT, Verdict
from pipeline.report.lookup import CITY, Comparison, Domain, Estimate, Standing
from pipeline.report.models import Section
from pipeline.report.placing_parts import PlacedRow, PlacedTable, RankRow, RankTable
from pipeline.report.rank_lookup import Alike

STATES = {
    "di atas": Verdict("di atas", "good"),
    "di bawah": Verdict("di bawah", "poor"),
    "belum pasti": Verdict("belum pasti", "fair"),
}
NOTES = (
    "Peringkat 1 adalah indeks tertinggi. Peringkat hanya ditulis sebagai tempat-tempat yang masih "
    "mungkin; tempat lain tidak cocok dengan data pada keyakinan itu. Unit yang tidak dibandingkan "
    "tidak diberi peringkat.",
)
ALIKE = (
    "Disetarakan: selisih seandainya semua unit didatangi pengunjung yang sama. Orang yang lebih "
    "tua, misalnya, sering menilai lebih baik di mana pun; bagian itu diambil. Ini tidak "
    "menyetarakan hal yang tidak ditanyakan."
)
TOGETHER = (
    "Kolom semua sekaligus berlaku bila seluruh daftar dibaca bersama; kolom unit itu saja bila "
    "hanya satu unit yang dilihat, jadi tempatnya lebih sedikit."
)


def of_unit(ctx: Context, domain: Domain) -> Section | None:
    """Where the unit stands: its rank set, its distance to the lines, the comparison held alike."""
    index = ctx.results.study.index.id
    e = ctx.lookup.get(domain, "indeks", index)
    if not ctx.basis(domain).is_judged or e is None or not e.is_shown:
        return None
    compared = ctx.lookup.comparison(domain, "indeks", index)
    tier = compared.tier if compared else ""
    ranked = ctx.places.ranks.get(domain.id) if tier else None
    alike = ctx.places.alike.get(domain.id, ()) if tier else ()
    parts = [
        _distances(ctx, e, ctx.lookup.standings(domain, "indeks", index)),
        _differences(ctx, compared, alike) if compared and tier else None,
        _leaning(ctx, e, domain),
    ]
    tables = tuple(part for part in parts if part is not None)
    if not tables and ranked is None:
        return None
    lead = []
    if ranked is not None:
        lead = [f"{wording.COMPARED[tier].text.lstrip('↑↓ ').capitalize()}{_than(ctx, tier)}."]
        lead += [placing_said.moved(tier, a.tier) for a in alike if not a.peers]
        lead.append(placing_said.rank(ranked, ctx.level))
    said = " ".join(filter(None, lead)) or "Unit ini tidak dibandingkan, jadi tanpa peringkat."
    notes = (*(NOTES if ranked is not None else ()), *((ALIKE,) if alike else ()))
    return Section("tempat", "Tempat unit ini", said, tables, notes)


def _than(ctx: Context, tier: str) -> str:
    joint = " dari" if tier == "tidak dapat dibedakan" else ""
    held = ctx.lookup.others("indeks", ctx.results.study.index.id)
    peers = verdicts.others(held, len(ctx.lookup.domains("unit")))
    return f"{joint} rata-rata {peers}"


def _distances(ctx: Context, e: Estimate, lines: Sequence[Standing]) -> PlacedTable | None:
    rows = []
    for s in lines:
        verdict = STATES.get(s.state, Verdict("tidak disimpulkan"))
        gap = placing_said.distance(e, s.threshold, ctx.edges)
        rows.append(PlacedRow(s.label, gap, verdicts.chance_of(s), verdict))
    if not rows:
        return None
    heads = ("Batas", "Jarak indeks ke batas", "Keyakinan", "Kesimpulan")
    return PlacedTable("Jarak ke batas, dengan rentangnya", heads, tuple(rows))


def _differences(ctx: Context, compared: Comparison, alike: Sequence[Alike]) -> PlacedTable | None:
    held = ctx.lookup.others("indeks", ctx.results.study.index.id)
    every = f"Rata-rata {verdicts.others(held, len(ctx.lookup.domains('unit')))}"
    rows = []
    if compared.difference is not None and compared.low is not None and compared.high is not None:
        gap = placing_said.apart(compared.difference, compared.low, compared.high)
        rows.append(PlacedRow(every, gap, "seperti adanya", wording.COMPARED[compared.tier]))
    words = mix_words(ctx)
    for a in alike:
        label = every
        if a.peers:
            sector = wording.SECTORS.get(a.peers, a.peers)
            label = f"{a.units - 1} unit lain bidang {sector}"
        gap = "–"
        if a.difference is not None and a.low is not None and a.high is not None:
            gap = placing_said.apart(a.difference, a.low, a.high)
        verdict = wording.COMPARED[a.tier] if a.tier else Verdict("tidak dibandingkan")
        rows.append(PlacedRow(label, gap, placing_said.terms(a, words), verdict))
    heads = ("Dibandingkan dengan", "Selisih indeks", "Syarat", "Kesimpulan")
    return PlacedTable("Selisih dengan unit lain, dengan rentangnya", heads, tuple(rows))


def _leaning(ctx: Context, e: Estimate, domain: Domain) -> PlacedTable | None:
    found = ctx.places.small.get(domain.id)
    if found is None or e.value is None or e.low is None or e.high is None:
        return None
    rows = tuple(
        PlacedRow(
            label,
            f"{figures.points(v, ctx.edges)} ({figures.points_span(low, high, ctx.edges)})",
            terms,
            NO_VERDICT,
        )
        for label, (v, low, high), terms in (
            ("Langsung", (e.value, e.low, e.high), "dari wawancara unit ini saja"),
            ("Bersandar", found, "ditarik ke arah unit lain sejauh sampelnya kecil"),
        )
    )
    heads = ("Nilai", "Indeks", "Asalnya", "Catatan")
    return PlacedTable("Nilai langsung dan nilai yang bersandar pada unit lain", heads, rows)


def mix_words(ctx: Context) -> Mapping[str, str]:
    """What the study calls the questions by which visitors are made alike."""
    calibration = ctx.results.study.calibration
    return calibration.labels if calibration else {}


def of_city(ctx: Context, links: Mapping[str, str]) -> Section | None:
    """Rank sets of all units that were compared, below the table of all units."""
    if not ctx.places.ranks or not ctx.basis(CITY).is_random:
        return None
    rows, found = [], []
    for s in units.ordered(ctx, list(links)):
        ranked = ctx.places.ranks.get(s.unit.unit_id)
        if ranked is None or not s.tier:
            continue
        found.append(ranked)
        alike = next((a for a in ctx.places.alike.get(s.unit.unit_id, ()) if not a.peers), None)
        gap = ""
        if alike and alike.difference is not None and alike.low is not None:
            gap = placing_said.apart(alike.difference, alike.low, alike.high or 0.0)
        rows.append(
            RankRow(
                s.unit.short_name,
                wording.COMPARED[s.tier],
                placing_said.places(ranked.best, ranked.worst, ranked.units),
                placing_said.places(ranked.joint_best, ranked.joint_worst, ranked.units),
                gap,
            )
        )
    if not rows:
        return None
    has_alike = any(r.alike for r in rows)
    table = RankTable(
        f"Peringkat indeks sebagai tempat yang mungkin, keyakinan {ctx.level}",
        tuple(rows),
        has_alike,
    )
    about = (NOTES[0], TOGETHER, *((ALIKE,) if has_alike else ()))
    return Section("peringkat", "Peringkat", placing_said.ranks_lead(found), (table,), about)
