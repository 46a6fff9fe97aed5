"""What the sandbox holds in memory: assets, their versions, media, submissions, history."""

import mimetypes
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipeline.sandbox.accounts import ANONYMOUS, OWNER_PERMISSIONS, Account
from pipeline.sandbox.summary import content_hash

Json = dict[str, Any]

TYPES = mimetypes.MimeTypes()  # the machine's own tables must not change the answer
TYPES.add_type("application/geo+json", ".geojson")
TYPES.add_type("application/xml", ".xml")

SETTINGS: Json = {
    "sector": {},
    "country": [],
    "description": "",
    "organization": "",
    "country_codes": [],
}


def mimetype_of(filename: str) -> str:
    """Kind of a file by its name, as the server judges it."""
    return TYPES.guess_type(filename)[0] or "application/octet-stream"


@dataclass
class Version:
    """One saved state of a form."""

    uid: str
    name: str
    content: Json
    modified: datetime
    number: str
    deployed: datetime | None = None

    @property
    def hash(self) -> str:
        """SHA-1 of the content."""
        return content_hash(self.content)


@dataclass
class MediaFile:
    """A file that goes to the phones with the form."""

    uid: str
    filename: str
    mimetype: str
    description: str
    content: bytes
    created: datetime
    username: str
    hash: str


@dataclass
class Attachment:
    """A picture or sound that came with a submission."""

    uid: str
    basename: str
    mimetype: str
    content: bytes
    is_deleted: bool = False


@dataclass
class Record:
    """One submission: the keys it is served with, and what only the server knows of it.

    `body` holds everything but the addresses of its attachments, in the order served; `xml`
    is None where the record was loaded from JSON.
    """

    id: int
    body: Json
    submitted_at: datetime
    modified: datetime
    xml: str | None = None
    attachments: list[Attachment] = field(default_factory=list)
    superseded: set[str] = field(default_factory=set)

    @property
    def uuid(self) -> str:
        """Id of this version of the record, without `uuid:`."""
        return str(self.body["_uuid"])

    @property
    def validation(self) -> Json:
        """Validation status; empty where there is none."""
        status: Json = self.body["_validation_status"]
        return status

    @validation.setter
    def validation(self, status: Json) -> None:
        self.body["_validation_status"] = status

    def revise(self, body: Json, xml: str | None, now: datetime) -> None:
        """Take another version of the answers; the validation stays."""
        self.superseded.add(self.uuid)
        self.body = {**body, "_validation_status": self.validation}
        self.xml = xml
        self.modified = now

    @property
    def root_uuid(self) -> str:
        """Id of the record through every edit, without `uuid:`."""
        return str(self.body["meta/rootUuid"]).removeprefix("uuid:")


@dataclass
class HistoryEntry:
    """One line of the project history."""

    action: str
    username: str
    created: datetime
    details: Json


@dataclass
class Asset:
    """A form with its data; `form_number` is the XForm in OpenRosa addresses, 0 in a draft."""

    number: int
    uid: str
    name: str
    asset_type: str
    owner: str
    created: datetime
    modified: datetime
    versions: list[Version] = field(default_factory=list)
    deployed_version: Version | None = None
    deployed_at: datetime | None = None
    active: bool = False
    formhub_uuid: str = ""
    form_number: int = 0
    created_by: str | None = None
    last_modified_by: str | None = None
    xform: str | None = None
    files: list[MediaFile] = field(default_factory=list)
    deployed_files: list[MediaFile] = field(default_factory=list)
    records: dict[int, Record] = field(default_factory=dict)
    grants: dict[str, set[str]] = field(default_factory=dict)
    history: list[HistoryEntry] = field(default_factory=list)
    settings: Json = field(default_factory=lambda: dict(SETTINGS))

    @property
    def latest(self) -> Version:
        """The form as last saved."""
        return self.versions[-1]

    @property
    def status(self) -> str:
        """`draft`, `deployed` or `archived`."""
        if self.deployed_version is None:
            return "draft"
        return "deployed" if self.active else "archived"

    def permissions(self, account: Account | None) -> set[str]:
        """What an account, or anybody where it is None, may do with this asset."""
        if account is not None and account.username == self.owner:
            return {*OWNER_PERMISSIONS, "delete_asset"}
        open_to_all = self.grants.get(ANONYMOUS, set())
        return open_to_all | (self.grants.get(account.username, set()) if account else set())

    def sorted_records(self) -> list[Record]:
        """Submissions by ascending id."""
        return [self.records[number] for number in sorted(self.records)]


@dataclass
class ImportTask:
    """An upload and what became of it; `polls` answers still say that it is being worked on."""

    uid: str
    username: str
    created: datetime
    status: str = "processing"
    messages: Json = field(default_factory=dict)
    polls: int = 0
