"""Small units against a known truth: bias, error, stated error and coverage; and what it costs.

    python -m benchmarks.small_areas [--samples 200]

Interviews are simulated from a seed: nobody was asked. Units have 4 to 10 sessions of 5 to 12
interviews, with an intraclass correlation of 0.05 and unequal weights; each sample draws the true
values of the units anew. The tables of docs/method_small_units.md are what this prints.
"""

import argparse
import time

import numpy as np
import pandas as pd

from analysis import variance
from analysis.design import Design, code
from analysis.estimates import estimate
from analysis.fay_herriot import fay_herriot
from analysis.measures import Measure
from analysis.moments import psu_moments
from analysis.publication import Rules
from analysis.small_areas import ESTIMATOR, small_areas

SEED = 20261123
UNITS = (12, 30, 100)
KINDS = {
    # centre and spread of the units on the logit, whether it is an index
    "proportion, 8 %": (-2.4, 0.5, False),
    "proportion, 40 %": (-0.4, 0.3, False),
    "proportion, 40 %, units alike": (-0.4, 0.0, False),
    "index, 70 of 100": (0.85, 0.25, True),
}
DESIGN = Design("w", "unit", "psu")


def sample(rng: np.random.Generator, units: int) -> tuple[pd.DataFrame, list[Measure], np.ndarray]:
    """Interviews of the units, measures, and the (D, K) true values."""
    sessions = rng.integers(4, 11, units)
    unit_of = np.repeat(np.arange(units), sessions)
    each = rng.integers(5, 13, unit_of.size)
    psu = np.repeat(np.arange(unit_of.size), each)
    unit = unit_of[psu]
    frame = pd.DataFrame(
        {
            "unit": np.char.zfill(unit.astype(str), 4), "psu": np.char.zfill(psu.astype(str), 6),
            "w": rng.lognormal(0, 0.3, psu.size),
        }
    )  # fmt: skip
    measures, truth = [], []
    for name, (centre, spread, index) in KINDS.items():
        p = 1 / (1 + np.exp(-(centre + spread * rng.normal(size=units))))
        # Beta sessions have the intraclass correlation 0.05, whatever the share.
        of_session = rng.beta(p[unit_of] * 19, (1 - p[unit_of]) * 19)[psu]
        if index:
            values = 100 * rng.beta(of_session * 5 + 1e-9, (1 - of_session) * 5 + 1e-9)
            measures.append(Measure("indeks", name, "", "mean", values, 0, 100))
        else:
            values = (rng.random(psu.size) < of_session).astype(float)
            measures.append(Measure("topline", name, "ya", "proportion", values))
        truth.append(100 * p if index else p)
    return frame, measures, np.column_stack(truth)


def predictors(frame: pd.DataFrame, measures: list[Measure]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Direct and model rows of all units."""
    rules = Rules()
    means = variance.domain_means(psu_moments(code(frame, DESIGN, domain="unit"), measures))
    table = estimate(frame, DESIGN, measures, rules=rules, domain="unit")
    both = small_areas(table, rules, means, variance.variances(means), measures).table
    own = both["estimator"] == ESTIMATOR
    return both[~own], both[own]


def accuracy(samples: int) -> None:
    """Print the table of errors."""
    print(f"seed {SEED}, {samples} samples a row; errors as shares of the direct ones\n")
    print("| units | measure | bias | root mean squared error | stated / true | covered | "
          "width | furthest unit covered | direct covered |")  # fmt: skip
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for units in UNITS:
        rng = np.random.default_rng([SEED, units])
        kept: dict[str, list[np.ndarray]] = {}
        for _ in range(samples):
            frame, measures, truth = sample(rng, units)
            for name, rows in zip(("direct", "model"), predictors(frame, measures), strict=True):
                numbers = rows[["value", "se", "low", "high"]].to_numpy(float)
                shaped = numbers.reshape(units, len(measures), 4)
                kept.setdefault(name, []).append(np.dstack([shaped, truth]))
        direct, model = (np.stack(kept[name]) for name in ("direct", "model"))
        for k, name in enumerate(KINDS):
            d, m = direct[:, :, k], model[:, :, k]
            error, direct_error = (np.sqrt(((a[..., 0] - a[..., 4]) ** 2).mean()) for a in (m, d))
            bias = (m[..., 0] - m[..., 4]).mean() / direct_error
            stated = np.sqrt((m[..., 1] ** 2).mean()) / error
            hit, direct_hit = (
                ((a[..., 2] <= a[..., 4]) & (a[..., 4] <= a[..., 3])).mean() for a in (m, d)
            )
            # In every sample the unit whose truth lies furthest from the mean of the truths.
            off = np.abs(m[..., 4] - m[..., 4].mean(axis=1, keepdims=True)).argmax(axis=1)
            far = m[np.arange(samples), off]
            far_hit = ((far[:, 2] <= far[:, 4]) & (far[:, 4] <= far[:, 3])).mean()
            wide = (m[..., 3] - m[..., 2]).mean() / (d[..., 3] - d[..., 2]).mean()
            print(f"| {units} | {name} | {bias:+.2f} | {error / direct_error:.2f} | {stated:.2f} | "
                  f"{hit:.1%} | × {wide:.2f} | {far_hit:.0%} | {direct_hit:.1%} |",
                  flush=True)  # fmt: skip


def cost() -> None:
    """Print CPU seconds, median of three."""
    print("\n| areas | indicators | covariates | CPU s |")
    print("| --- | --- | --- | --- |")
    for areas, covariates in ((500, 0), (5000, 0), (5000, 3)):
        rng = np.random.default_rng([SEED, areas, covariates])
        psi = rng.uniform(0.5, 3, (areas, 20))
        y = rng.normal(size=(areas, 20)) * np.sqrt(0.5 + psi)
        x = rng.normal(size=(areas, covariates)) if covariates else None
        taken = []
        for _ in range(3):
            start = time.process_time()
            fay_herriot(y, psi, x)
            taken.append(time.process_time() - start)
        print(f"| {areas:,} | 20 | {covariates} | {np.median(taken):.2f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=200)
    accuracy(parser.parse_args().samples)
    cost()


if __name__ == "__main__":
    main()
