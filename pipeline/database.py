"""The store's SQLite file: how it is opened, and what its errors mean to a person."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.errors import StoreError
from pipeline.migrations import STEPS, attachments_in, migrate, steps_taken

SAFE_WAL = (3, 51, 3)
"""SQLite before this can, rarely, lose committed pages in WAL mode (sqlite.org/wal.html)."""


def journal_mode(sqlite_version: tuple[int, ...]) -> str:
    """Journal that loses nothing with this SQLite; both were measured equally fast."""
    return "WAL" if sqlite_version >= SAFE_WAL else "TRUNCATE"


def connect(path: Path, busy_timeout: float) -> sqlite3.Connection:
    """Connection in autocommit mode to a store with today's schema; makes it where there is none.

    Raises
    ------
    StoreError
        Where the folder is missing, the file is something else or from a newer version, or it
        cannot be read and written. The file is then left as it was.
    """
    if not path.parent.is_dir():
        raise StoreError(
            f"{path.parent}: no such folder, so the store cannot be opened. Make the folder, "
            "connect the drive it is on, or choose another with --data."
        )
    if path.is_dir():
        raise StoreError(f"{path}: a folder, not a store. Choose another place with --data.")
    with told(path):
        with suppress(FileExistsError):
            # Personal data: readable by nobody else, from the first byte on.
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        connection = sqlite3.connect(path, timeout=busy_timeout, isolation_level=None)
        try:
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    taken = steps_taken(connection)
    if taken is None:
        raise StoreError(
            f"{path}: an SQLite file of another program, left as it was. Move it away, or choose "
            "another place with --data."
        )
    if taken > len(STEPS):
        raise StoreError(
            f"{path}: written by a newer Persepsi (schema {taken}, this one knows {len(STEPS)}). "
            "Update Persepsi; the store was left as it was."
        )
    connection.row_factory = sqlite3.Row
    connection.execute(f"PRAGMA journal_mode = {journal_mode(sqlite3.sqlite_version_info)}")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.create_function("attachments_of", 1, attachments_in, deterministic=True)
    migrate(connection)


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what SQLite and the disk complain of into a StoreError; our own mistakes pass."""
    try:
        yield
    except sqlite3.Error as error:
        sentence = _sentence(error)
        if sentence is None:
            raise
        raise StoreError(f"{path}: {sentence}") from None
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be written ({error.strerror}). Check your permission and the disk."
        ) from None


def _sentence(error: sqlite3.Error) -> str | None:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte is the kind
    return {
        sqlite3.SQLITE_NOTADB: "not a store but another kind of file, left as it was. Move it "
        "away, or choose another place with --data.",
        sqlite3.SQLITE_BUSY: "another program is writing to the store. Wait until it is done and "
        "run again; nothing of this step was written.",
        sqlite3.SQLITE_LOCKED: "another part of the program holds the store. Run again.",
        sqlite3.SQLITE_FULL: "the disk is full. What was stored before is safe; make room and run "
        "again to go on.",
        sqlite3.SQLITE_READONLY: "the store may not be written. Check your permission for the "
        "file and its folder.",
        sqlite3.SQLITE_CANTOPEN: "the store cannot be opened. Check your permission for the file "
        "and its folder.",
        sqlite3.SQLITE_PERM: "the store may not be opened. Check your permission for the file.",
        sqlite3.SQLITE_CORRUPT: "the store is damaged. Keep the file, restore the latest backup "
        "beside it, and pull again: the server still has the submissions.",
        sqlite3.SQLITE_IOERR: "the disk failed while reading or writing. What was stored before is "
        "safe; check the disk and the free space, and run again.",
    }.get(code)
