"""A Central server as a source: which submissions there are first, then their answers.

Central pages from the newest backwards and by name. The marks of all submissions come first
(about 300 bytes each); sorted by arrival they are cut into windows of time, and each window is
asked for with its answers. So ids ascend, deletions between two answers shift nothing, and
memory holds marks and one window.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from analysis.instrument import Instrument
from pipeline.central.client import CentralClient
from pipeline.central.rows import RowReader, arrived_at
from pipeline.instance_number import arrival, instance_number
from pipeline.record import Record, attachments_of, canonical, modified_of, status_of, to_submission
from pipeline.source import FROM_START, Changes, FormVersion, Mark, MarkPage, Page
from pipeline.transport.errors import IncompleteAnswerError

T = TypeVar("T")

WALK = 2000
"""Marks asked for in one answer."""

ROUNDS = 3
"""How often the walk is made again because submissions went meanwhile."""


class CentralSource:
    """`CentralClient` seen as `pipeline.source.SweepingSource` and `FileSource`.

    An asset is `<project number>/<form id>`. `instruments`, by asset, tell which answers are
    files and how a name is spelled that OData cannot spell.
    """

    def __init__(
        self,
        client: CentralClient,
        server_id: str,
        instruments: Mapping[str, Instrument] | None = None,
    ) -> None:
        self._client = client
        self.server_id = server_id
        self._instruments = dict(instruments or {})
        self._names: dict[str, dict[int, str]] = {}

    def __repr__(self) -> str:
        return f"CentralSource({self.address!r})"

    @property
    def address(self) -> str:
        """URL of the server."""
        return self._client.url

    def check(self) -> None:
        """Raise a ServerError unless the server knows us."""
        self._client.check()

    def versions(self, asset: str, known: Collection[str] = ()) -> list[FormVersion]:
        """Published versions that are not in `known`, oldest first."""
        found = [
            FormVersion(
                self.server_id, asset, str(item.get("version") or ""), canonical(item),
                str(item.get("publishedAt") or ""),
            )
            for item in reversed(self._client.versions(asset))
        ]  # fmt: skip
        return [version for version in found if version.version not in known]

    def sees_all(self, asset: str) -> bool:
        """Central shows a form's submissions to a web user all or not at all."""
        del asset
        return True

    def pages(self, asset: str, after: int, page_size: int) -> Iterator[Page]:
        """Submissions with an id above `after`, ascending; at least one page."""
        marks = [mark for mark in self._walk(asset) if mark.id > after]
        if not marks:
            yield Page((), 0)
        for first in range(0, len(marks), page_size):
            window = marks[first : first + page_size]
            page = self._window(asset, [mark.id for mark in window], page_size)
            rest = len(marks) - first - len(window)
            if rest and not page.submissions:
                continue  # all of them were deleted since; the next total tells
            yield Page(page.submissions, len(page.submissions) + rest, page.modified)

    def count(self, asset: str, upto: int | None = None) -> tuple[int, int]:
        """How many submissions there are (with an id up to `upto`), and the smallest id."""
        ids = [mark.id for mark in self._walk(asset)]
        within = [number for number in ids if upto is None or number <= upto]
        return len(within), ids[0] if ids else FROM_START

    def marks(self, asset: str, page_size: int) -> Iterator[MarkPage]:
        """Marks of all submissions, ids ascending."""
        marks = self._walk(asset)
        for first in range(0, max(len(marks), 1), page_size):
            yield MarkPage(tuple(marks[first : first + page_size]), len(marks) - first)

    def present(self, asset: str, ids: Sequence[int]) -> set[int]:
        """Those of the ids under which the server holds a submission, asked anew."""
        return {mark.id for mark in self._walk(asset)} & set(ids)

    def fetch(self, asset: str, ids: Sequence[int]) -> Iterator[Page]:
        """Submissions with these ids, in batches; ids the server lacks are left out."""
        batch: list[int] = []
        between = sorted(self._names.get(asset, {}))
        place = {number: index for index, number in enumerate(between)}
        for number in sorted(ids):
            # A window reaches from its first to its last id: strangers between come along.
            apart = batch and place.get(number, 0) - place.get(batch[-1], 0) > len(batch) + 1
            if batch and (apart or len(batch) >= WALK):
                yield self._window(asset, batch, WALK)
                batch = []
            batch.append(number)
        if batch:
            yield self._window(asset, batch, WALK)

    def changes(self, asset: str, since: str) -> Changes | None:
        """Nothing: only administrators may read Central's log of the server."""
        del asset, since
        return None

    def modified(self, asset: str, since: str, page_size: int) -> Iterator[Page]:
        """Submissions that were edited or reviewed from `since` on."""
        reader = self._reader(asset)
        for answer in self._client.rows(
            asset, page_size, where=f"__system/updatedAt ge {since}", expand=True
        ):
            yield self._page(asset, [reader.record(row) for row in answer.rows])

    def download(self, asset: str, number: int, uid: str, path: Path) -> int:
        """Fetch a file that came with a submission; its bytes."""
        if number not in self._names.get(asset, {}):
            self._walk(asset)
        name = self._names[asset].get(number)
        if name is None:
            raise IncompleteAnswerError(
                f"{self.address}: a submission of form {asset} was deleted before its file "
                f"{uid} could be fetched. Pull again."
            )
        return self._client.download(asset, name, uid, path)

    def _reader(self, asset: str) -> RowReader:
        return RowReader(self._instruments.get(asset))

    def _walk(self, asset: str) -> list[Mark]:
        """Marks of all submissions, ids ascending; their names are kept."""
        reader = self._reader(asset)
        select = ",".join(["__id", "__system", "meta/instanceID", *reader.media])

        def once() -> list[Mark]:
            found: dict[int, Mark] = {}
            names = self._names[asset] = {}
            for answer in self._client.rows(asset, WALK, select=select):
                for row in answer.rows:
                    record = self._read(asset, reader.record, row)
                    if record["_id"] in found and names[record["_id"]] != row["__id"]:
                        raise IncompleteAnswerError(
                            f"{self.address}: two submissions of form {asset} have the same "
                            "number, which happens once in millions of years. Export it as CSV."
                        )
                    names[record["_id"]] = row["__id"]
                    found[record["_id"]] = Mark(
                        record["_id"], record["_uuid"], status_of(record), attachments_of(record)
                    )
            return [found[number] for number in sorted(found)]

        return self._again(once)

    def _window(self, asset: str, ids: Sequence[int], top: int) -> Page:
        """Those of the ids that still are on the server, with their answers."""
        reader = self._reader(asset)
        wanted = set(ids)
        low, high = arrival(min(ids)), arrival(max(ids)) + timedelta(milliseconds=1)
        where = (
            f"__system/submissionDate ge {_literal(low)} and "
            f"__system/submissionDate lt {_literal(high)}"
        )

        def once() -> list[dict[str, Any]]:
            return [
                record
                for answer in self._client.rows(asset, top, where=where, expand=True)
                for row in answer.rows
                if instance_number(str(row.get("__id")), arrived_at(row.get("__system") or {}))
                in wanted
                for record in [self._read(asset, reader.record, row)]
            ]

        return self._page(asset, self._again(once))

    def _read(
        self, asset: str, read: Callable[[Mapping[str, Any]], dict[str, Any]], row: Any
    ) -> dict[str, Any]:
        try:
            return read(row)
        except ValueError as error:
            raise IncompleteAnswerError(
                f"{self.address} gave {error} of form {asset}, so its answers are missing. Forms "
                "with encryption are exported as CSV with the passphrase; else this is worth an "
                "issue report."
            ) from None

    def _again(self, once: Callable[[], T]) -> T:
        for _ in range(ROUNDS - 1):
            try:
                return once()
            except IncompleteAnswerError:
                continue
        return once()

    def _page(self, asset: str, records: Sequence[dict[str, Any]]) -> Page:
        ordered = sorted(records, key=lambda record: int(record["_id"]))
        made = tuple(
            to_submission(Record(canonical(r), r), server_id=self.server_id, asset=asset)
            for r in ordered
        )
        # One that was never changed tells the server's time all the same: when it arrived.
        seen = (modified_of(r) or _literal(arrival(int(r["_id"]))) for r in ordered)
        return Page(made, len(made), max(seen, default=""))


def _literal(time: datetime) -> str:
    """A moment as OData writes it, to the millisecond."""
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03d}Z"
