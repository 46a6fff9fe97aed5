"""A loopback server that answers the few KoBo paths a pull uses, and misbehaves on request.

It is real HTTP under the real client. `pipeline.sandbox` is the faithful double; this one is for
what no healthy KoBo does: lying about counts, sending us elsewhere, dying between two pages.
"""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "0123456789abcdef0123456789abcdef01234567"
ASSET = "aFakeAsset1234567890Ab"
VERSION = "vFakeVersion123456789a"


@dataclass
class Reply:
    """What goes over the wire instead of the true answer."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    promised: int | None = None
    """Content-Length to announce; None: the true one."""
    drop: bool = False


def page(status: int = 200, title: str = "Login Wi-Fi") -> Reply:
    body = f"<html><head><title>{title}</title></head><body>…</body></html>".encode()
    return Reply(status, body, {"Content-Type": "text/html; charset=utf-8"})


@dataclass
class Kobo:
    """State of the fake; `script` answers the next requests whose path holds the key."""

    records: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    drafts: set[str] = field(default_factory=set)
    versions: list[dict[str, Any]] = field(default_factory=list)
    detail: dict[str, Any] = field(default_factory=dict)
    """What the asset says beside its uid; nothing, as a server without the key."""
    cap: int = 1000
    script: list[tuple[str, Reply]] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    """Path and query of every request, in order."""
    authorizations: list[str | None] = field(default_factory=list)
    before_data: Callable[[int], None] = lambda number: None
    after_data: Callable[[int], None] = lambda number: None
    reshape: Callable[[dict[str, Any]], dict[str, Any]] = lambda answer: answer
    data_requests: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, number: int, first: int = 1, asset: str = ASSET) -> None:
        rows = self.records.setdefault(asset, [])
        rows.extend(record(i) for i in range(first, first + number))

    def edit(self, number: int, asset: str = ASSET, **answers: Any) -> None:
        """Edit as KoBo does: new `_uuid` and instanceID, same `_id` and rootUuid."""
        row = next(r for r in self.records[asset] if r["_id"] == number)
        old = row["_uuid"]
        new = f"eeee{old[4:]}" if not old.startswith("eeee") else f"ffff{old[4:]}"
        row.update(answers)
        row["_uuid"], row["meta/instanceID"] = new, f"uuid:{new}"
        row["meta/deprecatedID"] = f"uuid:{old}"

    def answer(self, path: str, query: dict[str, str]) -> tuple[int, Any]:
        parts = path.strip("/").split("/")
        if path == "/me/":
            return 200, {"username": "analis"}
        if parts[:3] != ["api", "v2", "assets"] or parts[3] not in self.records | dict.fromkeys(
            self.drafts
        ):
            return 404, None
        if len(parts) == 4:
            return 200, {"uid": parts[3], **self.detail}
        if parts[4:] == ["history"]:
            return 403, {"detail": "You do not have permission to perform this action."}
        if parts[4:] == ["data"]:
            return self._data(parts[3], query)
        if parts[4:] == ["versions"]:
            first = int(query.get("offset", 0))
            rows = [{k: v for k, v in r.items() if k != "content"} for r in self.versions]
            more = first + 2 < len(rows)
            link = f"https://elsewhere.example/{path}?limit=2&offset={first + 2}" if more else None
            chunk = rows[first : first + 2]
            return 200, {"count": len(rows), "next": link, "previous": None, "results": chunk}
        if parts[4] == "versions":
            return 200, next(r for r in self.versions if r["uid"] == parts[5])
        return 404, None

    def _data(self, asset: str, query: dict[str, str]) -> tuple[int, Any]:
        if asset in self.drafts:
            return 400, {"detail": "The specified asset has not been deployed"}
        rows = sorted(self.records[asset], key=lambda r: r["_id"])
        condition = json.loads(query.get("query", "{}")).get("_id", {})
        if "$gt" in condition:
            rows = [r for r in rows if r["_id"] > condition["$gt"]]
        if "$in" in condition:
            rows = [r for r in rows if r["_id"] in condition["$in"]]
        if "$lte" in condition:
            rows = [r for r in rows if r["_id"] <= condition["$lte"]]
        count = len(rows)
        rows = rows[: min(int(query.get("limit", 100)), self.cap)]
        if "fields" in query:
            always = {"_id", "_uuid", "meta/rootUuid", "_validation_status"}
            wanted = always | set(json.loads(query["fields"]))
            rows = [{k: v for k, v in r.items() if k in wanted} for r in rows]
        # `count` may be below the cap and `next` null: the client must go by what it got.
        return 200, self.reshape({"count": count, "next": None, "previous": None, "results": rows})


def record(number: int, **answers: Any) -> dict[str, Any]:
    uuid = f"{number:08d}-0000-4000-8000-{number:012d}"
    return {
        "_id": number,
        "formhub/uuid": "f" * 32,
        "kontak/sesi": f"DKC-{number % 8 + 1:02d}",
        "kontak/tunggu": "22.50",
        "penutup/x_saran": "Loketnya ditambah – “tolong”",
        "__version__": VERSION,
        "meta/instanceID": f"uuid:{uuid}",
        "_xform_id_string": ASSET,
        "_uuid": uuid,
        "meta/rootUuid": f"uuid:{uuid}",
        "_attachments": [],
        "_status": "submitted_via_web",
        "_geolocation": [None, None],
        "_submission_time": f"2026-10-{number % 19 + 5:02d}T08:{number % 60:02d}:00",
        "_validation_status": {},
        "_submitted_by": "analis",
        **answers,
    }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536  # header and body in one piece, or each answer waits for a delayed ACK
    kobo: Kobo

    def do_GET(self) -> None:
        kobo = self.kobo
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        parts = urlsplit(self.path)
        query = {k: v[-1] for k, v in parse_qs(parts.query).items()}
        number = 0
        with kobo.lock:
            kobo.seen.append(self.path)
            kobo.authorizations.append(self.headers.get("Authorization"))
            scripted = next((s for s in kobo.script if s[0] in self.path), None)
            if scripted:
                kobo.script.remove(scripted)
            if parts.path.endswith("/data/"):
                kobo.data_requests += 1
                number = kobo.data_requests
        if number:
            kobo.before_data(number)
        if scripted:
            self._send(scripted[1])
        elif self.headers.get("Authorization") != f"Token {TOKEN}":
            self._send(Reply(401, b'{"detail":"Invalid token."}'))
        else:
            with kobo.lock:
                status, value = kobo.answer(parts.path, query)
            if value is None:
                self._send(
                    Reply(status, b"Resource not found (404)", {"Content-Type": "text/html"})
                )
            else:
                self._send(Reply(status, json.dumps(value, ensure_ascii=False).encode()))
        if number:
            kobo.after_data(number)

    do_POST = do_PATCH = do_PUT = do_DELETE = do_GET

    def _send(self, reply: Reply) -> None:
        if reply.drop:
            self.close_connection = True
            return
        self.send_response_only(reply.status)
        headers = {"Date": self.date_time_string(), "Content-Type": "application/json"}
        headers |= reply.headers
        headers["Content-Length"] = str(
            len(reply.body) if reply.promised is None else reply.promised
        )
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)
        self.wfile.flush()
        if reply.promised is not None:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Stay quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a client that went away; that is what some tests do to us."""


@contextmanager
def serving(kobo: Kobo, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve on a free loopback port; gives the URL."""
    handler = type("Handler", (_Handler,), {"kobo": kobo})
    server = _Server(("127.0.0.1", 0), handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
