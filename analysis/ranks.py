r"""Ranks as sets: which places the sample cannot rule out, of one unit and of all at once.

A rank counts who is above. Where the sample shows that unit k is above unit j, j cannot be first;
where it shows nothing, both orders stay possible. So the confidence set of a rank follows from
simultaneous tests of differences (Mogstad, Romano, Shaikh and Wilhelm 2024): of j against each
other unit gives the *marginal* set, right for one unit looked at alone; of all pairs the *joint*
sets, right for a whole list. Joint sets from intervals that do not overlap (Klein, Wright and
Wieczorek 2020) need no differences and can be checked by eye; they are longer.

Critical values are calculated, not drawn, so that the same data give the same ranks everywhere:
Holm's steps over the one-sided hypotheses, two a pair, which hold whatever the units have in
common and cover the direction too, and Sidak's level for joint intervals, which holds for normal
estimates of any correlation (docs/decisions/0030-ranks.md, with what drawing them would gain).

Klein, M., Wright, T., Wieczorek, J. (2020). A joint confidence region for an overall ranking of
populations. JRSS C, 69, 589-606.
Mogstad, M., Romano, J. P., Shaikh, A. M., Wilhelm, D. (2024). Inference for ranks with
applications to mobility across neighbourhoods and academic achievement across countries. Review
of Economic Studies, 91, 476-518.
Holm, S. (1979). Scandinavian Journal of Statistics, 6, 65-70. Sidak, Z. (1967). JASA, 62, 626-633.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from analysis.concealing import coarsest
from analysis.publication import COARSE
from analysis.shared_enumerators import Shared

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

RANKED = ("indeks", "dimensi", "kepercayaan")
"""Scores of which units get rank sets. Nobody is given a rank among bribes."""

COLUMNS = (
    "domain", "measure_type", "measure", "units", "best", "worst", "joint_best", "joint_worst",
    "interval_best", "interval_worst", "level",
)  # fmt: skip

_SCALE = (0.0, 100.0)
"""Ends of the scale of all scores that are ranked."""
_ROWS = 256


@dataclass(frozen=True, eq=False)
class Ties:
    """What the estimates of `units` have in common, as of `estimates.Estimated`.

    `correlations` (D, D) come from margins of the whole city, `shared` from enumerators who work
    in several units; both by (measure_type, measure), and empty where units are independent.
    """

    units: tuple[str, ...] = ()
    correlations: Mapping[tuple[str, str], Floats] = field(default_factory=dict)
    shared: Shared = field(default_factory=dict)

    def among(self, name: tuple[str, str], domains: Sequence[str]) -> tuple[Floats, Floats]:
        """(K, K) correlations off the diagonal, and (K,) shares of enumerators in variances."""
        size = len(domains)
        between, own = np.zeros((size, size)), np.zeros(size)
        if name in self.correlations or name in self.shared:
            place = {unit: i for i, unit in enumerate(self.units)}
            at = [place[domain] for domain in domains]
            if name in self.correlations:
                between += self.correlations[name][np.ix_(at, at)]
            if name in self.shared:
                parts = self.shared[name][at][:, at].toarray()
                between, own = between + parts, np.diag(parts).copy()
        np.fill_diagonal(between, 0.0)
        return between, own


@dataclass(frozen=True, eq=False)
class Scores:
    """Estimates of K units that are ranked; every array is (K,).

    `slack` is how far a printed value may lie from the one it was rounded from; `between` (K, K)
    and `own` are those of `Ties.among`.
    """

    value: Floats
    se: Floats
    df: Floats
    slack: Floats
    between: Floats
    own: Floats


def rank_sets(
    estimates: pd.DataFrame,
    comparisons: pd.DataFrame,
    *,
    level: float,
    ties: Ties | None = None,
    types: Collection[str] = RANKED,
) -> pd.DataFrame:
    """Rank sets of all units that were compared with the others; 1 is the highest value.

    Parameters
    ----------
    estimates
        The table as it is printed, in whatever edition: nothing else is read, so that a rank tells
        nothing that the table does not. A value printed coarsely is anything that rounds to it,
        with the error that its interval leaves it, and independent of all others.
    comparisons
        Those of the same edition: a unit without a tier is not ranked and has no part.
    ties
        What the units have in common; independent where not given.

    Returns
    -------
    DataFrame
        `units` K were ranked; with `level` confidence the unit's rank is from `best` to `worst`
        (for this unit looked at alone), and the ranks of all units are from `joint_best` to
        `joint_worst`, or from `interval_best` to `interval_worst`, the longer sets of joint
        intervals. No rows for a measure with fewer than two units.
    """
    rows: list[tuple[object, ...]] = []
    if comparisons.empty or estimates.empty:
        return pd.DataFrame(rows, columns=list(COLUMNS))
    placed = comparisons[(comparisons["tier"] != "") & comparisons["measure_type"].isin(types)]
    units = estimates[(estimates["domain_type"] == "unit") & (estimates["category"] == "")]
    names = ["domain", "measure_type", "measure"]
    own = placed[names].merge(units, on=names, how="left", validate="one_to_one")
    for (kind, measure), table in own.groupby(["measure_type", "measure"], sort=False):
        told = table[["value", "low", "high", "n_psu"]].notna().all(axis=1)
        table = table[told & (table["n_psu"] > 1)]
        if len(table) < 2:
            continue
        scores = _scores(table, ties or Ties(), (str(kind), str(measure)))
        kinds = (marginal(scores, level), joint(scores, level), by_intervals(scores, level))
        for i, domain in enumerate(table["domain"].tolist()):
            places = (int(end[i]) for kind_ in kinds for end in kind_)
            rows.append((domain, kind, measure, len(table), *places, level))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def marginal(scores: Scores, level: float) -> tuple[Places, Places]:
    """Best and worst rank (K,) of each unit looked at alone.

    Each contains the unit's true rank with probability `level` or more (of tied units, every rank
    that ties leave open), whatever the others' values and errors have in common.
    """
    size = scores.value.size
    above, below = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    steps = (1 - level) / (2 * (size - 1) - np.arange(max(size - 1, 0)))
    for start in range(0, size, _ROWS):
        own = np.arange(start, min(start + _ROWS, size))
        p, higher = _pairs(scores, own)
        p[np.arange(own.size), own] = np.inf
        order = np.argsort(p, axis=1, kind="stable")[:, : size - 1]
        taken = np.take_along_axis(p, order, axis=1) <= steps
        apart = np.logical_and.accumulate(taken, axis=1)
        lower = np.take_along_axis(higher, order, axis=1)
        above[own] = (apart & ~lower).sum(axis=1)
        below[own] = (apart & lower).sum(axis=1)
    return above + 1, size - below


def joint(scores: Scores, level: float) -> tuple[Places, Places]:
    """Best and worst rank (K,) of all units, right for all of them at once.

    As `marginal`, with Holm's steps over the K(K - 1) one-sided hypotheses of all pairs.
    """
    size = scores.value.size
    found: list[tuple[Floats, NDArray[np.intp], NDArray[np.intp]]] = []
    for start in range(0, size, _ROWS):
        own = np.arange(start, min(start + _ROWS, size))
        p, higher = _pairs(scores, own)
        i, j = np.nonzero(np.arange(size) > own[:, None])
        up, k = higher[i, j], own[i]
        found.append((p[i, j], np.where(up, k, j), np.where(up, j, k)))
    p, above, below = (np.concatenate(part) for part in zip(*found, strict=True))
    order = np.argsort(p, kind="stable")
    steps = (1 - level) / (size * (size - 1) - np.arange(p.size))
    apart = order[np.logical_and.accumulate(p[order] <= steps)]
    best = 1 + np.bincount(below[apart], minlength=size)
    return best, size - np.bincount(above[apart], minlength=size)


def by_intervals(scores: Scores, level: float) -> tuple[Places, Places]:
    """Best and worst rank (K,) of all units from intervals that hold for all of them at once.

    From t intervals at Sidak's level, which all hold together with probability `level` or more.
    """
    size = scores.value.size
    reach = stdtrit(scores.df, 0.5 + level ** (1 / max(size, 1)) / 2) * scores.se + scores.slack
    return klein_wright_wieczorek(scores.value - reach, scores.value + reach)


def klein_wright_wieczorek(low: Floats, high: Floats) -> tuple[Places, Places]:
    """Best and worst rank (K,), 1 the highest, from intervals (K,) that hold jointly.

    Only units whose interval lies wholly above come before, only those wholly below come after.
    """
    above = low.size - np.searchsorted(np.sort(low), high, side="right")
    below = np.searchsorted(np.sort(high), low, side="left")
    best, worst = above + 1, low.size - below
    return best.astype(np.int64), worst.astype(np.int64)


def _pairs(s: Scores, own: NDArray[np.intp]) -> tuple[Floats, NDArray[np.bool_]]:
    """One-sided p (R, K) that the unit of the row is on its side of the other, and which it is.

    Student's t with Satterthwaite's degrees of freedom; what enumerators bring to both goes.
    """
    variance = s.se**2
    apart = s.value[own, None] - s.value
    both = variance[own, None] + variance
    shared = 2 * s.between[own] * s.se[own, None] * s.se
    alone = variance * (1 - s.own)
    least = np.maximum(alone[own, None] + alone, 1e-12 * both)
    error = np.sqrt(np.maximum(both - shared, least))
    df = both**2 / (variance[own, None] ** 2 / s.df[own, None] + variance**2 / s.df)
    sure = np.maximum(np.abs(apart) - s.slack[own, None] - s.slack, 0.0)
    p = np.asarray(stdtr(df, -sure / error), dtype=np.float64)
    return p, np.asarray(apart > 0, dtype=np.bool_)


def _scores(table: pd.DataFrame, ties: Ties, name: tuple[str, str]) -> Scores:
    value, se, low, high, df, n_psu, level = (
        table[column].to_numpy(dtype=np.float64)
        for column in ("value", "se", "low", "high", "df", "n_psu", "level")
    )
    coarse = table["reason"].str.contains(COARSE, regex=False).to_numpy(dtype=np.bool_)
    between, own = ties.among(name, table["domain"].tolist())
    # A coarse value is known by what is printed of it alone: the error that its interval allows,
    # with no more degrees of freedom than its sessions and its neighbours have.
    rounded = coarse | np.isnan(se) | np.isnan(df)
    least = df[~rounded].min() if not rounded.all() else np.inf
    df = np.where(rounded, np.maximum(np.minimum(n_psu - 1, least), 1.0), df)
    half = np.maximum(high - value, value - low) / stdtrit(df, 0.5 + level / 2)
    se = np.where(rounded, half, se)
    between[rounded], between[:, rounded], own[rounded] = 0.0, 0.0, 0.0
    steps = [coarsest(v, *_SCALE) if c else 0.0 for v, c in zip(value, coarse, strict=True)]
    slack = np.array(steps, dtype=np.float64) / 2
    return Scores(value, se, df, slack, between, own)
