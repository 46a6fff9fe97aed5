"""An ODK Central server as somewhere to publish forms and to write review states."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Unpack

from pipeline.central import drafts, forms, openrosa
from pipeline.central.credentials import Credentials
from pipeline.central.forms import CentralForm, CentralProject, HeldFile
from pipeline.central.odata import Row, read_rows
from pipeline.central.openrosa import OfferedForm
from pipeline.central.reviews import fetch_review, fits_review, put_review
from pipeline.central.session import CentralSession, an_object
from pipeline.transport import Options, Server
from pipeline.transport.address import read_address
from pipeline.transport.errors import ForbiddenError

MANAGER = "the role Project Manager"


class CentralPublisher(Server[CentralSession]):
    """What one web user may change on a Central server; a context manager.

    Parameters are those of `CentralClient`. What changes something is never sent twice unless
    the server itself said that it did nothing.

    Raises
    ------
    AddressError
        Before anything is sent, where the address cannot be used.
    """

    def __init__(self, url: str, who: Credentials, **options: Unpack[Options]) -> None:
        super().__init__(CentralSession(read_address(url), who, **options))
        self._account = ""

    @property
    def account(self) -> str:
        """Name of the web user that we are there, asked once; logs in."""
        if not self._account:
            answer = self._session.json("GET", "/v1/users/current", fits=an_object("id"))
            self._account = str(answer.get("displayName") or answer["id"])
        return self._account

    def project(self, number: str) -> CentralProject | None:
        """Project by its number; None where this account sees none."""
        return forms.fetch_project(self._session, number)

    def projects(self) -> list[CentralProject]:
        """Every project that this account sees."""
        return forms.list_projects(self._session)

    def form(self, asset: str) -> CentralForm | None:
        """Form `<project number>/<form id>`, a draft too; None where there is none."""
        return forms.fetch_form(self._session, asset)

    def draft(self, asset: str) -> CentralForm | None:
        """Draft of a form; None where it has none."""
        return forms.fetch_form(self._session, asset, draft=True)

    def versions(self, asset: str) -> list[CentralForm]:
        """Published versions of a form, newest first."""
        return forms.list_versions(self._session, asset)

    def files(self, asset: str, *, draft: bool = False) -> list[HeldFile]:
        """Files that a form, or its draft, names."""
        return forms.list_files(self._session, asset, draft=draft)

    def workbook(self, asset: str, *, draft: bool = False) -> bytes | None:
        """XLSForm of a form, or of its draft, as it was uploaded; None where there is none."""
        return forms.fetch_workbook(self._session, asset, draft=draft)

    def xml(self, asset: str, *, draft: bool = False) -> bytes | None:
        """XForm that the server made of it."""
        return forms.fetch_xml(self._session, asset, draft=draft)

    def create(self, asset: str, workbook: bytes) -> CentralForm:
        """Make a form, as a draft that no phone sees."""
        with self._allowed(f"make form {asset}"):
            return drafts.create_form(self._session, asset, workbook)

    def new_draft(self, asset: str, workbook: bytes) -> None:
        """Put a workbook into a form's draft, in place of the draft there was."""
        with self._allowed(f"change form {asset}"):
            drafts.new_draft(self._session, asset, workbook)

    def put_file(self, asset: str, name: str, content: bytes, mimetype: str) -> HeldFile:
        """Put a file beside a draft, in place of the one of that name."""
        with self._allowed(f"change the files of form {asset}"):
            return drafts.put_file(self._session, asset, name, content, mimetype)

    def publish(self, asset: str, version: str = "") -> CentralForm:
        """Make a form's draft the version that phones get; `version` renames it on the way."""
        with self._allowed(f"publish form {asset}"):
            return drafts.publish_draft(self._session, asset, version)

    def offered(self, asset: str) -> tuple[bool, OfferedForm | None]:
        """Whether we may look, and what phones are offered of a form."""
        return openrosa.fetch_offered(self._session, asset)

    def reviews(self, asset: str, page_size: int) -> Iterator[Row]:
        """Name and `__system` (arrival, last change, review state) of every submission."""
        for answer in read_rows(self._session, asset, page_size, select="__id,__system"):
            for row in answer.rows:
                if not fits_review(row):
                    raise self._session.page()
                yield row

    def review(self, asset: str, name: str) -> Mapping[str, Any] | None:
        """Arrival, last change and review state of one submission; None where it is gone."""
        return fetch_review(self._session, asset, name)

    def set_review(self, asset: str, name: str, state: str) -> None:
        """Give a submission a review state; a submission that is gone is left."""
        with self._allowed(f"review submissions of {asset}"):
            put_review(self._session, asset, name, state)

    @contextmanager
    def _allowed(self, act: str, role: str = MANAGER) -> Iterator[None]:
        """Say which role is missing where the server says 403."""
        try:
            yield
        except ForbiddenError:
            raise ForbiddenError(
                f"{self.url}: the web user {self.account} may not {act} (403). Ask the server's "
                f"administrator for {role} in the project, or use another account."
            ) from None
