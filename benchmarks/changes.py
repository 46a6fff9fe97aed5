"""What intervals of a change cover, and how often a change is called clear where there is none.

Simulated: two waves of six units with 8 sessions of 20 interviews; answers of a session hang
together (intraclass correlation 0.05). Run: `python benchmarks/changes.py [replicates]`.
"""

import sys

import numpy as np
import pandas as pd

from analysis.changes import SAME, changes
from analysis.design import Design
from analysis.estimates import estimate
from analysis.measures import Measure
from analysis.publication import Rules

UNITS, SESSIONS, PEOPLE, ICC = 6, 8, 20, 0.05
SHARES = (0.3, 0.5, 0.8)
DESIGN = Design("weight", stratum="unit", psu="psu")
RULES = Rules()


def wave(rng: np.random.Generator, name: str, shift: float) -> pd.DataFrame:
    """Estimates of one wave; `shift` moves every unit's score by so many points."""
    size = UNITS * SESSIONS * PEOPLE
    psu = np.repeat(np.arange(UNITS * SESSIONS), PEOPLE)
    frame = pd.DataFrame({
        "unit": (psu // SESSIONS).astype(str), "psu": psu.astype(str),
        "weight": rng.uniform(1, 3, size),
    })  # fmt: skip
    session = rng.normal(size=UNITS * SESSIONS)[psu]
    latent = np.sqrt(ICC) * session + np.sqrt(1 - ICC) * rng.normal(size=size)
    score = np.clip(60 + shift + 20 * latent, 0, 100)
    measures = [Measure("indeks", "i", "", "mean", score, 0.0, 100.0)]
    for share in SHARES:
        edge = float(np.quantile(rng.normal(size=400_000), 1 - share))
        met = (latent + shift / 20 > edge).astype(float)
        measures.append(Measure("bentuk", f"{share:g}", "", "proportion", met))
    return estimate(frame, DESIGN, measures, rules=RULES, domain="unit", wave=name, rho=0.0)


def main(replicates: int, shift: float) -> None:
    """Print a line a measure: coverage, share called clear, and families with any called clear."""
    rng = np.random.default_rng(20261124)
    found = []
    for r in range(replicates):
        tables = [wave(rng, "w1", 0.0), wave(rng, "w2", shift)]
        own = changes(pd.concat(tables, ignore_index=True), ("w1", "w2"), RULES)
        found.append(own[own["domain_type"] == "unit"].assign(replicate=r))
    table = pd.concat(found)
    told = table[table["tier"] != ""]
    print(f"\n{replicates} replicates, every unit moved by {shift:g} points")
    print(f"{'measure':>10} {'judged':>7} {'covers 0':>9} {'clear':>7} {'any of a family':>16}")
    for (kind, name), own in told.groupby(["measure_type", "measure"]):
        covers = ((own["low"] <= 0) & (own["high"] >= 0)).mean()
        clear = own["tier"] != SAME
        every = len(own) / (UNITS * replicates)
        family = clear.groupby(own["replicate"]).any().mean()
        print(
            f"{kind + ' ' + name:>10} {every:7.3f} {covers:9.3f} {clear.mean():7.3f} {family:16.3f}"
        )


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    main(count, 0.0)
    main(max(count // 4, 1), 6.0)
