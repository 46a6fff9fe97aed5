import dataclasses
import importlib.util
import shutil
from pathlib import Path

import pytest

from pipeline.doctor import Check, examine, lines
from pipeline.gather import forms_of
from pipeline.settings import ReportSettings
from pipeline.study import open_study
from pipeline.workbook import sheet, write_workbook


@pytest.fixture
def foreign(tmp_path):
    """A study of one form, `air`, without a session plan."""
    folder = tmp_path / "survei"
    folder.mkdir()
    write_workbook({"survey": sheet(["type", "name", "label"], [["integer", "usia", "Usia"]])},
                   folder / "air.xlsx")  # fmt: skip
    return folder


def checks(folder: Path, environ=None) -> dict[str, Check]:
    found = examine(open_study(str(folder)), folder.parent / "data", environ or {}, forms_of)
    return {check.name: check for check in found}


def kobo(folder: Path, more: str = "") -> None:
    (folder / "study.toml").write_text(
        f'[server]\nid = "kobo"\nkind = "kobo"\nurl = "https://kobo.example"\n{more}', "utf-8"
    )


def test_a_foreign_study_is_asked_for_the_asset_of_its_own_form(foreign):
    kobo(foreign)
    found = checks(foreign)
    assert {name for name in found if name.startswith("asset")} == {"asset of air"}
    assert found["asset of air"].state == "missing"
    assert 'write air = "a..." under [wave.assets]' in found["asset of air"].detail
    assert found["questionnaire air"] == Check("questionnaire air", "ok", str(foreign / "air.xlsx"))


def test_a_token_and_an_asset_that_are_there_are_well_and_not_shown(foreign):
    kobo(foreign, '[[wave]]\nid = "1"\n[wave.assets]\nair = "aAbc"\n')
    found = checks(foreign, {"KOBO_TOKEN": "rahasia"})
    assert found["asset of air"] == Check("asset of air", "ok", "aAbc")
    assert found["KOBO_TOKEN"] == Check("KOBO_TOKEN", "ok", "set")


def test_the_advice_for_a_form_with_a_space_can_be_pasted_into_toml(foreign):
    (foreign / "air.xlsx").rename(foreign / "air minum.xlsx")
    kobo(foreign)
    advice = checks(foreign)["asset of air minum"].detail
    line = advice.removeprefix("write ").split(" under ")[0]
    kobo(foreign, f'[[wave]]\nid = "1"\n[wave.assets]\n{line}\n')
    assert checks(foreign)["asset of air minum"].detail == "a..."


def test_a_study_without_a_form_or_an_export_is_told_what_is_missing(foreign):
    assert checks(foreign)["export file"].state == "missing"
    (foreign / "unduhan.json").write_text("[]")
    assert checks(foreign)["export file"] == Check("export file", "ok", "unduhan.json")
    (foreign / "air.xlsx").unlink()
    found = checks(foreign)
    assert found["questionnaire"].state == "missing"
    assert "exactly one XLSForm" in found["questionnaire"].detail


def test_the_default_study_shows_both_its_questionnaires(tmp_path):
    found = examine(open_study("kendari"), tmp_path, {}, forms_of)
    assert [c.name for c in found if c.name.startswith("questionnaire")] == [
        "questionnaire wawancara", "questionnaire sesi",
    ]  # fmt: skip


def test_what_is_lost_without_a_tool_is_said_only_where_it_is_absent(foreign, monkeypatch):
    tools = foreign.parent / "tools"
    tools.mkdir()
    monkeypatch.setenv("PATH", str(tools))
    assert shutil.which("java") is None
    found = checks(foreign)
    assert found["Java"].state == "optional"
    assert "not validated" in found["Java"].detail
    for name in ("java", "chromium-browser"):
        (tools / name).write_text("#!/bin/sh\n")
        (tools / name).chmod(0o755)
    found = checks(foreign)
    assert found["Java"] == Check("Java", "ok", str(tools / "java"))
    assert found["Chromium"] == Check("Chromium", "ok", str(tools / "chromium-browser"))
    assert found["R"].detail.startswith("not found: ")


def test_jpype_is_advised_by_its_own_name(foreign):
    jpype = checks(foreign)["JPype"]
    if importlib.util.find_spec("jpype"):
        assert jpype == Check("JPype", "ok", "found")
    else:
        assert jpype.detail.endswith("pip install jpype1")


def test_no_advice_installs_our_own_name_from_an_index():
    source = Path(examine.__code__.co_filename).read_text("utf-8")
    assert "install jpype1" in source
    assert "install persepsi" not in source
    assert "install 'persepsi" not in source


def test_a_promise_to_delete_answers_is_brought_to_mind(foreign):
    promising = ReportSettings(retention_months=6)
    study = dataclasses.replace(open_study(str(foreign)), report=promising)
    found = {c.name: c for c in examine(study, foreign.parent / "data", {}, forms_of)}
    assert "6 months after the report" in found["retention"].detail
    assert str(foreign.parent / "data" / study.id) in found["retention"].detail
    assert "retention" not in checks(foreign)


def test_a_synced_folder_is_no_place_for_the_store(foreign):
    study = open_study(str(foreign))
    found = examine(study, foreign.parent / "OneDrive" / "data", {}, forms_of)
    folder = next(check for check in found if check.name == "data folder")
    assert folder.state == "missing"
    assert "synced to a cloud" in folder.detail


def test_lines_are_wrapped_beside_the_names_and_paths_stay_whole():
    path = "/" + "x" * 60
    printed = lines(
        [Check("R", "optional", "not here"), Check("data", "missing", f"{path} a b")], 30
    )
    assert printed == ["–   R     not here", f"!!  data  {path}", "          a b"]
