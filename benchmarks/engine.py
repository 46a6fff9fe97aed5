"""From Parquet to intervals: the engine against a bare floor, R's `svyby` and `svy`, in one run.

    python -m benchmarks.engine [--folder build/bench] [--svy PYTHON] [--quick] > table.md
    python -m benchmarks.engine --turns 15 --only 100000-500 1000000-6

Data are simulated: 20 measures (10 on a scale of 1 to 4, 10 of 0 and 1), 10 to 20 sessions a unit,
a stratum a unit, weights and unit effects lognormal and normal, seeded. The floor reads the same
columns with pyarrow and adds the numbers up with numpy. `svyby` and `svy` begin with the data in
memory and give means and standard errors only; so does "ours, in memory". "Ours" begins with the
file and ends with the table as it may be published. Every cell is a process of its own; CPU
seconds (user and system, all threads) are medians of its repeats after the imports, memory is its
peak. With `--turns` the floor and ours take turns in one process instead, which a machine with
other work disturbs alike.
"""

import argparse
import json
import platform
import re
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from analysis.design import Design, code
from analysis.measures import Measure
from analysis.moments import psu_moments
from analysis.specs import Mean, Proportion
from analysis.variance import domain_means, variances
from pipeline import engine

SCALE = tuple(f"skala{k:02}" for k in range(10))
EVENTS = tuple(f"ya{k:02}" for k in range(10))
SIZES = ((10**4, 6), (10**4, 500), (10**5, 6), (10**5, 500), (10**5, 5000), (10**6, 6),
         (10**6, 500), (10**6, 5000), (10**7, 6), (10**7, 500), (10**7, 5000))  # fmt: skip
PEERS = {
    "svyby": {(10**4, 6): 3, (10**4, 500): 3, (10**5, 6): 3, (10**5, 500): 3, (10**6, 6): 3,
              (10**6, 500): 1},
    "svy": {(10**4, 6): 3, (10**4, 500): 3, (10**5, 6): 3, (10**5, 500): 1, (10**6, 6): 3},
}  # fmt: skip
"""Repeats by size; sizes left out take minutes, or more memory than there is."""
CHUNK = 10**6


@dataclass(frozen=True)
class Cost:
    """CPU seconds (median) and peak memory in MB of one cell."""

    cpu: float
    memory: float
    repeats: int


def drawn(rows: int, units: int) -> tuple[pa.Array, ...]:
    """Unit and session codes by session, and the number of interviews of each session."""
    rng = np.random.default_rng([1, rows, units])
    sessions = rng.integers(10, 21, units) if rows >= 20 * units else np.full(units, rows // units)
    unit = np.repeat(np.arange(units), np.minimum(sessions, 15 if rows < 40 * units else 20))
    share = rng.gamma(8, 1, unit.size)
    count = rng.multinomial(rows - unit.size, share / share.sum()) + 1
    number = np.arange(unit.size) - np.searchsorted(unit, unit)
    names = [f"U{u:04}-{s:02}" for u, s in zip(unit, number, strict=True)]
    return unit, pa.array([f"U{u:04}" for u in unit]), pa.array(names), count


def write(rows: int, units: int, arrangement: str, path: Path) -> None:
    """Simulate interviews and write them; arrangement `psu`, `id` or `scattered`."""
    unit, unit_name, psu_name, count = drawn(rows, units)
    rng = np.random.default_rng([2, rows, units])
    of_unit, of_psu = rng.normal(0, 0.5, units), rng.normal(0, 0.25, unit.size)
    base = rng.lognormal(4, 0.8, units)
    psu = np.repeat(np.arange(unit.size), count)
    ids = np.arange(rows)
    if arrangement != "psu":
        mixed = rng.permutation(rows)
        psu = psu[mixed]
        ids = ids if arrangement == "id" else mixed
    writer: pq.ParquetWriter | None = None
    for start in range(0, rows, CHUNK):
        own = psu[start : start + CHUNK]
        mood = of_unit[unit[own]] + of_psu[own]
        columns: dict[str, object] = {
            "id": ids[start : start + CHUNK],
            "unit": unit_name.take(pa.array(own)),
            "sesi": psu_name.take(pa.array(own)),
            "w": base[unit[own]] * rng.lognormal(0, 0.35, own.size),
        }
        for k, name in enumerate(SCALE):
            z = mood + rng.normal(0, 1, own.size) + (k - 5) * 0.1
            columns[name] = np.searchsorted([-1.6, -0.6, 0.9], z).astype(np.int8) + 1
        for k, name in enumerate(EVENTS):
            chance = 1 / (1 + np.exp(-(mood + (k - 3) * 0.5)))
            columns[name] = (rng.random(own.size) < chance).astype(np.int8)
        table = pa.table(columns)
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table, row_group_size=1 << 17)
    if writer:
        writer.close()


