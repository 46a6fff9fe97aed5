"""View models of tables with a row for each unit: the overview's, and the list on a unit's page."""

from dataclasses import dataclass
from typing import ClassVar

from pipeline.report.listings import Verdict
from pipeline.report.parts import Cell, Key, Mark, Scale


@dataclass(frozen=True)
class UnitRow:
    """A unit in the overview; `sort_*` are plain numbers for the script, empty sorts last.

    `is_last` keeps a unit without a value, or with one in brackets, below the others however
    the table is sorted.
    """

    label: str
    link: str
    gloss: str
    cell: Cell
    standing: str
    comparison: Verdict
    any_bentuk: Cell
    n: str
    response: str
    search: str
    sort_index: str
    sort_bentuk: str
    sort_n: str
    sort_response: str
    is_last: bool = False


@dataclass(frozen=True)
class UnitTable:
    """All units on one axis; columns that the study cannot fill are left out."""

    kind: ClassVar[str] = "units"
    caption: str
    scale: Scale
    rows: tuple[UnitRow, ...]
    key: Key
    count: str
    index_head: str
    any_head: str
    has_standing: bool = True
    has_comparison: bool = True
    has_response: bool = True

    @property
    def span(self) -> int:
        """Columns that the reason for a missing index takes."""
        return 2 + self.has_standing + self.has_comparison


@dataclass(frozen=True)
class PeerRow:
    """A unit in the list on a unit's page; `is_own` marks the page's unit."""

    label: str
    link: str
    cell: Cell
    is_own: bool = False


@dataclass(frozen=True)
class PeerGroup:
    """Units that the comparison puts together; no label where nothing was compared."""

    label: str
    rows: tuple[PeerRow, ...]


@dataclass(frozen=True)
class PeerStrip:
    """Every unit of a large study as a dot on one axis, the page's own with its interval below.

    `dots` is a path in a box 100 wide that is stretched, `height` px high; `text` says in words
    what it shows. `own` is None where the unit has no value.
    """

    kind: ClassVar[str] = "strip"
    scale: Scale
    dots: str
    height: str
    own: Mark | None
    text: str


@dataclass(frozen=True)
class PeerTable:
    """Units on one axis, in short, as seen from one of them."""

    kind: ClassVar[str] = "peers"
    caption: str
    value_head: str
    scale: Scale
    groups: tuple[PeerGroup, ...]
    key: Key
    is_titled: bool = False
