"""What the data of a unit are worth: one row a property, with the limits of its verdict."""

from collections import Counter
from typing import Literal

import numpy as np

from analysis.disclosure import SMALL
from pipeline.editions import INTERNAL
from pipeline.report import figures, notes, wording
from pipeline.report.basis import Basis
from pipeline.report.context import Context
from pipeline.report.field import rate, response_of, sessions_of, worked_of
from pipeline.report.grouped import Rows
from pipeline.report.listings import QualityRow, QualityTable, Verdict
from pipeline.report.lookup import Domain, Estimate
from pipeline.report.models import Section
from pipeline.report.respondents import contacts_of, interviews_of

GOOD, FAIR, POOR = Verdict("Baik", "good"), Verdict("Cukup", "fair"), Verdict("Kurang", "poor")

LEAST = 10
"""Interviews from which the setting is told."""
EXTREME = 3
"""Times the unit's median from which a weight is called extreme."""


def verdict(value: float, good: float, fair: float, *, direction: Literal["up", "down"]) -> Verdict:
    """Verdict of a value: at or beyond `good`, at or beyond `fair`, or neither."""
    sign = 1 if direction == "up" else -1
    if sign * value >= sign * good:
        return GOOD
    return FAIR if sign * value >= sign * fair else POOR


def quality(ctx: Context, domain: Domain) -> Section | None:
    """Response, sessions, counts, weights, privacy, enumerators and interference."""
    contacts = contacts_of(ctx, domain)
    sessions = sessions_of(ctx, domain)
    basis = ctx.basis(domain)
    rows = [
        *(_response(ctx, domain) if basis.is_random else _selection(basis)),
        *_sessions(sessions),
        *(_weights(ctx, domain, sessions) if basis.is_random else ()),
        *_setting(interviews_of(contacts), hides=ctx.results.edition != INTERNAL),
        *_enumerators(ctx, domain, contacts),
        *_interference(sessions),
    ]
    if not rows:
        return None
    poor = [r.label.lower() for r in rows if r.verdict == POOR]
    lead = (
        "Yang perlu diingat saat membaca angka: " + ", ".join(poor) + "."
        if poor
        else "Semua ukuran mutu baik atau cukup."
    )
    return Section(
        "mutu",
        "Mutu data",
        lead,
        (QualityTable("Ukuran mutu data dan penilaiannya", tuple(rows)),),
        (notes.QUALITY,),
    )


def _selection(basis: Basis) -> list[QualityRow]:
    return [
        QualityRow(
            "Cara memilih",
            basis.kind,
            "Bukan sampel acak: ketelitian tidak dapat ditaksir, dan hasilnya tidak mewakili "
            "yang tidak ditanya.",
            POOR,
        )
    ]


def _response(ctx: Context, domain: Domain) -> list[QualityRow]:
    row = response_of(ctx, domain)
    rows = []
    rr3, missed = rate(row, "rr3"), rate(row, "missed_share")
    if rr3 is not None:
        rows.append(
            QualityRow(
                "Tingkat jawaban",
                figures.percent(rr3),
                "Wawancara lengkap dari semua yang terpilih dan berhak (AAPOR RR3). "
                "Baik dari 60%, cukup dari 40%.",
                verdict(rr3, 0.6, 0.4, direction="up"),
            )
        )
    if missed is not None:
        rows.append(
            QualityRow(
                "Terlewat",
                figures.percent(missed),
                "Terpilih tetapi tidak sempat didekati. Baik sampai 5%, cukup sampai 15%.",
                verdict(missed, 0.05, 0.15, direction="down"),
            )
        )
    return rows


def _sessions(sessions: Rows) -> list[QualityRow]:
    if not sessions:
        return []
    held = worked_of(sessions)
    planned, worked, closed = len(sessions), len(held), len(held.where("closed", True))
    found = verdict(worked / planned, 0.9, 0.7, direction="up")
    if found == GOOD and closed < worked:
        found = FAIR
    return [
        QualityRow(
            "Sesi wawancara",
            f"{worked} dari {planned}",
            f"Sesi terlaksana dari yang direncanakan; {closed} ditutup dengan formulir. "
            "Baik dari 90% dan semuanya ditutup, cukup dari 70%.",
            found,
        )
    ]


def _counts(sessions: Rows) -> list[QualityRow]:
    """How the visitors of the sessions worked are known, most usual way first."""
    if not sessions or "tier" not in sessions:
        return []
    found = Counter(worked_of(sessions)["tier"])
    tiers = {t: found[t] for t in wording.TIERS if found[t]}
    if not tiers:
        return []
    counted, worked = tiers.get("T0", 0), sum(tiers.values())
    rest = [f"{n} {wording.TIERS[t]}" for t, n in tiers.items() if t != "T0"]
    tone = GOOD if not rest else FAIR if set(tiers) <= {"T0", "T1", "T2"} else POOR
    return [
        QualityRow(
            "Hitungan pengunjung",
            ", ".join([f"{counted} dari {worked} sesi dihitung", *rest]),
            "Orang yang keluar dihitung selama sesi. Baik bila semua dihitung, cukup bila sisanya "
            "disusun ulang dari nomor urut orang terpilih atau dari register.",
            tone,
        )
    ]


