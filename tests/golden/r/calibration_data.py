"""Simulated interviews and margins for calibration: `python tests/golden/r/calibration_data.py`.

Everything is drawn from a seed; nobody was asked. Awkward on purpose: weights that differ
tenfold, levels of a few interviews, a sex missing from some PSUs, answers missing in whole PSUs,
margins that are up to 40 % away from the sample.
"""

import csv
from pathlib import Path

import numpy as np
import pandas as pd

SEED = 20260311
HERE = Path(__file__).parent
AGES = ("17-29", "30-44", "45-59", "60+")


def interviews(rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for u in range(4):
        drawn = int(rng.integers(4, 8))
        blocks = drawn + int(rng.integers(4, 20))
        for session in range(drawn):
            mood, base = rng.normal(0, 0.8) + 0.3 * u, rng.lognormal(2.5, 0.5)
            one_sex, silent = rng.random() < 0.2, rng.random() < 0.1
            for i in range(int(rng.integers(8, 18))):
                sex = "L" if one_sex else str(rng.choice(["L", "P"], p=[0.4, 0.6]))
                age = int(rng.choice(4, p=[0.4, 0.3, 0.2, 0.1]))
                tilt = mood + 0.5 * (sex == "P") - 0.4 * age
                score = float(np.clip(55 + 12 * tilt + rng.normal(0, 15), 0, 100))
                if silent or rng.random() < 0.1:
                    score = np.nan
                rows.append(
                    {
                        "id": f"{u + 1}-{session}-{i:02d}",
                        "unit": u + 1,
                        "region": "ab"[u // 2],
                        "psu": 10 * (u + 1) + session,
                        "blocks": blocks,
                        "weight": round(base * rng.lognormal(0, 0.3), 4),
                        "sex": sex,
                        "age": AGES[age],
                        "any": int(rng.random() < 1 / (1 + np.exp(-tilt))),
                        "score": round(score, 3),
                        "skm": float(np.clip(np.round(3 + tilt + rng.normal()), 1, 4)),
                    }
                )
    return pd.DataFrame(rows)


def margins(frame: pd.DataFrame, rng: np.random.Generator) -> list[tuple[str, str, float]]:
    """Totals of a population that is like the sample up to a factor of each cell."""
    cell = frame.groupby(["region", "sex", "age"])["weight"].sum()
    sex = np.where(cell.index.get_level_values("sex") == "P", 1.35, 0.75)
    age = np.array([0.8, 1.0, 1.1, 1.4])[
        [AGES.index(a) for a in cell.index.get_level_values("age")]
    ]
    cell = (cell * sex * age * np.exp(rng.normal(0, 0.1, cell.size))).round(2)
    rows = []
    for columns in (["sex"], ["age"], ["sex", "age"], ["region", "sex"], ["region", "age"]):
        for level, total in cell.groupby(columns).sum().items():
            name = level if isinstance(level, str) else ":".join(level)
            rows.append((":".join(columns), name, round(float(total), 2)))
    return rows


def main() -> None:
    rng = np.random.default_rng(SEED)
    frame = interviews(rng)
    frame.to_csv(HERE / "calibration_interviews.csv", index=False, lineterminator="\n")
    with (HERE / "calibration_margins.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("margin", "level", "total"))
        writer.writerows(margins(frame, rng))


if __name__ == "__main__":
    main()
