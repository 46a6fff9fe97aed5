"""Sections on what users think: dimensions and indicators, trust, SKM."""

from collections.abc import Sequence

from pipeline.report import codebook, sentences, verdicts, wording
from pipeline.report.cells import UNSUR, cell
from pipeline.report.charts import SKM_AXIS
from pipeline.report.context import Context
from pipeline.report.listings import Verdict
from pipeline.report.lookup import Domain, Estimate, reference, shown
from pipeline.report.models import Contrast, Section
from pipeline.report.parts import FigureTable, Row, SkmTable, key_of

TRUST = "kepercayaan"
OTHERS = "rata-rata unit lain"


def score_row(ctx: Context, domain: Domain, kind: str, measure: str, level: str = "") -> Row:
    """A score with its comparison, which only units have."""
    e = ctx.lookup.get(domain, kind, measure)
    compared = ctx.lookup.comparison(domain, kind, measure)
    extra = Verdict("")
    if domain.type == "unit" and e is not None and e.is_shown:
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
    for dimension in codebook.dimensions_of(study, instrument):
        whole = ctx.lookup.get(domain, "dimensi", dimension)
        kind = "dimensi" if whole is not None or dimension != TRUST else "kepercayaan"
        if ctx.lookup.get(domain, kind, dimension) is None:
            continue
        rows.append(score_row(ctx, domain, kind, dimension, "group"))
        names = codebook.indicators_of(instrument, dimension)
        items = list(names) if len(names) > 1 and dimension != TRUST else []
        rows += [score_row(ctx, domain, "indikator", name, "item") for name in items]
        for item_kind, name in [("indikator", n) for n in items] or [(kind, dimension)]:
            e = ctx.lookup.get(domain, item_kind, name)
            if e is not None:
                named.append((codebook.label_of(study, name), e))
    if not rows:
        return None
    notes = ["Nilai 0 sampai 100 dari jawaban berskala empat; makin tinggi makin baik."]
    if domain.type == "unit":
        notes.append(wording.COMPARISON_NOTE)
    notes += wording.BASIS[domain.type]
    return Section(
        "dimensi",
        "Dimensi dan indikator",
        verdicts.extremes(named),
        (_table(ctx, domain, "Nilai tiap dimensi dan indikator", "Dimensi dan indikator", rows),),
        tuple(notes),
    )


def trust(ctx: Context, domain: Domain) -> Section | None:
    """The trust score and its items."""
    kinds = [("kepercayaan", TRUST, "group")]
    names = codebook.indicators_of(ctx.results.instrument, TRUST)
    kinds += [("indikator", name, "item") for name in names]
    rows = [
        score_row(ctx, domain, kind, name, level)
        for kind, name, level in kinds
        if ctx.lookup.get(domain, kind, name) is not None
    ]
    if not rows:
        return None
    whole = ctx.lookup.get(domain, "kepercayaan", TRUST)
    lead = (
        sentences.truth_between(whole)
        if whole is not None and whole.is_shown
        else "Angka kepercayaan tidak ditampilkan untuk unit ini."
    )
    return Section(
        "kepercayaan",
        "Kepercayaan",
        f"Kepercayaan pengguna kepada petugas unit ini. {lead}",
        (_table(ctx, domain, "Nilai kepercayaan dan tiap butirnya", "Kepercayaan", rows),),
        (wording.TRUST_NOTE, *wording.BASIS[domain.type]),
    )


def _table(
    ctx: Context, domain: Domain, caption: str, head: str, rows: Sequence[Row]
) -> FigureTable:
    is_unit = domain.type == "unit"
    return FigureTable(
        caption=f"{caption}, dengan rentang keyakinan {ctx.level}",
        label_head=head,
        value_head="Nilai (rentang)",
        scale=ctx.score.axis.scale,
        rows=tuple(rows),
        extra_head="Dibanding unit lain" if is_unit else "",
        key=key_of((r.cell for r in rows), OTHERS),
    )


def skm(ctx: Context, domain: Domain) -> Section | None:
    """IKM with its mutu, and the NRR of the nine unsur."""
    found = ctx.lookup.of(domain, "skm")
    ikm = ctx.lookup.get(domain, "skm", "ikm")
    unsur = [e for e in found if e.measure != "ikm"]
    if not found:
        return None
    rows = tuple(
        Row(wording.UNSUR.get(e.measure, e.measure.capitalize()), cell(e, UNSUR)) for e in unsur
    )
    table = FigureTable(
        caption=f"Nilai rata-rata (NRR) tiap unsur dengan rentang keyakinan {ctx.level}",
        label_head="Unsur",
        value_head="NRR (rentang)",
        scale=SKM_AXIS.scale,
        rows=rows,
        key=key_of(r.cell for r in rows),
    )
    if ikm is None or not ikm.is_shown or ikm.value is None:
        part = SkmTable("Indeks Kepuasan Masyarakat", "", "", sentences.withheld(ikm), table)
    else:
        shown_ikm = cell(ikm, IKM_STYLE)
        part = SkmTable(
            caption="Indeks Kepuasan Masyarakat (IKM)",
            value=shown_ikm.value,
            interval=shown_ikm.interval,
            sentence=verdicts.ikm(ikm),
            table=table,
        )
    return Section(
        "skm",
        "Survei Kepuasan Masyarakat (SKM)",
        "Sembilan unsur Permenpan RB 14/2017 menurut pengguna yang sama.",
        (part,),
        (wording.SKM_NOTE, *wording.BASIS[domain.type]),
    )


IKM_STYLE = type(UNSUR)(SKM_AXIS, decimals=2)


def contrasts(ctx: Context, domain: Domain) -> tuple[Contrast, ...]:
    """Indicators that clearly differ from the other units; nothing where none does."""
    better: list[str] = []
    worse: list[str] = []
    instrument = ctx.results.instrument
    for dimension in codebook.dimensions_of(ctx.results.study, instrument):
        names = codebook.indicators_of(instrument, dimension)
        items = (
            [("indikator", n) for n in names]
            if len(names) > 1 and dimension != TRUST
            else [("dimensi", dimension)]
        )
        for kind, name in items:
            e = ctx.lookup.get(domain, kind, name)
            compared = ctx.lookup.comparison(domain, kind, name)
            if compared is None or not shown([e]) or e is None:
                continue
            side = {"jelas di atas": better, "jelas di bawah": worse}.get(compared.tier)
            if side is not None:
                label = codebook.label_of(ctx.results.study, name)
                side.append(verdicts.contrast(label, e, compared))
    result = []
    if worse:
        result.append(Contrast("Jelas di bawah unit lain", tuple(worse), "poor"))
    if better:
        result.append(Contrast("Jelas di atas unit lain", tuple(better), "good"))
    return tuple(result)
