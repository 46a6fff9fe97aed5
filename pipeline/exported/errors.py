"""What can be wrong with an export file."""

from pipeline.errors import ServerError


class ExportError(ServerError):
    """An export file is absent, cannot be read, or says something in two ways."""


class CellError(ValueError):
    """A cell cannot be read in one way only; the text says why, without the answer."""
