"""Submissions of a form, page by page.

Pages are cut by key: ids above the last one read, ascending. Deletions between two pages then
shift nothing, and it does not matter that a server silently gives fewer rows than were asked
for. `count` says how many rows the server still has, so the reading is known to be complete.
An answer that belongs to another question, as a stale cache on the way gives it, is asked again.
"""

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.kobo.assets import asset_path
from pipeline.kobo.session import Session
from pipeline.record import Record, is_id, read_listing
from pipeline.source import FROM_START
from pipeline.transport.retry import ContradictionError

BATCH = 200
"""Ids asked for by name in one request; more would not fit the line a server accepts."""

MARKS = ("_id", "_uuid", "_validation_status", "_attachments")


@dataclass(frozen=True, slots=True)
class RawPage:
    """Records of one answer, and how many the server had when it gave them, these included."""

    records: tuple[Record, ...]
    count: int


def fetch_records(
    session: Session,
    asset: str,
    after: int,
    page_size: int,
    fields: Sequence[str] = (),
    where: dict[str, object] | None = None,
) -> Iterator[RawPage]:
    """Records with an id above `after`; the first page is given even where it is empty.

    `where` narrows the query, such as `{"_date_modified": {"$gte": "..."}}`.

    Raises
    ------
    IncompleteAnswerError
        Where the server contradicts itself, again and again: rows missing, out of order, or
        read before.
    """
    while True:
        query = {"_id": {"$gt": after}, **(where or {})}
        page = _read(session, asset, query, page_size, fields, _above(after))
        yield page
        if page.count == len(page.records):
            return
        after = record_id(page.records[-1])


def fetch_by_id(
    session: Session, asset: str, ids: Sequence[int], fields: Sequence[str] = ()
) -> Iterator[RawPage]:
    """Records with these ids, ascending, in batches; ids that are gone are left out."""
    wanted = sorted(ids)
    for first in range(0, len(wanted), BATCH):
        batch = wanted[first : first + BATCH]
        while batch:
            query = {"_id": {"$in": batch}}
            page = _read(session, asset, query, len(batch), fields, set(batch).__contains__)
            yield page
            if page.count == len(page.records):
                break
            # Fewer than asked for: a cap below our batch. Go on behind the last one.
            last = record_id(page.records[-1])
            batch = [number for number in batch if number > last]


def count_records(session: Session, asset: str, upto: int | None = None) -> tuple[int, int]:
    """How many records there are (with an id up to `upto`), and the smallest of their ids.

    The smallest id is `FROM_START` where there is none. It tells an answer to this question
    from one that a cache gave to another.
    """
    query: dict[str, object] = {"_id": {"$gt": FROM_START}}
    if upto is not None:
        query = {"_id": {"$lte": upto}}
    allowed: Callable[[int], bool] = upto.__ge__ if upto is not None else _above(FROM_START)
    page = _read(session, asset, query, 1, ("_id",), allowed)
    return page.count, record_id(page.records[0]) if page.records else FROM_START


def record_id(record: Record) -> int:
    """Return the server's id of a record; ValueError where it has none."""
    number = record.fields.get("_id")
    if not is_id(number):
        raise ValueError("_id is missing or no whole number")
    return number


def _above(after: int) -> Callable[[int], bool]:
    return lambda number: number > after


def _read(
    session: Session,
    asset: str,
    query: object,
    limit: int,
    fields: Sequence[str],
    allowed: Callable[[int], bool],
) -> RawPage:
    params = {"query": _json(query), "sort": _json({"_id": 1}), "limit": str(limit)}
    if fields:
        params["fields"] = _json(list(fields))

    def parse(text: str) -> RawPage:
        page = _parse(text)
        _check(page, session, asset, limit, allowed)
        return page

    return session.get(f"{asset_path(asset)}data/", params, asset=asset, parse=parse)


def _parse(text: str) -> RawPage:
    listing = read_listing(text)
    count = listing.rest.get("count")
    if type(count) is not int:
        raise ValueError("no count")
    for record in listing.records:
        record_id(record)
    return RawPage(listing.records, count)


def _check(
    page: RawPage, session: Session, asset: str, limit: int, allowed: Callable[[int], bool]
) -> None:
    ids = [record_id(record) for record in page.records]
    rising = all(low < high for low, high in itertools.pairwise(ids))
    fitting = all(map(allowed, ids)) and len(ids) <= limit
    if rising and fitting and page.count >= len(ids) and (ids or not page.count):
        return
    what = "" if rising else ", not in order"
    what += "" if fitting else ", of which some were not asked for"
    raise ContradictionError(
        f"{session.address.base} contradicts itself about form {asset}: it says {page.count} "
        f"submissions follow and gives {len(ids)}{what}. To lose none, nothing of this page was "
        "kept. Run again; if it stays, something on the way keeps old answers, or the server is "
        "not a KoBoToolbox from 2024 or later."
    )


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
