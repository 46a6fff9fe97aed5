"""`/submission`: a phone hands in an interview, sends it again, or corrects it."""

from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

from pipeline.sandbox.models import Asset, Attachment, Record
from pipeline.sandbox.openrosa import HEADERS, XML, absent, challenge, need_account
from pipeline.sandbox.records import (
    BadInstanceError,
    answers,
    complete,
    from_json,
    known_repeats,
    media_names,
    meta,
    parse_instance,
)
from pipeline.sandbox.state import SandboxState
from pipeline.sandbox.wire import Refusal, Request, Response, Route, Upload, answer

Json = dict[str, Any]


def head(state: SandboxState, request: Request, owner: str | None = None) -> Response:
    """What phones ask before they send: 204 and how much they may send."""
    if owner is None:
        need_account(request, "root")
    return Response(204, b"", XML, {**HEADERS, "Location": request.url})


def submit(state: SandboxState, request: Request, owner: str | None = None) -> Response:
    """Take a submission: 201 new, 202 the very same again, 409 the same id with other content.

    With `meta/deprecatedID` it is an edit: 404 where that version is unknown, 410 where it
    is no longer the current one.
    """
    if owner is None:
        need_account(request, "root")
    if request.headers.get("content-type", "").startswith("application/json"):
        return _submit_json(state, request)
    form = request.form()
    upload = form.file("xml_submission_file")
    media = [item for item in form.files if item.field != "xml_submission_file"]
    if upload is None:
        return _told(400, "There should be a single XML submission file.")
    try:
        root = parse_instance(upload.content)
    except BadInstanceError as error:
        return _told(400, str(error))
    asset = state.assets.get(root.get("id", ""))
    _may_submit(asset, request)
    if asset is None:
        return absent()
    if not asset.active:
        return _told(405, "Form is not active")
    instance = meta(root, "instanceID").removeprefix("uuid:")
    if not instance:
        return _told(400, "Instance ID is required")
    xml = upload.content.decode("utf-8", "replace")
    found = answers(root, known_repeats(asset))
    deprecated = meta(root, "deprecatedID").removeprefix("uuid:")
    if deprecated:
        return _edit(state, request, asset, found, deprecated, xml, media)
    twin = next((r for r in asset.records.values() if instance in (r.uuid, r.root_uuid)), None)
    if twin is not None:
        return _again(state, request, asset, twin, xml, media)
    at = state.clock()
    if root.get("submissionDate"):
        at = datetime.fromisoformat(root.get("submissionDate", "")).astimezone(UTC)
    record = state.add_record(asset, found, at=at, by=request.username, xml=xml)
    _attach(state, record, media)
    return _accepted(request, asset, record)


def _edit(
    state: SandboxState,
    request: Request,
    asset: Asset,
    found: Json,
    deprecated: str,
    xml: str,
    media: list[Upload],
) -> Response:
    record = next((r for r in asset.records.values() if r.uuid == deprecated), None)
    if record is None:
        if any(deprecated in r.superseded for r in asset.records.values()):
            return _told(410, "Invalid submission - deprecatedID refers to an old version")
        return _told(404, "Invalid submission - deprecatedID not found")
    if "change_submissions" not in asset.permissions(request.account):
        return _told(403, "Access denied")
    found["meta/rootUuid"] = f"uuid:{record.root_uuid}"
    by = record.body["_submitted_by"]
    body = complete(found, asset, number=record.id, at=record.submitted_at, by=by)
    record.revise(body, xml, state.clock())
    names = media_names(record.body)
    record.attachments = [item for item in record.attachments if item.basename in names]
    _attach(state, record, media)
    state.log_record(asset, "modify-submission", request.username, record)
    return _accepted(request, asset, record)


def _again(
    state: SandboxState,
    request: Request,
    asset: Asset,
    record: Record,
    xml: str,
    media: list[Upload],
) -> Response:
    if record.xml != xml:
        state.next_id()  # the real server burns a number here
        return _told(409, "Submission with this instance ID already exists", request.url)
    held = {item.basename: item.content for item in record.attachments}
    if any(held.get(item.filename, item.content) != item.content for item in media):
        return _told(409, "Attachment with same name already exists", request.url)
    fresh = [item for item in media if item.filename not in held]
    if not fresh:
        return _told(202, "Duplicate Instance", request.url)
    _attach(state, record, fresh)  # a late attachment moves no id and no time
    return _accepted(request, asset, record)


def _submit_json(state: SandboxState, request: Request) -> Response:
    data = request.json()
    asset = state.assets.get(str(data.get("id", "")))
    _may_submit(asset, request)
    if asset is None:
        return absent()
    if not asset.active:
        return _told(405, "Form is not active")
    found = from_json(data.get("submission") or {})
    if not found.get("meta/instanceID"):
        return _told(400, "Instance ID is required")
    at = state.clock()
    record = state.add_record(asset, found, at=at, by=request.username, xml=None)
    response = answer(
        201,
        {
            "message": "Successful submission.",
            "formid": asset.uid,
            "encrypted": False,
            "instanceID": f"uuid:{record.uuid}",
            "submissionDate": at.isoformat(),
            "markedAsCompleteDate": record.modified.isoformat(),
        },
    )
    headers = {**HEADERS, "Location": request.url}
    return Response(201, response.body, response.content_type, headers)


def _attach(state: SandboxState, record: Record, media: list[Upload]) -> None:
    names = media_names(record.body)
    for item in media:
        if item.filename in names:
            uid = state.identifiers.uid("att")
            record.attachments.append(Attachment(uid, item.filename, item.mimetype, item.content))


def _may_submit(asset: Asset | None, request: Request) -> None:
    """Credentials first where anonymous submissions are not allowed, then permission."""
    if asset is None:
        return
    if "add_submissions" in asset.permissions(request.account):
        return
    if request.account is None:
        raise Refusal(challenge("root", ""))
    raise Refusal(_told(403, "Access denied"))


def _told(status: int, sentence: str, location: str = "") -> Response:
    text = (
        "<?xml version='1.0' encoding='UTF-8' ?>\n"
        '<OpenRosaResponse xmlns="http://openrosa.org/http/response">\n'
        f'        <message nature="">{escape(sentence)}</message>\n</OpenRosaResponse>'
    )
    headers = {**HEADERS, "Location": location} if location else HEADERS
    return Response(status, text.encode(), XML, headers)


def _accepted(request: Request, asset: Asset, record: Record) -> Response:
    text = (
        '<OpenRosaResponse xmlns="http://openrosa.org/http/response">\n'
        "    <message>Successful submission.</message>\n"
        '    <submissionMetadata xmlns="http://www.opendatakit.org/xforms" '
        f'id="{asset.uid}"  instanceID="uuid:{record.uuid}" '
        f'submissionDate="{record.submitted_at.isoformat()}" isComplete="true" '
        f'markedAsCompleteDate="{record.modified.isoformat()}"/>\n</OpenRosaResponse>\n'
    )
    return Response(201, text.encode(), XML, {**HEADERS, "Location": request.url})


ADDRESS = r"(?:/(?P<owner>[\w.\-]+))?/submission"
ROUTES = [Route("HEAD", ADDRESS, head), Route("POST", ADDRESS, submit)]
