"""One conversation with a server: who we are, how long we wait, what we try again.

Redirects are never followed, certificates always verified, and an answer that drips is cut off
at a deadline. What is repeated stands in `pipeline.transport.retry`. Several threads may share a
session.
"""

import itertools
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import requests

from pipeline.errors import ServerError
from pipeline.transport.address import Address
from pipeline.transport.auth import HeaderAuth
from pipeline.transport.deadline import DeadlineAdapter, DeadlineExceededError, deadline
from pipeline.transport.errors import IncompleteAnswerError
from pipeline.transport.faults import Faults
from pipeline.transport.pages import is_page
from pipeline.transport.retry import BUSY, READING, ContradictionError, PassingFault, Policy

Response = requests.Response
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

    def options(self) -> dict[str, Any]:
        """The upload as `requests` takes it."""
        return {"data": dict(self.fields), "files": {self.field: self.file}}


@dataclass(frozen=True, slots=True)
class Raw:
    """A file that is the whole body of a request, and its kind."""

    content: bytes
    mimetype: str

    def options(self) -> dict[str, Any]:
        """The upload as `requests` takes it."""
        return {"data": self.content}


def keep_silent(sentence: str) -> None:
    """Tell nobody."""
    del sentence


class Session(ABC):
    """Requests to one server, each of them tried as often as makes sense.

    A server's own session says what its refusals mean, and calls the server by `software`.

    Parameters
    ----------
    address, auth
        Where, and as whom. Credentials are sent to this address only.
    timeout : (float, float)
        Seconds to connect, and between two pieces of an answer.
    total : float
        Seconds until an answer must be there whole.
    retries : int
        How often a request is repeated at most.
    sleep, notify
        How to wait, and whom to tell in a sentence that we do.
    """

    software = ""

    def __init__(
        self,
        address: Address,
        auth: HeaderAuth,
        *,
        timeout: tuple[float, float] = (5.0, 125.0),
        total: float = 900.0,
        retries: int = 4,
        sleep: Callable[[float], None] = time.sleep,
        notify: Callable[[str], None] = keep_silent,
        user_agent: str = "persepsi",
    ) -> None:
        self.address = address
        self._timeout = timeout
        self._total = total
        self._policy = Policy(retries)
        self._faults = Faults(address, retries, self.software)
        self._sleep = sleep
        self._notify = notify
        self._http = requests.Session()
        self._http.mount("https://", DeadlineAdapter())
        self._http.mount("http://", DeadlineAdapter())
        self._http.auth = auth
        # The office's proxy and certificates count, but not between us and this same machine.
        self._http.trust_env = not address.loopback
        self._http.headers.update(
            {"Accept": "application/json", "Accept-Language": "en", "User-Agent": user_agent}
        )
        self._told = threading.Lock()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.address.base!r})"

    @abstractmethod
    def refusal(self, response: Response, asset: str) -> ServerError:
        """Error for an answer that trying again would not change."""

    @abstractmethod
    def page(self) -> ServerError:
        """Error for a web page where data should be."""

    def before(self, path: str) -> None:
        """What a server's session has to do before it asks for a path; nothing by itself."""
        del path

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
        upload: Upload | Raw | None = None,
        expect: int | tuple[int, ...] = 200,
        asset: str = "",
        parse: Callable[[str], T],
    ) -> T:
        """Answer to a request, parsed; `body` is sent as JSON, `expect` is the status of success.

        `upload` is sent in place of `body`, as a form with a file or as a file alone. `parse`
        raises ValueError for a text that is not what was asked for; that counts as a body cut
        off. `asset` is named in errors.

        Raises
        ------
        ServerError
            One of `pipeline.transport.errors`.
        """
        allowed = (expect,) if isinstance(expect, int) else expect

        def once() -> T:
            response = self.send(
                method, path, params, body=body, upload=upload, asset=asset, expect=allowed
            )
            if is_page(response):
                raise self.page()
            try:
                return parse(response.content.decode("utf-8"))
            except ContradictionError as contradiction:
                error = IncompleteAnswerError(str(contradiction))
                raise PassingFault("contradicts itself", error) from None
            except (ValueError, RecursionError):
                raise self.strange() from None

        return self.repeated(method, once)

    def cut_off(self, what: str) -> PassingFault:
        """Fault of an answer that is not all there."""
        return self._faults.cut_off(what)

    def strange(self) -> PassingFault:
        """Fault of an answer that is not what was asked for."""
        return self.cut_off(f"sent something that is not the JSON {self.software} gives")

    def repeated(self, method: str, once: Callable[[], T]) -> T:
        """Result of `once`, called again as long as a `PassingFault` allows."""
        for attempt in itertools.count(1):
            try:
                return once()
            except PassingFault as fault:
                limit = self._policy.limit(method, fault)
                if attempt > limit and method not in READING and fault.acted:
                    raise type(fault.error)(
                        f"{self.address.base} {fault} when asked to change something, so it is "
                        "not certain whether it did. Run the same command again: it looks first, "
                        "and goes on from there."
                    ) from None
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
        upload: Upload | Raw | None = None,
        asset: str = "",
        expect: tuple[int, ...] = (200,),
        headers: Mapping[str, str] | None = None,
        take: Callable[[Response], None] | None = None,
    ) -> Response:
        """One try of a request: an answer with an expected status, read whole.

        `take` reads the body of such an answer instead, piece by piece.

        Raises
        ------
        PassingFault, ServerError
            A fault that may pass, and one that will not.
        """
        self.before(path)
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
            raise self._faults.silent(
                f"did not end its answer within {self._total:.0f} s"
            ) from None
        except requests.exceptions.RequestException as error:
            raise self._faults.of(error) from None
        except UnicodeError:
            raise self._faults.of(requests.exceptions.InvalidURL()) from None
        status = response.status_code
        if status in BUSY or status == 500:
            raise self._faults.failing(response)
        if status not in expect:
            raise self.refusal(response, asset)
        return response

    def _exchange(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        body: object,
        upload: Upload | Raw | None,
        headers: Mapping[str, str] | None,
        stream: bool,
    ) -> Response:
        more: dict[str, Any] = {} if body is None else {"json": body}
        if upload is not None:
            more = upload.options()
        if isinstance(upload, Raw):
            headers = {"Content-Type": upload.mimetype, **(headers or {})}
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
