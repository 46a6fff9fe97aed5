"""Sections on what to mend first and on how many sessions more, for units and for the city."""

from collections.abc import Mapping

import pandas as pd

from analysis.sessions_needed import POWER
from pipeline.report import codebook, figures, wording
from pipeline.report import findings_said as said
from pipeline.report.context import Context
from pipeline.report.finding_parts import Evidence, FindingTable
from pipeline.report.findings_said import Finding, Needed
from pipeline.report.listings import Fact, FactList
from pipeline.report.lookup import Domain, codes, real, records, text, whole
from pipeline.report.models import Section

QUESTIONS = {
    "syarat": "Syarat kesimpulan",
    "batas": "Terhadap garis",
    "perubahan": "Melihat perubahan",
    "kekurangan": "Menunjuk indikator",
}
"""Questions in words, in the order of the page."""


def first(ctx: Context, domain: Domain) -> Section | None:
    """What the unit should mend first, or that the sample cannot tell; nothing without a rule."""
    found = of_unit(ctx, domain)
    unit = ctx.results.study.unit(domain.id)
    if not found or unit is None:
        return None
    kind = wording.SECTORS.get(unit.sector, unit.sector)
    placed = sorted((f for f in found if f.place), key=lambda f: f.place)
    lines = max(ctx.lines, default=(0.0, ""))[1]
    left = sum(f.state == "dibenahi" for f in found) - len(placed)
    notes = [said.more(left), RULE, NO_CAUSE] if placed else [RULE]
    own = any(f.basis and f.basis != said.SAME_KIND for f in found)
    return Section(
        "benahi",
        "Apa yang dibenahi dulu",
        said.lead(found, lines),
        tuple(_table(f, kind) for f in placed),
        tuple(n for n in (*notes, UNLIKE if own else "") if n),
    )


RULE = (
    "Indikator ditunjuk, paling banyak tiga, bila dua hal jelas melampaui kebetulan: nilainya "
    "lebih rendah daripada unit sejenis (atau, tanpa tiga unit sejenis, daripada indikator lain "
    "di unit ini), dan pengguna yang menilainya lebih tinggi lebih percaya kepada petugas."
)
NO_CAUSE = (
    "Urutannya menurut besarnya kekurangan dan kaitannya; urutan itu sendiri tidak diuji. Kaitan "
    "bukan bukti sebab."
)
UNLIKE = "Pertanyaan yang berbeda tidak sama mudahnya mendapat nilai tinggi."


def _table(f: Finding, kind: str) -> FindingTable:
    span = "" if f.low is None or f.high is None else f"({figures.points_span(f.low, f.high)})"
    rows = (
        Evidence("Nilai di unit ini", figures.points(f.value or 0.0), span, "dari 0 sampai 100"),
        Evidence("Kekurangan", *said.shortfall(f), f"dibanding {said.held_against(f, kind)}"),
        Evidence(
            "Kaitan dengan kepercayaan",
            *said.with_trust(f),
            "bila indikator ini dinilai 10 poin lebih tinggi; semua unit, di dalam unit yang sama",
        ),
    )
    return FindingTable(f"{f.place}. {f.label}", rows)


def sessions(ctx: Context, domain: Domain) -> Section | None:
    """How many sessions would answer what the unit's sample leaves open."""
    table = _rows(ctx.needed, domain.id)
    asked = [_needed(row) for row in records(table)]
    if not asked:
        return None
    study, order = ctx.results.study, list(QUESTIONS)
    asked.sort(key=lambda q: order.index(q.question))
    return Section(
        "sesi",
        "Berapa sesi lagi?",
        "Apa yang belum dapat dijawab sampel ini, dan sampel sebesar apa yang dapat menjawabnya.",
        (FactList(tuple(Fact(QUESTIONS[q.question], said.needed(q)) for q in asked)),),
        (said.assumptions(asked, POWER, study.level, study.publication.bar),),
    )


def of_city(ctx: Context, links: Mapping[str, str]) -> Section | None:
    """What comes first in each unit, in a line each; nothing where no unit has a rule."""
    found = {code: of_unit(ctx, Domain("unit", code)) for code in links}
    found = {code: own for code, own in found.items() if own}
    if not found:
        return None
    names = []
    for unit in ctx.results.study.units:
        placed = sorted((f for f in found.get(unit.unit_id, ()) if f.place), key=lambda f: f.place)
        if placed:
            names.append((unit.short_name, [f.label for f in placed]))
    facts = tuple(Fact(name, "; ".join(labels) + ".") for name, labels in names)
    return Section(
        "benahi",
        "Apa yang dibenahi dulu",
        said.of_units(names, len(found) - len(names)),
        (FactList(facts),) if facts else (),
        (f"{RULE} Buktinya di halaman tiap unit.",),
    )


def of_unit(ctx: Context, domain: Domain) -> tuple[Finding, ...]:
    """The indicators of a unit with their evidence, in the order of the questionnaire."""
    study = ctx.results.study
    return tuple(
        Finding(
            label=codebook.label_of(study, text(row["measure"])),
            value=real(row["value"]), low=real(row["low"]), high=real(row["high"]),
            basis=text(row["basis"]), others=whole(row["others"]),
            gap=real(row["gap"]), gap_low=real(row["gap_low"]), gap_high=real(row["gap_high"]),
            slope=real(row["slope"]), slope_low=real(row["slope_low"]),
            slope_high=real(row["slope_high"]),
            place=whole(row["place"]), state=text(row["state"]), reasons=codes(row["reason"]),
        )
        for row in records(_rows(ctx.findings, domain.id))
    )  # fmt: skip


def _rows(table: pd.DataFrame, unit: str) -> pd.DataFrame:
    return table if table.empty else table[table["domain"] == unit]


def _needed(row: dict[str, object]) -> Needed:
    needed = real(row["needed"])
    blocks = real(row["blocks"])
    return Needed(
        question=text(row["question"]), label=text(row["label"]),
        distance=real(row["distance"]) or 0.0, sessions=whole(row["sessions"]),
        needed=None if needed is None else round(needed), waves=whole(row["waves"]),
        enumerators=text(row["enumerators"]), seen=real(row["seen_now"]),
        per_session=whole(row["per_session"]),
        blocks=float("inf") if blocks is None else blocks,
        is_small=text(row["state"]) == "sampel kecil",
    )  # fmt: skip
