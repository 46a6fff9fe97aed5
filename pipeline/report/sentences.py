"""Every sentence of a report that reads a number, as a function with a test.

A sentence says what was measured (`dari 100 kunjungan`), for whom it holds (`bila semua
pengguna ditanya dengan cara yang sama`), and keeps the interval beside the value. Indonesian is
the source language; another edition replaces this module and `wording`.
"""

from collections.abc import Sequence
from datetime import date

from pipeline.report import figures, wording
from pipeline.report.lookup import Comparison, Estimate, Standing
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


def standing(s: Standing) -> str:
    """`Peluang 92 dari 100 di bawah batas 78.`, or that it is not settled, or why not judged."""
    if s.probability_above is None:
        words = wording.reasons(s.reasons)
        return f"Tempatnya terhadap {s.label} tidak disimpulkan" + (f": {words}." if words else ".")
    if s.state == "di atas":
        return f"Peluang {_chance(s.probability_above)} dari 100 di atas {s.label}."
    if s.state == "di bawah":
        return f"Peluang {_chance(1 - s.probability_above)} dari 100 di bawah {s.label}."
    side, p = ("di atas", s.probability_above)
    if p < 0.5:
        side, p = ("di bawah", 1 - p)
    return (
        f"Belum pasti terhadap {s.label}: peluang {_chance(p)} dari 100 {side}, "
        "belum cukup untuk disimpulkan."
    )


def standings(found: Sequence[Standing]) -> tuple[str, ...]:
    """One sentence a line; one for all where none of them may be judged."""
    if len(found) < 2 or any(s.probability_above is not None for s in found):
        return tuple(standing(s) for s in found)
    names = " dan ".join(s.label for s in found)
    words = wording.reasons(found[0].reasons)
    end = f": {words}." if words else "."
    return (f"Tempatnya terhadap {names} tidak disimpulkan{end}",)


def standings_short(standings: Sequence[Standing]) -> str:
    """The place among all lines for a table: `antara batas 54 dan batas 78 (91 dari 100)`.

    The chance is the least of those that hold the place; lines that are not settled are named.
    """
    judged = sorted(
        (s for s in standings if s.probability_above is not None), key=lambda s: s.threshold
    )
    if not judged:
        return "tidak disimpulkan" if standings else ""
    above = [s for s in judged if s.state == "di atas"]
    below = [s for s in judged if s.state == "di bawah"]
    unsure = [s.label for s in judged if s.state not in ("di atas", "di bawah")]
    chances = [s.probability_above or 0.0 for s in above[-1:]]
    chances += [1 - (s.probability_above or 0.0) for s in below[:1]]
    place = ""
    if above and below:
        place = f"antara {above[-1].label} dan {below[0].label}"
    elif above or below:
        place = f"di atas {above[-1].label}" if above else f"di bawah {below[0].label}"
    if place:
        place += f" ({_chance(min(chances)).replace('lebih dari ', '>')} dari 100)"
    if not unsure:
        return place
    words = f"belum pasti terhadap {' dan '.join(unsure)}"
    return f"{place}; {words}" if place else words


def _chance(probability: float) -> str:
    """Chance of a hundred; a chance that is not certain is never printed as 100."""
    return figures.of_hundred(min(max(probability, 1e-9), 1 - 1e-9))


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


def mutu(ikm: float) -> tuple[str, str]:
    """Mutu and kinerja of an IKM: rounded half-up to two decimals first, then classified.

    Edges of Permenpan RB 14/2017: 65,00, 76,61 and 88,31.
    """
    value = figures.rounded(ikm, 2)
    for least, letter, words in (
        ("88.31", "A", "Sangat Baik"),
        ("76.61", "B", "Baik"),
        ("65.00", "C", "Kurang Baik"),
    ):
        if value >= type(value)(least):
            return letter, words
    return "D", "Tidak Baik"


