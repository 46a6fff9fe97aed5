"""Bands of published instruments: which letter or words a score has, and in which year.

A citizens' index is never given these letters: they belong to the body that publishes the score.
They are here for imported official scores, so that a score and the category printed beside it
cannot contradict each other, and for the IKM, whose mutu Permenpan RB 14/2017 lets every unit
state. The rule is the same everywhere: round half-up to two decimals first, then classify, which
closes the gaps that the printed tables leave (87,995 has no band in 78,00-87,99 and 88,00-100).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from analysis.errors import SampleError
from analysis.half_up import rounded

_WITHOUT = "tanpa maladministrasi"
"""What the opinion of 2025 adds to the words of a band: a matter of oversight, not of the score."""


class BandError(SampleError):
    """A score that no band of its instrument and year can hold."""


@dataclass(frozen=True)
class Band:
    """One category: scores from `least` up to where the next band begins."""

    least: Decimal
    code: str
    words: str


@dataclass(frozen=True)
class Scheme:
    """The bands of one instrument for a span of years.

    Parameters
    ----------
    id
        Short name, as in study.toml.
    since, until
        First and last year they hold for; `until` is None where they are still in force.
    top
        Highest score of the scale.
    bands
        Highest first; the last begins where the scale begins.
    source
        Where the edges are printed.
    inferred
        The edges are printed nowhere: they fit the published scores of those years.
    """

    id: str
    since: int
    until: int | None
    top: Decimal
    bands: tuple[Band, ...]
    source: str
    inferred: bool = False

    def holds_in(self, year: int) -> bool:
        """Whether the scheme was in force in `year`."""
        return self.since <= year and (self.until is None or year <= self.until)

    def classify(self, score: float) -> Band:
        """Band of a score: rounded half-up to two decimals, then classified.

        Raises
        ------
        BandError
            Score outside the scale.
        """
        value = rounded(score, 2)
        for band in self.bands:
            if band.least <= value <= self.top:
                return band
        raise BandError(
            f"A score of {value} lies outside the scale of {self.id}, which goes from "
            f"{self.bands[-1].least} to {self.top}. It would be printed with a category that "
            "nobody gave. Correct the score, or the instrument it is said to be of."
        )


def _bands(*rows: tuple[str, str, str]) -> tuple[Band, ...]:
    return tuple(Band(Decimal(least), code, words) for least, code, words in rows)


SCHEMES: tuple[Scheme, ...] = (
    Scheme(
        "zonasi", 2013, 2020, Decimal(100),
        _bands(("81", "hijau", "kepatuhan tinggi"), ("51", "kuning", "kepatuhan sedang"),
               ("0", "merah", "kepatuhan rendah")),
        "Penilaian Kepatuhan Ombudsman RI 2013-2020: hijau 81, kuning 51-80,99, merah 0-50,99",
    ),
    Scheme(
        "kepatuhan", 2021, 2024, Decimal(100),
        _bands(("88", "A", "kualitas tertinggi"), ("78", "B", "kualitas tinggi"),
               ("54", "C", "kualitas sedang"), ("32", "D", "kualitas rendah"),
               ("0", "E", "kualitas terendah")),
        "Penilaian Kepatuhan Ombudsman RI 2021-2024, as kominfo.munabarat.go.id prints it",
    ),
    Scheme(
        "opini", 2025, None, Decimal(100),
        _bands(("88", "Sangat Baik", "Kualitas Tertinggi"), ("78", "Baik", "Kualitas Tinggi"),
               ("54", "Cukup", "Kualitas Sedang"), ("32", "Kurang", "Kualitas Rendah"),
               ("0", "", "Kualitas Terendah")),
        "The edges of 2021-2024, which fit every score of 2025 that was found", inferred=True,
    ),
    Scheme(
        "skm", 2017, None, Decimal(100),
        _bands(("88.31", "A", "Sangat Baik"), ("76.61", "B", "Baik"),
               ("65", "C", "Kurang Baik"), ("25", "D", "Tidak Baik")),
        "Permenpan RB 14/2017",
    ),
    Scheme(
        "inperma", 2018, 2019, Decimal(10),
        _bands(("8.13", "tinggi", "maladministrasi tinggi"),
               ("6.26", "sedang", "maladministrasi sedang"),
               ("4.38", "rendah", "maladministrasi rendah"),
               ("2.5", "tidak ada", "tidak ada maladministrasi")),
        "Indeks Persepsi Maladministrasi 2018; four equal steps, so a printed 9,12 is 8,12",
    ),
    Scheme(
        "pekppp", 2022, None, Decimal(5),
        _bands(("4.51", "A", ""), ("4.01", "A-", ""), ("3.51", "B", ""), ("3.01", "B-", ""),
               ("2.51", "C", ""), ("2.01", "C-", ""), ("1.51", "D", ""), ("1.01", "E", ""),
               ("0", "F", "")),
        "Half-point steps that fit the published pairs of index and letter", inferred=True,
    ),
)  # fmt: skip
"""Every scheme there is; bands carry the years they hold for."""


def scheme(name: str, year: int) -> Scheme:
    """Scheme called `name` as it was in `year`.

    Raises
    ------
    BandError
        Unknown name, or a year in which the scheme was not in force.
    """
    named = [one for one in SCHEMES if one.id == name]
    if not named:
        raise BandError(
            f'No instrument is called "{name}"; there are {", ".join(s.id for s in SCHEMES)}.'
        )
    for one in named:
        if one.holds_in(year):
            return one
    spans = ", ".join(f"{s.since}-{s.until or 'today'}" for s in named)
    raise BandError(
        f'The bands of "{name}" hold for {spans}, not for {year}: with bands of another year a '
        "score gets a letter that it never had. Correct the year or the instrument."
    )


def says(scheme: Scheme, score: float, category: str) -> bool:
    """Whether `category`, as somebody printed it, is what the scheme gives the score.

    A category may be the code or the words, in any case, alone or with more after it
    ("Kualitas Tinggi Tanpa Maladministrasi", "C (kualitas sedang)", "Cukup / Kualitas Sedang"):
    what counts is that it names this band and no other.
    """
    found = scheme.classify(score)
    named = [
        band
        for band in scheme.bands
        if {band.code.casefold(), band.words.casefold()} & _told(category)
    ]
    return named == [found]


def _told(category: str) -> set[str]:
    """Phrases of a category as somebody printed it, each a code or the words of a band."""
    phrases = set()
    for part in re.split(r"[/(),;]", category.casefold().replace(_WITHOUT, "")):
        phrase = " ".join(part.split())
        letter, _, rest = phrase.partition(" ")
        phrases |= {letter, rest} if len(letter) <= len("A-") else {phrase}
    return phrases - {""}


def mean_of_units(scores: Iterable[float]) -> Decimal:
    """City's score as the Ombudsman counts it: the plain mean of its units, two decimals.

    Held against five published cities (docs/method_standing.md); visitors do not count.

    Raises
    ------
    BandError
        No score at all.
    """
    found = [Decimal(repr(score)) for score in scores]
    if not found:
        raise BandError("The mean of no unit is no score; name the units of the city.")
    return rounded(float(sum(found, Decimal(0)) / len(found)), 2)
