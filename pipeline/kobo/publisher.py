"""A KoBo server as somewhere to publish forms and to write validation statuses."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Unpack
from urllib.parse import quote

from pipeline.kobo.assets import asset_path
from pipeline.kobo.data import fetch_by_id, fetch_records
from pipeline.kobo.deployment import deploy
from pipeline.kobo.form_media import HeldMedia, add_media, delete_media, list_media
from pipeline.kobo.imports import Patience, start_import, wait_for_import
from pipeline.kobo.objects import read_object
from pipeline.kobo.openrosa import Offered, fetch_offered, phones_address
from pipeline.kobo.projects import (
    Account,
    Listed,
    Project,
    create_project,
    fetch_account,
    fetch_openrosa_address,
    fetch_project,
    list_projects,
)
from pipeline.kobo.session import Session
from pipeline.kobo.validation import set_statuses
from pipeline.record import Record
from pipeline.source import FROM_START
from pipeline.transport import Options, Server
from pipeline.transport.address import Address, read_address
from pipeline.transport.errors import ForbiddenError, OtherServiceError, RefusedError

VALIDATION_FIELDS = ("_id", "_uuid", "meta/rootUuid", "meta/instanceID", "_validation_status")


class KoboPublisher(Server[Session]):
    """What one account may change on a KoBo server; a context manager.

    Parameters are those of `KoboClient`. What changes something is never sent twice unless the
    server itself said that it did nothing.

    Raises
    ------
    AddressError, InvalidTokenError
        Before anything is sent, where the address or the token cannot be used.
    """

    def __init__(self, url: str, token: str, **options: Unpack[Options]) -> None:
        def session(address: Address) -> Session:
            return Session(address, token, **options)

        super().__init__(session(read_address(url)))
        self._make = session
        self._phones: Session | None = None
        self._asked_for_phones = False
        self._account: Account | None = None

    @property
    def account(self) -> Account:
        """Who we are there, asked once."""
        if self._account is None:
            self._account = fetch_account(self._session)
        return self._account

    def close(self) -> None:
        """Close the connections."""
        super().close()
        if self._phones is not None:
            self._phones.close()

    def project(self, uid: str) -> Project:
        """Project by its id; UnknownAssetError where this account sees none."""
        return fetch_project(self._session, uid)

    def projects(self) -> Iterator[Listed]:
        """Every project with a form that this account sees."""
        return list_projects(self._session)

    def create(self, name: str) -> Project:
        """Make an empty project."""
        with self._allowed(f"make the project “{name}”", "an account that may make projects"):
            return create_project(self._session, name)

    def replace_form(
        self,
        asset: str,
        filename: str,
        workbook: bytes,
        patience: Patience,
        say: Callable[[str], None],
    ) -> Project:
        """Put a workbook in place of a project's form, without deploying it; the project then."""
        with self._allowed(f"change project {asset}", "“Edit form”"):
            task = start_import(self._session, asset, filename, workbook)
            wait_for_import(self._session, task, patience, say)
        return fetch_project(self._session, asset)

    def deploy(self, project: Project) -> Project:
        """Make the latest version of a project the one that phones get."""
        with self._allowed(f"deploy project {project.uid}", "“Manage project”"):
            return deploy(self._session, project)

    def version_content(self, asset: str, version: str) -> Mapping[str, Any]:
        """Content of one version of a form."""
        path = f"{asset_path(asset)}versions/{quote(version, safe='')}/"
        found = self._session.get(
            path, asset=asset, parse=lambda text: read_object(text, "content")["content"]
        )
        return found if isinstance(found, dict) else {}

    def media(self, asset: str) -> list[HeldMedia]:
        """Files that go to phones with a form, as they will at the next deployment."""
        return list_media(self._session, asset)

    def put_media(
        self, asset: str, filename: str, content: bytes, mimetype: str, held: Sequence[HeldMedia]
    ) -> None:
        """Put a file beside a form, in place of those of the same name in `held`."""
        with self._allowed(f"change the files of project {asset}", "“Edit form”"):
            for media in held:
                if media.filename == filename:
                    delete_media(self._session, asset, media)
            add_media(self._session, asset, filename, content, mimetype)

    def phones(self) -> str:
        """Address that phones use where we may ask there with our token; else empty."""
        session = self._openrosa()
        return session.address.base if session is not None else ""

    def offered(self, asset: str) -> Offered | None:
        """What phones are offered of a form; None where it is not offered, or `phones` is empty."""
        session = self._openrosa()
        return fetch_offered(session, asset) if session is not None else None

    def statuses(self, asset: str, page_size: int) -> Iterator[Record]:
        """Ids and validation status of every submission."""
        for page in fetch_records(self._session, asset, FROM_START, page_size, VALIDATION_FIELDS):
            yield from page.records

    def statuses_of(self, asset: str, ids: Sequence[int]) -> Iterator[Record]:
        """Ids and validation status of these submissions."""
        for page in fetch_by_id(self._session, asset, ids, VALIDATION_FIELDS):
            yield from page.records

    def set_statuses(self, asset: str, ids: Sequence[int], status: str) -> None:
        """Give submissions a validation status, all or none of them."""
        with self._allowed(f"validate submissions of {asset}", "“Validate submissions”"):
            set_statuses(self._session, asset, ids, status)

    def _openrosa(self) -> Session | None:
        if not self._asked_for_phones:
            try:
                told = fetch_openrosa_address(self._session)
            except (OtherServiceError, RefusedError):
                told = ""  # a server that does not say
            address = phones_address(self._session.address, told) if told else None
            self._phones = self._make(address) if address is not None else None
            self._asked_for_phones = True
        return self._phones

    @contextmanager
    def _allowed(self, act: str, permission: str) -> Iterator[None]:
        """Say which permission is missing where the server says 403."""
        try:
            yield
        except ForbiddenError:
            raise ForbiddenError(
                f"{self.url}: the account behind KOBO_TOKEN may not {act} (403). Ask the "
                f"project's owner for {permission}, or use the token of an account that has it."
            ) from None
