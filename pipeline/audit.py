"""The log that phones keep of an interview (`audit.csv`), as one Parquet file a form.

Each row is an event: a question shown, a form saved, an answer changed. They are many, and none
is a submission, so they never enter the ledger. Old and new values are answers: the file is
personal data as the store is.
"""

import csv
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.attachments import Kept, digest_of, is_audit
from pipeline.errors import StoreError

TEXTS = ("event", "node", "old_value", "new_value", "user", "change_reason")
TIMES = ("start", "end")
NUMBERS = ("latitude", "longitude", "accuracy")
SCHEMA = pa.schema(
    [
        pa.field("submission_id", pa.int64(), nullable=False),
        pa.field("seq", pa.int32(), nullable=False),
        *(pa.field(name, pa.string()) for name in TEXTS),
        *(pa.field(name, pa.timestamp("ms", tz="UTC")) for name in TIMES),
        *(pa.field(name, pa.float64()) for name in NUMBERS),
    ]
)
FILES_AT_ONCE = 500
_MADE_FROM = b"persepsi.audit"


@dataclass(frozen=True, slots=True)
class AuditLog:
    """What became of the logs of a form: files read, their events, and files that are none."""

    files: int
    events: int
    unreadable: int


def write_audit(held: Sequence[Kept], path: Path) -> AuditLog | None:
    """Write the events of all held logs into `path`, whole or not at all.

    None where the file is made from these very logs already. Rows stand in the order of
    submission and event; times are UTC, in milliseconds, as the phone's clock had them. A cell
    that is no number or no time is empty.

    Raises
    ------
    StoreError
        Where the file cannot be written.
    """
    logs = [kept for kept in held if is_audit(kept.name)]
    made_from = "\n".join(f"{kept.id} {kept.uid} {kept.sha256}" for kept in logs).encode()
    if not logs or _made_from(path) == made_from:
        return None
    schema = SCHEMA.with_metadata({_MADE_FROM: made_from})
    temporary = path.with_name(f"{path.name}.tmp")
    events, unreadable = 0, 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
            for first in range(0, len(logs), FILES_AT_ONCE):
                rows: list[dict[str, object]] = []
                for kept in logs[first : first + FILES_AT_ONCE]:
                    found = read_events(kept.path.read_bytes(), kept.id)
                    intact = found is not None and digest_of(kept.path) == kept.sha256
                    unreadable += not intact
                    rows += found or [] if intact else []
                events += len(rows)
                writer.write_table(pa.Table.from_pylist(rows, schema))
        temporary.chmod(0o600)
        os.replace(temporary, path)
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be written ({error.strerror}). Make room, or run `persepsi store "
            "verify`; the submissions are safe."
        ) from None
    finally:
        temporary.unlink(missing_ok=True)
    return AuditLog(len(logs), events, unreadable)


def read_events(content: bytes, number: int) -> list[dict[str, object]] | None:
    """Events of one log; None where it is no log. `number` is the submission's id."""
    try:
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        if not {"event", "start"} <= set(reader.fieldnames or ()):
            return None
        return [_event(number, seq, row) for seq, row in enumerate(reader)]
    except (UnicodeDecodeError, csv.Error):
        return None


def _event(number: int, seq: int, row: dict[str, str]) -> dict[str, object]:
    found: dict[str, object] = {"submission_id": number, "seq": seq}
    found |= {name: row.get(name.replace("_", "-")) or None for name in TEXTS}
    found |= {name: _whole(row.get(name)) for name in TIMES}
    found |= {name: _number(row.get(name)) for name in NUMBERS}
    return found


def _whole(text: str | None) -> int | None:
    # Milliseconds since 1970; Arrow takes 64 bits, dates a person can mean far fewer.
    number = int(text) if text and text.strip().isdecimal() and len(text) < 18 else None
    return number if number is not None and number < 253_402_300_800_000 else None


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _made_from(path: Path) -> bytes:
    try:
        return bytes((pq.read_schema(path).metadata or {}).get(_MADE_FROM, b""))
    except (OSError, pa.ArrowInvalid):
        return b""
