"""Validation statuses that we set ourselves: an append-only file beside the store.

A status on the server counts as ours only where value, account and second are those written
down here. Without the file every status counts as a human's, and is left alone.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.errors import StoreError
from pipeline.record import Record

PREFIX = "validation_status_"


@dataclass(frozen=True, slots=True)
class Held:
    """A submission as the server has it: ids and status (empty: none).

    `timestamp` is when the status was set (KoBo, seconds) or the submission last changed (ODK
    Central, milliseconds); `edited` that the server itself took the status back for an edit.
    """

    number: int
    root_uuid: str
    status: str
    by_whom: str
    timestamp: int
    edited: bool = False


@dataclass(frozen=True, slots=True)
class Pushed:
    """A status as the server had it right after we set it; `timestamp` as in `Held`."""

    server: str
    asset: str
    number: int
    root_uuid: str
    status: str
    by_whom: str
    timestamp: int
    reason: str = ""


def read_pushed(path: Path) -> dict[tuple[str, str, int], Pushed]:
    """Latest entry of each submission (server, asset, number); a torn last line is left out.

    Raises
    ------
    StoreError
        Where the file cannot be read, or a line before the last is damaged.
    """
    try:
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
    except (OSError, UnicodeDecodeError):
        raise StoreError(f"{path}: cannot be read. {_MEND}") from None
    found: dict[tuple[str, str, int], Pushed] = {}
    for number, line in enumerate(lines, start=1):
        try:
            one = Pushed(**json.loads(line))
        except (ValueError, TypeError):
            if number == len(lines):
                break  # the machine stopped while it was written
            raise StoreError(f"{path}, line {number}: damaged. {_MEND}") from None
        found[one.server, one.asset, one.number] = one
    return found


_MEND = (
    "Take it from a backup; or move it away, and every status on the server counts as a "
    "human's and is left alone."
)


def append_pushed(path: Path, entries: Iterable[Pushed]) -> None:
    """Write entries behind those there, down to the disk; without entries only make the file."""
    text = "".join(json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in entries)
    try:
        if path.exists():
            held = path.read_bytes()
            if held and not held.endswith(b"\n"):  # a torn line would swallow the next one
                with path.open("r+b") as file:
                    file.truncate(held.rfind(b"\n") + 1)
        with path.open("ab") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be written ({error.strerror}). A status that is set without a note "
            "of it counts as a human's from then on. Make room, or choose another --data folder."
        ) from None


def is_free(held: Held, entry: Pushed | None) -> bool:
    """Whether no human judged a submission: it has no status, or the one that we set.

    A status of ours that somebody took away is a human's decision, too; one that the server took
    back for an edit is not.
    """
    if held.edited:
        return True
    if entry is None:
        return not held.status
    ours = (entry.status, entry.by_whom, entry.timestamp)
    return (held.status, held.by_whom, held.timestamp) == ours


def held_of(record: Record) -> Held:
    """Ids and status of a record."""
    fields = record.fields
    told = fields.get("_validation_status")
    status = told if isinstance(told, dict) else {}
    root = fields.get("meta/rootUuid") or fields.get("meta/instanceID") or fields.get("_uuid") or ""
    timestamp = status.get("timestamp")
    return Held(
        number=int(fields["_id"]),
        root_uuid=str(root).lower().removeprefix("uuid:"),
        status=str(status.get("uid") or "").removeprefix(PREFIX),
        by_whom=str(status.get("by_whom") or ""),
        timestamp=timestamp if isinstance(timestamp, int) else 0,
    )