def _weights(ctx: Context, domain: Domain, sessions: Rows) -> list[QualityRow]:
    rows = _counts(sessions)
    index = _first(ctx, domain)
    weighted = ctx.grouped.weights.of(domain)
    name = "w_final" if "w_final" in weighted else "w_trimmed"
    w = weighted[name].astype(np.float64) if weighted else np.zeros(0)
    if w.size > 1 and w.sum() > 0:
        deff = float(w.size * (w**2).sum() / w.sum() ** 2)
        rows.append(
            QualityRow(
                "Ketidaksamaan bobot",
                figures.number(deff, 2),
                "Efek rancangan Kish; 1 berarti semua jawaban berbobot sama. "
                "Baik sampai 1,5, cukup sampai 2,5.",
                verdict(deff, 1.5, 2.5, direction="down"),
            )
        )
        units = [own[name].astype(np.float64) for own in weighted.by_unit().values()]
        extreme = sum(int((own > EXTREME * np.median(own)).sum()) for own in units) / w.size
        rows.append(
            QualityRow(
                "Bobot ekstrem",
                figures.percent(extreme),
                f"Jawaban yang bobotnya lebih dari {EXTREME} kali median unitnya. Baik sampai 1%, "
                "cukup sampai 5%.",
                verdict(extreme, 0.01, 0.05, direction="down"),
            )
        )
    rows += _sensitivity(ctx, domain)
    held = worked_of(sessions)
    if index is not None and index.n_eff is not None and index.is_shown:
        rows.append(
            QualityRow(
                "Ketelitian indeks",
                f"setara {figures.number(index.n_eff)}",
                f"{figures.number(index.n)} jawaban berkelompok dalam {len(held)} sesi setara "
                "dengan sekian jawaban acak sederhana. Baik dari 60, cukup dari 30.",
                verdict(index.n_eff, 60, 30, direction="up"),
            )
        )
    return rows


def _sensitivity(ctx: Context, domain: Domain) -> list[QualityRow]:
    """What the index would be had nobody counted visitors, beside what it is."""
    row = ctx.grouped.sensitivity.get(domain, {})
    uncounted, counted, half = (rate(row, n) for n in ("value_uncounted", "value", "half_width"))
    difference = rate(row, "difference")
    if uncounted is None or counted is None or half is None or difference is None:
        return []
    share = abs(difference) / half
    return [
        QualityRow(
            "Pengaruh hitungan pengunjung",
            f"{figures.number(uncounted, 1)}, bukan {figures.number(counted, 1)}",
            "Indeks bila semua sesi dianggap sama ramai, bukan menurut hitungan. Baik bila bedanya "
            "paling banyak seperempat lebar rentang, cukup bila masih di dalam rentang.",
            verdict(share, 0.5, 1.0, direction="down"),
        )
    ]


def _first(ctx: Context, domain: Domain) -> Estimate | None:
    index = ctx.lookup.get(domain, "indeks", ctx.results.study.index.id)
    return index or next(iter(ctx.lookup.of(domain, "topline")), None)


_SETTING: tuple[tuple[str, str, str, str, float, float], ...] = (
    (
        "privasi_petugas",
        "tidak",
        "Tidak terdengar petugas",
        "Wawancara tanpa petugas unit dalam jarak dengar. Baik dari 90%, cukup dari 75%.",
        0.9,
        0.75,
    ),
    (
        "isi_sendiri",
        "sendiri",
        "Pertanyaan peka diisi sendiri",
        "Responden mengisi sendiri di telepon enumerator. Baik dari 80%, cukup dari 50%.",
        0.8,
        0.5,
    ),
)


def _setting(interviews: Rows, *, hides: bool) -> list[QualityRow]:
    """What enumerators saw of the setting; where it `hides`, no count of up to four people.

    Of a unit a limit is printed, and judged, in its place; of several units nothing where one of
    them has such a count, for the others are printed.
    """
    rows = []
    for column, code, label, meaning, good, fair in _SETTING:
        if column not in interviews:
            continue
        answers = interviews[column]
        units = interviews["unit_id"] if "unit_id" in interviews else [""] * len(answers)
        of = [
            (unit, answer == code)
            for unit, answer in zip(units, answers, strict=True)
            if answer is not None
        ]
        if len(of) < LEAST:
            continue
        share = sum(met for _, met in of) / len(of)
        text = figures.percent(share)
        small = {unit for unit, _ in of if hides and _is_small([m for u, m in of if u == unit])}
        if small and len({unit for unit, _ in of}) > 1:
            continue
        if small:
            most = SMALL / len(of)
            share = most if share < 0.5 else 1 - most
            at = figures.percent(share)
            text = f"paling banyak {at}" if share == most else f"{at} atau lebih"
        found = verdict(share, good, fair, direction="up")
        rows.append(QualityRow(label, text, meaning, found))
    return rows


def _is_small(met: list[bool]) -> bool:
    """Whether up to four people did, or did not."""
    return min(sum(met), len(met) - sum(met)) <= SMALL


def _enumerators(ctx: Context, domain: Domain, contacts: Rows) -> list[QualityRow]:
    if not interviews_of(contacts):
        return []
    count = len(set(contacts["enumerator_id"]) - {None})
    index = _first(ctx, domain)
    assumed = ""
    if index is not None and "rho_assumed" in index.reasons:
        assumed = (
            " Yang bergilir antarsesi terlalu sedikit untuk mengukur pengaruh itu, jadi rentang "
            "indeks memakai anggapan."
        )
    return [
        QualityRow(
            "Enumerator",
            str(count),
            f"Makin banyak pewawancara, makin kecil pengaruh satu orang.{assumed} Baik dari 3, "
            "cukup 2.",
            verdict(count, 3, 2, direction="up"),
        )
    ]


def _interference(sessions: Rows) -> list[QualityRow]:
    if not sessions or "interference" not in sessions:
        return []
    worked = worked_of(sessions)
    if not worked:
        return []
    count = len(worked.where("interference", "ya"))
    return [
        QualityRow(
            "Gangguan petugas unit",
            "tidak ada" if count == 0 else f"{count} sesi",
            "Sesi yang diganggu atau diarahkan petugas unit. Baik bila tidak ada, cukup bila satu.",
            verdict(count, 0, 1, direction="down"),
        )
    ]
