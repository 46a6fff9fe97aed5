"""The API of ODK Central as this project uses it."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from pipeline.central.attachments import fetch_file
from pipeline.central.credentials import Credentials
from pipeline.central.odata import Rows, form_path, read_rows
from pipeline.central.session import CentralSession, not_central
from pipeline.kobo.address import read_address


def _keep_silent(sentence: str) -> None:
    del sentence


class CentralClient:
    """A Central server seen by one web user; a context manager.

    Parameters
    ----------
    url : str
        https, or http on this same machine; without `/v1`.
    who
        Token, or e-mail and password; never printed, never sent to any other host.
    timeout, total, retries, sleep, notify
        As `pipeline.kobo.KoboClient`.

    Raises
    ------
    AddressError
        Before anything is sent, where the address cannot be used.
    """

    def __init__(
        self,
        url: str,
        who: Credentials,
        *,
        timeout: tuple[float, float] = (5.0, 125.0),
        total: float = 900.0,
        retries: int = 4,
        sleep: Callable[[float], None] = time.sleep,
        notify: Callable[[str], None] = _keep_silent,
        user_agent: str = "persepsi",
    ) -> None:
        self._session = CentralSession(
            read_address(url), who, timeout=timeout, total=total, retries=retries, sleep=sleep,
            notify=notify, user_agent=user_agent,
        )  # fmt: skip

    def __repr__(self) -> str:
        return f"CentralClient({self.url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._session.close()

    @property
    def url(self) -> str:
        """Base URL of the server."""
        return self._session.address.base

    def check(self) -> None:
        """Log in, and ask the server who we are."""
        self._session.login()
        answer = self._session.json("GET", "/v1/users/current")
        if not isinstance(answer, dict) or "id" not in answer:
            raise not_central(self._session.address)

    def versions(self, asset: str) -> list[dict[str, Any]]:
        """Published versions of a form as the server describes them, newest first."""
        answer = self._session.json("GET", f"{form_path(asset)}/versions", asset=asset)
        if not isinstance(answer, list):
            raise not_central(self._session.address)
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
