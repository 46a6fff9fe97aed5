"""Rows of exported tables as records in the shape of KoBo's JSON.

Keys are full paths, every value is text, what is empty has no key, a repeat is a list. So the
same interview is the same `Submission`, whichever way it left the server.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from analysis.instrument import Instrument
from pipeline.exported.answers import Answers
from pipeline.exported.cells import time_text
from pipeline.exported.columns import read_headers
from pipeline.exported.errors import CellError, ExportError
from pipeline.exported.grid import Grid, Line, check_widths, column_of
from pipeline.instance_number import instance_number

Rec = dict[str, Any]
Say = Callable[[str], None]

REVIEW = {
    "approved": "validation_status_approved",
    "rejected": "validation_status_not_approved",
    "hasIssues": "validation_status_on_hold",
}
"""Central's review states under KoBo's names; `edited`, and none, are no verdict."""

_KEPT = ("_status", "_submitted_by", "_notes", "_tags", "__version__")


@dataclass(frozen=True, slots=True)
class _Node:
    """A record or an instance of a repeat: its answers, and the key of the submission it is in."""

    answers: Rec
    root: str = ""


def records_of(
    grids: Sequence[Grid], instrument: Instrument, *, zone: tzinfo | None = None, say: Say
) -> list[Rec]:
    """Records of an export, in the order of its rows.

    Parameters
    ----------
    grids
        Its tables (`read_grids`): one holds the submissions, each other one a repeat.
    instrument
        The form that was asked.
    zone
        Clock of the place, for times that a spreadsheet wrote without an offset.
    say
        Told what the file leaves out.

    Raises
    ------
    ExportError
        Where something can be read in two ways, or rows do not belong together.
    """
    for grid in grids:
        check_widths(grid)
    parents = {"_parent_table_name", "_parent_index", "PARENT_KEY"}
    mains = [grid for grid in grids if not parents & set(grid.header)]
    told = [grid for grid in mains if {"_id", "_uuid", "KEY"} & set(grid.header)] or mains[:1]
    if len(told) != 1 or not told[0].header:
        listed = ", ".join(g.sheet or str(g.path) for g in told if g.header) or "none"
        raise ExportError(
            f"{grids[0].path}: one table must hold the submissions, found {listed}. Export one "
            "form into one file."
        )
    for grid in mains:
        if grid is not told[0]:
            say(f"{grid.where()} is no part of an export and is not read.")
    children = [grid for grid in grids if parents & set(grid.header)]
    repeats = sorted({q.repeat for q in instrument.questions if q.repeat})
    if repeats and not children:
        say(
            f"{told[0].path} does not hold the answers in {', '.join(repeats)}: KoBo leaves "
            "repeats out of CSV. Export as XLSX or JSON, from Central as the zip of CSV."
        )
    if "KEY" in told[0].header:
        return _central(told[0], children, instrument, zone)
    return _kobo(told[0], children, instrument, zone)


def _kobo(
    main: Grid, children: Sequence[Grid], instrument: Instrument, zone: tzinfo | None
) -> list[Rec]:
    answers = Answers(main, read_headers(main, instrument), instrument, zone)
    nodes: dict[tuple[str, str], _Node] = {}
    found: list[Rec] = []
    for line in main.lines:
        system = answers.system(line)
        record = {**_kobo_system(answers, line, system, zone), **answers.of(line)}
        found.append(record)
        nodes[main.sheet, system.get("_index", str(len(found)))] = _Node(record)
    waiting = list(children)
    names = {grid.sheet for grid in children}
    while waiting:
        # A repeat inside a repeat comes after the one it stands in.
        ready = [g for g in waiting if not _parents(g) & {w.sheet for w in waiting}]
        if not ready:
            raise ExportError(f"{main.path}: its sheets name each other as parents. {_AGAIN}")
        for grid in ready:
            waiting.remove(grid)
            _kobo_repeat(main, grid, instrument, zone, nodes, names)
    return found


def _parents(grid: Grid) -> set[str]:
    return {name[:31] for name in column_of(grid, "_parent_table_name") if name}


def _kobo_repeat(
    main: Grid,
    grid: Grid,
    instrument: Instrument,
    zone: tzinfo | None,
    nodes: dict[tuple[str, str], _Node],
    names: set[str],
) -> None:
    path, answers = _best_repeat(grid, instrument, zone)
    for line in grid.lines:
        system = answers.system(line)
        parent = system.get("_parent_table_name", "")[:31]
        above = (parent if parent in names else main.sheet, system.get("_parent_index", ""))
        if above not in nodes:
            answers.refuse(line, "_parent_index", "no submission has this number as its _index")
        inside = {
            key: value for key, value in answers.of(line).items()
            if not key.startswith("_submission_")
        }  # fmt: skip
        node = _Node(dict(inside))
        nodes[grid.sheet, system.get("_index", "")] = node
        if inside:
            nodes[above].answers.setdefault(path, []).append(node.answers)


def _best_repeat(grid: Grid, instrument: Instrument, zone: tzinfo | None) -> tuple[str, Answers]:
    """The repeat whose questions the sheet's headers name."""
    repeats = dict.fromkeys(q.repeat for q in instrument.questions if q.repeat)
    told = {repeat: read_headers(grid, instrument, repeat) for repeat in repeats}
    best = max((headers.claimed for headers in told.values()), default=0)
    fitting = [repeat for repeat, headers in told.items() if best and headers.claimed == best]
    if len(fitting) > 1:
        fitting = [r for r in fitting if r.rpartition("/")[2][:31] == grid.sheet[:31]]
    if len(fitting) != 1:
        raise ExportError(
            f"{grid.where()}: no repeat of the form has these columns, so its rows belong to "
            "nothing. Use the questionnaire that was fielded, or take the sheet out."
        )
    return fitting[0], Answers(grid, told[fitting[0]], instrument, zone)


