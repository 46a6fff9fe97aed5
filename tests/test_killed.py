"""Killed in the middle, nothing is lost: processes as users run them, and SIGKILL."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.sandbox import asset_uid
from pipeline.store import Store

ASSET = asset_uid("kendari", "wawancara")
PERSEPSI = [sys.executable, "-m", "pipeline"]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="SIGKILL is POSIX")


@contextmanager
def sandbox(port: int = 0) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A sandbox in a process of its own, on a port that can be taken again."""
    process = subprocess.Popen(
        [*PERSEPSI, "sandbox", "kendari", "--port", str(port)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        assert found, line
        yield process, found.group(0)
    finally:
        process.kill()
        process.communicate()


def pull(url: str, data: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*PERSEPSI, "pull", "kendari", "--server", url, "--page-size", "100", "--data", str(data)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def wait_for(process: "subprocess.Popen[str]", text: str) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if text in line:
            return
    pytest.fail(f"ended before {text!r}")


def held(data: Path) -> dict[int, str]:
    with Store.open(data / "kendari" / "sandbox.sqlite") as store:
        assert store.verify() == []
        return {s.submission.id: s.sha256 for s in store.current("sandbox", ASSET)}


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> dict[int, str]:
    """What an undisturbed pull holds."""
    data = tmp_path_factory.mktemp("whole")
    with sandbox() as (_, url):
        done = pull(url, data)
        out, err = done.communicate(timeout=120)
    assert done.returncode == 0, err
    assert "0 edited" in out
    return held(data)


def test_a_server_killed_after_page_three_loses_nothing(tmp_path, whole):
    with sandbox() as (server, url):
        running = pull(url, tmp_path)
        wait_for(running, "wawancara: 300 of")
        server.send_signal(signal.SIGKILL)
        _, error = running.communicate(timeout=120)
    assert running.returncode == 12, error
    assert "go" in error, "the message says that the same command goes on"
    kept = held(tmp_path)
    assert 300 <= len(kept) < len(whole)
    assert kept.items() <= whole.items()
    with sandbox(int(url.rpartition(":")[2])) as (_, again):
        assert again == url
        finished = pull(url, tmp_path)
        out, error = finished.communicate(timeout=120)
    assert finished.returncode == 0, error
    assert f"{len(whole) - len(kept)} new" in out
    assert held(tmp_path) == whole


def test_a_run_killed_after_page_five_loses_nothing(tmp_path, whole):
    with sandbox() as (_, url):
        running = pull(url, tmp_path)
        wait_for(running, "wawancara: 500 of")
        running.send_signal(signal.SIGKILL)
        running.communicate(timeout=60)
        assert running.returncode == -signal.SIGKILL
        kept = held(tmp_path)
        assert len(kept) >= 500
        assert kept.items() <= whole.items()
        finished = pull(url, tmp_path)
        out, error = finished.communicate(timeout=120)
    assert finished.returncode == 0, error
    assert f"{len(whole) - len(kept)} new, 0 edited" in out
    assert held(tmp_path) == whole
