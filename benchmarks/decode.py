"""Time decoding and snapshotting from a store of many interviews, and the peak of memory.

    python -m benchmarks.decode [--sizes 125000 250000 500000 1000000] [--study kendari]

The interviews are the study's simulated ones over and over, each with a number and an id of its
own. The store is made once and taken for every run; each run is a process of its own.
"""

import argparse
import gzip
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from pipeline.decode import Decoder
from pipeline.decoded_snapshot import snapshot_submissions
from pipeline.questionnaire import read_instrument
from pipeline.record import Record, to_submission
from pipeline.snapshot import read_snapshot
from pipeline.store import Store
from pipeline.study import open_study
from pipeline.submission import Submission

FORM = "wawancara"
PAGE = 2000
DAY = datetime(2026, 10, 20, tzinfo=UTC)


def submissions(study: str, first: int, last: int) -> Iterator[Submission]:
    """Simulated submissions with ids from `first` to `last`."""
    path = open_study(study).folder / "simulasi" / f"{FORM}.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        records = [Record(line.strip(), json.loads(line)) for line in lines]
    known = [to_submission(record, server_id="ukur", asset=FORM) for record in records]
    for number in range(first, last + 1):
        model = known[number % len(known)]
        root = f"{number:08x}-0000-4000-8000-{number:012x}"
        body = model.body.replace(model.root_uuid, root)
        yield replace(model, id=number, root_uuid=root, uuid=root, body=body)


def build(study: str, path: Path, size: int) -> None:
    """Fill a store up to `size` submissions."""
    with Store.open(path) as store:
        held = store.held("ukur", FORM)
        run = store.begin_run("ukur", "", DAY)
        rows = submissions(study, held + 1, size)
        while page := list(islice(rows, PAGE)):
            store.add_page(run, page, DAY)
        store.finish_run(run, DAY, complete=True)


def measure(study: str, path: Path, *, frame: bool) -> dict[str, float]:
    """Decode what a store holds into a snapshot, and read it as a frame, in this process."""
    instrument = read_instrument(open_study(study).folder / f"{FORM}.xlsx")
    begun, cpu = time.perf_counter(), time.process_time()
    with Store.open(path) as store, tempfile.TemporaryDirectory(dir=path.parent) as folder:
        rows = (stored.submission for stored in store.current("ukur", FORM))
        made, met = snapshot_submissions(
            rows, Decoder(instrument, wave="1"), Path(folder), FORM, "u" * 64
        )
        columns = len(read_snapshot(made).columns) if frame else 0
        size = made.stat().st_size
    return {
        "rows": met.rows,
        "columns": columns,
        "wall": time.perf_counter() - begun,
        "cpu": time.process_time() - cpu,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "size": size / 1e6,
    }


def main() -> None:
    """Measure every size and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[125_000, 250_000, 500_000, 10**6])
    parser.add_argument("--study", default="kendari")
    parser.add_argument("--folder", type=Path, help="keep the stores here, for another run")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--frame", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        print(json.dumps(measure(asked.study, asked.measure, frame=asked.frame)))
        return
    print("| interviews | to | wall, s | rows/s | CPU, s | peak, MB | snapshot, MB | store, MB |")
    print("| ---: | --- |" + " ---: |" * 6)
    with tempfile.TemporaryDirectory() as name:
        folder = asked.folder or Path(name)
        for size in asked.sizes:
            path = folder / f"{size}.sqlite"
            build(asked.study, path, size)
            for what, more in (("snapshot", []), ("snapshot and frame", ["--frame"])):
                command = [sys.executable, "-m", "benchmarks.decode", "--measure", str(path),
                           "--study", asked.study, *more]  # fmt: skip
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                told = json.loads(done.stdout)
                print(
                    f"| {told['rows']:,} | {what} | {told['wall']:.0f} "
                    f"| {told['rows'] / told['wall']:,.0f} | {told['cpu']:.0f} "
                    f"| {told['peak']:,.0f} | {told['size']:.0f} "
                    f"| {path.stat().st_size / 1e6:,.0f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
