"""Sentences of what to mend first and of how many sessions more: each reads numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.report import figures, wording

SAME_KIND = "sejenis"
FAR = 3
"""Times the blocks of a window beyond which a number of sessions says no more than `too many`."""


@dataclass(frozen=True)
class Finding:
    """An indicator of a unit with its evidence; numbers are None where there are none.

    `gap` is in points, negative where the indicator lies lower than what it is held against
    (`basis`, of which there are `others`); `slope` the points of trust that go with one point.
    """

    label: str
    value: float | None
    low: float | None
    high: float | None
    basis: str
    others: int
    gap: float | None
    gap_low: float | None
    gap_high: float | None
    slope: float | None
    slope_low: float | None
    slope_high: float | None
    place: int
    state: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Needed:
    """A question that the sample leaves open, and the sessions that would answer it.

    `needed` is None where no number suffices; `blocks` are those of the window (infinite where
    nobody counted them), `seen` the least change that as many sessions as now show.
    """

    question: str
    label: str
    distance: float
    sessions: int
    needed: int | None
    waves: int
    enumerators: str
    seen: float | None
    per_session: int
    blocks: float
    is_small: bool


def held_against(f: Finding, kind: str) -> str:
    """What a finding was held against: `rata-rata 5 unit kesehatan lain` or the own indicators."""
    if f.basis == SAME_KIND:
        return f"rata-rata {f.others} unit {kind} lain"
    return f"rata-rata {f.others} indikator lain di unit ini"


def span(low: float | None, high: float | None, times: float = 1.0) -> str:
    """`(0,6–12,0)`: the ends of an interval times a factor, in rising order; empty without one."""
    if low is None or high is None:
        return ""
    least, most = sorted((times * low, times * high))
    return f"({figures.span(least, most, 1)})"


def shortfall(f: Finding) -> tuple[str, str]:
    """How much lower an indicator lies, without the sign, and its interval.

    An end on the other side keeps its minus.
    """
    if f.gap is None:
        return "", ""
    return f"{figures.number(-f.gap, 1)} poin lebih rendah", span(f.gap_low, f.gap_high, -1)


def with_trust(f: Finding) -> tuple[str, str]:
    """Points of trust that go with ten points of the indicator, and their interval."""
    if f.slope is None:
        return "", ""
    size = f"{figures.number(10 * f.slope, 1)} poin lebih percaya"
    return size, span(f.slope_low, f.slope_high, 10)


def lead(found: Sequence[Finding], enough: str) -> str:
    """What the sample can say of a unit's indicators: which come first, or that it cannot tell.

    `enough` names the line from which nothing needs mending; empty without one.
    """
    first = sorted((f for f in found if f.place), key=lambda f: f.place)
    names = [f.label.lower() for f in first]
    if len(names) == 1:
        return f"Satu indikator jelas tertinggal dan berkaitan dengan kepercayaan: {names[0]}."
    if names:
        listed = f"{', '.join(names[:-1])} dan {names[-1]}"
        return (
            f"{len(names)} indikator jelas tertinggal dan berkaitan dengan kepercayaan: {listed}."
        )
    tested = [f for f in found if f.state == "belum jelas"]
    if tested:
        return (
            "Sampel ini belum dapat menunjuk indikator yang lebih mendesak daripada yang lain. Itu "
            "tidak berarti semuanya baik."
        )
    if enough and found and all(f.state == "cukup" for f in found):
        return f"Semua indikator dengan seluruh rentangnya berada di atas {enough}."
    return f"Indikator yang mendesak tidak dapat ditunjuk: {_why(found)}."


def _why(found: Sequence[Finding]) -> str:
    codes = [code for f in found for code in f.reasons]
    if any(code.startswith("trust_df<") for code in codes):
        return "sesi di semua unit terlalu sedikit untuk menaksir kaitannya dengan kepercayaan"
    own = [code for code in codes if not code.startswith(("trust_", "no_contrast", "no_trust"))]
    words = wording.reasons(own)
    if words:
        return words
    if "no_contrast" in codes:
        return (
            "tidak ada tiga unit sejenis, dan jarak antarindikator di unit ini tidak dapat "
            "dihitung atau tidak boleh ditampilkan"
        )
    return "kaitannya dengan kepercayaan tidak dapat ditaksir"


def more(count: int) -> str:
    """How many further indicators meet the rule; empty for none."""
    return f"Dan {count} indikator lain memenuhi aturan yang sama." if count > 0 else ""


def needed(q: Needed) -> str:
    """Sessions that would answer a question, how many more that is, and on which assumption."""
    if q.question == "syarat":
        extra = (q.needed or 0) - q.sessions
        return (
            f"Perbandingan dan kesimpulan lain baru dinyatakan dari {q.needed} sesi, "
            f"{extra} lagi dari {q.sessions} yang sekarang, dengan cukup wawancara di dalamnya."
        )
    if q.question == "batas":
        about = (
            f"Jarak indeks dari {q.label} yang terukur sekarang {figures.number(q.distance, 1)} "
            "poin. "
        )
        if q.needed is None or q.needed > FAR * q.blocks:
            return f"{about}Jarak sekecil itu tidak dapat dipastikan dengan menambah sesi."
        return f"{about}Bila jaraknya memang sebesar itu, letaknya dapat dipastikan dari {_all(q)}."
    if q.question == "kekurangan":
        five = (
            f"Indikator yang {figures.number(q.distance)} poin di bawah indikator lain di unit ini"
        )
        if q.needed is None:
            return f"{five} tidak akan terlihat dengan menambah sesi saja."
        return f"{five} baru akan terlihat dari {_all(q)}."
    return _change(q)


def _change(q: Needed) -> str:
    text = f"Perubahan {figures.number(q.distance)} poin "
    if q.needed is None:
        text += "tidak akan terlihat dengan menambah sesi saja."
    elif q.waves == 1:
        text += f"akan terlihat bila gelombang berikutnya {_count(q)}{_window(q)}."
    else:
        text += f"baru akan terlihat bila kedua gelombang masing-masing {_count(q)}{_window(q)}."
    if q.seen is not None:
        # Rounded up: a smaller one is not promised.
        least = figures.number(math.ceil(q.seen))
        text += f" Dengan {q.sessions} sesi seperti sekarang baru terlihat perubahan {least} poin."
    return text


def _count(q: Needed) -> str:
    """`sekitar 40 sesi, dengan pewawancara yang bertambah sebanding`."""
    with_more = ", dengan pewawancara yang bertambah sebanding" if q.enumerators != "tetap" else ""
    return f"sekitar {q.needed} sesi{with_more}"


def _all(q: Needed) -> str:
    """The same with how many these are more than now."""
    extra = (q.needed or 0) - q.sessions
    return f"{_count(q)} ({extra} lagi dari {q.sessions} yang sekarang){_window(q)}"


def _window(q: Needed) -> str:
    """That the window of this survey does not hold so many, where it does not."""
    if q.needed is None or q.needed <= q.blocks:
        return ""
    return f"; lebih banyak daripada {figures.number(q.blocks)} blok waktu layanan masa survei ini"


def assumptions(asked: Sequence[Needed], power: float, level: float, bar: float) -> str:
    """On what the numbers of sessions rest; `bar` is the chance that a place needs."""
    text = (
        f"Peluang {figures.of_hundred(power)} dari 100 untuk mendapat jawaban pada tingkat "
        f"keyakinan {figures.number(100 * level)}%"
    )
    if any(q.question == "batas" for q in asked):
        text += f", dan untuk garis bila peluangnya mencapai {figures.of_hundred(bar)} dari 100"
    return (
        f"{text}. Dengan sekitar {asked[0].per_session} wawancara tiap sesi dan ragam antarsesi "
        "seperti pada survei ini. Angka ini perkiraan untuk merencanakan."
    )


def of_units(names: Sequence[tuple[str, Sequence[str]]], silent: int) -> str:
    """How many units have something to mend first, for the page of the city."""
    if not names:
        return "Di tidak satu unit pun sampel dapat menunjuk indikator yang lebih mendesak."
    rest = f" Di {silent} unit lain sampelnya belum dapat menunjuk satu pun." if silent else ""
    return f"Di {len(names)} unit ada indikator yang jelas tertinggal.{rest}"
