"""Make api_interviews.csv: a simulated sample of two stages with replicate weights.

Nobody was asked.

python tests/golden/r/generate_api.py
"""

from pathlib import Path

import numpy as np
import pandas as pd

PSUS, EACH = 24, 10


def interviews() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    n, psu = PSUS * EACH, np.repeat(np.arange(PSUS), EACH)
    d = pd.DataFrame(
        {
            "id": np.arange(n),
            "psu": psu,
            "stratum": psu // 6,
            "w": rng.lognormal(1, 0.4, n).round(5),
            "sex": rng.choice(["L", "P"], n),
            "age": rng.choice(list("abc"), n),
            "unit": rng.choice(["A", "B"], n),
            "score": (rng.normal(50, 10, n) + psu).round(4),
            "x": rng.lognormal(1, 0.4, n).round(4),
        }
    )
    d["N1"] = np.array([10, 8, 30, 12])[d["stratum"]]
    d["N2"] = np.resize([20, 30, 15], PSUS)[psu]
    certain = np.isin(psu, [0, 1, 7])
    d["cert"] = certain.astype(int)
    # The same design as R must be told: each certain PSU a stratum, its interviews the PSUs.
    d["cpsu"] = np.where(certain, 1000 + d["id"], psu)
    d["cstr"] = np.where(certain, 100 + psu, d["stratum"])
    d["cN"] = np.where(certain, d["N2"], d["N1"])
    for r in range(12):
        d[f"r{r:02d}"] = (d["w"] * rng.poisson(1, PSUS)[psu]).round(5)
    return d


if __name__ == "__main__":
    interviews().to_csv(Path(__file__).with_name("api_interviews.csv"), index=False)
