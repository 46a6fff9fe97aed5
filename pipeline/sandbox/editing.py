"""What changes submissions over REST: validation, bulk edits, duplicates, deletions."""

from typing import Any

from pipeline.sandbox.data import DATA, RECORD, deployed_asset, one, queried
from pipeline.sandbox.models import Asset, Record
from pipeline.sandbox.project import UID
from pipeline.sandbox.records import complete, instance_xml, render
from pipeline.sandbox.state import SandboxState
from pipeline.sandbox.wire import (
    Refusal,
    Request,
    Response,
    Route,
    answer,
    demand,
    detail,
    not_found,
    visible_asset,
)

Json = dict[str, Any]

LABELS = {
    "validation_status_approved": "Approved",
    "validation_status_not_approved": "Not Approved",
    "validation_status_on_hold": "On Hold",
}
STATUS = "validation_status.uid"


def show_status(state: SandboxState, request: Request, uid: str, record: str) -> Response:
    """Validation of one submission; an empty object where there is none."""
    return answer(200, one(deployed_asset(state, request, uid), record).validation)


def set_status(state: SandboxState, request: Request, uid: str, record: str) -> Response:
    """Validate one submission: none of its ids moves."""
    asset = _writable(state, request, uid, "validate_submissions")
    held = one(asset, record)
    _validate(state, request, asset, [held], _wanted_status(request.json()))
    return answer(200, held.validation)


def clear_status(state: SandboxState, request: Request, uid: str, record: str) -> Response:
    """Take the validation of one submission back."""
    asset = _writable(state, request, uid, "validate_submissions")
    _validate(state, request, asset, [one(asset, record)], "")
    return Response(204)


def set_statuses(state: SandboxState, request: Request, uid: str) -> Response:
    """Validate many; one number that is not there and nothing changes."""
    asset = _writable(state, request, uid, "validate_submissions")
    payload = _payload(request)
    records = _chosen(asset, payload)
    _validate(state, request, asset, records, _wanted_status(payload))
    return detail(200, f"{len(records)} submissions have been updated")


def clear_statuses(state: SandboxState, request: Request, uid: str) -> Response:
    """Take the validation of many back."""
    asset = _writable(state, request, uid, "validate_submissions")
    records = _chosen(asset, _payload(request))
    _validate(state, request, asset, records, "")
    return detail(200, f"{len(records)} submissions have been updated")


def edit_many(state: SandboxState, request: Request, uid: str) -> Response:
    """Change answers in many submissions: each gets a new `_uuid`, none a new `_id`."""
    asset = _writable(state, request, uid, "change_submissions")
    payload = _payload(request)
    results = []
    for record in _chosen(asset, payload):
        replace_body(record, {**_answers(record), **payload.get("data", {})}, state, asset)
        state.log_record(asset, "modify-submission", request.username, record)
        results.append(
            {
                "uuid": record.uuid,
                "root_uuid": record.root_uuid,
                "status_code": 201,
                "message": "Successful submission",
            }
        )
    count = len(results)
    body = {"count": count, "successes": count, "failures": 0, "results": results}
    return answer(200, body)


def duplicate(state: SandboxState, request: Request, uid: str, record: str) -> Response:
    """A new submission with the same answers and ids of its own."""
    asset = _writable(state, request, uid, "change_submissions")
    found = _answers(one(asset, record))
    found["meta/instanceID"] = f"uuid:{state.identifiers.uuid()}"
    for key in ("meta/deprecatedID", "meta/rootUuid"):
        found.pop(key, None)
    copy = state.add_record(asset, found, at=state.clock(), by=request.username, xml=None)
    return answer(201, render(copy, asset, request.base_url))


def delete_one(state: SandboxState, request: Request, uid: str, record: str) -> Response:
    """Delete a submission; the data keep no trace of it, only the history does."""
    asset = _writable(state, request, uid, "delete_submissions")
    _delete(state, request, asset, [one(asset, record)])
    return Response(204)


