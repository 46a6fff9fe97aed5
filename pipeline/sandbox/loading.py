"""Exported records on their way back onto a server."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from pipeline.errors import StudyError
from pipeline.sandbox.models import Asset, Record
from pipeline.sandbox.records import restored

AGAIN = "Make the simulated fieldwork again."


def read_records(
    records: Iterable[Mapping[str, Any]], asset: Asset, known: set[int]
) -> list[Record]:
    """Records as the server would hold them.

    Parameters
    ----------
    records
        KoBo's JSON; the keys `_xform_id_string`, `__version__` and `formhub/uuid` may be
        missing, the asset fills them in.
    known
        Numbers that are taken, on any form of the server.

    Raises
    ------
    StudyError
        For a record without a whole `_id`, instance id or submission time, and for an `_id`
        that stands twice.
    """
    taken = set(known)
    fresh = []
    for line, record in enumerate(records, start=1):
        where = f"record {line} of {asset.name!r}"
        number = record.get("_id")
        if not isinstance(number, int) or not record.get("meta/instanceID"):
            raise StudyError(
                f"{where}: _id must be a whole number and meta/instanceID must be there. {AGAIN}"
            )
        if number in taken:
            raise StudyError(
                f"{where}: _id {number} stands twice; on a KoBo server it is unique. {AGAIN}"
            )
        try:
            time = datetime.fromisoformat(str(record.get("_submission_time")))
        except ValueError:
            raise StudyError(f"{where}: _submission_time is no time. {AGAIN}") from None
        taken.add(number)
        at = time if time.tzinfo else time.replace(tzinfo=UTC)
        body = restored(record, asset)
        fresh.append(Record(number, body, at, at))
    return fresh
