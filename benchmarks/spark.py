"""The engine on Spark, two executors on this machine, against the engine built in.

    python -m benchmarks.spark [--folder build/bench] [--rows 1000000 10000000] > table.md

Data are those of `benchmarks.engine` (simulated, 20 measures, 500 units), in random order and cut
into eight files. Every cell is a process of its own with all that it starts (drivers, executors,
their Pythons). Memory is the peak of the sum of their proportional set sizes, looked at twice a
second; CPU seconds are those of all of them, starting Spark included; wall seconds are those of
the estimate alone, with a session that is ready. The last column compares the tables byte by byte.
"""

import argparse
import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.design import Design
from analysis.publication import Rules
from analysis.specs import Mean, Proportion
from benchmarks.engine import EVENTS, SCALE, write
from pipeline import engine
from pipeline.parquet_sources import Column

FILES = 8
MASTER = "local-cluster[2,1,3072]"
DESIGN = Design("w", "unit", "sesi", id="id")
MEASURES = [
    *(Column.of(Mean(name, 1, 4)) for name in SCALE),
    *(Column.of(Proportion(name)) for name in EVENTS),
]


def parts_of(folder: Path, rows: int) -> list[Path]:
    """The simulated interviews as several files."""
    own = folder / f"spark-{rows}"
    paths = [own / f"bagian-{k}.parquet" for k in range(FILES)]
    if not all(path.exists() for path in paths):
        own.mkdir(parents=True, exist_ok=True)
        whole = folder / f"{rows}-500-scattered.parquet"
        if not whole.exists():
            write(rows, 500, "scattered", whole)
        table = pq.read_table(whole)
        step = -(-rows // FILES)
        for k, path in enumerate(paths):
            pq.write_table(table.slice(k * step, step), path, row_group_size=1 << 17)
    return paths


def one(what: str, folder: Path, rows: int) -> None:
    """One estimate in this process; prints wall seconds and the digest of the table."""
    paths = parts_of(folder, rows)
    if what == "local":
        began = time.perf_counter()
        table = engine.units(paths, DESIGN, MEASURES, rules=Rules(), domain="unit")
        print(json.dumps({"wall": time.perf_counter() - began, "digest": digest(table)}))
        return
    from pipeline import spark, spark_session

    with (
        tempfile.TemporaryDirectory() as spill,
        spark_session.opened(
            MASTER, executor_memory="2g", settings={"spark.local.dir": spill}
        ) as session,
    ):
        began = time.perf_counter()
        table = spark.estimate(
            paths, DESIGN, MEASURES, session=session, rules=Rules(), domain="unit"
        )
        print(json.dumps({"wall": time.perf_counter() - began, "digest": digest(table)}))


def digest(table: pd.DataFrame) -> str:
    """SHA-256 of every bit of the table."""
    sha = hashlib.sha256()
    for name in table:
        values = table[name]
        floats = values.dtype.kind == "f"
        sha.update(values.to_numpy().tobytes() if floats else "\0".join(map(str, values)).encode())
    return sha.hexdigest()


def watched(command: list[str]) -> dict[str, float | str]:
    """What a command prints as JSON, with the CPU seconds and the peak memory of all it starts."""
    with tempfile.TemporaryDirectory() as work:
        environ = {**os.environ, "SPARK_WORKER_DIR": work}
        child = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env=environ, start_new_session=True
        )
        peak, cpu = 0.0, {}
        while child.poll() is None:
            now = members(child.pid)
            peak = max(peak, sum(memory for memory, _ in now.values()))
            cpu |= {pid: seconds for pid, (_, seconds) in now.items()}
            time.sleep(0.5)
        out = child.stdout.read() if child.stdout else ""
    if child.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {child.returncode}")
    return {**json.loads(out.strip().splitlines()[-1]), "memory": peak, "cpu": sum(cpu.values())}


def members(session: int) -> dict[int, tuple[float, float]]:
    """MB and CPU seconds of every process that descends from `session`."""
    parent: dict[int, int] = {}
    seconds: dict[int, float] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        pid = int(stat.parent.name)
        parent[pid] = int(fields[1])
        seconds[pid] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    found: dict[int, tuple[float, float]] = {}
    for pid in parent:
        line, at = [pid], pid
        while at in parent and at != session:
            at = parent[at]
            line.append(at)
        if at != session:
            continue
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        pss = next((row for row in rollup.splitlines() if row.startswith("Pss:")), "Pss: 0")
        found[pid] = int(pss.split()[1]) / 1024, seconds[pid]
    return found


def main() -> None:
    """Run all cells, or `--one` of them; print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("build/bench"))
    parser.add_argument("--rows", type=int, nargs="*", default=[10**6, 10**7])
    parser.add_argument("--one", nargs=2, metavar=("WHAT", "ROWS"))
    asked = parser.parse_args()
    if asked.one:
        one(asked.one[0], asked.folder, int(asked.one[1]))
        return
    import pyspark

    asked.folder.mkdir(parents=True, exist_ok=True)
    versions = f"pyspark {pyspark.__version__}, pyarrow {pa.__version__}, pandas {pd.__version__}"
    print(f"{platform.machine()}, Python {platform.python_version()}, {versions}; {MASTER}.\n")
    print("| rows | Spark: wall s | CPU s | peak MB | built in: wall s | CPU s | peak MB | bits |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |")
    for rows in asked.rows:
        parts_of(asked.folder, rows)
        command = [sys.executable, "-m", "benchmarks.spark", "--folder", str(asked.folder), "--one"]
        there = watched([*command, "spark", str(rows)])
        here = watched([*command, "local", str(rows)])
        bits = "the same" if there["digest"] == here["digest"] else "DIFFER"
        cells = (f"{run[key]:,.0f}" for run in (there, here) for key in ("wall", "cpu", "memory"))
        print(f"| {rows:,} | {' | '.join(cells)} | {bits} |", flush=True)


if __name__ == "__main__":
    main()
