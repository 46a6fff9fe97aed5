"""Publishing a form: upload (`/imports/`), deploy, redeploy, archive."""

import base64
import binascii
import re

from pipeline.sandbox.content import DuplicateNameError, build_content
from pipeline.sandbox.models import Asset, ImportTask
from pipeline.sandbox.project import UID
from pipeline.sandbox.sheets import NotAWorkbookError, read_sheets, without_columns
from pipeline.sandbox.state import SandboxState
from pipeline.sandbox.summary import summarize
from pipeline.sandbox.views import asset_detail, iso
from pipeline.sandbox.wire import (
    Form,
    Request,
    Response,
    Route,
    answer,
    demand,
    detail,
    not_found,
    server_error,
    visible_asset,
)
from pipeline.sandbox.xform import InvalidFormError

FALSE_WORDS = {"false", "0", "no"}


class ImportFailedError(Exception):
    """An upload fails; `kind` is the class name that the real server reports."""

    def __init__(self, kind: str, sentence: str) -> None:
        super().__init__(sentence)
        self.kind = kind


def start_import(state: SandboxState, request: Request) -> Response:
    """Take an upload; 201 always, the outcome stands in the task."""
    account = request.need_account()
    form = request.form()
    task = ImportTask(
        state.identifiers.uid("i"), account.username, state.clock(), polls=state.import_polls
    )
    state.imports[task.uid] = task
    try:
        task.messages = _run(state, request, form)
        task.status = "complete"
    except ImportFailedError as error:
        task.messages = {"error": str(error), "error_type": error.kind}
        task.status = "error"
    url = f"{request.base_url}/api/v2/imports/{task.uid}/"
    return answer(201, {"uid": task.uid, "url": url, "status": "processing"})


def poll_import(state: SandboxState, request: Request, task: str) -> Response:
    """What became of an upload; its own user only."""
    held = state.imports.get(task)
    if held is None or held.username != request.username:
        return not_found()
    body = {"uid": held.uid, "date_created": iso(held.created)}
    if held.polls > 0:
        held.polls -= 1
        return answer(200, {"status": "processing", **body, "messages": {}})
    return answer(200, {"status": held.status, **body, "messages": held.messages})


def list_imports(state: SandboxState, request: Request) -> Response:
    """The real server fails here; a client that builds on the list must find out."""
    request.need_account()
    return server_error()


def show_deployment(state: SandboxState, request: Request, uid: str) -> Response:
    """State of the deployment."""
    asset = visible_asset(state, request, uid)
    return _deployment(asset, request) if asset.deployed_version else not_found()


def deploy(state: SandboxState, request: Request, uid: str) -> Response:
    """First deployment; archived where `active` is not said, 405 the second time."""
    asset = visible_asset(state, request, uid)
    demand(asset, request, "manage_asset")
    if asset.deployed_version is not None:
        return detail(405, "Use PATCH to update an existing deployment")
    if asset.asset_type != "survey":
        return server_error()
    return _release(state, request, asset, active=bool(request.json().get("active", False)))


def redeploy(state: SandboxState, request: Request, uid: str) -> Response:
    """Archive or activate; a new form goes out only with the latest `version_id`.

    A `version_id` that is not the latest makes the real server fail.
    """
    asset = visible_asset(state, request, uid)
    demand(asset, request, "manage_asset")
    if asset.deployed_version is None:
        return detail(405, "Use POST to create a new deployment")
    wanted = request.json()
    if "version_id" in wanted:
        if wanted["version_id"] != asset.latest.uid:
            return server_error()
        return _release(state, request, asset, active=bool(wanted.get("active", asset.active)))
    if "active" in wanted and bool(wanted["active"]) != asset.active:
        asset.active = bool(wanted["active"])
        asset.modified = state.clock()
        state.log(asset, "unarchive" if asset.active else "archive", request.username)
    return _deployment(asset, request)


def _release(state: SandboxState, request: Request, asset: Asset, *, active: bool) -> Response:
    try:
        state.convert(asset, asset.latest)
    except InvalidFormError as error:
        return answer(400, {"error": str(error)})
    first = asset.deployed_version is None
    state.deploy(asset, active=active)
    state.log(
        asset,
        "deploy" if first else "redeploy",
        request.username,
        latest_version_uid=asset.latest.uid,
        latest_deployed_version_uid=asset.latest.uid,
    )
    return _deployment(asset, request)


