"""A loopback server that publishes forms as ODK Central was recorded to: drafts, files, versions.

Real HTTP, and the project's own converter behind it. `tests/central/test_central_publishing_
transcripts.py` holds its answers against the recorded ones.
"""

import hashlib
import json
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from fakes.central import EMAIL, PASSWORD, TOKEN
from fakes.failing import failing_server

from pipeline import xform
from pipeline.errors import PersepsiError
from pipeline.sandbox.faults import Faults

MISSING = {"message": "Could not find the resource you were looking for.", "code": 404.1}
UNKNOWN = {"message": "Could not authenticate with the provided credentials.", "code": 401.2}
FORBIDDEN = {"message": "The authenticated actor does not have rights to perform that action.",
             "code": 403.1}  # fmt: skip
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class File:
    """A file of a form; without content where it is expected and not there."""

    name: str
    content: bytes | None = None
    dataset: bool = False

    def answer(self) -> dict[str, Any]:
        held = self.content is not None and not self.dataset
        found = {"name": self.name, "type": "file",
                 "hash": hashlib.md5(self.content or b"").hexdigest() if held else None,
                 "exists": held or self.dataset, "blobExists": held,
                 "datasetExists": self.dataset}  # fmt: skip
        if held:
            found |= {"updatedAt": "2026-11-23T14:11:21.887Z", "size": len(self.content or b"")}
        return found


@dataclass(frozen=True)
class Version:
    """A form as it was uploaded and converted; `published` is empty in a draft."""

    workbook: bytes | None
    xml: bytes
    version: str
    title: str
    files: tuple[File, ...]
    published: str = ""

    def renamed(self, version: str) -> "Version":
        xml = re.sub(rb'(<data [^>]*?)version="[^"]*"', rb"\1", self.xml, count=1)
        xml = re.sub(rb"<data ", b'<data version="' + version.encode() + b'" ', xml, count=1)
        return replace(self, xml=xml, version=version)


@dataclass
class Form:
    """A form of a project: what is published, oldest first, and the draft."""

    form_id: str
    versions: list[Version] = field(default_factory=list)
    draft: Version | None = None
    state: str = "open"
    submissions: int = 0
    key: int | None = None

    def answer(self, project: int, one: Version, *, extended: bool) -> dict[str, Any]:
        found: dict[str, Any] = {
            "projectId": project, "xmlFormId": self.form_id, "state": self.state,
            "enketoId": None, "enketoOnceId": None, "createdAt": "2026-11-23T14:11:21.590Z",
            "updatedAt": None, "webformsEnabled": True, "keyId": self.key, "version": one.version,
            "hash": hashlib.md5(one.xml).hexdigest(), "sha": hashlib.sha1(one.xml).hexdigest(),
            "sha256": hashlib.sha256(one.xml).hexdigest(),
            "draftToken": None if one.published else "d" * 64,
            "publishedAt": one.published or None, "name": one.title,
        }  # fmt: skip
        if extended:
            found |= {
                "submissions": self.submissions, "entityRelated": False,
                "reviewStates": {"received": self.submissions, "hasIssues": 0, "edited": 0},
                "lastSubmission": None, "excelContentType": XLSX, "publicLinks": 0,
                "createdBy": {"id": 5, "type": "user", "displayName": EMAIL},
                "publishNotes": None,
            }  # fmt: skip
        return found


@dataclass
class Project:
    """A project with its forms by id."""

    number: int
    name: str
    forms: dict[str, Form] = field(default_factory=dict)
    archived: bool | None = None
    key: int | None = None
    verbs: list[str] = field(default_factory=lambda: ["form.create", "form.update", "form.read"])

    def answer(self, *, extended: bool) -> dict[str, Any]:
        found: dict[str, Any] = {
            "id": self.number, "name": self.name, "acteeId": "f25e027f", "keyId": self.key,
            "createdAt": "2026-11-23T14:11:09.208Z", "updatedAt": None, "deletedAt": None,
            "archived": self.archived, "description": None,
        }  # fmt: skip
        return found | ({"verbs": self.verbs} if extended else {})


