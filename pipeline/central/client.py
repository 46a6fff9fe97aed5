"""The API of ODK Central as this project uses it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Unpack
from urllib.parse import quote

from pipeline.central.attachments import fetch_file
from pipeline.central.credentials import Credentials
from pipeline.central.odata import Rows, form_path, read_rows
from pipeline.central.session import CentralSession
from pipeline.transport import Options, Server
from pipeline.transport.address import read_address


class CentralClient(Server[CentralSession]):
    """A Central server seen by one web user; a context manager.

    Parameters
    ----------
    url : str
        https, or http on this same machine; without `/v1`.
    who
        Token, or e-mail and password; never printed, never sent to any other host.
    options
        As of `pipeline.transport.Session`.

    Raises
    ------
    AddressError
        Before anything is sent, where the address cannot be used.
    """

    def __init__(self, url: str, who: Credentials, **options: Unpack[Options]) -> None:
        super().__init__(CentralSession(read_address(url), who, **options))

    def check(self) -> None:
        """Log in, and ask the server who we are."""
        self._session.login()
        answer = self._session.json("GET", "/v1/users/current")
        if not isinstance(answer, dict) or "id" not in answer:
            raise self._session.page()

    def versions(self, asset: str) -> list[dict[str, Any]]:
        """Published versions of a form as the server describes them, newest first."""
        answer = self._session.json("GET", f"{form_path(asset)}/versions", asset=asset)
        if not isinstance(answer, list):
            raise self._session.page()
        return [item for item in answer if isinstance(item, dict)]

    def rows(
        self, asset: str, top: int, *, select: str = "", where: str = "", expand: bool = False
    ) -> Iterator[Rows]:
        """Submissions over OData; see `pipeline.central.odata.read_rows`."""
        return read_rows(self._session, asset, top, select=select, where=where, expand=expand)

    def download(self, asset: str, instance_id: str, name: str, path: Path) -> int:
        """Fetch a file of a submission into `path`, behind what is there; gives its size."""
        address = (
            f"{form_path(asset)}/submissions/{quote(instance_id, safe='')}/attachments/"
            f"{quote(name, safe='')}"
        )
        return fetch_file(self._session, address, asset, path)
