"""Simulated interviews of many shapes: `python -m tests.golden.matrix.shapes` writes them.

Everything is drawn from a seed; nobody was asked. One file a shape, all with the same columns:

========= =========================================================================
plain     three units, two strata each, 2 to 5 PSUs; a sex absent from some PSUs;
          some PSUs drawn with certainty (`certain`); a second wave of the same PSUs
missing   answers missing in whole PSUs and in most of a unit
empty     PSUs that were worked and gave no interview (`real` = 0)
extreme   weights over four orders of magnitude, sums of money, many equal answers
lonely    a stratum left with one PSU
twins     eight strata of two PSUs, with replicate weights of every kind
========= =========================================================================

Codes are whole numbers where R needs them so: survey 4.1-1 has a fault with strata given as text.
"""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.linalg import hadamard

SEED = 20261123
HERE = Path(__file__).parent
AGES = ("17-29", "30-44", "45+")
CHOICES = "abcd"
RHO = 0.3
"""Fay's factor of the replicate weights `fay1` to `fay16`."""
KINDS = {"brr": 16, "fay": 16, "jkn": 16, "jka": 16, "boot": 20}
"""Prefix and number of the replicate weights of the twins."""

Row = dict[str, str]


def number(value: float, digits: int) -> str:
    return "" if np.isnan(value) else f"{value:.{digits}f}"


def person(rng: np.random.Generator, mood: float, sex: str, extreme: bool, silent: bool) -> Row:
    """Answers of somebody; missing ones are empty."""

    def lost(share: float) -> bool:
        return bool(silent or rng.random() < share)

    tilt = mood + 0.4 * (sex == "P")
    visits = int(rng.integers(1, 5))
    minutes = float(np.round(visits * rng.lognormal(2.5 + 0.3 * tilt, 0.5)))
    score = float(np.clip(55 + 12 * tilt + rng.normal(0, 14), 0, 100))
    if extreme:
        minutes, score = float(np.round(minutes, -1)) * 25_000, float(np.round(score / 25) * 25)
    items = np.clip(np.round(2.6 + 0.5 * tilt + rng.normal(0, 0.8, 2)), 1, 4)
    return {
        "sex": sex,
        "age": AGES[int(rng.choice(3, p=[0.35, 0.4, 0.25]))],
        "any": str(int(rng.random() < 1 / (1 + np.exp(-tilt)))),
        "known": "" if lost(0.25) else str(int(rng.random() < 0.45)),
        "never": "0",
        "score": "" if lost(0.1) else number(score, 3),
        "visits": str(visits),
        "minutes": "" if lost(0.08) else number(minutes, 0),
        "ease": "" if lost(0.07) else number(items[0], 0),
        "care": "" if lost(0.12) else number(items[1], 0),
        "choice": CHOICES[int(np.clip(round(1.5 + tilt + rng.normal()), 0, 3))],
    }


def interviews(rng: np.random.Generator, shape: str) -> Iterator[Row]:
    """Rows of the shapes with strata, PSUs, weights and known sizes of the population."""
    spread = 1.4 if shape == "extreme" else 0.45
    for h in range(1, 7):
        unit = (h + 1) // 2
        drawn = 1 if (shape, h) == ("lonely", 3) else int(rng.integers(3, 6))
        blocks = drawn + int(rng.integers(2, 10))
        for g in range(drawn):
            mood, base = rng.normal(0, 0.5) + 0.25 * (unit - 2), rng.lognormal(2.3, spread)
            one_sex = "LP"[g % 2] if rng.random() < 0.25 else ""
            silent = shape == "missing" and unit > 1 and rng.random() < 0.25
            size = int(rng.integers(4, 9))
            visitors = size + int(rng.integers(5, 40))
            certain = h in (2, 5) and g == 0
            for wave in (1, 2) if shape == "plain" else (1,):
                for i in range(size):
                    sex = one_sex or "LP"[int(rng.integers(0, 2))]
                    yield {
                        "id": str(100 * (10 * h + g) + 10 * i + wave),
                        "wave": str(wave),
                        "unit": str(unit),
                        "stratum": str(h),
                        "psu": str(10 * h + g),
                        "blocks": str(blocks),
                        "visitors": str(visitors),
                        "people": "900",
                        "certain": str(int(certain)),
                        "real": "1",
                        "weight": number(base * rng.lognormal(0, spread / 2), 4),
                        **person(
                            rng, mood + 0.3 * (wave == 2), sex, shape == "extreme",
                            silent or (shape == "missing" and unit == 2 and rng.random() < 0.5),
                        ),
                    }  # fmt: skip


def worked_in_vain(rows: list[Row]) -> list[Row]:
    """The rows, with the second PSU of strata 1, 4 and 6 without its interviews."""
    out = []
    for row in rows:
        in_vain = row["psu"] in ("11", "41", "61")
        if not in_vain or row["id"].endswith("01"):
            out.append({**row, "real": str(int(not in_vain))})
    return out


def twins(rng: np.random.Generator) -> list[Row]:
    """Eight strata of two PSUs; BRR and Fay are weights, the others multipliers."""
    signs = hadamard(16)[:, 1:9]
    boot = rng.multinomial(1, [0.5, 0.5], size=(KINDS["boot"], 8)) * 2
    rows = []
    for h in range(8):
        for half in range(2):
            mood, base = rng.normal(0, 0.5), rng.lognormal(2.3, 0.4)
            g, sign = 2 * h + half, signs[:, h] * (1 - 2 * half)
            for i in range(int(rng.integers(4, 7))):
                weight = float(number(base * rng.lognormal(0, 0.2), 4))
                # The maker's own calibration makes weights of one PSU move differently.
                bump = rng.lognormal(0, 0.02, 16)
                alone = [0.0 if r == g else (2.0 if r // 2 == h else 1.0) for r in range(16)]
                given = {
                    "brr": [number(w, 4) for w in weight * (1 + sign) * bump],
                    "fay": [number(w, 4) for w in weight * (1 + (1 - RHO) * sign)],
                    "jkn": [f"{m:g}" for m in alone],
                    "jka": ["0" if r == g else repr(16 / 15) for r in range(16)],
                    "boot": [str(int(m)) for m in boot[:, h, half]],
                }
                rows.append(
                    {
                        "id": str(100 * (10 + g) + i),
                        "unit": str(h // 3 + 1),
                        "real": "1",
                        "weight": number(weight, 4),
                        **person(rng, mood, "LP"[int(rng.integers(0, 2))], False, False),
                        **{f"{k}{r + 1}": w for k, own in given.items() for r, w in enumerate(own)},
                    }
                )
    return rows


def every_shape() -> dict[str, list[Row]]:
    """Rows of every shape, each from a seed of its own."""
    out = {}
    for k, shape in enumerate(("plain", "missing", "empty", "extreme", "lonely")):
        rows = list(interviews(np.random.default_rng([SEED, k]), shape))
        out[shape] = worked_in_vain(rows) if shape == "empty" else rows
    out["twins"] = twins(np.random.default_rng([SEED, 9]))
    return out


def written(rows: list[Row]) -> str:
    """The rows as a CSV file."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def main() -> None:
    for shape, rows in every_shape().items():
        (HERE / f"{shape}.csv").write_text(written(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
