"""Time a first pull from ODK Central and an incremental one, and their memory.

    python -m benchmarks.sync_central [--sizes 12500 50000] [--questions 100]

The server is the tests' double on loopback, in a process of its own; it answers in Central's
shape and is no measure of Central's speed, so wall times say little here and the client's CPU
and memory say what they say. Submissions are simulated.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from analysis.instrument import Instrument, Question
from pipeline.central import CentralClient, CentralSource
from pipeline.central.credentials import Credentials
from pipeline.pull import pull
from pipeline.store import Store

ASSET = "1/wawancara"


def form(questions: int) -> Instrument:
    """A form of so many text questions."""
    asked = tuple(Question(f"q{n:03d}", f"q{n:03d}", "text", {}) for n in range(questions))
    return Instrument("wawancara", "Ukur", "1", ("",), asked, {})


def serve(size: int, questions: int) -> None:
    """Serve that many submissions until the standard input ends; a line on it edits 1 %."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from fakes.central import Central, Held, serving, stamp

    class Sorted(Central):
        """As the double, but windows of time are found by bisection: nothing comes or goes."""

        @cached_property
        def _order(self) -> list[Held]:
            return super().sorted()

        @cached_property
        def _times(self) -> list[str]:
            return [stamp(item.arrived) for item in reversed(self._order)]

        def sorted(self) -> list[Held]:
            return self._order if self._window is None else self._window

        _window: list[Held] | None = None

        def odata(self, query: dict[str, str], base: str) -> tuple[int, Any]:
            low, _, high = query.get("$filter", "").partition(" and ")
            if low and high:
                times = [part.rpartition(" ")[2] for part in (low, high)]
                first, last = (bisect_left(self._times, time) for time in times)
                self._window = self._order[len(self._order) - last : len(self._order) - first]
            try:
                return super().odata(query, base)
            finally:
                self._window = None

    central = Sorted(form(questions))
    start = datetime(2026, 10, 5, tzinfo=UTC)
    for n in range(size):
        root = f"uuid:{n:08d}-0000-4000-8000-{n:012d}"
        central.add({
            **{f"q{q:03d}": f"jawaban {(n * 7 + q) % 997}" for q in range(questions)},
            "meta/instanceID": root, "meta/rootUuid": root,
            "_submission_time": (start + timedelta(seconds=n)).strftime("%Y-%m-%dT%H:%M:%S"),
        })  # fmt: skip
    with serving(central) as url:
        print(url, flush=True)
        for _ in sys.stdin:
            for item in central.sorted()[50::100]:
                central.edit(item.root, q000="lain")
            print("edited", flush=True)


def pull_once(url: str, path: Path, questions: int) -> dict[str, float]:
    """One pull in this process."""
    from_central = Credentials(email="analis@contoh.id", password="rahasia-contoh")
    begun, cpu = time.perf_counter(), time.process_time()
    with Store.open(path) as store, CentralClient(url, from_central) as client:
        source = CentralSource(client, "ukur", {ASSET: form(questions)})
        (found,) = pull(source, store, {"ukur": ASSET}, now=lambda: datetime.now(UTC)).forms
    return {
        "wall": time.perf_counter() - begun,
        "cpu": time.process_time() - cpu,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "new": found.new,
        "edited": found.edited,
    }


def measure(size: int, questions: int) -> None:
    """Three pulls of one size, each a process of its own."""
    module = [sys.executable, "-m", "benchmarks.sync_central", "--questions", str(questions)]
    server = subprocess.Popen(
        [*module, "--serve", str(size)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    assert server.stdin is not None
    url = server.stdout.readline().strip()
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "ukur.sqlite"
            for name in ("first", "nothing new", "1 % edited"):
                if name.startswith("1"):
                    server.stdin.write("edit\n")
                    server.stdin.flush()
                    server.stdout.readline()
                done = subprocess.run(
                    [*module, "--pull", url, str(path)], check=True, capture_output=True, text=True
                )
                told: dict[str, Any] = json.loads(done.stdout)
                print(
                    f"| {size:,} | {name} | {told['new']} | {told['edited']} | {told['wall']:.0f} "
                    f"| {told['cpu']:.1f} | {told['cpu'] * 1000 / size:.2f} | {told['peak']:.0f} "
                    f"| {path.stat().st_size / 1e6:.0f} |",
                    flush=True,
                )
    finally:
        server.kill()
        server.communicate()


def main() -> None:
    """Measure every size and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[12_500, 50_000])
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--serve", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--pull", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        serve(asked.serve, asked.questions)
    elif asked.pull:
        print(json.dumps(pull_once(asked.pull[0], Path(asked.pull[1]), asked.questions)))
    else:
        print(
            "| submissions | pull | new | edited | wall, s | own CPU, s | CPU each, ms "
            "| peak, MB | store, MB |"
        )
        print("| ---: | --- |" + " ---: |" * 7)
        for size in asked.sizes:
            measure(size, asked.questions)


if __name__ == "__main__":
    main()
