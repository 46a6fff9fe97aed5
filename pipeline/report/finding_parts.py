"""View models of a finding: what to mend first, with its evidence."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Evidence:
    """One row of a finding: what, value and interval in one cell, and what it means."""

    label: str
    value: str
    aside: str
    meaning: str


@dataclass(frozen=True)
class FindingTable:
    """A finding with its evidence; `heads` are those of the three columns."""

    kind: ClassVar[str] = "finding"
    caption: str
    rows: tuple[Evidence, ...]
    heads: tuple[str, str, str] = ("Bukti", "Nilai (rentang)", "Artinya")


@dataclass(frozen=True)
class Quotation:
    """What somebody else wrote, paragraph by paragraph."""

    kind: ClassVar[str] = "quotation"
    paragraphs: tuple[str, ...]
