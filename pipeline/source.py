"""Where submissions come from: a KoBo server, the sandbox, or a file somebody exported."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from pipeline.submission import Submission

FROM_START = -1
"""The id below every other: reading after it reads everything."""


@dataclass(frozen=True, slots=True)
class FormVersion:
    """A version of a form as the server keeps it.

    `version` is the id that submissions carry in `__version__`, `content` the JSON text of the
    form, `deployed_at` the server's own words (ISO 8601), empty where it says nothing.
    """

    server_id: str
    asset: str
    version: str
    content: str
    deployed_at: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Submissions read at once, in ascending order of id.

    `total` counts what the source still had from `after` on when it gave the page, the page
    included; the first page of a whole reading therefore says how many there are.
    """

    submissions: tuple[Submission, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Mark:
    """What tells one state of a submission from another without reading it.

    `uuid` moves with every edit, `status` (canonical JSON of the validation status) with every
    review, `attachments` (`pipeline.record.attachments_of`) with every file that comes or goes.
    """

    id: int
    uuid: str
    status: str
    attachments: str = ""


@dataclass(frozen=True, slots=True)
class MarkPage:
    """Marks read at once; `total` as in `Page`."""

    marks: tuple[Mark, ...]
    total: int


class Source(Protocol):
    """Anything that can be pulled from. It is read whole at every pull."""

    @property
    def server_id(self) -> str:
        """Name of the server, part of every submission's key; never a URL."""
        ...

    @property
    def address(self) -> str:
        """Where it is, for people to read: a URL or a file, without any credential."""
        ...

    def check(self) -> None:
        """Raise a ServerError unless the source is there and lets us in."""
        ...

    def versions(self, asset: str, known: Collection[str] = ()) -> list[FormVersion]:
        """Give the versions of the form that are not in `known`."""
        ...

    def pages(self, asset: str, after: int, page_size: int) -> Iterator[Page]:
        """Give the submissions with an id above `after`; at least one page, which may be empty.

        Ids ascend over all pages. The next page is asked for only when the caller wants it, so
        that what was stored can be relied on.
        """
        ...


@runtime_checkable
class SweepingSource(Source, Protocol):
    """A source so far away that only what changed is read again."""

    def marks(self, asset: str, page_size: int) -> Iterator[MarkPage]:
        """Give the marks of all submissions, ids ascending."""
        ...

    def fetch(self, asset: str, ids: Sequence[int]) -> Iterator[Page]:
        """Give the submissions with these ids, in batches; ids the server lacks are left out."""
        ...
