"""The recorded session, played once more against a sandbox, in the order it was recorded."""

import http.client
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from recorded import Names, Transcript, differences, multipart, read, scalars_at_top

from pipeline.sandbox import Account, RunningSandbox, SandboxState

ACCOUNTS = (
    Account("alice", "a" * 40, "pw-alice-1"),
    Account("carol", "c" * 40),
    Account("admin", "f" * 40),
)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass
class Clock:
    """Time that moves by a second with every look."""

    now: datetime = datetime(2026, 11, 23, 14, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@dataclass
class Session:
    """A sandbox, the ids learnt so far, and what every transcript came to."""

    state: SandboxState
    running: RunningSandbox
    names: Names = field(default_factory=Names)
    outcome: dict[str, list[str]] = field(default_factory=dict)

    def send(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.running.port, timeout=30)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            sent = {**headers, "Host": f"localhost:{self.running.port}"}
            if body or method in {"POST", "PATCH", "PUT"}:
                sent["Content-Length"] = str(len(body))
            for name, value in sent.items():
                connection.putheader(name, value)
            connection.endheaders(body or None)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, found, answer.read()
        finally:
            connection.close()

    def api(self, method: str, path: str, data: Any = None) -> Any:
        """A request of the test's own, between two recorded ones."""
        headers = {"Authorization": f"Token {ACCOUNTS[0].token}"}
        body = b""
        if data is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(data).encode()
        _, _, answer = self.send(method, self.names.translated(path), headers, body)
        return json.loads(answer) if answer else None

    def play(self, name: str, body: bytes | None = None, content_type: str = "") -> None:
        """Send a recorded request and note how the answer differs; `body` replaces a binary one."""
        told = read(name)
        headers = {
            key.title(): value
            for key, value in told.headers.items()
            if key not in {"host", "content-length", ""}
        }
        if content_type:
            headers["Content-Type"] = content_type
        sent = self._body(told) if body is None else body
        path = self.names.translated(told.path)
        status, found, answer = self.send(told.method, path, headers, sent)
        lines = []
        if status != told.status:
            lines.append(f"status {status}, recorded {told.status}")
        kind, recorded_kind = (h.get("content-type", "") for h in (found, told.answer_headers))
        if kind != recorded_kind and told.status != 204:
            lines.append(f"content type {kind!r}, recorded {recorded_kind!r}")
        for header in ("location", "x-openrosa-version", "x-openrosa-accept-content-length"):
            mine, other = found.get(header), told.answer_headers.get(header)
            lines += differences(other, mine, self.names, header)
        lines += self._compared(told, answer)
        self.outcome[name] = lines

    def _body(self, told: Transcript) -> bytes:
        text = self.names.translated(told.body)
        if told.headers.get("content-type", "").startswith("multipart"):
            return multipart(text, told.headers["content-type"])
        return text.rstrip("\n").encode()

    def _compared(self, told: Transcript, answer: bytes) -> list[str]:
        if told.answer_headers.get("content-type", "").startswith("application/json"):
            try:
                own = json.loads(answer) if answer else None
            except ValueError:
                return [f"no JSON: {answer[:300]!r}"]
            if told.name in OF_CONVERTER:
                return [] if list(own) == ["error"] and own["error"] else [f"no sentence: {own}"]
            if told.is_cut:
                recorded = scalars_at_top(told.answer)
                return differences(
                    recorded, {key: own.get(key) for key in recorded}, self.names, told.name
                )
            recorded = json.loads(told.answer) if told.answer.strip() else None
            return differences(recorded, own, self.names, told.name)
        if told.name in FREE_TEXT:
            return []
        recorded_text = told.answer.strip()
        if told.method == "HEAD" or told.status in {204, 301}:
            recorded_text = ""
        return differences(recorded_text, answer.decode().strip(), self.names, told.name)


# Answers whose text is another program's; their status and kind are compared.
FREE_TEXT = {"064-openrosa-formxml"}


# Refusals in the words of the XLSForm converter, whose version here is another.
OF_CONVERTER = {"038-deploy-invalid-xlsform", "475-deploy-reserved", "477-deploy-or_other"}


def upload(data: bytes, filename: str = "survey.xlsx", /, **fields: str) -> tuple[bytes, str]:
    """A multipart body with a workbook, and its content type."""
    return _parts(
        [(name, "", "", value.encode()) for name, value in fields.items()]
        + [("file", filename, XLSX, data)]
    )


def hand_in(xml: bytes, media: dict[str, bytes] | None = None) -> tuple[bytes, str]:
    """A multipart body with a submission and its pictures, and its content type."""
    return _parts(
        [("xml_submission_file", "submission.xml", "text/xml", xml)]
        + [(name, name, "image/png", data) for name, data in (media or {}).items()]
    )


def _parts(parts: list[tuple[str, str, str, bytes]]) -> tuple[bytes, str]:
    body = b""
    for name, filename, kind, content in parts:
        head = f'--part\r\nContent-Disposition: form-data; name="{name}"'
        if filename:
            head += f'; filename="{filename}"\r\nContent-Type: {kind}'
        body += head.encode() + b"\r\n\r\n" + content + b"\r\n"
    return body + b"--part--\r\n", "multipart/form-data; boundary=part"


def recorded_content(name: str) -> dict[str, Any]:
    """Content JSON in a recorded answer."""
    content: dict[str, Any] = json.loads(read(name).answer)["content"]
    return content
