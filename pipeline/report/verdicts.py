"""Sentences that judge: a place against a line, a mutu, a difference between units.

Like those of `sentences` each reads numbers and has a test. None says more than the sample has
earned; what is not settled is said to be so.
"""

from collections.abc import Sequence

from analysis import bands
from pipeline.report import figures, wording
from pipeline.report.basis import Basis
from pipeline.report.lookup import Comparison, Estimate, Standing


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


def chance_of(s: Standing) -> str:
    """The chance alone, for a table beside the verdict: `peluang 92 dari 100 di bawah`."""
    p = s.probability_above
    if p is None:
        return wording.reasons(s.reasons)
    side = s.state if s.state in ("di atas", "di bawah") else "di atas" if p >= 0.5 else "di bawah"
    return f"peluang {_chance(p if side == 'di atas' else 1 - p)} dari 100 {side}"


def standings(found: Sequence[Standing], e: Estimate) -> tuple[str, ...]:
    """One sentence a line; one for all where none of them may be judged.

    Where the interval of `e` holds a line on whose one side it is put, that is said too.
    """
    if len(found) < 2 or any(s.probability_above is not None for s in found):
        return tuple(standing(s) + _touching(s, e) for s in found)
    names = " dan ".join(s.label for s in found)
    words = wording.reasons(found[0].reasons)
    end = f": {words}." if words else "."
    return (f"Tempatnya terhadap {names} tidak disimpulkan{end}",)


def _touching(s: Standing, e: Estimate) -> str:
    other = {"di atas": "di bawahnya", "di bawah": "di atasnya"}.get(s.state)
    if other is None or e.low is None or e.high is None or not e.low <= s.threshold <= e.high:
        return ""
    return f" Rentangnya masih menyentuh {s.label}, jadi kemungkinan {other} belum tertutup."


def standings_short(standings: Sequence[Standing], bar: float = 0.0) -> str:
    """The place among all lines for a table: `antara batas 54 dan batas 78 (91 dari 100)`.

    Between two lines the chance is that of lying between them, which is less than that of either
    side; where it is below the `bar` the place is not settled. Lines that are not are named.
    """
    judged = sorted(
        (s for s in standings if s.probability_above is not None), key=lambda s: s.threshold
    )
    if not judged:
        return "tidak disimpulkan" if standings else ""
    above = [s for s in judged if s.state == "di atas"]
    below = [s for s in judged if s.state == "di bawah"]
    unsure = [s.label for s in judged if s.state not in ("di atas", "di bawah")]
    over = (above[-1].probability_above or 0.0) if above else 1.0
    chance = over - ((below[0].probability_above or 0.0) if below else 0.0)
    place = ""
    if above and below:
        place = f"antara {above[-1].label} dan {below[0].label}"
        if chance < bar:
            place = f"belum pasti {place}"
    elif above or below:
        place = f"di atas {above[-1].label}" if above else f"di bawah {below[0].label}"
    if place:
        place += f" ({_chance(chance).replace('lebih dari ', '>')} dari 100)"
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
    band = bands.scheme("skm", 2017).classify(ikm)
    return band.code, band.words


def ikm(e: Estimate, basis: Basis) -> str:
    """What may be said of the mutu: the interval may reach into another letter."""
    if e.value is None:
        return ""
    if e.low is None or e.high is None:
        return no_mutu(e, basis)
    letter, words = mutu(e.value)
    text = f"Mutu pelayanan {letter} ({words}) menurut tabel Permenpan RB 14/2017."
    lowest, highest = mutu(max(e.low, 25.0))[0], mutu(min(e.high, 100.0))[0]
    if lowest == highest:
        return f"{text} Seluruh rentangnya berada dalam mutu {letter}."
    return f"{text} Rentangnya meliputi mutu {lowest} sampai {highest}, jadi hurufnya belum pasti."


def no_mutu(e: Estimate, basis: Basis) -> str:
    """Why no letter is given: it would be taken for the unit's, not for the respondents'."""
    why = wording.reasons(e.reasons, 1) if basis.is_random else basis.kind
    return f"Mutu tidak ditetapkan: {why or 'tanpa rentang'}."


def ikm_short(e: Estimate, basis: Basis) -> str:
    """The IKM as a key figure."""
    text = "Indeks Kepuasan Masyarakat (IKM) dari 25 sampai 100"
    if e.low is None or e.high is None:
        return f"{text}. {no_mutu(e, basis)}"
    letter, words = mutu(e.value or 0.0)
    lowest, highest = mutu(max(e.low, 25.0))[0], mutu(min(e.high, 100.0))[0]
    if lowest == highest:
        return f"{text}, mutu {letter} ({words})."
    return f"{text}, mutu {lowest} sampai {highest}: hurufnya belum pasti."


def extremes(names: Sequence[tuple[str, Estimate]]) -> str:
    """Highest and lowest indicator, said only where their intervals do not overlap.

    Neither is called the strongest or weakest: that would need all the others too.
    """
    known = [(n, e) for n, e in names if e.is_shown and e.has_interval and not e.is_careful]
    if len(known) < 2:
        return "Nilai tiap indikator dari 0 sampai 100; makin tinggi makin baik."
    best = max(known, key=lambda p: p[1].value or 0.0)
    worst = min(known, key=lambda p: p[1].value or 0.0)
    if (best[1].low or 0.0) > (worst[1].high or 0.0):
        first, second = _named(*best), _named(*worst)
        first = first[:1].upper() + first[1:]
        return f"{first}, jelas lebih tinggi daripada {second}."
    return (
        "Rentang indikator tertinggi dan terendah bersinggungan, jadi tidak ada yang dapat "
        "disebut paling kuat atau paling lemah."
    )


