"""Publishing a form through the sandbox, where the recording does not reach."""

import base64
import json
from typing import Any

import requests
from recorded_forms import workbook
from served_form import FORM, UID

from pipeline.sandbox import RunningSandbox, SandboxState

SECOND = workbook(
    survey=[
        {"type": "text", "name": "kota", "label::Bahasa Indonesia (id)": "Kota"},
        {"type": "text", "name": "baru", "label::Bahasa Indonesia (id)": "Baru"},
    ],
    settings=[{"form_title": "Percobaan", "form_id": "percobaan"}],
)


def call(sandbox: RunningSandbox, method: str, path: str, **more: Any) -> requests.Response:
    headers = {"Authorization": f"Token {sandbox.token}"}
    return requests.request(method, sandbox.url + path, headers=headers, timeout=10, **more)


def replace(sandbox: RunningSandbox, data: bytes) -> dict[str, Any]:
    """Upload a workbook over the deployed form, as base64, and give the finished task."""
    fields = {
        "destination": f"{sandbox.url}/api/v2/assets/{UID}/",
        "base64Encoded": "data:application/xlsx;base64," + base64.b64encode(data).decode(),
    }
    task = call(sandbox, "POST", "/api/v2/imports/", data=fields).json()
    told: dict[str, Any] = call(sandbox, "GET", f"/api/v2/imports/{task['uid']}/").json()
    return told


def test_a_new_form_goes_out_only_with_its_version_id(
    state: SandboxState, sandbox: RunningSandbox
) -> None:
    before = state.assets[UID].latest.uid
    assert replace(sandbox, SECOND)["status"] == "complete"
    address = f"/api/v2/assets/{UID}/deployment/"
    answer = call(sandbox, "PATCH", address, json={"active": True}).json()
    assert answer["version_id"] == before  # said to be active, and the old form stays
    latest = state.assets[UID].latest.uid
    answer = call(sandbox, "PATCH", address, json={"active": True, "version_id": latest}).json()
    assert answer["version_id"] == latest != before


def test_a_form_that_was_never_deployed_is_not_redeployed(sandbox: RunningSandbox) -> None:
    made = call(sandbox, "POST", "/api/v2/assets/", json={"name": "x", "asset_type": "survey"})
    address = f"/api/v2/assets/{made.json()['uid']}/deployment/"
    assert call(sandbox, "PATCH", address, json={"active": True}).status_code == 405
    assert call(sandbox, "GET", address).status_code == 404


def test_a_first_deployment_is_archived_where_active_is_not_said(sandbox: RunningSandbox) -> None:
    content = {"survey": [{"type": "text", "name": "q", "label": ["Q"]}]}
    wanted = {"name": "x", "asset_type": "survey", "content": content}
    uid = call(sandbox, "POST", "/api/v2/assets/", json=wanted).json()["uid"]
    answer = call(sandbox, "POST", f"/api/v2/assets/{uid}/deployment/", json={}).json()
    assert (answer["active"], answer["asset"]["deployment_status"]) == (False, "archived")


def test_versions_that_are_not_deployed_are_numbered_as_drafts(sandbox: RunningSandbox) -> None:
    for data in (SECOND, FORM):
        replace(sandbox, data)
    rows = call(sandbox, "GET", f"/api/v2/assets/{UID}/versions/").json()["results"]
    assert [row["version_number"] for row in rows] == ["1.2", "1.1", "1"]
    assert [bool(row["date_deployed"]) for row in rows] == [False, False, True]
    only = call(sandbox, "GET", f"/api/v2/assets/{UID}/versions/?deployed=True").json()
    assert [row["version_number"] for row in only["results"]] == ["1"]


def test_a_damaged_upload_leaves_the_form_as_it_was(
    state: SandboxState, sandbox: RunningSandbox
) -> None:
    before = json.dumps(state.assets[UID].latest.content)
    told = replace(sandbox, FORM[:200])
    assert (told["status"], told["messages"]["error_type"]) == ("error", "XlsFormatException")
    assert json.dumps(state.assets[UID].latest.content) == before


def test_an_upload_by_address_is_not_fetched(sandbox: RunningSandbox) -> None:
    task = call(sandbox, "POST", "/api/v2/imports/", json={"url": f"{sandbox.url}/me/"}).json()
    told = call(sandbox, "GET", f"/api/v2/imports/{task['uid']}/").json()
    assert told["messages"]["error"] == "The sandbox fetches nothing from a url."
