"""kill -9 on either side of the line: what was acknowledged stays, the next pull completes."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fakes.kobo import ASSET, TOKEN, Kobo, serving

from pipeline.found import Progress
from pipeline.kobo import KoboClient, KoboSource
from pipeline.pull import pull
from pipeline.store import Store
from pipeline.transport.errors import UnreachableError

TESTS = Path(__file__).parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{TESTS.parent}{os.pathsep}{TESTS}"}
NOON = datetime(2026, 10, 5, 4, tzinfo=UTC)
ROWS = 1150

SERVER = """
import time
from fakes.kobo import Kobo, serving
kobo = Kobo()
kobo.add(1150)
with serving(kobo) as url:
    print(url, flush=True)
    time.sleep(60)
"""

CLIENT = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from fakes.kobo import ASSET, TOKEN
from pipeline.kobo import KoboClient, KoboSource
from pipeline.pull import pull
from pipeline.store import Store
with Store.open(Path(sys.argv[2])) as store, KoboClient(sys.argv[1], TOKEN) as client:
    pull(KoboSource(client, "uji"), store, {"wawancara": ASSET}, page_size=100,
         now=lambda: datetime.now(UTC),
         progress=lambda p: print(p.seen, flush=True))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "uji.sqlite"


@pytest.fixture
def truth() -> Kobo:
    kobo = Kobo()
    kobo.add(ROWS)
    return kobo


def pull_from(url: str, path: Path, progress: Callable[[Progress], None] | None = None) -> int:
    """Pull in this process; gives the number of new submissions."""
    with (
        Store.open(path) as store,
        KoboClient(url, TOKEN, sleep=lambda _: None) as client,
    ):
        source = KoboSource(client, "uji")
        assets = {"wawancara": ASSET}
        return pull(source, store, assets, page_size=100, now=lambda: NOON, progress=progress).new


def held(path: Path) -> list[dict[str, object]]:
    with Store.open(path) as store:
        assert store.verify() == []
        return [json.loads(s.submission.body) for s in store.current("uji", ASSET)]


@pytest.fixture
def server() -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
    )
    assert process.stdout is not None
    yield process, process.stdout.readline().strip()
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_server_killed_after_page_three_leaves_three_pages_and_the_next_run_completes(
    server: tuple[subprocess.Popen[str], str], path: Path, truth: Kobo
) -> None:
    process, url = server

    def kill_after_three(progress: Progress) -> None:
        if progress.pages == 3:
            process.send_signal(signal.SIGKILL)
            process.wait()

    with pytest.raises(UnreachableError, match="Stored before that: 300 new") as caught:
        pull_from(url, path, kill_after_three)
    assert caught.value.exit_code == 12
    assert held(path) == truth.records[ASSET][:300]
    with serving(truth) as again:  # another port: the server is known by its name, not its URL
        assert pull_from(again, path) == ROWS - 300
        assert held(path) == truth.records[ASSET]
        assert pull_from(again, path) == 0


# When the client dies: (before or after the server answers request number n, then seconds).
MOMENTS = [
    ("before", 1, 0.0),
    ("after", 1, 0.0),
    ("before", 6, 0.0),
    ("after", 5, 0.001),
    ("after", 5, 0.004),
    ("after", 5, 0.06),
    ("after", 9, 0.002),
    ("after", 11, 0.0),
    ("after", 12, 0.003),
]


@pytest.mark.parametrize(("side", "request_number", "delay"), MOMENTS)
def test_a_client_killed_at_any_moment_loses_nothing_it_acknowledged(
    side: str, request_number: int, delay: float, path: Path, truth: Kobo
) -> None:
    client: list[subprocess.Popen[str]] = []
    ready = threading.Event()

    def kill(number: int) -> None:
        if number == request_number:
            ready.wait()
            time.sleep(delay)
            client[0].send_signal(signal.SIGKILL)
            client[0].wait()

    setattr(truth, f"{side}_data", kill)
    with serving(truth) as url:
        process = subprocess.Popen(
            [sys.executable, "-c", CLIENT, url, str(path)],
            stdout=subprocess.PIPE, text=True, env=ENVIRONMENT,
        )  # fmt: skip
        client.append(process)
        ready.set()
        assert process.stdout is not None
        acknowledged = [int(line) for line in process.stdout]
        process.stdout.close()
        assert process.wait() in (-signal.SIGKILL, 0)

        rows = held(path) if path.exists() else []
        assert rows == truth.records[ASSET][: len(rows)], "exactly the first so many"
        assert len(rows) % 100 == 0 or len(rows) == ROWS, "no half page"
        assert len(rows) >= (acknowledged or [0])[-1]

        setattr(truth, f"{side}_data", lambda number: None)
        assert pull_from(url, path) == ROWS - len(rows)
        assert held(path) == truth.records[ASSET]
        assert pull_from(url, path) == 0


def test_a_pull_killed_again_and_again_still_gets_there(path: Path, truth: Kobo) -> None:
    kills = 0
    client: list[subprocess.Popen[str]] = []
    started = threading.Event()

    def kill_every_third(number: int) -> None:
        nonlocal kills
        started.wait()
        if number % 3 == 0 and kills < 6:
            kills += 1
            client[0].send_signal(signal.SIGKILL)
            client[0].wait()

    truth.after_data = kill_every_third
    with serving(truth) as url:
        for _ in range(12):
            started.clear()
            client[:] = [
                subprocess.Popen(
                    [sys.executable, "-c", CLIENT, url, str(path)],
                    stdout=subprocess.DEVNULL,
                    env=ENVIRONMENT,
                )
            ]
            started.set()
            if client[0].wait() == 0:
                break
    assert kills == 6
    assert client[0].returncode == 0
    assert held(path) == truth.records[ASSET]
