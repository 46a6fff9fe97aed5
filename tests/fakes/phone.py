"""A phone that hands in interviews with files over OpenRosa, and what people do on the server."""

import io
import uuid
from typing import Any

import requests
from openpyxl import Workbook

from pipeline.sandbox import RunningSandbox, SandboxState, asset_uid

ASSET = asset_uid("uji", "wawancara")


def workbook() -> bytes:
    book = Workbook()
    sheet = book.active
    sheet.title = "survey"
    for row in (
        ("type", "name", "label"),
        ("text", "sesi", "Sesi"),
        ("decimal", "tunggu", "Menit"),
        ("image", "foto", "Foto"),
        ("audit", "audit", None),
    ):
        sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def state(**options: Any) -> SandboxState:
    made = SandboxState(**options)
    made.add_form("wawancara", workbook(), "Wawancara", ASSET)
    return made


class Phone:
    """Hands in, and edits, to one sandbox; `names` gives uuids, so that a seed decides them."""

    def __init__(self, sandbox: RunningSandbox, names: Any = uuid.uuid4) -> None:
        self.sandbox = sandbox
        self._names = names
        self._http = requests.Session()
        self._http.headers["Authorization"] = f"Token {sandbox.token}"

    def xml(self, root: str, **answers: str) -> str:
        inner = "".join(f"<{k}>{v}</{k}>" for k, v in answers.items() if k != "audit")
        audit = f"<audit>{answers['audit']}</audit>" if "audit" in answers else ""
        return (
            f'<data id="{ASSET}" xmlns:orx="x">{inner}'
            f"<meta><instanceID>uuid:{root}</instanceID>{audit}</meta></data>"
        )

    def send(self, xml: str, files: dict[str, tuple[str, bytes]] | None = None) -> int:
        parts = {"xml_submission_file": ("submission.xml", xml.encode(), "text/xml")}
        parts |= {name: (name, data, kind) for name, (kind, data) in (files or {}).items()}
        answer = self._http.post(f"{self.sandbox.url}/submission", files=parts, timeout=10)
        assert answer.status_code in (201, 202), answer.text
        return max(self.sandbox.state.assets[ASSET].records)

    def fill(self, number: int) -> None:
        """So many interviews that came before, without the way over the network."""
        made = self.sandbox.state
        for n in range(1, number + 1):
            root, answers = str(self._names()), {"sesi": f"DKC-{n % 8:02d}", "tunggu": "22.50"}
            found = {**answers, "meta/instanceID": f"uuid:{root}"}
            xml = self.xml(root, **answers)
            made.add_record(made.assets[ASSET], found, at=made.clock(), by="analis", xml=xml)

    def hand_in(self, files: dict[str, tuple[str, bytes]] | None = None, **answers: str) -> int:
        return self.send(self.xml(str(self._names()), **answers), files)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._http.request(
            method, f"{self.sandbox.url}/api/v2/assets/{ASSET}/{path}", json=body, timeout=10
        )
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def truth(self) -> list[dict[str, Any]]:
        """All there is, read by other means than the client's: growing `start`."""
        rows: list[dict[str, Any]] = []
        while True:
            answer = self.call("GET", f"data/?limit=1000&start={len(rows)}")
            rows += answer["results"]
            if answer["next"] is None:
                return rows

    def edit(self, number: int, **answers: str) -> None:
        payload = {"submission_ids": [number], "data": answers}
        self.call("PATCH", "data/bulk/", {"payload": payload})

    def validate(self, number: int, status: str = "approved") -> None:
        body = {"validation_status.uid": f"validation_status_{status}"}
        self.call("PATCH", f"data/{number}/validation_status/", body)

    def reset(self, number: int) -> None:
        self.call("DELETE", f"data/{number}/validation_status/")

    def delete(self, number: int) -> None:
        self.call("DELETE", f"data/{number}/")

    def duplicate(self, number: int) -> int:
        return int(self.call("POST", f"data/{number}/duplicate/")["_id"])

    def close(self) -> None:
        self._http.close()
