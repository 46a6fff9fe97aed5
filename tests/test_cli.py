"""The command as people and scripts meet it: ports, versions, code pages, our own bugs."""

import gzip
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from importlib import metadata

import pytest

from pipeline.cli import _run
from pipeline.workbook import sheet, write_workbook

PERSEPSI = [sys.executable, "-m", "pipeline"]


@pytest.fixture
def foreign(tmp_path):
    """A study of one form that is called neither wawancara nor sesi, with simulated answers."""
    study = tmp_path / "survei-air"
    (study / "simulasi").mkdir(parents=True)
    write_workbook({"survey": sheet(["type", "name", "label"], [["integer", "usia", "Usia"]])},
                   study / "air.xlsx")  # fmt: skip
    record = {
        "_id": 1, "_uuid": "0" * 36, "meta/instanceID": "uuid:" + "0" * 36, "usia": "30",
        "_submission_time": "2026-06-01T00:00:00",
    }  # fmt: skip
    (study / "simulasi" / "air.jsonl.gz").write_bytes(gzip.compress(json.dumps(record).encode()))
    (study / "study.toml").write_text('[server]\nid = "sandbox"\nkind = "sandbox"\n')
    return study


def test_the_version_is_that_of_the_installed_package(capsys):
    assert _run(["--version"]) == 0
    assert capsys.readouterr().out == f"persepsi {metadata.version('persepsi')}\n"


def test_a_port_in_use_is_a_sentence_and_the_exit_code_of_a_server(foreign, capsys):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert _run(["sandbox", str(foreign), "--port", str(port)]) == 12
    said = capsys.readouterr().err
    assert f"--port {port}: the sandbox cannot listen there" in said


@pytest.mark.parametrize("port", ["-1", "65536"])
def test_a_port_that_is_none_is_wrong_usage(foreign, capsys, port):
    assert _run(["sandbox", str(foreign), "--port", port]) == 2
    assert "--port" in capsys.readouterr().err


def test_an_engine_that_does_not_exist_is_named_with_those_that_do(tmp_path, capsys):
    asked = ["analyze", "kendari", "--engine", "flink", "--data", str(tmp_path), "--build"]
    assert _run([*asked, str(tmp_path / "build")]) == 10
    assert "--engine engine = 'flink': must be one of local, spark" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []  # before anything was pulled


def test_the_sandbox_tells_the_assets_of_the_study_it_serves(foreign):
    shutil.copy(foreign / "air.xlsx", foreign / "tanpa_jawaban.xlsx")
    with subprocess.Popen(
        [*PERSEPSI, "sandbox", str(foreign)], text=True, encoding="utf-8",
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as running:  # fmt: skip
        url = running.stdout.readline().split()[-1]
        token = running.stdout.readline().strip().removeprefix("KOBO_TOKEN=")
        form, uid = re.fullmatch(r"asset (\w+) = (\w{22})\n", running.stdout.readline()).groups()
        asked = urllib.request.Request(
            f"{url}/api/v2/assets/{uid}/data/?format=json",
            headers={"Authorization": f"Token {token}"},
        )
        with urllib.request.urlopen(asked, timeout=30) as answer:
            found = json.load(answer)
        running.send_signal(signal.SIGINT)
        try:
            rest = running.communicate(timeout=30)[0]
        finally:
            running.kill()
    assert form == "air"
    assert found["count"] == 1
    assert rest == ""
    assert running.returncode == 0


def test_json_is_utf8_on_a_console_that_is_not(tmp_path):
    folder = tmp_path / "survei ō → ≥"
    folder.mkdir()
    done = subprocess.run(
        [*PERSEPSI, "doctor", str(folder), "--data", str(tmp_path / "ō"), "--json"],
        capture_output=True, check=False, env={**os.environ, "PYTHONIOENCODING": "cp1252"},
    )  # fmt: skip
    assert done.returncode == 10
    checks = {check["name"]: check for check in json.loads(done.stdout.decode("utf-8"))}
    assert str(folder) in checks["questionnaire"]["detail"]
    assert str(tmp_path / "ō") in checks["data folder"]["detail"]


def test_square_brackets_and_colons_are_printed_as_they_are(tmp_path, capsys):
    folder = tmp_path / "[bold]arsip :key:"
    folder.mkdir()
    assert _run(["doctor", str(folder)]) == 10
    said = " ".join(capsys.readouterr().out.split())
    assert str(folder) in said
    assert _run(["pull", str(folder)]) == 10
    assert str(folder) in capsys.readouterr().err


def test_our_own_bug_says_so_first_and_keeps_its_traceback(foreign):
    # Nothing that a user brings may end in a traceback, so the defect is put into a process apart.
    broken = "from pipeline import gather, cli; gather.gather = None; cli.main()"
    done = subprocess.run(
        [sys.executable, "-c", broken, "pull", str(foreign)],
        capture_output=True, check=False, text=True, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 1
    first, second = done.stderr.splitlines()[:2]
    assert first.startswith("This is a bug of Persepsi")
    assert second == "Traceback (most recent call last):"
    assert "TypeError" in done.stderr.splitlines()[-1]
