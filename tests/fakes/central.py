"""A loopback server that answers as ODK Central was recorded to: sessions, versions, OData, files.

Real HTTP under the real client. Submissions are given as KoBo's records and served in Central's
shape; `tests/central` holds the answers against the recorded ones.
"""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from fakes.exports import review_state
from fakes.failing import failing_server

from analysis.instrument import Instrument
from pipeline.sandbox.faults import Faults

EMAIL, PASSWORD = "analis@contoh.id", "rahasia-contoh"
TOKEN = "abcDEF123$" + "x" * 54
ASSET = "1/wawancara"
MISSING = {"message": "Could not find the resource you were looking for.", "code": 404.1}


@dataclass
class Held:
    """A submission as the server holds it; `record` is KoBo's shape, without system keys."""

    root: str
    record: dict[str, Any]
    arrived: datetime
    updated: datetime | None = None
    review: str | None = None
    edits: int = 0
    status: str | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    expected: int = 0

    def system(self) -> dict[str, Any]:
        return {
            "submissionDate": stamp(self.arrived),
            "updatedAt": stamp(self.updated) if self.updated else None,
            "submitterId": "7",
            "submitterName": self.record.get("_submitted_by"),
            "attachmentsPresent": len(self.files),
            "attachmentsExpected": max(self.expected, len(self.files)),
            "status": self.status,
            "reviewState": self.review,
            "deviceId": None,
            "edits": self.edits,
            "formVersion": self.record.get("__version__"),
            "deletedAt": None,
        }


def stamp(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03d}Z"


@dataclass
class Central:
    """State of the fake; `troubles` are statuses given instead of the next answers."""

    form: Instrument
    held: dict[str, Held] = field(default_factory=dict)
    versions: list[str] = field(default_factory=list)
    forbidden: bool = False
    troubles: list[int] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    cap: int = 10_000
    faults: Faults = field(default_factory=Faults)
    verbs: list[str] = field(default_factory=lambda: ["submission.read", "submission.update"])
    patched: list[str] = field(default_factory=list)
    clock: datetime = datetime(2026, 10, 20, tzinfo=UTC)
    others: "dict[str, Central]" = field(default_factory=dict)
    """Further forms of the same project, by their id."""

    def add(self, record: dict[str, Any]) -> Held:
        root = record["meta/rootUuid"]
        arrived = datetime.fromisoformat(record["_submission_time"]).replace(tzinfo=UTC)
        own = {**record, "__version__": self.form.version}
        self.held[root] = Held(root, own, arrived, review=review_state(record))
        return self.held[root]

    def edit(self, root: str, **answers: Any) -> None:
        item = self.held[root]
        item.edits += 1
        item.record = {
            **item.record, **{key.replace("__", "/"): value for key, value in answers.items()},
            "meta/deprecatedID": item.record["meta/instanceID"],
            "meta/instanceID": f"uuid:edit-{item.edits}-{root[-12:]}",
        }  # fmt: skip
        item.review, item.updated = "edited", item.arrived + timedelta(days=item.edits)

    def sorted(self) -> list[Held]:
        return sorted(self.held.values(), key=lambda h: (h.arrived, h.root), reverse=True)

    def row(self, item: Held, *, expand: bool) -> dict[str, Any]:
        row = self._group("", item.record, expand=expand)
        meta = {"audit": item.record.get("meta/audit"),
                "instanceID": item.record["meta/instanceID"],
                "instanceName": item.record.get("meta/instanceName")}  # fmt: skip
        row["meta"] = meta
        row["__id"], row["__system"] = item.root, item.system()
        for repeat in sorted({q.repeat for q in self.form.questions if q.repeat}):
            if "/" not in repeat:
                row[f"{repeat}@odata.navigationLink"] = f"Submissions('{item.root}')/{repeat}"
        return row

    def _group(self, repeat: str, answers: dict[str, Any], *, expand: bool) -> dict[str, Any]:
        row: dict[str, Any] = {}
        inside = f"{repeat}/" if repeat else ""
        for q in self.form.questions:
            if q.repeat == repeat and not q.path.startswith("meta/"):
                _put(row, q.path.removeprefix(inside), _value(q.type, answers.get(q.path)))
        for path in {q.repeat for q in self.form.questions if q.repeat}:
            around = [p for p in {q.repeat for q in self.form.questions}
                      if p and path.startswith(f"{p}/")]  # fmt: skip
            if expand and max(around, key=len, default="") == repeat:
                items = [self._group(path, i, expand=True) | {"__id": f"{n}"}
                         for n, i in enumerate(answers.get(path, []))]  # fmt: skip
                _put(row, path.removeprefix(inside), items)
        return row

    def odata(self, query: dict[str, str], base: str) -> tuple[int, Any]:
        items = [item for item in self.sorted() if _fits(item, query.get("$filter", ""))]
        count = len(items)
        if "$skiptoken" in query:
            last = json.loads(base64.b64decode(query["$skiptoken"][2:]))["instanceId"]
            place = next((n for n, i in enumerate(items) if i.root == last), None)
            if place is None:  # deleted since: go on behind where it stood
                return 404, {"message": "Could not find the resource.", "code": 404.1}
            items = items[place + 1 :]
        top = min(int(query.get("$top", self.cap)), self.cap)
        page = items[:top]
        rows = [self.row(item, expand=query.get("$expand") == "*") for item in page]
        if "$select" in query:
            rows = [_select(row, query["$select"].split(",")) for row in rows]
        answer: dict[str, Any] = {"value": rows, "@odata.context": f"{base}/$metadata#Submissions"}
        if len(items) > top:
            token = base64.b64encode(json.dumps({"instanceId": page[-1].root}).encode()).decode()
            more = {k: v for k, v in query.items() if k != "$skiptoken"} | {
                "$skiptoken": f"01{token}"
            }
            # Behind a proxy the link names the server's own idea of its host.
            answer["@odata.nextLink"] = f"https://dalam.invalid/Submissions?{urlencode(more)}"
        if query.get("$count") == "true":
            answer["@odata.count"] = count
        return 200, answer

    def act(self, method: str, path: str, query: dict[str, str], body: bytes,
            headers: dict[str, str]) -> tuple[int, Any]:  # fmt: skip
        """Status and answer of a request; bytes are sent as they are."""
        if path == "/v1/sessions":
            if json.loads(body) == {"email": EMAIL, "password": PASSWORD}:
                return 200, {"token": TOKEN, "csrf": "c" * 64,
                             "expiresAt": "2026-11-24T14:11:09.009Z",
                             "createdAt": "2026-11-23T14:11:09.009Z"}  # fmt: skip
            return 401, {"message": "Could not authenticate with the provided credentials.",
                         "code": 401.2}  # fmt: skip
        if self.troubles:
            return self.troubles.pop(0), {"message": "trouble", "code": 500.1}
        asked = path.removeprefix("/v1/projects/1/forms/").split("/")[0].removesuffix(".svc")
        central = self.others.get(asked, self)
        form = "/v1/projects/1/forms/" + central.form.form_id
        if headers.get("authorization") != f"Bearer {TOKEN}":
            return 401, {"message": "Could not authenticate with the provided credentials.",
                         "code": 401.2}  # fmt: skip
        if path == "/v1/users/current":
            return 200, {"id": 5, "type": "user", "displayName": "analis"}
        if path == "/v1/projects/1":
            return 200, {"id": 1, "name": "Survei 2026", "archived": None, "keyId": None,
                         "verbs": self.verbs}  # fmt: skip
        if not path.startswith((form + "/", form + ".svc")):
            return 404, MISSING
        if central.forbidden:
            return 403, {"message": "The authenticated actor does not have rights to perform that "
                         "action.", "code": 403.1}  # fmt: skip
        if path == f"{form}/versions":
            return 200, [{"projectId": 1, "xmlFormId": central.form.form_id, "version": version,
                          "publishedAt": "2026-11-23T14:11:56.292Z", "name": central.form.title}
                         for version in central.versions or [central.form.version]]  # fmt: skip
        if path == f"{form}.svc/Submissions":
            return central.odata(query, f"{form}.svc")
        head, _, name = path.partition("/attachments/")
        item = central.held.get(head.removeprefix(f"{form}/submissions/"))
        if item is not None and not name:
            return 200, central.reviewed(item, json.loads(body) if method == "PATCH" else {})
        if item is not None and name in item.files:
            return 200, item.files[name]
        return 404, MISSING

    def reviewed(self, item: Held, wanted: dict[str, str | None]) -> dict[str, Any]:
        """A submission as REST tells it, after its review state was set where one is wanted."""
        if wanted:
            self.clock += timedelta(milliseconds=7)
            item.review, item.updated = wanted["reviewState"], self.clock
            self.patched.append(item.root)
        return {"instanceId": item.root, "submitterId": 7, "deviceId": None,
                "createdAt": stamp(item.arrived), "reviewState": item.review, "deletedAt": None,
                "updatedAt": stamp(item.updated) if item.updated else None}  # fmt: skip


