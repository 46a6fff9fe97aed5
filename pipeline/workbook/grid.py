"""A sheet of numbers, texts and formulas, as people paste from it: what it holds, not how.

Numbers are numbers with a format, so that a spreadsheet program writes them with the comma or
point of its reader. No text can begin a formula, here or in a CSV that somebody saves from it.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

TEXT, TITLE, SUBTITLE, HEAD, WRAPPED, GROUP = (
    "text",
    "title",
    "subtitle",
    "head",
    "wrapped",
    "group",
)
COUNT, SCORE, SHARE, EXACT, DATE, MOMENT = "count", "score", "share", "exact", "date", "moment"
GIVEN, MADE, FOUND = "given", "made", "found"
"""Exact numbers that were read, made by a formula, and what all was made for."""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""Signs at which spreadsheet programs take a text of a CSV for a formula (OWASP)."""

LONGEST = 32_767
"""Characters that a cell holds."""

MOST_ROWS = 1_048_576
MOST_COLUMNS = 16_384
"""Rows and columns of a sheet."""


@dataclass(frozen=True, slots=True)
class Styled:
    """A value in another style than that of its column."""

    value: "Plain"
    style: str


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula without its `=`, with the value that a program shows which does not calculate."""

    text: str
    value: float | str
    style: str = MADE


Plain = str | int | float | Decimal | datetime.date | datetime.datetime | None
Value = Plain | Styled | Formula


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its header, style of its cells, and width in characters (0: by its content)."""

    head: str
    style: str = TEXT
    width: float = 0.0


@dataclass(frozen=True)
class Grid:
    """A sheet: lines above the table, its header, its rows.

    `frozen` columns stay in view beside the header; without `has_filter` the header has no
    drop-down lists. Rows shorter than the header are blank at their end.
    """

    name: str
    columns: tuple[Column, ...]
    rows: Sequence[Sequence[Value]]
    lead: tuple[str, ...] = ()
    frozen: int = 1
    has_filter: bool = True

    @property
    def first(self) -> int:
        """Number of the first row below the header, as a spreadsheet counts."""
        return len(self.lead) + 2


def harmless(text: str) -> str:
    """The text as a cell may hold it: no formula, no control characters, not too long.

    A text that begins like a formula gets an apostrophe before it, which is what one types to
    say that it is none.
    """
    text = ILLEGAL_CHARACTERS_RE.sub(" ", text)
    if text.lstrip(" \u00a0").startswith(FORMULA_STARTS):
        text = "'" + text
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
