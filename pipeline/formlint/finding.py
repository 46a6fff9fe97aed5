"""What a check of a form says: one cell, what stands there, what should, and how to mend it."""

from dataclasses import asdict, dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to change: where it is, what stands there, what should, and how to mend it.

    `row` is the spreadsheet's row (1 is the header, 0 the sheet as a whole).
    """

    sheet: str
    row: int
    column: str
    found: str
    expected: str
    fix: str
    severity: Severity = "error"
    form: str = ""

    def as_dict(self) -> dict[str, str | int]:
        """Fields by name, for machines."""
        return asdict(self)

    def __str__(self) -> str:
        place = f"{self.form}, " if self.form else ""
        row = f", row {self.row}" if self.row else ""
        column = f", column {self.column}" if self.column else ""
        return (
            f"{self.severity}: {place}sheet {self.sheet}{row}{column}: found {self.found}; "
            f"expected {self.expected}. {self.fix}"
        )
