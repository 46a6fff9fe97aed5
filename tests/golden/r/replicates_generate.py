"""Simulated data for replicates.R: `python tests/golden/r/replicates_generate.py`.

Everything is drawn from a seed; nobody was asked. Three files: interviews of two regions for the
jackknife, with cells of sex and age that differ between sessions and answers that are missing;
multipliers of a rescaled bootstrap for their PSUs; and interviews of eight strata with two PSUs
each, that carry replicate weights of every kind.
"""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from scipy.linalg import hadamard

SEED = 20260214
HERE = Path(__file__).parent
DRAWS = 24
RHO = 0.3


def number(value: float, digits: int = 4) -> str:
    return "" if np.isnan(value) else f"{value:.{digits}f}"


def answers(rng: np.random.Generator, mood: float) -> dict[str, str]:
    visits = int(rng.integers(1, 6))
    score = float(np.clip(55 + 12 * mood + rng.normal(0, 15), 0, 100))
    return {
        "sex": str(int(rng.integers(1, 3))),
        "age": str(int(rng.choice([1, 2, 3], p=[0.3, 0.45, 0.25]))),
        "any": str(int(rng.random() < 1 / (1 + np.exp(-mood)))),
        "score": number(score if rng.random() < 0.85 else np.nan, 3),
        "visits": str(visits),
        "minutes": number(visits * rng.lognormal(3 + 0.3 * mood, 0.4), 2),
    }


def interviews(rng: np.random.Generator) -> list[dict[str, str]]:
    """Four units of two strata, units 1 and 2 in region 1."""
    rows = []
    for stratum in range(1, 9):
        drawn = int(rng.integers(2, 7))
        blocks = drawn + int(rng.integers(2, 12))
        for session in range(drawn):
            mood, base = rng.normal(0, 0.8), rng.lognormal(2.5, 0.5)
            for i in range(int(rng.integers(5, 12))):
                unit = (stratum + 1) // 2
                rows.append(
                    {
                        "id": f"{stratum}-{session}-{i:02d}",
                        "region": str((unit + 1) // 2),
                        "unit": str(unit),
                        "stratum": str(stratum),
                        "psu": str(10 * stratum + session),
                        "blocks": str(blocks),
                        "weight": number(base * rng.lognormal(0, 0.3)),
                        **answers(rng, mood),
                    }
                )
    return rows


def draws(rng: np.random.Generator, rows: list[dict[str, str]]) -> Iterable[dict[str, str]]:
    """Multipliers: n - 1 of the n PSUs of a stratum, with replacement, by n/(n - 1)."""
    psus: dict[str, list[str]] = {}
    for row in rows:
        of_stratum = psus.setdefault(row["stratum"], [])
        if row["psu"] not in of_stratum:
            of_stratum.append(row["psu"])
    for own in psus.values():
        n = len(own)
        times = np.zeros((n, DRAWS))
        for b in range(DRAWS):
            for drawn in rng.integers(0, n, n - 1):
                times[drawn, b] += n / (n - 1)
        for name, multiplier in zip(own, times, strict=True):
            yield {"psu": name, **{f"b{b + 1}": repr(float(m)) for b, m in enumerate(multiplier)}}


def given(rng: np.random.Generator) -> list[dict[str, str]]:
    """Eight strata of two PSUs; BRR and Fay are weights, the others multipliers."""
    signs = hadamard(16)[:, 1:9]
    boot = rng.multinomial(1, [0.5, 0.5], size=(20, 8)) * 2
    rows = []
    for h in range(8):
        for half in range(2):
            mood, base = rng.normal(0, 0.8), rng.lognormal(2.5, 0.5)
            g, sign = 2 * h + half, signs[:, h] * (1 - 2 * half)
            for i in range(int(rng.integers(3, 8))):
                weight = float(number(base * rng.lognormal(0, 0.3)))
                row = {
                    "id": f"{g:02d}-{i}", "unit": str(h // 4 + 1), "weight": number(weight),
                    **answers(rng, mood),
                }  # fmt: skip
                # The maker's own calibration makes weights of one PSU move differently.
                bump = rng.lognormal(0, 0.02, 16)
                for r in range(16):
                    row[f"brr{r + 1}"] = number(weight * (1 + sign[r]) * bump[r])
                    row[f"fay{r + 1}"] = number(weight * (1 + (1 - RHO) * sign[r]))
                    alone = 0.0 if r == g else (2.0 if r // 2 == h else 1.0)
                    row[f"jkn{r + 1}"] = number(alone, 1)
                    row[f"jk1_{r + 1}"] = repr(0.0 if r == g else 16 / 15)
                for r in range(20):
                    row[f"boot{r + 1}"] = str(int(boot[r, h, half]))
                rows.append(row)
    return rows


def write(name: str, rows: Iterable[Mapping[str, str]]) -> None:
    listed = list(rows)
    with (HERE / name).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(listed[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(listed)


def main() -> None:
    rng = np.random.default_rng(SEED)
    rows = interviews(rng)
    write("replicates_interviews.csv", rows)
    write("replicates_drawn.csv", draws(rng, rows))
    write("replicates_given.csv", given(rng))


if __name__ == "__main__":
    main()