def _deployment(asset: Asset, request: Request) -> Response:
    version = asset.deployed_version
    return answer(
        200,
        {
            "backend": "openrosa",
            "active": asset.active,
            "version_id": version.uid if version else None,
            "asset": asset_detail(asset, asset.permissions(request.account), request.base_url),
        },
    )


def _run(state: SandboxState, request: Request, form: Form) -> dict[str, object]:
    account = request.need_account()
    destination = form.fields.get("destination", "")
    target: Asset | None = None
    if destination:
        target = state.assets.get(destination.rstrip("/").rpartition("/")[2])
        if target is None or "view_asset" not in target.permissions(account):
            raise ImportFailedError("DoesNotExist", "Asset matching query does not exist.")
        if "change_asset" not in target.permissions(account):
            raise ImportFailedError("PermissionDenied", "User cannot update asset.")
    data = _uploaded(form)
    name = form.fields.get("name", "")
    seed = state.identifiers.uid("k")
    fallback = "_" + re.sub(r"\W+", "_", name) if name else ""
    if state.faults.import_error is not None:
        raise ImportFailedError(*state.faults.import_error)
    try:
        sheets = without_columns(read_sheets(data), state.faults.lost_columns)
        content, title = build_content(sheets, seed=seed, fallback_id=fallback)
    except NotAWorkbookError as error:
        raise ImportFailedError("XlsFormatException", str(error)) from None
    except DuplicateNameError as error:
        raise ImportFailedError("DuplicateNameException", str(error)) from None
    except ValueError as error:
        raise ImportFailedError("ValueError", str(error)) from None
    if target is None:
        kind = _kind(form, content)
        asset = state.create_asset(title or name, kind, account.username)
        state.save_version(asset, content)
        return {"created": [_told(asset)]}
    before = target.name
    target.name = title or before  # the title in the form undoes a rename
    state.save_version(target, content)
    state.log(target, "replace-form", account.username)
    log = {
        "source": "No information available",
        "asset_id": target.number,
        "new_name": target.name,
        "old_name": before,
        "asset_uid": target.uid,
        "ip_address": "127.0.0.1",
        "project_owner": target.owner,
        "latest_version_uid": target.latest.uid,
    }
    return {"updated": [_told(target)], "audit_logs": [log]}


def _uploaded(form: Form) -> bytes:
    upload = form.file("file")
    if upload is not None:
        return upload.content
    encoded = form.fields.get("base64Encoded")
    if encoded is not None:
        try:
            return base64.b64decode(encoded.rpartition(",")[2], validate=True)
        except (binascii.Error, ValueError):
            raise ImportFailedError(
                "XlsFormatException", "Unsupported format, or corrupt file"
            ) from None
    if "url" in form.fields:
        raise ImportFailedError("ConnectionError", "The sandbox fetches nothing from a url.")
    raise ImportFailedError("Exception", "No data to import")


def _kind(form: Form, content: dict[str, object]) -> str:
    """Type of the new asset: without `library=false` it goes to the library, undeployable."""
    if form.fields.get("desired_type"):
        return form.fields["desired_type"]
    if form.fields.get("library", "true").lower() in FALSE_WORDS:
        return "survey"
    return "question" if summarize(content).get("row_count") == 1 else "block"


def _told(asset: Asset) -> dict[str, object]:
    return {
        "uid": asset.uid,
        "kind": "asset",
        "summary": summarize(asset.latest.content),
        "owner__username": asset.owner,
    }


ROUTES = [
    Route("POST", r"/api/v2/imports/", start_import),
    Route("GET", r"/api/v2/imports/", list_imports),
    Route("GET", r"/api/v2/imports/(?P<task>\w+)/", poll_import),
    Route("GET", rf"/api/v2/assets/{UID}/deployment/", show_deployment),
    Route("POST", rf"/api/v2/assets/{UID}/deployment/", deploy),
    Route("PATCH", rf"/api/v2/assets/{UID}/deployment/", redeploy),
]
