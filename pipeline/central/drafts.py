"""What changes a form on an ODK Central server: a draft, its files, and its publication.

Each request is made once: where its answer is lost, the caller looks what became of it. Warnings
of the server's converter are not waited for (`ignoreWarnings`): lint has told them before.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from pipeline.central.forms import IS_FORM, CentralForm, HeldFile, fetch_form, read_file, read_form
from pipeline.central.odata import form_path
from pipeline.central.session import CentralSession, an_object
from pipeline.transport import Raw
from pipeline.transport.errors import (
    BusyError,
    FormRefusedError,
    IncompleteAnswerError,
    MediaRefusedError,
    RefusedError,
    UnreachableError,
    VersionTakenError,
)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LOST = (BusyError, IncompleteAnswerError, UnreachableError)
"""After these the server may have acted all the same."""


def create_form(session: CentralSession, asset: str, workbook: bytes) -> CentralForm:
    """Make a form, as a draft that no phone sees.

    Raises
    ------
    FormRefusedError
        With the converter's own sentence.
    """
    project, _, form_id = asset.partition("/")
    status, answer = session.answer(
        "POST",
        f"/v1/projects/{project}/forms",
        {"ignoreWarnings": "true", "publish": "false"},
        upload=Raw(workbook, XLSX),
        asset=asset,
        expect=(200, 400, 409),
        headers={"X-XlsForm-FormId-Fallback": quote(form_id, safe="")},
        fits=IS_FORM,
    )
    if status == 200:
        return read_form(f"{project}/{answer.get('xmlFormId')}", answer)
    raise FormRefusedError(told(answer))


def new_draft(session: CentralSession, asset: str, workbook: bytes) -> None:
    """Put a workbook into a form's draft, in place of the draft there was.

    Raises
    ------
    FormRefusedError
        With the converter's own sentence.
    """
    status, answer = session.answer(
        "POST",
        f"{form_path(asset)}/draft",
        {"ignoreWarnings": "true"},
        upload=Raw(workbook, XLSX),
        asset=asset,
        expect=(200, 400, 409),
        headers={"X-XlsForm-FormId-Fallback": quote(asset.partition("/")[2], safe="")},
        fits=an_object("success"),
    )
    if status != 200:
        raise FormRefusedError(told(answer))


def put_file(
    session: CentralSession, asset: str, name: str, content: bytes, mimetype: str
) -> HeldFile:
    """Put a file beside a draft, in place of the one of that name; the file as it is held.

    Raises
    ------
    MediaRefusedError
        Where the draft names no such file, or the server does not take it.
    """
    status, answer = session.answer(
        "POST",
        f"{form_path(asset)}/draft/attachments/{quote(name, safe='')}",
        upload=Raw(content, mimetype),
        asset=asset,
        expect=(200, 400, 404, 409, 422),
        fits=an_object("name", "hash"),
    )
    if status == 200:
        return read_file(answer)
    raise MediaRefusedError(
        f"{session.address.base} does not take {name} for form {asset}: {told(answer)} What phones "
        "have is unchanged. Check that the form names the file, and run again."
    )


def publish_draft(session: CentralSession, asset: str, version: str = "") -> CentralForm:
    """Make a form's draft the version that phones get; `version` renames it on the way.

    Raises
    ------
    VersionTakenError
        Where the version was published before.
    RefusedError
        Where the server refuses for another reason, in its own words.
    """
    before = fetch_form(session, asset)
    try:
        status, answer = session.answer(
            "POST",
            f"{form_path(asset)}/draft/publish",
            {"version": version} if version else None,
            asset=asset,
            expect=(200, 400, 404, 409),
            fits=an_object("success"),
        )
    except LOST:
        now = fetch_form(session, asset)
        if now is None or not now.published or (before and now.published == before.published):
            raise
        return now
    if status == 409:
        raise VersionTakenError(told(answer))
    if status != 200:
        raise RefusedError(
            f"{session.address.base} does not publish the draft of form {asset}: {told(answer)} "
            "What phones have is unchanged. Look at the draft in the browser, and run again."
        )
    now = fetch_form(session, asset)
    if now is None or not now.published:
        raise IncompleteAnswerError(
            f"{session.address.base} says that form {asset} was published, and shows none. Run "
            "the same command again: it begins with what the server has then."
        )
    return now


def told(answer: Any) -> str:
    """The server's own sentence, with what its converter said."""
    found: Mapping[str, Any] = answer if isinstance(answer, dict) else {}
    details = found.get("details")
    reason = details.get("error") if isinstance(details, dict) else None
    text = " ".join(str(reason or found.get("message") or "(no reason given)").split())
    return text if text.endswith((".", "!", "?")) else f"{text}."
