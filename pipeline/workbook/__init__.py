"""Sheets of text: read from an .xlsx workbook, written to one that people like to edit.

Every cell is text, so that the code `07` stays `07` and 7.0 typed as a number reads as `7`.
The writer is deterministic: the same sheets give the same bytes, whatever the day.

Grids are the other kind of sheet: results with numbers and formulas, for people to paste from.
"""

from pipeline.workbook.grid import Column, Formula, Grid, Plain, Styled, Value, harmless
from pipeline.workbook.grids import workbook_of
from pipeline.workbook.patching import cells_under, with_cell
from pipeline.workbook.reading import read_workbook
from pipeline.workbook.sheets import Row, Sheet, cell_text, sheet
from pipeline.workbook.writing import write_workbook

__all__ = [
    "Column",
    "Formula",
    "Grid",
    "Plain",
    "Row",
    "Sheet",
    "Styled",
    "Value",
    "cell_text",
    "cells_under",
    "harmless",
    "read_workbook",
    "sheet",
    "with_cell",
    "workbook_of",
    "write_workbook",
]