def ikm(e: Estimate) -> str:
    """What may be said of the mutu: the interval may reach into another letter."""
    if e.value is None:
        return ""
    letter, words = mutu(e.value)
    text = f"Mutu pelayanan {letter} ({words}) menurut tabel Permenpan RB 14/2017."
    if e.low is None or e.high is None:
        return f"{text} {without_interval(e)}"
    lowest, highest = mutu(max(e.low, 25.0))[0], mutu(min(e.high, 100.0))[0]
    if lowest == highest:
        return f"{text} Seluruh rentangnya berada dalam mutu {letter}."
    return f"{text} Rentangnya meliputi mutu {lowest} sampai {highest}, jadi hurufnya belum pasti."


def ikm_short(e: Estimate) -> str:
    """The IKM as a key figure."""
    text = "Indeks Kepuasan Masyarakat (IKM) dari 25 sampai 100,"
    letter, words = mutu(e.value or 0.0)
    if e.low is None or e.high is None:
        return f"{text} mutu {letter} ({words})."
    lowest, highest = mutu(max(e.low, 25.0))[0], mutu(min(e.high, 100.0))[0]
    if lowest == highest:
        return f"{text} mutu {letter} ({words})."
    return f"{text} mutu {lowest} sampai {highest}: hurufnya belum pasti."


def extremes(names: Sequence[tuple[str, Estimate]]) -> str:
    """Strongest and weakest indicator, said only where their intervals do not overlap."""
    known = [(n, e) for n, e in names if e.is_shown and e.has_interval]
    if len(known) < 2:
        return "Nilai tiap indikator dari 0 sampai 100; makin tinggi makin baik."
    best = max(known, key=lambda p: p[1].value or 0.0)
    worst = min(known, key=lambda p: p[1].value or 0.0)
    if (best[1].low or 0.0) > (worst[1].high or 0.0):
        return (
            f"Yang terkuat {_named(*best)}; yang terlemah {_named(*worst)}. "
            "Rentang keduanya tidak bersinggungan."
        )
    return (
        "Rentang indikator tertinggi dan terendah bersinggungan, jadi tidak ada yang dapat "
        "disebut paling kuat atau paling lemah."
    )


def _named(name: str, e: Estimate) -> str:
    low, high = e.low or 0.0, e.high or 0.0  # `extremes` takes only those with an interval
    shown = f"{figures.points(e.value or 0.0)} ({figures.points_span(low, high)})"
    return f"{name[:1].lower() + name[1:]}, {shown}"


def contrast(name: str, e: Estimate, c: Comparison) -> str:
    """An indicator that clearly differs from the other units, with both intervals."""
    if e.value is None or e.low is None or e.high is None:
        return name
    shown = f"{name}: {figures.points(e.value)} ({figures.points_span(e.low, e.high)})"
    if c.difference is None or c.low is None or c.high is None:
        return shown + "."
    size = figures.number(abs(c.difference), 1)
    low, high = sorted((abs(c.low), abs(c.high)))
    side = "lebih tinggi" if c.difference > 0 else "lebih rendah"
    return f"{shown}, {size} poin {side} ({figures.span(low, high, 1)}) dari rata-rata unit lain."


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
            f"Ke-{figures.number(n)} wawancara berasal dari satu sesi. Dari satu sesi tidak "
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


def units_lead(above: int, below: int, same: int, unjudged: int) -> str:
    """How many units the comparison could tell apart from the others."""
    parts = []
    if above:
        parts.append(f"{above} unit jelas di atas rata-rata unit lain")
    if below:
        parts.append(f"{below} unit jelas di bawah")
    if same:
        parts.append(f"{same} unit tidak dapat dibedakan")
    if unjudged:
        parts.append(f"{unjudged} unit tidak dibandingkan karena sampelnya kecil")
    return (", ".join(parts) + ".") if parts else "Tidak ada unit yang dibandingkan."


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
