"""Assets, versions, files and history as JSON."""

from datetime import datetime
from typing import Any

from pipeline.sandbox.accounts import LABELS, OWNER_PERMISSIONS
from pipeline.sandbox.identifiers import derive
from pipeline.sandbox.models import Asset, HistoryEntry, MediaFile, Version
from pipeline.sandbox.summary import report_styles, summarize

Json = dict[str, Any]

NO_PAGE: Json = {"count": 0, "next": None, "previous": None, "results": []}
PARTIAL: Json = {
    "default": "Act on submissions only from specific users",
    "view_submissions": "View submissions only from specific users",
    "change_submissions": "Edit submissions only from specific users",
    "delete_submissions": "Delete submissions only from specific users",
    "validate_submissions": "Validate submissions only from specific users",
}
ASSIGNABLE = (
    "view_asset",
    "change_asset",
    "manage_asset",
    "add_submissions",
    "view_submissions",
    "partial_submissions",
    "change_submissions",
    "delete_submissions",
    "validate_submissions",
)


def iso(time: datetime | None) -> str | None:
    """Time as the server writes it: UTC, microseconds, `Z`."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if time else None


def asset_url(asset: Asset, base: str) -> str:
    """Address of an asset."""
    return f"{base}/api/v2/assets/{asset.uid}/"


def user_url(username: str, base: str) -> str:
    """Address of a user."""
    return f"{base}/api/v2/users/{username}/"


def assignment(asset: Asset, username: str, permission: str, base: str) -> Json:
    """One permission of one user."""
    uid = derive("p", asset.uid, username, permission)
    return {
        "url": f"{asset_url(asset, base)}permission-assignments/{uid}/",
        "user": user_url(username, base),
        "permission": f"{base}/api/v2/permissions/{permission}/",
        "label": LABELS[permission],
    }


def version_row(asset: Asset, version: Version, base: str) -> Json:
    """A version without its content."""
    return {
        "uid": version.uid,
        "url": f"{asset_url(asset, base)}versions/{version.uid}/",
        "content_hash": version.hash,
        "date_deployed": iso(version.deployed) or False,
        "date_modified": iso(version.modified),
        "version_number": version.number,
    }


def file_row(asset: Asset, media: MediaFile, base: str) -> Json:
    """A form media file."""
    url = f"{asset_url(asset, base)}files/{media.uid}/"
    return {
        "uid": media.uid,
        "url": url,
        "asset": asset_url(asset, base),
        "user": user_url(media.username, base),
        "user__username": media.username,
        "file_type": "form_media",
        "description": media.description,
        "date_created": iso(media.created),
        "content": f"{url}content/",
        "metadata": {
            "hash": media.hash,
            "filename": media.filename,
            "mimetype": media.mimetype,
        },
    }


def history_row(asset: Asset, entry: HistoryEntry, base: str) -> Json:
    """A line of project history."""
    return {
        "user": user_url(entry.username, base),
        "user_uid": derive("u", "user", entry.username),
        "username": entry.username,
        "action": entry.action,
        "metadata": {
            "source": "No information available",
            "asset_uid": asset.uid,
            "ip_address": "127.0.0.1",
            **entry.details,
            "log_subtype": "project",
            "project_owner": asset.owner,
        },
        "date_created": entry.created.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def asset_row(asset: Asset, base: str) -> Json:
    """An asset in a list: without content, versions and links."""
    last = max((record.submitted_at for record in asset.records.values()), default=None)
    deployed = asset.deployed_version
    return {
        "url": asset_url(asset, base),
        "date_created": iso(asset.created),
        "date_modified": iso(asset.modified),
        "date_deployed": iso(asset.deployed_at),
        "owner": user_url(asset.owner, base),
        "summary": summarize(asset.latest.content),
        "owner__username": asset.owner,
        "parent": None,
        "uid": asset.uid,
        "tag_string": "",
        "settings": asset.settings,
        "kind": "asset",
        "name": asset.name,
        "asset_type": asset.asset_type,
        "version_id": asset.latest.uid,
        "has_deployment": deployed is not None,
        "deployed_version_id": deployed.uid if deployed else None,
        "deployment__active": asset.active,
        "deployment__submission_count": len(asset.records),
        "deployment__last_submission_time": iso(last),
        "deployment__encrypted": False,
        "deployment__uuid": asset.formhub_uuid if deployed else None,
        "deployment_status": asset.status,
        "permissions": _permissions(asset, base),
        "export_settings": [],
        "downloads": _downloads(asset, base),
        "data": f"{asset_url(asset, base)}data/",
        "children": {"count": 0},
        "subscribers_count": 0,
        "status": "private",
        "access_types": None,
        "data_sharing": {},
        "owner_label": asset.owner,
        "last_modified_by": asset.last_modified_by,
        "created_by": asset.created_by,
    }


def asset_detail(asset: Asset, permissions: set[str], base: str) -> Json:
    """An asset with everything; what an account may do stands in `effective_permissions`."""
    url = asset_url(asset, base)
    content = asset.latest.content
    released = [version for version in reversed(asset.versions) if version.deployed]
    deployed: Json = NO_PAGE | {
        "count": len(released),
        "results": [version_row(asset, version, base) for version in released],
    }
    return asset_row(asset, base) | {
        "files": [file_row(asset, media, base) for media in asset.files],
        "version__content_hash": asset.latest.hash,
        "version_count": len(asset.versions),
        "deployed_versions": deployed,
        "deployment__links": {},
        "deployment__data_download_links": {},
        "report_styles": report_styles(content),
        "report_custom": {},
        "advanced_features": {"_version": "20250820"},
        "map_styles": {},
        "map_custom": {},
        "content": content,
        "embeds": [
            {"format": "xls", "url": f"{url}xls/"},
            {"format": "xform", "url": f"{url}xform/"},
        ],
        "analysis_form_json": {"additional_fields": []},
        "xform_link": f"{url}xform/",
        "hooks_link": f"{url}hooks/",
        "xls_link": f"{url}xls/",
        "assignable_permissions": [
            {"url": f"{base}/api/v2/permissions/{name}/", "label": LABELS.get(name, PARTIAL)}
            for name in ASSIGNABLE
        ],
        "effective_permissions": [{"codename": name} for name in sorted(permissions)],
        "exports": f"{url}exports/",
        "paired_data": f"{url}paired-data/",
        "project_ownership": None,
    }


def _permissions(asset: Asset, base: str) -> list[Json]:
    rows = [assignment(asset, asset.owner, name, base) for name in OWNER_PERMISSIONS]
    for username, granted in sorted(asset.grants.items()):
        rows += [assignment(asset, username, name, base) for name in sorted(granted)]
    return rows


def _downloads(asset: Asset, base: str) -> list[Json]:
    url = asset_url(asset, base).removesuffix("/")
    return [{"format": form, "url": f"{url}.{form}"} for form in ("xls", "xml")]
