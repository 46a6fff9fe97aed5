"""Rank sets against a known truth: how often they hold the true rank, and how long they are.

    python -m benchmarks.ranks [--surveys 2000]

Surveys are simulated from a seed: nobody was asked. A unit's value is the mean of its sessions
(standard deviation 9 points); with `enumerators` four people work in all units, and what they
bring (standard deviation 3) goes into every unit's value. The tables of docs/method_standing.md
are what this prints. Beside the sets that are used stand two others: those of Mogstad et al. with
critical values drawn (500 draws of each survey, studentised, stepwise), and the joint sets of
Klein et al., from intervals.
"""

import argparse
from dataclasses import dataclass

import numpy as np

from analysis.ranks import Floats, Places, Scores, by_intervals, joint, marginal

SEED = 20261124
SD, OF_PEOPLE, PEOPLE = 9.0, 3.0, 4
LEVEL, DRAWS = 0.95, 500


@dataclass(frozen=True)
class Setting:
    """Units, sessions of each, spread of their true values, whether enumerators are shared."""

    units: int
    sessions: int
    spread: float
    people: bool = False
    uneven: bool = False


SETTINGS = (
    *(Setting(6, m, s) for m in (6, 8, 12) for s in (0.0, 3.0, 8.0)),
    Setting(6, 8, 3.0, people=True),
    Setting(6, 8, 8.0, people=True),
    Setting(6, 8, 8.0, uneven=True),
    Setting(20, 8, 3.0),
    Setting(20, 8, 8.0),
    Setting(60, 8, 8.0),
)


def drawn(setting: Setting, rng: np.random.Generator) -> tuple[Floats, Scores]:
    """True values and estimates of one survey."""
    k, m = setting.units, setting.sessions
    truth = 75 + setting.spread * rng.standard_normal(k)
    sd = SD * rng.uniform(0.5, 1.8, k) if setting.uneven else np.full(k, SD)
    draws = truth[:, None] + sd[:, None] * rng.standard_normal((k, m))
    value, variance = draws.mean(axis=1), draws.var(axis=1, ddof=1) / m
    between, own = np.zeros((k, k)), np.zeros(k)
    if setting.people:
        added = OF_PEOPLE**2 / PEOPLE
        value = value + OF_PEOPLE * rng.standard_normal(PEOPLE).mean()
        variance = variance + added
        se = np.sqrt(variance)
        between, own = added / np.outer(se, se), added / variance
        np.fill_diagonal(between, 0.0)
    full = np.full(k, m - 1.0)
    return truth, Scores(value, np.sqrt(variance), full, np.zeros(k), between, own)


def pairs(s: Scores) -> tuple[Floats, Floats]:
    """(K, K) differences and their standard errors."""
    v = s.se**2
    both = v[:, None] + v
    error = np.sqrt(np.maximum(both - 2 * s.between * np.outer(s.se, s.se), 1e-9))
    return s.value[:, None] - s.value, error


def drawn_marginal(s: Scores, rng: np.random.Generator) -> tuple[Places, Places]:
    """Sets with the critical value drawn: errors and their standard errors, of every pair."""
    k = s.value.size
    own = np.sqrt(1 - s.own) * s.se
    shared = np.sqrt(s.own.mean()) * s.se
    noise = own * rng.standard_normal((DRAWS, k)) + shared * rng.standard_normal((DRAWS, 1))
    scale = rng.chisquare(s.df, (DRAWS, k)) / s.df
    apart, error = pairs(s)
    best, worst = np.empty(k, dtype=np.int64), np.empty(k, dtype=np.int64)
    for j in range(k):
        others = np.flatnonzero(np.arange(k) != j)
        away = noise[:, [j]] - noise[:, others]
        se = np.sqrt(own[j] ** 2 * scale[:, [j]] + own[others] ** 2 * scale[:, others])
        t = away / np.maximum(se, 1e-9)
        seen = apart[j, others] / error[j, others]
        # One-sided hypotheses, both sides of every pair, stepwise.
        stats, open_ = np.concatenate([t, -t], axis=1), np.ones(2 * others.size, dtype=np.bool_)
        found = np.concatenate([seen, -seen])
        while open_.any():
            critical = np.quantile(stats[:, open_].max(axis=1), LEVEL)
            new = open_ & (found > critical)
            if not new.any():
                break
            open_ &= ~new
        rejected = ~open_
        below, above = rejected[: others.size].sum(), rejected[others.size :].sum()
        best[j], worst[j] = 1 + above, k - below
    return best, worst


def measured(setting: Setting, surveys: int, draws: int) -> tuple[float, ...]:
    """Shares held and mean lengths of the four kinds of sets; drawn ones of `draws` surveys."""
    rng = np.random.default_rng([SEED, setting.units, setting.sessions, int(setting.spread)])
    k, held, length = setting.units, np.zeros(4), np.zeros(4)
    for survey in range(surveys):
        truth, s = drawn(setting, rng)
        highest = 1 + (truth[None] > truth[:, None]).sum(axis=1)
        lowest = k - (truth[None] < truth[:, None]).sum(axis=1)
        kinds = [marginal(s, LEVEL), joint(s, LEVEL), by_intervals(s, LEVEL)]
        if survey < draws:
            kinds.append(drawn_marginal(s, rng))
        for at, (best, worst) in enumerate(kinds):
            inside = (best <= highest) & (lowest <= worst)
            held[at] += inside.mean() if at in (0, 3) else inside.all()
            length[at] += (worst - best + 1).mean()
    number = np.array([surveys] * 3 + [max(min(draws, surveys), 1)])
    return (*(held / number).tolist(), *(length / number).tolist())


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--surveys", type=int, default=2000)
    parser.add_argument("--drawn", type=int, default=400, help="surveys with drawn critical values")
    given = parser.parse_args()
    print("| units | sessions | spread | | one unit: held | drawn | all units: held | by intervals "
          "| length of one | drawn | of all | by intervals |")  # fmt: skip
    print("|" + " --- |" * 12)
    for setting in SETTINGS:
        draws = given.drawn if setting.units <= 20 else given.drawn // 10
        surveys = given.surveys if setting.units <= 20 else given.surveys // 4
        one, all_, of_intervals, of_draws, l1, l2, l3, l4 = measured(setting, surveys, draws)
        said = "shared enumerators" if setting.people else "uneven errors" * setting.uneven
        print(
            f"| {setting.units} | {setting.sessions} | {setting.spread:g} | {said} | {one:.3f} | "
            f"{of_draws:.3f} | {all_:.3f} | {of_intervals:.3f} | {l1:.2f} | {l4:.2f} | {l2:.2f} | "
            f"{l3:.2f} |", flush=True,
        )  # fmt: skip


if __name__ == "__main__":
    main()
