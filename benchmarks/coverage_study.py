"""What 95 % intervals cover, in every cell of a grid of designs; simulated, with a known truth.

    python -m benchmarks.coverage_study [--parts unit city ...] [--samples 2500] [--out FILE]

Nobody was asked: all answers are drawn from a seed, one for each cell, so that any cell can be made
again alone. Writes one row an estimate, method and cell (coverage_study.csv beside this file is the
result of the whole). `raw` counts every interval, `printed` those that are published or shown with
caution, `published` those without caution; `below` and `above` are printed intervals that lie
under or over the truth.
"""

import argparse
import csv
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

import numpy as np

from benchmarks.coverage_cell import ROWS, Cell, Counts, units_drawn
from benchmarks.coverage_city import city
from benchmarks.coverage_comparisons import comparison
from benchmarks.coverage_items import EVENTS
from benchmarks.coverage_raking import raked
from benchmarks.coverage_samples import Setting
from benchmarks.coverage_tally import COLUMNS
from benchmarks.coverage_units import enumerators, units

SEED = 20261123
SAMPLES = 2500
SHARE_OF = {"comparison": 0.16, "raked": 0.4, "city": 0.6}
"""Parts that take fewer samples, for each costs more."""
RESULT = Path(__file__).parent / "coverage_study.csv"
KEYS = (
    "part", "n", "sessions", "icc", "weights", "enumerators", "rho", "pattern", "shares", "units",
    "differ",
)  # fmt: skip
HEADER = (*KEYS, "estimate", "method", "samples", *COLUMNS)

PARTS: dict[str, Callable[[Cell, int, np.random.Generator, Counts], None]] = {
    "unit": units,
    "enumerators": enumerators,
    "raked": raked,
    "city": city,
    "comparison": comparison,
}
BOTH = ("equal", "unequal")


def grid() -> Iterator[Cell]:
    """Every cell of the study."""
    for sessions in (3, 4, 5, 6, 8, 12, 20):
        for n in (10, 20, 30, 50, 100, 200, 300):
            for icc in (0.0, 0.05, 0.15):
                for weights in BOTH:
                    if n >= 2 * sessions:
                        yield Cell("unit", Setting(n, sessions, icc, weights))
    for sessions in (4, 8, 12, 20):
        for n in (30, 100, 300):
            for rho in (0.0, 0.03, 0.08):
                for people, pattern in (
                    (1, "alone"), (2, "alone"), (2, "pairs"), (3, "alone"), (3, "pairs"),
                    (6, "alone"), (6, "pairs"),
                ):  # fmt: skip
                    if n >= 2 * sessions:
                        setting = Setting(n, sessions, 0.05, "equal", people, rho, pattern)
                        yield Cell("enumerators", setting)
    for sessions in (6, 8, 12, 20):
        for n in (100, 300):
            for icc in (0.05, 0.15):
                yield Cell("raked", Setting(n, sessions, icc))
    for shares in ("dominant", "even"):
        for sessions in (4, 8, 20):
            for n in (30, 100, 300):
                for icc in (0.05, 0.15):
                    for weights in BOTH:
                        if n >= 2 * sessions:
                            yield Cell("city", Setting(n, sessions, icc, weights), shares)
    for family, differ in ((2, True), (6, False)):
        for sessions in (6, 20):
            for n in (100, 300):
                setting = Setting(n, sessions, 0.05, "unequal")
                yield Cell("comparison", setting, "", family, differ)


def rows_of(cell: Cell, samples: int = SAMPLES) -> list[dict[str, object]]:
    """Rows of the result for one cell, from its own seed."""
    # A sample of these parts is a family of units, or is raked again for every session.
    samples = max(int(samples * SHARE_OF.get(cell.part, 1.0)), 1)
    counts = Counts()
    rng = np.random.default_rng([SEED, zlib.crc32(repr(sorted(cell.key.items())).encode())])
    step = max(1, ROWS // (cell.setting.n * units_drawn(cell)))
    for start in range(0, samples, step):
        PARTS[cell.part](cell, min(step, samples - start), rng, counts)
    return [
        {**cell.key, "estimate": estimate, "method": method, **tally.row()}
        for (estimate, method), tally in counts.of.items()
        if method != "before" or estimate.split()[-1] in {event.name for event in EVENTS}
    ]


def write(cells: Sequence[Cell], samples: int, file: IO[str]) -> None:
    """Run cells and write their rows; progress to standard error."""
    out = csv.writer(file, lineterminator="\n")
    out.writerow(HEADER)
    began = time.process_time()
    for i, cell in enumerate(cells):
        for row in rows_of(cell, samples):
            out.writerow([_text(row[name]) for name in HEADER])
        if not i % 20:
            spent = time.process_time() - began
            print(f"{i}/{len(cells)} cells, {spent:.0f} CPU s", file=sys.stderr, flush=True)
    print(f"{time.process_time() - began:.0f} CPU s", file=sys.stderr)


def _text(value: object) -> str:
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:.4f}".rstrip("0").rstrip(".")
    return str(value)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", nargs="*", choices=tuple(PARTS), default=tuple(PARTS))
    parser.add_argument("--samples", type=int, default=SAMPLES)
    parser.add_argument("--out", type=Path, default=RESULT)
    args = parser.parse_args()
    cells = [cell for cell in grid() if cell.part in args.parts]
    with args.out.open("w", encoding="utf-8", newline="") as file:
        write(cells, args.samples, file)


if __name__ == "__main__":
    main()
