"""Files that came with submissions: fetched once, kept by their id, checked by their hash.

They lie beside the store, `attachments/<asset>/<uid>`, never in it. A file takes its name when
it is whole; what came of one so far stays as `.part`, and the next pull goes on there. The log
of how an interview was filled in (`audit.csv`) comes first, for the checks need it.
"""

import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from pipeline.errors import ServerError, StoreError
from pipeline.ledger import stamp
from pipeline.source import FileSource
from pipeline.store import Store

Which = Literal["none", "audit", "all"]
FAILURES = 3
"""So many files in a row that cannot be had, and the rest waits for the next pull."""

_AUDIT = re.compile(r"audit[^/]*\.csv", re.IGNORECASE)
_SAFE = re.compile(r"[A-Za-z0-9_-]{1,100}")


@dataclass(frozen=True, slots=True)
class Files:
    """Which files to fetch, and the folder they are kept in."""

    folder: Path
    which: Which = "audit"


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of the files of a form: fetched now, their bytes, and those still missing."""

    form_id: str
    fetched: int
    bytes: int
    missing: int
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that is held: of which submission, its name on the phone, and where it lies."""

    id: int
    uid: str
    name: str
    path: Path
    sha256: str


def fetch_files(
    source: FileSource,
    store: Store,
    form_id: str,
    asset: str,
    files: Files,
    now: Callable[[], datetime],
) -> Fetched:
    """Fetch the files of a form that are not held yet; a file that cannot be had is no error.

    Raises
    ------
    StoreError
        Where the disk does not take them.
    """
    wanted = [
        row
        for row in store.rows(
            "SELECT id, uid, name FROM attachment WHERE server_id = ? AND asset = ? "
            "AND state = 'wanted' ORDER BY id, uid",
            (source.server_id, asset),
        )
        if files.which == "all" or (files.which == "audit" and is_audit(row["name"]))
    ]
    wanted.sort(key=lambda row: not is_audit(row["name"]))  # stable: by id within both
    count, total, in_a_row, trouble = 0, 0, 0, ""
    for row in wanted:
        path = place(files.folder, asset, row["uid"])
        try:
            size, digest = _fetch(source, asset, row["id"], row["uid"], path)
        except ServerError as error:
            trouble = str(error)
            in_a_row += 1
            if in_a_row == FAILURES:
                break
            continue
        except OSError as error:
            raise StoreError(
                f"{path}: cannot be written ({error.strerror}). Make room or check your "
                "permission, and run again; what was stored before is safe."
            ) from None
        in_a_row = 0
        count, total = count + 1, total + size
        with store.transaction() as connection:
            connection.execute(
                "UPDATE attachment SET state = 'held', bytes = ?, sha256 = ?, held_at = ? "
                "WHERE server_id = ? AND asset = ? AND id = ? AND uid = ?",
                (size, digest, stamp(now()), source.server_id, asset, row["id"], row["uid"]),
            )
    return Fetched(form_id, count, total, len(wanted) - count, trouble)


def held_files(store: Store, folder: Path, server_id: str, asset: str) -> list[Kept]:
    """Files of a form that are held and still belong to it, by submission."""
    rows = store.rows(
        "SELECT id, uid, name, sha256 FROM attachment WHERE server_id = ? AND asset = ? "
        "AND state = 'held' ORDER BY id, uid",
        (server_id, asset),
    )
    return [
        Kept(row["id"], row["uid"], row["name"], place(folder, asset, row["uid"]), row["sha256"])
        for row in rows
    ]


def damaged_files(store: Store, folder: Path) -> list[str]:
    """A sentence for each file that is gone or not what was fetched."""
    found = []
    rows = store.rows(
        "SELECT asset, id, uid, sha256 FROM attachment WHERE held_at IS NOT NULL "
        "ORDER BY asset, id, uid"
    )
    for row in rows:
        path = place(folder, row["asset"], row["uid"])
        where = f"File {row['uid']} (form {row['asset']}, submission {row['id']})"
        if not path.exists():
            found.append(f"{where}: not there any more.")
        elif digest_of(path) != row["sha256"]:
            found.append(f"{where}: not the bytes that were fetched.")
    return found


def is_audit(name: str) -> bool:
    """Whether a file is the log that the phone keeps of an interview."""
    return _AUDIT.fullmatch(name) is not None


def place(folder: Path, asset: str, uid: str) -> Path:
    """Where a file lies. What a server calls it is never taken for a path."""
    names = [
        name if _SAFE.fullmatch(name) else hashlib.sha256(name.encode()).hexdigest()
        for name in (asset, uid)
    ]
    return folder / names[0] / names[1]


def digest_of(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fetch(source: FileSource, asset: str, number: int, uid: str, path: Path) -> tuple[int, str]:
    """Size and hash of a file that now lies in its place, whole."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():  # else: killed between here and the store
        part = path.with_name(f"{path.name}.part")
        source.download(asset, number, uid, part)
        part.chmod(0o600)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(part, path)
    return path.stat().st_size, digest_of(path)
