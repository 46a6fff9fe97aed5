"""The issue line of a page: number, date, what it replaces, what moved, and its own digest."""

from collections.abc import Callable, Sequence
from datetime import date

import pandas as pd

from pipeline.editions import INTERNAL
from pipeline.issued import Revision
from pipeline.issues import Entry
from pipeline.report import figures
from pipeline.report.lookup import CITY, CITY_MEAN, Domain, Estimate, Lookup
from pipeline.report.models import Stamp
from pipeline.results import Results

HEADLINES = (
    ("skm", "ikm", "IKM"),
    ("bentuk", "any", "yang mengalami sedikitnya satu bentuk"),
    ("kepercayaan", "kepercayaan", "kepercayaan"),
)
"""Type, measure and words of the numbers one remembers of a page, beside its index."""
MOST = 3
"""Numbers of which the old value is told; the rest are counted."""


def stamp(entry: Entry) -> Stamp:
    """What a page says of its own issue."""
    return Stamp(published(entry.number, entry.issued), told(entry))


def published(number: int, issued: date | None) -> str:
    """`terbit 16 November 2026`, or of a later issue its number too; empty without a date."""
    if number > 1:
        return f"terbitan {number}" + (f", {figures.day(issued)}" if issued else "")
    return f"terbit {figures.day(issued)}" if issued else ""


def told(entry: Entry) -> str:
    """The line at the end of a page, with what changed and the digest that tells two copies apart.

    The digest is of what the page says without this line.
    """
    text = f"Terbitan {entry.number}" + (f", {figures.day(entry.issued)}" if entry.issued else "")
    if entry.replaces is not None:
        number, issued = entry.replaces
        text += f", menggantikan terbitan {number}" + (
            f" ({figures.day(issued)})" if issued else ""
        )
    elif entry.number > 1:
        text += ", halaman baru"
    text += "."
    if entry.said:
        text += f" {entry.said}"
    return f"{text} Sidik isi {short(entry.content)}."


def short(digest: str) -> str:
    """The first twelve digits of a digest in groups of four, as one reads them aloud."""
    return " ".join(digest[i : i + 4] for i in (0, 4, 8))


def teller(results: Results, revision: Revision) -> Callable[[str, str], str]:
    """Make the sentence on what moved in a page, from its path and its unit's code."""
    nothing = pd.DataFrame()
    looked: list[Lookup] = []
    names = (("indeks", results.study.index.id, "indeks"), *HEADLINES)

    def tell(path: str, unit: str) -> str:
        if not revision.known:
            return ""
        if not looked:  # most runs change no page
            now = results.wave
            both = (revision.before, revision.tables["estimates"])
            looked.extend(Lookup(table[table["wave"] == now], nothing, nothing) for table in both)
        return what_moved(
            looked[0],
            looked[1],
            (Domain("unit", unit),) if unit else (CITY_MEAN, CITY),
            names,
            revision.told,
            is_few=revision.edition != INTERNAL
            and (unit in revision.few or (not unit and bool(revision.few))),
        )

    return tell


def what_moved(
    before: Lookup,
    after: Lookup,
    domains: Sequence[Domain],
    names: Sequence[tuple[str, str, str]],
    rows: pd.DataFrame,
    *,
    is_few: bool,
) -> str:
    """What changed in a page about `domains`: the numbers one remembers, and how many others.

    `names` are type, measure and words of these numbers, `rows` the rows that moved and may be
    told. With `is_few` the answers of one to four people differ, and no number is told.
    """
    if is_few:
        return (
            "Yang berubah berasal dari jawaban satu sampai empat orang, jadi angka lamanya tidak "
            "disebut."
        )
    parts = []
    for kind, measure, words in names:
        for domain in domains:
            old, new = before.get(domain, kind, measure), after.get(domain, kind, measure)
            if old is None or new is None or not (old.is_shown and new.is_shown):
                continue
            was, now = _printed(old), _printed(new)
            if was != now:
                parts.append(f"{words} dari {was} menjadi {now}")
            break
    parts = parts[:MOST]
    count = _count(rows, domains) - len(parts)
    if parts:
        rest = f"; dan {figures.number(count)} taksiran lain" if count > 0 else ""
        return f"Yang berubah: {'; '.join(parts)}{rest}."
    if count > 0:
        return f"Yang berubah: {figures.number(count)} taksiran; angka utama di halaman ini tetap."
    return (
        "Taksiran di halaman ini tetap; yang berubah adalah perbandingan, catatan, atau tampilan."
    )


def _count(rows: pd.DataFrame, domains: Sequence[Domain]) -> int:
    """Estimates of those domains that moved."""
    own = rows[rows["table"] == "estimates"]
    is_own = pd.Series(False, index=own.index)
    for domain in domains:
        here = own["domain_type"] == domain.type
        is_own |= here & (own["domain"] == domain.id) if domain.type == "unit" else here
    return int(is_own.sum())


def _printed(e: Estimate) -> str:
    """A number with its interval, as the pages print them."""
    value, low, high = e.value or 0.0, e.low, e.high
    if e.type == "bentuk":
        text = figures.percent(value, low, high)
        span = "" if low is None or high is None else figures.percent_span(low, high, value)
    elif e.type == "skm":
        text = figures.number(value, 2)
        span = "" if low is None or high is None else figures.span(low, high, 2)
    else:
        text = figures.points(value)
        span = "" if low is None or high is None else figures.points_span(low, high)
    text = f"[{text}]" if e.is_careful else text
    return f"{text} ({span})" if span else text
