"""A sheet as rows of text, with the numbers its rows have in the spreadsheet."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from openpyxl.workbook.child import INVALID_TITLE_REGEX

from pipeline.errors import QuestionnaireError

LONGEST_NAME = 31
"""Letters a sheet's name may have."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row under the header.

    `number` is the row's number in the spreadsheet (the header is 1), `cells` maps column to
    text and leaves blank cells out, `numeric` names the columns whose cell held a number.
    """

    number: int
    cells: Mapping[str, str]
    numeric: frozenset[str] = frozenset()

    def get(self, column: str) -> str:
        """Text of the cell, empty where it is blank."""
        return self.cells.get(column, "")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: its header without blank cells (a repeated one stands twice) and its rows.

    Where a header stands twice, the rows hold the first column of that name.
    """

    header: tuple[str, ...]
    rows: tuple[Row, ...]


def sheet(header: Iterable[str], rows: Iterable[Iterable[str]]) -> Sheet:
    """Sheet from a header and rows of cells in its order; blank rows keep their number."""
    names = tuple(header)
    kept = []
    for number, values in enumerate(rows, start=2):
        cells: dict[str, str] = {}
        for name, value in zip(names, values, strict=False):
            if value.strip():
                cells.setdefault(name, value.strip())
        if cells:
            kept.append(Row(number, cells))
    return Sheet(names, tuple(kept))


def cell_text(value: object) -> str:
    """What a cell says, as XLSForm tools read it: 7.0 is `7`, true is `TRUE`, ends trimmed."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value).replace("\u00a0", " ").replace("\r\n", "\n").replace("\r", "\n")
    return text.strip()


def check_name(name: str) -> None:
    """Refuse what the library would only warn of, and Excel repair."""
    if not name or len(name) > LONGEST_NAME or INVALID_TITLE_REGEX.search(name):
        raise QuestionnaireError(
            f"sheet {name!r}: no name for a sheet. Rename it; at most {LONGEST_NAME} letters, "
            r"without \ / ? * : [ ]."
        )
