"""Simulated exit interviews for the comparison with R: `python tests/golden/r/generate.py`.

Everything here is drawn from a seed; nobody was asked. The design is made awkward on purpose:
strata with 2 to 6 PSUs, PSUs of 2 to 9 interviews, weights that differ up to tenfold, a sex that
is absent from some PSUs, a question that whole PSUs left unanswered.
"""

import csv
from pathlib import Path

import numpy as np

SEED = 20260117
HERE = Path(__file__).parent
COLUMNS = (
    "id", "unit", "stratum", "psu", "blocks", "weight", "sex", "any", "rare", "score", "skm",
    "known", "asked",
)  # fmt: skip


def number(value: float, digits: int) -> str:
    return "" if np.isnan(value) else f"{value:.{digits}f}"


def interviews(rng: np.random.Generator) -> list[dict[str, str]]:
    rows = []
    for u in range(4):
        for day in range(2):
            stratum = 2 * u + day + 1
            drawn = int(rng.integers(2, 7))
            blocks = drawn + int(rng.integers(3, 15))
            for session in range(drawn):
                mood = rng.normal(0, 0.8) + 0.4 * u
                base = rng.lognormal(2.5, 0.5)
                one_sex = rng.random() < 0.25
                silent = rng.random() < 0.15
                for i in range(int(rng.integers(2, 10))):
                    sex = 1 if one_sex else int(rng.integers(1, 3))
                    score = float(np.clip(55 + 12 * mood + rng.normal(0, 15), 0, 100))
                    asked = rng.random() < 0.6
                    known = float(rng.random() < 0.5) if asked else np.nan
                    if silent or rng.random() < 0.1:
                        score = np.nan
                    rows.append(
                        {
                            "id": f"{stratum}-{session}-{i}",
                            "unit": str(u + 1),
                            "stratum": str(stratum),
                            "psu": str(10 * stratum + session),
                            "blocks": str(blocks),
                            "weight": number(base * rng.lognormal(0, 0.3), 4),
                            "sex": str(sex),
                            "any": number(float(rng.random() < 1 / (1 + np.exp(-mood))), 0),
                            "rare": number(float(rng.random() < 0.06), 0),
                            "score": number(score, 3),
                            "skm": number(float(np.clip(round(3 + mood + rng.normal()), 1, 4)), 0),
                            "known": number(known, 0),
                            "asked": str(int(asked)),
                        }
                    )
    return rows


def main() -> None:
    with (HERE / "interviews.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(interviews(np.random.default_rng(SEED)))


if __name__ == "__main__":
    main()
