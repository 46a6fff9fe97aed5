"""The ledger of submissions: every version the server ever gave us, in one SQLite file.

Rows are only ever added. A version's body is the JSON text exactly as it came; `sha256` is of
that text, `content_sha256` of what it says (see `pipeline.record.content_hash`) and decides
whether something changed. `chain` links each row to the one before, so that a row taken out or
rewritten later shows in `verify`. Times are UTC. The file as a whole is personal data.
"""

import hashlib
import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from pipeline.database import connect, told
from pipeline.ledger import (
    CHAINED,
    Added,
    Stored,
    deletion_row,
    link,
    read_back,
    sha256,
    stamp,
    version_row,
)
from pipeline.source import FROM_START, FormVersion, Mark
from pipeline.submission import Submission

_LATEST = """
    SELECT v.* FROM submission_version v JOIN (
        SELECT max(seq) AS seq FROM submission_version
        WHERE server_id = ? AND asset = ? GROUP BY id
    ) latest ON latest.seq = v.seq
    WHERE v.op <> 'D'
"""


@dataclass(frozen=True, slots=True)
class AssetCounts:
    """What the ledger holds of one form: current submissions, and versions of all of them."""

    server_id: str
    asset: str
    submissions: int
    versions: int
    form_versions: int


class Store:
    """An open store; a context manager. Several processes may use one file at a time."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self.path = path

    def __repr__(self) -> str:
        return f"Store({str(self.path)!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @classmethod
    def open(cls, path: Path, *, busy_timeout: float = 10.0) -> "Store":
        """Open a store, make it where there is none, and bring it to today's schema.

        `busy_timeout` is how many seconds to wait for another program that is writing.

        Raises
        ------
        StoreError
            Where the folder is missing, the file is something else or from a newer version, or
            it cannot be read and written. The file is then left as it was.
        """
        return cls(connect(path, busy_timeout), path)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def begin_run(self, server_id: str, url: str, started_at: datetime) -> int:
        """Note that a pull began; gives its number."""
        with self._transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO pull_run (server_id, url, started_at) VALUES (?, ?, ?)",
                (server_id, url, stamp(started_at)),
            )
            return int(cursor.lastrowid or 0)

    def finish_run(self, run_id: int, ended_at: datetime, *, complete: bool) -> None:
        """Note how a pull ended; one that was killed keeps no end."""
        with self._transaction() as connection:
            connection.execute(
                "UPDATE pull_run SET ended_at = ?, outcome = ? WHERE run_id = ?",
                (stamp(ended_at), "complete" if complete else "failed", run_id),
            )

    def add_page(
        self, run_id: int, submissions: Iterable[Submission], learned_at: datetime
    ) -> Added:
        """Write what is new or changed in one page, whole or not at all.

        A submission whose content equals its latest version is left out; so the same page may
        come any number of times.
        """
        added = Added()
        with self._transaction() as connection:
            for submission in submissions:
                row = version_row(connection, submission, learned_at, run_id)
                if row is None:
                    added += Added(same=1)
                    continue
                _append(connection, row)
                added += Added(new=1) if row["op"] == "I" else Added(edited=1)
            seen = added.new + added.edited + added.same
            connection.execute(
                "UPDATE pull_run SET pages = pages + 1, seen = seen + ?, new = new + ?, "
                "edited = edited + ? WHERE run_id = ?",
                (seen, added.new, added.edited, run_id),
            )
        return added

    def add_deletions(
        self, run_id: int, server_id: str, asset: str, ids: Collection[int], learned_at: datetime
    ) -> int:
        """Write a tombstone for each of these submissions; earlier versions stay.

        Only for a source that was read whole and is the whole truth, such as a file.
        """
        with self._transaction() as connection:
            rows = connection.execute(_LATEST, (server_id, asset)).fetchall()
            gone = [row for row in rows if row["id"] in ids]
            for row in gone:
                _append(connection, deletion_row(row, learned_at, run_id))
        return len(gone)

    def add_versions(self, versions: Iterable[FormVersion], learned_at: datetime) -> int:
        """Keep versions of forms; gives how many were unknown."""
        with self._transaction() as connection:
            cursors = [
                connection.execute(
                    "INSERT INTO form_version VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    (v.server_id, v.asset, v.version, v.content, v.deployed_at, stamp(learned_at)),
                )
                for v in versions
            ]
            return sum(cursor.rowcount for cursor in cursors)

    def form_versions(self, server_id: str, asset: str) -> list[FormVersion]:
        """Versions of a form, in the order they were deployed."""
        rows = self._rows(
            "SELECT server_id, asset, version, content, deployed_at FROM form_version "
            "WHERE server_id = ? AND asset = ? ORDER BY deployed_at, version",
            (server_id, asset),
        )
        return [FormVersion(*row) for row in rows]

    def current(self, server_id: str, asset: str) -> Iterator[Stored]:
        """Latest version of every submission that was not deleted, by id."""
        for row in self._rows(f"{_LATEST} ORDER BY v.id", (server_id, asset)):
            if row["body"] is not None:  # a purged one says nothing any more
                yield read_back(row)

    def marks(self, server_id: str, asset: str) -> dict[int, Mark]:
        """Mark of every current submission, by id."""
        rows = self._rows(_LATEST, (server_id, asset))
        return {row["id"]: Mark(row["id"], row["uuid"], row["status"]) for row in rows}

    def watermark(self, server_id: str, asset: str, overlap: int = 0) -> int:
        """Id to read on from: the largest we know, or the one with `overlap` known ids above it.

        `FROM_START` where so many are not known. Pages arrive by ascending id and are written
        whole, so nothing below the largest id was skipped.
        """
        rows = self._rows(
            "SELECT DISTINCT id FROM submission_version WHERE server_id = ? AND asset = ? "
            "ORDER BY id DESC LIMIT 1 OFFSET ?",
            (server_id, asset, overlap),
        )
        return next((row["id"] for row in rows), FROM_START)

    def counts(self) -> list[AssetCounts]:
        """What is held of each form, by server and asset."""
        keys = self._rows(
            "SELECT server_id, asset FROM submission_version UNION "
            "SELECT server_id, asset FROM form_version ORDER BY server_id, asset"
        )
        return [self._count(key["server_id"], key["asset"]) for key in list(keys)]

    def digest(self) -> str:
        """SHA-256 over the content of all current submissions: equal data, equal digest."""
        total = hashlib.sha256()
        rows = self._rows(
            "SELECT v.server_id, v.asset, v.id, v.content_sha256 FROM submission_version v "
            "WHERE v.op <> 'D' AND v.seq IN "
            "(SELECT max(seq) FROM submission_version GROUP BY server_id, asset, id) "
            "ORDER BY v.server_id, v.asset, v.id"
        )
        for row in rows:
            total.update(json.dumps(list(row)).encode("ascii"))
        return total.hexdigest()

    def verify(self) -> list[str]:
        """Damage found by reading everything and computing every hash anew; empty where none.

        Rows cut off at the very end do not show: the server still has them.
        """
        found = [
            f"SQLite reports: {row[0]}"
            for row in self._rows("PRAGMA integrity_check")
            if row[0] != "ok"
        ]
        chain = ""
        for row in self._rows("SELECT * FROM submission_version ORDER BY seq"):
            where = f"Row {row['seq']} (form {row['asset']}, submission {row['id']})"
            body = row["body"]
            if body is not None and sha256(body) != row["sha256"]:
                found.append(f"{where}: the text is not the one that was stored.")
            if link(chain, {name: row[name] for name in CHAINED}) != row["chain"]:
                found.append(f"{where}: the row, or one before it, was changed or taken out.")
            chain = row["chain"]
        return found

    def _count(self, server_id: str, asset: str) -> AssetCounts:
        key = (server_id, asset)
        numbers = [
            next(self._rows(sql, key))[0]
            for sql in (
                f"SELECT count(*) FROM ({_LATEST})",
                "SELECT count(*) FROM submission_version WHERE server_id = ? AND asset = ?",
                "SELECT count(*) FROM form_version WHERE server_id = ? AND asset = ?",
            )
        ]
        return AssetCounts(server_id, asset, *numbers)

    def _rows(self, sql: str, values: tuple[object, ...] = ()) -> Iterator[sqlite3.Row]:
        with told(self.path):
            yield from self._connection.execute(sql, values)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with told(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise


def _append(connection: sqlite3.Connection, row: Mapping[str, object]) -> None:
    """Add a row behind the last one, chained to it."""
    last = connection.execute(
        "SELECT chain FROM submission_version ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    chain = link(last["chain"] if last else "", row)
    connection.execute(
        f"INSERT INTO submission_version ({', '.join([*row, 'chain'])}) "
        f"VALUES ({', '.join('?' * (len(row) + 1))})",
        (*row.values(), chain),
    )
