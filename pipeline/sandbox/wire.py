"""Requests and responses, as the handlers see them."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from pipeline.sandbox.accounts import NO_CREDENTIALS, Account
from pipeline.sandbox.models import Asset
from pipeline.sandbox.state import SandboxState

Json = dict[str, Any]


@dataclass(frozen=True)
class Upload:
    """A file in a form."""

    field: str
    filename: str
    mimetype: str
    content: bytes


@dataclass(frozen=True)
class Form:
    """Fields and files of a form, multipart, urlencoded or JSON."""

    fields: Mapping[str, str] = field(default_factory=dict)
    files: tuple[Upload, ...] = ()

    def file(self, name: str) -> Upload | None:
        """The file sent in that field, or None."""
        return next((upload for upload in self.files if upload.field == name), None)


@dataclass(frozen=True)
class Response:
    """An answer as it goes over the wire."""

    status: int
    body: bytes = b""
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """The request ends here, with this answer."""

    def __init__(self, response: Response) -> None:
        super().__init__(HTTPStatus(response.status).phrase)
        self.response = response


@dataclass(frozen=True)
class Request:
    """A request with its account already known."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    base_url: str
    account: Account | None = None

    @property
    def username(self) -> str | None:
        """Who asks; None where anonymous."""
        return self.account.username if self.account else None

    @property
    def url(self) -> str:
        """Address without query."""
        return self.base_url + self.path

    def need_account(self) -> Account:
        """The account; 401 where the request is anonymous."""
        if self.account is None:
            raise Refusal(unauthorized(NO_CREDENTIALS))
        return self.account

    def json(self) -> Json:
        """Body as an object; what is no JSON makes the real server fail, and so this one."""
        try:
            data = json.loads(self.body or b"{}")
        except ValueError:
            raise Refusal(server_error()) from None
        if not isinstance(data, dict):
            raise Refusal(server_error())
        return data

    def form(self) -> Form:
        """Body as a form."""
        kind = self.headers.get("content-type", "")
        if kind.startswith("multipart/form-data"):
            return read_multipart(self.body, kind)
        if kind.startswith("application/json"):
            return Form({key: str(value) for key, value in self.json().items()})
        return Form(dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True)))


Handler = Callable[..., Response]


@dataclass(frozen=True)
class Route:
    """`pattern` is a regular expression over the whole path; its groups are arguments."""

    method: str
    pattern: str
    handler: Handler


def answer(status: int, data: Any, **headers: str) -> Response:
    """JSON answer, compact as the real server writes it; `_` in header names stands for `-`."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, text.encode(), "application/json", named)


def detail(status: int, sentence: str) -> Response:
    """The usual form of a refusal."""
    return answer(status, {"detail": sentence})


def not_found() -> Response:
    """Absent, or not to be seen by this account: the server does not say which."""
    return detail(404, "Not found.")


def page_not_found() -> Response:
    """No such address; HTML, whatever the client accepts."""
    return Response(404, b"Resource not found (404)", "text/html; charset=utf-8")


def unauthorized(sentence: str) -> Response:
    """Credentials are missing or wrong."""
    return answer(401, {"detail": sentence}, WWW_Authenticate="Session")


def forbidden() -> Response:
    """The account may see this and not do that."""
    return detail(403, "You do not have permission to perform this action.")


def server_error() -> Response:
    """What the real server answers to several mistakes of a client."""
    return answer(500, {"error": "Server Error (500)"})


def not_in_sandbox(what: str) -> Response:
    """Something that KoBo has and the sandbox has not: said aloud, never imitated by halves."""
    return detail(501, f"The sandbox does not answer {what}; see docs/decisions/0006-sandbox.md.")


def visible_asset(
    state: SandboxState, request: Request, uid: str, need: str = "view_asset"
) -> Asset:
    """Asset of an address below it; HTML 404 where unknown, JSON 404 where not to be seen."""
    asset = state.assets.get(uid)
    if asset is None:
        raise Refusal(page_not_found())
    if need not in asset.permissions(request.account):
        raise Refusal(not_found())
    return asset


def demand(asset: Asset, request: Request, permission: str) -> None:
    """403 where an account that may see the asset lacks a permission for what it wants."""
    if permission not in asset.permissions(request.account):
        raise Refusal(forbidden())


def read_multipart(body: bytes, content_type: str) -> Form:
    """Fields and files of a multipart body; parts without a name are left out."""
    boundary = _parameter(content_type, "boundary")
    if not boundary:
        return Form()
    fields: dict[str, str] = {}
    files: list[Upload] = []
    # A whole line is the delimiter: a picture may hold the same letters.
    delimiter = rb"(?:\A|\r\n)--" + re.escape(boundary.encode()) + rb"(?:--)?[ \t]*(?=\r\n|\Z)"
    for part in re.split(delimiter, body)[1:]:
        head, separator, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        if not separator:
            continue
        headers = {}
        for line in head.decode("utf-8", "replace").split("\r\n"):
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        disposition = headers.get("content-disposition", "")
        name = _parameter(disposition, "name")
        filename = _parameter(disposition, "filename")
        if filename:
            mimetype = headers.get("content-type", "application/octet-stream")
            files.append(Upload(name, filename, mimetype, content))
        elif name:
            fields[name] = content.decode("utf-8", "replace")
    return Form(fields, tuple(files))


def _parameter(header: str, name: str) -> str:
    for part in header.split(";")[1:]:
        key, _, value = part.strip().partition("=")
        if key.lower() == name:
            return value.strip('"')
    return ""
