"""The sheets of `hasil.xlsx`: one summary, then a long table for each kind of measure."""

from collections.abc import Iterator, Sequence

from pipeline.report import verdicts, wording
from pipeline.report.context import Context
from pipeline.report.lookup import Domain, Estimate, real, records, text
from pipeline.result_book import measures, said
from pipeline.workbook import Column, Grid, Value
from pipeline.workbook.grid import COUNT, SCORE, SHARE, WRAPPED

LOW, HIGH = "Batas bawah", "Batas atas"
LONG = {
    "Indeks": ("indeks", "dimensi", "indikator", "kepercayaan"),
    "Maladministrasi": ("bentuk",),
    "SKM": ("skm",),
    "Pengaduan dan layanan": ("pengaduan", "layanan"),
}
"""Sheets of one row a measure, and the measures on each."""


def sheets(ctx: Context) -> tuple[Grid, ...]:
    """All sheets that hold a row, the summary first."""
    found = [summary(ctx), *(long(ctx, name, kinds) for name, kinds in LONG.items())]
    found += [answers(ctx), compared(ctx), lines(ctx), changed(ctx)]
    return tuple(grid for grid in found if grid.rows)


def lead(ctx: Context, title: str) -> tuple[str, ...]:
    """Lines above every table: what it is, of when, and what must be known before it is used."""
    study, banner = ctx.results.study, ctx.banner
    over = " · ".join(filter(None, (study.name, study.place, study.wave.label, ctx.period)))
    return (title, over, *(["".join(banner)] if banner else []))


def summary(ctx: Context) -> Grid:
    """One row a unit: what a letter or a table of a head of unit needs."""
    index = ctx.results.study.index.id
    wanted = [
        (measures.measure(ctx, "indeks", index), "indeks", index),
        ("Mengalami sedikitnya satu bentuk maladministrasi", "bentuk", "any"),
        ("Kepercayaan kepada petugas", "kepercayaan", "kepercayaan"),
        ("IKM", "skm", "ikm"),
    ]
    domains = measures.domains(ctx)
    held = [w for w in wanted if any(ctx.lookup.get(d, w[1], w[2]) for d in domains)]
    columns = [Column("Unit", WRAPPED, 46)]
    for label, kind, _ in held:
        style = SHARE if kind in said.SHARES else SCORE
        columns += [Column(label, style, 20), Column(LOW, style, 10), Column(HIGH, style, 10)]
    columns += [Column("Jawaban", COUNT, 10), Column("Keterangan", WRAPPED, 60)]
    rows: list[tuple[Value, ...]] = []
    for domain in domains if held else ():
        found = [ctx.lookup.get(domain, kind, name) for _, kind, name in held]
        cells = [cell for e in found for cell in said.numbers(e)]
        remarks = [
            f"{label}: {remark[:1].lower() + remark[1:]}"
            for (label, _, _), e in zip(held, found, strict=True)
            if (remark := said.brief(e))
        ]
        count = next((said.answers(e) for e in found), None)
        rows.append((measures.domain(ctx, domain), *cells, count, "; ".join(remarks)))
    return Grid("Ringkasan", tuple(columns), rows, lead(ctx, "Ringkasan menurut unit"))


def long(ctx: Context, name: str, kinds: Sequence[str]) -> Grid:
    """One row a unit and measure, with interval, flag and reason."""
    style = SHARE if kinds[0] in said.SHARES else SCORE
    is_share = style == SHARE
    columns = [
        Column("Unit", WRAPPED, 40), Column("Jenis", WRAPPED, 16), Column("Ukuran", WRAPPED, 46),
        Column("Persen" if is_share else "Nilai", style, 11),
        Column(LOW, style, 11), Column(HIGH, style, 11), Column("Jawaban", COUNT, 10),
        Column("Dibanding unit lain", WRAPPED, 24), Column("Status", WRAPPED, 22),
        Column("Keterangan", WRAPPED, 60),
    ]  # fmt: skip
    rows = [
        (
            measures.domain(ctx, domain), measures.KINDS[e.type],
            measures.measure(ctx, e.type, e.measure), *said.numbers(e), said.answers(e),
            _against_others(ctx, domain, e), said.status(e), _remark(ctx, domain, e),
        )
        for domain in measures.domains(ctx)
        for e in _of(ctx, domain, kinds)
    ]  # fmt: skip
    return Grid(name, tuple(columns), rows, lead(ctx, f"{name} menurut unit"), frozen=3)


def _of(ctx: Context, domain: Domain, kinds: Sequence[str]) -> Iterator[Estimate]:
    for kind in kinds:
        yield from ctx.lookup.of(domain, kind)


def _against_others(ctx: Context, domain: Domain, e: Estimate) -> str:
    compared = ctx.lookup.comparison(domain, e.type, e.measure)
    if compared is None or not compared.tier:
        return ""
    words = wording.COMPARED_ADVERSE if e.type in said.SHARES else wording.COMPARED
    return words[compared.tier].text if compared.tier in words else compared.tier


def _remark(ctx: Context, domain: Domain, e: Estimate) -> str:
    """What to mind; of an IKM also which mutu its interval leaves open."""
    told = said.remark(e)
    if e.type == "skm" and e.measure == "ikm" and e.is_shown:
        told = "; ".join(filter(None, (verdicts.ikm_short(e, ctx.basis(domain)), told)))
    return told


