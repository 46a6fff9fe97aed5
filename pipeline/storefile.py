"""An open store file: reading from it, and writing all of something or nothing."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from pipeline.database import connect, told


class StoreFile:
    """An open file; a context manager. Several processes may use one at a time."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self.path = path

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.path)!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @classmethod
    def open(cls, path: Path, *, busy_timeout: float = 10.0) -> Self:
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

    def copy_to(self, target: sqlite3.Connection) -> None:
        """Copy everything as it is at one moment; others may go on writing."""
        with told(self.path):
            self._connection.backup(target)

    def rows(self, sql: str, values: tuple[object, ...] = ()) -> Iterator[sqlite3.Row]:
        """Rows of a query, for the modules that keep more than submissions in the store."""
        with told(self.path):
            yield from self._connection.execute(sql, values)

    @contextmanager
    def transaction(self, *, wipe: bool = False) -> Iterator[sqlite3.Connection]:
        """A connection that writes all of what is asked of it, or nothing.

        `wipe` overwrites with zeros what is taken out, in the file and, where there is one, in
        the write-ahead log.
        """
        with told(self.path):
            if wipe:
                self._connection.execute("PRAGMA secure_delete = ON")
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            if wipe:
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
