"""One conversation with a KoBo server: who we are, how long we wait, what we try again.

Only this package uses `requests`, and it only ever reads (GET). Redirects are never followed,
certificates always verified. A request is repeated after 1, 2, 4 ... seconds where the fault may
pass: no connection, a timeout, a body cut off, 429, 502, 503, 504 (as `Retry-After` asks, if it
does), and twice after a 500, which KoBo also gives for requests that will never succeed.
"""

import itertools
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import TypeVar

import requests

from pipeline.errors import ServerError
from pipeline.kobo.address import Address
from pipeline.kobo.answers import is_page, page_error, refusal
from pipeline.kobo.errors import (
    AddressError,
    BusyError,
    IncompleteAnswerError,
    InvalidTokenError,
    UnreachableError,
)

T = TypeVar("T")

BUSY = frozenset({429, 502, 503, 504})
RETRIES_OF_500 = 2
LONGEST_PAUSE = 60.0
LONGEST_WAIT = 300.0
"""Seconds of `Retry-After` we sit through; a longer wish is told to the user."""


class TokenAuth(requests.auth.AuthBase):
    """Puts the token on a request; shows it nowhere else."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the header KoBo reads."""
        request.headers["Authorization"] = f"Token {self._token}"
        return request

    def __repr__(self) -> str:
        return "TokenAuth(...)"


class _PassingFault(Exception):
    """A fault that may pass: what to say while waiting, and the error if it does not."""

    def __init__(
        self,
        what: str,
        error: ServerError,
        *,
        wait: float | None = None,
        retries: int | None = None,
    ) -> None:
        super().__init__(what)
        self.error = error
        self.wait = wait
        self.retries = retries


class Session:
    """GET requests to one server, each of them tried as often as makes sense.

    Parameters
    ----------
    address, token
        Where, and as whom. The token is sent to this address only.
    timeout : (float, float)
        Seconds to connect, and between two pieces of an answer. KoBo itself gives up after 120.
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
        retries: int,
        sleep: Callable[[float], None],
        notify: Callable[[str], None],
        user_agent: str,
    ) -> None:
        self.address = address
        self._timeout = timeout
        self._retries = retries
        self._sleep = sleep
        self._notify = notify
        self._http = requests.Session()
        # As an auth object, not a header: a .netrc of the office cannot replace it.
        self._http.auth = TokenAuth(_checked(token))
        # The office's proxy and certificates count, but not between us and this same machine.
        self._http.trust_env = not address.loopback
        self._http.headers.update(
            {"Accept": "application/json", "Accept-Language": "en", "User-Agent": user_agent}
        )

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
        """Answer to a GET request, parsed.

        `parse` raises ValueError for a text that is not what was asked for; that counts as a
        body cut off. `asset` is named in errors.

        Raises
        ------
        ServerError
            One of `pipeline.kobo.errors`.
        """
        for attempt in itertools.count(1):
            try:
                return self._try(path, params or {}, asset, parse)
            except _PassingFault as fault:
                limit = min(self._retries, fault.retries or self._retries)
                if attempt > limit:
                    raise fault.error from None
                pause = min(2.0 ** (attempt - 1), LONGEST_PAUSE)
                wait = pause if fault.wait is None else fault.wait
                sentence = (
                    f"{self.address.host} {fault}; trying again in {wait:.0f} s "
                    f"({attempt} of {limit})."
                )
            self._notify(sentence)
            self._sleep(wait)
        raise AssertionError("never reached")

    def _try(
        self, path: str, params: Mapping[str, str], asset: str, parse: Callable[[str], T]
    ) -> T:
        response = self._send(path, params)
        if response.status_code in BUSY or response.status_code == 500:
            raise self._failing(response)
        if response.status_code != 200:
            raise refusal(response, self.address, asset)
        if is_page(response):
            raise page_error(self.address)
        try:
            return parse(response.content.decode("utf-8"))
        except (ValueError, RecursionError):
            raise self._cut_off("sent something that is not the JSON KoBo gives") from None

    def _send(self, path: str, params: Mapping[str, str]) -> requests.Response:
        base = self.address.base
        try:
            return self._http.get(
                self.address.url(path),
                params=params,
                timeout=self._timeout,
                allow_redirects=False,
            )
        except requests.exceptions.SSLError:
            raise UnreachableError(
                f"The certificate of {base} cannot be verified, so nothing was sent. Check the "
                "date of this computer and log in to the Wi-Fi with a browser; if the office "
                "filters traffic, name its certificate file in REQUESTS_CA_BUNDLE."
            ) from None
        except requests.exceptions.ProxyError:
            raise self._silent("cannot be reached through the proxy of this office") from None
        except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError):
            raise self._cut_off("broke off in the middle of an answer") from None
        except requests.exceptions.Timeout:
            raise self._silent("did not answer in time") from None
        except requests.exceptions.ConnectionError:
            raise self._silent("cannot be reached") from None
        except (requests.exceptions.RequestException, UnicodeError):
            raise AddressError(
                f"{base} cannot be used as the address of a server. Correct [server] url in "
                "study.toml."
            ) from None

    def _silent(self, what: str) -> _PassingFault:
        return _PassingFault(
            what,
            UnreachableError(
                f"{self.address.base} {what} (tried {self._retries + 1} times). Check the network "
                "and the address in study.toml, or wait until the server is up; nothing is lost."
            ),
        )

    def _cut_off(self, what: str) -> _PassingFault:
        return _PassingFault(
            what,
            IncompleteAnswerError(
                f"{self.address.base} {what}, {self._retries + 1} times in a row. Use a steadier "
                "network or a smaller page_size under [server] in study.toml, and check that the "
                "address is KoBoToolbox's."
            ),
        )

    def _failing(self, response: requests.Response) -> _PassingFault:
        base, status = self.address.base, response.status_code
        wait = retry_after(response)
        if wait is not None and wait > LONGEST_WAIT:
            raise BusyError(
                f"{base} asks to come back in {wait / 60:.0f} minutes (status {status}). Run the "
                "same command again then."
            )
        what = "is busy" if status == 429 else f"failed with status {status}"
        retries = min(self._retries, RETRIES_OF_500) if status == 500 else self._retries
        return _PassingFault(
            what,
            BusyError(
                f"{base} {what}, {retries + 1} times in a row. The fault lies with the server or "
                "the line to it: run again later, with a smaller page_size under [server] in "
                "study.toml if it stays."
            ),
            wait=wait,
            retries=retries,
        )


def retry_after(response: requests.Response) -> float | None:
    """Seconds the server asks us to wait; None where it says nothing usable.

    A date is counted from the server's own `Date`, so that a wrong clock here does no harm.
    """
    text = response.headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        wait = parsedate_to_datetime(text) - parsedate_to_datetime(response.headers["Date"])
    except (KeyError, TypeError, ValueError):
        return None
    return max(wait.total_seconds(), 0.0)


def _checked(token: str) -> str:
    token = token.strip()
    if not token:
        raise InvalidTokenError(
            "No token: the environment variable KOBO_TOKEN is not set. Copy the token from Account "
            "Settings → Security on your KoBo server and set it for this command only."
        )
    if not token.isascii() or not token.isprintable() or " " in token:
        raise InvalidTokenError(
            "KOBO_TOKEN is not a token: it holds blanks or characters no token has. Copy it again "
            "from Account Settings → Security on your KoBo server, without quotes or prefix."
        )
    return token
