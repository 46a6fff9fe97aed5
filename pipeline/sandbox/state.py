"""The sandbox's memory: who is who, which forms there are, what was submitted.

Everything is guarded by one lock. The clock and the supply of ids are arguments, so that a
test can hold the server's answers still.
"""

import hashlib
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pipeline.errors import StudyError
from pipeline.sandbox.accounts import ANONYMOUS, DEFAULT_ACCOUNTS, Account, implied
from pipeline.sandbox.content import build_content
from pipeline.sandbox.faults import Faults
from pipeline.sandbox.identifiers import Identifiers, derive, derive_uuid
from pipeline.sandbox.loading import read_records
from pipeline.sandbox.models import (
    Asset,
    HistoryEntry,
    ImportTask,
    MediaFile,
    Record,
    Version,
    mimetype_of,
)
from pipeline.sandbox.records import complete
from pipeline.sandbox.sheets import NotAWorkbookError, read_sheets
from pipeline.sandbox.xform import deployed_xform

Json = dict[str, Any]


def utc_now() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


class SandboxState:
    """All that a sandbox server knows.

    Parameters
    ----------
    accounts
        Users; the first owns the forms that `add_form` makes.
    viewers
        Usernames that may see the data of every form made by `add_form`.
    clock, identifiers
        Time (UTC) and the supply of ids.
    page_size, page_cap
        Rows of a page where the client does not say, and the most it can get however much
        it asks for: the cap is silent.
    import_polls
        How often an import answers `processing` before it tells the outcome.
    dated
        Whether records tell `_date_modified`, as proposed for kpi (pull request 7260) and not
        recorded from any server.
    """

    def __init__(
        self,
        *,
        accounts: Sequence[Account] = DEFAULT_ACCOUNTS,
        viewers: Sequence[str] = ("peninjau",),
        clock: Callable[[], datetime] = utc_now,
        identifiers: Identifiers | None = None,
        page_size: int = 100,
        page_cap: int = 1000,
        import_polls: int = 0,
        dated: bool = False,
    ) -> None:
        self.accounts = tuple(accounts)
        self.viewers = tuple(viewers)
        self.clock = clock
        self.identifiers = identifiers or Identifiers()
        self.page_size = page_size
        self.page_cap = page_cap
        self.import_polls = import_polls
        self.dated = dated
        self.lock = threading.RLock()
        self.faults = Faults()
        self.assets: dict[str, Asset] = {}
        self.imports: dict[str, ImportTask] = {}
        self.requests: deque[str] = deque(maxlen=10_000)
        self.failures: list[Exception] = []
        self._last_id = 0

    @property
    def owner(self) -> Account:
        """The account that owns the study's forms."""
        return self.accounts[0]

    def add_form(
        self,
        form_id: str,
        xlsx: bytes,
        name: str,
        uid: str | None = None,
        media: Mapping[str, bytes] | None = None,
    ) -> str:
        """Import and deploy a form with its media by file name; gives its asset uid.

        The version's uid is derived from the bytes of the workbook: another workbook is
        another version. The XForm is converted when somebody asks for it.

        Raises
        ------
        StudyError
            Where the bytes are no workbook or the form has names that cannot stand.
        """
        with self.lock:
            uid = uid or derive("a", "asset", form_id)
            seed = hashlib.sha256(xlsx).hexdigest()
            try:
                content, title = build_content(read_sheets(xlsx), seed=seed, fallback_id=form_id)
            except (NotAWorkbookError, ValueError) as error:
                raise StudyError(
                    f"{form_id}.xlsx: {error}. The sandbox cannot serve this form; "
                    "`persepsi forms` says where it is wrong."
                ) from None
            asset = self.create_asset(title or name, "survey", self.owner.username, uid=uid)
            self.save_version(asset, content, uid=derive("v", uid, seed))
            for filename, data in (media or {}).items():
                self.add_media(asset, filename, data, filename, self.owner.username)
            self.deploy(asset, active=True)
            for viewer in self.viewers:
                self.grant(asset, viewer, "view_submissions")
            return uid

    def load(self, uid: str, records: Iterable[Mapping[str, Any]]) -> int:
        """Put exported records under a deployed form; gives their number.

        Raises
        ------
        StudyError
            See `loading.read_records`; nothing is loaded then.
        """
        with self.lock:
            asset = self.assets[uid]
            known = {number for other in self.assets.values() for number in other.records}
            fresh = read_records(records, asset, known)
            asset.records |= {record.id: record for record in fresh}
            for record in fresh:
                by = record.body["_submitted_by"]
                self.log_record(asset, "add-submission", by, record, at=record.submitted_at)
            self._last_id = max([self._last_id, *(record.id for record in fresh)])
            return len(fresh)

    def create_asset(
        self, name: str, asset_type: str, owner: str, *, uid: str | None = None
    ) -> Asset:
        """Make an empty asset without a version."""
        now = self.clock()
        uid = uid or self.identifiers.uid("a")
        asset = Asset(len(self.assets) + 1, uid, name, asset_type, owner, now, now)
        asset.formhub_uuid = derive_uuid("formhub", uid).replace("-", "")
        self.assets[uid] = asset
        return asset

    def save_version(self, asset: Asset, content: Json, *, uid: str | None = None) -> Version:
        """Append a version to an asset; it is not deployed by that."""
        asset.modified = self.clock()
        deployed = sum(version.deployed is not None for version in asset.versions)
        drafts = 0
        for version in reversed(asset.versions):
            if version.deployed is not None:
                break
            drafts += 1
        number = f"{deployed}.{drafts + 1}"
        version = Version(
            uid or self.identifiers.uid("v"), asset.name, content, asset.modified, number
        )
        asset.versions.append(version)
        return version

    def deploy(self, asset: Asset, *, active: bool) -> None:
        """Make the latest version the one that phones get, with the media of this moment."""
        now = self.clock()
        version = asset.latest
        if version.deployed is None:
            count = sum(other.deployed is not None for other in asset.versions)
            version.number = str(count + 1)
        version.deployed = version.modified = now
        if not asset.form_number:
            asset.form_number = 1 + max(other.form_number for other in self.assets.values())
        asset.deployed_version = version
        asset.deployed_at = asset.modified = now
        asset.active = active
        asset.xform = None
        asset.deployed_files = list(asset.files)

    def xform(self, asset: Asset) -> str:
        """XForm of the deployed version, converted once.

        Raises
        ------
        InvalidFormError
            Where the form cannot be converted.
        """
        if asset.xform is None:
            asset.xform = self.convert(asset, asset.deployed_version or asset.latest)
        return asset.xform

    def convert(self, asset: Asset, version: Version) -> str:
        """XForm of a version as it would be deployed; InvalidFormError where it cannot be."""
        return deployed_xform(
            version.content,
            uid=asset.uid,
            title=asset.name,
            version=version_label(version),
            version_uid=version.uid,
            formhub_uuid=asset.formhub_uuid,
        )

    def add_media(
        self, asset: Asset, filename: str, content: bytes, description: str, username: str
    ) -> MediaFile:
        """Put a file beside a form; phones get it with the next deployment."""
        uid, digest = self.identifiers.uid("af"), hashlib.md5(content).hexdigest()
        kind, now = mimetype_of(filename), self.clock()
        media = MediaFile(uid, filename, kind, description, content, now, username, f"md5:{digest}")
        asset.files.append(media)
        return media

    def grant(self, asset: Asset, username: str, permission: str) -> None:
        """Give a permission on an asset, with what it implies."""
        asset.grants.setdefault(username, set()).update(implied(permission))

    def next_id(self) -> int:
        """Number of the next submission, unique over all forms; a refused one burns a number."""
        self._last_id += 1
        return self._last_id

    def add_record(
        self, asset: Asset, found: Json, *, at: datetime, by: str | None, xml: str | None
    ) -> Record:
        """Store a new submission."""
        number = self.next_id()
        body = complete(found, asset, number=number, at=at, by=by)
        record = Record(number, body, at, self.clock(), xml)
        asset.records[number] = record
        self.log_record(asset, "add-submission", by, record)
        return record

    def log(self, asset: Asset, action: str, username: str | None, **details: Any) -> None:
        """Write a line of project history."""
        entry = HistoryEntry(action, username or ANONYMOUS, self.clock(), details)
        asset.history.append(entry)

    def log_record(
        self,
        asset: Asset,
        action: str,
        username: str | None,
        record: Record,
        status: str = "",
        at: datetime | None = None,
    ) -> None:
        """Write a line of history about one submission, now or at a time of the past."""
        submission = {"root_uuid": record.root_uuid, "submitted_by": record.body["_submitted_by"]}
        if status:
            submission["status"] = status
        entry = HistoryEntry(
            action, username or ANONYMOUS, at or self.clock(), {"submission": submission}
        )
        asset.history.append(entry)


def version_label(version: Version) -> str:
    """Version as the XForm states it: its number and when it was saved."""
    return f"{version.number} ({version.modified:%Y-%m-%d %H:%M:%S})"
