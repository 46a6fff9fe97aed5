"""Sentences on shares: natural frequencies, with the limit where none or all were counted.

Like those of `sentences`, each reads numbers and has a test.
"""

from pipeline.report import figures
from pipeline.report.basis import Basis
from pipeline.report.lookup import Estimate

ANY = "mengaku mengalami sedikitnya satu bentuk maladministrasi"


def how_many(e: Estimate, verb: str, basis: Basis, *, has_span: bool = True) -> str:
    """A share as a whole sentence; none and all are said of the respondents, with the limit."""
    value = e.value or 0.0
    if value == 0:
        return f"Tidak seorang pun responden {verb}.{_room(e, basis)}"
    if value == 1:
        return f"Semua responden {verb}.{_room(e, basis)}"
    span = _share_range(e) if has_span else ""
    return f"{basis.count(figures.of_hundred(value), span, verb)}."


def _room(e: Estimate, basis: Basis) -> str:
    """None or all of a sample does not mean none or all: how far the truth may lie from it."""
    if e.low is None or e.high is None:
        return ""
    if e.value == 0:
        far = f"sampai {figures.percent(e.high, 0.0, e.high)}"
    else:
        far = f"hanya {figures.percent(e.low, e.low, 1.0)}"
    return f" Dengan sampel ini, kenyataannya masih mungkin {far} dari {basis.noun}."


def limit(e: Estimate) -> str:
    """The end of the interval that matters where none or all of the sample were counted."""
    if e.low is None or e.high is None:
        return ""
    if e.value == 0:
        return f"paling banyak {figures.percent(e.high, 0.0, e.high)}"
    return f"paling sedikit {figures.percent(e.low, e.low, 1.0)}"


def bound(e: Estimate) -> tuple[str, str]:
    """A share of a few people, or of all but a few, and the words beside it.

    One limit for none to four people: whether there was anybody is not said either.
    """
    if e.at_most is not None:
        return f"≤ {figures.percent(e.at_most, 0.0, e.at_most)}", "0 sampai 4 orang"
    least = e.at_least or 0.0
    return (
        f"≥ {figures.percent(least, least, 1.0)}",
        "semua, atau semua kecuali paling banyak 4 orang",
    )


def experience_lead(
    anyone: Estimate | None, most: tuple[str, Estimate] | None, basis: Basis
) -> str:
    """The finding above the table of forms."""
    if anyone is None or not anyone.is_shown or anyone.value is None:
        return f"Angka pengalaman tidak ditampilkan untuk {basis.here}."
    text = how_many(anyone, ANY, basis)
    if anyone.value and most is not None and most[1].value:
        name, e = most
        text += (
            f" Yang paling sering disebut: {name.lower()}, "
            f"{figures.percent(e.value or 0.0, e.low, e.high)}{_share_range(e)}."
        )
    return text


def frequency(e: Estimate) -> str:
    """`31 dari 100` for a table; empty where nothing is printed."""
    if not e.is_shown or e.value is None:
        return ""
    if e.value == 0:
        return "tidak seorang pun"
    return "semua" if e.value == 1 else f"{figures.of_hundred(e.value)} dari 100"


def _share_range(e: Estimate) -> str:
    if e.low is None or e.high is None:
        return ""
    return f" ({figures.percent_between(e.low, e.high, e.value)})"


def complaints_lead(known: Estimate | None, basis: Basis) -> str:
    """The first step of the complaint path."""
    if known is None or not known.is_shown or known.value is None:
        return f"Angka pengaduan tidak ditampilkan untuk {basis.here}."
    return how_many(known, f"tahu ke mana menyampaikan keluhan tentang {basis.here}", basis)


def path_ends(minimum: int) -> str:
    """Where the complaint path has too few answers to go on."""
    return f"Langkah berikutnya tidak ditampilkan: kurang dari {minimum} jawaban."


def service_lead(left: Estimate | None, basis: Basis) -> str:
    """How many left without being served."""
    if left is not None and left.at_most is not None:
        share = figures.percent(left.at_most, 0.0, left.at_most)
        whole = f"; dari semua {basis.noun} paling banyak {share}" if basis.is_random else ""
        return f"Yang pulang tanpa dilayani 0 sampai 4 orang responden{whole}."
    if left is None or not left.is_shown or left.value is None:
        return f"Angka ini tidak ditampilkan untuk {basis.here}."
    return how_many(left, "pulang tanpa dilayani", basis)
