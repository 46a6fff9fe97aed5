"""What phones are offered by ODK Central: the form list of a project, and a form's files."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]

from pipeline.central.session import CentralSession
from pipeline.transport.errors import ForbiddenError


@dataclass(frozen=True, slots=True)
class OfferedForm:
    """A form as phones get it: version, hash of the XForm, hashes of its files by name."""

    version: str
    hash: str
    files: dict[str, str]


def fetch_offered(session: CentralSession, asset: str) -> tuple[bool, OfferedForm | None]:
    """Whether we may look, and what phones get of a form (None: it is not in the list)."""
    project, _, form_id = asset.partition("/")
    try:
        listed = _read(session, f"/v1/projects/{project}/formList", asset)
    except ForbiddenError:
        return False, None
    if listed is None:
        return False, None
    for form in listed.iter():
        if _tag(form) != "xform" or _text(form, "formID") != form_id:
            continue
        address = _text(form, "manifestUrl")
        return True, OfferedForm(
            _text(form, "version"),
            _text(form, "hash"),
            _files(session, _path(session, address), asset) if address else {},
        )
    return True, None


def _files(session: CentralSession, path: str, asset: str) -> dict[str, str]:
    manifest = _read(session, path, asset)
    return {
        _text(file, "filename"): _text(file, "hash")
        for file in (manifest.iter() if manifest is not None else ())
        if _tag(file) == "mediaFile"
    }


def _read(session: CentralSession, path: str, asset: str) -> Element | None:
    content = session.file(path, asset=asset)
    if content is None:
        return None
    try:
        root: Element = fromstring(content)
    except (ParseError, DefusedXmlException):
        raise session.cut_off("sent something that is not the XML of a form list").error from None
    return root


def _path(session: CentralSession, url: str) -> str:
    """Path of an address in the list: its host is the server's own idea, often a wrong one."""
    path = re.sub(r"\Ahttps?://[^/]+", "", url) or "/"
    return path.removeprefix(urlsplit(session.address.base).path)


def _tag(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _text(element: Element, name: str) -> str:
    return next((part.text or "" for part in element if _tag(part) == name), "").strip()
