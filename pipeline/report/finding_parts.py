"""View models of a finding: what to mend first, with its evidence."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Evidence:
    """One row of a finding: what, value and interval in one cell, and what it means."""

    label: str
    value: str
    meaning: str


@dataclass(frozen=True)
class FindingTable:
    """A finding with its evidence."""

    kind: ClassVar[str] = "finding"
    caption: str
    rows: tuple[Evidence, ...]
