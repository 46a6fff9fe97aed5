"""Uploading a workbook into a project, and waiting until the server has read it.

The answer to an upload says nothing: it is 201 even for a file that is no workbook. What became
of it stands in a task that is asked for again and again. A failed import leaves the form as it
was. A task whose worker died stays `processing` for ever, hence the deadline.
"""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from pipeline.kobo.assets import asset_path
from pipeline.kobo.objects import read_object
from pipeline.kobo.session import Session
from pipeline.transport import Upload
from pipeline.transport.errors import ImportFailedError, ImportStuckError

IMPORTS = "/api/v2/imports/"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST_PAUSE = 5.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for the server, and with which clock.

    `seconds` is the deadline, `clock` a monotonic clock, `sleep` how to wait.
    """

    seconds: float
    clock: Callable[[], float]
    sleep: Callable[[float], None]


def start_import(session: Session, asset: str, filename: str, workbook: bytes) -> str:
    """Upload a workbook over the form of a project; gives the id of the server's task.

    `destination` alone is sent: without it, and without `library=false`, the server would make
    a block of the question library, which cannot be deployed.
    """
    upload = Upload(
        {"destination": session.address.url(asset_path(asset))}, "file", filename, workbook, XLSX
    )
    return session.request("POST", IMPORTS, upload=upload, expect=201, asset=asset, parse=_task)


def wait_for_import(
    session: Session, task: str, patience: Patience, say: Callable[[str], None]
) -> None:
    """Wait until the server has read the workbook.

    Raises
    ------
    ImportFailedError
        With the server's own sentence.
    ImportStuckError
        Where the deadline passes first.
    """
    begun = patience.clock()
    pause = 0.5
    while True:
        status, sentence = session.get(f"{IMPORTS}{quote(task, safe='')}/", parse=_outcome)
        if status == "complete":
            return
        if status == "error":
            raise ImportFailedError(sentence)
        waited = patience.clock() - begun
        if waited >= patience.seconds:
            raise ImportStuckError(
                f"{session.address.base} has been reading the workbook for {waited:.0f} s and does "
                "not say what became of it. Nothing was deployed. Wait, or let the server's "
                "administrator look at its workers; then run the same command again: no second "
                "project is made. --wait gives it more seconds."
            )
        say(f"  the server is reading the workbook ({waited:.0f} s) ...")
        patience.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


def _task(text: str) -> str:
    return str(read_object(text, "uid")["uid"])


def _outcome(text: str) -> tuple[str, str]:
    value = read_object(text, "status")
    messages = value.get("messages")
    told = messages if isinstance(messages, dict) else {}
    kind, sentence = str(told.get("error_type") or ""), str(told.get("error") or "")
    return str(value["status"]), " ".join(f"{kind}: {sentence}".removeprefix(": ").split())