def _named(name: str, e: Estimate) -> str:
    return f"{name[:1].lower() + name[1:]}, {_score(e)}"


def _score(e: Estimate) -> str:
    """A score with its interval; only for those that have one."""
    low, high = e.low or 0.0, e.high or 0.0
    return f"{figures.points(e.value or 0.0)} ({figures.points_span(low, high)})"


def contrast(name: str, e: Estimate, c: Comparison) -> str:
    """An indicator that clearly differs from the other units, with both intervals."""
    if e.value is None or not e.has_interval:
        return name
    shown = f"{name}: {_score(e)}"
    if c.difference is None or c.low is None or c.high is None:
        return shown
    size, span = _distance(c)
    side = "lebih tinggi" if c.difference > 0 else "lebih rendah"
    return f"{shown}, {size} poin {side} ({span})"


def _distance(c: Comparison) -> tuple[str, str]:
    """Size of a difference and its interval, without the sign that the words carry.

    Whole numbers were rounded to protect answers, and are printed without a decimal.
    """
    ends = tuple(abs(v or 0.0) for v in (c.difference, c.low, c.high))
    decimals = 0 if all(v == round(v) for v in ends) else 1
    low, high = sorted(ends[1:])
    return figures.number(ends[0], decimals), figures.span(low, high, decimals)


def contrast_event(name: str, e: Estimate, c: Comparison, basis: Basis) -> str:
    """A form of maladministration that is clearly met more or less often than elsewhere."""
    share = figures.of_hundred(e.value or 0.0)
    joint = "pada " if basis.noun == "kunjungan" else ""
    # Some names are sentences of their own without the colon ("Tidak patut dilaporkan").
    text = f"{name}: dilaporkan {joint}{share} dari 100 {basis.noun}"
    if e.value == 0:
        text = f"{name}: tidak dilaporkan seorang pun responden"
    if e.low is not None and e.high is not None:
        text += f" ({figures.percent_span(e.low, e.high, e.value)})"
    return f"{text}, jelas lebih {'sering' if c.tier == 'jelas di atas' else 'jarang'}"


def others(count: int, units: int) -> str:
    """The units a comparison holds: all the others, or as many as may be compared."""
    return "unit lain" if count >= units - 1 else f"{count} unit lain yang dapat dibandingkan"


def place_among(e: Estimate | None, c: Comparison | None, peers: str) -> str:
    """Where a unit's index lies beside the mean of the others, or why it is not said."""
    if e is None or not e.is_shown:
        return "Indeks unit ini tidak ditampilkan, jadi tidak dibandingkan."
    if c is None or not c.tier:
        words = wording.reasons(e.reasons)
        return f"Unit ini tidak dibandingkan{f': {words}' if words else ''}."
    if not c.tier.startswith("jelas"):
        return f"Indeks unit ini tidak dapat dibedakan dari rata-rata {peers}."
    size, span = _distance(c)
    side = "lebih tinggi" if (c.difference or 0.0) > 0 else "lebih rendah"
    return f"Indeks unit ini {size} poin {side} ({span}) dari rata-rata {peers}."


def units_lead(above: int, below: int, same: int, unjudged: Sequence[str]) -> str:
    """How many units the comparison could tell apart from the others, and why not the rest.

    `unjudged` holds the reason of each unit that was not compared.
    """
    parts = []
    if above:
        parts.append(f"{above} unit jelas di atas rata-rata unit lain")
    if below:
        parts.append(f"{below} unit jelas di bawah{'' if above else ' rata-rata unit lain'}")
    if same:
        parts.append(f"{same} unit tidak dapat dibedakan")
    words = "unit tidak dibandingkan karena"
    for why in dict.fromkeys(unjudged):
        parts.append(f"{unjudged.count(why)} {words} {why}")
        words = "karena"
    return (", ".join(parts) + ".") if parts else "Tidak ada unit yang dibandingkan."


def unjudged(e: Estimate | None) -> str:
    """Why a unit is not compared with the others, in a word."""
    if e is None or e.n == 0:
        return "belum ada wawancara"
    if e.selection != "probability":
        return "sampelnya bukan sampel acak"
    if "wide" in e.reasons and not any("<" in r for r in e.reasons):
        return "rentangnya lebar"
    return "sampelnya kecil" if e.reasons else "tidak ada unit pembanding"


def nearest_listed(listed: int, units: int) -> str:
    """Which of many units a page lists beside its own, and where all of them stand."""
    return (
        f"Tabel memuat unit ini dan {listed - 1} dari {units - 1} unit lain: yang sejenis dan "
        "indeksnya terdekat lebih dahulu. Semua unit ada di halaman ringkasan."
    )


def strip(values: Sequence[float], own: str, edges: Sequence[float]) -> str:
    """What a strip of dots shows, in words; `own` is the page's value, empty where it has none."""
    low, high = (figures.points(v, edges) for v in (min(values), max(values)))
    text = f"Indeks {len(values)} unit, dari {low} sampai {high}"
    return f"{text}; unit ini {own}" if own else text
