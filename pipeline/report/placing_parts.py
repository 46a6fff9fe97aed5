"""View models of ranks and of comparisons that are held alike."""

from dataclasses import dataclass
from typing import ClassVar

from pipeline.report.listings import Verdict


@dataclass(frozen=True)
class PlacedRow:
    """A difference, a distance or a value: what it is of, how large, under which terms."""

    label: str
    value: str
    terms: str
    verdict: Verdict


@dataclass(frozen=True)
class PlacedTable:
    """Rows of one kind under one caption; `heads` name the four columns."""

    kind: ClassVar[str] = "placed"
    caption: str
    heads: tuple[str, str, str, str]
    rows: tuple[PlacedRow, ...]


@dataclass(frozen=True)
class RankRow:
    """A unit with its tier and its rank sets, alone and among all."""

    label: str
    tier: Verdict
    alone: str
    together: str
    alike: str


@dataclass(frozen=True)
class RankTable:
    """Rank sets of all units that were compared."""

    kind: ClassVar[str] = "ranks"
    caption: str
    rows: tuple[RankRow, ...]
    has_alike: bool = True