def _put(row: dict[str, Any], path: str, value: Any) -> None:
    *groups, name = path.split("/")
    for group in groups:
        row = row.setdefault(group, {})
    row[name] = value


def _value(kind: str, text: str | None) -> Any:
    if text is None:
        return None
    if kind in {"integer", "int"}:
        return int(text)
    if kind == "decimal":
        return float(text)
    if kind == "geopoint":
        lat, lon, alt, acc = (float(part) for part in text.split())
        return {"type": "Point", "coordinates": [lon, lat, alt], "properties": {"accuracy": acc}}
    return text


def _fits(item: Held, condition: str) -> bool:
    for part in filter(None, condition.split(" and ")):
        name, operator, value = part.split(" ")
        held = item.system()[name.removeprefix("__system/")]
        wanted = None if value == "null" else value
        tests = {
            "ge": lambda a, b: a is not None and a >= b,
            "lt": lambda a, b: a is not None and a < b,
            "eq": lambda a, b: a == b,
        }
        if wanted is not None and "." not in wanted:
            wanted = wanted.replace("Z", ".000Z")
        if not tests[operator](held, wanted):
            return False
    return True


def _select(row: dict[str, Any], names: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in names:
        value: Any = row
        for part in name.split("/"):
            value = value.get(part) if isinstance(value, dict) else None
        _put(found, name, value)
    return found


@contextmanager
def serving(central: Central) -> Iterator[str]:
    """Serve on a free loopback port; gives the URL."""

    def answer(method: str, target: str, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
        parts = urlsplit(target)
        query = {k: v[-1] for k, v in parse_qs(parts.query).items()}
        with central.lock:
            central.seen.append(unquote(target))
            return central.act(method, unquote(parts.path), query, body, headers)

    with failing_server(answer, central.faults) as url:
        yield url
