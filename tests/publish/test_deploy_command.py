"""`persepsi forms deploy` as people and scripts meet it."""

import json

import pytest
from small_study import ROWS, study_with, write_form, writes

from pipeline.cli import _run
from pipeline.sandbox import TOKEN, SandboxState, serve


@pytest.fixture
def command(study, monkeypatch):
    monkeypatch.setenv("KOBO_TOKEN", TOKEN)
    return ["forms", "deploy", str(study.folder)]


def test_without_yes_it_is_a_plan_with_server_and_account(command, sandbox, capsys):
    assert _run(command) == 0
    said = capsys.readouterr()
    assert f"Server uji, {sandbox.url}, as account analis; wave 1" in said.out
    assert "Nothing was changed. Run again with --yes to do this." in said.out
    assert writes(sandbox) == []
    assert TOKEN not in said.out + said.err


def test_with_yes_it_is_done_and_a_script_can_read_it(command, sandbox, capsys):
    assert _run([*command, "--yes", "--json"]) == 0
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert told["account"] == "analis"
    assert told["plan"][0]["create"] is True
    assert told["done"][0]["asset"] in sandbox.state.assets
    assert told["done"][0]["verified"] is True
    assert "air: deploying ..." in said.err
    assert _run([*command, "--yes"]) == 0
    assert "air: unchanged as project" in capsys.readouterr().out


def test_exit_codes_say_whose_fault_it_is(command, study, sandbox, capsys, monkeypatch):
    assert _run([*command, "tiada"]) == 10
    write_form(study.folder, [*ROWS, ["select_one tiada", "x", "X", "X", "", "", ""]])
    assert _run(command) == 11
    write_form(study.folder)
    sandbox.state.faults.import_error = ("ValueError", "Invalid node name: puas")
    assert _run([*command, "--yes"]) == 12
    said = capsys.readouterr().err
    assert "sheet survey, row 3" in said
    assert "Traceback" not in said
    monkeypatch.delenv("KOBO_TOKEN")
    assert _run(command) == 12


def test_a_running_sandbox_is_for_a_study_of_the_sandbox_only(command, sandbox, capsys):
    assert _run([*command, "--server", sandbox.url]) == 10
    assert "[server] url" in capsys.readouterr().err


def test_the_default_server_is_the_sandbox_and_nothing_is_recorded(tmp_path, capsys):
    folder = study_with(tmp_path, "simulasi")
    assert _run(["forms", "deploy", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "sandbox, simulated data" in said
    assert "nothing to do: phones get this form and these files" in said
    assert not (folder / "assets.toml").exists()


def test_a_trainee_publishes_to_a_running_sandbox_twice_and_has_one_project(tmp_path, capsys):
    folder = study_with(tmp_path, "simulasi")
    with serve(SandboxState()) as running:
        command = ["forms", "deploy", str(folder), "--server", running.url, "--yes"]
        assert _run(command) == 0
        assert _run(command) == 0
        assert len(running.state.assets) == 1
    assert "air: unchanged" in capsys.readouterr().out
    assert _run(["forms", "deploy", str(folder), "--server", "https://kobo.example"]) == 10


def test_a_number_of_a_project_is_for_central_only(command, sandbox, capsys):
    assert _run([*command, "--project", "3"]) == 10
    assert "projects have numbers on ODK Central only" in capsys.readouterr().err
    assert writes(sandbox) == []
