"""One conversation with an ODK Central server: login, its JSON, its refusals."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Unpack

from pipeline.central.credentials import Credentials
from pipeline.errors import ServerError
from pipeline.transport import HeaderAuth, Options, Raw, Response, Session
from pipeline.transport.address import Address
from pipeline.transport.errors import (
    ForbiddenError,
    InvalidTokenError,
    MovedError,
    OtherServiceError,
    RefusedError,
    UnknownAssetError,
)
from pipeline.transport.pages import is_page, says_html

SESSIONS = "/v1/sessions"


class CentralSession(Session):
    """`pipeline.transport.Session` with Central's refusals; logs in where it has a password."""

    software = "ODK Central"

    def __init__(self, address: Address, who: Credentials, **options: Unpack[Options]) -> None:
        self._who = who
        self._bearer = HeaderAuth("Bearer", who.token)
        super().__init__(address, self._bearer, **options)

    def refusal(self, response: Response, asset: str) -> ServerError:
        """Error for an answer that trying again would not change."""
        return refusal(response, self.address, asset)

    def page(self) -> ServerError:
        """Error for an answer that Central does not give."""
        return not_central(self.address)

    def login(self) -> None:
        """Get a token for e-mail and password; nothing where there is one.

        Raises
        ------
        InvalidTokenError
            Where the server does not know them.
        """
        if self._bearer.token:
            return
        body = {"email": self._who.email, "password": self._who.password}
        answer = self.json("POST", SESSIONS, body=body, fits=an_object("token"))
        if not isinstance(answer["token"], str) or not answer["token"]:
            raise self.page()
        self._bearer.token = answer["token"]

    def json(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        body: object = None,
        asset: str = "",
        fits: Callable[[Any], bool] = lambda _: True,
    ) -> Any:
        """Answer to a request as Python values; numbers stay the text that was sent.

        Raises
        ------
        ServerError
            One of `pipeline.transport.errors`.
        """
        return self.answer(method, path, params, body=body, asset=asset, fits=fits)[1]

    def answer(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        body: object = None,
        upload: Raw | None = None,
        asset: str = "",
        expect: tuple[int, ...] = (200,),
        headers: Mapping[str, str] | None = None,
        fits: Callable[[Any], bool] = lambda _: True,
    ) -> tuple[int, Any]:
        """Status and answer, as `json`, where a refusal too is to be read.

        A 200 whose answer does not pass `fits` counts as one that was cut off.

        Raises
        ------
        ServerError
            One of `pipeline.transport.errors`.
        """

        def once() -> tuple[int, Any]:
            response = self.send(
                method, path, params, body=body, upload=upload, asset=asset, expect=expect,
                headers=headers,
            )  # fmt: skip
            if is_page(response):
                raise self.page()
            try:
                text = response.content.decode("utf-8")
                value = json.loads(text, parse_float=str, parse_int=str)
            except (ValueError, RecursionError):
                raise self.strange() from None
            if response.status_code == 200 and not fits(value):
                raise self.strange()
            return response.status_code, value

        return self.repeated(method, once)

    def file(self, path: str, *, asset: str = "") -> bytes | None:
        """Bytes of a file of the server, whole; None where it does not have it.

        Raises
        ------
        ServerError
            One of `pipeline.transport.errors`.
        """

        def once() -> bytes | None:
            taken: list[bytes] = []
            promised: list[str] = []

            def take(response: Response) -> None:
                promised.append(response.headers.get("Content-Length", ""))
                taken.append(response.content)

            headers = {"Accept": "*/*", "Accept-Encoding": "identity", "X-OpenRosa-Version": "1.0"}
            response = self.send(
                "GET", path, asset=asset, headers=headers, expect=(200, 404), take=take
            )
            if says_html(response):
                raise self.page()
            if response.status_code == 404:
                return None
            if promised[0].isdecimal() and int(promised[0]) != len(taken[0]):
                raise self.cut_off("did not give the whole file")
            return taken[0]

        return self.repeated("GET", once)

    def before(self, path: str) -> None:
        """Log in before the first request."""
        if path != SESSIONS:
            self.login()


def an_object(*keys: str) -> Callable[[Any], bool]:
    """Whether an answer is an object with these keys."""
    return lambda value: isinstance(value, dict) and all(key in value for key in keys)


def a_list(*keys: str) -> Callable[[Any], bool]:
    """Whether an answer is a list of objects with these keys."""
    one = an_object(*keys)
    return lambda value: isinstance(value, list) and all(map(one, value))


def not_central(address: Address) -> ServerError:
    """Error for an answer that Central does not give: a portal, a notice, another service."""
    return OtherServiceError(
        f"{address.base} answered with something that is not ODK Central's. Usually that is a "
        "Wi-Fi login or an office filter: open the address in a browser, log in to the network, "
        "and run again. Otherwise correct [server] url in study.toml."
    )


def refusal(response: Response, address: Address, asset: str) -> ServerError:
    """Error for an answer that trying again would not change, by its status alone."""
    status = response.status_code
    form = f"form {asset}" if asset else "what was asked for"
    if 300 <= status < 400:
        return MovedError(
            f"{address.base} sends us elsewhere (status {status}); the token does not follow. "
            "Compare [server] url in study.toml with the address in the browser."
        )
    if is_page(response):
        return not_central(address)
    if status == 401:
        return InvalidTokenError(
            f"{address.base} does not accept the credentials (401). Check CENTRAL_EMAIL and "
            "CENTRAL_PASSWORD, or get a new CENTRAL_TOKEN: a session ends after 24 hours."
        )
    if status == 403:
        return ForbiddenError(
            f"{address.base}: this web user may not read {form} (403). Ask for the role Project "
            "Viewer in the project; an app user's token cannot read."
        )
    if status == 404 and asset:
        return UnknownAssetError(
            f"{address.base} has no {form} (404). Under [wave.assets] in study.toml stands "
            '"<project number>/<form id>", as in the form\'s address /projects/1/forms/wawancara; '
            "the form must be published."
        )
    if status == 404:
        return not_central(address)
    return RefusedError(
        f"{address.base} refuses to give {form} (status {status}). Check that it is ODK Central "
        "of 2023.5 or later; if it is, this is worth an issue report."
    )
