"""A loopback HTTP server that meets the faults of `pipeline.sandbox.faults` on its way."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from pipeline.sandbox.faults import HTML_PAGE, Faults

Answer = Callable[[str, str, bytes, dict[str, str]], tuple[int, Any]]
"""Status and answer (bytes, or JSON) of method, target, body and headers in small letters."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536
    faults: Faults

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.faults.next(self.command, self.path)
        if fault is not None and fault.action == "drop":
            self.close_connection = True
            return
        if fault is not None and fault.action in {"status", "html"}:
            page = fault.action == "html" or fault.status >= 500
            kind = "text/html" if page else "application/json"
            content = HTML_PAGE.encode() if page else b'{"message":"trouble","code":429.1}'
            self._send(fault.status, kind, content)
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        status, answer = type(self).answer(self.command, self.path, body, headers)  # type: ignore[attr-defined]
        kind = "application/octet-stream" if isinstance(answer, bytes) else "application/json"
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        half = content[: len(content) // 2]
        if fault is not None and fault.action == "truncate":
            self._send(status, kind, half, promised=len(content))
            self.close_connection = True
        else:
            self._send(status, kind, half if fault is not None else content)

    do_GET = do_POST = do_PATCH = do_DELETE = _any

    def _send(self, status: int, kind: str, body: bytes, promised: int | None = None) -> None:
        self.send_response_only(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if promised is None else promised))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        """Stay quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a client that went away."""


@contextmanager
def failing_server(answer: Answer, faults: Faults) -> Iterator[str]:
    """Serve on a free loopback port; gives the URL."""
    handler = type("Handler", (_Handler,), {"answer": staticmethod(answer), "faults": faults})
    server = _Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
