"""Every sentence of a report that reads a number, as a function with a test.

A sentence says what was measured (`dari 100 kunjungan`), for whom it holds (`bila semua
pengguna ditanya dengan cara yang sama`), and keeps the interval beside the value. Indonesian is
the source language; another edition replaces this module and `wording`.
"""

from collections.abc import Sequence
from datetime import date

from pipeline.report import figures, wording
from pipeline.report.lookup import Estimate
from pipeline.settings import Publication


def counted(n: int, noun: str) -> str:
    """`187 wawancara`; from 1 to 9 only `kurang dari 10`, so that no one is singled out."""
    if n <= 0:
        return f"tidak ada {noun}"
    return f"kurang dari 10 {noun}" if n < 10 else f"{figures.number(n)} {noun}"


def base_noun(selection: str, estimand: str) -> str:
    """What a hundred are counted of: visits, users, or only those who answered."""
    if selection != "probability":
        return "orang yang menjawab"
    return "kunjungan" if estimand == "visits" else "pengguna"


def truth_between(e: Estimate, edges: Sequence[float] = ()) -> str:
    """For a score: where the value would lie if everybody were asked the same way."""
    if e.low is None or e.high is None:
        return without_interval(e)
    decimals = figures.points_decimals(e.low, e.high, edges)
    return (
        "Bila semua pengguna ditanya dengan cara yang sama, nilainya kemungkinan besar "
        f"{figures.between(e.low, e.high, decimals)}."
    )


def without_interval(e: Estimate) -> str:
    """Why a value stands without an interval."""
    if "volunteer" in e.reasons or "quota" in e.reasons:
        return (
            f"Tanpa rentang: {wording.reasons(e.reasons, 1)}. Nilai ini hanya berlaku bagi "
            "mereka yang menjawab."
        )
    return f"Tanpa rentang: {wording.reasons(e.reasons) or 'ketelitian tidak dapat ditaksir'}."


def withheld(e: Estimate | None) -> str:
    """Why a row holds no number."""
    if e is None:
        return "tidak ditanyakan atau tidak dihitung"
    words = wording.reasons(e.reasons) or "tidak dapat ditaksir"
    return f"tidak ditampilkan: {words}"


def caution(e: Estimate) -> str:
    """What to mind when a value is printed in square brackets; empty where nothing is."""
    if e.flag != "caution":
        return ""
    words = wording.reasons(e.reasons) or "sampelnya kecil"
    return (
        f"Baca dengan hati-hati: {words}. Angka dalam kurung siku tidak dibandingkan dengan "
        "unit lain dan tidak diletakkan terhadap batas."
    )


def any_bentuk(e: Estimate, noun: str) -> str:
    """How often at least one form was met, as a natural frequency."""
    if e.value == 0:
        return "tidak ada pengunjung yang mengaku mengalami salah satu bentuk maladministrasi."
    return (
        f"kira-kira {figures.of_hundred(e.value or 0.0)} dari 100 {noun} disertai sedikitnya "
        "satu bentuk maladministrasi menurut pengakuan pengunjung."
    )


def experience_lead(anyone: Estimate | None, most: tuple[str, Estimate] | None, noun: str) -> str:
    """The finding above the table of forms."""
    if anyone is None or not anyone.is_shown or anyone.value is None:
        return "Angka pengalaman tidak ditampilkan untuk unit ini."
    if anyone.value == 0:
        return (
            "Tidak seorang pun responden mengaku mengalami salah satu bentuk. "
            f"{upper_limit(anyone, noun)}"
        )
    text = f"Kira-kira {figures.of_hundred(anyone.value)} dari 100 {noun}{_share_range(anyone)} "
    text += "disertai sedikitnya satu bentuk."
    if most is not None and most[1].value:
        name, e = most
        text += (
            f" Yang paling sering disebut: {name.lower()}, "
            f"{figures.percent(e.value or 0.0, e.low, e.high)}{_share_range(e)}."
        )
    return text


def upper_limit(e: Estimate, noun: str) -> str:
    """Zero events do not mean zero: the upper limit in words."""
    if e.high is None:
        return "Tidak ada kejadian di antara yang menjawab."
    return (
        f"Dengan sampel ini, kenyataannya masih mungkin sampai "
        f"{figures.percent(e.high, 0.0, e.high)} dari {noun}."
    )


