"""What intervals cover when enumerators differ: sessions alone, and with the rule of `twoway`.

    python -m benchmarks.enumerators [--samples 600]

Interviews are simulated from a seed: nobody was asked. A unit has 8 sessions of 12 interviews;
each session is shared by two enumerators drawn anew, or worked by one, in turn; sessions have an
intraclass correlation of 0.05. The tables of docs/method_estimators.md are what this prints. `Kish`
is the sessions' variance times 1 + (m - 1) 0.03, m the workload, which counts twice what sessions
with different enumerators show of them.
"""

import argparse
import time

import numpy as np
import pandas as pd

from analysis import intervals
from analysis.design import Design, code
from analysis.interviewers import interviewers
from analysis.measures import Measure
from analysis.twoway import TwoWay, two_way
from analysis.workloads import RHO

SEED = 20261123
SESSIONS, EACH, BETWEEN_SESSIONS = 8, 12, 0.05
ENUMERATORS, CORRELATIONS = (2, 3, 4, 6, 8, 12), (0.0, 0.03, 0.1)
ALONE = (1, 2, 4, 8)


def sample(
    rng: np.random.Generator, enumerators: int, rho: float, together: int
) -> tuple[TwoWay, float]:
    """Variances of the mean of one simulated unit, whose true mean is 0, and Kish's factor."""
    psu = np.repeat(np.arange(SESSIONS), EACH)
    teams = [
        rng.choice(enumerators, 2, replace=False) if together == 2 else [g % enumerators]
        for g in range(SESSIONS)
    ]
    who = np.array([teams[g][i % together] for g in range(SESSIONS) for i in range(EACH)])
    y = (
        np.sqrt(BETWEEN_SESSIONS) * rng.normal(size=SESSIONS)[psu]
        + np.sqrt(rho) * rng.normal(size=enumerators)[who]
        + np.sqrt(1 - BETWEEN_SESSIONS - rho) * rng.normal(size=psu.size)
    )
    frame = pd.DataFrame({"psu": psu.astype(str), "who": who.astype(str)})
    measure = Measure("", "y", "", "mean", y, -np.inf, np.inf)
    workload = float((np.bincount(who) ** 2).sum()) / psu.size
    found = two_way(code(frame, Design("", "", "psu")), [measure], frame, "who")
    return found, 1 + (workload - 1) * RHO


def covered(
    rng: np.random.Generator, enumerators: int, rho: float, together: int, samples: int
) -> list[float]:
    """Shares covered by sessions alone, Kish and the rule; share assumed; widths of the two."""
    hits, assumed, widths = np.zeros(3), 0.0, np.zeros(2)
    for _ in range(samples):
        t, kish = sample(rng, enumerators, rho, together)
        off = abs(float(t.means.value[0, 0]))
        reach = np.array([
            float((intervals.quantile(0.95, df) * np.sqrt(v))[0, 0])
            for v, df in (
                (t.session, t.means.df), (t.session * kish, t.means.df), (t.variance, t.df)
            )
        ])  # fmt: skip
        hits += off < reach
        assumed += float(t.assumed[0, 0])
        widths += reach[1:] / reach[0]
    return [*(hits / samples).tolist(), assumed / samples, *(widths / samples).tolist()]


CREWS = {
    "two at home in each of 6 units": lambda u, g, i: 2 * u + i % 2,
    "12 in turn, four a unit, shared with its neighbours": lambda u, g, i: (2 * u + g % 4) % 12,
    "four in turn in all units": lambda u, g, i: g % 4,
    "two in all sessions of all units": lambda u, g, i: i % 2,
}


