"""A file of decisions about submissions, as a person edits it.

root_uuid;status;reason
3c4f...;not_approved;sesi ditutup sebelum wawancara
"""

import re
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import StudyError
from pipeline.tables import Row, read_table

STATUSES = ("approved", "not_approved", "on_hold")
REASONED = frozenset({"not_approved", "on_hold"})


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to become of one submission, named by its root uuid or by the server's number.

    One of `root_uuid` (without `uuid:`) and `number` (0: none) says which; `line` is the row of
    the file.
    """

    line: int
    root_uuid: str
    number: int
    status: str
    reason: str


def read_decisions(path: Path) -> tuple[Decision, ...]:
    """Decisions of a CSV with the columns `root_uuid` or `_id`, `status` and `reason`.

    Raises
    ------
    StudyError
        Where a row names no submission or no known status, a refusal or a hold has no reason,
        or two rows say different things of one submission.
    """
    found: dict[tuple[str, int], Decision] = {}
    for row in read_table(path, ["status", "reason"]):
        if "root_uuid" not in row and "_id" not in row:
            raise StudyError(
                f"{path}: neither a column root_uuid nor _id, so it does not say which submissions "
                "are meant. Name one of them in line 1."
            )
        decision = _decision(row, f"{path}, row {row.line}")
        key = (decision.root_uuid, decision.number)
        other = found.setdefault(key, decision)
        if other.status != decision.status:
            raise StudyError(
                f"{path}, rows {other.line} and {decision.line} decide the same submission as "
                f"{other.status} and {decision.status}. Keep the row that counts."
            )
    if not found:
        raise StudyError(f"{path}: no decision in it. Give each submission a row.")
    return tuple(found.values())


def _decision(row: Row, where: str) -> Decision:
    uuid = row.get("root_uuid", "").lower().removeprefix("uuid:")
    number = row.get("_id", "")
    if number and not re.fullmatch(r"[1-9][0-9]{0,17}", number):
        raise StudyError(
            f"{where}: _id {number!r} is no number of the server. A spreadsheet may have put "
            "points or decimals into it: format the column as text, or use root_uuid."
        )
    if not uuid and not number:
        raise StudyError(f"{where}: names no submission; fill root_uuid or _id.")
    status = row["status"].lower().removeprefix("validation_status_").replace(" ", "_")
    if status not in STATUSES:
        raise StudyError(f"{where}: status {row['status']!r} is none of {', '.join(STATUSES)}.")
    if status in REASONED and not row["reason"]:
        raise StudyError(
            f"{where}: {status} without a reason. Who reads this later must see why an interview "
            "was left out; write it in the column reason."
        )
    # Where both are given the uuid counts: it outlives a move to another server.
    return Decision(row.line, uuid, 0 if uuid else int(number), status, row["reason"])
