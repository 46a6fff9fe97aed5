"""Sections on what users met: forms of maladministration, being served, complaining."""

from collections.abc import Sequence

from pipeline.report import codebook, frequencies, notes, sentences, verdicts, wording
from pipeline.report.basis import Basis
from pipeline.report.cells import Style, cell, figure_table
from pipeline.report.context import Context
from pipeline.report.listings import Verdict
from pipeline.report.lookup import Domain, Estimate
from pipeline.report.models import Section
from pipeline.report.parts import Cell, FigureTable, Row

ANY = "any"


def bentuk(ctx: Context, domain: Domain) -> Section | None:
    """Prevalence of each form, most frequent first, and what was not asked."""
    found = ctx.lookup.of(domain, "bentuk")
    if not found:
        return None
    basis = ctx.basis(domain)
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
        if e.value and e.is_shown and not e.is_careful and (most is None or e.value > _value(most)):
            most = (entry.label, e)
    rows.sort(key=lambda pair: pair[0])
    anyone = ctx.lookup.get(domain, "bentuk", ANY)
    tables = []
    if anyone is not None:
        extra = _extra(ctx, domain, "bentuk", anyone)
        row = Row("Sedikitnya satu bentuk", cell(anyone, ctx.share), "", extra, base=_base(anyone))
        caption = "Pengalaman sedikitnya satu bentuk"
        tables.append(_table(basis, caption, "Semua bentuk", ctx.share, [row], has_key=False))
    caption = "Pengalaman tiap bentuk maladministrasi"
    tables.append(_table(basis, caption, "Bentuk", ctx.event, [row for _, row in rows]))
    return Section(
        "alami",
        "Maladministrasi yang dialami",
        frequencies.experience_lead(anyone, most, basis),
        tuple(tables),
        (notes.ACCOUNT, notes.BENTUK, *_compared(ctx, domain, "bentuk"), *basis.notes),
    )


def _table(
    basis: Basis,
    caption: str,
    head: str,
    style: Style,
    rows: Sequence[Row],
    *,
    has_key: bool = True,
) -> FigureTable:
    noun = basis.noun if basis.is_random else "yang menjawab"
    return figure_table(
        basis,
        caption,
        (head, "Persen"),
        rows,
        style.axis.scale,
        extra=f"Dari 100 {noun}",
        base="Jawaban",
        has_key=has_key,
    )


def _value(pair: tuple[str, Estimate]) -> float:
    return pair[1].value or 0.0


def _base(e: Estimate) -> str:
    known = e.is_shown or e.at_most is not None or e.at_least is not None
    return sentences.counted(e.n, "").strip() if known else ""


def _extra(ctx: Context, domain: Domain, kind: str, e: Estimate) -> Verdict:
    words = frequencies.frequency(e)
    compared = ctx.lookup.comparison(domain, kind, e.measure)
    if compared is not None and compared.tier.startswith("jelas") and words:
        verdict = wording.COMPARED_ADVERSE[compared.tier]
        return Verdict(f"{words}, {verdict.text}", verdict.tone)
    return Verdict(words)


def _compared(ctx: Context, domain: Domain, kind: str) -> tuple[str, ...]:
    """What the arrows of a table stand for, where it has any."""
    units = len(ctx.lookup.domains("unit"))
    held = [
        ctx.lookup.others(kind, e.measure)
        for e in ctx.lookup.of(domain, kind)
        if (c := ctx.lookup.comparison(domain, kind, e.measure)) and c.tier.startswith("jelas")
    ]
    if not held:
        return ()
    if len(set(held)) == 1:
        peers = verdicts.others(held[0], units)
    else:
        peers = f"{min(held)} sampai {max(held)} unit lain yang dapat dibandingkan"
    return (f"Jelas lebih sering atau lebih jarang: dibanding rata-rata {peers}.",)


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
    basis = ctx.basis(domain)
    table = _table(basis, "Tidak dilayani dan perantara", "Keadaan", ctx.event, rows)
    left = ctx.lookup.get(domain, "layanan", "tidak_dilayani")
    return Section(
        "layanan",
        "Tidak dilayani dan perantara",
        frequencies.service_lead(left, basis),
        (table,),
        (*_compared(ctx, domain, "layanan"), *basis.notes),
    )


def complaints(ctx: Context, domain: Domain) -> Section | None:
    """The way of a complaint, only as far as the answers go."""
    if not ctx.lookup.of(domain, "pengaduan"):
        return None
    minimum = ctx.results.study.publication.minimum_n
    basis = ctx.basis(domain)
    rows: list[Row] = []
    for name in ("tahu", "mengadu", "ditanggapi", "puas"):
        e = ctx.lookup.get(domain, "pengaduan", name)
        if e is None:
            continue
        if not e.is_shown and rows:
            reason = frequencies.path_ends(minimum) if e.n < minimum else sentences.withheld(e)
            rows.append(Row(*_step(name, basis, Cell("withheld", reason=reason))))
            break
        rows.append(Row(*_step(name, basis, cell(e, ctx.share)), base=_base(e)))
    willing = ctx.lookup.get(domain, "pengaduan", "bersedia")
    if willing is not None:
        rows.append(Row(*_step("bersedia", basis, cell(willing, ctx.share)), base=_base(willing)))
    table = figure_table(
        basis,
        "Alur pengaduan",
        ("Langkah", "Persen"),
        rows,
        ctx.share.axis.scale,
        base="Jawaban",
    )
    return Section(
        "aduan",
        "Alur pengaduan",
        frequencies.complaints_lead(ctx.lookup.get(domain, "pengaduan", "tahu"), basis),
        (table,),
        basis.notes,
    )


def _step(name: str, basis: Basis, shown: Cell) -> tuple[str, Cell, str]:
    """Label, cell and gloss of a step; a sample that is not random speaks of its respondents."""
    label, gloss = wording.PENGADUAN[name]
    if not basis.is_random:
        gloss = gloss.replace("semua pengunjung", "semua yang menjawab")
    return label, shown, gloss
