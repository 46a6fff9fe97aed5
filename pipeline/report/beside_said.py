"""Sentences that put something beside the citizens' answers: own scores, what was seen, replies."""

from collections.abc import Sequence
from datetime import date

from pipeline.report import figures
from pipeline.report.lookup import Estimate
from pipeline.report.wave_lookup import Change


def own_score(own: float | None, verified: float | None, e: Estimate | None) -> str:
    """A unit's own score, what a verification made of it, and how far it is from the citizens'.

    The own score is no sample, so the interval of the gap is that of the citizens' value.
    """
    parts = []
    if own is not None:
        parts.append(f"Unit menilai sendiri {figures.number(own, 1)}")
    if verified is not None:
        parts.append(f"{'s' if parts else 'S'}etelah verifikasi {figures.number(verified, 1)}")
    text = "; ".join(parts) + "."
    if own is None or e is None or not e.is_shown or e.value is None:
        return text
    if e.low is None or e.high is None:
        return text
    gap, low, high = own - e.value, own - e.high, own - e.low
    if low <= 0 <= high:
        text += " Penilaian sendiri tidak dapat dibedakan dari kata pengguna"
        return f"{text} ({figures.span(low, high, 1)} poin)."
    side = "lebih tinggi" if gap > 0 else "lebih rendah"
    ends = (low, high) if gap > 0 else (-high, -low)
    return (
        f"{text} Penilaian sendiri {figures.number(abs(gap), 1)} poin {side} daripada kata "
        f"pengguna ({figures.span(*ends, 1)})."
    )


def own_lead(higher: int, lower: int, same: int) -> str:
    """How often the unit sees itself otherwise than its users do, by dimensions."""
    parts = []
    if higher:
        parts.append(f"lebih tinggi pada {higher} dimensi")
    if lower:
        parts.append(f"lebih rendah pada {lower} dimensi")
    if same:
        parts.append(f"tidak dapat dibedakan pada {same} dimensi")
    if not parts:
        return "Penilaian unit terhadap dirinya sendiri, di samping kata pengguna."
    return f"Dibanding kata pengguna, unit menilai dirinya {', '.join(parts)}."


def seen(things: Sequence[tuple[str, int, int]]) -> str:
    """`syarat dan alur terpampang: pada 7 dari 8 sesi; ...`: things with `yes` of `seen`."""
    parts = [f"{name}: pada {yes} dari {sessions} sesi" for name, sessions, yes in things]
    text = "; ".join(parts)
    return text[:1].upper() + text[1:] + "." if text else ""


def replied(office: str, on: date) -> str:
    """Who replied and when: an office, never a person."""
    return f"Tanggapan {office}, {figures.day(on)}. Dicetak sebagaimana diterima."


def planned(office: str, by: date | None) -> str:
    """Who is to do it and until when."""
    parts = [office] if office else []
    if by is not None:
        parts.append(f"sampai {figures.day(by)}")
    return ", ".join(parts) or "Rencana"


def since(label: str, change: Change | None) -> str:
    """What became of the indicator that a plan named, by the test between the waves."""
    name = label[:1].lower() + label[1:]
    if change is None or not change.tier:
        return f"Sejak itu, {name}: belum dapat dinilai."
    if (
        not change.is_clear
        or change.difference is None
        or change.low is None
        or change.high is None
    ):
        return f"Sejak itu, {name}: perubahan tidak dapat dibedakan dari kebetulan."
    low, high = change.low, change.high
    ends = (low, high) if change.difference > 0 else (-high, -low)
    side = "naik" if change.difference > 0 else "turun"
    return (
        f"Sejak itu, {name}: jelas {side} {figures.number(abs(change.difference), 1)} poin "
        f"({figures.span(*ends, 1)})."
    )
