"""Write `hasil.xlsx` beside the tables that it is made of."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from pipeline.outputs import write_bytes
from pipeline.placing import without_beside
from pipeline.report.context import context
from pipeline.result_book.remarks import remarks
from pipeline.result_book.sheets import sheets
from pipeline.results import Results
from pipeline.workbook import workbook_of

BOOK = "hasil.xlsx"
SOURCES = ("estimates", "comparisons", "standings", "changes")
"""Tables whose sums the notes name."""


def write_result_book(results: Results, tables: Sequence[Path], folder: Path) -> Path:
    """Write the workbook of an edition's results; the same results give the same bytes.

    `tables` are the files of the tables that were written before it. Returns where it came to lie.

    Raises
    ------
    PersepsiError
        As `placing`, and where the study has more rows than a sheet can hold.
    """
    ctx = context(results, None)
    sums = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in tables
        if path.suffix == ".csv" and without_beside(path) in SOURCES
    }
    data = workbook_of([*sheets(ctx), remarks(ctx, sums)], title=ctx.results.study.name)
    return write_bytes(folder / BOOK, data)
