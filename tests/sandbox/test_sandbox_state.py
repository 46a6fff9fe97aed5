"""What a sandbox is made of: forms, ids, accounts, a study's fieldwork."""

import gzip
import json
import re
import socket
from pathlib import Path

import pytest
import requests
from recorded_forms import DUPLICATE_NAME, workbook
from served_form import FORM, UID, record

from pipeline.errors import StudyError
from pipeline.sandbox import (
    TOKEN,
    VIEWER_TOKEN,
    RunningSandbox,
    SandboxState,
    asset_uid,
    serve,
    study_state,
)


def owner(sandbox: RunningSandbox) -> dict[str, str]:
    return {"Authorization": f"Token {sandbox.token}"}


def test_an_asset_uid_looks_like_one_and_depends_on_study_and_form() -> None:
    uid = asset_uid("kendari", "wawancara")
    assert re.fullmatch(r"a[2-9A-HJ-NP-Za-km-z]{21}", uid)
    assert uid == asset_uid("kendari", "wawancara")
    assert len({uid, asset_uid("kendari", "sesi"), asset_uid("kota", "wawancara")}) == 3


def test_the_same_workbook_is_the_same_version_and_another_is_another() -> None:
    uids = []
    for data in (FORM, FORM, workbook(survey=[{"type": "text", "name": "q", "label": "Q"}])):
        state = SandboxState()
        state.add_form("wawancara", data, "Percobaan", UID)
        uids.append(state.assets[UID].latest.uid)
    assert uids[0] == uids[1] != uids[2]


def test_content_is_the_same_in_every_run_down_to_its_row_ids() -> None:
    contents = []
    for _ in range(2):
        state = SandboxState()
        state.add_form("wawancara", FORM, "Percobaan", UID)
        contents.append(json.dumps(state.assets[UID].latest.content))
    assert contents[0] == contents[1]


def test_a_form_with_a_duplicate_name_is_refused_in_one_sentence() -> None:
    with pytest.raises(StudyError, match=r"wawancara\.xlsx: Duplicate node name: q1"):
        SandboxState().add_form("wawancara", DUPLICATE_NAME, "x")
    with pytest.raises(StudyError, match="Unsupported format, or corrupt file"):
        SandboxState().add_form("wawancara", b"PK not a workbook", "x")


@pytest.mark.parametrize(
    ("spoilt", "sentence"),
    [
        ({"_id": "7"}, "_id must be a whole number"),
        ({"meta/instanceID": ""}, "meta/instanceID must be there"),
        ({"_submission_time": "kemarin"}, "_submission_time is no time"),
        ({"_id": 1}, "_id 1 stands twice"),
    ],
)
def test_records_that_no_server_could_hold_are_refused_whole(
    state: SandboxState, spoilt: dict[str, object], sentence: str
) -> None:
    with pytest.raises(StudyError, match=f"record 2 of 'Percobaan'.*{sentence}"):
        state.load(UID, [record(1), {**record(2), **spoilt}])
    assert state.assets[UID].records == {}


def test_the_viewer_sees_the_data_and_changes_nothing(
    state: SandboxState, sandbox: RunningSandbox
) -> None:
    state.load(UID, [record(1)])
    headers = {"Authorization": f"Token {VIEWER_TOKEN}"}
    data = f"{sandbox.url}/api/v2/assets/{UID}/data/"
    assert requests.get(data, headers=headers, timeout=10).json()["count"] == 1
    assert requests.delete(f"{data}1/", headers=headers, timeout=10).status_code == 403
    assert 1 in state.assets[UID].records


def test_the_tokens_have_the_shape_of_real_ones_and_no_account_shows_its_own() -> None:
    assert re.fullmatch("[0-9a-f]{40}", TOKEN)
    assert TOKEN not in repr(SandboxState().accounts)


def test_the_sandbox_listens_on_this_machine_only(sandbox: RunningSandbox) -> None:
    assert sandbox.url.startswith("http://127.0.0.1:")
    for family, *_, address in socket.getaddrinfo(socket.gethostname(), sandbox.port):
        if family != socket.AF_INET or address[0].startswith("127."):
            continue
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.settimeout(2)
            assert probe.connect_ex(address) != 0


