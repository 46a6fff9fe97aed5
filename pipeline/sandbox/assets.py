"""`/api/v2/assets/`: list, search, show, create, rename, delete; versions."""

import copy
from typing import Any

from pipeline.sandbox.content import name_questions
from pipeline.sandbox.identifiers import derive
from pipeline.sandbox.models import Asset
from pipeline.sandbox.project import UID, paged, search
from pipeline.sandbox.state import SandboxState
from pipeline.sandbox.views import (
    asset_detail,
    asset_row,
    asset_url,
    iso,
    version_row,
)
from pipeline.sandbox.wire import (
    Request,
    Response,
    Route,
    answer,
    demand,
    not_found,
    server_error,
    visible_asset,
)

Json = dict[str, Any]


def list_assets(state: SandboxState, request: Request) -> Response:
    """Forms that the account may see, deployed ones first; none where it is anonymous."""
    found = [
        asset
        for asset in state.assets.values()
        if request.account and "view_asset" in asset.permissions(request.account)
    ]
    if request.query.get("q"):
        test = search(request.query["q"], free=("name", "uid", "owner__username"))
        found = [asset for asset in found if test(_searchable(asset))]
    found.sort(key=lambda asset: asset.modified, reverse=True)
    ordering = request.query.get("ordering", "")
    if ordering.lstrip("-") in {"date_modified", "date_created", "name"}:
        key = {"date_modified": "modified", "date_created": "created"}.get(
            ordering.lstrip("-"), "name"
        )
        found.sort(key=lambda asset: getattr(asset, key), reverse=ordering.startswith("-"))
    else:
        found.sort(key=lambda asset: iso(asset.deployed_at) or "", reverse=True)
    body = paged(state, request, [asset_row(asset, request.base_url) for asset in found])
    if request.query.get("metadata") == "on":
        languages = {
            language
            for asset in found
            for language in asset.latest.content.get("translations", [])
            if language
        }
        body["metadata"] = {
            "languages": sorted(languages),
            "countries": [],
            "sectors": [],
            "organizations": [],
        }
    return answer(200, body)


def show(state: SandboxState, request: Request, uid: str) -> Response:
    """One form with its content; a list knows no content."""
    asset = state.assets.get(uid)
    if asset is None or "view_asset" not in asset.permissions(request.account):
        return not_found()
    return answer(200, _detail(asset, request))


def create(state: SandboxState, request: Request) -> Response:
    """A form without workbook: empty, from content, or as a clone of another."""
    account = request.need_account()
    wanted = request.json()
    content: Json = {"settings": {}, "survey": [], "schema": "1"}
    name = str(wanted.get("name", ""))
    if "clone_from" in wanted:
        source = state.assets.get(str(wanted["clone_from"]))
        if source is None or "view_asset" not in source.permissions(account):
            return not_found()
        content = copy.deepcopy(source.latest.content)
        name = name or f"Clone of {source.name}"
    elif isinstance(wanted.get("content"), dict):
        try:
            content = _given_content(state, wanted["content"])
        except (ValueError, KeyError, TypeError, AttributeError):
            return server_error()
    asset = state.create_asset(name, str(wanted.get("asset_type", "survey")), account.username)
    asset.created_by = asset.last_modified_by = account.username
    state.save_version(asset, content)
    location = asset_url(asset, request.base_url)
    return answer(201, _detail(asset, request), Location=location)


def change(state: SandboxState, request: Request, uid: str) -> Response:
    """A new name or new settings: a new version, though the form is the same."""
    asset = visible_asset(state, request, uid)
    demand(asset, request, "change_asset")
    wanted = request.json()
    if "name" in wanted:
        asset.name = str(wanted["name"])
    if isinstance(wanted.get("settings"), dict):
        asset.settings = {**asset.settings, **wanted["settings"]}
    content = copy.deepcopy(asset.latest.content)
    if isinstance(wanted.get("content"), dict):
        try:
            content = _given_content(state, wanted["content"])
        except (ValueError, KeyError, TypeError, AttributeError):
            return server_error()
    asset.last_modified_by = request.username
    state.save_version(asset, content)
    state.log(asset, "update-name", request.username)
    return answer(200, _detail(asset, request))


def delete(state: SandboxState, request: Request, uid: str) -> Response:
    """Take a form and all its data away; the owner only."""
    asset = visible_asset(state, request, uid)
    demand(asset, request, "delete_asset")
    del state.assets[uid]
    return Response(204)


def list_versions(state: SandboxState, request: Request, uid: str) -> Response:
    """Versions, newest first; `deployed=true` in lower case makes the real server fail."""
    asset = visible_asset(state, request, uid)
    versions = list(reversed(asset.versions))
    if "deployed" in request.query:
        if request.query["deployed"] not in {"True", "1", "False", "0"}:
            return server_error()
        wanted = request.query["deployed"] in {"True", "1"}
        versions = [version for version in versions if (version.deployed is not None) == wanted]
    rows = [version_row(asset, version, request.base_url) for version in versions]
    return answer(200, paged(state, request, rows))


def show_version(state: SandboxState, request: Request, uid: str, version: str) -> Response:
    """One version with its content: what the `__version__` of a submission means."""
    asset = visible_asset(state, request, uid)
    for held in asset.versions:
        if held.uid == version:
            row = version_row(asset, held, request.base_url)
            return answer(200, row | {"content": held.content})
    return not_found()


def _detail(asset: Asset, request: Request) -> Json:
    return asset_detail(asset, asset.permissions(request.account), request.base_url)


def _searchable(asset: Asset) -> Json:
    return {
        "uid": asset.uid,
        "name": asset.name,
        "asset_type": asset.asset_type,
        "owner__username": asset.owner,
        "_deployment_status": asset.status,
        "date_modified": iso(asset.modified),
        "date_created": iso(asset.created),
    }


def _given_content(state: SandboxState, given: Json) -> Json:
    content: Json = copy.deepcopy(given)
    seed = state.identifiers.uid("k")
    for sheet in ("survey", "choices"):
        for index, row in enumerate(content.get(sheet, [])):
            row.setdefault("$kuid", derive("", seed, sheet, index, length=9))
    name_questions(content.setdefault("survey", []))
    translated = {
        key for row in content["survey"] for key, value in row.items() if isinstance(value, list)
    }
    content.setdefault("settings", {})
    content.setdefault("translations", [None])
    content.setdefault("translated", sorted(translated))
    content.setdefault("schema", "1")
    return content


ROUTES = [
    Route("GET", r"/api/v2/assets/", list_assets),
    Route("POST", r"/api/v2/assets/", create),
    Route("GET", rf"/api/v2/assets/{UID}(?:/|\.json)", show),
    Route("PATCH", rf"/api/v2/assets/{UID}/", change),
    Route("DELETE", rf"/api/v2/assets/{UID}/", delete),
    Route("GET", rf"/api/v2/assets/{UID}/versions/", list_versions),
    Route("GET", rf"/api/v2/assets/{UID}/versions/(?P<version>\w+)/", show_version),
]
