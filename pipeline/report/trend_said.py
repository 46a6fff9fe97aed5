"""What is said of a change between waves, long and short; each function has a test.

A change is called a rise or a fall only where the test over all units and measures calls it clear;
its interval stands beside it in any case.
"""

from collections.abc import Sequence

from analysis.changes import BROKEN, DOWN, NO_AFTER, NO_BEFORE, UNITS, UP
from pipeline.report import figures, wording
from pipeline.report.charts import Axis
from pipeline.report.listings import Verdict
from pipeline.report.lookup import Estimate
from pipeline.report.wave_lookup import Change

_SHORT = {
    BROKEN: "pertanyaan diubah",
    NO_AFTER: "tidak disimpulkan",
    NO_BEFORE: "pembandingnya tidak cukup",
    UNITS: "unitnya tidak sama",
}
NAMED = 3
"""Measures named one by one; the rest are counted."""


def size(c: Change, factor: float = 1.0) -> tuple[str, str]:
    """Difference with its sign and its interval: `+5,6` and `1,2–10,0`, in points."""
    low, high = (factor * (end or 0.0) for end in (c.low, c.high))
    decimals = 1 if factor == 1.0 else figures.precision(low, high)
    shown = figures.number(factor * (c.difference or 0.0), decimals)
    sign = "" if shown.startswith(figures.MINUS) or float(shown.replace(",", ".")) == 0 else "+"
    # A line may end before an interval, not inside it.
    return f"{sign}{shown}", figures.span(low, high, decimals).replace(" ", "\u00a0")


def short(c: Change | None, *, is_adverse: bool = False, factor: float = 1.0) -> Verdict:
    """A change in a table; nothing where there is none, a reason where it may not be told."""
    if c is None:
        return Verdict("")
    if not c.tier:
        return Verdict(_SHORT.get(c.reason, "tidak disimpulkan"))
    shown, span = size(c, factor)
    if c.tier == UP:
        return Verdict(f"↑ {c.tier}: {shown} ({span})", "poor" if is_adverse else "good")
    if c.tier == DOWN:
        return Verdict(f"↓ {c.tier}: {shown} ({span})", "good" if is_adverse else "poor")
    return Verdict(f"{c.tier}: {shown} ({span})")


def change(c: Change, name: str, wave: str, now: Estimate | None) -> str:
    """A change of a score since a wave, in a sentence: clear, not to be told apart, or not said."""
    if not c.tier:
        return _unsaid(c, name, wave, now)
    shown, span = size(c)
    if not c.is_clear:
        text = f"Dibanding {wave}, {name} tidak dapat dibedakan: selisihnya {shown} poin ({span})."
        if (c.low or 0.0) > 0 or (c.high or 0.0) < 0:
            text += (
                " Rentang itu tidak memuat nol, tetapi di antara perubahan semua unit yang diuji "
                "sekaligus, selisih sebesar ini masih dapat muncul karena kebetulan."
            )
        return text
    word = "naik" if c.tier == UP else "turun"
    least, most = sorted((abs(c.low or 0.0), abs(c.high or 0.0)))
    return (
        f"Dibanding {wave}, {name} jelas {word}: {figures.number(abs(c.difference or 0.0), 1)} "
        f"poin ({figures.between(least, most, 1)})."
    )


def _unsaid(c: Change, name: str, wave: str, now: Estimate | None) -> str:
    if c.reason == BROKEN:
        return (
            f"Pertanyaan atau definisi {name} tidak sama dengan {wave}, jadi keduanya tidak "
            "dibandingkan dan garisnya terputus."
        )
    if c.reason == UNITS:
        return (
            f"Perubahan sejak {wave} tidak disimpulkan: unit yang ada wawancaranya tidak sama, "
            "jadi selisihnya dapat berasal dari unitnya."
        )
    if c.reason == NO_BEFORE:
        return (
            f"Perubahan sejak {wave} tidak disimpulkan: gelombang itu tidak punya angka yang cukup "
            "teliti untuk dibandingkan."
        )
    words = wording.reasons(now.reasons, 1) if now is not None else ""
    why = words or "angka gelombang ini tidak cukup teliti untuk dibandingkan"
    return f"Perubahan {name} tidak disimpulkan: {why}."


