"""Files that go to the phones with a form: `/assets/{uid}/files/`."""

import base64
import binascii
import json
from typing import Any

from pipeline.sandbox.models import Asset, MediaFile, mimetype_of
from pipeline.sandbox.project import UID, paged
from pipeline.sandbox.state import SandboxState
from pipeline.sandbox.views import file_row
from pipeline.sandbox.wire import (
    Form,
    Request,
    Response,
    Route,
    answer,
    demand,
    not_found,
    server_error,
    visible_asset,
)

KINDS = ("form_media", "map_layer", "paired_data")
ALLOWED = ("image/", "audio/", "video/")
ALLOWED_WHOLE = {"text/csv", "application/xml", "application/zip", "application/geo+json"}
REFUSED = (
    "Only `image`, `audio`, `video`, `text/csv`, `application/xml`, `application/zip`, "
    "`application/geo+json` MIME types are allowed"
)


def list_files(state: SandboxState, request: Request, uid: str) -> Response:
    """Files of a form in the order they came."""
    asset = visible_asset(state, request, uid)
    kind = request.query.get("file_type", "form_media")
    rows = [file_row(asset, media, request.base_url) for media in asset.files]
    rows = [row for row in rows if row["file_type"] == kind]
    return answer(200, paged(state, request, rows))


def add_file(state: SandboxState, request: Request, uid: str) -> Response:
    """Put a file beside a form; phones get it only after the next deployment.

    Without `metadata` the real server fails; a name that is there already is refused.
    """
    asset = visible_asset(state, request, uid)
    demand(asset, request, "change_asset")
    form = request.form()
    missing = [name for name in ("description", "file_type") if not form.fields.get(name)]
    if missing:
        return answer(400, {name: ["This field is required."] for name in missing})
    if form.fields["file_type"] not in KINDS:
        return answer(400, {"file_type": [f'"{form.fields["file_type"]}" is not a valid choice.']})
    try:
        metadata = json.loads(form.fields["metadata"])
        filename, content = _content(form, metadata)
    except (KeyError, ValueError, TypeError):
        return server_error()
    mimetype = mimetype_of(filename)
    if not mimetype.startswith(ALLOWED) and mimetype not in ALLOWED_WHOLE:
        return answer(400, {"content": [REFUSED]})
    if any(media.filename == filename for media in asset.files):
        return answer(400, {"content": ["File already exists"]})
    username = request.need_account().username
    media = state.add_media(asset, filename, content, form.fields["description"], username)
    row = file_row(asset, media, request.base_url)
    _log(state, asset, "add-media", request, media)
    return answer(201, row, Location=row["url"])


def delete_file(state: SandboxState, request: Request, uid: str, file: str) -> Response:
    """Take a file away; phones keep it until the next deployment."""
    asset = visible_asset(state, request, uid)
    demand(asset, request, "change_asset")
    media = _find(asset, file)
    if media is None:
        return not_found()
    asset.files.remove(media)
    _log(state, asset, "delete-media", request, media)
    return Response(204)


def show_file(state: SandboxState, request: Request, uid: str, file: str) -> Response:
    """What is known of a file."""
    asset = visible_asset(state, request, uid)
    media = _find(asset, file)
    return answer(200, file_row(asset, media, request.base_url)) if media else not_found()


def file_content(state: SandboxState, request: Request, uid: str, file: str) -> Response:
    """The bytes of a file."""
    media = _find(visible_asset(state, request, uid), file)
    if media is None:
        return not_found()
    disposition = f"attachment; filename*=UTF-8''{media.filename}"
    return Response(200, media.content, media.mimetype, {"Content-Disposition": disposition})


def _content(form: Form, metadata: Any) -> tuple[str, bytes]:
    upload = form.file("content")
    if upload is not None:
        return upload.filename, upload.content
    try:
        data = base64.b64decode(form.fields["base64Encoded"].rpartition(",")[2], validate=True)
    except binascii.Error:
        raise ValueError("not base64") from None
    return str(metadata["filename"]), data


def _find(asset: Asset, uid: str) -> MediaFile | None:
    return next((media for media in asset.files if media.uid == uid), None)


def _log(
    state: SandboxState, asset: Asset, action: str, request: Request, media: MediaFile
) -> None:
    url = file_row(asset, media, request.base_url)["content"]
    details = {
        "asset-file": {
            "uid": media.uid,
            "filename": media.filename,
            "md5_hash": media.hash,
            "download_url": url,
        }
    }
    state.log(asset, action, request.username, **details)


ROUTES = [
    Route("GET", rf"/api/v2/assets/{UID}/files/", list_files),
    Route("POST", rf"/api/v2/assets/{UID}/files/", add_file),
    Route("GET", rf"/api/v2/assets/{UID}/files/(?P<file>\w+)/", show_file),
    Route("DELETE", rf"/api/v2/assets/{UID}/files/(?P<file>\w+)/", delete_file),
    Route("GET", rf"/api/v2/assets/{UID}/files/(?P<file>\w+)/content/", file_content),
]
