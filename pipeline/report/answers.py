"""Distributions of answers: stacked bars of the scale items, toplines of any closed question."""

from collections.abc import Sequence
from dataclasses import replace

from analysis.instrument import Choice, Instrument, Question
from pipeline.report import notes, sentences, wording
from pipeline.report.cells import Style, cell, figure_table, settled
from pipeline.report.charts import SHARE_AXIS, segments
from pipeline.report.context import Context
from pipeline.report.lookup import Domain
from pipeline.report.models import Section
from pipeline.report.parts import (
    AnswerCell,
    AnswerColumn,
    AnswerRow,
    AnswerTable,
    Cell,
    FigureTable,
    Row,
)

_STYLE = Style(SHARE_AXIS, 100.0, is_share=True, is_compact=True)
_STEPS = {1: ("4",), 2: ("1", "4"), 3: ("1", "0", "4"), 4: ("1", "2", "3", "4")}
_STEPS[5] = ("1", "2", "0", "3", "4")


def distributions(ctx: Context, domain: Domain) -> Section | None:
    """Answers to the scale items: questions of a dimension or of the SKM."""
    instrument = ctx.results.instrument
    groups: dict[str, list[Question]] = {}
    for question in instrument.questions:
        is_scale = bool(question.dimension or question.skm) and question.type == "select_one"
        if is_scale and len(instrument.scores_of(question)) > 1:
            groups.setdefault("skm" if question.skm else question.list_name, []).append(question)
    tables = [_table(ctx, domain, questions) for questions in groups.values()]
    kept = tuple(t for t in tables if t is not None)
    if not kept:
        return None
    return Section(
        "jawaban",
        "Jawaban responden",
        notes.answers_lead(ctx.basis(domain)),
        kept,
        (notes.ANSWERS, *sentences.hidden_answers(_reasons(kept))),
    )


def _reasons(tables: Sequence[AnswerTable]) -> list[str]:
    """Why single answers are hidden in rows that show others, each reason once."""
    cells = [c.cell for table in tables for row in table.rows if not row.reason for c in row.cells]
    return list(dict.fromkeys(c.reason for c in cells if c.state == "withheld" and c.reason))


def _scored(instrument: Instrument, question: Question) -> list[Choice]:
    return sorted(
        (c for c in instrument.choices_of(question) if c.score is not None),
        key=lambda c: c.score or 0.0,
    )


def _table(ctx: Context, domain: Domain, questions: Sequence[Question]) -> AnswerTable | None:
    instrument = ctx.results.instrument
    asked = [q for q in questions if _is_estimated(ctx, domain, q)]
    if not asked:
        return None
    scored = {q.name: _scored(instrument, q) for q in asked}
    levels = max(len(choices) for choices in scored.values())
    asked = [q for q in asked if len(scored[q.name]) == levels]
    unscored = dict.fromkeys(
        c.name for q in asked for c in instrument.choices_of(q) if c.score is None
    )
    is_shared = len({q.list_name for q in asked}) == 1
    lang = wording.language(instrument)
    steps = _STEPS.get(levels, ("4",) * levels) + ("x",) * len(unscored)
    heads = [
        _short(c.label(lang)) if is_shared else str(i)
        for i, c in enumerate(scored[asked[0].name], start=1)
    ]
    names = {c.name: c.label(lang) for q in asked for c in instrument.choices_of(q)}
    heads += [_short(names[code]) for code in unscored]
    rows = []
    for question in asked:
        codes = [c.name for c in scored[question.name]] + list(unscored)
        rows.append(_row(ctx, domain, question, codes, steps, is_shared))
    caption = "Jawaban berskala tentang pelayanan dan kepercayaan"
    if any(q.skm for q in asked):
        caption = "Jawaban atas sembilan unsur SKM, dari 1 (terendah) sampai 4 (tertinggi)"
    columns = tuple(AnswerColumn(h, s) for h, s in zip(heads, steps, strict=True))
    return AnswerTable(caption, columns, tuple(rows))


def _is_estimated(ctx: Context, domain: Domain, question: Question) -> bool:
    choices = ctx.results.instrument.choices_of(question)
    return any(ctx.lookup.get(domain, "topline", question.name, c.name) for c in choices)


def _row(
    ctx: Context,
    domain: Domain,
    question: Question,
    codes: Sequence[str],
    steps: Sequence[str],
    is_shared: bool,
) -> AnswerRow:
    instrument = ctx.results.instrument
    found = [ctx.lookup.get(domain, "topline", question.name, code) for code in codes]
    cells = tuple(Cell("withheld", reason="") if e is None else cell(e, _STYLE) for e in found)
    shown = [e for e in found if e is not None]
    reason = ""
    if not any(e.is_shown for e in shown):
        reason = next(c.reason for c, e in zip(cells, found, strict=True) if e is not None)
    gloss = ""
    if not is_shared:
        scored = _scored(instrument, question)
        lang = wording.language(instrument)
        first, last = scored[0].label(lang), scored[-1].label(lang)
        gloss = f"1 = {first.lower()}, {len(scored)} = {last.lower()}"
    elif question.polarity == "negatif":
        gloss = "pernyataan terbalik: setuju berarti penilaian kurang baik"
    values = [e.value if e is not None and e.is_shown and e.value is not None else 0 for e in found]
    pieces = segments(values, steps)
    if any(e is not None and not e.is_shown for e in found):
        # What is hidden stays a gap: stretched over it, the rest would look like all.
        pieces = segments([*values, max(1 - sum(values), 0.0)], [*steps, "h"])
    return AnswerRow(
        label=wording.UNSUR.get(question.skm) or wording.question_label(instrument, question),
        gloss=gloss,
        segments=pieces,
        cells=tuple(AnswerCell(s, c) for s, c in zip(steps, settled(cells), strict=True)),
        reason=reason,
    )


def _short(label: str) -> str:
    return wording.shown(label)


def toplines(ctx: Context, domain: Domain) -> tuple[FigureTable, ...]:
    """Every closed question with the share of each answer, in the order of the form."""
    instrument = ctx.results.instrument
    basis = ctx.basis(domain)
    tables = []
    for question in instrument.questions:
        if not question.is_closed or not _is_estimated(ctx, domain, question):
            continue
        labels = wording.choice_labels(instrument, question)
        found = {
            e.category: e for e in ctx.lookup.of(domain, "topline") if e.measure == question.name
        }
        order = [c for c in labels if c in found] + [c for c in found if c not in labels]
        rows = [Row(labels.get(c, c), cell(found[c], ctx.share)) for c in order]
        several = question.type == "select_multiple"
        asked = wording.question_label(instrument, question)
        base = sentences.base(max(e.n for e in found.values()))
        table = figure_table(
            basis,
            "",
            ("Jawaban (boleh lebih dari satu)" if several else "Jawaban", "Persen"),
            rows,
            ctx.share.axis.scale,
            has_key=False,
        )
        tables.append(replace(table, caption=f"{asked} ({base})", is_titled=True))
    return tuple(tables)