def broken(name: str, waves: Sequence[str]) -> str:
    """That waves asked otherwise, so that the line is torn before each."""
    return (
        f"Mulai {' dan lagi mulai '.join(waves)} pertanyaan atau definisi {name} diubah. Garis "
        "terputus di situ; nilai di kedua sisinya bukan naik atau turun."
    )


def alone(here: str) -> str:
    """That there is nothing to compare with yet."""
    return (
        f"Baru gelombang ini yang punya angka untuk {here}, jadi belum ada perkembangan yang dapat "
        "dibaca."
    )


def moved(up: Sequence[str], down: Sequence[str], tested: int, what: str) -> str:
    """How many of the measures below rose or fell clearly, the first few by name."""
    if not tested:
        return f"Perubahan {what} tidak ada yang dapat disimpulkan."
    if not up and not down:
        return f"Dari {tested} {what} tidak ada yang jelas naik atau turun sejak gelombang lalu."
    parts = [
        f"{len(names)} jelas {word} ({_listed(names)})"
        for names, word in ((up, "naik"), (down, "turun"))
        if names
    ]
    return f"Dari {tested} {what}, {' dan '.join(parts)} sejak gelombang lalu."


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:NAMED])
    return shown + (f", dan {len(names) - NAMED} lainnya" if len(names) > NAMED else "")


def key(c: Change, wave: str) -> str:
    """The change of the index as a key figure, below its number."""
    if c.is_clear:
        return f"poin sejak {wave}: {'naik' if c.tier == UP else 'turun'} jelas."
    return f"poin sejak {wave}: naik atau turun tidak dapat dibedakan."


def scale(axis: Axis) -> str:
    """On which scale the charts of a table are drawn: `skala 40 sampai 90`."""
    low, high = (figures.number(end) + axis.suffix for end in (axis.low, axis.high))
    return f"skala {low} sampai {high}"


INDEPENDENT = (
    "Tiap gelombang mewawancarai orang lain di sesi lain dan dihitung sebagai sampel terpisah. "
    "Bila pewawancara atau pengunjungnya sebagian sama, rentang perubahan yang sebenarnya lebih "
    "sempit, bukan lebih lebar."
)


def again(psus: int) -> str:
    """Whether the waves are samples of their own, and what that does to the intervals."""
    if not psus:
        return INDEPENDENT
    return (
        f"{figures.number(psus)} klaster yang sama didatangi lagi dalam gelombang ini; kesamaan "
        "itu diperhitungkan dalam rentang perubahan."
    )


MANY = (
    "Naik atau turun jelas diuji untuk semua unit dan semua ukuran sejenis sekaligus (Benjamini "
    "dan Hochberg): dari perubahan yang disebut jelas, rata-rata paling banyak satu dari dua puluh "
    "keliru."
)


def left_out(count: int) -> str:
    """That a table of experience holds the most frequent forms only."""
    return (
        f"{count} bentuk lain yang lebih jarang dan tidak jelas berubah tidak ditampilkan di sini; "
        "angkanya ada di bagian maladministrasi."
    )


def other_units(count: int) -> str:
    """That the overview lists those units only whose change is surest."""
    return (
        f"Yang ditampilkan ialah unit dengan perubahan paling pasti; perkembangan {count} unit "
        "lain ada di halaman masing-masing."
    )


TAILS = "Rentang yang putus-putus di tepi grafik berlanjut di luar skala."
UNTOLD = (
    "Perubahan tiap bentuk tidak disimpulkan: rentangnya lebar dibanding nilainya, jadi naik atau "
    "turun tidak dapat dibedakan dari kebetulan."
)
PERCENT = "Perubahan persen dalam poin persen: dari 20% ke 25% adalah +5."