def test_a_page_that_calls_itself_another_host_gets_nothing(sandbox: RunningSandbox) -> None:
    headers = {**owner(sandbox), "Host": "evil.example"}
    answer = requests.get(f"{sandbox.url}/me/", headers=headers, timeout=10)
    assert answer.status_code == 400


def test_no_log_of_requests_holds_a_token(state: SandboxState, sandbox: RunningSandbox) -> None:
    requests.get(f"{sandbox.url}/me/", headers=owner(sandbox), timeout=10)
    assert list(state.requests) == ["GET /me/"]


def test_what_the_sandbox_leaves_out_it_refuses_aloud(sandbox: RunningSandbox) -> None:
    asset = f"{sandbox.url}/api/v2/assets/{UID}"
    for path in ("/exports/", "/reports/", ".xls", "/data/?format=geojson"):
        answer = requests.get(asset + path, headers=owner(sandbox), timeout=10)
        assert answer.status_code == 501
        assert "docs/decisions/0006-sandbox.md" in answer.json()["detail"]


def test_a_phone_gets_the_form_with_the_marks_of_the_server(
    state: SandboxState, sandbox: RunningSandbox
) -> None:
    listed = requests.get(f"{sandbox.url}/formList", headers=owner(sandbox), timeout=10)
    address = re.search(r"<downloadUrl>(.*?)</downloadUrl>", listed.text)
    assert address is not None
    form = requests.get(address[1], headers=owner(sandbox), timeout=10).text
    asset = state.assets[UID]
    assert f'<{UID} id="{UID}" version="1 (2026-10-05 03:00:00)">' in form
    assert f"calculate=\"'{asset.latest.uid}'\"" in form
    assert f"calculate=\"'{asset.formhub_uuid}'\"" in form
    assert "<formhub><uuid/></formhub>" in form


def test_a_submission_may_not_bring_a_document_type(sandbox: RunningSandbox) -> None:
    bomb = f'<!DOCTYPE d [<!ENTITY a "aaaa">]><d id="{UID}"><kota>&a;</kota></d>'
    answer = requests.post(
        f"{sandbox.url}/submission",
        files={"xml_submission_file": ("s.xml", bomb.encode())},
        headers=owner(sandbox),
        timeout=10,
    )
    assert answer.status_code == 400
    assert "Improperly formatted XML." in answer.text


def study_folder(folder: Path, lines: bytes | None = None) -> Path:
    (folder / "simulasi").mkdir(parents=True)
    (folder / "wawancara.xlsx").write_bytes(FORM)
    data = lines or "\n".join(json.dumps(record(number)) for number in (1, 2, 5)).encode()
    (folder / "simulasi" / "wawancara.jsonl.gz").write_bytes(gzip.compress(data, mtime=0))
    return folder


def test_a_study_is_served_with_its_simulated_fieldwork(tmp_path: Path) -> None:
    state = study_state(study_folder(tmp_path), "percobaan")
    with serve(state) as sandbox:
        address = f"{sandbox.url}/api/v2/assets/{UID}/data/"
        answer = requests.get(address, headers=owner(sandbox), timeout=10).json()
    assert [row["_id"] for row in answer["results"]] == [1, 2, 5]
    assert state.next_id() == 6


def test_a_study_without_fieldwork_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="nothing to serve"):
        study_state(tmp_path, "percobaan")


def test_fieldwork_without_its_questionnaire_says_what_is_missing(tmp_path: Path) -> None:
    (study_folder(tmp_path) / "wawancara.xlsx").unlink()
    with pytest.raises(StudyError, match=r"wawancara\.xlsx: not found"):
        study_state(tmp_path, "percobaan")


def test_damaged_fieldwork_names_file_and_line(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"wawancara\.jsonl\.gz, line 2: no JSON object"):
        study_state(
            study_folder(
                tmp_path / "a",
                b'{"_id": 1, "meta/instanceID": "u", '
                b'"_submission_time": "2026-10-05T00:00:00"}\n{half',
            ),
            "percobaan",
        )
    folder = study_folder(tmp_path / "b")
    path = folder / "simulasi" / "wawancara.jsonl.gz"
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(StudyError, match="cannot be unpacked"):
        study_state(folder, "percobaan")
