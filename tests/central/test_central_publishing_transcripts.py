"""What the publisher asks is what was recorded, what was recorded it reads, and the fake agrees."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import unquote

import pytest
from fakes.central import TOKEN
from fakes.central_forms import CentralForms

from pipeline.central import CentralPublisher
from pipeline.central.credentials import Credentials
from pipeline.errors import ServerError
from pipeline.transport.errors import VersionTakenError
from pipeline.workbook import sheet, write_workbook

FOLDER = Path(__file__).parent / "transcripts"
ASSET = "1/ipm_demo"
BOOK = b"PK workbook"

Act = Callable[[CentralPublisher], Any]

MADE: dict[str, tuple[Act, Callable[[Any], bool]]] = {
    "04_xlsform_upload": (
        lambda p: p.create(ASSET, BOOK),
        lambda f: (f.asset, f.version, f.published) == (ASSET, "2026110100", ""),
    ),
    "05_draft_attachments_before": (
        lambda p: p.files(ASSET, draft=True),
        lambda found: [(f.name, f.hash) for f in found] == [("enumerators.csv", ""),
                                                            ("units.csv", "")],
    ),
    "07_attach_enumerators.csv": (
        lambda p: p.put_file(ASSET, "enumerators.csv", b"name,label\n", "text/csv"),
        lambda f: f.hash == "md5:f2f65e7078eedaa3d2adf51b5439513e",
    ),
    "08_draft_attachments_after": (
        lambda p: p.files(ASSET, draft=True),
        lambda found: all(f.hash and not f.dataset for f in found),
    ),
    "10_form_metadata": (
        lambda p: p.form(ASSET),
        lambda f: (f.name, f.state, f.submissions, f.encrypted)
        == ("Survei Persepsi Maladministrasi", "open", 0, False),
    ),
    "41_new_draft_same_version": (lambda p: p.new_draft(ASSET, BOOK), lambda f: f is None),
    "44_versions": (
        lambda p: p.versions(ASSET),
        lambda found: [f.version for f in found] == ["2026110200", "2026110100"],
    ),
}  # fmt: skip
"""Requests by what makes them, and what is to be read of the recorded answer."""

REFUSED: dict[str, tuple[Act, type[ServerError], str]] = {
    "42_publish_same_version_conflict": (
        lambda p: p.publish(ASSET), VersionTakenError, "has already existed in this project"
    ),
}  # fmt: skip

ELSEWHERE = {
    "01_login": "the login of every test here",
    "09_publish": "after it the form is read again (10)",
    "43_publish_with_version_param": "after it the form is read again (10)",
    "14_openrosa_formList": "asked for as a web user, without the key of an app user; same XML",
    "16_openrosa_manifest": "asked for as a web user; same XML",
    "54_manifest_with_entity_list": "asked for as a web user; same XML",
    "33_download_xlsx": "the body was not recorded, only its length",
    "31_review_state": "`review push`: test_central_review",
    "25_odata_submissions_top2": "pull: test_central_transcripts",
    "26_odata_filter_select": "pull: test_central_transcripts",
    "28_odata_expand_wkt": "pull: test_central_transcripts",
}
NOT_MADE = {
    "02_project_create": "projects, with people and rights, are made in the browser",
    "03_xlsform_upload_without_ignoreWarnings": "warnings are told by lint, so they are ignored",
    "27_odata_repeat_table": "repeats come with $expand",
    "32_comment": "reasons stay on this computer",
    "34_rest_submissions_list": "OData tells the same and pages by name",
    "53_attachment_link_dataset": "entity lists are left alone",
    "56_bad_form_warnings": "as 03",
    "61_encrypted_form_publish_missing_files": "a project that encrypts is refused before",
}
NOT_KEPT = {
    "06_attach_units.csv": "as 07", "11_form_fields": "the workbook tells more",
    "12_app_user_create": "people are made in the browser", "13_app_user_assign": "as 12",
    "15_openrosa_form_xml": "asked for as a web user (/forms/ipm_demo.xml)",
    "17_openrosa_attachment": "the manifest tells its hash",
    "18_openrosa_submission_head": "phones send, not we", "19_openrosa_submit": "as 18",
    "20_openrosa_submit_duplicate_identical": "as 18",
    "21_openrosa_submit_same_instanceID_other_content": "as 18",
    "22_openrosa_submit_with_audit": "as 18", "23_odata_service": "not asked for",
    "24_odata_metadata": "not asked for", "29_export_csv_zip": "read as an export file",
    "30_submission_xml": "OData tells the same", "35_server_audit_log": "for administrators only",
    "45_dataset_create": "entity lists are left alone", "46_dataset_prop_province": "as 45",
    "47_dataset_prop_regency": "as 45", "48_dataset_prop_lat": "as 45",
    "49_dataset_prop_lon": "as 45", "50_entities_bulk": "as 45", "51_entities_csv": "as 45",
    "52_entities_odata": "as 45", "55_attachment_from_entities": "as 45",
    "57_submit_unknown_form": "as 18", "58_submit_unknown_version": "as 18",
    "59_submit_violating_constraints_accepted": "as 18",
    "60_project_managed_encryption": "never asked for", "62_encrypted_form_xml": "as 61",
}  # fmt: skip
"""Recorded requests that are never made, and whose transcripts are not kept here."""


def test_every_recorded_request_is_made_or_named() -> None:
    kept = {p.stem for p in FOLDER.glob("*.http")}
    assert kept == MADE.keys() | REFUSED.keys() | ELSEWHERE.keys() | NOT_MADE.keys()
    assert not kept & NOT_KEPT.keys()
    assert len(kept | NOT_KEPT.keys()) == 57


def transcript(name: str) -> tuple[str, dict[str, str], int, bytes]:
    """Request line, its headers, status and body of a recorded answer."""
    text = (FOLDER / f"{name}.http").read_text(encoding="utf-8")
    request, _, response = text.partition("--- response ")
    lines = request.splitlines()
    headers = dict(line.split(": ", 1) for line in lines[1 : lines.index("")])
    status, _, rest = response.partition("\n")
    return lines[0], headers, int(status), rest.partition("\n\n")[2].encode()


@contextmanager
def replaying(
    names: list[str], also: dict[str, tuple[int, bytes]] | None = None
) -> Iterator[tuple[CentralPublisher, list[tuple[str, Any]]]]:
    """A publisher on a server that gives recorded answers by request line, and what it saw."""
    answers = dict(also or {})
    for name in names:
        line, _, status, body = transcript(name)
        answers[unquote(line.rpartition(" ")[0])] = (status, body)
    seen: list[tuple[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def any(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            line = unquote(f"{self.command} {self.path}")
            seen.append((line, self.headers))
            status, body = answers.get(line, (404, b'{"message":"?","code":404.1}'))
            kind = "text/xml" if body.lstrip().startswith(b"<?xml") else "application/json"
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = any

        def log_message(self, format: str, *args: Any) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}"
        with CentralPublisher(url, Credentials(token=TOKEN), retries=0) as publisher:
            yield publisher, seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize("name", MADE)
def test_a_recorded_request_is_made_alike_and_its_answer_read(name: str) -> None:
    act, fits = MADE[name]
    line, headers, _, _ = transcript(name)
    with replaying([name]) as (publisher, seen):
        assert fits(act(publisher))
    assert seen[-1][0] == unquote(line.rpartition(" ")[0])
    for key in ("Content-Type", "X-XlsForm-FormId-Fallback", "X-Extended-Metadata"):
        if key in headers:
            assert seen[-1][1][key] == headers[key]


@pytest.mark.parametrize("name", REFUSED)
def test_a_recorded_refusal_is_told_in_the_servers_words(name: str) -> None:
    act, error, words = REFUSED[name]
    with (
        replaying([name, "10_form_metadata"]) as (publisher, _),
        pytest.raises(error, match=words),
    ):
        act(publisher)


@pytest.mark.parametrize("name", ["09_publish", "43_publish_with_version_param"])
def test_a_publication_is_asked_for_as_recorded_and_then_looked_at(name: str) -> None:
    line = transcript(name)[0].rpartition(" ")[0]
    version = line.partition("version=")[2]
    with replaying([name, "10_form_metadata"]) as (publisher, seen):
        assert publisher.publish(ASSET, version).published == "2026-11-23T14:11:21.988Z"
    assert line in [one for one, _ in seen]


@pytest.mark.parametrize(
    ("name", "linked"), [("16_openrosa_manifest", False), ("54_manifest_with_entity_list", True)]
)
def test_what_phones_are_offered_is_read_of_the_recorded_lists(name: str, linked: bool) -> None:
    also = {
        "GET /v1/projects/1/formList": transcript("14_openrosa_formList")[2:],
        "GET /v1/key/APPKEY/projects/1/forms/ipm_demo/manifest": transcript(name)[2:],
    }
    with replaying([], also) as (publisher, _):
        allowed, offered = publisher.offered(ASSET)
    assert allowed
    assert offered is not None
    assert (offered.version, offered.hash) == ("2026110100", "md5:7249e46e380389e004344762b7e3ff4b")
    assert offered.files.keys() == {"enumerators.csv", "units.csv"}
    assert (offered.files["units.csv"] != "md5:e4d886c2d1e06c8bb2584a4ed90de890") == linked


def book(version: str, *, warned: bool = False) -> bytes:
    """A small workbook of the recorded form id, which names the two recorded lists."""
    rows = [["select_one_from_file units.csv", "unit", "Unit", "Unit"],
            ["select_one_from_file enumerators.csv", "siapa", "Siapa", "Who"]]  # fmt: skip
    rows += [["select_one s or_other", "lain", "Lain", "Other"]] if warned else []
    survey = sheet(["type", "name", "label::Bahasa Indonesia (id)", "label::English (en)"], rows)
    choices = sheet(["list_name", "name", "label::Bahasa Indonesia (id)", "label::English (en)"],
                    [["s", "1", "Satu", "One"]])  # fmt: skip
    settings = sheet(["form_id", "version", "default_language"],
                     [["ipm_demo", version, "Bahasa Indonesia (id)"]])  # fmt: skip
    return write_workbook({"survey": survey, "choices": choices, "settings": settings})


def test_the_fake_answers_each_recorded_request_in_the_recorded_shape() -> None:
    """Status, keys, and for refusals the code: the whole recorded story, once from the start."""
    central = CentralForms()
    headers = {"authorization": f"Bearer {TOKEN}"}
    story: list[tuple[str, bytes]] = [
        ("03_xlsform_upload_without_ignoreWarnings", book("2026110100", warned=True)),
        ("04_xlsform_upload", book("2026110100", warned=True)),
        ("05_draft_attachments_before", b""),
        ("07_attach_enumerators.csv", b"name,label\n"),
        ("08_draft_attachments_after", b""),
        ("09_publish", b""),
        ("10_form_metadata", b""),
        ("41_new_draft_same_version", book("2026110100")),
        ("42_publish_same_version_conflict", b""),
        ("43_publish_with_version_param", b""),
        ("44_versions", b""),
    ]
    for name, body in story:
        line, sent, wanted, recorded = transcript(name)
        method, target, _ = line.split(" ")
        path, _, query = target.partition("?")
        pairs = dict(part.split("=") for part in query.split("&") if part)
        lower = {key.lower(): value for key, value in sent.items()} | headers
        status, answer = central.act(method, path, pairs, body, lower)
        told = json.loads(recorded)
        assert status == wanted, name
        if name == "08_draft_attachments_after":
            answer, told = answer[:1], told[:1]  # one of the two was sent here
        assert shape(answer) == shape(told), name
    assert central.form("ipm_demo").versions[-1].version == "2026110200"


def shape(value: Any) -> Any:
    """Keys, and the code of a refusal; lists as the shapes of their items."""
    if isinstance(value, list):
        return [shape(item) for item in value]
    if isinstance(value, dict):
        return {key: value[key] if key == "code" else None for key in value}
    return None


def test_what_the_fake_lists_for_phones_has_the_recorded_elements() -> None:
    import re

    central = CentralForms()
    headers = {"authorization": f"Bearer {TOKEN}"}
    for path, query, body in (
        ("/v1/projects/1/forms", {"ignoreWarnings": "true"}, book("1")),
        ("/v1/projects/1/forms/ipm_demo/draft/attachments/units.csv", {}, b"name\n"),
        ("/v1/projects/1/forms/ipm_demo/draft/publish", {}, b""),
    ):
        assert central.act("POST", path, query, body, headers)[0] == 200
    for name, path in (
        ("14_openrosa_formList", "/v1/projects/1/formList"),
        ("16_openrosa_manifest", "/v1/projects/1/forms/ipm_demo/manifest"),
    ):
        _, answer = central.act("GET", path, {}, b"", headers)
        tags = set(re.findall(rb"<(\w+)", transcript(name)[3]))
        assert set(re.findall(rb"<(\w+)", answer)) == tags


def test_a_form_that_the_converter_refuses_is_told() -> None:
    central = CentralForms()
    status, answer = central.act(
        "POST", "/v1/projects/1/forms", {"ignoreWarnings": "true"}, b"no workbook",
        {"authorization": f"Bearer {TOKEN}"},
    )  # fmt: skip
    assert (status, answer["code"]) == (400, 400.15)