def delete_many(state: SandboxState, request: Request, uid: str) -> Response:
    """Delete many submissions."""
    asset = _writable(state, request, uid, "delete_submissions")
    records = _chosen(asset, _payload(request))
    _delete(state, request, asset, records)
    return detail(200, f"{len(records)} submissions have been deleted")


def delete_attachment(state: SandboxState, request: Request, uid: str, media: str) -> Response:
    """Delete a media file: it stays listed, marked as deleted, and no id moves."""
    asset = _writable(state, request, uid, "delete_submissions")
    for record in asset.records.values():
        for item in record.attachments:
            if item.uid == media and not item.is_deleted:
                item.is_deleted = True
                return Response(204)
    return not_found()


def replace_body(record: Record, found: Json, state: SandboxState, asset: Asset) -> None:
    """Give a record other answers: `_uuid` is new, number, root uuid and times stay."""
    found["meta/instanceID"] = f"uuid:{state.identifiers.uuid()}"
    found["meta/deprecatedID"] = f"uuid:{record.uuid}"
    found["meta/rootUuid"] = f"uuid:{record.root_uuid}"
    by = record.body["_submitted_by"]
    body = complete(found, asset, number=record.id, at=record.submitted_at, by=by)
    record.revise(body, None, state.clock())
    record.xml = instance_xml(record, asset)


def _answers(record: Record) -> Json:
    """The record without what only the server writes."""
    return {
        key: value
        for key, value in record.body.items()
        if key == "__version__" or not key.startswith("_")
    }


def _writable(state: SandboxState, request: Request, uid: str, permission: str) -> Asset:
    asset = visible_asset(state, request, uid, "view_submissions")
    demand(asset, request, permission)
    return deployed_asset(state, request, uid)


def _payload(request: Request) -> Json:
    payload = request.json().get("payload")
    if not isinstance(payload, dict):
        raise Refusal(answer(400, {"payload": ["This field is required."]}))
    return payload


def _chosen(asset: Asset, payload: Json) -> list[Record]:
    if payload.get("submission_ids"):
        ids = payload["submission_ids"]
        if not isinstance(ids, list) or not set(ids) <= set(asset.records):
            raise Refusal(detail(400, "One or more submission ids are invalid"))
        return [asset.records[number] for number in ids]
    if payload.get("query"):
        return queried(asset, payload["query"])
    if not payload.get("confirm"):
        raise Refusal(answer(400, {"payload": ["Confirmation is required"]}))
    return asset.sorted_records()


def _wanted_status(data: Json) -> str:
    status = data.get(STATUS)
    if status not in LABELS:
        raise Refusal(detail(400, f"Invalid validation status: `{status}`"))
    return str(status)


def _validate(
    state: SandboxState, request: Request, asset: Asset, records: list[Record], status: str
) -> None:
    for record in reversed(records):  # the order in which the real server writes its history
        record.validation = {}
        if status:
            record.validation = {
                "timestamp": int(state.clock().timestamp()),
                "uid": status,
                "by_whom": request.username,
                "label": LABELS[status],
            }
        label = LABELS.get(status, "None")
        state.log_record(asset, "modify-submission", request.username, record, label)


def _delete(state: SandboxState, request: Request, asset: Asset, records: list[Record]) -> None:
    for record in records:
        del asset.records[record.id]
        state.log_record(asset, "delete-submission", request.username, record)


ROUTES = [
    Route("PATCH", rf"{DATA}/bulk/", edit_many),
    Route("DELETE", rf"{DATA}/bulk/", delete_many),
    Route("PATCH", rf"{DATA}/validation_statuses/", set_statuses),
    Route("DELETE", rf"{DATA}/validation_statuses/", clear_statuses),
    Route("GET", rf"{RECORD}/validation_status/", show_status),
    Route("PATCH", rf"{RECORD}/validation_status/", set_status),
    Route("DELETE", rf"{RECORD}/validation_status/", clear_status),
    Route("POST", rf"{RECORD}/duplicate/", duplicate),
    Route("DELETE", rf"{RECORD}/", delete_one),
    Route("DELETE", rf"/api/v2/assets/{UID}/attachments/(?P<media>\w+)/", delete_attachment),
]
