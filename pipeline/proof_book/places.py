"""Where things stand in the workbook of proof, so that its formulas find them."""

from openpyxl.utils import get_column_letter

SUMMARY, SUMS, LEVELS, FACTORS, WEIGHTS, MARGINS, REPLICATES = (
    "Ringkasan", "Sesi", "Pengali", "Faktor", "Bobot", "Margin", "Ulangan",
)  # fmt: skip
LEAD = 2
"""Lines above the header of every sheet."""
FIRST = LEAD + 2
"""First row below the header."""


def cell(column: int, row: int, sheet: str = "", *, fixed: str = "") -> str:
    """Address of the cell in a column and a row of the table, both from 0.

    `fixed` says what stays when the formula is copied: `c` the column, `r` the row.
    """
    letter = ("$" if "c" in fixed else "") + get_column_letter(column + 1)
    number = ("$" if "r" in fixed else "") + str(FIRST + row)
    return f"{sheet}!{letter}{number}" if sheet else f"{letter}{number}"


def column(place: int, rows: int, sheet: str = "", *, start: int = 0) -> str:
    """Address of the rows from `start` of a column, all of it fixed."""
    first = cell(place, start, sheet, fixed="cr")
    return f"{first}:{cell(place, rows - 1, fixed='cr')}"


def literal(value: float) -> str:
    """A number in a formula, with every digit it has."""
    return repr(float(value))
