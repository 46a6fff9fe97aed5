"""CPU seconds of subgroups, two-way clustering, quantiles and a regression.

    python -m benchmarks.estimators [--rows 100000] [--units 500] [--runs 3]

Interviews are simulated from a seed: nobody was asked. 15 sessions and 6 enumerators a unit, 20
measures. The cube is unit by sex, by age and by service, with every roll-up, assessed and tidy.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from analysis.cubes import cube
from analysis.design import Design, code
from analysis.measures import Measure
from analysis.predictors import predictors
from analysis.publication import Rules
from analysis.quantiles import domain_quantiles
from analysis.regression import regress
from analysis.rollups import roll_ups
from analysis.twoway import two_way

SEED = 20261123
DESIGN = Design("w", "unit", "psu", id="id")
GROUPS = [("unit", "sex"), ("unit", "age"), ("unit", "service")]


def interviews(rows: int, units: int) -> tuple[pd.DataFrame, list[Measure]]:
    rng = np.random.default_rng(SEED)
    unit = rng.integers(0, units, rows)
    frame = pd.DataFrame(
        {
            "id": np.char.mod("%08d", np.arange(rows)),
            "unit": np.char.mod("U%04d", unit),
            "psu": np.char.mod("S%06d", unit * 15 + rng.integers(0, 15, rows)),
            "w": rng.lognormal(0, 0.4, rows),
            "sex": rng.choice(["L", "P"], rows),
            "age": rng.choice(["17-29", "30-44", "45-59", "60+"], rows),
            "service": rng.choice(["akta", "kk", "ktp", "lain"], rows),
            "who": np.char.mod("e%05d", unit * 6 + rng.integers(0, 6, rows)),
        }
    )
    shares = [
        Measure("", f"b{i}", "", "proportion", (rng.random(rows) < 0.3) * 1.0) for i in range(10)
    ]
    means = [
        Measure("", f"m{i}", "", "mean", rng.uniform(0, 100, rows), 0.0, 100.0) for i in range(10)
    ]
    return frame, shares + means


def seconds(task: Callable[[], object], runs: int) -> float:
    """Median CPU seconds."""
    found = []
    for _ in range(runs):
        started = time.process_time()
        task()
        found.append(time.process_time() - started)
    return statistics.median(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--units", type=int, default=500)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    frame, measures = interviews(asked.rows, asked.units)
    coded = code(frame, DESIGN, domain="unit")
    three = predictors(frame[["sex", "age", "service"]])
    tasks: dict[str, Callable[[], object]] = {
        "read the design": lambda: code(frame, DESIGN, domain="unit"),
        "roll-ups": lambda: roll_ups(frame, coded, measures, GROUPS),
        "cube, tidy": lambda: cube(frame, DESIGN, measures, GROUPS, rules=Rules(), unit="unit"),
        "two-way, 20 measures": lambda: two_way(coded, measures, frame, "who"),
        "median, 1 measure": lambda: domain_quantiles(coded, measures[10:11], [0.5]),
        "logistic, 8 coefficients": lambda: regress(
            coded, measures[0], three, family="logistic"
        ),
    }  # fmt: skip
    print(f"{asked.rows} rows, {asked.units} units, median of {asked.runs}, CPU seconds")
    for name, task in tasks.items():
        print(f"{name:26} {seconds(task, asked.runs):.3f}", flush=True)


if __name__ == "__main__":
    main()
