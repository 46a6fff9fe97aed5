"""Whether a store still says what was written into it."""

import sqlite3
from collections.abc import Iterator

from pipeline.ledger import CHAINED, link, sha256


def damage(connection: sqlite3.Connection) -> list[str]:
    """Damage found by reading everything and computing every hash anew; empty where none.

    The chain shows rows that were changed, taken out or swapped; the end of the chain, noted
    by every pull, shows rows cut off behind it. What one sentence says holds no answer.
    """
    found = [
        f"SQLite reports: {row[0]}"
        for row in connection.execute("PRAGMA integrity_check")
        if row[0] != "ok"
    ]
    return [*found, *_chain(connection), *_index(connection)]


def _chain(connection: sqlite3.Connection) -> Iterator[str]:
    ends = {
        row["last_seq"]: row
        for row in connection.execute(
            "SELECT run_id, last_seq, head FROM pull_run WHERE last_seq > 0 ORDER BY run_id"
        )
    }
    chain, last = "", 0
    for row in connection.execute("SELECT * FROM submission_version ORDER BY seq"):
        where = f"Row {row['seq']} (form {row['asset']}, submission {row['id']})"
        body = row["body"]
        if body is not None and sha256(body) != row["sha256"]:
            yield f"{where}: the text is not the one that was stored."
        if link(chain, {name: row[name] for name in CHAINED}) != row["chain"]:
            yield f"{where}: the row, or one before it, was changed or taken out."
        chain, last = row["chain"], row["seq"]
        end = ends.pop(last, None)
        if end is not None and end["head"] != chain:
            yield (
                f"{where}: not the row that pull {end['run_id']} ended with; the rows up to it "
                "were written anew."
            )
    cut = max((seq for seq in ends if seq > last), default=0)
    if cut:
        yield (
            f"Rows {last + 1} to {cut}: pull {ends[cut]['run_id']} wrote them, and they were cut "
            "off since."
        )


def _index(connection: sqlite3.Connection) -> Iterator[str]:
    rows = connection.execute(
        """
        SELECT l.asset, l.id FROM submission_latest l
        LEFT JOIN submission_version v ON v.seq = l.seq
        WHERE (l.server_id, l.asset, l.id, l.op, l.root_uuid, l.uuid, l.status, l.sha256,
               l.content_sha256) IS NOT (v.server_id, v.asset, v.id, v.op, v.root_uuid, v.uuid,
               v.status, v.sha256, v.content_sha256)
           OR l.seq <> (SELECT max(seq) FROM submission_version m WHERE m.server_id = l.server_id
                        AND m.asset = l.asset AND m.id = l.id)
           OR (v.body IS NOT NULL AND attachments_of(v.body) <> l.attachments)
        """
    )
    for row in rows:
        yield f"Form {row['asset']}, submission {row['id']}: the index differs from the ledger."
    lost = connection.execute(
        """
        SELECT DISTINCT v.asset, v.id FROM submission_version v LEFT JOIN submission_latest l
        ON l.server_id = v.server_id AND l.asset = v.asset AND l.id = v.id WHERE l.id IS NULL
        """
    )
    for row in lost:
        yield f"Form {row['asset']}, submission {row['id']}: missing in the index."
