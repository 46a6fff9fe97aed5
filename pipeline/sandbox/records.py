"""A submission as data: from XML to the keys it is served with, and back.

Answers keep their text as it came, `007` and blanks included. Keys are full paths, repeats
are lists whose inner keys are again full paths, and what is empty has no key at all.
"""

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from pipeline.sandbox.content import geopoints, repeats
from pipeline.sandbox.models import Asset, Attachment, Record

Json = dict[str, Any]

STATUS = "submitted_via_web"
_SERVER_KEYS = {"meta/rootUuid", "meta/deprecatedID"}


class BadInstanceError(ValueError):
    """The XML of a submission cannot be used; the argument is the server's sentence."""


def parse_instance(xml: bytes) -> ET.Element:
    """Root element of a submission.

    Raises
    ------
    BadInstanceError
        Where the text is no XML, or declares a document type (entities could blow it up).
    """
    if b"<!DOCTYPE" in xml or b"<!ENTITY" in xml:
        raise BadInstanceError("Improperly formatted XML.")
    try:
        return ET.fromstring(xml)
    except ET.ParseError:
        raise BadInstanceError("Improperly formatted XML.") from None


def meta(root: ET.Element, name: str) -> str:
    """Text of `meta/<name>`, whatever its namespace; empty where absent."""
    for element in root:
        if _local(element) == "meta":
            for child in element:
                if _local(child) == name:
                    return (child.text or "").strip()
    return ""


def answers(root: ET.Element, repeat_paths: set[str]) -> Json:
    """Answers of an instance by their path.

    A node that stands several times is a list even where the form knows no such repeat; a
    repeat of the form is a list even where it stands once.
    """
    return _children(root, "", repeat_paths)


def from_json(tree: Mapping[str, Any], prefix: str = "") -> Json:
    """Answers of a submission posted as JSON: nested groups to paths, lists to spaced codes."""
    found: Json = {}
    for name, value in tree.items():
        path = f"{prefix}{name}"
        if isinstance(value, Mapping):
            found |= from_json(value, f"{path}/")
        elif isinstance(value, list) and all(isinstance(item, Mapping) for item in value):
            found[path] = [from_json(item, f"{path}/") for item in value]
        elif isinstance(value, list):
            found[path] = " ".join(str(item) for item in value)
        elif value is not None and str(value) != "":
            found[path] = str(value)
    return found


def complete(found: Json, asset: Asset, *, number: int, at: datetime, by: str | None) -> Json:
    """Body of a record: the answers and what the server adds, in the order it serves them."""
    instance = str(found["meta/instanceID"])
    root_uuid = found.pop("meta/rootUuid", "") or instance
    return {
        "_id": number,
        **found,
        "_xform_id_string": asset.uid,
        "_uuid": instance.removeprefix("uuid:"),
        "meta/rootUuid": root_uuid,
        "_attachments": [],
        "_status": STATUS,
        "_geolocation": _geolocation(found, asset),
        "_submission_time": at.strftime("%Y-%m-%dT%H:%M:%S"),
        "_validation_status": {},
        "_submitted_by": by,
    }


def restored(record: Mapping[str, Any], asset: Asset) -> Json:
    """Body of a record that was exported before: the server's own three keys put back.

    `formhub/uuid` goes behind `_id`, `__version__` before `meta/instanceID`, and
    `_xform_id_string` before `_uuid`, where the real server has them.
    """
    version = asset.deployed_version.uid if asset.deployed_version else ""
    body: Json = {"_id": record["_id"], "formhub/uuid": asset.formhub_uuid}
    for key, value in record.items():
        if key == "meta/instanceID":
            body.setdefault("__version__", version)
        if key == "_uuid":
            body.setdefault("_xform_id_string", asset.uid)
        body[key] = value
    uuid = str(record["meta/instanceID"]).removeprefix("uuid:")
    body.setdefault("_xform_id_string", asset.uid)
    body.setdefault("_uuid", uuid)
    body.setdefault("meta/rootUuid", f"uuid:{uuid}")
    body.setdefault("_attachments", [])
    body.setdefault("_status", STATUS)
    body.setdefault("_geolocation", _geolocation(body, asset))
    body.setdefault("_validation_status", {})
    body.setdefault("_submitted_by", None)
    return body


