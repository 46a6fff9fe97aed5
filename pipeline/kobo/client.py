"""The KoBo API v2 as this project uses it, and a server of it as a source of submissions."""

import json
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Self

from pipeline.kobo.address import read_address
from pipeline.kobo.assets import fetch_versions
from pipeline.kobo.data import MARKS, RawPage, fetch_by_id, fetch_records, record_id
from pipeline.kobo.session import Session
from pipeline.record import Record, status_of, to_submission
from pipeline.source import FROM_START, FormVersion, Mark, MarkPage, Page
from pipeline.submission import Submission


def _keep_silent(sentence: str) -> None:
    del sentence


class KoboClient:
    """A KoBo server seen by one account; a context manager.

    Parameters
    ----------
    url : str
        https, or http on this same machine.
    token : str
        Of the account; never printed, never sent to any other host.
    timeout : (float, float)
        Seconds to connect, and between two pieces of an answer.
    retries : int
        How often a request that may succeed later is repeated.
    sleep, notify
        How to wait between two tries, and whom to tell.

    Raises
    ------
    AddressError, InvalidTokenError
        Before anything is sent, where the address or the token cannot be used.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        timeout: tuple[float, float] = (5.0, 125.0),
        retries: int = 4,
        sleep: Callable[[float], None] = time.sleep,
        notify: Callable[[str], None] = _keep_silent,
        user_agent: str = "persepsi",
    ) -> None:
        self._session = Session(
            read_address(url),
            token,
            timeout=timeout,
            retries=retries,
            sleep=sleep,
            notify=notify,
            user_agent=user_agent,
        )

    def __repr__(self) -> str:
        return f"KoboClient({self.url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        """Base URL of the server."""
        return self._session.address.base

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def check(self) -> None:
        """Ask the server who we are, which fails where lists would only look empty."""
        self._session.get("/me/", parse=_account)

    def versions(
        self, server_id: str, asset: str, known: Collection[str] = ()
    ) -> list[FormVersion]:
        """Deployed versions of a form that are not in `known`, oldest first."""
        return fetch_versions(self._session, server_id, asset, known)

    def records(
        self, asset: str, after_id: int, page_size: int, fields: Sequence[str] = ()
    ) -> Iterator[RawPage]:
        """Records with an id above `after_id`, ascending; at least one page."""
        return fetch_records(self._session, asset, after_id, page_size, fields)

    def records_by_id(self, asset: str, ids: Sequence[int]) -> Iterator[RawPage]:
        """Records with these ids, in batches."""
        return fetch_by_id(self._session, asset, ids)


class KoboSource:
    """A KoBo server as a source; `server_id` is its name in the study, never its URL."""

    def __init__(self, client: KoboClient, server_id: str) -> None:
        self._client = client
        self.server_id = server_id

    def __repr__(self) -> str:
        return f"KoboSource({self.server_id!r}, {self.address!r})"

    @property
    def address(self) -> str:
        """Base URL of the server."""
        return self._client.url

    def check(self) -> None:
        """Raise a ServerError unless the server is there and knows the token."""
        self._client.check()

    def versions(self, asset: str, known: Collection[str] = ()) -> list[FormVersion]:
        """Deployed versions of the form that are not in `known`, oldest first."""
        return self._client.versions(self.server_id, asset, known)

    def pages(self, asset: str, after: int, page_size: int) -> Iterator[Page]:
        """Submissions with an id above `after`, ascending; at least one page."""
        for page in self._client.records(asset, after, page_size):
            yield Page(self._submissions(asset, page.records), page.count)

    def marks(self, asset: str, page_size: int) -> Iterator[MarkPage]:
        """Id, uuid and validation status of every submission: about 150 bytes each."""
        for page in self._client.records(asset, FROM_START, page_size, MARKS):
            marks = tuple(
                Mark(record_id(r), str(r.fields.get("_uuid") or ""), status_of(r.fields))
                for r in page.records
            )
            yield MarkPage(marks, page.count)

    def fetch(self, asset: str, ids: Sequence[int]) -> Iterator[Page]:
        """Submissions with these ids, in batches."""
        for page in self._client.records_by_id(asset, ids):
            yield Page(self._submissions(asset, page.records), page.count)

    def _submissions(self, asset: str, records: Sequence[Record]) -> tuple[Submission, ...]:
        return tuple(to_submission(r, server_id=self.server_id, asset=asset) for r in records)


def _account(text: str) -> object:
    value = json.loads(text)
    if not isinstance(value, dict) or "username" not in value:
        raise ValueError("not an account")
    return value
