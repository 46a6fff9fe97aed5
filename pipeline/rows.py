"""Adding a row to the ledger, chained to the last one, and what follows from it."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.ledger import Version, link

_LATEST = (
    "server_id", "asset", "id", "seq", "op", "root_uuid", "uuid", "status", "attachments",
    "sha256", "content_sha256",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tail:
    """The last row of the ledger: its number and its link in the chain."""

    seq: int
    chain: str

    @classmethod
    def of(cls, connection: sqlite3.Connection) -> "Tail":
        """The tail now; 0 and empty where the ledger is."""
        row = connection.execute(
            "SELECT seq, chain FROM submission_version ORDER BY seq DESC LIMIT 1"
        ).fetchone()
        return cls(row["seq"], row["chain"]) if row else cls(0, "")


def append(connection: sqlite3.Connection, tail: Tail, version: Version) -> Tail:
    """Add a version behind the tail, inside the caller's transaction; gives the new tail."""
    row = version.row
    chain = link(tail.chain, row)
    cursor = connection.execute(
        f"INSERT INTO submission_version ({', '.join([*row, 'chain'])}) "
        f"VALUES ({', '.join('?' * (len(row) + 1))})",
        (*row.values(), chain),
    )
    seq = int(cursor.lastrowid or 0)
    latest = {**row, "seq": seq, "attachments": version.attachments}
    connection.execute(
        f"INSERT OR REPLACE INTO submission_latest ({', '.join(_LATEST)}) "
        f"VALUES ({', '.join('?' * len(_LATEST))})",
        tuple(latest[name] for name in _LATEST),
    )
    # A first version without files is nearly every one: nothing to look up then.
    if version.files or row["op"] != "I":
        _list_files(connection, row, version)
    return Tail(seq, chain)


def _list_files(
    connection: sqlite3.Connection, row: Mapping[str, object], version: Version
) -> None:
    """Note which files the submission has now; one that is listed no more is gone."""
    key = (row["server_id"], row["asset"], row["id"])
    connection.execute(
        "UPDATE attachment SET state = 'gone' WHERE server_id = ? AND asset = ? AND id = ?", key
    )
    for file in version.files:
        state = "gone" if file.is_deleted else "wanted"
        connection.execute(
            "INSERT INTO attachment (server_id, asset, id, uid, name, mimetype, xpath, state, "
            "learned_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (server_id, asset, id, uid) DO UPDATE SET state = CASE "
            "WHEN excluded.state = 'wanted' AND held_at IS NOT NULL THEN 'held' "
            "ELSE excluded.state END",
            (*key, file.uid, file.name, file.mimetype, file.xpath, state, row["learned_at"]),
        )
