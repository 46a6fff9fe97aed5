"""Time a first pull and an incremental one against the sandbox on loopback, and their memory.

    python -m benchmarks.sync [--sizes 12500 25000 50000] [--questions 100]

Server and client are processes of their own. `waiting` is from a request to the end of its
answer, `writing` the time inside the store, `parsing` the rest: JSON, comparison, everything else.
Submissions are simulated.
"""

import argparse
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from openpyxl import Workbook

from pipeline.kobo import KoboClient, KoboSource
from pipeline.kobo.session import Session
from pipeline.ledger import Added
from pipeline.pull import pull
from pipeline.sandbox import TOKEN, SandboxState, asset_uid, serve
from pipeline.source import Mark
from pipeline.store import Store

ASSET = asset_uid("ukur", "ukur")
CHANGED = 0.01


def workbook(questions: int) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "survey"
    sheet.append(("type", "name", "label"))
    for n in range(questions):
        sheet.append(("text", f"pertanyaan_{n:03d}", f"Pertanyaan {n}"))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def records(size: int, questions: int) -> Iterator[dict[str, Any]]:
    start = datetime(2026, 10, 5, tzinfo=UTC)
    for n in range(1, size + 1):
        uuid = f"{n:08d}-0000-4000-8000-{n:012d}"
        yield {
            "_id": n,
            **{f"pertanyaan_{q:03d}": f"jawaban {(n * 7 + q) % 997}" for q in range(questions)},
            "meta/instanceID": f"uuid:{uuid}",
            "_uuid": uuid,
            "_submission_time": (start + timedelta(seconds=n)).strftime("%Y-%m-%dT%H:%M:%S"),
            "_submitted_by": "analis",
        }


def serve_many(size: int, questions: int) -> None:
    state = SandboxState()
    state.add_form("ukur", workbook(questions), "Ukur", ASSET)
    state.load(ASSET, records(size, questions))
    with serve(state) as sandbox:
        print(sandbox.url, flush=True)
        sys.stdin.read()


class TimedStore(Store):
    """A store that adds up the time spent in it."""

    spent = 0.0

    def add_page(self, *arguments: Any, **options: Any) -> Added:
        started = time.perf_counter()
        try:
            return super().add_page(*arguments, **options)
        finally:
            self.spent += time.perf_counter() - started

    def marks(self, *arguments: Any, **options: Any) -> dict[int, Mark]:
        started = time.perf_counter()
        try:
            return super().marks(*arguments, **options)
        finally:
            self.spent += time.perf_counter() - started


def pull_once(url: str, path: Path) -> dict[str, float]:
    """One pull in this process: seconds by kind, CPU seconds, peak memory in MB, and events."""
    waited = [0.0]
    exchange = Session._exchange

    def timed(self: Session, *arguments: Any) -> requests.Response:
        started = time.perf_counter()
        try:
            return exchange(self, *arguments)
        finally:
            waited[0] += time.perf_counter() - started

    Session._exchange = timed  # type: ignore[method-assign]
    before, cpu = time.perf_counter(), time.process_time()
    with Store.open(path) as opened, KoboClient(url, TOKEN) as client:
        store = TimedStore(opened._connection, path)
        (form,) = pull(
            KoboSource(client, "ukur"), store, {"ukur": ASSET}, now=lambda: datetime.now(UTC)
        ).forms
    wall = time.perf_counter() - before
    return {
        "wall": wall,
        "cpu": time.process_time() - cpu,
        "waiting": waited[0],
        "writing": store.spent,
        "parsing": wall - waited[0] - store.spent,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "new": form.new,
        "edited": form.edited,
        "deleted": form.deleted,
    }


def child(*arguments: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.sync", *arguments],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return {k: float(v) for k, v in json.loads(done.stdout).items()}


def cpu_of(pid: int) -> float:
    """CPU seconds of a process so far; NaN where there is no /proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return float("nan")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def change(url: str, size: int) -> None:
    """Edit every hundredth submission and delete ten."""
    base, headers = f"{url}/api/v2/assets/{ASSET}/data", {"Authorization": f"Token {TOKEN}"}
    ids = list(range(50, size, round(1 / CHANGED)))
    payload = {"submission_ids": ids, "data": {"pertanyaan_000": "lain"}}
    answer = requests.patch(
        f"{base}/bulk/", json={"payload": payload}, headers=headers, timeout=600
    )
    answer.raise_for_status()
    for number in range(3, 13):
        requests.delete(f"{base}/{number}/", headers=headers, timeout=60).raise_for_status()


def main() -> None:
    """Measure every size and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[12_500, 25_000, 50_000])
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--serve", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--pull", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve_many(options.serve, options.questions)
        return
    if options.pull:
        print(json.dumps(pull_once(options.pull[0], Path(options.pull[1]))))
        return
    print(
        "| submissions | pull | new | edited | deleted | wall, s | waiting | parsing | writing "
        "| own CPU, s | CPU each, ms | server's CPU, s | peak, MB | store, MB |"
    )
    print("| ---: | --- |" + " ---: |" * 12)
    for size in options.sizes:
        measure(size, options.questions)


def measure(size: int, questions: int) -> None:
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.sync", "--serve", str(size),
         "--questions", str(questions)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert server.stdout is not None
    url = server.stdout.readline().strip()
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "ukur.sqlite"
            for name in ("first", "nothing new", "1 % edited"):
                if name.startswith("1"):
                    change(url, size)
                before = cpu_of(server.pid)
                told = child("--pull", url, str(path))
                told["server"] = cpu_of(server.pid) - before
                print(
                    f"| {size:,} | {name} | {told['new']:.0f} | {told['edited']:.0f} "
                    f"| {told['deleted']:.0f} | {told['wall']:.1f} | {told['waiting']:.1f} "
                    f"| {told['parsing']:.1f} | {told['writing']:.1f} | {told['cpu']:.1f} "
                    f"| {told['cpu'] * 1000 / size:.2f} | {told['server']:.1f} "
                    f"| {told['peak']:.0f} | {path.stat().st_size / 1e6:.0f} |",
                    flush=True,
                )
    finally:
        server.kill()
        server.communicate()


if __name__ == "__main__":
    main()
