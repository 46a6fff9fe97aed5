"""CPU seconds of calibration: `python -m benchmarks.calibration [rows] [units]`.

Simulated rows from a seed: 15 PSUs a unit, margins of sex and age in eight regions, 20 measures.
"""

import statistics
import sys
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import pandas as pd

from analysis import calibrated
from analysis.calibration import calibrate
from analysis.cells import read_cells
from analysis.design import Design, code
from analysis.margins import Margins
from analysis.measures import Measure
from analysis.moments import psu_moments

T = TypeVar("T")


def timed(label: str, work: Callable[[], T]) -> T:
    seconds = []
    for _ in range(3):
        start = time.process_time()
        found = work()
        seconds.append(time.process_time() - start)
    print(f"{label:<48} {statistics.median(seconds):8.3f}")
    return found


def rows(n: int, units: int) -> pd.DataFrame:
    rng = np.random.default_rng(20260311)
    psu = rng.integers(0, units * 15, n)
    region = (psu // 15) * 8 // units
    return pd.DataFrame(
        {
            "psu": np.char.add("s", psu.astype(str)),
            "unit": np.char.add("u", (psu // 15).astype(str)),
            "region": np.char.add("r", region.astype(str)),
            "jk": rng.choice(["L", "P"], n),
            "umur": rng.choice(["a", "b", "c", "d", "e"], n),
            "w": rng.lognormal(0, 0.5, n),
        }
    )


def main(n: int, units: int) -> None:
    frame = rows(n, units)
    whole = frame["w"] * (1 + 0.2 * (frame["jk"] == "L") + 0.1 * (frame["umur"] == "a"))
    totals = {}
    for answer in ("jk", "umur"):
        frame[f"region_{answer}"] = frame["region"] + ":" + frame[answer]
        totals[f"region_{answer}"] = whole.groupby(frame[f"region_{answer}"]).sum().to_dict()
    margins = Margins("kunjungan", totals)
    rng = np.random.default_rng(1)
    measures = [
        Measure("x", f"y{k}", "", "mean", rng.integers(0, 5, n).astype(float), 0, 4)
        for k in range(20)
    ]
    print(f"n = {n:,}, units {units:,}: CPU s, median of three")
    coded = code(frame, Design("w", "unit", "psu"), domain="unit")
    cells = timed("answers to cells (text)", lambda: read_cells(frame, margins))
    found = timed(f"raking, {cells.size} cells", lambda: calibrate(coded, cells))
    timed("raking, trimmed at 4", lambda: calibrate(coded, cells, trim=4.0))
    timed("logit, bounds 0.3 and 3",
          lambda: calibrate(coded, cells, method="logit", bounds=(0.3, 3.0)))  # fmt: skip
    timed("PSU sums of 20 measures, not calibrated", lambda: psu_moments(coded, measures))
    means = timed("the same with what the margins explain",
                  lambda: calibrated.calibrated_means(coded, found, measures))  # fmt: skip
    timed(f"variances, {units * 20:,}", lambda: calibrated.variances(means))


if __name__ == "__main__":
    given = [int(float(a)) for a in sys.argv[1:3]]
    main(*(given + [1_000_000, 500][len(given) :]))