def _kobo_system(answers: Answers, line: Line, system: dict[str, str], zone: tzinfo | None) -> Rec:
    record: Rec = {}
    if "_id" in system:
        if not re.fullmatch(r"\d{1,18}", system["_id"]):
            answers.refuse(line, "_id", "no whole number, as after a spreadsheet shortened it")
        record["_id"] = int(system["_id"])
    for key in _KEPT:
        if key in system:
            record[key] = system[key]
    if uuid := system.get("_uuid", ""):
        record["_uuid"] = uuid
        record["meta/instanceID"] = system.get("meta/instanceID", f"uuid:{uuid}")
        record["meta/rootUuid"] = system.get("meta/rootUuid", f"uuid:{uuid}")
    if "meta/instanceName" in system:
        record["meta/instanceName"] = system["meta/instanceName"]
    if "_submission_time" in system:
        record["_submission_time"] = _sent(answers, line, "_submission_time", system)
    if status := system.get("_validation_status", ""):
        record["_validation_status"] = {"uid": status}
    return record


def _sent(answers: Answers, line: Line, column: str, system: dict[str, str]) -> str:
    """When the server got it; servers write UTC, KoBo without saying so."""
    try:
        return time_text(system[column], answers.habits, UTC)
    except CellError as error:
        answers.refuse(line, column, str(error))


def _central(
    main: Grid, children: Sequence[Grid], instrument: Instrument, zone: tzinfo | None
) -> list[Rec]:
    answers = Answers(main, read_headers(main, instrument), instrument, zone)
    nodes: dict[str, _Node] = {}
    found: list[Rec] = []
    locked = 0
    for line in main.lines:
        system = answers.system(line)
        key = system.get("KEY", "")
        if not key:
            answers.refuse(line, "KEY", "blank, so nobody knows which submission this is")
        if key in nodes:
            answers.refuse(line, "KEY", "this submission stands in the file twice")
        locked += "Status" in system
        record = {**_central_system(answers, line, system), **answers.of(line)}
        found.append(record)
        nodes[key] = _Node(record, key)
    if locked:
        raise ExportError(
            f"{main.where()}: {locked} of {len(main.lines)} submissions are still encrypted, so "
            "their answers are missing. Export again with the passphrase of the project."
        )
    # The parent's key is a beginning of the child's, so shorter keys come first.
    for grid in sorted(children, key=_depth):
        _central_repeat(grid, instrument, zone, nodes)
    return found


def _depth(grid: Grid) -> int:
    return max((key.count("[") for key in column_of(grid, "PARENT_KEY")), default=0)


def _central_repeat(
    grid: Grid, instrument: Instrument, zone: tzinfo | None, nodes: dict[str, _Node]
) -> None:
    if not grid.lines:
        return
    _, answers = _best_repeat(grid, instrument, zone)
    for line in grid.lines:
        system = answers.system(line)
        key, above = system.get("KEY", ""), system.get("PARENT_KEY", "")
        parent = nodes.get(above)
        if parent is None:
            answers.refuse(line, "PARENT_KEY", "no submission in the zip has this key")
        path = re.sub(r"\[\d+\]", "", key.removeprefix(parent.root)).strip("/")
        node = _Node(dict(answers.of(line)), parent.root)
        nodes[key] = node
        if node.answers:
            parent.answers.setdefault(path, []).append(node.answers)


def _central_system(answers: Answers, line: Line, system: dict[str, str]) -> Rec:
    key = system["KEY"]
    instance = system.get("meta/instanceID", key)
    sent = _sent(answers, line, "SubmissionDate", system) if "SubmissionDate" in system else ""
    record: Rec = {
        "_id": instance_number(key, _arrived(sent)),
        "_uuid": instance.removeprefix("uuid:"),
        "meta/instanceID": instance,
        "meta/rootUuid": key,
    }
    if "meta/instanceName" in system:
        record["meta/instanceName"] = system["meta/instanceName"]
    if "FormVersion" in system:
        record["__version__"] = system["FormVersion"]
    if "SubmitterName" in system:
        record["_submitted_by"] = system["SubmitterName"]
    if sent:
        record["_submission_time"] = sent
    if status := REVIEW.get(system.get("ReviewState", "")):
        record["_validation_status"] = {"uid": status}
    return record


def _arrived(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if text else None
    except ValueError:
        return None


_AGAIN = "Export the data again from the server and leave the file as it is."