def frequency(e: Estimate) -> str:
    """`31 dari 100` for a table; empty where nothing is printed."""
    if not e.is_shown or e.value is None:
        return ""
    if e.value == 0:
        return "0 yang melaporkan"
    return f"{figures.of_hundred(e.value)} dari 100"


def _share_range(e: Estimate) -> str:
    if e.low is None or e.high is None:
        return ""
    return f" ({figures.percent_between(e.low, e.high)})"


def complaints_lead(known: Estimate | None, noun: str) -> str:
    """The first step of the complaint path."""
    if known is None or not known.is_shown or known.value is None:
        return "Angka pengaduan tidak ditampilkan untuk unit ini."
    return (
        f"Pada kira-kira {figures.of_hundred(known.value)} dari 100 {noun}{_share_range(known)}, "
        "pengunjung tahu ke mana menyampaikan keluhan tentang unit ini."
    )


def path_ends(minimum: int) -> str:
    """Where the complaint path has too few answers to go on."""
    return f"Langkah berikutnya tidak ditampilkan: kurang dari {minimum} jawaban."


def service_lead(left: Estimate | None, noun: str) -> str:
    """How many left without being served."""
    if left is None or not left.is_shown or left.value is None:
        return "Angka ini tidak ditampilkan untuk unit ini."
    if left.value == 0:
        return f"Semua responden dilayani. {upper_limit(left, noun)}"
    return (
        f"Pada kira-kira {figures.of_hundred(left.value)} dari 100 {noun}{_share_range(left)}, "
        "pengunjung pulang tanpa dilayani."
    )


def respondents(interviews: int, selected: int) -> str:
    """Who stands behind the numbers."""
    return (
        f"{figures.number(interviews)} wawancara dari {figures.number(selected)} orang yang "
        "terpilih menurut urutan keluar. Persen di sini menggambarkan sampel, bukan taksiran, "
        "jadi tanpa rentang."
    )


def nothing(n: int, sessions: int, rules: Publication) -> str:
    """Why a unit's page holds no results."""
    if n == 0:
        return (
            "Tidak ada wawancara yang lengkap di unit ini, jadi tidak ada yang dapat dilaporkan. "
            "Ini bukan nilai nol."
        )
    if n < rules.minimum_n:
        return (
            f"Wawancara di unit ini kurang dari {rules.minimum_n}. Angka dari sampel sekecil itu "
            "dapat membuka jawaban orang dan hampir tidak berarti, jadi tidak ada yang dicetak."
        )
    if sessions < 2:
        return (
            f"Semua {figures.number(n)} wawancara berasal dari satu sesi. Dari satu sesi tidak "
            "terlihat seberapa jauh hari lain berbeda, jadi ketelitiannya tidak dapat ditaksir "
            "dan tidak ada angka yang dicetak."
        )
    return "Sampel unit ini tidak memenuhi syarat cetak, jadi tidak ada angka yang dicetak."


def city_weighted(e: Estimate, edges: Sequence[float] = ()) -> str:
    """The city's figure weighted by visits, in one line."""
    if e.value is None:
        return f"Menurut kunjungan: {withheld(e)}."
    text = f"Menurut kunjungan: {figures.points(e.value, edges)}"
    if e.low is not None and e.high is not None:
        text += f" ({figures.points_span(e.low, e.high, edges)})"
    return f"{text}. {wording.TWO_MEANS}"


def window(start: date | None, end: date | None) -> str:
    """Dates of the fieldwork."""
    if start is None or end is None:
        return "tidak dicatat"
    return figures.period(start, end)


def announced(yes: int, no: int) -> str:
    """Whether the unit knew that interviewers would come."""
    if yes == 0 and no == 0:
        return "tidak dicatat"
    if yes == 0:
        return "kedatangan tidak diumumkan lebih dulu"
    if no == 0:
        return "kedatangan diumumkan lebih dulu kepada unit"
    return f"kedatangan diumumkan lebih dulu pada {yes} dari {yes + no} sesi"