def answers(ctx: Context) -> Grid:
    """The share of every choice of every closed question, in the words of the questionnaire."""
    instrument = ctx.results.instrument
    columns = (
        Column("Unit", WRAPPED, 40), Column("Pertanyaan", WRAPPED, 60),
        Column("Jawaban", WRAPPED, 36), Column("Persen", SHARE, 11),
        Column(LOW, SHARE, 11), Column(HIGH, SHARE, 11),
        Column("Banyaknya jawaban", COUNT, 12), Column("Status", WRAPPED, 22),
        Column("Keterangan", WRAPPED, 60), Column("Kode pertanyaan", WRAPPED, 18),
        Column("Kode jawaban", WRAPPED, 16),
    )  # fmt: skip
    asked = {q.name: wording.question_label(instrument, q) for q in instrument.questions}
    labels = {
        q.name: wording.choice_labels(instrument, q) for q in instrument.questions if q.is_closed
    }
    rows = []
    for domain in measures.domains(ctx):
        unit = measures.domain(ctx, domain)
        for e in ctx.lookup.of(domain, "topline"):
            choice = labels.get(e.measure, {}).get(e.category, e.category)
            rows.append((
                unit, asked.get(e.measure, e.measure), choice, *said.numbers(e), said.answers(e),
                said.status(e), said.remark(e), e.measure, e.category,
            ))  # fmt: skip
    return Grid("Jawaban", columns, rows, lead(ctx, "Jawaban atas setiap pertanyaan tertutup"))


def compared(ctx: Context) -> Grid:
    """Differences from the mean of the other units, those that may be judged."""
    columns = (
        Column("Unit", WRAPPED, 40), Column("Jenis", WRAPPED, 16), Column("Ukuran", WRAPPED, 46),
        Column("Selisih dari rata-rata unit lain", SCORE, 14), Column(LOW, SCORE, 11),
        Column(HIGH, SCORE, 11), Column("Kesimpulan", WRAPPED, 26),
    )  # fmt: skip
    rows = []
    for domain in measures.domains(ctx):
        for kind in measures.KINDS:
            for e in ctx.lookup.of(domain, kind):
                c = ctx.lookup.comparison(domain, kind, e.measure) if not e.category else None
                if c is None or not c.tier:
                    continue
                ends = [
                    said.amount(v, is_share=kind in said.SHARES)
                    for v in (c.difference, c.low, c.high)
                ]
                rows.append((
                    measures.domain(ctx, domain), measures.KINDS[kind],
                    measures.measure(ctx, kind, e.measure), *ends, c.tier,
                ))  # fmt: skip
    title = "Selisih dari rata-rata unit lain (percobaan berganda sudah diperhitungkan)"
    return Grid("Perbandingan", columns, rows, lead(ctx, title), frozen=3)


def lines(ctx: Context) -> Grid:
    """Places against the configured lines, with the chance of being above."""
    columns = (
        Column("Unit", WRAPPED, 40), Column("Ukuran", WRAPPED, 36), Column("Garis", SCORE, 10),
        Column("Nama garis", WRAPPED, 18), Column("Peluang di atas garis", SHARE, 14),
        Column("Kesimpulan", WRAPPED, 18), Column("Keterangan", WRAPPED, 60),
    )  # fmt: skip
    rows = []
    for row in records(ctx.results.standings):
        kind, name = text(row["measure_type"]), text(row["measure"])
        is_unit = text(row["domain_type"]) == "unit"
        domain = Domain(text(row["domain_type"]), text(row["domain"]) if is_unit else "")
        for s in ctx.lookup.standings(domain, kind, name):
            if s.threshold != real(row["threshold"]):
                continue
            why = wording.reasons(s.reasons, len(s.reasons)) if not s.state else ""
            rows.append((
                measures.domain(ctx, domain), measures.measure(ctx, kind, name),
                said.whole(s.threshold), wording.shown(s.label), said.chance(s.probability_above),
                s.state or "tidak disimpulkan", why[:1].upper() + why[1:],
            ))  # fmt: skip
    return Grid("Garis rujukan", columns, rows, lead(ctx, "Tempat terhadap garis rujukan"))


def changed(ctx: Context) -> Grid:
    """Changes since earlier waves; none in a study of one wave."""
    columns = (
        Column("Unit", WRAPPED, 40), Column("Jenis", WRAPPED, 16), Column("Ukuran", WRAPPED, 46),
        Column("Dari gelombang", WRAPPED, 16), Column("Ke gelombang", WRAPPED, 16),
        Column("Selisih", SCORE, 11), Column(LOW, SCORE, 11), Column(HIGH, SCORE, 11),
        Column("Kesimpulan", WRAPPED, 26),
    )  # fmt: skip
    trend, rows = ctx.results.trend, []
    names = {w.id: wording.shown(w.name) for w in ctx.results.study.waves}
    for row in records(trend.changes) if trend is not None else ():
        is_unit = text(row["domain_type"]) == "unit"
        domain = Domain(text(row["domain_type"]), text(row["domain"]) if is_unit else "")
        kind, before, after = (text(row[n]) for n in ("measure_type", "wave_before", "wave"))
        tier = text(row["tier"])
        ends = [
            said.amount(real(row[n]) if tier else None, is_share=kind in said.SHARES)
            for n in ("difference", "low", "high")
        ]
        rows.append((
            measures.domain(ctx, domain), measures.KINDS.get(kind, kind),
            measures.measure(ctx, kind, text(row["measure"])), names.get(before, before),
            names.get(after, after), *ends, tier or "tidak disimpulkan",
        ))  # fmt: skip
    return Grid("Perubahan", columns, rows, lead(ctx, "Perubahan antargelombang"), frozen=3)
