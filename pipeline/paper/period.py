"""Days as they are written on printed pages."""

from collections.abc import Mapping
from datetime import date

_MONTHS: Mapping[str, tuple[str, ...]] = {
    "id": ("Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus",
           "September", "Oktober", "November", "Desember"),
    "en": ("January", "February", "March", "April", "May", "June", "July", "August",
           "September", "October", "November", "December"),
}  # fmt: skip
_DAYS = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")


def day(when: date, code: str = "id") -> str:
    """`5 Oktober 2026`."""
    return f"{when.day} {_MONTHS[code][when.month - 1]} {when.year}"


def weekday(when: date) -> str:
    """`Senin, 5 Oktober 2026`."""
    return f"{_DAYS[when.weekday()]}, {day(when)}"


def period(start: date | None, end: date | None, code: str = "id") -> str:
    """`5 Oktober – 23 Oktober 2026`; one day, or what is known of it; empty where nothing is."""
    if start is None or end is None or start == end:
        known = start or end
        return day(known, code) if known else ""
    first = day(start, code)
    if start.year == end.year:
        first = first.removesuffix(f" {start.year}")
    return f"{first} – {day(end, code)}"
