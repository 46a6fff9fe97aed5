"""Tables that a server exported, as the records it would have given as JSON.

KoBo writes CSV and XLSX with XML or label headers, ODK Central a zip of CSV. People open and
save them again. `records_of` reads all of these; what cannot be told apart is an `ExportError`.
"""

from pipeline.exported.errors import ExportError
from pipeline.exported.grid import TABLE_SUFFIXES, Grid, read_grids
from pipeline.exported.records import REVIEW, records_of

__all__ = ["REVIEW", "TABLE_SUFFIXES", "ExportError", "Grid", "read_grids", "records_of"]
