"""Numbers, dates and codes in a table that a spreadsheet may have saved again.

Excel with Indonesian settings writes 22,5 for 22.5 and 05/10/2026 for 2026-10-05, and makes 7
of the code 007. What was meant is taken from the questionnaire and from the other cells of the
file; what then still has two readings is refused.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from pipeline.exported.errors import CellError

_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_COMMA = re.compile(r"[+-]?\d+,\d+([eE][+-]?\d+)?")
_THREE = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")
_POINTS = re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d+)?")
_COMMAS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_SLASHED = re.compile(
    r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})(?:[ T]+(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?)?"
)
_NAMED = re.compile(
    r"(\d{1,2})[- ]([A-Za-z]{3,9})[- ](\d{4}|\d{2})(?:[ T]+(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?)?"
)
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}[:.]\d{2}.*)?")
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan", "feb peb", "mar", "apr", "mei may", "jun", "jul", "agu ags agt aug", "sep",
         "okt oct", "nov nop", "des dec"),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_FIRST_DAY = date(1899, 12, 30)
"""Day 0 of a spreadsheet's dates."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How the file as a whole writes numbers and dates; None where no cell tells.

    `comma` is True where a comma is the decimal sign, `day_first` where the day stands before
    the month. `exact` is a file in which no program has written either its own way.
    """

    comma: bool | None = None
    day_first: bool | None = None
    exact: bool = False


def habits_of(numbers: Iterable[str], times: Iterable[str], *, exact: bool) -> Habits:
    """What the cells of number and time questions tell of the file they stand in."""
    comma: set[bool] = set()
    for text in numbers:
        cell = _bare(text)
        if "," in cell and not _THREE.fullmatch(cell):
            comma.add(cell.rfind(",") > cell.rfind(".") and cell.count(",") == 1)
    day_first: set[bool] = set()
    for text in times:
        match = _SLASHED.fullmatch(text.strip())
        if match and (int(match[1]) > 12) != (int(match[3]) > 12):
            day_first.add(int(match[1]) > 12)
    return Habits(_only(comma), _only(day_first), exact)


def _only(seen: set[bool]) -> bool | None:
    return next(iter(seen)) if len(seen) == 1 else None


def number_text(text: str, habits: Habits, *, whole: bool) -> str:
    """A number as the server writes it, with a decimal point; no number stays as it is.

    Parameters
    ----------
    whole : bool
        The question takes whole numbers only, so 1.500 can only be a thousand and a half.

    Raises
    ------
    CellError
        Where a number can be read in two ways.
    """
    cell = _bare(text)
    if habits.exact:
        return cell if _PLAIN.fullmatch(cell) else text
    if _THREE.fullmatch(cell):
        if whole:
            return cell.replace(",", "").replace(".", "")
        if "," in cell and habits.comma is not None:
            return cell.replace(",", "." if habits.comma else "")
        if "." in cell and not habits.comma:
            return cell  # no decimal comma anywhere: the point is the server's own
        sign = "," if "," in cell else "."
        raise CellError(
            f"a number with {sign!r} before three digits is a thousand or a fraction, and the "
            "other cells do not tell which"
        )
    if _PLAIN.fullmatch(cell):
        return cell
    if _COMMA.fullmatch(cell):
        return cell.replace(",", ".")
    if _POINTS.fullmatch(cell):
        return cell.replace(".", "").replace(",", ".")
    if _COMMAS.fullmatch(cell):
        return cell.replace(",", "")
    return text


def _bare(text: str) -> str:
    return text.strip().replace("\u00a0", "").replace("\u202f", "")


def date_text(text: str, habits: Habits) -> str:
    """A day as YYYY-MM-DD; what is no date stays as it is.

    Raises
    ------
    CellError
        Where day and month can change places.
    """
    cell = text.strip()
    if _ISO.fullmatch(cell):
        return cell[:10]
    if re.fullmatch(r"[2-7]\d{4}", cell):
        return (_FIRST_DAY + timedelta(days=int(cell))).isoformat()
    found = _moment(cell, habits)
    return cell if found is None else found.date().isoformat()


def time_text(text: str, habits: Habits, zone: tzinfo | None) -> str:
    """A moment in ISO 8601 with its offset; what is no moment stays as it is.

    A moment without an offset was written by a spreadsheet in the clock of the place: `zone`.

    Raises
    ------
    CellError
        Where day and month can change places, or no zone is known.
    """
    cell = text.strip()
    found = _moment(cell, habits)
    if found is None:
        if not _ISO.fullmatch(cell):
            return cell
        try:
            found = datetime.fromisoformat(cell)
        except ValueError:
            return cell
        if found.tzinfo is not None:
            return cell
    if zone is None:
        raise CellError("a time without an offset from UTC, and no time zone is known for it")
    return found.replace(tzinfo=zone).isoformat(timespec="milliseconds")


def _moment(cell: str, habits: Habits) -> datetime | None:
    slashed, named = _SLASHED.fullmatch(cell), _NAMED.fullmatch(cell)
    if slashed is not None:
        first, second = int(slashed[1]), int(slashed[3])
        day, month = (first, second) if _day_first(first, second, habits) else (second, first)
        return _build(slashed[4], month, day, slashed[5], slashed[6], slashed[7])
    if named is not None and named[2][:3].lower() in _MONTHS:
        month = _MONTHS[named[2][:3].lower()]
        return _build(named[3], month, int(named[1]), named[4], named[5], named[6])
    return None


def _day_first(first: int, second: int, habits: Habits) -> bool:
    if first > 12 or first == second:
        return True
    if second > 12:
        return False
    if habits.day_first is None:
        raise CellError("a date of which day and month can change places")
    return habits.day_first


def _build(
    year: str, month: int, day: int, hour: str | None, minute: str | None, second: str | None
) -> datetime | None:
    full = int(year) + (2000 if len(year) == 2 else 0)
    try:
        return datetime(  # noqa: DTZ001 (the zone is the caller's to add)
            full, month, day, int(hour or 0), int(minute or 0), int(second or 0)
        )
    except ValueError:
        return None


def code_text(text: str, codes: Collection[str]) -> str:
    """A code among `codes`; a spreadsheet's 7 is the code 007 where only that can be meant.

    Raises
    ------
    CellError
        Where leading zeros were lost and several codes can be meant.
    """
    cell = text.strip()
    if cell in codes or not codes:
        return cell
    bare = re.sub(r"[.,]0+$", "", cell)
    if bare in codes:
        return bare
    if bare.isdecimal():
        meant = sorted(c for c in codes if c.isdecimal() and int(c) == int(bare))
        if len(meant) == 1:
            return meant[0]
        if meant:
            raise CellError(f"leading zeros are lost, and {', '.join(meant)} can be meant")
    return cell
