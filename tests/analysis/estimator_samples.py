"""Small simulated samples for the tests of estimators; nobody was asked."""

import numpy as np
import pandas as pd

from analysis.design import Design
from analysis.measures import Measure

DESIGN = Design("w", "stratum", "psu", id="id")


def measure(values, name="y"):
    return Measure("r", name, "", "mean", np.asarray(values, dtype=float), -np.inf, np.inf)


def by_hand():
    return pd.DataFrame(
        {
            "id": list("abcde"),
            "stratum": list("hhhkk"),
            "psu": ["h1", "h1", "h2", "k1", "k2"],
            "unit": list("AABBB"),
            "w": [2.0, 2.0, 3.0, 1.0, 1.0],
            "y": [1.0, 3.0, 2.0, np.nan, 4.0],
        }
    )


def sample(seed, n=60):
    rng = np.random.default_rng(seed)
    psu = rng.integers(0, 12, n)
    psu[:12] = np.arange(12)
    return pd.DataFrame(
        {
            "id": [f"i{i:03d}" for i in range(n)],
            "psu": [f"s{p:02d}" for p in psu],
            "stratum": [f"h{p // 4}" for p in psu],
            "unit": rng.choice(["A", "B"], n),
            "w": rng.lognormal(0, 0.5, n),
            "y": np.where(rng.random(n) < 0.2, np.nan, rng.normal(5, 2, n)),
            "x": rng.lognormal(0, 1, n),
        }
    )
