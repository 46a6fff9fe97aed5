"""The server itself: HTTP/1.1 over the loopback interface, one thread a connection."""

import re
import socket
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from pipeline.sandbox import (
    assets,
    data,
    editing,
    media,
    openrosa,
    project,
    publishing,
    session,
    submission,
)
from pipeline.sandbox.accounts import BadCredentialsError, authenticate
from pipeline.sandbox.faults import HTML_PAGE, Fault
from pipeline.sandbox.state import SandboxState
from pipeline.sandbox.wire import (
    Handler,
    Refusal,
    Request,
    Response,
    answer,
    detail,
    page_not_found,
    server_error,
    unauthorized,
)

LOOPBACK = "127.0.0.1"
LARGEST_BODY = 100 * 1024 * 1024
NAMES = {"localhost", LOOPBACK}
# Order matters where patterns overlap: `data/bulk/` before `data/<record>/`.
ROUTES = [
    *session.ROUTES,
    *publishing.ROUTES,
    *editing.ROUTES,
    *media.ROUTES,
    *data.ROUTES,
    *project.ROUTES,
    *assets.ROUTES,
    *submission.ROUTES,
    *openrosa.ROUTES,
]
TABLE: list[tuple[str, re.Pattern[str], Handler]] = [
    (route.method, re.compile(route.pattern), route.handler) for route in ROUTES
]


def respond(state: SandboxState, request: Request) -> Response:
    """Answer to a request; whatever goes wrong inside is a 500, as on the real server."""
    allowed: list[str] = []
    for method, pattern, handler in TABLE:
        match = pattern.fullmatch(request.path)
        if match is None:
            continue
        if method == request.method or (request.method == "HEAD" and method == "GET"):
            try:
                with state.lock:
                    return handler(state, request, **match.groupdict())
            except Refusal as refusal:
                return refusal.response
        if method not in allowed:
            allowed.append(method)
    if allowed:
        refused = detail(405, f'Method "{request.method}" not allowed.')
        headers = {"Allow": ", ".join([*allowed, "HEAD", "OPTIONS"])}
        return Response(405, refused.body, refused.content_type, headers)
    if any(pattern.fullmatch(request.path + "/") for _, pattern, _ in TABLE):
        headers = {"Location": request.path + "/", "Connection": "close"}
        return Response(301, b"", "text/html; charset=utf-8", headers)
    return page_not_found()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "PersepsiSandbox/1"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body leave in one piece
    timeout = 120

    def do_GET(self) -> None:
        self._serve()

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: `SandboxState.requests` keeps what was asked."""

    def _serve(self) -> None:
        server = cast("SandboxServer", self.server)
        state = server.state
        headers = {name.lower(): value for name, value in self.headers.items()}
        host = headers.get("host", "")
        if host.partition(":")[0] not in NAMES:
            # A page in a browser that calls itself this machine must not read the answers.
            self._send(answer(400, {"detail": "The sandbox answers to localhost only."}))
            return
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > LARGEST_BODY:
            self.close_connection = True
            self._send(answer(413, {"detail": "The body is too large."}))
            return
        body = self.rfile.read(int(length))
        state.requests.append(f"{self.command} {self.path}")
        fault = state.faults.next(self.command, self.path)
        if fault is not None and self._refuses(fault, server):
            return
        response = self._answer(state, headers, body, f"http://{host}")
        self._send(response, fault)

    def _answer(
        self, state: SandboxState, headers: Mapping[str, str], body: bytes, base_url: str
    ) -> Response:
        parts = urlsplit(self.path)
        try:
            account = authenticate(state.accounts, headers)
        except BadCredentialsError as error:
            return unauthorized(str(error))
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        request = Request(
            self.command, unquote(parts.path), query, headers, body, base_url, account
        )
        try:
            return respond(state, request)
        except Exception as error:
            # The client must see what a failing server shows; a test finds the cause here.
            state.failures.append(error)
            return server_error()

    def _refuses(self, fault: Fault, server: "SandboxServer") -> bool:
        """Let a failure happen; True where it stands in place of the answer."""
        if fault.action == "delay":
            server.stopping.wait(fault.seconds)
            return False
        if fault.action == "drop":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return True
        extra = {"Retry-After": fault.retry_after} if fault.retry_after is not None else {}
        if fault.action == "status":
            told = detail(
                fault.status, "Request was throttled." if fault.status == 429 else "Fault."
            )
            self._send(Response(fault.status, told.body, told.content_type, extra))
            return True
        if fault.action == "html":
            html = "text/html; charset=utf-8"
            self._send(Response(fault.status, HTML_PAGE.encode(), html, extra))
            return True
        return False

    def _send(self, response: Response, fault: Fault | None = None) -> None:
        content, announced = response.body, len(response.body)
        if fault is not None and fault.action in {"truncate", "invalid_json"}:
            content = content[: len(content) // 2]
            if fault.action == "truncate":
                self.close_connection = True
            else:
                announced = len(content)
        self.send_response(response.status)
        if response.content_type:
            self.send_header("Content-Type", response.content_type)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.status != 204:
            self.send_header("Content-Length", str(announced))
        self.end_headers()
        if self.command != "HEAD" and response.status != 204:
            self.wfile.write(content)
        self.wfile.flush()


class SandboxServer(ThreadingHTTPServer):
    """Server over a state; knows its open connections, so that it can end at once."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, state: SandboxState, port: int) -> None:
        super().__init__((LOOPBACK, port), _Handler)
        self.state = state
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._quiet = threading.Condition()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, then serve it in a thread of its own."""
        with self._quiet:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close the connection and forget it."""
        super().shutdown_request(request)
        with self._quiet:
            self._open.discard(request)
            self._quiet.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that hung up; that is its right."""

    def end(self, patience: float = 5.0) -> None:
        """Stop listening, cut every connection and wait for their threads."""
        self.stopping.set()
        self.shutdown()
        with self._quiet:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # the client was quicker
            self._quiet.wait_for(lambda: not self._open, patience)
        self.server_close()
