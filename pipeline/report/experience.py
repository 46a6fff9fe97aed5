"""Sections on what users met: forms of maladministration, being served, complaining."""

from collections.abc import Sequence
from dataclasses import replace

from pipeline.report import codebook, sentences, wording
from pipeline.report.cells import Style, cell
from pipeline.report.context import Context
from pipeline.report.listings import Verdict
from pipeline.report.lookup import Domain, Estimate
from pipeline.report.models import Section
from pipeline.report.parts import Cell, FigureTable, Row, key_of

ANY = "any"


def bentuk(ctx: Context, domain: Domain) -> Section | None:
    """Prevalence of each form, most frequent first, and what was not asked."""
    found = ctx.lookup.of(domain, "bentuk")
    if not found:
        return None
    rows: list[tuple[float, Row]] = []
    most: tuple[str, Estimate] | None = None
    for entry in ctx.bentuk:
        e = ctx.lookup.get(domain, "bentuk", entry.id)
        if e is None or not entry.is_asked:
            words = "tidak ditanyakan dalam survei ini"
            rows.append((3.0, Row(entry.label, Cell("withheld", reason=words), entry.gloss)))
            continue
        speaks = codebook.reference_of(ctx.results.instrument, entry.id)
        gloss = f"{entry.gloss} ({speaks})" if entry.gloss and speaks else entry.gloss or speaks
        row = Row(
            entry.label, cell(e, ctx.event), gloss, _extra(ctx, domain, "bentuk", e), base=_base(e)
        )
        rows.append((-e.value if e.is_shown and e.value is not None else 2.0, row))
        if e.value and e.is_shown and e.has_interval and (most is None or e.value > _value(most)):
            most = (entry.label, e)
    rows.sort(key=lambda pair: pair[0])
    anyone = ctx.lookup.get(domain, "bentuk", ANY)
    tables = []
    if anyone is not None:
        extra = _extra(ctx, domain, "bentuk", anyone)
        head = Row("Sedikitnya satu bentuk", cell(anyone, ctx.share), "", extra, base=_base(anyone))
        caption = "Pengalaman sedikitnya satu bentuk"
        first = _table(ctx, caption, "Semua bentuk", ctx.share, [head])
        tables.append(replace(first, key=None))
    caption = "Pengalaman tiap bentuk maladministrasi"
    tables.append(_table(ctx, caption, "Bentuk", ctx.event, [row for _, row in rows]))
    return Section(
        "alami",
        "Maladministrasi yang dialami",
        sentences.experience_lead(anyone, most, ctx.noun),
        tuple(tables),
        (wording.ACCOUNT, wording.BENTUK_NOTE, *wording.BASIS[domain.type]),
    )


def _table(ctx: Context, caption: str, head: str, style: Style, rows: Sequence[Row]) -> FigureTable:
    return FigureTable(
        caption=f"{caption}, dengan rentang keyakinan {ctx.level}",
        label_head=head,
        value_head="Persen (rentang)",
        scale=style.axis.scale,
        rows=tuple(rows),
        extra_head=f"Dari 100 {ctx.noun}",
        base_head="Jawaban",
        key=key_of(r.cell for r in rows),
    )


def _value(pair: tuple[str, Estimate]) -> float:
    return pair[1].value or 0.0


def _base(e: Estimate) -> str:
    return "" if not e.is_shown else sentences.counted(e.n, "").strip()


def _extra(ctx: Context, domain: Domain, kind: str, e: Estimate) -> Verdict:
    words = sentences.frequency(e)
    compared = ctx.lookup.comparison(domain, kind, e.measure)
    if compared is not None and compared.tier.startswith("jelas") and words:
        verdict = wording.COMPARED_ADVERSE[compared.tier]
        return Verdict(f"{words}, {verdict.text}", verdict.tone)
    return Verdict(words)


def service(ctx: Context, domain: Domain) -> Section | None:
    """Who left without being served, and who came for pay."""
    rows = []
    for name, (label, gloss) in wording.LAYANAN.items():
        e = ctx.lookup.get(domain, "layanan", name)
        if e is not None:
            extra = _extra(ctx, domain, "layanan", e)
            rows.append(Row(label, cell(e, ctx.event), gloss, extra, base=_base(e)))
    if not rows:
        return None
    table = _table(ctx, "Tidak dilayani dan perantara", "Keadaan", ctx.event, rows)
    left = ctx.lookup.get(domain, "layanan", "tidak_dilayani")
    return Section(
        "layanan",
        "Tidak dilayani dan perantara",
        sentences.service_lead(left, ctx.noun),
        (table,),
        wording.BASIS[domain.type],
    )


def complaints(ctx: Context, domain: Domain) -> Section | None:
    """The way of a complaint, only as far as the answers go."""
    if not ctx.lookup.of(domain, "pengaduan"):
        return None
    minimum = ctx.results.study.publication.minimum_n
    rows: list[Row] = []
    for name in ("tahu", "mengadu", "ditanggapi", "puas"):
        e = ctx.lookup.get(domain, "pengaduan", name)
        if e is None:
            continue
        label, gloss = wording.PENGADUAN[name]
        if not e.is_shown and rows:
            reason = sentences.path_ends(minimum) if e.n < minimum else sentences.withheld(e)
            rows.append(Row(label, Cell("withheld", reason=reason), gloss))
            break
        rows.append(Row(label, cell(e, ctx.share), gloss, base=_base(e)))
    willing = ctx.lookup.get(domain, "pengaduan", "bersedia")
    if willing is not None:
        label, gloss = wording.PENGADUAN["bersedia"]
        rows.append(Row(label, cell(willing, ctx.share), gloss, base=_base(willing)))
    table = FigureTable(
        caption=f"Jalan pengaduan, dengan rentang keyakinan {ctx.level}",
        label_head="Langkah",
        value_head="Persen (rentang)",
        scale=ctx.share.axis.scale,
        rows=tuple(rows),
        base_head="Jawaban",
        key=key_of(r.cell for r in rows),
    )
    return Section(
        "aduan",
        "Penanganan pengaduan",
        sentences.complaints_lead(ctx.lookup.get(domain, "pengaduan", "tahu"), ctx.noun),
        (table,),
        wording.BASIS[domain.type],
    )
