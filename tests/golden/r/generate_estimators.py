"""Simulated exit interviews of two waves, for estimators.R: `python .../generate_estimators.py`.

Everything here is drawn from a seed; nobody was asked. Strata have 2 to 6 PSUs, sexes are absent
from some PSUs, waits and choices are missing in places. In units 1 and 2 the second wave returned
to the same PSUs, in units 3 and 4 it drew new ones (stratum and PSU numbers from 100 on).
Enumerators change between sessions, in unit 4 there are two only.
"""

import csv
from pathlib import Path

import numpy as np

SEED = 20260311
HERE = Path(__file__).parent


def number(value: float, digits: int) -> str:
    return "" if np.isnan(value) else f"{value:.{digits}f}"


def interviews(rng: np.random.Generator) -> list[dict[str, str]]:
    rows = []
    habits = rng.normal(0, 0.6, 5)
    for u in range(4):
        for day in range(2):
            drawn = int(rng.integers(3, 7))
            blocks = drawn + int(rng.integers(3, 12))
            for wave in (1, 2):
                moved = 100 if wave == 2 and u > 1 else 0
                for session in range(drawn):
                    rows += of_session(rng, habits, u, day, wave, session, moved, blocks)
    return rows


def of_session(
    rng: np.random.Generator, habits: np.ndarray, u: int, day: int, wave: int, session: int,
    moved: int, blocks: int,
) -> list[dict[str, str]]:  # fmt: skip
    stratum = 2 * u + day + 1
    mood = rng.normal(0, 0.6) + 0.3 * u
    base = rng.lognormal(2.5, 0.4)
    one_sex = rng.random() < 0.2
    rows = []
    for i in range(int(rng.integers(3, 9))):
        who = int(rng.integers(0, 2 if u == 3 else 5))
        woman = 0 if one_sex else int(rng.integers(0, 2))
        age = int(rng.integers(0, 3))
        minutes = round(float(rng.lognormal(3 + 0.3 * mood + 0.2 * woman + habits[who] / 3, 0.6)))
        slow = minutes > 25
        choice = "abcd"[int(np.clip(round(1.5 + mood + rng.normal()), 0, 3))]
        rows.append(
            {
                "id": f"{wave}-{moved + stratum}-{session}-{i}",
                "wave": str(wave),
                "unit": str(u + 1),
                "stratum": str(moved + stratum),
                "psu": str(10 * (moved + stratum) + session),
                "blocks": str(blocks),
                "weight": number(base * rng.lognormal(0, 0.3), 4),
                "enumerator": f"e{who}",
                "sex": "LP"[woman],
                "age": ("17-29", "30-44", "45+")[age],
                "service": ("ktp", "kk", "akta")[int(rng.integers(0, 3))],
                "minutes": "" if rng.random() < 0.1 else str(minutes),
                "fee": number(float(rng.gamma(1.5, 20) * np.exp(0.3 * mood)), 2),
                "forms": "" if rng.random() < 0.1 else str(int(rng.integers(1, 4))),
                "choice": "" if rng.random() < 0.08 else choice,
                "happy": str(int(rng.random() < 1 / (1 + np.exp(-mood - habits[who] + slow)))),
            }
        )
    return rows


def main() -> None:
    rows = interviews(np.random.default_rng(SEED))
    with (HERE / "estimators_interviews.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
