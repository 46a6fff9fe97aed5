"""A copy of a store that can take its place, and what a store holds."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline.database import told
from pipeline.errors import StoreError
from pipeline.store import AssetCounts, Store


@dataclass(frozen=True, slots=True)
class Stats:
    """What a store holds, how large it is, when it was last filled, and the end of its chain."""

    path: str
    bytes: int
    forms: tuple[AssetCounts, ...]
    deleted: int
    files_held: int
    files_wanted: int
    pulls: int
    last_pull: str
    rows: int
    head: str


def back_up(store: Store, target: Path) -> list[str]:
    """Copy a store while others may write it, and verify the copy; gives what is wrong with it.

    The copy is made with SQLite's own backup, under another name until it is whole.

    Raises
    ------
    StoreError
        Where there is a file of that name already, or it cannot be written.
    """
    if target.exists():
        raise StoreError(f"{target}: there already, and left as it was. Name another file.")
    part = target.with_name(f"{target.name}.part")
    with told(target):
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        try:
            with closing(sqlite3.connect(part)) as copy:
                store.copy_to(copy)
            with Store.open(part) as copied:
                damage = copied.verify()
            os.replace(part, target)
        finally:
            part.unlink(missing_ok=True)
    return damage


def default_target(store: Path, now: Callable[[], datetime]) -> Path:
    """Name of today's copy, beside the store."""
    stamp = f"{now():%Y%m%d-%H%M%S}"
    return store.parent / "backup" / f"{store.stem}-{stamp}{store.suffix}"


def stats(store: Store) -> Stats:
    """What a store holds."""

    def one(sql: str) -> int:
        return int(next(store.rows(sql))[0] or 0)

    last = next(store.rows("SELECT max(ended_at) FROM pull_run WHERE outcome = 'complete'"))[0]
    tail = list(store.rows("SELECT seq, chain FROM submission_version ORDER BY seq DESC LIMIT 1"))
    return Stats(
        path=str(store.path),
        bytes=store.path.stat().st_size,
        forms=tuple(store.counts()),
        deleted=one("SELECT count(*) FROM submission_latest WHERE op = 'D'"),
        files_held=one("SELECT count(*) FROM attachment WHERE state = 'held'"),
        files_wanted=one("SELECT count(*) FROM attachment WHERE state = 'wanted'"),
        pulls=one("SELECT count(*) FROM pull_run"),
        last_pull=last or "",
        rows=one("SELECT count(*) FROM submission_version"),
        head=tail[0]["chain"] if tail else "",
    )
