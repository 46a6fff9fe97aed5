"""Means of units as if all had the same visitors, one measure at a time.

What `case_mix` compares: the units' coefficients in a regression on the unit and on the visitor,
with the scores of PSUs that carry their variance. There is the method.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import linalg

from analysis.answers import texts
from analysis.design import Coded, Codes, Floats
from analysis.measures import Measure
from analysis.moments import sums

OTHER = "\0"
"""Levels that stand together; no answer has this code."""
LEAST = 10
"""Interviews, and two units, that a level needs before it is told apart from the others."""
_DEPENDENT = 1e-9


@dataclass(frozen=True, eq=False)
class Levels:
    """Adjusted levels (D,), and scores (G, D) of PSUs for each of them, all D units together."""

    level: Floats
    scores: Floats


def mix_columns(mix: pd.DataFrame, unit: Codes) -> Floats:
    """(n, P) zeros and ones, a column for each level of each column of `mix` but its commonest.

    A blank is a level of its own, so that nobody is left out. Levels that fewer than `LEAST` rows
    have, or that one `unit` (n,) has alone, are one together; columns that follow from the others
    are left out.
    """
    columns: list[Floats] = []
    for name in mix:
        level = texts(mix[name])
        kept = []
        for value in sorted(set(level.tolist())):
            own = level == value
            if own.sum() >= LEAST and np.unique(unit[own]).size > 1:
                kept.append(value)
        level = np.where(np.isin(level, kept), level, OTHER)
        present, count = np.unique(level.astype(str), return_counts=True)
        present = present[np.argsort(-count, kind="stable")]
        columns += [(level == value).astype(np.float64) for value in present[1:]]
    if not columns:
        return np.zeros((len(mix), 0))
    x = np.column_stack(columns)
    # Counts, which are exact; less their means, so that sums to the constant are found too.
    total = x.sum(axis=0)
    return x[:, _independent(x.T @ x - np.outer(total, total) / len(x))]


@dataclass(frozen=True, eq=False)
class Answered:
    """Answers of the compared units: (n,) place in the frame, unit, PSU, scaled weight, answer."""

    row: Codes
    unit: Codes
    psu: Codes
    weight: Floats
    y: Floats
    units: int
    psus: int

    def means(self, values: Floats) -> Floats:
        """(D, P) weighted means of the units."""
        total = sums(self.unit, values * self.weight[:, None], self.units)
        return np.asarray(total / self.count[:, None], dtype=np.float64)

    @property
    def count(self) -> Floats:
        """(D,) answers of the units; 1 where a unit has none."""
        found = np.bincount(self.unit, minlength=self.units)
        return np.maximum(found, 1).astype(np.float64)

    def totals(self, values: Floats) -> Floats:
        """(G, P) weighted sums of the PSUs."""
        return sums(self.psu, values * self.weight[:, None], self.psus)

    def scores(self, left: Floats) -> Floats:
        """(G, D) scores of the units' means, from what is left of the answers (n,)."""
        found = np.zeros((self.psus, self.units))
        np.add.at(found, (self.psu, self.unit), self.weight * left / self.count[self.unit])
        return found


def answered(coded: Coded, measure: Measure, units: tuple[int, ...]) -> Answered:
    """Answers to a measure in `units`, places in `coded.domains`, with their scaled weights."""
    place = np.full(len(coded.domains), -1, dtype=np.intp)
    place[list(units)] = np.arange(len(units))
    answers = np.asarray(measure.values)[coded.order]
    at = (place[coded.domain] >= 0) & ~np.isnan(answers)
    unit, w, size = place[coded.domain[at]], coded.weight[at], len(units)
    total = np.bincount(unit, weights=w, minlength=size)
    scale = np.bincount(unit, minlength=size) / np.where(total > 0, total, 1.0)
    return Answered(
        coded.order[at], unit, coded.psu[at], w * scale[unit], answers[at], size,
        len(coded.psus.names),
    )  # fmt: skip


def plain_levels(g: Answered) -> Levels:
    """The units' means as they are."""
    mean = g.means(g.y[:, None])[:, 0]
    return Levels(mean, g.scores(g.y - mean[g.unit]))


def alike_levels(g: Answered, mix: pd.DataFrame) -> Levels | None:
    """The units' means less what goes with their visitors; None where that cannot be told.

    That is where units differ in who came and nobody within a unit does, or one gave no answer.
    """
    if np.unique(g.unit).size < g.units:
        return None
    x = mix_columns(mix.iloc[g.row], g.unit)
    mean, wide = plain_levels(g).level, x.shape[1]
    if not wide:
        return plain_levels(g)
    x_mean = g.means(x)
    x, y = x - x_mean[g.unit], g.y - mean[g.unit]
    a = _products(x, g.weight)
    if _independent(a).size < wide:
        return None
    beta = np.linalg.solve(a, g.totals(x * y[:, None]).sum(axis=0))
    left = y - x @ beta
    of_slope = np.linalg.solve(a, g.totals(x * left[:, None]).T)
    return Levels(mean - x_mean @ beta, g.scores(left) - (x_mean @ of_slope).T)


def _independent(products: Floats) -> Codes:
    """Places, in their order, of columns that do not follow from others, of their products X'X.

    The columns hold zeros and ones, or these less their means: what depends does so exactly.
    """
    length = np.sqrt(np.diag(products))
    length = np.where(length > 0, length, 1.0)
    _, r, order = linalg.qr(products / np.outer(length, length), pivoting=True)
    rank = int((np.abs(np.diag(r)) > _DEPENDENT).sum())
    return np.sort(np.asarray(order[:rank], dtype=np.intp))


def _products(x: Floats, weight: Floats) -> Floats:
    """(P, P) weighted products of columns (n, P), added in the order of the rows."""
    i, j = np.triu_indices(x.shape[1])
    found = np.empty((x.shape[1], x.shape[1]))
    whole = np.zeros(x.shape[0], dtype=np.intp)
    found[i, j] = found[j, i] = sums(whole, x[:, i] * x[:, j] * weight[:, None], 1)[0]
    return found
