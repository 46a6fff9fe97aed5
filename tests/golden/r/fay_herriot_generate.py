"""Write fay_herriot_areas.csv: simulated direct estimates of areas, from a seed.

python tests/golden/r/fay_herriot_generate.py
"""

from pathlib import Path

import numpy as np
import pandas as pd

SEED = 20261123
# areas, A (below 0: less noise than psi), range of psi, covariates
CASES = {
    "a dozen": (12, 1.0, (0.5, 2.0), 0),
    "forty": (40, 0.4, (0.2, 3.0), 2),
    "very unlike variances": (30, 0.02, (0.0005, 2.0), 1),
    "alike": (25, 0.0, (0.5, 1.5), 0),
    "more alike than chance": (25, -0.5, (0.5, 1.5), 0),
    "small numbers": (60, 4e-6, (1e-6, 9e-6), 1),
    "large numbers": (60, 250.0, (50.0, 900.0), 0),
}


def areas() -> pd.DataFrame:
    rng = np.random.default_rng(SEED)
    parts = []
    for case, (size, variance, (low, high), covariates) in CASES.items():
        psi = np.exp(rng.uniform(np.log(low), np.log(high), size))
        x = rng.normal(size=(size, 2))
        scale = np.sqrt(np.median(psi))
        mean = scale * (3 + x[:, :covariates].sum(axis=1))
        effects, noise = rng.normal(size=(2, size)) * np.sqrt(
            [np.full(size, max(variance, 0.0)), psi * (1 + min(variance, 0.0))]
        )
        y = mean + effects + noise
        columns = {"case": case, "covariates": covariates, "area": range(size), "direct": y}
        columns |= {"psi": psi, "x1": x[:, 0], "x2": x[:, 1]}
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


if __name__ == "__main__":
    target = Path(__file__).with_name("fay_herriot_areas.csv")
    areas().to_csv(target, index=False, float_format="%.15g", lineterminator="\n")
