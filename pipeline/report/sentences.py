"""Every sentence of a report that reads a number, as a function with a test.

A sentence says what was measured (`dari 100 kunjungan`), for whom it holds (`bila semua
pengguna ditanya dengan cara yang sama`), and keeps the interval beside the value. Indonesian is
the source language; another edition replaces this module and `wording`.
"""

from collections.abc import Sequence
from datetime import date

from pipeline.report import figures, notes, wording
from pipeline.report.basis import Basis
from pipeline.report.lookup import Estimate
from pipeline.settings import Publication


def counted(n: int, noun: str) -> str:
    """`187 wawancara`; from 1 to 9 only `kurang dari 10`, so that no one is singled out."""
    if n <= 0:
        return "belum ada"
    return f"kurang dari 10 {noun}" if n < 10 else f"{figures.number(n)} {noun}"


def base(n: int) -> str:
    """The number of answers behind a table: `n = 120`; small ones are not told."""
    if 0 < n < 10:
        return "n kurang dari 10"
    return f"n = {figures.number(n)}"


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
    words = wording.reasons(_blocking(e)) or "tidak dapat ditaksir"
    return f"tidak ditampilkan: {words}"


def hidden_answers(reasons: Sequence[str]) -> tuple[str, ...]:
    """What a dash in a table of answers stands for; nothing where there is none."""
    if not reasons:
        return ()
    words = "; ".join(r.removeprefix("tidak ditampilkan: ") for r in reasons)
    return (f"Tanda – dan bagian batang yang kosong: tidak ditampilkan, {words}.",)


def _blocking(e: Estimate) -> tuple[str, ...]:
    """The reasons that withhold a value; of one session, a small number does not matter."""
    if e.flag != "not_estimable":
        return e.reasons
    return tuple(r for r in e.reasons if not r.startswith("n<")) or e.reasons


def weakness(e: Estimate | None) -> str:
    """The same in a few words, for a list of units: `belum ada wawancara`."""
    if e is None or e.n == 0:
        return "belum ada wawancara"
    return wording.reasons(_blocking(e), 1).partition(",")[0] or "tidak dapat ditaksir"


def caution(e: Estimate, *, is_placed: bool = True) -> str:
    """What to mind when a value is printed in square brackets; empty where nothing is.

    `is_placed` says whether the page has a place of the value against lines all the same, or has
    no lines.
    """
    if not e.is_careful:
        return ""
    words = wording.reasons(e.reasons) or "sampelnya kecil"
    end = "" if is_placed else " dan tidak diletakkan terhadap batas"
    return (
        f"Baca dengan hati-hati: {words}. Angka dalam kurung siku tidak dibandingkan dengan "
        f"unit lain{end}."
    )


def trust_lead(whole: Estimate | None, basis: Basis) -> str:
    """What the trust score is about, and where it lies."""
    if whole is None or not whole.is_shown:
        return f"Angka kepercayaan tidak ditampilkan untuk {basis.here}."
    about = f"Kepercayaan pengguna kepada petugas {basis.here}."
    if not basis.is_random:
        return f"{about} Nilai ini hanya berlaku bagi mereka yang menjawab."
    return f"{about} {truth_between(whole)}"


def respondents(interviews: int, selected: int, basis: Basis) -> str:
    """Who stands behind the numbers."""
    who = "terpilih menurut urutan keluar" if basis.is_random else "didekati"
    about = "Persen di sini menggambarkan sampel, bukan taksiran, jadi tanpa rentang."
    return (
        f"{figures.number(interviews)} wawancara dari {figures.number(selected)} orang yang {who}."
        + (f" {about}" if basis.is_random else "")
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


def city_weighted(e: Estimate, basis: Basis, edges: Sequence[float] = ()) -> str:
    """The city's figure with all answers together, beside the mean of the units."""
    name = basis.pooled[:1].upper() + basis.pooled[1:]
    if e.value is None or not e.is_shown:
        return f"{name}: {withheld(e)}."
    value = figures.points(e.value, edges)
    text = f"{name}: {f'[{value}]' if e.is_careful else value}"
    if e.low is not None and e.high is not None:
        text += f" ({figures.points_span(e.low, e.high, edges)})"
    return f"{text}. {notes.two_means(basis)}"


def no_mean(weak: Sequence[tuple[str, Estimate | None]], others: int, basis: Basis) -> str:
    """Why the city has no mean of its units, and what its figures are made of.

    `weak` are names and index estimates of the units that are missing, `others` counts the rest.
    """
    names = ", ".join(f"{name} ({weakness(e)})" for name, e in weak)
    silent = [e for _, e in weak if e is None or e.n == 0]
    how = basis.pooled if basis.is_random else "gabungan semua jawaban"
    where = f"di {others} unit lain"
    if len(silent) < len(weak):
        # Their interviews are too few to stand alone, but are part of the city's.
        where = f"di {others + len(weak) - len(silent)} unit yang ada wawancaranya"
    text = f"Rata-rata unit tidak dihitung: {names}. Angka di bawah {how} {where}"
    if silent and basis.is_random:
        return f"{text}, dalam kurung siku karena tidak mencakup semua unit."
    return f"{text}."


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


def collected(by: str, visits: tuple[int, int]) -> str:
    """Who collected the data, and whether announced (sessions with and without)."""
    yes, no = visits
    who = f"Data dikumpulkan {by}" if by else "Pengumpul data tidak dicatat"
    if yes == 0 and no == 0:
        how = "; pemberitahuan kepada unit tidak dicatat"
    elif yes == 0:
        how = " tanpa pemberitahuan lebih dulu"
    elif no == 0:
        how = " dengan pemberitahuan lebih dulu kepada unit"
    else:
        how = f", dengan pemberitahuan lebih dulu pada {yes} dari {yes + no} sesi"
    return f"{who}{how}."


NOT_COLLECTED = "Belum ada sesi yang terlaksana."
"""The same where no session took place."""


def with_issue(provenance: str, published: str) -> str:
    """Who collected the data and when that was published, as far as either is known."""
    if not provenance:
        return f"{published[:1].upper()}{published[1:]}." if published else ""
    return f"{provenance.removesuffix('.')}; {published}." if published else provenance
