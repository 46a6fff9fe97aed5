"""A row of the ledger: how a submission becomes one, and how it is read back."""

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pipeline.record import content_hash, status_of
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
    """What became of some submissions: unknown before, changed, or exactly as known."""

    new: int = 0
    edited: int = 0
    same: int = 0

    def __add__(self, other: "Added") -> "Added":
        return Added(self.new + other.new, self.edited + other.edited, self.same + other.same)


def version_row(
    connection: sqlite3.Connection, submission: Submission, learned_at: datetime, run_id: int
) -> dict[str, object] | None:
    """Columns of the version this submission would add; None where it says nothing new."""
    key = (submission.server_id, submission.asset, submission.id)
    latest = connection.execute(
        "SELECT op, sha256, content_sha256 FROM submission_version "
        "WHERE server_id = ? AND asset = ? AND id = ? ORDER BY seq DESC LIMIT 1",
        key,
    ).fetchone()
    known = latest is not None and latest["op"] != "D"
    digest = sha256(submission.body)
    if known and digest == latest["sha256"]:
        return None
    fields = json.loads(submission.body)
    content = content_hash(fields)
    if known and content == latest["content_sha256"]:
        return None
    return {
        "server_id": submission.server_id,
        "asset": submission.asset,
        "id": submission.id,
        "root_uuid": submission.root_uuid,
        "uuid": submission.uuid,
        "op": "U" if known else "I",
        "body": submission.body,
        "sha256": digest,
        "content_sha256": content,
        "status": status_of(fields),
        "form_version": submission.form_version,
        "submitted_at": stamp(submission.submitted_at),
        "learned_at": stamp(learned_at),
        "run_id": run_id,
    }


def deletion_row(row: sqlite3.Row, learned_at: datetime, run_id: int) -> dict[str, object]:
    """Tombstone of the submission whose latest row is given: no body, and content of its own."""
    kept = {name: row[name] for name in ("server_id", "asset", "id", "root_uuid", "uuid")}
    return {
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