def floor(path: Path) -> None:
    """Read every column and add up those that are numbers."""
    table = pq.read_table(path)
    for name in ("id", "w", *SCALE, *EVENTS):
        table[name].to_numpy().sum()


def ours(path: Path, *, raw: bool = False) -> pd.DataFrame:
    """The whole way: file to published table."""
    return engine.estimate(
        [path],
        Design("w", "unit", "sesi", id="id"),
        [*(Mean(name, 1, 4) for name in SCALE), *(Proportion(name) for name in EVENTS)],
        "unit",
        lonely="adjust",
        raw=raw,
    )


def prepared(path: Path) -> Callable[[], object]:
    """What `svyby` does, on data that are in memory: means and standard errors by unit."""
    frame = pq.read_table(path).to_pandas().astype({"unit": "category", "sesi": "category"})
    measures = [
        *(Measure("", n, "", "mean", frame[n].to_numpy(dtype=float), 1, 4) for n in SCALE),
        *(Measure("", n, "", "proportion", frame[n].to_numpy(dtype=float)) for n in EVENTS),
    ]
    design = Design("w", "unit", "sesi", id="id")

    def work() -> object:
        means = domain_means(psu_moments(code(frame, design, domain="unit"), measures))
        return means.value, np.sqrt(variances(means, "adjust"))

    return work


def spent() -> float:
    """CPU seconds of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def turns(path: Path, times: int) -> tuple[float, float, float]:
    """Median CPU seconds of the floor, of ours, and median ratio of the two, in turns."""
    seconds: list[tuple[float, float]] = []
    for _ in range(times + 1):
        marks = [spent()]
        for work in (floor, ours):
            work(path)
            marks.append(spent())
        seconds.append((marks[1] - marks[0], marks[2] - marks[1]))
    bare, own = zip(*seconds[1:], strict=True)  # the first turn asks the system for memory
    ratio = statistics.median(b / a for a, b in seconds[1:])
    return statistics.median(bare), statistics.median(own), ratio


def one(work: Callable[[], object], repeats: int) -> Cost:
    """Cost of `work` in this process."""
    seconds = []
    for _ in range(repeats):
        before = spent()
        work()
        seconds.append(spent() - before)
    return Cost(statistics.median(seconds), peak(), repeats)


def peak() -> float:
    """Peak memory of this process in MB; `ru_maxrss` would begin with that of its parent."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else float("nan")


def apart(command: list[str], seconds: int = 900) -> Cost | None:
    """Cost of another process, which prints it as JSON; None where it fails or takes too long."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired, FileNotFoundError) as error:
        print(f"{' '.join(command)}: {error}", file=sys.stderr)
        print(getattr(error, "stderr", ""), file=sys.stderr)
        return None
    return Cost(**json.loads(done.stdout.strip().splitlines()[-1]))


def here(what: str, path: Path, repeats: int) -> Cost | None:
    """Cost of `floor`, `ours` or `memory` in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.engine", "--one", what, str(path)]
    return apart([*command, "--repeats", str(repeats)])


def peer(what: str, path: Path, repeats: int, svy: str) -> Cost | None:
    """Cost of a peer; it is given the data as CSV, and reading that is not counted."""
    folder = Path(__file__).parent
    csv = path.with_suffix(".csv")
    if not csv.exists():
        pa.csv.write_csv(pq.read_table(path), csv)
    result = path.with_suffix(f".{what}.csv")
    if what == "svyby":
        script = ["Rscript", str(folder / "peers.R")]
    elif svy:
        script = [svy, str(folder / "peer_svy.py")]
    else:
        return None
    cost = apart([*script, str(csv), str(repeats), str(result)])
    if cost:
        print(f"{path.stem} {what}: largest relative difference {difference(path, result):.1e}",
              file=sys.stderr)  # fmt: skip
    return cost


