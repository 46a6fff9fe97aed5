"""The KoBo API v2 as this project uses it."""

import json
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Unpack

from pipeline.kobo.assets import fetch_versions
from pipeline.kobo.attachments import fetch_attachment
from pipeline.kobo.data import RawPage, count_records, fetch_by_id, fetch_records
from pipeline.kobo.history import fetch_changes
from pipeline.kobo.rights import Rights, fetch_rights
from pipeline.kobo.session import Session
from pipeline.source import Changes, FormVersion
from pipeline.transport import Options, Server
from pipeline.transport.address import read_address


class KoboClient(Server[Session]):
    """A KoBo server seen by one account; a context manager.

    Parameters
    ----------
    url : str
        https, or http on this same machine.
    token : str
        Of the account; never printed, never sent to any other host.
    options
        As of `pipeline.transport.Session`; KoBo itself gives up after 120 s.

    Raises
    ------
    AddressError, InvalidTokenError
        Before anything is sent, where the address or the token cannot be used.
    """

    def __init__(self, url: str, token: str, **options: Unpack[Options]) -> None:
        super().__init__(Session(read_address(url), token, **options))

    def check(self) -> None:
        """Ask the server who we are, which fails where lists would only look empty."""
        self._session.get("/me/", parse=_account)

    def versions(
        self, server_id: str, asset: str, known: Collection[str] = ()
    ) -> list[FormVersion]:
        """Deployed versions of a form that are not in `known`, oldest first."""
        return fetch_versions(self._session, server_id, asset, known)

    def rights(self, asset: str) -> Rights:
        """What the account may do with a form."""
        return fetch_rights(self._session, asset)

    def records(
        self,
        asset: str,
        after_id: int,
        page_size: int,
        fields: Sequence[str] = (),
        where: dict[str, object] | None = None,
    ) -> Iterator[RawPage]:
        """Records with an id above `after_id`, ascending; at least one page."""
        return fetch_records(self._session, asset, after_id, page_size, fields, where)

    def records_by_id(
        self, asset: str, ids: Sequence[int], fields: Sequence[str] = ()
    ) -> Iterator[RawPage]:
        """Records with these ids, in batches."""
        return fetch_by_id(self._session, asset, ids, fields)

    def count(self, asset: str, upto: int | None = None) -> tuple[int, int]:
        """How many records there are (with an id up to `upto`), and the smallest id."""
        return count_records(self._session, asset, upto)

    def changes(self, asset: str, since: str) -> Changes | None:
        """What the project history tells from `since` on; None where it may not be read."""
        return fetch_changes(self._session, asset, since)

    def download(self, asset: str, number: int, uid: str, path: Path) -> int:
        """Fetch an attachment into a file, going on where an earlier try ended; its bytes."""
        return fetch_attachment(self._session, asset, number, uid, path)


def _account(text: str) -> object:
    value = json.loads(text)
    if not isinstance(value, dict) or "username" not in value:
        raise ValueError("not an account")
    return value
