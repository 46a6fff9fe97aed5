"""Where submissions come from: a KoBo server, the sandbox, or a file somebody exported."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
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
    included; the first page of a whole reading therefore says how many there are. `modified` is
    the latest `_date_modified` in it, empty where the source has none.
    """

    submissions: tuple[Submission, ...]
    total: int
    modified: str = ""


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


@dataclass(frozen=True, slots=True)
class Changes:
    """Interviews that changed, by root uuid, as the server's history tells.

    `latest` is the server's own time of its last entry; asking from there on again loses none.
    """

    touched: frozenset[str]
    deleted: frozenset[str]
    latest: str


@runtime_checkable
class SweepingSource(Source, Protocol):
    """A source so far away that only what changed is read again."""

    def sees_all(self, asset: str) -> bool:
        """Whether this account is shown every submission of the form there is."""
        ...

    def count(self, asset: str, upto: int | None = None) -> tuple[int, int]:
        """How many submissions there are (with an id up to `upto`), and the smallest id."""
        ...

    def marks(self, asset: str, page_size: int) -> Iterator[MarkPage]:
        """Give the marks of all submissions, ids ascending."""
        ...

    def present(self, asset: str, ids: Sequence[int]) -> set[int]:
        """Give those of the ids under which the server holds a submission."""
        ...

    def fetch(self, asset: str, ids: Sequence[int]) -> Iterator[Page]:
        """Give the submissions with these ids, in batches; ids the server lacks are left out."""
        ...

    def changes(self, asset: str, since: str) -> Changes | None:
        """Give what the server's history tells from `since` on; None where it does not."""
        ...

    def modified(self, asset: str, since: str, page_size: int) -> Iterator[Page]:
        """Give the submissions that the server itself says were modified from `since` on."""
        ...


@runtime_checkable
class FileSource(Source, Protocol):
    """A source that holds the files which came with submissions."""

    def download(self, asset: str, number: int, uid: str, path: Path) -> int:
        """Fetch a file into `path`, behind what is there already; gives its size in bytes.

        Raises ServerError where it cannot; what came so far stays.
        """
        ...
