"""A row of the ledger: how a submission becomes one, and how it is read back."""

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pipeline.record import attachments_of, content_hash, status_of
from pipeline.submission import Submission

CHAINED = (
    "server_id", "asset", "id", "root_uuid", "uuid", "op", "sha256", "content_sha256", "status",
    "form_version", "submitted_at", "learned_at", "run_id",
)  # fmt: skip
"""Columns of a row that its link in the chain covers: all but the body, which has its hash."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A submission as the ledger holds it; `op` is I (first seen) or U (edited since)."""

    submission: Submission
    seq: int
    op: str
    sha256: str
    learned_at: datetime


@dataclass(frozen=True, slots=True)
class Added:
    """What became of some submissions, by event.

    `new` was unknown before; `restored` came back, under the id it had or, sent again after a
    deletion, under another; `edited` has other answers; `validated` got a validation status,
    `reset` lost it; `attachments` gained or lost files; `purged` was taken out here for good and
    changed on the server, which is noted without its text; `same` is exactly as known. One
    submission may be edited, validated and have a late attachment at once, and counts in each.
    """

    new: int = 0
    edited: int = 0
    same: int = 0
    restored: int = 0
    validated: int = 0
    reset: int = 0
    attachments: int = 0
    purged: int = 0

    def __add__(self, other: "Added") -> "Added":
        return Added(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a submission, as the record lists it."""

    uid: str
    name: str
    mimetype: str
    xpath: str
    is_deleted: bool


@dataclass(frozen=True, slots=True)
class Version:
    """Row that a submission adds to the ledger, what it means, and its attachments.

    `attachments` is their mark (`pipeline.record.attachments_of`), `files` the list itself.
    """

    row: dict[str, object]
    events: Added
    attachments: str
    files: tuple[Attachment, ...] = ()


def version_of(
    connection: sqlite3.Connection, submission: Submission, learned_at: datetime, run_id: int
) -> Version | None:
    """Version this submission would add; None where it says nothing new."""
    key = (submission.server_id, submission.asset, submission.id)
    latest = connection.execute(
        "SELECT op, root_uuid, uuid, status, attachments, sha256, content_sha256 "
        "FROM submission_latest WHERE server_id = ? AND asset = ? AND id = ?",
        key,
    ).fetchone()
    known = latest is not None and latest["op"] != "D"
    digest = sha256(submission.body)
    if known and digest == latest["sha256"]:
        return None
    if root := _purged(connection, submission, latest):
        return _without_text(submission, root, latest, learned_at, run_id)
    fields = json.loads(submission.body)
    content = content_hash(fields)
    if known and content == latest["content_sha256"]:
        return None
    status, attachments = status_of(fields), attachments_of(fields)
    row: dict[str, object] = {
        "server_id": submission.server_id,
        "asset": submission.asset,
        "id": submission.id,
        "root_uuid": submission.root_uuid,
        "uuid": submission.uuid,
        "op": "U" if known else "I",
        "body": submission.body,
        "sha256": digest,
        "content_sha256": content,
        "status": status,
        "form_version": submission.form_version,
        "submitted_at": stamp(submission.submitted_at),
        "learned_at": stamp(learned_at),
        "run_id": run_id,
    }
    if known:
        events = _events(latest, submission.uuid, status, attachments)
    elif latest is not None or _was_here(connection, submission):
        events = Added(restored=1)
    else:
        events = Added(new=1)
    return Version(row, events, attachments, _files(fields))


def _purged(
    connection: sqlite3.Connection, submission: Submission, latest: sqlite3.Row | None
) -> str:
    """Root uuid under which an interview was purged; empty where it was not.

    It is looked for under the root we know for this id, too: an older server moves it with an edit.
    """
    for root in {submission.root_uuid, latest["root_uuid"] if latest is not None else ""}:
        found = connection.execute(
            "SELECT 1 FROM purged WHERE server_id = ? AND asset = ? AND root_uuid = ?",
            (submission.server_id, submission.asset, root),
        ).fetchone()
        if found is not None:
            return str(root)
    return ""


def _without_text(
    submission: Submission,
    root: str,
    latest: sqlite3.Row | None,
    learned_at: datetime,
    run_id: int,
) -> Version | None:
    """Version of a purged interview: that the server changed it, and nothing of what it says."""
    fields = json.loads(submission.body)
    status, attachments = status_of(fields), attachments_of(fields)
    mark = (submission.uuid, status, attachments)
    known = latest is not None and latest["op"] != "D"
    before = (latest["uuid"], latest["status"], latest["attachments"]) if latest else None
    if known and mark == before:
        return None
    row: dict[str, object] = {
        "server_id": submission.server_id,
        "asset": submission.asset,
        "id": submission.id,
        "root_uuid": root,
        "uuid": submission.uuid,
        "op": "U" if known else "I",
        "body": None,
        "sha256": "",
        "content_sha256": "",
        "status": status,
        "form_version": submission.form_version,
        "submitted_at": stamp(submission.submitted_at),
        "learned_at": stamp(learned_at),
        "run_id": run_id,
    }
    return Version(row, Added(purged=1), attachments)


def _events(latest: sqlite3.Row, uuid: str, status: str, attachments: str) -> Added:
    reviewed, filed = status != latest["status"], attachments != latest["attachments"]
    return Added(
        # An edit always moves the uuid; what moves nothing we know of counts as one too.
        edited=int(uuid != latest["uuid"] or not (reviewed or filed)),
        validated=int(reviewed and status != ""),
        reset=int(reviewed and status == ""),
        attachments=int(filed),
    )


def _files(fields: Mapping[str, Any]) -> tuple[Attachment, ...]:
    listed = fields.get("_attachments")
    items = listed if isinstance(listed, list) else []
    return tuple(
        Attachment(
            item["uid"],
            str(item.get("media_file_basename") or ""),
            str(item.get("mimetype") or ""),
            str(item.get("question_xpath") or ""),
            item.get("is_deleted") is True,
        )
        for item in items
        if isinstance(item, dict) and isinstance(item.get("uid"), str)
    )


def _was_here(connection: sqlite3.Connection, submission: Submission) -> bool:
    """Whether the same interview is known under another id: deleted, and sent again."""
    if not submission.uuid:
        return False
    found = connection.execute(
        # Named, for without statistics SQLite walks through the whole form instead.
        "SELECT 1 FROM submission_latest INDEXED BY submission_root "
        "WHERE server_id = ? AND asset = ? AND root_uuid = ?",
        (submission.server_id, submission.asset, submission.root_uuid),
    ).fetchone()
    return found is not None


def deletion(row: sqlite3.Row, learned_at: datetime, run_id: int) -> Version:
    """Tombstone of the submission whose latest row is given: no body, and content of its own."""
    kept = {name: row[name] for name in ("server_id", "asset", "id", "root_uuid", "uuid")}
    tombstone = {
        **kept,
        "op": "D",
        "body": None,
        "sha256": "",
        "content_sha256": "",
        "status": row["status"],
        "form_version": row["form_version"],
        "submitted_at": row["submitted_at"],
        "learned_at": stamp(learned_at),
        "run_id": run_id,
    }
    return Version(tombstone, Added(), "")


def read_back(row: sqlite3.Row) -> Stored:
    """Version in a row that has a body."""
    submission = Submission(
        server_id=row["server_id"],
        asset=row["asset"],
        id=row["id"],
        root_uuid=row["root_uuid"],
        uuid=row["uuid"],
        form_version=row["form_version"],
        submitted_at=datetime.fromisoformat(row["submitted_at"]),
        body=row["body"],
    )
    learned_at = datetime.fromisoformat(row["learned_at"])
    return Stored(submission, row["seq"], row["op"], row["sha256"], learned_at)


def link(chain: str, row: Mapping[str, object]) -> str:
    """Value of `chain` for a row that stands behind the one whose value is given."""
    return sha256(json.dumps([chain, *(row[name] for name in CHAINED)]))


def sha256(text: str) -> str:
    """SHA-256 of a text in UTF-8, in hex."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def stamp(time: datetime) -> str:
    """UTC with microseconds, so that texts sort as times do."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