def render(
    record: Record,
    asset: Asset,
    base_url: str,
    *,
    dated: bool = False,
    only: Iterable[str] | None = None,
) -> Json:
    """A record as `GET …/data/{id}/` answers it; `dated` with when it last changed.

    `only` names the keys wanted, in their order; those that the record lacks are left out.
    """
    whole = {**record.body, "_date_modified": modified(record)} if dated else record.body
    body = dict(whole) if only is None else {name: whole[name] for name in only if name in whole}
    if record.attachments and "_attachments" in body:
        body["_attachments"] = [
            _attachment(item, record, asset, base_url) for item in record.attachments
        ]
    return body


def modified(record: Record) -> str:
    """When a record last changed, as a server that says so writes it."""
    return record.modified.strftime("%Y-%m-%dT%H:%M:%S")


def instance_xml(record: Record, asset: Asset) -> str:
    """XML of a record: as it was submitted, or written from its answers."""
    if record.xml is not None:
        return record.xml
    inner = {
        key: value
        for key, value in record.body.items()
        if not (key.startswith("_") and key != "__version__") and key not in _SERVER_KEYS
    }
    version = asset.deployed_version.number if asset.deployed_version else "1"
    return (
        f'<{asset.uid} id="{asset.uid}" version="{escape(version)}" '
        'xmlns:jr="http://openrosa.org/javarosa" xmlns:orx="http://openrosa.org/xforms">'
        f"{_markup(inner, 0)}</{asset.uid}>"
    )


def media_names(body: Mapping[str, Any]) -> set[str]:
    """Every answer that could name a media file, at any depth."""
    names: set[str] = set()
    for value in body.values():
        if isinstance(value, list):
            for item in value:
                if isinstance(item, Mapping):
                    names |= media_names(item)
        elif isinstance(value, str):
            names.add(value)
    return names


def _local(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _children(element: ET.Element, prefix: str, repeat_paths: set[str]) -> Json:
    found: Json = {}
    counts: dict[str, int] = {}
    for child in element:
        counts[_local(child)] = counts.get(_local(child), 0) + 1
    for child in element:
        path = f"{prefix}{_local(child)}"
        if path in repeat_paths or counts[_local(child)] > 1:
            item = _children(child, f"{path}/", repeat_paths)
            if item:
                found.setdefault(path, []).append(item)
        elif len(child):
            found |= _children(child, f"{path}/", repeat_paths)
        elif child.text:
            found[path] = child.text
    return found


def _geolocation(body: Mapping[str, Any], asset: Asset) -> list[float | None]:
    version = asset.deployed_version
    for path in geopoints(version.content) if version else []:
        parts = str(body.get(path, "")).split()
        if len(parts) >= 2:
            return [float(parts[0]), float(parts[1])]
    return [None, None]


def _attachment(item: Attachment, record: Record, asset: Asset, base_url: str) -> Json:
    url = f"{base_url}/api/v2/assets/{asset.uid}/data/{record.id}/attachments/{item.uid}/"
    entry: Json = {
        "download_url": url,
        "mimetype": item.mimetype,
        "filename": f"{asset.owner}/attachments/{asset.formhub_uuid}/{record.root_uuid}/"
        f"{item.basename}",
        "media_file_basename": item.basename,
        "uid": item.uid,
        "is_deleted": item.is_deleted,
    }
    if item.mimetype.startswith("image/"):
        for size in ("large", "medium", "small"):
            entry[f"download_{size}_url"] = f"{url}{size}/"
    entry["question_xpath"] = next(
        (key for key, value in record.body.items() if value == item.basename), ""
    )
    return entry


def _markup(found: Mapping[str, Any], depth: int) -> str:
    """Write paths as nested elements; neighbours of one group share its element."""
    groups: dict[str, dict[str, Any]] = {}
    for path, value in found.items():
        head = path.split("/")[depth]
        groups.setdefault(head, {})[path] = value
    parts: list[str] = []
    for head, members in groups.items():
        for path, value in members.items():
            is_leaf = path.count("/") == depth
            if is_leaf and isinstance(value, list):
                parts += [f"<{head}>{_markup(item, depth + 1)}</{head}>" for item in value]
            elif is_leaf:
                parts.append(f"<{head}>{escape(str(value))}</{head}>")
        nested = {p: v for p, v in members.items() if p.count("/") > depth}
        if nested:
            parts.append(f"<{head}>{_markup(nested, depth + 1)}</{head}>")
    return "".join(parts)


def known_repeats(asset: Asset) -> set[str]:
    """Repeats of the form now deployed: old submissions too are parsed with them."""
    return repeats(asset.deployed_version.content) if asset.deployed_version else set()


def find(records: Iterable[Record], name: str) -> Record | None:
    """Record by its number or by its root uuid."""
    for record in records:
        if str(record.id) == name or record.root_uuid == name:
            return record
    return None
