"""One conversation with a KoBo server: who we are, how long we wait, what we try again.

Only this package uses `requests`. Redirects are never followed, certificates always verified,
and an answer that drips is cut off at a deadline. What is repeated stands in
`pipeline.kobo.retry`. Several threads may share a session.
"""

import itertools
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import requests

from pipeline.kobo.address import Address
from pipeline.kobo.answers import is_page, page_error, refusal
from pipeline.kobo.deadline import DeadlineAdapter, DeadlineExceededError, deadline
from pipeline.kobo.errors import (
    AddressError,
    BusyError,
    IncompleteAnswerError,
    UnreachableError,
)
from pipeline.kobo.retry import (
    BUSY,
    LONGEST_WAIT,
    NOT_DONE,
    RETRIES_OF_500,
    ContradictionError,
    PassingFault,
    Policy,
    retry_after,
)
from pipeline.kobo.token import TokenAuth

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Upload:
    """A form with one file: its text fields, and the file's field, name, bytes and kind."""

    fields: Mapping[str, str]
    field: str
    filename: str
    content: bytes
    mimetype: str

    @property
    def file(self) -> tuple[str, bytes, str]:
        """The file as requests takes it."""
        return self.filename, self.content, self.mimetype


class Session:
    """Requests to one server, each of them tried as often as makes sense.

    Parameters
    ----------
    address, token
        Where, and as whom. The token is sent to this address only.
    timeout : (float, float)
        Seconds to connect, and between two pieces of an answer. KoBo itself gives up after 120.
    total : float
        Seconds until an answer must be there whole.
    retries : int
        How often a request is repeated at most.
    sleep, notify
        How to wait, and whom to tell in a sentence that we do.
    """

    def __init__(
        self,
        address: Address,
        token: str,
        *,
        timeout: tuple[float, float],
        total: float,
        retries: int,
        sleep: Callable[[float], None],
        notify: Callable[[str], None],
        user_agent: str,
    ) -> None:
        self.address = address
        self._timeout = timeout
        self._total = total
        self._policy = Policy(retries)
        self._sleep = sleep
        self._notify = notify
        self._http = requests.Session()
        self._http.mount("https://", DeadlineAdapter())
        self._http.mount("http://", DeadlineAdapter())
        # As an auth object, not a header: a .netrc of the office cannot replace it.
        self._http.auth = TokenAuth(token)
        # The office's proxy and certificates count, but not between us and this same machine.
        self._http.trust_env = not address.loopback
        self._http.headers.update(
            {"Accept": "application/json", "Accept-Language": "en", "User-Agent": user_agent}
        )
        self._told = threading.Lock()

    def __repr__(self) -> str:
        return f"Session({self.address.base!r})"

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        asset: str = "",
        parse: Callable[[str], T],
    ) -> T:
        """Answer to a GET request, parsed; as `request`."""
        return self.request("GET", path, params, asset=asset, parse=parse)

    def request(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        body: object = None,
        upload: Upload | None = None,
        expect: int | tuple[int, ...] = 200,
        asset: str = "",
        parse: Callable[[str], T],
    ) -> T:
        """Answer to a request, parsed; `body` is sent as JSON, `expect` is the status of success.

        `upload` is sent as a form with a file, in place of `body`. `parse` raises ValueError for
        a text that is not what was asked for; that counts as a body cut off. `asset` is named in
        errors.

        Raises
        ------
        ServerError
            One of `pipeline.kobo.errors`.
        """
        allowed = (expect,) if isinstance(expect, int) else expect

        def once() -> T:
            response = self.send(
                method, path, params, body=body, upload=upload, asset=asset, expect=allowed
            )
            if is_page(response):
                raise page_error(self.address)
            try:
                return parse(response.content.decode("utf-8"))
            except ContradictionError as contradiction:
                error = IncompleteAnswerError(str(contradiction))
                raise PassingFault("contradicts itself", error) from None
            except (ValueError, RecursionError):
                raise self.cut_off("sent something that is not the JSON KoBo gives") from None

        return self.repeated(method, once)

    def repeated(self, method: str, once: Callable[[], T]) -> T:
        """Result of `once`, called again as long as a `PassingFault` allows."""
        for attempt in itertools.count(1):
            try:
                return once()
            except PassingFault as fault:
                limit = self._policy.limit(method, fault)
                if attempt > limit:
                    raise fault.error from None
                wait = self._policy.pause(attempt, fault)
                sentence = (
                    f"{self.address.host} {fault}; trying again in {wait:.0f} s "
                    f"({attempt} of {limit})."
                )
            with self._told:
                self._notify(sentence)
            self._sleep(wait)
        raise AssertionError("never reached")

    def send(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        body: object = None,
        upload: Upload | None = None,
        asset: str = "",
        expect: tuple[int, ...] = (200,),
        headers: Mapping[str, str] | None = None,
        take: Callable[[requests.Response], None] | None = None,
    ) -> requests.Response:
        """One try of a request: an answer with an expected status, read whole.

        `take` reads the body of such an answer instead, piece by piece.

        Raises
        ------
        PassingFault, ServerError
            A fault that may pass, and one that will not.
        """
        try:
            with deadline(self._total):
                response = self._exchange(
                    method, path, params, body, upload, headers, take is not None
                )
                if take is not None:
                    # Only what was asked for is taken; what a refusal says must be read here.
                    if response.status_code in expect:
                        take(response)
                    else:
                        _ = response.content
                    response.close()
        except DeadlineExceededError:
            raise self._silent(f"did not end its answer within {self._total:.0f} s") from None
        except requests.exceptions.RequestException as error:
            raise self._fault(error) from None
        except UnicodeError:
            raise self._fault(requests.exceptions.InvalidURL()) from None
        status = response.status_code
        if status in BUSY or status == 500:
            raise self._failing(response)
        if status not in expect:
            raise refusal(response, self.address, asset)
        return response

    def _exchange(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        body: object,
        upload: Upload | None,
        headers: Mapping[str, str] | None,
        stream: bool,
    ) -> requests.Response:
        more: dict[str, Any] = {} if body is None else {"json": body}
        if upload is not None:
            more = {"data": dict(upload.fields), "files": {upload.field: upload.file}}
        return self._http.request(
            method,
            self.address.url(path),
            params=params,
            headers=headers,
            timeout=self._timeout,
            allow_redirects=False,
            stream=stream,
            **more,
        )

    def _fault(self, error: requests.exceptions.RequestException) -> Exception:
        base = self.address.base
        if isinstance(error, requests.exceptions.SSLError):
            return UnreachableError(
                f"The certificate of {base} cannot be verified, so nothing was sent. Check the "
                "date of this computer and log in to the Wi-Fi with a browser; if the office "
                "filters traffic, name its certificate file in REQUESTS_CA_BUNDLE."
            )
        if isinstance(error, requests.exceptions.ProxyError):
            return self._silent("cannot be reached through the proxy of this office")
        if isinstance(
            error,
            requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError,
        ):
            return self.cut_off("broke off in the middle of an answer")
        if isinstance(error, requests.exceptions.Timeout):
            never = isinstance(error, requests.exceptions.ConnectTimeout)
            return self._silent("did not answer in time", acted=not never)
        if isinstance(error, requests.exceptions.ConnectionError):
            return self._silent("cannot be reached", acted="NewConnectionError" not in repr(error))
        return AddressError(
            f"{base} cannot be used as the address of a server. Correct [server] url in study.toml."
        )

    def _silent(self, what: str, *, acted: bool = True) -> PassingFault:
        return PassingFault(
            what,
            UnreachableError(
                f"{self.address.base} {what} (tried {self._policy.retries + 1} times). Check the "
                "network and the address in study.toml, or wait until the server is up; nothing "
                "is lost."
            ),
            acted=acted,
        )

    def cut_off(self, what: str) -> PassingFault:
        """Fault of an answer that is not all there."""
        return PassingFault(
            what,
            IncompleteAnswerError(
                f"{self.address.base} {what}, {self._policy.retries + 1} times in a row. Use a "
                "steadier network or a smaller page_size under [server] in study.toml, and check "
                "that the address is KoBoToolbox's."
            ),
        )

    def _failing(self, response: requests.Response) -> PassingFault:
        base, status = self.address.base, response.status_code
        wait = retry_after(response)
        if wait is not None and wait > LONGEST_WAIT:
            raise BusyError(
                f"{base} asks to come back in {wait / 60:.0f} minutes (status {status}). Run the "
                "same command again then."
            )
        what = "is busy" if status == 429 else f"failed with status {status}"
        retries = RETRIES_OF_500 if status == 500 else self._policy.retries
        times = min(retries, self._policy.retries) + 1
        return PassingFault(
            what,
            BusyError(
                f"{base} {what}, {times} times in a row. The fault lies with the server or "
                "the line to it: run again later, with a smaller page_size under [server] in "
                "study.toml if it stays."
            ),
            acted=status not in NOT_DONE,
            wait=wait,
            retries=retries,
        )
