"""Numbers and dates as Indonesian readers write them, rounded in one place only.

A value is first quantised to 12 significant digits, so that the order of summation never
decides a printed digit, then rounded half-up. Decimal comma, thousands point, a true minus,
and never a negative zero.
"""

from collections.abc import Sequence
from datetime import date

from babel.dates import format_date

from analysis.half_up import quantise, rounded

MINUS = "\u2212"
DASH = "\u2013"


def number(value: float, decimals: int = 0) -> str:
    """`1.234,5`; negative numbers with a true minus."""
    result = rounded(value, decimals)
    text = f"{abs(result):,.{decimals}f}".replace(",", " ").replace(".", ",").replace(" ", ".")
    return (MINUS if result < 0 else "") + text


def beside(value: float, decimals: int, edges: Sequence[float]) -> int:
    """Decimals with which `value` may stand beside the lines `edges`.

    A category is decided on the value at two decimals. Where fewer decimals would print the
    value on the other side of a line (77,96 as `78,0` beside a line at 78), more are taken.
    """
    exact = rounded(value, 2)
    while decimals < 2:
        shown = rounded(value, decimals)
        if all((shown >= quantise(e)) == (exact >= quantise(e)) for e in edges):
            break
        decimals += 1
    return decimals


def precision(low: float, high: float) -> int:
    """Decimals that an interval of this width deserves, in points of the printed scale."""
    return 0 if quantise(high - low) >= 4 else 1


def span(low: float, high: float, decimals: int, suffix: str = "") -> str:
    """`71–79`, or `−0,2 sampai 11,4` where a dash would hide a minus."""
    first = "0" if quantise(low) == 0 else number(low, decimals)
    last = number(high, decimals)
    joint = " sampai " if low < 0 or high < 0 else DASH
    return f"{first}{joint}{last}{suffix}"


def between(low: float, high: float, decimals: int, suffix: str = "") -> str:
    """`antara 71 dan 79`, for sentences."""
    return f"antara {number(low, decimals)}{suffix} dan {number(high, decimals)}{suffix}"


def points(value: float, edges: Sequence[float] = ()) -> str:
    """A score on 0–100 with one decimal, or two where one would cross a line."""
    return number(value, beside(value, 1, edges))


def points_span(low: float, high: float, edges: Sequence[float] = ()) -> str:
    """The interval of a score, as `71–79`."""
    return span(low, high, points_decimals(low, high, edges))


def points_decimals(low: float, high: float, edges: Sequence[float] = ()) -> int:
    """Decimals for both ends of a score's interval."""
    start = precision(low, high)
    return max(beside(low, start, edges), beside(high, start, edges))


def share_decimals(share: float | None, low: float | None, high: float | None) -> int:
    """Decimals of a share in percent and of its interval, which are printed alike.

    One where the interval is narrow, and below 1 % and above 99 %, where whole numbers would say
    `1%` of what is less than 1 of 100.
    """
    if share is not None and (0 < share < 0.01 or 0.99 < share < 1):
        return 1
    return 0 if low is None or high is None else precision(100 * low, 100 * high)


def percent(share: float, low: float | None = None, high: float | None = None) -> str:
    """A share 0–1 as `31%` or `5,4%`; never `0%` or `100%` for what is neither."""
    if share <= 0 or share >= 1:
        return number(100 * share) + "%"
    decimals = share_decimals(share, low, high)
    value = rounded(100 * share, decimals)
    if value == 0:
        return "<0,1%"
    if value == 100:
        return ">99,9%"
    return number(100 * share, decimals) + "%"


def percent_span(low: float, high: float, share: float | None = None) -> str:
    """The interval of a share, as `23–40%`, with the decimals that `share` itself gets."""
    return span(100 * low, 100 * high, share_decimals(share, low, high), "%")


def percent_between(low: float, high: float, share: float | None = None) -> str:
    """`antara 23% dan 40%`."""
    return between(100 * low, 100 * high, share_decimals(share, low, high), "%")


def of_hundred(share: float) -> str:
    """A share as a count of a hundred: `31`, `kurang dari 1`, `lebih dari 99`.

    Whether it is less than 1 is decided on one decimal, as `percent` prints it.
    """
    if share <= 0:
        return "0"
    if share >= 1:
        return "100"
    if rounded(100 * share, 1) < 1:
        return "kurang dari 1"
    if rounded(100 * share, 1) > 99:
        return "lebih dari 99"
    return number(100 * share)


def day(value: date) -> str:
    """`5 Oktober 2026`."""
    return str(format_date(value, "d MMMM y", locale="id"))


def period(start: date, end: date) -> str:
    """`5–23 Oktober 2026`, naming month and year once where they are shared."""
    if start == end:
        return day(start)
    if (start.year, start.month) == (end.year, end.month):
        return f"{start.day}{DASH}{day(end)}"
    if start.year == end.year:
        return f"{format_date(start, 'd MMMM', locale='id')} {DASH} {day(end)}"
    return f"{day(start)} {DASH} {day(end)}"
