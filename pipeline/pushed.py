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


@dataclass(frozen=True, slots=True)
class Pushed:
    """A status as the server had it right after we set it; `timestamp` is the server's second."""

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
