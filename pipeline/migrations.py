"""The store's schema, step by step; a step once released is never changed.

A store knows how many steps it has taken (`schema_version`). Opening it takes the rest, each in
one transaction, so that a crash leaves the schema before or after a step and nothing between.
"""

import json
import sqlite3

from pipeline.record import attachments_of

APPLICATION_ID = 0x50525350
"""Marks an SQLite file as ours (PRSP)."""

STEPS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE pull_run (
            run_id     INTEGER PRIMARY KEY,
            server_id  TEXT NOT NULL,
            url        TEXT NOT NULL,
            started_at TEXT NOT NULL,
            ended_at   TEXT,
            outcome    TEXT CHECK (outcome IN ('complete', 'failed')),
            pages      INTEGER NOT NULL DEFAULT 0,
            seen       INTEGER NOT NULL DEFAULT 0,
            new        INTEGER NOT NULL DEFAULT 0,
            edited     INTEGER NOT NULL DEFAULT 0
        )
        """,
        """
        CREATE TABLE submission_version (
            seq            INTEGER PRIMARY KEY,
            server_id      TEXT NOT NULL,
            asset          TEXT NOT NULL,
            id             INTEGER NOT NULL,
            root_uuid      TEXT NOT NULL,
            uuid           TEXT NOT NULL,
            op             TEXT NOT NULL CHECK (op IN ('I', 'U', 'D')),
            body           TEXT,
            sha256         TEXT NOT NULL,
            content_sha256 TEXT NOT NULL,
            status         TEXT NOT NULL,
            form_version   TEXT,
            submitted_at   TEXT NOT NULL,
            learned_at     TEXT NOT NULL,
            run_id         INTEGER NOT NULL REFERENCES pull_run (run_id),
            chain          TEXT NOT NULL
        )
        """,
        "CREATE UNIQUE INDEX submission_key ON submission_version (server_id, asset, id, seq)",
        # The ledger only grows. A purge may empty a body; hash and place in the chain stay.
        """
        CREATE TRIGGER submission_version_is_kept BEFORE DELETE ON submission_version
        BEGIN SELECT RAISE(ABORT, 'submission_version is append-only'); END
        """,
        """
        CREATE TRIGGER submission_version_is_final BEFORE UPDATE ON submission_version
        WHEN NEW.body IS NOT NULL OR (
            OLD.seq, OLD.server_id, OLD.asset, OLD.id, OLD.root_uuid, OLD.uuid, OLD.op,
            OLD.sha256, OLD.content_sha256, OLD.status, OLD.form_version, OLD.submitted_at,
            OLD.learned_at, OLD.run_id, OLD.chain
        ) IS NOT (
            NEW.seq, NEW.server_id, NEW.asset, NEW.id, NEW.root_uuid, NEW.uuid, NEW.op,
            NEW.sha256, NEW.content_sha256, NEW.status, NEW.form_version, NEW.submitted_at,
            NEW.learned_at, NEW.run_id, NEW.chain
        )
        BEGIN SELECT RAISE(ABORT, 'submission_version is append-only'); END
        """,
        """
        CREATE TABLE form_version (
            server_id   TEXT NOT NULL,
            asset       TEXT NOT NULL,
            version     TEXT NOT NULL,
            content     TEXT NOT NULL,
            deployed_at TEXT NOT NULL,
            learned_at  TEXT NOT NULL,
            PRIMARY KEY (server_id, asset, version)
        )
        """,
    ),
    (
        # What the ledger says of each submission now, without walking through all bodies. It is
        # derived: `verify` compares it with the ledger.
        """
        CREATE TABLE submission_latest (
            server_id      TEXT NOT NULL,
            asset          TEXT NOT NULL,
            id             INTEGER NOT NULL,
            seq            INTEGER NOT NULL REFERENCES submission_version (seq),
            op             TEXT NOT NULL,
            root_uuid      TEXT NOT NULL,
            uuid           TEXT NOT NULL,
            status         TEXT NOT NULL,
            attachments    TEXT NOT NULL,
            sha256         TEXT NOT NULL,
            content_sha256 TEXT NOT NULL,
            PRIMARY KEY (server_id, asset, id)
        ) WITHOUT ROWID
        """,
        """
        INSERT INTO submission_latest
        SELECT v.server_id, v.asset, v.id, v.seq, v.op, v.root_uuid, v.uuid, v.status,
               attachments_of(v.body), v.sha256, v.content_sha256
        FROM submission_version v JOIN (
            SELECT max(seq) AS seq FROM submission_version GROUP BY server_id, asset, id
        ) latest ON latest.seq = v.seq
        """,
        "CREATE INDEX submission_root ON submission_latest (server_id, asset, root_uuid)",
        # How far a form was looked through, in our time and in the server's.
        """
        CREATE TABLE form_state (
            server_id    TEXT NOT NULL,
            asset        TEXT NOT NULL,
            swept_at     TEXT NOT NULL DEFAULT '',
            history_seen TEXT NOT NULL DEFAULT '',
            modified_seen TEXT NOT NULL DEFAULT '',
            PRIMARY KEY (server_id, asset)
        )
        """,
        """
        CREATE TABLE attachment (
            server_id  TEXT NOT NULL,
            asset      TEXT NOT NULL,
            id         INTEGER NOT NULL,
            uid        TEXT NOT NULL,
            name       TEXT NOT NULL,
            mimetype   TEXT NOT NULL,
            xpath      TEXT NOT NULL,
            state      TEXT NOT NULL CHECK (state IN ('wanted', 'held', 'gone')),
            bytes      INTEGER,
            sha256     TEXT,
            learned_at TEXT NOT NULL,
            held_at    TEXT,
            PRIMARY KEY (server_id, asset, id, uid)
        ) WITHOUT ROWID
        """,
        """
        INSERT OR IGNORE INTO attachment
        SELECT l.server_id, l.asset, l.id, json_extract(a.value, '$.uid'),
               coalesce(json_extract(a.value, '$.media_file_basename'), ''),
               coalesce(json_extract(a.value, '$.mimetype'), ''),
               coalesce(json_extract(a.value, '$.question_xpath'), ''),
               CASE WHEN json_extract(a.value, '$.is_deleted') THEN 'gone' ELSE 'wanted' END,
               NULL, NULL, v.learned_at, NULL
        FROM submission_latest l JOIN submission_version v ON v.seq = l.seq,
             json_each(v.body, '$._attachments') a
        WHERE l.op <> 'D' AND json_extract(a.value, '$.uid') IS NOT NULL
        """,
        "ALTER TABLE pull_run ADD COLUMN restored INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE pull_run ADD COLUMN validated INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE pull_run ADD COLUMN reset INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE pull_run ADD COLUMN attachments INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE pull_run ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0",
        # The end of the chain when a pull ended: rows cut off behind it later show.
        "ALTER TABLE pull_run ADD COLUMN last_seq INTEGER",
        "ALTER TABLE pull_run ADD COLUMN head TEXT",
    ),
    (
        # Interviews whose answers were taken out for good: what a server sends of one later, under
        # whatever id, is noted without its text.
        """
        CREATE TABLE purged (
            server_id TEXT NOT NULL,
            asset     TEXT NOT NULL,
            root_uuid TEXT NOT NULL,
            purged_at TEXT NOT NULL,
            reason    TEXT NOT NULL,
            PRIMARY KEY (server_id, asset, root_uuid)
        ) WITHOUT ROWID
        """,
        """
        CREATE TRIGGER purged_is_kept BEFORE DELETE ON purged
        BEGIN SELECT RAISE(ABORT, 'purged is append-only'); END
        """,
        # The rule holds below every program that writes here, an older one too.
        """
        CREATE TRIGGER purged_stays_purged BEFORE INSERT ON submission_version
        WHEN NEW.body IS NOT NULL AND EXISTS (
            SELECT 1 FROM purged p WHERE p.server_id = NEW.server_id AND p.asset = NEW.asset
            AND p.root_uuid = NEW.root_uuid
        )
        BEGIN SELECT RAISE(ABORT, 'a purged interview cannot come back'); END
        """,
        "ALTER TABLE pull_run ADD COLUMN purged INTEGER NOT NULL DEFAULT 0",
    ),
)


def attachments_in(body: str | None) -> str:
    """Mark of the attachments in a record's text, for SQL; a purged record has none."""
    return attachments_of(json.loads(body)) if body else ""


def steps_taken(connection: sqlite3.Connection) -> int | None:
    """How many steps a file has taken: 0 for an empty one, None where it is not a store."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    if application == APPLICATION_ID:
        row = connection.execute("SELECT max(version) FROM schema_version").fetchone()
        return int(row[0] or 0)
    if application or connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
        return None
    return 0


def migrate(connection: sqlite3.Connection, steps: tuple[tuple[str, ...], ...] = STEPS) -> None:
    """Take the steps a store has not taken yet, each in a transaction of its own.

    `connection` is in autocommit mode. Two programs may do this at once: the second waits and
    finds nothing left to do.
    """
    connection.create_function("attachments_of", 1, attachments_in, deterministic=True)
    while (steps_taken(connection) or 0) < len(steps):  # asked without a lock: readers may open
        connection.execute("BEGIN IMMEDIATE")
        try:
            taken = steps_taken(connection)
            if taken is None or taken >= len(steps):
                connection.execute("ROLLBACK")
                return
            if taken == 0:
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute("CREATE TABLE schema_version (version INTEGER PRIMARY KEY)")
            for statement in steps[taken]:
                connection.execute(statement)
            connection.execute("INSERT INTO schema_version VALUES (?)", (taken + 1,))
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