def difference(path: Path, result: Path) -> float:
    """Largest relative difference of means and standard errors (where answers varied)."""
    table = ours(path, raw=True)
    own = table[~table["reason"].str.contains("se_floor")]
    both = own.merge(pd.read_csv(result, dtype={"domain": str}), on=["domain", "measure"])
    if len(both) < len(own):
        return float("nan")
    gap = [(both[f"{c}_x"] / both[f"{c}_y"] - 1).abs().max() for c in ("value", "se")]
    return float(max(gap))


def cell(cost: Cost | None, *ours_: Cost | None) -> str:
    """CPU seconds, memory, and how many times ours (in memory; the whole way)."""
    if cost is None:
        return "–"
    ratio = "; ".join(f"{cost.cpu / own.cpu:,.0f}×" for own in ours_ if own)
    once = "" if cost.repeats >= 3 else " ¹"
    return f"{cost.cpu:.3g} ({cost.memory:,.0f}{', ' if ratio else ''}{ratio}){once}"


def main() -> None:
    """Run all cells, or `--one` of them; print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("build/bench"))
    parser.add_argument("--svy", default="", help="a Python that has svy; it is not one of ours")
    parser.add_argument("--quick", action="store_true", help="up to 100,000 rows, without peers")
    parser.add_argument("--one", nargs=2, metavar=("WHAT", "FILE"))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", nargs="+", metavar="ROWS-UNITS", help="some sizes, by name")
    parser.add_argument("--turns", type=int, default=0, help="turns of floor and ours, no peers")
    asked = parser.parse_args()
    if asked.one:
        what, path = asked.one[0], Path(asked.one[1])
        work = {"floor": lambda: floor(path), "ours": lambda: ours(path)}.get(what)
        print(json.dumps(vars(one(work or prepared(path), asked.repeats))))
        return
    asked.folder.mkdir(parents=True, exist_ok=True)
    print(f"{platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}, "
          f"pyarrow {pa.__version__}, pandas {pd.__version__}. Cells: CPU s (peak MB; for peers: "
          "times ours in memory; times ours the whole way). ¹ one repeat.\n")  # fmt: skip
    head = ["rows", "units", "arranged", "floor", "ours", "ours / floor"]
    head += [] if asked.turns else ["ours, in memory", "svyby", "svy"]
    print(f"| {' | '.join(head)} |\n| ---: | ---: | --- |{' ---: |' * (len(head) - 3)}")
    plan = [(size, "psu") for size in SIZES if not asked.quick or size[0] <= 10**5]
    plan += [((10**6, 500), other) for other in ("id", "scattered") if not asked.quick]
    for (rows, units), arrangement in plan:
        if asked.only and f"{rows}-{units}" not in asked.only:
            continue
        path = asked.folder / f"{rows}-{units}-{arrangement}.parquet"
        if not path.exists():
            write(rows, units, arrangement, path)
        if asked.turns:
            a, b, ratio_of = turns(path, asked.turns if rows <= 10**6 else 1)
            print(f"| {rows:,} | {units:,} | {arrangement} | {a:.3g} | {b:.3g} | {ratio_of:.2f} |",
                  flush=True)  # fmt: skip
            continue
        repeats = 3 if rows > 10**6 else 9
        bare, own = here("floor", path, repeats), here("ours", path, repeats)
        memory = here("memory", path, repeats) if rows <= 10**6 else None
        found = {
            what: peer(what, path, sizes[rows, units], asked.svy)
            if (rows, units) in sizes and arrangement == "psu" and not asked.quick
            else None
            for what, sizes in PEERS.items()
        }
        ratio = f"{own.cpu / bare.cpu:.2f}" if own and bare else "–"
        print(f"| {rows:,} | {units:,} | {arrangement} | {cell(bare)} | {cell(own)} | {ratio} | "
              f"{cell(memory)} | {cell(found['svyby'], memory, own)} | "
              f"{cell(found['svy'], memory, own)} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
