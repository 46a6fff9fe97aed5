"""A KoBo server as a source of submissions."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from pipeline.kobo.client import KoboClient
from pipeline.kobo.data import MARKS, RawPage, record_id
from pipeline.kobo.rights import Rights
from pipeline.record import Record, attachments_of, modified_of, status_of, to_submission
from pipeline.source import FROM_START, Changes, FormVersion, Mark, MarkPage, Page


class KoboSource:
    """A KoBo server as a source; `server_id` is its name in the study, never its URL."""

    def __init__(self, client: KoboClient, server_id: str) -> None:
        self._client = client
        self.server_id = server_id
        self._rights: dict[str, Rights] = {}

    def __repr__(self) -> str:
        return f"KoboSource({self.server_id!r}, {self.address!r})"

    @property
    def address(self) -> str:
        """Base URL of the server."""
        return self._client.url

    def check(self) -> None:
        """Raise a ServerError unless the server is there and knows the token."""
        self._client.check()

    def versions(self, asset: str, known: Collection[str] = ()) -> list[FormVersion]:
        """Deployed versions of the form that are not in `known`, oldest first."""
        return self._client.versions(self.server_id, asset, known)

    def sees_all(self, asset: str) -> bool:
        """Whether the account is shown every submission of the form."""
        return self._rights_on(asset).sees_all

    def pages(self, asset: str, after: int, page_size: int) -> Iterator[Page]:
        """Submissions with an id above `after`, ascending; at least one page."""
        for page in self._client.records(asset, after, page_size):
            yield self._page(asset, page)

    def marks(self, asset: str, page_size: int) -> Iterator[MarkPage]:
        """Marks of every submission: about 150 bytes each, and its list of attachments."""
        for page in self._client.records(asset, FROM_START, page_size, MARKS):
            yield MarkPage(tuple(_mark(record) for record in page.records), page.count)

    def fetch(self, asset: str, ids: Sequence[int]) -> Iterator[Page]:
        """Submissions with these ids, in batches."""
        for page in self._client.records_by_id(asset, ids):
            yield self._page(asset, page)

    def count(self, asset: str, upto: int | None = None) -> tuple[int, int]:
        """How many submissions there are (with an id up to `upto`), and the smallest id."""
        return self._client.count(asset, upto)

    def present(self, asset: str, ids: Sequence[int]) -> set[int]:
        """Those of the ids under which the server holds a submission."""
        pages = self._client.records_by_id(asset, ids, ("_id",))
        return {record_id(record) for page in pages for record in page.records}

    def changes(self, asset: str, since: str) -> Changes | None:
        """What the project history tells from `since` on; None where it may not be read."""
        return self._client.changes(asset, since) if self._rights_on(asset).manages else None

    def modified(self, asset: str, since: str, page_size: int) -> Iterator[Page]:
        """Submissions whose `_date_modified` is `since` or later."""
        where: dict[str, object] = {"_date_modified": {"$gte": since}}
        for page in self._client.records(asset, FROM_START, page_size, where=where):
            yield self._page(asset, page)

    def download(self, asset: str, number: int, uid: str, path: Path) -> int:
        """Fetch an attachment into a file, going on where an earlier try ended; its bytes."""
        return self._client.download(asset, number, uid, path)

    def _rights_on(self, asset: str) -> Rights:
        if asset not in self._rights:
            self._rights[asset] = self._client.rights(asset)
        return self._rights[asset]

    def _page(self, asset: str, page: RawPage) -> Page:
        return Page(
            tuple(to_submission(r, server_id=self.server_id, asset=asset) for r in page.records),
            page.count,
            max((modified_of(record.fields) for record in page.records), default=""),
        )


def _mark(record: Record) -> Mark:
    uuid = str(record.fields.get("_uuid") or "")
    return Mark(record_id(record), uuid, status_of(record.fields), attachments_of(record.fields))
