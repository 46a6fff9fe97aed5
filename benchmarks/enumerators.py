"""What intervals cover when enumerators differ: sessions alone, and with the rule of `twoway`.

    python -m benchmarks.enumerators [--samples 600]

Interviews are simulated from a seed: nobody was asked. A unit has 8 sessions of 12 interviews;
each session is shared by two enumerators drawn anew; sessions have an intraclass correlation of
0.05. The table of docs/method_estimators.md is what this prints.
"""

import argparse

import numpy as np
import pandas as pd

from analysis import intervals
from analysis.design import Design, code
from analysis.measures import Measure
from analysis.twoway import TwoWay, two_way

SEED = 20261123
SESSIONS, EACH, BETWEEN_SESSIONS = 8, 12, 0.05
ENUMERATORS, CORRELATIONS = (2, 3, 4, 6, 8, 12), (0.0, 0.03, 0.1)


def sample(rng: np.random.Generator, enumerators: int, rho: float) -> TwoWay:
    """Both variances of the mean of one simulated unit, whose true mean is 0."""
    psu = np.repeat(np.arange(SESSIONS), EACH)
    teams = [rng.choice(enumerators, 2, replace=False) for _ in range(SESSIONS)]
    who = np.array([teams[g][i % 2] for g in range(SESSIONS) for i in range(EACH)])
    y = (
        np.sqrt(BETWEEN_SESSIONS) * rng.normal(size=SESSIONS)[psu]
        + np.sqrt(rho) * rng.normal(size=enumerators)[who]
        + np.sqrt(1 - BETWEEN_SESSIONS - rho) * rng.normal(size=psu.size)
    )
    frame = pd.DataFrame({"psu": psu.astype(str), "who": who.astype(str)})
    measure = Measure("", "y", "", "mean", y, -np.inf, np.inf)
    return two_way(code(frame, Design("", "", "psu")), [measure], frame, "who")


def covered(rng: np.random.Generator, enumerators: int, rho: float, samples: int) -> list[float]:
    """Shares covered by sessions alone and by the rule, share assumed, ratio of widths."""
    hits, assumed, widths = np.zeros(2), 0.0, 0.0
    for _ in range(samples):
        t = sample(rng, enumerators, rho)
        off = abs(float(t.means.value[0, 0]))
        reach = [
            float((intervals.quantile(0.95, df) * np.sqrt(v))[0, 0])
            for v, df in ((t.session, t.means.df), (t.variance, t.df))
        ]
        hits += [off < r for r in reach]
        assumed += float(t.assumed[0, 0])
        widths += reach[1] / reach[0]
    return [*(hits / samples).tolist(), assumed / samples, widths / samples]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=600)
    samples = parser.parse_args().samples
    rng = np.random.default_rng(SEED)
    print(f"seed {SEED}, {samples} samples a row\n")
    print("| enumerators | true rho | sessions alone | with enumerators | rho decides | width |")
    print("| --- | --- | --- | --- | --- | --- |")
    for enumerators in ENUMERATORS:
        for rho in CORRELATIONS:
            alone, both, assumed, width = covered(rng, enumerators, rho, samples)
            print(
                f"| {enumerators} | {rho:g} | {alone:.1%} | {both:.1%} | {assumed:.0%} | "
                f"× {width:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
