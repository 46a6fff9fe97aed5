"""The store's schema, step by step; a step once released is never changed.

A store knows how many steps it has taken (`schema_version`). Opening it takes the rest, each in
one transaction, so that a crash leaves the schema before or after a step and nothing between.
"""

import sqlite3

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
        # The ledger only grows. Later, a purge may empty a body; hash and place in the chain stay.
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
)


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
