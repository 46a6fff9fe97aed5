"""Sections on what users think: dimensions and indicators, trust, SKM."""

from collections.abc import Sequence

from pipeline.report import codebook, notes, sentences, verdicts, wording
from pipeline.report.cells import UNSUR, cell, figure_table
from pipeline.report.charts import SKM_AXIS
from pipeline.report.context import Context
from pipeline.report.listings import NO_VERDICT, Verdict
from pipeline.report.lookup import Domain, Estimate, reference
from pipeline.report.models import Section
from pipeline.report.panel import TRUST
from pipeline.report.parts import FigureTable, Row, SkmTable


def score_row(ctx: Context, domain: Domain, kind: str, measure: str, level: str = "") -> Row:
    """A score with its comparison, which only units of a random sample have."""
    e = ctx.lookup.get(domain, kind, measure)
    compared = ctx.lookup.comparison(domain, kind, measure)
    extra = NO_VERDICT
    if ctx.basis(domain).is_judged and e is not None and e.is_shown:
        extra = wording.COMPARED.get(compared.tier if compared else "", Verdict(""))
    return Row(
        label=codebook.label_of(ctx.results.study, measure),
        cell=cell(e, ctx.score, reference(e, compared)),
        extra=extra,
        level=level,
    )


def dimensions(ctx: Context, domain: Domain) -> Section | None:
    """Dimensions of the index with their indicators; the items of trust stand apart."""
    study, instrument = ctx.results.study, ctx.results.instrument
    rows: list[Row] = []
    named: list[tuple[str, Estimate]] = []
    measures: list[tuple[str, str]] = []
    for dimension in codebook.dimensions_of(study, instrument):
        whole = ctx.lookup.get(domain, "dimensi", dimension)
        kind = "dimensi" if whole is not None or dimension != TRUST else "kepercayaan"
        if ctx.lookup.get(domain, kind, dimension) is None:
            continue
        names = codebook.indicators_of(instrument, dimension)
        items = list(names) if len(names) > 1 and dimension != TRUST else []
        rows.append(score_row(ctx, domain, kind, dimension, "group"))
        rows += [score_row(ctx, domain, "indikator", name, "item") for name in items]
        measures += [(kind, dimension), *(("indikator", name) for name in items)]
        for item_kind, name in [("indikator", n) for n in items] or [(kind, dimension)]:
            e = ctx.lookup.get(domain, item_kind, name)
            if e is not None:
                named.append((codebook.label_of(study, name), e))
    if not rows:
        return None
    basis = ctx.basis(domain)
    about = ["Nilai 0 sampai 100 dari jawaban berskala empat; makin tinggi makin baik."]
    if is_compared(ctx, domain, measures):
        about.append(notes.COMPARISON)
    heads = ("Nilai tiap dimensi dan indikator", "Dimensi dan indikator")
    return Section(
        "dimensi",
        "Dimensi dan indikator",
        verdicts.extremes(named),
        (_table(ctx, domain, heads, rows, measures),),
        (*about, *basis.notes),
    )


def trust(ctx: Context, domain: Domain) -> Section | None:
    """The trust score and its items."""
    kinds = [("kepercayaan", TRUST, "group")]
    names = codebook.indicators_of(ctx.results.instrument, TRUST)
    kinds += [("indikator", name, "item") for name in names]
    kinds = [k for k in kinds if ctx.lookup.get(domain, k[0], k[1]) is not None]
    rows = [score_row(ctx, domain, *k) for k in kinds]
    if not rows:
        return None
    basis = ctx.basis(domain)
    heads = ("Nilai kepercayaan dan tiap butirnya", "Kepercayaan")
    return Section(
        "kepercayaan",
        "Kepercayaan",
        sentences.trust_lead(ctx.lookup.get(domain, "kepercayaan", TRUST), basis),
        (_table(ctx, domain, heads, rows, [k[:2] for k in kinds]),),
        (notes.TRUST_ASKED, *basis.notes),
    )


def _table(
    ctx: Context,
    domain: Domain,
    heads: tuple[str, str],
    rows: Sequence[Row],
    measures: Sequence[tuple[str, str]],
) -> FigureTable:
    # Where nothing could be compared, "tidak dibandingkan" in every row would say nothing more.
    extra = "Dibanding unit lain" if is_compared(ctx, domain, measures) else ""
    return figure_table(
        ctx.basis(domain),
        heads[0],
        (heads[1], "Nilai"),
        rows,
        ctx.score.axis.scale,
        extra=extra,
        reference=f"rata-rata {peers(ctx, domain, measures)}",
    )


def is_compared(ctx: Context, domain: Domain, measures: Sequence[tuple[str, str]]) -> bool:
    """Whether any of these measures of the domain was compared with the other units."""
    found = (ctx.lookup.comparison(domain, kind, name) for kind, name in measures)
    return any(c is not None and c.tier for c in found)


def peers(ctx: Context, domain: Domain, measures: Sequence[tuple[str, str]]) -> str:
    """The units that the comparisons of these measures hold beside the domain's own."""
    units = len(ctx.lookup.domains("unit"))
    held = {
        ctx.lookup.others(kind, name)
        for kind, name in measures
        if (c := ctx.lookup.comparison(domain, kind, name)) and c.tier
    }
    if len(held) == 1:
        return verdicts.others(held.pop(), units)
    return "unit lain yang dapat dibandingkan" if held else "unit lain"


def skm(ctx: Context, domain: Domain) -> Section | None:
    """IKM with its mutu, and the NRR of the nine unsur."""
    found = ctx.lookup.of(domain, "skm")
    ikm = ctx.lookup.get(domain, "skm", "ikm")
    unsur = [e for e in found if e.measure != "ikm"]
    if not found:
        return None
    basis = ctx.basis(domain)
    rows = tuple(
        Row(wording.UNSUR.get(e.measure, e.measure.capitalize()), cell(e, UNSUR)) for e in unsur
    )
    table = figure_table(
        basis, "Nilai rata-rata (NRR) tiap unsur", ("Unsur", "NRR"), rows, SKM_AXIS.scale
    )
    if ikm is None or not ikm.is_shown or ikm.value is None:
        part = SkmTable("Indeks Kepuasan Masyarakat", "", "", sentences.withheld(ikm), table)
    else:
        shown = cell(ikm, UNSUR)
        part = SkmTable(
            caption="Indeks Kepuasan Masyarakat (IKM)",
            value=shown.figure,
            interval=f"rentang {shown.interval}" if shown.has_interval else "",
            sentence=verdicts.ikm(ikm, basis),
            table=table,
        )
    return Section(
        "skm",
        "Survei Kepuasan Masyarakat (SKM)",
        "Sembilan unsur Permenpan RB 14/2017 menurut pengguna yang sama.",
        (part,),
        (notes.skm(basis), *basis.notes),
    )
