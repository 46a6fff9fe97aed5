"""Time every stage of `persepsi analyze` on the default study: first run and warm runs.

    python -m benchmarks.stages [--runs 5] [--study kendari]

Each run is a process of its own, as a user's is; `start` is Python, imports and exit. The warm
runs find the store filled and their reports written.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def one(study: str, folder: Path) -> dict[str, float]:
    """Wall seconds by stage, and CPU seconds, of one `persepsi analyze`."""
    before = os.times()
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "analyze", study, "--json",
         "--data", str(folder / "data"), "--build", str(folder / "build")],
        capture_output=True, check=True, text=True,
    )  # fmt: skip
    wall = time.perf_counter() - started
    after = os.times()
    stages = json.loads(done.stdout)["run"]["seconds"]
    cpu = after.children_user - before.children_user
    cpu += after.children_system - before.children_system
    return {**stages, "start": wall - sum(stages.values()), "wall": wall, "cpu": cpu}


def main() -> None:
    """Run, and print a Markdown table of medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--study", default="kendari")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        first = one(asked.study, Path(name))
        warm = [one(asked.study, Path(name)) for _ in range(asked.runs)]
    print(f"| stage | first run, s | warm, median of {asked.runs}, s | min–max |")
    print("| --- | ---: | ---: | ---: |")
    for stage in first:
        values = [run[stage] for run in warm]
        print(
            f"| {stage} | {first[stage]:.2f} | {statistics.median(values):.2f} | "
            f"{min(values):.2f}–{max(values):.2f} |"
        )


if __name__ == "__main__":
    main()
