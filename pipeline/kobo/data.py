"""Submissions of a form, page by page.

Pages are cut by key: ids above the last one read, ascending. Deletions between two pages then
shift nothing, and it does not matter that a server silently gives fewer rows than were asked
for. `count` says how many rows the server still has, so the reading is known to be complete.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.kobo.assets import asset_path
from pipeline.kobo.errors import IncompleteAnswerError
from pipeline.kobo.session import Session
from pipeline.record import Record, is_id, read_listing

BATCH = 200
"""Ids asked for by name in one request; more would not fit the line a server accepts."""

MARKS = ("_id", "_uuid", "_validation_status")


@dataclass(frozen=True, slots=True)
class RawPage:
    """Records of one answer, and how many the server had when it gave them, these included."""

    records: tuple[Record, ...]
    count: int


def fetch_records(
    session: Session, asset: str, after: int, page_size: int, fields: Sequence[str] = ()
) -> Iterator[RawPage]:
    """Records with an id above `after`; the first page is given even where it is empty.

    Raises
    ------
    IncompleteAnswerError
        Where the server contradicts itself: rows missing, out of order, or read before.
    """
    while True:
        page = _read(session, asset, {"_id": {"$gt": after}}, page_size, fields)
        _check(page, session, asset, after)
        yield page
        if page.count == len(page.records):
            return
        after = record_id(page.records[-1])


def fetch_by_id(session: Session, asset: str, ids: Sequence[int]) -> Iterator[RawPage]:
    """Records with these ids, ascending, in batches; ids that are gone are left out."""
    wanted = sorted(ids)
    for first in range(0, len(wanted), BATCH):
        batch = wanted[first : first + BATCH]
        while batch:
            page = _read(session, asset, {"_id": {"$in": batch}}, len(batch), ())
            _check(page, session, asset, batch[0] - 1)
            yield page
            if page.count == len(page.records):
                break
            # Fewer than asked for: a cap below our batch. Go on behind the last one.
            last = record_id(page.records[-1])
            batch = [number for number in batch if number > last]


def record_id(record: Record) -> int:
    """Return the server's id of a record; ValueError where it has none."""
    number = record.fields.get("_id")
    if not is_id(number):
        raise ValueError("_id is missing or no whole number")
    return number


def _read(
    session: Session, asset: str, query: object, limit: int, fields: Sequence[str]
) -> RawPage:
    params = {"query": _json(query), "sort": _json({"_id": 1}), "limit": str(limit)}
    if fields:
        params["fields"] = _json(list(fields))
    return session.get(f"{asset_path(asset)}data/", params, asset=asset, parse=_parse)


def _parse(text: str) -> RawPage:
    listing = read_listing(text)
    count = listing.rest.get("count")
    if type(count) is not int:
        raise ValueError("no count")
    for record in listing.records:
        record_id(record)
    return RawPage(listing.records, count)


def _check(page: RawPage, session: Session, asset: str, after: int) -> None:
    ids = [record_id(record) for record in page.records]
    rising = all(low < high for low, high in zip([after, *ids], ids, strict=False))
    if not rising or page.count < len(ids) or (page.count and not ids):
        raise IncompleteAnswerError(
            f"{session.address.base} contradicts itself about form {asset}: it says {page.count} "
            f"submissions follow number {after} and gives {len(ids)}"
            f"{'' if rising else ', not in order'}. To lose none, nothing of this page was kept. "
            "Run again; if it stays, the server is not a KoBoToolbox from 2024 or later."
        )


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