@dataclass
class CentralForms:
    """State of the fake.

    `spoil` is what the server does to a workbook that it keeps, `lists` whether the account may
    see the form list, `stale` whether phones are offered the version before, `hook` is called
    before each request that changes something.
    """

    projects: dict[int, Project] = field(default_factory=lambda: {1: Project(1, "Survei 2026")})
    faults: Faults = field(default_factory=Faults)
    seen: list[str] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)
    denied: str = ""
    lists: bool = True
    stale: bool = False
    spoil: Any = None
    hook: Any = None
    clock: int = 0

    def form(self, form_id: str = "air", project: int = 1) -> Form:
        return self.projects[project].forms[form_id]

    @property
    def writes(self) -> list[str]:
        """Requests so far that change a form."""
        return [line for line in self.seen if not line.startswith(("GET", "POST /v1/sessions"))]

    def act(self, method: str, path: str, query: dict[str, str], body: bytes,
            headers: dict[str, str]) -> tuple[int, Any]:  # fmt: skip
        """Status and answer of a request; bytes are sent as they are."""
        extended = headers.get("x-extended-metadata") == "true"
        if path == "/v1/sessions":
            if json.loads(body) != {"email": EMAIL, "password": PASSWORD}:
                return 401, UNKNOWN
            return 200, {"token": TOKEN, "csrf": "c" * 64, "expiresAt": "", "createdAt": ""}
        if headers.get("authorization") != f"Bearer {TOKEN}":
            return 401, UNKNOWN
        if path == "/v1/users/current":
            return 200, {"id": 5, "type": "user", "displayName": EMAIL}
        if path == "/v1/projects":
            return 200, [p.answer(extended=False) for p in self.projects.values()]
        found = re.fullmatch(r"/v1/projects/(\d+)(?:/(.*))?", path)
        project = self.projects.get(int(found[1])) if found else None
        if found is None or project is None:
            return 404, MISSING
        rest = found[2] or ""
        if method != "GET":
            if self.hook:
                self.hook()
            if self.denied and re.search(self.denied, path):
                return 403, FORBIDDEN
        if not rest:
            return 200, project.answer(extended=extended)
        if rest == "formList":
            return (200, self._list(project)) if self.lists else (403, FORBIDDEN)
        if rest == "forms" and method == "POST":
            return self._create(project, query, body, headers)
        form_id, _, rest = rest.removeprefix("forms/").partition("/")
        form_id, dot, kind = form_id.rpartition(".") if not rest else (form_id, "", "")
        if not dot and not rest:
            form_id, kind = kind, ""
        form = project.forms.get(form_id)
        if form is None:
            return 404, MISSING
        return self._form(method, project, form, rest or kind, query, body, extended)

    def _form(self, method: str, project: Project, form: Form, rest: str, query: dict[str, str],
              body: bytes, extended: bool) -> tuple[int, Any]:  # fmt: skip
        live = form.versions[-1] if form.versions else None
        draft = rest.startswith("draft")
        one = form.draft if draft else live or form.draft
        if rest == "versions":
            return 200, [form.answer(project.number, v, extended=False)
                         for v in reversed(form.versions)]  # fmt: skip
        if rest == "manifest":
            return 200, self._manifest(live)
        if method == "POST" and rest == "draft":
            return self._draft(project, form, body)
        if one is None or (rest in {"xlsx", "xml", "attachments"} and live is None):
            return 404, MISSING
        if method == "POST" and rest == "draft/publish":
            return self._publish(form, query)
        if method == "POST" and rest.startswith("draft/attachments/"):
            name = rest.removeprefix("draft/attachments/")
            if name not in {file.name for file in one.files}:
                return 404, MISSING
            made = File(name, body)
            form.draft = replace(one, files=tuple(made if f.name == name else f for f in one.files))
            return 200, made.answer()
        if rest in {"", "draft"}:
            return 200, form.answer(project.number, one, extended=extended)
        if rest in {"xlsx", "draft.xlsx"}:
            return (200, one.workbook) if one.workbook is not None else (404, MISSING)
        if rest in {"xml", "draft.xml"}:
            return 200, one.xml
        if rest in {"attachments", "draft/attachments"}:
            return 200, [f.answer() for f in sorted(one.files, key=lambda f: f.name)]
        return 404, MISSING

    def _create(self, project: Project, query: dict[str, str], body: bytes,
                headers: dict[str, str]) -> tuple[int, Any]:  # fmt: skip
        fallback = unquote(headers.get("x-xlsform-formid-fallback", "data"))
        status, made = self._convert(body, query, fallback)
        if status != 200:
            return status, made
        form_id, version = made
        if form_id in project.forms:
            return 409, {"message": "A resource already exists with projectId,xmlFormId value(s) "
                         f"of {project.number},{form_id}.", "code": 409.3}  # fmt: skip
        form = project.forms[form_id] = Form(form_id, draft=version, key=project.key)
        return 200, form.answer(project.number, version, extended=False)

    def _draft(self, project: Project, form: Form, body: bytes) -> tuple[int, Any]:
        status, made = self._convert(body, {"ignoreWarnings": "true"}, form.form_id)
        if status != 200:
            return status, made
        form_id, version = made
        if form_id != form.form_id:
            return 400, {"message": "The form's id is not the one it had.", "code": 400.8}
        # A new draft takes over what is published, by name.
        held = {f.name: f for f in form.versions[-1].files} if form.versions else {}
        files = tuple(held.get(f.name, f) for f in version.files)
        form.draft = replace(version, files=files)
        return 200, {"success": True}

    def _publish(self, form: Form, query: dict[str, str]) -> tuple[int, Any]:
        assert form.draft is not None
        draft = form.draft.renamed(query["version"]) if "version" in query else form.draft
        if draft.version in {v.version for v in form.versions}:
            return 409, {"message": f"You tried to publish the form '{form.form_id}' with version "
                         f"'{draft.version}', but a published form has already existed in this "
                         "project with those identifiers.", "code": 409.6,
                         "details": {"xmlFormId": form.form_id,
                                     "version": draft.version}}  # fmt: skip
        self.clock += 1
        at = f"2026-11-23T14:{self.clock // 60:02d}:{self.clock % 60:02d}.988Z"
        form.versions.append(replace(draft, published=at))
        form.draft = None
        return 200, {"success": True}

    def _convert(self, body: bytes, query: dict[str, str], fallback: str) -> tuple[int, Any]:
        if self.spoil:
            body = self.spoil(body)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{fallback}.xlsx"
            path.write_bytes(body)
            try:
                made = xform.convert(path)
            except PersepsiError as error:
                return 400, {"message": "The given XLSForm file was not valid. Please see the "
                             "error details for more information.", "code": 400.15,
                             "details": {"error": getattr(error, "reason", "not a workbook"),
                                         "warnings": []}}  # fmt: skip
        if made.warnings and query.get("ignoreWarnings") != "true":
            return 400, {
                "message": "The Form is valid, but with warnings. Please check the "
                "warnings and if they are acceptable resubmit with ?ignoreWarnings=true",
                "code": 400.16,
                "details": {"warnings": {"xlsFormWarnings": list(made.warnings)}},
            }
        xml = made.xml.replace('id="data"', f'id="{fallback}"')  # where the workbook has none
        root = re.search(r"<data ([^>]*)>", xml)
        assert root is not None
        told = dict(re.findall(r'(\w+)="([^"]*)"', root[1]))
        title = re.search(r"<h:title>([^<]*)</h:title>", made.xml)
        names = sorted(set(re.findall(r"jr://(?:file-csv|file|images)/([^\"<]+)", made.xml)))
        version = Version(body, xml.encode(), told.get("version", ""),
                          title[1] if title else "", tuple(map(File, names)))  # fmt: skip
        return 200, (told["id"], version)

    def _list(self, project: Project) -> bytes:
        base = f"https://dalam.invalid/v1/projects/{project.number}"
        items = "".join(
            f"<xform><formID>{f.form_id}</formID><name>{v.title}</name>"
            f"<version>{v.version}</version><hash>md5:{hashlib.md5(v.xml).hexdigest()}</hash>"
            f"<downloadUrl>{base}/forms/{f.form_id}.xml</downloadUrl>"
            f"<manifestUrl>{base}/forms/{f.form_id}/manifest</manifestUrl></xform>"
            for f in project.forms.values()
            if f.versions and f.state == "open"
            for v in [f.versions[-2 if self.stale and len(f.versions) > 1 else -1]]
        )
        head = '<?xml version="1.0" encoding="UTF-8"?>\n'
        space = "http://openrosa.org/xforms/xformsList"
        return f'{head}  <xforms xmlns="{space}">{items}</xforms>'.encode()

    def _manifest(self, live: Version | None) -> bytes:
        files = "".join(
            f"<mediaFile{' type=' + chr(34) + 'entityList' + chr(34) if f.dataset else ''}>"
            f"<filename>{f.name}</filename>"
            f"<hash>md5:{hashlib.md5(f.content or b'').hexdigest()}</hash>"
            f"<downloadUrl>https://dalam.invalid/{f.name}</downloadUrl></mediaFile>"
            for f in (live.files if live else ())
            if f.content is not None or f.dataset
        )
        head = '<?xml version="1.0" encoding="UTF-8"?>\n'
        space = "http://openrosa.org/xforms/xformsManifest"
        return f'{head}  <manifest xmlns="{space}">{files}</manifest>'.encode()


@contextmanager
def publishing(central: CentralForms) -> Iterator[str]:
    """Serve on a free loopback port; gives the URL."""

    def answer(method: str, target: str, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
        parts = urlsplit(target)
        query = {k: v[-1] for k, v in parse_qs(parts.query).items()}
        with central.lock:
            central.seen.append(f"{method} {unquote(target)}")
            return central.act(method, unquote(parts.path), query, body, headers)

    with failing_server(answer, central.faults) as url:
        yield url
