"""What the recorded server kept of workbooks, and whether publishing asks as was recorded."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import recorded_forms as workbooks
from recorded import FOLDER, read
from recorded_session import recorded_content

from pipeline.form_kept import differences
from pipeline.form_rows import place_of
from pipeline.kobo import KoboPublisher
from pipeline.kobo.imports import Patience
from pipeline.sandbox import SandboxState, http, serve
from pipeline.xlsform import XLSForm, read_xlsform


def form_of(tmp_path: Path, data: bytes) -> XLSForm:
    path = tmp_path / "form.xlsx"
    path.write_bytes(data)
    return read_xlsform(path)


@pytest.mark.parametrize("name", ["051-asset-clean", "272-asset-after-replace"])
def test_a_form_that_the_real_server_kept_whole_differs_in_nothing(tmp_path, name):
    content = recorded_content(name)
    form = form_of(tmp_path, workbooks.from_content(content, "Contract survey"))
    assert differences(form, content) == ()


def test_a_form_replaced_by_another_version_differs_by_what_is_new(tmp_path):
    first, second = recorded_content("051-asset-clean"), recorded_content("272-asset-after-replace")
    form = form_of(tmp_path, workbooks.from_content(second, "Contract survey"))
    found = [difference for difference in differences(form, first) if difference.kind == "question"]
    names = {row.get("name") for row in first["survey"]} ^ {r.get("name") for r in second["survey"]}
    assert {difference.what.split()[1] for difference in found} == {n for n in names if n}


def test_columns_that_the_real_server_took_for_languages_are_told(tmp_path):
    form = form_of(tmp_path, workbooks.ROLE_COLUMNS)
    found = {
        str(difference)
        for difference in differences(form, recorded_content("029-asset-role-column"))
    }
    assert any("role" in sentence and "language" in sentence for sentence in found)


def test_columns_of_every_spelling_that_the_real_server_kept_are_found_again(tmp_path):
    row = {
        "type": "text", "name": "q1", "label": "Q", "_priv": "p", "__meta": "m", "x_role": "id",
        "X-Weight": "w", "kobo--x": "k", "trigger": "${q1}", "readonly": "yes",
        "parameters": "rows=3", "media::image": "a.png", "guidance_hint::English (en)": "gh",
        "bind::odk:length": "10", "body::accuracyThreshold": "2.5", "required_message": "need",
        "hxl": "#tag1", "$secret": "s", "required": "no",
    }  # fmt: skip
    form = form_of(tmp_path, workbooks.workbook(survey=[row]))
    kept = {  # exchange 490 of the recording, which is not replayed for its tags
        "name": "q1", "tags": ["#tag1", "tag2", "hxl:#loc"], "type": "text", "$kuid": "sDSe8VVLY",
        "_priv": "p", "label": ["Q", None, None], "$xpath": "q1", "__meta": "m", "x_role": "id",
        "$secret": "s", "kobo--x": "k", "trigger": "${q1}", "X-Weight": "w",
        "instance": [None, "z", None], "$autoname": "q1", "read_only": "yes",
        "parameters": "rows=3", "media::image": ["a.png", None, None],
        "guidance_hint": [None, None, "gh"], "bind::odk:length": "10",
        "required_message": "need", "body::accuracyThreshold": "2.5",
    }  # fmt: skip
    content = {
        "survey": [kept],
        "settings": {"id_string": "x"},
        "translations": [None, "foo", "English (en)"],
    }
    assert [str(difference) for difference in differences(form, content)] == [
        "language foo, which only the server has",
        "sheet survey, row 2 (q1), column instance::foo: sent nothing, kept 'z'",
    ]


def test_what_the_real_server_made_of_odd_cells_is_told_and_nothing_else(tmp_path):
    told = {
        "470-import-odd-cells-asset": (
            workbooks.ODD_CELLS,
            ["language y, which only the server has", "choice a b (sheet choices, row 2)"],
        ),
        "476-import-or_other-asset": (workbooks.OR_OTHER, []),
        "474-import-reserved-names-asset": (workbooks.RESERVED_NAMES, []),
    }
    for name, (data, expected) in told.items():
        found = differences(form_of(tmp_path, data), recorded_content(name))
        assert [str(difference) for difference in found] == expected, name


@pytest.mark.parametrize(
    ("name", "workbook", "place"),
    [
        ("013-import-dup-poll", workbooks.DUPLICATE_NAME, "sheet survey, row 2, 3, column name"),
        ("038-deploy-invalid-xlsform", workbooks.BAD_REFERENCE, "row 2, column relevant"),
        ("475-deploy-reserved", workbooks.RESERVED_NAMES, "row 6, column name"),
    ],
)
def test_a_recorded_refusal_is_found_in_the_workbook(tmp_path, name, workbook, place):
    sentence = re.search(r'"error": "(.*?)"', read(name).answer)[1]
    assert place_of(form_of(tmp_path, workbook), sentence).endswith(place)


def shape(method: str, path: str) -> str:
    """Method and path of a request with its ids taken out."""
    path = re.sub(r"\b(?:af|[aiv])[2-9A-HJ-NP-Za-km-z]{21,22}\b", "_", urlsplit(path).path)
    return f"{method} {re.sub(r'/[0-9]+(?=[/.]|$)', '/0', path)}"


def names_in(body: str) -> frozenset[str]:
    """Fields of a body, multipart or JSON, those of a payload too."""
    parts = re.findall(r'name="(\w+)"', body)
    if parts:
        return frozenset(parts)
    try:
        value = json.loads(body)
    except ValueError:
        return frozenset()
    return frozenset(value) | frozenset(value.get("payload", {}))


def test_every_request_of_publishing_is_one_that_was_recorded(monkeypatch):
    """Method, path and fields of each request as they arrive, held against the recording."""
    known: dict[str, set[frozenset[str]]] = {}
    for name in sorted(path.stem for path in FOLDER.glob("*.http")):
        told = read(name)
        known.setdefault(shape(told.method, told.path), set()).add(names_in(told.body))
    asked: list[tuple[str, frozenset[str]]] = []
    respond = http.respond

    def listen(state: SandboxState, request: Any) -> Any:
        body = request.body.decode("utf-8", "replace")
        asked.append((shape(request.method, request.path), names_in(body)))
        return respond(state, request)

    monkeypatch.setattr(http, "respond", listen)
    data = workbooks.workbook(
        survey=[{"type": "text", "name": "q", "label": "Q"}],
        settings=[{"form_title": "T", "form_id": "t"}],
    )
    patience = Patience(10.0, lambda: 0.0, lambda _: None)
    state = SandboxState()
    with serve(state) as running, KoboPublisher(running.url, running.token) as publisher:
        assert publisher.account.username == "analis"
        assert list(publisher.projects()) == []
        made = publisher.create("T")
        assert made.is_empty
        for _ in range(2):
            saved = publisher.replace_form(made.uid, "t.xlsx", data, patience, lambda _: None)
            held = publisher.media(made.uid)
            publisher.put_media(made.uid, "d.csv", b"name,label\n", "text/csv", held)
            deployed = publisher.deploy(saved)
            assert publisher.offered(made.uid).media.keys() == {"d.csv"}
        assert publisher.version_content(made.uid, deployed.version)["survey"]
        asset = state.assets[made.uid]
        found = {"q": "1", "meta/instanceID": "uuid:1", "meta/rootUuid": "uuid:1"}
        number = state.add_record(asset, found, at=state.clock(), by="analis", xml=None).id
        assert [record.fields["_id"] for record in publisher.statuses(made.uid, 100)] == [number]
        publisher.set_statuses(made.uid, [number], "validation_status_approved")
    unknown = {request for request in asked if request[1] not in known.get(request[0], set())}
    # Where phones go was not recorded; a server that does not say is not asked what they get.
    assert unknown == {("GET /api/v2/environment/", frozenset())}
    assert len({request for request, _ in asked}) >= 14
