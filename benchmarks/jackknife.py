"""CPU seconds of the jackknife with raking redone, against one plain pass over the interviews.

    python -m benchmarks.jackknife [--units 500] [--rows 100000] [--regions 20 1] [--runs 3]

Interviews are simulated from a seed: nobody was asked. Units have 10 to 20 sessions, and are
strata; 20 measures, ten of levels and ten of shares; every answer is missing with `--missing`.
Margins are sex and age of each region. `bootstrap` draws 500 replicates.
"""

import argparse
import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from analysis import bootstrap, jackknife, raked_jackknife
from analysis.cell_moments import CellMoments, cell_moments
from analysis.design import Coded, Codes, Psus
from analysis.distances import Distance
from analysis.errors import MarginError
from analysis.measures import Measure
from analysis.moments import Moments, psu_moments
from analysis.reraking import Raking
from analysis.variance import domain_means

T = TypeVar("T")
SEED = 20260301
AGES = 5
SEX_SHARES = (0.48, 0.52)
AGE_SHARES = (0.15, 0.25, 0.25, 0.2, 0.15)


@dataclass(frozen=True)
class Sample:
    """Interviews as the kernel reads them, their cells, and the margins of the regions."""

    coded: Coded
    measures: list[Measure]
    cell: Codes
    raking: Raking


def sample(rows: int, units: int, regions: int, missing: float, measures: int = 20) -> Sample:
    """Draw interviews of sessions in units, sorted by session as `design.code` leaves them."""
    rng = np.random.default_rng([SEED, rows, units, regions])
    sessions = rng.integers(10, 21, units)
    unit_of_psu = np.repeat(np.arange(units), sessions)
    psus = unit_of_psu.size
    psu = np.sort(np.concatenate([np.arange(psus), rng.integers(0, psus, max(rows - psus, 0))]))
    n, unit = psu.size, unit_of_psu[psu]
    weight = rng.lognormal(3, 0.8, units)[unit] * rng.lognormal(0, 0.35, n)
    sex = (rng.random(n) < 0.55).astype(np.intp)
    age = rng.choice(AGES, n, p=[0.12, 0.28, 0.27, 0.2, 0.13])
    mood = rng.normal(0, 0.5, units)[unit] + rng.normal(0, 0.25, psus)[psu] + 0.15 * sex
    made = []
    for k in range(measures):
        if k < measures // 2:
            latent = mood + rng.normal(0, 1, n) + 0.1 * (k - 5)
            y, low, high = 1.0 + (latent > -1.6) + (latent > -0.6) + (latent > 0.9), 1.0, 4.0
        else:
            y, low, high = (rng.random(n) < 1 / (1 + np.exp(-mood))).astype(np.float64), 0.0, 1.0
        y[rng.random(n) < missing] = np.nan
        made.append(Measure("", f"m{k}", "", "mean", y, low, high))
    # Sexes and ages of a region are the levels of two margins.
    region = (np.arange(units) % regions)[unit]
    cell = (region * 2 + sex) * AGES + age
    of_cell = np.arange(regions * 2 * AGES)
    visits = np.bincount(region, weights=weight, minlength=regions)
    raking = Raking(
        (of_cell // AGES, of_cell // (2 * AGES) * AGES + of_cell % AGES),
        (np.outer(visits, SEX_SHARES).ravel(), np.outer(visits, AGE_SHARES).ravel()),
    )
    design = Psus(
        tuple(f"{g:06d}" for g in range(psus)), unit_of_psu,
        tuple(f"{u:05d}" for u in range(units)), np.full(units, np.inf),
    )  # fmt: skip
    coded = Coded(np.arange(n), weight, psu, unit, design, design.strata)
    return Sample(coded, made, cell, raking)


def cpu(act: Callable[[], T], runs: int) -> tuple[float, T]:
    """Median CPU seconds of some runs, and the last result."""
    spent = []
    for _ in range(max(runs, 1)):
        before = time.process_time()
        result = act()
        spent.append(time.process_time() - before)
    return statistics.median(spent), result


def measure(s: Sample, runs: int, replicates: int = 500) -> dict[str, float]:
    """CPU seconds by step."""
    cells: CellMoments
    moments: Moments
    found = {}
    found["plain pass"], moments = cpu(lambda: psu_moments(s.coded, s.measures), runs)
    means = domain_means(moments)
    size = s.raking.levels[0].size
    found["pass by cell"], cells = cpu(
        lambda: cell_moments(s.coded, s.measures, s.cell, size), runs
    )
    found["JKn"], _ = cpu(lambda: jackknife.jackknife(means), runs)
    found["JKn, raked"], _ = cpu(lambda: raked_jackknife.reraked(cells, s.raking), runs)
    for how in (Distance("linear"), Distance("raking", 0.5, 2.0), Distance("logit", 0.5, 2.0)):
        again = replace(s.raking, distance=how)
        bounded = " within bounds" if np.isfinite(how.high) else ""
        try:
            found[f"JKn, {how.method}{bounded}"], _ = cpu(
                lambda again=again: raked_jackknife.reraked(cells, again), runs
            )
        except MarginError:  # with 20 interviews a unit some replicate meets no bounds
            found[f"JKn, {how.method}{bounded}: a replicate cannot be met"] = math.nan
    rng = np.random.default_rng(SEED)
    drawn = bootstrap.multipliers(moments.psus, replicates, rng)
    found["bootstrap"], _ = cpu(lambda: bootstrap.bootstrap(means, drawn), runs)
    found["bootstrap, raked"], _ = cpu(lambda: bootstrap.reraked(cells, s.raking, drawn), 1)
    return found


def main(given: Sequence[str] | None = None) -> None:
    """Run, and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, default=500)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--regions", type=int, nargs="+", default=[20, 1])
    parser.add_argument("--missing", type=float, default=0.0)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args(given)
    print("| rows | units | regions | replicates | step | CPU s | of a plain pass |")
    print("| ---: | ---: | ---: | ---: | --- | ---: | ---: |")
    for rows in asked.rows:
        for regions in asked.regions:
            s = sample(rows, asked.units, regions, asked.missing)
            seconds = measure(s, asked.runs)
            for step, spent in seconds.items():
                print(
                    f"| {s.coded.order.size:,} | {asked.units:,} | {regions} | "
                    f"{len(s.coded.psus.names):,} | {step} | {spent:.3f} | "
                    f"{spent / seconds['plain pass']:.2f} |"
                )


if __name__ == "__main__":
    main()
