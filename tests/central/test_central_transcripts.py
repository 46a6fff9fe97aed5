"""Recorded answers of a real ODK Central are read rightly, and the fake answers in their shape."""

import base64
import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from fakes.central import EMAIL, PASSWORD, Central

from analysis.instrument import Instrument, Question
from pipeline.central import CentralClient, CentralSource
from pipeline.central.credentials import Credentials
from pipeline.central.rows import RowReader

FOLDER = Path(__file__).parent / "transcripts"
ASSET = "1/ipm_demo"


def recorded(name: str) -> tuple[str, Any]:
    """Address and answer of a transcript."""
    text = (FOLDER / f"{name}.http").read_text(encoding="utf-8")
    request, _, response = text.partition("--- response ")
    return request.split(" ")[1], json.loads(response.partition("\n\n")[2])


def test_the_client_reads_what_central_was_recorded_to_say() -> None:
    answers = {urlsplit(path).path: answer for path, answer in map(recorded, ["01_login"])}
    for name in ("25_odata_submissions_top2", "44_versions"):
        path, answer = recorded(name)
        answers[urlsplit(path).path] = answer
    answers["/v1/users/current"] = {"id": 5}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = dict(answers)[unquote(urlsplit(self.path).path)]
            if isinstance(answer, dict) and "@odata.count" in answer:
                # The recorded page is the first two of 299; here they are all there are.
                answer = {"value": answer["value"], "@odata.count": len(answer["value"])}
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, format: str, *args: Any) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}"
        with CentralClient(url, Credentials(email=EMAIL, password=PASSWORD)) as client:
            source = CentralSource(client, "pusat")
            source.check()
            versions = source.versions(ASSET, {"2026110100"})
            page = next(iter(source.pages(ASSET, -1, 10)))
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert [(v.version, v.deployed_at) for v in versions] == [
        ("2026110200", "2026-11-23T14:11:56.292Z")
    ]
    first, second = (json.loads(s.body) for s in page.submissions)
    assert second["meta/rootUuid"] == "uuid:23c7df66-55da-4b9f-a469-236292c77d5c"
    assert second["g_unit/unit"] == "u01401"
    assert second["main/g_D1/d1_8"] == "3"
    assert second["main/age"] == "58"
    assert second["gps"] == "-5.663034330947597 107.57810900954088 10 5"
    assert second["__version__"] == "2026110100"
    assert "bg_audio" not in second
    assert first["_submission_time"] < second["_submission_time"]


def test_repeats_of_an_expanded_answer_become_lists() -> None:
    _, answer = recorded("28_odata_expand_wkt")
    found = RowReader().record(answer["value"][0])
    assert [item["contact/c_note"] for item in found["contact"]] == ["teks 612", "teks 284"]
    assert "contact/__id" not in found["contact"][0]


def test_the_fake_answers_in_the_recorded_shape() -> None:
    note = Question("c_note", "contact/c_note", "text", {}, repeat="contact")
    form = Instrument("ipm_demo", "", "2026110100", ("",), (note,), {})
    central = Central(form)
    for number in range(3):
        central.add({"meta/rootUuid": f"uuid:{number}", "meta/instanceID": f"uuid:{number}",
                     "_submission_time": f"2026-11-23T14:11:4{number}",
                     "contact": [{"contact/c_note": "x"}]})  # fmt: skip
    for name in ("25_odata_submissions_top2", "28_odata_expand_wkt", "26_odata_filter_select"):
        path, wanted = recorded(name)
        query = {k: v[-1] for k, v in parse_qs(urlsplit(path).query).items()}
        status, given = central.odata(query, "http://x")
        assert status == 200
        assert ("@odata.count" in given) == ("@odata.count" in wanted)
        assert len(given["value"]) == len(wanted["value"])
        token, other = (_token(answer) for answer in (given, wanted))
        assert token.keys() == other.keys() == {"instanceId"}
        assert token["instanceId"] == given["value"][-1]["__id"]
        if "__system" in wanted["value"][0]:
            assert given["value"][0]["__system"].keys() == wanted["value"][0]["__system"].keys()
        for row in (given["value"][0], wanted["value"][0]):
            assert ("contact" in row) == (name == "28_odata_expand_wkt")
            if "meta" in row:
                assert row["meta"].keys() == {"audit", "instanceID", "instanceName"}
                assert "contact@odata.navigationLink" in row


def _token(answer: dict[str, Any]) -> dict[str, Any]:
    token = parse_qs(urlsplit(answer["@odata.nextLink"]).query)["$skiptoken"][0]
    assert token.startswith("01")
    found = json.loads(base64.b64decode(token[2:]))
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.http")), ids=lambda path: path.stem)
def test_no_transcript_holds_a_live_secret(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "Bearer TOKEN" in text or "/v1/sessions" in text or "/key/APPKEY/" in text
    assert not re.search(r"/key/(?!APPKEY/)", text)
