"""Projects on a KoBo server as publishing sees them: what there is, and making an empty one.

KoBo calls them assets. A list says nothing of a form's questions, so the content is asked for
one by one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.kobo.assets import asset_path
from pipeline.kobo.objects import read_object
from pipeline.kobo.session import Session
from pipeline.record import read_listing
from pipeline.transport.errors import IncompleteAnswerError

ASSETS = "/api/v2/assets/"
PAGE = 100


@dataclass(frozen=True, slots=True)
class Account:
    """Who we are on the server."""

    username: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A project as a list shows it."""

    uid: str
    name: str
    owner: str
    status: str
    submissions: int


@dataclass(frozen=True, slots=True)
class Project:
    """A project with its latest form.

    `status` is draft, deployed or archived; `version` the latest saved, `deployed_version` what
    phones get (empty in a draft); `rights` the permissions of our account.
    """

    uid: str
    name: str
    owner: str
    kind: str
    status: str
    version: str
    deployed_version: str
    submissions: int
    rights: frozenset[str]
    content: Mapping[str, Any]

    @property
    def form_id(self) -> str:
        """`form_id` of the sheet settings as the server keeps it; empty in an empty project."""
        settings = self.content.get("settings")
        return str(settings.get("id_string") or "") if isinstance(settings, Mapping) else ""

    @property
    def is_empty(self) -> bool:
        """Whether no form was ever put into it."""
        return not self.content.get("survey")


def fetch_account(session: Session) -> Account:
    """Account behind the token; lists would only look empty without one."""

    def parse(text: str) -> Account:
        return Account(str(read_object(text, "username")["username"]))

    return session.get("/me/", parse=parse)


def fetch_openrosa_address(session: Session) -> str:
    """Where phones of this server send their submissions; empty where it does not say."""

    def parse(text: str) -> str:
        return str(read_object(text).get("open_rosa_server") or "")

    return session.get("/api/v2/environment/", parse=parse)


def fetch_project(session: Session, uid: str) -> Project:
    """Project by its id.

    Raises
    ------
    UnknownAssetError
        Where there is none, or none that this account may see.
    """
    return session.get(asset_path(uid), asset=uid, parse=read_project)


def create_project(session: Session, name: str) -> Project:
    """Make an empty project, a draft without a form."""
    body = {"name": name, "asset_type": "survey"}
    return session.request("POST", ASSETS, body=body, expect=201, parse=read_project)


def list_projects(session: Session) -> Iterator[Listed]:
    """Every project with a form that this account sees, those of others too.

    Raises
    ------
    IncompleteAnswerError
        Where the list does not hold as many as the server says.
    """
    start = 0
    while True:
        params = {"q": "asset_type:survey", "limit": str(PAGE), "start": str(start)}
        listing = session.get(ASSETS, params, parse=read_listing)
        for record in listing.records:
            yield _listed(record.fields)
        start += len(listing.records)
        if not listing.rest.get("next"):
            break
        if not listing.records:
            raise IncompleteAnswerError(
                f"{session.address.base} lists {listing.rest.get('count')} projects and gives "
                f"{start}. Run again; if it stays, this is worth an issue report."
            )


def read_project(text: str) -> Project:
    """Project from the server's JSON; ValueError where it is none."""
    value = read_object(text, "uid", "content")
    rights = value.get("effective_permissions")
    content = value["content"]
    return Project(
        uid=str(value["uid"]),
        name=str(value.get("name") or ""),
        owner=str(value.get("owner__username") or ""),
        kind=str(value.get("asset_type") or ""),
        status=str(value.get("deployment_status") or "draft"),
        version=str(value.get("version_id") or ""),
        deployed_version=str(value.get("deployed_version_id") or ""),
        submissions=int(value.get("deployment__submission_count") or 0),
        rights=frozenset(
            str(item.get("codename")) for item in rights or () if isinstance(item, dict)
        ),
        content=content if isinstance(content, dict) else {},
    )


def _listed(fields: Mapping[str, Any]) -> Listed:
    return Listed(
        uid=str(fields.get("uid") or ""),
        name=str(fields.get("name") or ""),
        owner=str(fields.get("owner__username") or ""),
        status=str(fields.get("deployment_status") or "draft"),
        submissions=int(fields.get("deployment__submission_count") or 0),
    )
