"""Sentences on ranks, on distances to lines, and on comparisons with the visitors made alike.

Each reads numbers and has a test. A rank is only ever said as the places that remain possible,
after the tier, and never of a unit that was not compared.
"""

from collections.abc import Mapping, Sequence

from analysis.half_up import quantise, rounded
from pipeline.report import figures
from pipeline.report.lookup import Estimate
from pipeline.report.rank_lookup import Alike, Ranked

MIX = {
    "jk": "jenis kelamin",
    "umur_kel": "kelompok umur",
    "didik": "pendidikan",
    "layanan": "jenis layanan",
}
"""Words for the questions by which visitors are made alike where the study gives none."""


def places(best: int, worst: int, of: int) -> str:
    """The places that remain possible, for a table: `1 sampai 2`, `5`, `semua tempat`."""
    if best == 1 and worst == of:
        return "semua tempat mungkin"
    return str(best) if best == worst else f"{best} sampai {worst}"


def rank(r: Ranked, level: str) -> str:
    """The rank of a unit looked at alone, as a set; 1 is the highest index."""
    among = f"dari {r.units} unit yang dibandingkan"
    if r.best == 1 and r.worst == r.units:
        return f"Peringkatnya tidak dapat ditentukan: semua tempat {among} masih mungkin."
    if r.best == r.worst:
        return f"Peringkat {r.best} {among} (keyakinan {level})."
    return (
        f"Peringkat {r.best} sampai {r.worst} {among} (keyakinan {level}); lebih tepat dari itu "
        "tidak dapat dikatakan."
    )


def ranks_lead(found: Sequence[Ranked]) -> str:
    """How far a list of ranks can be told at all."""
    if not found:
        return "Tidak ada unit yang dapat diberi peringkat."
    one = sum(r.best == r.worst for r in found)
    none = sum(r.best == 1 and r.worst == r.units for r in found)
    of = f"Dari {len(found)} unit yang dibandingkan"
    if none == len(found):
        return f"{of}, tidak satu pun mempunyai peringkat yang dapat ditentukan."
    said = []
    if one:
        said.append(f"{one} mempunyai satu tempat yang pasti")
    if none:
        said.append(f"{none} dapat berada di tempat mana pun")
    rest = len(found) - one - none
    if rest:
        said.append(f"{rest} mempunyai beberapa tempat yang mungkin")
    return f"{of}, {joined(said)}."


def apart(difference: float, low: float, high: float) -> str:
    """A difference in words with its interval: `11,2 poin lebih tinggi (6,5 sampai 16,0)`.

    Whole numbers are printed as such: they were rounded to protect answers. Where the interval
    holds 0 both sides are named.
    """
    whole = all(quantise(v) == rounded(v, 0) for v in (difference, low, high))
    decimals = 0 if whole else 1
    size = figures.number(abs(difference), decimals)
    if rounded(difference, decimals) == 0:
        head = "tidak berselisih"
    else:
        head = f"{size} poin {'lebih tinggi' if difference > 0 else 'lebih rendah'}"
    return f"{head} ({_span(low, high, decimals, ('lebih rendah', 'lebih tinggi'))})"


def _span(low: float, high: float, decimals: int, sides: tuple[str, str]) -> str:
    first, last = (figures.number(abs(v), decimals) for v in (low, high))
    if rounded(low, decimals) < 0 < rounded(high, decimals):
        return f"{first} {sides[0]} sampai {last} {sides[1]}"
    small, large = sorted((abs(low), abs(high)))
    return figures.span(small, large, decimals)


def distance(e: Estimate, line: float, edges: Sequence[float]) -> str:
    """How far a score lies from a line, as it is printed, with the ends of its interval.

    `9,4 poin di bawah (3,4 sampai 15,3 di bawah)`; the subtraction is that of the printed numbers.
    """
    if e.value is None:
        return ""
    exact = rounded(e.value, figures.beside(e.value, 1, edges))
    left = float(exact) - line
    decimals = figures.beside(e.value, 1, edges)
    if quantise(e.value) == rounded(e.value, 0):
        decimals = 0
    size = figures.number(abs(left), _needed(left, decimals))
    head = f"{size} poin {'di atas' if left > 0 else 'di bawah'}" if left else "tepat di batas"
    if e.low is None or e.high is None:
        return head
    ends = figures.points_decimals(e.low, e.high, edges)
    low, high = (float(rounded(v, ends)) - line for v in (e.low, e.high))
    return f"{head} ({_span(low, high, ends, ('di bawah', 'di atas'))})"


def _needed(value: float, decimals: int) -> int:
    """Decimals that a difference of printed numbers needs, at least those of the numbers."""
    return decimals if quantise(value) == rounded(value, decimals) else decimals + 1


def terms(alike: Alike, words: Mapping[str, str]) -> str:
    """By what the visitors were made alike, for a row of a table."""
    names = joined([words.get(name) or MIX.get(name) or name for name in alike.adjusted_for])
    if alike.difference is None:
        return f"tidak dapat disetarakan menurut {names}: pengunjungnya terlalu berlainan"
    return f"bila pengunjungnya sama menurut {names}"


def moved(before: str, after: str) -> str:
    """Whether making the visitors alike changes the tier."""
    if not after:
        return ""
    if before == after:
        return "Bila pengunjungnya disetarakan, kesimpulan itu tetap."
    return f"Bila pengunjungnya disetarakan, unit ini {_tier(after)} rata-rata unit lain."


def _tier(tier: str) -> str:
    return "tidak dapat dibedakan dari" if tier == "tidak dapat dibedakan" else tier


def joined(parts: Sequence[str]) -> str:
    """`a`, `a dan b`, `a, b, dan c`."""
    if len(parts) < 3:
        return " dan ".join(parts)
    return f"{', '.join(parts[:-1])}, dan {parts[-1]}"
