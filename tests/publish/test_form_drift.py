"""Whether the published form still says what the questionnaire says."""

import json

import pytest
from small_study import LIST, NEW_ROWS, call, make_study, published, write_form

from pipeline.cli import _run
from pipeline.form_drift import drift
from pipeline.gather import forms_of
from pipeline.sandbox import TOKEN
from pipeline.study import open_study

ONLINE = {"KOBO_TOKEN": TOKEN}


def check(study, environ):
    (found,) = drift(open_study(str(study.folder)), environ, forms_of)
    return found


@pytest.mark.parametrize("environ", [{}, ONLINE], ids=["by the record", "by the server"])
def test_what_was_just_published_is_well(study, sandbox, environ):
    version = published(study)[0].version
    found = check(study, environ)
    assert found.state == "ok"
    assert version in found.detail
    assert not any("POST" in line for line in list(sandbox.state.requests)[-5:])


@pytest.mark.parametrize("environ", [{}, ONLINE], ids=["by the record", "by the server"])
def test_a_questionnaire_changed_since_is_seen(study, environ):
    published(study)
    write_form(study.folder, NEW_ROWS)
    found = check(study, environ)
    assert (found.name, found.state) == ("published air", "missing")
    assert "`persepsi forms deploy`" in found.detail
    assert "air.xlsx" in found.detail


@pytest.mark.parametrize("environ", [{}, ONLINE], ids=["by the record", "by the server"])
def test_a_list_changed_since_is_seen(study, environ):
    published(study)
    study.file("loket.csv").write_text(LIST + "l9,Loket 9\n", "utf-8")
    found = check(study, environ)
    assert found.state == "missing"
    assert "loket.csv" in found.detail


def test_an_edit_in_the_form_builder_is_seen_once_it_is_deployed(study, sandbox):
    (done,) = published(study)
    asset = sandbox.state.assets[done.asset]
    content = {**asset.latest.content, "survey": asset.latest.content["survey"][:-1]}
    path = f"/api/v2/assets/{done.asset}/"
    call(sandbox, "PATCH", path, json={"content": content})
    assert check(study, ONLINE).state == "ok"  # phones still get ours
    wanted = {"active": True, "version_id": asset.latest.uid}
    call(sandbox, "PATCH", f"{path}deployment/", json=wanted)
    found = check(study, ONLINE)
    assert found.state == "missing"
    assert "question saran (sheet survey, row 4)" in found.detail
    assert check(study, {}).state == "ok"  # the record alone cannot know


def test_a_draft_an_archive_and_a_project_that_is_gone_are_told_apart(study, sandbox):
    (done,) = published(study)
    path = f"/api/v2/assets/{done.asset}/"
    call(sandbox, "PATCH", f"{path}deployment/", json={"active": False})
    assert "archived: phones cannot send" in check(study, ONLINE).detail
    call(sandbox, "DELETE", path)
    assert f"has no form {done.asset}" in check(study, ONLINE).detail
    made = call(sandbox, "POST", "/api/v2/assets/", json={"name": "x", "asset_type": "survey"})
    study.file("assets.toml").unlink()
    settings = f'[[wave]]\nid = "1"\n[wave.assets]\nair = "{made.json()["uid"]}"\n'
    make_study(study.folder, sandbox.url, settings)
    assert "was never deployed" in check(study, ONLINE).detail
    assert "not recorded" in check(study, {}).detail


def test_a_server_that_is_away_leaves_what_the_record_says(study, sandbox):
    published(study)
    sandbox.stop()
    found = {one.name: one for one in drift(study, ONLINE, forms_of)}
    assert found["server"].state == "optional"
    assert "cannot be reached" in found["server"].detail
    assert found["published air"].state == "ok"


def test_a_token_that_the_server_does_not_know_is_told_once(study):
    published(study)
    found = {one.name: one for one in drift(study, {"KOBO_TOKEN": "0" * 40}, forms_of)}
    assert found["server"].state == "missing"
    assert found["published air"].state == "ok"


def test_doctor_tells_of_drift(study, monkeypatch, capsys, tmp_path):
    published(study)
    monkeypatch.setenv("KOBO_TOKEN", TOKEN)
    command = ["doctor", str(study.folder), "--json", "--data", str(tmp_path / "data")]
    assert _run(command) == 0
    write_form(study.folder, NEW_ROWS)
    capsys.readouterr()
    assert _run(command) == 10
    told = {one["name"]: one for one in json.loads(capsys.readouterr().out)}
    assert told["published air"]["state"] == "missing"
    assert told["asset of air"]["state"] == "ok"


def test_a_study_without_a_server_of_its_own_has_nothing_to_drift(study):
    study.file("study.toml").write_text('[server]\nid = "berkas"\nkind = "export"\n', "utf-8")
    assert drift(open_study(str(study.folder)), ONLINE, forms_of) == []
