"""The ledger of submissions: every version the server ever gave us, in one SQLite file.

Rows are only ever added. A version's body is the JSON text exactly as it came; `sha256` is of
that text, `content_sha256` of what it says (see `pipeline.record.content_hash`) and decides
whether something changed. `chain` links each row to the one before, so that a row taken out or
rewritten later shows in `verify`. `submission_latest` is an index of what holds now, written in
the same transaction. Times are UTC. The file as a whole is personal data.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from pipeline.database import told
from pipeline.integrity import damage
from pipeline.ledger import Added, Stored, deletion, read_back, stamp, version_of
from pipeline.rows import Tail, append
from pipeline.source import FROM_START, FormVersion, Mark
from pipeline.storefile import StoreFile
from pipeline.submission import LARGEST_ID, Submission


@dataclass(frozen=True, slots=True)
class AssetCounts:
    """What the ledger holds of one form: current submissions, and versions of all of them."""

    server_id: str
    asset: str
    submissions: int
    versions: int
    form_versions: int


@dataclass(frozen=True, slots=True)
class FormState:
    """How far a form was looked through; each is empty before the first time.

    `swept_at` is when all its submissions were last compared (UTC, ours), `history_seen` and
    `modified_seen` the latest time the server itself named in its history and in
    `_date_modified`.
    """

    swept_at: str = ""
    history_seen: str = ""
    modified_seen: str = ""


class Store(StoreFile):
    """An open store; a context manager. Several processes may use one file at a time."""

    def begin_run(self, server_id: str, url: str, started_at: datetime) -> int:
        """Note that a pull began; gives its number."""
        with self.transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO pull_run (server_id, url, started_at) VALUES (?, ?, ?)",
                (server_id, url, stamp(started_at)),
            )
            return int(cursor.lastrowid or 0)

    def finish_run(self, run_id: int, ended_at: datetime, *, complete: bool) -> None:
        """Note how a pull ended, and the end of the chain; one that was killed keeps no end."""
        with self.transaction() as connection:
            tail = Tail.of(connection)
            connection.execute(
                "UPDATE pull_run SET ended_at = ?, outcome = ?, last_seq = ?, head = ? "
                "WHERE run_id = ?",
                (stamp(ended_at), "complete" if complete else "failed", tail.seq, tail.chain,
                 run_id),
            )  # fmt: skip

    def add_page(
        self, run_id: int, submissions: Iterable[Submission], learned_at: datetime
    ) -> Added:
        """Write what is new or changed in one page, whole or not at all.

        A submission whose content equals its latest version is left out; so the same page may
        come any number of times.
        """
        added, seen = Added(), 0
        with self.transaction() as connection:
            tail = Tail.of(connection)
            for submission in submissions:
                seen += 1
                version = version_of(connection, submission, learned_at, run_id)
                if version is None:
                    added += Added(same=1)
                    continue
                tail = append(connection, tail, version)
                added += version.events
            connection.execute(
                "UPDATE pull_run SET pages = pages + 1, seen = seen + ?, new = new + ?, "
                "edited = edited + ?, restored = restored + ?, validated = validated + ?, "
                "reset = reset + ?, attachments = attachments + ?, purged = purged + ? "
                "WHERE run_id = ?",
                (seen, added.new, added.edited, added.restored, added.validated, added.reset,
                 added.attachments, added.purged, run_id),
            )  # fmt: skip
        return added

    def add_deletions(
        self, run_id: int, server_id: str, asset: str, ids: Collection[int], learned_at: datetime
    ) -> int:
        """Write a tombstone for each of these submissions; earlier versions stay.

        Only for submissions of which it is known that the source holds them no more.
        """
        gone = 0
        with self.transaction() as connection:
            tail = Tail.of(connection)
            for number in sorted(ids):
                row = connection.execute(
                    "SELECT v.* FROM submission_version v JOIN submission_latest l "
                    "ON l.seq = v.seq WHERE l.server_id = ? AND l.asset = ? AND l.id = ? "
                    "AND l.op <> 'D'",
                    (server_id, asset, number),
                ).fetchone()
                if row is not None:
                    tail = append(connection, tail, deletion(row, learned_at, run_id))
                    gone += 1
            connection.execute(
                "UPDATE pull_run SET deleted = deleted + ? WHERE run_id = ?", (gone, run_id)
            )
        return gone

    def add_versions(self, versions: Iterable[FormVersion], learned_at: datetime) -> int:
        """Keep versions of forms; gives how many were unknown."""
        with self.transaction() as connection:
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
        rows = self.rows(
            "SELECT server_id, asset, version, content, deployed_at FROM form_version "
            "WHERE server_id = ? AND asset = ? ORDER BY deployed_at, version",
            (server_id, asset),
        )
        return [FormVersion(*row) for row in rows]

    def current(self, server_id: str, asset: str) -> Iterator[Stored]:
        """Latest version of every submission that was not deleted, by id."""
        rows = self.rows(
            "SELECT v.* FROM submission_latest l JOIN submission_version v ON v.seq = l.seq "
            "WHERE l.server_id = ? AND l.asset = ? AND l.op <> 'D' ORDER BY l.id",
            (server_id, asset),
        )
        for row in rows:
            if row["body"] is not None:  # a purged one says nothing any more
                yield read_back(row)

    def marks(
        self, server_id: str, asset: str, after: int = FROM_START, upto: int = LARGEST_ID
    ) -> dict[int, Mark]:
        """Mark of every current submission with an id above `after` and up to `upto`, by id."""
        rows = self.rows(
            "SELECT id, uuid, status, attachments FROM submission_latest WHERE server_id = ? "
            "AND asset = ? AND id > ? AND id <= ? AND op <> 'D' ORDER BY id",
            (server_id, asset, after, upto),
        )
        return {row["id"]: Mark(*row) for row in rows}

    def ids_of(self, server_id: str, asset: str, roots: Collection[str]) -> set[int]:
        """Ids of the current submissions of these interviews, named by root uuid."""
        found: set[int] = set()
        for root in roots:
            rows = self.rows(
                "SELECT id FROM submission_latest INDEXED BY submission_root WHERE server_id = ? "
                "AND asset = ? AND root_uuid = ? AND op <> 'D'",
                (server_id, asset, root),
            )
            found.update(row["id"] for row in rows)
        return found

    def held(self, server_id: str, asset: str) -> int:
        """How many current submissions there are."""
        return int(
            next(
                self.rows(
                    "SELECT count(*) FROM submission_latest WHERE server_id = ? AND asset = ? "
                    "AND op <> 'D'",
                    (server_id, asset),
                )
            )[0]
        )

    def watermark(self, server_id: str, asset: str, overlap: int = 0) -> int:
        """Id to read on from: the largest we know, or the one with `overlap` known ids above it.

        `FROM_START` where so many are not known. Pages arrive by ascending id and are written
        whole, so nothing below the largest id was skipped.
        """
        rows = self.rows(
            "SELECT id FROM submission_latest WHERE server_id = ? AND asset = ? "
            "ORDER BY id DESC LIMIT 1 OFFSET ?",
            (server_id, asset, overlap),
        )
        return next((row["id"] for row in rows), FROM_START)

    def state(self, server_id: str, asset: str) -> FormState:
        """How far a form was looked through."""
        rows = self.rows(
            "SELECT swept_at, history_seen, modified_seen FROM form_state "
            "WHERE server_id = ? AND asset = ?",
            (server_id, asset),
        )
        return next((FormState(*row) for row in rows), FormState())

    def keep_state(self, server_id: str, asset: str, state: FormState) -> None:
        """Remember how far a form was looked through."""
        with self.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO form_state VALUES (?, ?, ?, ?, ?)",
                (server_id, asset, state.swept_at, state.history_seen, state.modified_seen),
            )

    def counts(self) -> list[AssetCounts]:
        """What is held of each form, by server and asset."""
        rows = self.rows(
            "SELECT k.server_id, k.asset, "
            "(SELECT count(*) FROM submission_latest l WHERE l.server_id = k.server_id "
            " AND l.asset = k.asset AND l.op <> 'D'), "
            "(SELECT count(*) FROM submission_version v WHERE v.server_id = k.server_id "
            " AND v.asset = k.asset), "
            "(SELECT count(*) FROM form_version f WHERE f.server_id = k.server_id "
            " AND f.asset = k.asset) "
            "FROM (SELECT server_id, asset FROM submission_latest UNION "
            "SELECT server_id, asset FROM form_version) k ORDER BY k.server_id, k.asset"
        )
        return [AssetCounts(*row) for row in rows]

    def digest(self) -> str:
        """SHA-256 over the content of all current submissions: equal data, equal digest."""
        total = hashlib.sha256()
        rows = self.rows(
            "SELECT server_id, asset, id, content_sha256 FROM submission_latest l "
            "WHERE op <> 'D' AND NOT EXISTS (SELECT 1 FROM purged p WHERE p.server_id = "
            "l.server_id AND p.asset = l.asset AND p.root_uuid = l.root_uuid) "
            "ORDER BY server_id, asset, id"
        )
        for row in rows:
            total.update(json.dumps(list(row)).encode("ascii"))
        return total.hexdigest()

    def verify(self) -> list[str]:
        """Damage found by reading everything and computing every hash anew; empty where none."""
        with told(self.path):
            return damage(self._connection)
