"""Projects and forms on an ODK Central server as publishing sees them; nothing is changed here.

A form is known by its project's number and its form id: a project holds one of each id. What is
published stays as it is; changes are made in a draft, which becomes the next version.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from pipeline.central.odata import form_path
from pipeline.central.session import CentralSession, a_list, an_object

EXTENDED = {"X-Extended-Metadata": "true"}
IS_FORM = an_object("xmlFormId", "version", "hash", "publishedAt")


@dataclass(frozen=True, slots=True)
class CentralProject:
    """A project; `verbs` are what our account may do in it (None: the server does not say)."""

    number: str
    name: str
    archived: bool
    encrypted: bool
    verbs: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class CentralForm:
    """A form as it is published, or its draft where it never was.

    `asset` is `<project number>/<form id>`, `hash` the MD5 of the XForm, `published` when this
    version went out (empty: never), `state` open, closing or closed.
    """

    asset: str
    name: str
    state: str
    version: str
    hash: str
    published: str
    encrypted: bool
    submissions: int


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A file that a form names; `hash` is `md5:` and 32 digits, empty where it is not there.

    `dataset` tells that phones get the server's entity list in its place.
    """

    name: str
    hash: str
    dataset: bool


def fetch_project(session: CentralSession, number: str) -> CentralProject | None:
    """Project by its number; None where this account sees none."""
    path = f"/v1/projects/{quote(number, safe='')}"
    status, answer = session.answer(
        "GET", path, expect=(200, 404), headers=EXTENDED, fits=an_object("id", "name")
    )
    return None if status == 404 else _project(answer)


def list_projects(session: CentralSession) -> list[CentralProject]:
    """Every project that this account sees."""
    return list(map(_project, session.json("GET", "/v1/projects", fits=a_list("id", "name"))))


def fetch_form(session: CentralSession, asset: str, *, draft: bool = False) -> CentralForm | None:
    """Form by its address, or its draft; None where there is none."""
    path = form_path(asset) + ("/draft" if draft else "")
    status, answer = session.answer(
        "GET", path, asset=asset, expect=(200, 404), headers=EXTENDED, fits=IS_FORM
    )
    return None if status == 404 else read_form(asset, answer)


def list_versions(session: CentralSession, asset: str) -> list[CentralForm]:
    """Published versions of a form, newest first."""
    path = f"{form_path(asset)}/versions"
    answer = session.json("GET", path, asset=asset, fits=a_list("version", "publishedAt"))
    return [read_form(asset, item) for item in answer]


def list_files(session: CentralSession, asset: str, *, draft: bool = False) -> list[HeldFile]:
    """Files that a form, or its draft, names."""
    path = form_path(asset) + ("/draft/attachments" if draft else "/attachments")
    return list(map(read_file, session.json("GET", path, asset=asset, fits=a_list("name"))))


def fetch_workbook(session: CentralSession, asset: str, *, draft: bool = False) -> bytes | None:
    """XLSForm as it was uploaded; None where the form was made of something else."""
    path = form_path(asset) + ("/draft.xlsx" if draft else ".xlsx")
    return session.file(path, asset=asset)


def fetch_xml(session: CentralSession, asset: str, *, draft: bool = False) -> bytes | None:
    """XForm that the server made of it."""
    path = form_path(asset) + ("/draft.xml" if draft else ".xml")
    return session.file(path, asset=asset)


def read_form(asset: str, item: Mapping[str, Any]) -> CentralForm:
    """Form of the server's JSON."""
    version = str(item.get("version") or "")
    return CentralForm(
        asset=asset,
        name=str(item.get("name") or ""),
        state=str(item.get("state") or ""),
        version=version,
        hash=str(item.get("hash") or ""),
        published=str(item.get("publishedAt") or ""),
        encrypted=item.get("keyId") is not None or "[encrypted:" in version,
        submissions=int(item.get("submissions") or 0),
    )


def read_file(item: Mapping[str, Any]) -> HeldFile:
    """File of the server's JSON."""
    hash_ = item.get("hash")
    return HeldFile(
        str(item.get("name") or ""),
        f"md5:{hash_}" if hash_ else "",
        bool(item.get("datasetExists")),
    )


def _project(item: Mapping[str, Any]) -> CentralProject:
    verbs = item.get("verbs")
    return CentralProject(
        number=str(item.get("id") or ""),
        name=str(item.get("name") or ""),
        archived=bool(item.get("archived")),
        encrypted=item.get("keyId") is not None,
        verbs=frozenset(map(str, verbs)) if isinstance(verbs, list) else None,
    )
