"""Sentences that judge: a place against a line, a mutu, a difference between units.

Like those of `sentences` each reads numbers and has a test. None says more than the sample has
earned; what is not settled is said to be so.
"""

from collections.abc import Sequence

from pipeline.report import figures, wording
from pipeline.report.lookup import Comparison, Estimate, Standing
from pipeline.report.sentences import without_interval


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
