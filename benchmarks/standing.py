"""Places against thresholds, against a known truth: how often what was said is so.

    python -m benchmarks.standing [--surveys 4000]

Surveys are simulated from a seed: nobody was asked. In each the mean of the units lies anywhere
in 60 to 90 and their spread in 1 to 12; sessions vary with a standard deviation of 9 points, or,
`uneven`, of 4.5 to 16 by unit; `skewed` units have a long tail below. Two lines, at 54 and 78. The
tables of docs/method_standing.md are what this prints: of the places that were said (probability
at the bar or over), the mean of what was stated and the share that was true; the same for the
place between both lines; and how many units got a place at all.
"""

import argparse
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.special import stdtr

from analysis.confidence import pooled_variances, probability_above
from analysis.design import Floats

SEED = 20261125
LOW, HIGH, BAR = 54.0, 78.0, 0.8
EDGES = (0.5, 0.65, 0.8, 0.9, 0.95, 0.99, 1.0)


@dataclass(frozen=True)
class Setting:
    """Units, sessions of each, and how the truth departs from the model."""

    units: int
    sessions: int
    uneven: bool = False
    skewed: bool = False

    @property
    def name(self) -> str:
        """What departs, in words."""
        return "uneven" * self.uneven + "skewed" * self.skewed


SETTINGS = (
    *(Setting(k, m) for k in (3, 6, 20) for m in (6, 8, 12)),
    Setting(6, 6, uneven=True),
    Setting(6, 8, uneven=True),
    Setting(6, 6, skewed=True),
    Setting(20, 6, skewed=True),
)


def drawn(setting: Setting, rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """True values, estimates and standard errors of one survey."""
    k, m = setting.units, setting.sessions
    spread = rng.uniform(1, 12)
    noise = rng.standard_normal(k)
    if setting.skewed:
        noise = 1 - rng.exponential(size=k)
    truth = rng.uniform(60, 90) + spread * noise
    sd = rng.uniform(4.5, 16, k) if setting.uneven else np.full(k, 9.0)
    draws = truth[:, None] + sd[:, None] * rng.standard_normal((k, m))
    return truth, draws.mean(axis=1), draws.std(axis=1, ddof=1) / np.sqrt(m)


def stated(setting: Setting, surveys: int) -> tuple[Floats, Floats, Floats]:
    """(N, 2) true values above the lines, and the chances by the model and by Student's t."""
    rng = np.random.default_rng(
        [SEED, setting.units, setting.sessions, setting.uneven, setting.skewed]
    )
    k, m = setting.units, setting.sessions
    true, model, flat = [], [], []
    for _ in range(surveys):
        truth, value, se = drawn(setting, rng)
        df, n_psu = np.full(k, m - 1.0), np.full(k, float(m))
        variance = pooled_variances(se, df, n_psu)
        for line in (LOW, HIGH):
            true.append(truth >= line)
            model.append(probability_above(value, variance, line))
            flat.append(stdtr(df, (value - line) / se))
    shape = (surveys, 2, k)
    pairs = (np.array(a).reshape(shape).transpose(0, 2, 1).reshape(-1, 2) for a in
             (true, model, flat))  # fmt: skip
    above, of_model, of_flat = pairs
    return above.astype(np.float64), of_model, of_flat


def said(above: Floats, chance: Floats) -> tuple[float, float, float]:
    """Stated and true of the places that were said, and the share of units that got one."""
    sure = np.maximum(chance, 1 - chance)
    right = np.where(chance >= 0.5, above, 1 - above)
    earned = sure >= BAR
    return float(sure[earned].mean()), float(right[earned].mean()), float(earned.mean())


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--surveys", type=int, default=4000)
    surveys = parser.parse_args().surveys
    every = []
    print("| units | sessions | | said: stated / true | got a place | between both lines: stated / "
          "true | Student's t: stated / true |")  # fmt: skip
    print("|" + " --- |" * 7)
    for setting in SETTINGS:
        few = max(surveys * 6 // max(setting.units, 6), 1)
        above, model, flat = stated(setting, few)
        if not setting.name:
            every.append((setting, above, model))
        s, t, share = said(above[:, 1], model[:, 1])
        between, true = model[:, 0] - model[:, 1], above[:, 0] - above[:, 1]
        at = between >= BAR
        fs, ft, _ = said(above[:, 1], flat[:, 1])
        print(f"| {setting.units} | {setting.sessions} | {setting.name} | {s:.3f} / {t:.3f} | "
              f"{share:.0%} | {between[at].mean():.3f} / {true[at].mean():.3f} | "
              f"{fs:.3f} / {ft:.3f} |", flush=True)  # fmt: skip
    print()
    heads = [f"{a:g}–{b:g}" for a, b in pairwise(EDGES)]
    print(f"| units | sessions | {' | '.join(heads)} |")
    print("|" + " --- |" * (2 + len(heads)))
    for setting, above, model in every:
        sure = np.maximum(model[:, 1], 1 - model[:, 1])
        right = np.where(model[:, 1] >= 0.5, above[:, 1], 1 - above[:, 1])
        cells = []
        for low, high in pairwise(EDGES):
            at = (sure >= low) & ((sure < high) | (high == 1))
            cells.append(f"{sure[at].mean():.3f} / {right[at].mean():.3f}")
        print(f"| {setting.units} | {setting.sessions} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
