"""A proxy between the client and a server that does to answers what bad lines do, by a seed.

It is real HTTP on both sides: the client speaks to it as to a server. Every fault is drawn from
a seeded generator, so that a run can be made again; between two pages it lets people change the
server's data.
"""

import http.client
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

FAULTS = (
    "delay", "cut", "429", "429 with Retry-After", "500", "502", "404 page", "half JSON",
    "repeat", "drop", "change",
)  # fmt: skip
PAGE = b"<!DOCTYPE html><html><head><title>502</title></head><body>nginx</body></html>"


class Proxy:
    """What the proxy does: with `rate` a fault, drawn from `rng`; `change` alters the server."""

    def __init__(self, port: int, rng: random.Random, rate: float, change: Callable[[], None]):
        self.port = port
        self.rng = rng
        self.rate = rate
        self.change = change
        self.last: dict[str, tuple[int, list[tuple[str, str]], bytes]] = {}
        self.done: list[str] = []
        self.lock = threading.Lock()

    def draw(self) -> str:
        with self.lock:
            fault = self.rng.choice(FAULTS) if self.rng.random() < self.rate else ""
            if fault:
                self.done.append(fault)
            return fault


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536
    disable_nagle_algorithm = True
    proxy: Proxy

    def do_GET(self) -> None:
        proxy = self.proxy
        fault = proxy.draw()
        if fault == "drop":
            self.close_connection = True
            return
        if fault == "change":
            proxy.change()
        if fault == "delay":
            time.sleep(0.01)
        if fault.startswith("429"):
            more = {"Retry-After": "1"} if "Retry" in fault else {}
            self._send(429, [*more.items()], b'{"detail":"Request was throttled."}')
            return
        if fault in ("500", "502"):
            self._send(int(fault), [("Content-Type", "text/html")], PAGE)
            return
        if fault == "404 page":
            self._send(404, [("Content-Type", "text/html")], b"Resource not found (404)")
            return
        path = self.path.partition("?")[0]
        if fault == "repeat" and path in proxy.last:
            self._send(*proxy.last[path])
            return
        status, headers, body = self._ask()
        proxy.last[path] = (status, headers, body)
        if fault == "cut":
            self._send(status, headers, body[: len(body) // 2], promised=len(body))
        elif fault == "half JSON":
            self._send(status, headers, body[: len(body) // 2])
        else:
            self._send(status, headers, body)

    def _ask(self) -> tuple[int, list[tuple[str, str]], bytes]:
        upstream = http.client.HTTPConnection("127.0.0.1", self.proxy.port, timeout=10)
        try:
            headers = {k: v for k, v in self.headers.items() if k.lower() != "host"}
            upstream.request("GET", self.path, headers=headers)
            answer = upstream.getresponse()
            kept = ("content-type", "content-range")
            given = [(k, v) for k, v in answer.getheaders() if k.lower() in kept]
            return answer.status, given, answer.read()
        finally:
            upstream.close()

    def _send(
        self, status: int, headers: list[tuple[str, str]], body: bytes, promised: int | None = None
    ) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if promised is None else promised))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
        if promised is not None:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Stay quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a client that went away."""


@contextmanager
def between(proxy: Proxy) -> Iterator[str]:
    """Run the proxy on a free loopback port; gives the URL."""
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"proxy": proxy}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
