"""Tables with labels of questions and choices, as files of other programs: `persepsi export`."""

from pipeline.labelled.files import FORMATS, write_labelled
from pipeline.labelled.tables import RESPONDENTS, TABLES, table_of
from pipeline.labelled.variables import Table, Variable

__all__ = [
    "FORMATS",
    "RESPONDENTS",
    "TABLES",
    "Table",
    "Variable",
    "table_of",
    "write_labelled",
]
