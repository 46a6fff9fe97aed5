"""Taking an interview's answers out of the store for good.

The body goes in every version, hash and place in the chain stay, and the interview is noted as
purged. What a server sends of it later, edited, under another id, or after a deletion, is noted
without its text: the purge wins. Copies made before hold the answers still: backups, exports,
and whatever is on the server.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline.attachments import place
from pipeline.errors import StoreError
from pipeline.ledger import stamp
from pipeline.store import Store


@dataclass(frozen=True, slots=True)
class Purged:
    """What a purge did: interviews noted, bodies emptied, and files taken away.

    `unknown` counts interviews that the store does not have; they are kept out all the same.
    """

    interviews: int
    bodies: int
    files: int
    unknown: int


def purge(
    store: Store,
    server_id: str,
    asset: str,
    roots: Collection[str],
    *,
    reason: str,
    at: datetime,
    files: Path | None = None,
) -> Purged:
    """Take these interviews, named by root uuid, out of the store and out of `files`.

    All of it or nothing is done in the store; files go before it, so that a run that was killed
    is made again and none is forgotten. A second purge of the same interviews changes nothing.

    Raises
    ------
    StoreError
        Where there is no reason, or the store or the files cannot be written.
    """
    if not reason.strip():
        raise StoreError(
            "A purge without a reason: who reads the ledger later must see why answers are "
            "missing. Say which request or which rule it follows."
        )
    wanted = sorted({root.strip().removeprefix("uuid:") for root in roots} - {""})
    gone = _take_files(store, server_id, asset, wanted, files) if files is not None else 0
    bodies = noted = unknown = 0
    with store.transaction(wipe=True) as connection:
        for root in wanted:
            cursor = connection.execute(
                "INSERT INTO purged VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (server_id, asset, root, stamp(at), reason),
            )
            noted += cursor.rowcount
            ids = [
                row["id"]
                for row in connection.execute(
                    "SELECT id FROM submission_latest WHERE server_id = ? AND asset = ? "
                    "AND root_uuid = ?",
                    (server_id, asset, root),
                )
            ]
            unknown += not ids
            for number in ids:
                key = (server_id, asset, number)
                cursor = connection.execute(
                    "UPDATE submission_version SET body = NULL WHERE server_id = ? AND asset = ? "
                    "AND id = ? AND body IS NOT NULL",
                    key,
                )
                bodies += cursor.rowcount
                connection.execute(
                    "UPDATE attachment SET state = 'gone', name = '', bytes = NULL, "
                    "sha256 = NULL, held_at = NULL WHERE server_id = ? AND asset = ? AND id = ?",
                    key,
                )
    return Purged(noted, bodies, gone, unknown)


def _take_files(
    store: Store, server_id: str, asset: str, roots: Collection[str], folder: Path
) -> int:
    """Delete the files of these interviews, and what came of them so far; how many."""
    gone = 0
    for root in roots:
        rows = store.rows(
            "SELECT a.uid FROM attachment a JOIN submission_latest l ON l.server_id = a.server_id "
            "AND l.asset = a.asset AND l.id = a.id WHERE l.server_id = ? AND l.asset = ? "
            "AND l.root_uuid = ?",
            (server_id, asset, root),
        )
        for row in list(rows):
            path = place(folder, asset, row["uid"])
            try:
                gone += path.exists()
                path.unlink(missing_ok=True)
                path.with_name(f"{path.name}.part").unlink(missing_ok=True)
            except OSError as error:
                raise StoreError(
                    f"{path}: cannot be deleted ({error.strerror}), so nothing was purged. Close "
                    "the program that has it open, and run again."
                ) from None
    return gone
