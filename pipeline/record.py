"""A record of KoBo's JSON: its text exactly as it came, and the keys that identify it.

The text of each record is cut out of the answer, never printed anew, so that a number like
`1e3` or `22.50`, the order of keys and every escape stay as the server wrote them.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeGuard
from urllib.parse import urlsplit

from pipeline.submission import LARGEST_ID, Submission

UNKNOWN_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for the time of a record that tells none; only files from elsewhere have such."""

_TIMES = ("_submission_time", "end", "start")
_ATTACHMENT = ("uid", "media_file_basename", "filename", "is_deleted")
_decoder = json.JSONDecoder()
_space = re.compile(r"[ \t\n\r]*")


@dataclass(frozen=True, slots=True)
class Record:
    """One JSON object: the text as it stood in the answer, and what it says."""

    text: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Listing:
    """Records of one answer or file, and the other keys beside them (`count`, `next` ...)."""

    records: tuple[Record, ...]
    rest: Mapping[str, Any]


class ListingError(ValueError):
    """A text is not JSON, is cut off, or holds no list of objects."""


def read_listing(text: str) -> Listing:
    """Read a JSON list of objects, or an object that holds one under `results`.

    Raises
    ------
    ListingError
        Where the text is anything else, or there is not all of it.
    """
    try:
        return _read_listing(text)
    except RecursionError:
        raise ListingError("nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ListingError(f"{error.msg} at character {error.pos}") from None
    except ListingError:
        raise
    except ValueError:  # a number with thousands of digits
        raise ListingError("a number too long") from None


def _read_listing(text: str) -> Listing:
    at = _skip(text, 0)
    records: list[Record] | None = None
    rest: dict[str, Any] = {}
    if text[at : at + 1] == "[":
        records, at = _read_records(text, at)
    else:
        at = _expect(text, at, "{")
        more = text[at : at + 1] != "}"
        while more:
            key, at = _decoder.raw_decode(text, at)
            at = _expect(text, _skip(text, at), ":")
            if key == "results" and text[at : at + 1] == "[":
                records, at = _read_records(text, at)
            else:
                rest[key], at = _decoder.raw_decode(text, at)
            at, more = _go_on(text, at)
        at = _expect(text, at, "}")
    if at != len(text):
        raise ListingError(f"more text at character {at}")
    if records is None:
        raise ListingError("no list of records")
    return Listing(tuple(records), rest)


def _read_records(text: str, at: int) -> tuple[list[Record], int]:
    records: list[Record] = []
    at = _expect(text, at, "[")
    more = text[at : at + 1] != "]"
    while more:
        value, end = _decoder.raw_decode(text, at)
        if not isinstance(value, dict):
            raise ListingError(f"record {len(records) + 1} is not an object")
        records.append(Record(text[at:end], value))
        at, more = _go_on(text, end)
    return records, _expect(text, at, "]")


def _go_on(text: str, at: int) -> tuple[int, bool]:
    """Position behind blanks and a comma, and whether there was a comma."""
    at = _skip(text, at)
    more = text[at : at + 1] == ","
    return (_skip(text, at + 1) if more else at), more


def _skip(text: str, at: int) -> int:
    match = _space.match(text, at)
    return match.end() if match else at


def _expect(text: str, at: int, sign: str) -> int:
    if text[at : at + 1] != sign:
        raise ListingError(f"{sign!r} expected at character {at}")
    return _skip(text, at + 1)


def to_submission(
    record: Record, *, server_id: str, asset: str, order: int | None = None
) -> Submission:
    """Name a record: its id, its uuids, its form version, its time.

    `order` replaces the id where the record brings none. A record without any uuid is named by
    its id, one without any time gets `UNKNOWN_TIME`: both happen in files from elsewhere only.

    Raises
    ------
    ValueError
        Where there is no usable id.
    """
    fields = record.fields
    number = fields.get("_id") if order is None else order
    if not is_id(number):
        raise ValueError("_id is missing or no whole number")
    uuid = _text(fields.get("_uuid")) or _bare(fields.get("meta/instanceID"))
    return Submission(
        server_id=server_id,
        asset=asset,
        id=number,
        root_uuid=_bare(fields.get("meta/rootUuid")) or uuid or str(number),
        uuid=uuid,
        form_version=_text(fields.get("__version__")) or None,
        submitted_at=_time(fields),
        body=record.text,
    )


def is_id(value: object) -> TypeGuard[int]:
    """Whether a value can be a submission's id: a whole number from 0 that fits the store."""
    return type(value) is int and 0 <= value <= LARGEST_ID


def canonical(value: object) -> str:
    """JSON text that is the same for equal values: keys sorted, no blanks, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def status_of(fields: Mapping[str, Any]) -> str:
    """Canonical text of the validation status; empty where none was given."""
    status = fields.get("_validation_status")
    return canonical(status) if status else ""


def attachments_of(fields: Mapping[str, Any]) -> str:
    """Short text that changes with the list of attachments; empty where there is none.

    It is taken over their ids, names and whether they were deleted. A late attachment and a
    deleted one move no id of the record, so nothing else shows them.
    """
    held = fields.get("_attachments")
    if not isinstance(held, list) or not held:
        return ""
    seen = sorted(
        canonical([item.get(key) for key in _ATTACHMENT]) for item in held if isinstance(item, dict)
    )
    return hashlib.sha256(canonical(seen).encode("ascii")).hexdigest()[:32]


def modified_of(fields: Mapping[str, Any]) -> str:
    """Server's own word on when a record last changed; empty where it has none yet."""
    return _text(fields.get("_date_modified"))


def content_hash(fields: Mapping[str, Any]) -> str:
    """SHA-256 over what a record says, in hex; two records that differ in it differ in content.

    Order of keys and white space do not count, nor does the host in an attachment's
    `download_url`: the same server reached by another name has not edited anything. Nor does
    `_date_modified`, which a server that learns to say it puts into every record at once.
    Everything else counts, the validation status and the list of attachments too.
    """
    if "_date_modified" in fields:
        fields = {key: value for key, value in fields.items() if key != "_date_modified"}
    attachments = fields.get("_attachments")
    if isinstance(attachments, list) and attachments:
        fields = {**fields, "_attachments": [_without_host(item) for item in attachments]}
    return hashlib.sha256(canonical(fields).encode("ascii")).hexdigest()


def _without_host(attachment: object) -> object:
    if not isinstance(attachment, dict):
        return attachment
    return {
        key: _path(value) if key.startswith("download") and isinstance(value, str) else value
        for key, value in attachment.items()
    }


def _path(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return f"{parts.path}?{parts.query}"


def _text(value: object) -> str:
    # A lone surrogate is legal in JSON but not in any file; the body keeps it escaped.
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else ""


def _bare(value: object) -> str:
    return _text(value).removeprefix("uuid:")


def _time(fields: Mapping[str, Any]) -> datetime:
    for key in _TIMES:
        value = fields.get(key)
        if not isinstance(value, str):
            continue
        try:
            time = datetime.fromisoformat(value)
            # KoBo writes `_submission_time` in UTC without saying so.
            return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return UNKNOWN_TIME