def of_city(rng: np.random.Generator, crew: str, rho: float, samples: int) -> list[float]:
    """Shares covered for the mean of 6 units: sessions alone, the rule; assumed; width."""
    unit = np.repeat(np.arange(6), SESSIONS * EACH)
    psu = np.repeat(np.arange(6 * SESSIONS), EACH)
    turn = np.tile(np.arange(EACH), 6 * SESSIONS)
    who = np.array(
        [CREWS[crew](u, g % SESSIONS, i) for u, g, i in zip(unit, psu, turn, strict=True)]
    )
    hits, assumed, width = np.zeros(2), 0.0, 0.0
    frame = pd.DataFrame({"unit": unit.astype(str), "psu": psu.astype(str), "who": who.astype(str)})
    coded = code(frame, Design("", "unit", "psu"), domain="unit")
    for _ in range(samples):
        y = (
            np.sqrt(BETWEEN_SESSIONS) * rng.normal(size=6 * SESSIONS)[psu]
            + np.sqrt(rho) * rng.normal(size=12)[who]
            + np.sqrt(1 - BETWEEN_SESSIONS - rho) * rng.normal(size=psu.size)
        )
        measure = Measure("", "y", "", "mean", y, -np.inf, np.inf)
        found = interviewers(coded, [measure], frame, "who").mean_of_units()
        alone = found.crossed.session
        df = np.full((1, 1), 6.0 * (SESSIONS - 1))
        both, df_both = found.on(alone, df)
        reach = [
            float((intervals.quantile(0.95, d) * np.sqrt(v))[0, 0])
            for v, d in ((alone, df), (both, df_both))
        ]
        hits += [abs(y.mean()) < r for r in reach]
        assumed += float(found.assumed[0, 0])
        width += reach[1] / reach[0]
    return [*(hits / samples).tolist(), assumed / samples, width / samples]


def cost() -> None:
    """Print CPU seconds of units, city and mean of units together, median of three."""
    print("\n| interviews | units | measures | CPU s |\n| --- | --- | --- | --- |")
    for n, units, count in ((3_000, 6, 100), (100_000, 500, 20), (1_000_000, 5_000, 20)):
        rng = np.random.default_rng([SEED, n])
        psu = np.arange(n) * (units * SESSIONS) // n
        unit = psu // SESSIONS
        frame = pd.DataFrame(
            {
                "psu": psu.astype(str), "unit": np.char.zfill(unit.astype(str), 4),
                "who": (unit * 4 + psu % 2 + 2 * rng.integers(0, 2, n)).astype(str),
            }
        )  # fmt: skip
        measures = [Measure("", f"y{k}", "", "mean", rng.random(n)) for k in range(count)]
        coded = code(frame, Design("", "unit", "psu"), domain="unit")
        taken = []
        for _ in range(3):
            start = time.process_time()
            found = interviewers(coded, measures, frame, "who")
            found.units(), found.city(), found.mean_of_units()
            taken.append(time.process_time() - start)
        print(f"| {n:,} | {units:,} | {count} | {np.median(taken):.3f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=600)
    samples = parser.parse_args().samples
    print(f"seed {SEED}, {samples} samples a row")
    for together, numbers in ((2, ENUMERATORS), (1, ALONE)):
        rng = np.random.default_rng([SEED, together])
        print(f"\nenumerators in a session: {together}\n")
        print("| enumerators | true rho | sessions alone | Kish | rule | rho decides | width Kish "
              "| width rule |")  # fmt: skip
        print("| --- | --- | --- | --- | --- | --- | --- | --- |")
        for enumerators in numbers:
            for rho in CORRELATIONS:
                alone, kish, both, assumed, wide, width = covered(
                    rng, enumerators, rho, together, samples
                )
                print(
                    f"| {enumerators} | {rho:g} | {alone:.1%} | {kish:.1%} | {both:.1%} | "
                    f"{assumed:.0%} | × {wide:.2f} | × {width:.2f} |",
                    flush=True,
                )
    rng = np.random.default_rng([SEED, 6])
    print("\nmean of 6 units\n")
    print("| enumerators | true rho | sessions alone | rule | rho decides | width rule |")
    print("| --- | --- | --- | --- | --- | --- |")
    for crew in CREWS:
        for rho in CORRELATIONS:
            alone, both, assumed, width = of_city(rng, crew, rho, samples)
            print(
                f"| {crew} | {rho:g} | {alone:.1%} | {both:.1%} | {assumed:.0%} | × {width:.2f} |",
                flush=True,
            )
    cost()


if __name__ == "__main__":
    main()
