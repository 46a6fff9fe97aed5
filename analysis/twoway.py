r"""Variance with two clusterings that cross: sessions and enumerators.

An enumerator who smiles gets other answers, in every session he works. Taking sessions as the only
PSUs misses what he carries from one to the next. With V_s the design's variance over sessions,
V_e the variance over enumerators and V_se that over their intersections (Cameron, Gelbach and
Miller 2011, Journal of Business & Economic Statistics, 29, 238-249),

.. math:: V = \max(V_s + V_e - V_{se},\; V_s,\; V_e).

The maximum is the fix for what the difference can become: it is never negative, and never below
what one of the two clusterings alone says (MacKinnon, Nielsen and Webb 2024). V_e is raised to what
it would be had no stratum's mean been taken from it (`workloads.comparable`): two enumerators who
share a stratum show half of what they differ by.

Where fewer than three rotated enumerators (with answers from two sessions at least) can be
compared, their effect cannot be told from the sessions'. V is then V_s and what a declared rho adds
to it (`workloads.unseen`): what V_s already holds of them is not added again. From three to seven
can tell of it, but often by chance too little (measured: docs/method_estimators.md), and the same
sum is the least that V may be. rho = 0.03 is an assumption and is marked wherever it decides.

Kish, L. (1962). Studies of interviewer variance for attitudinal variables. JASA, 57, 92-115.
West, B. T. and Blom, A. G. (2017). Explaining interviewer effects: a research synthesis. Journal of
Survey Statistics and Methodology, 5, 175-211.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis import variance
from analysis.design import Coded, Floats, Psus
from analysis.measures import Measure
from analysis.moments import psu_moments, sums
from analysis.publication import ROTATED
from analysis.variance import Lonely, Means, stratified_products
from analysis.workloads import (
    RHO,
    Parts,
    Worked,
    by_enumerator,
    check_rho,
    comparable,
    each_domain,
    spread_of,
    unseen,
)

DECLARED_DF = 1.5
"""Degrees of freedom that a declared rho is worth. As sure as if it were known, intervals of units
with one or two enumerators held 79 to 92 % where the true rho was 0.08 (decision 0016)."""
COMPARED = 1.5
"""Degrees of freedom that they must leave; three who share alike leave 2."""
ENOUGH = 8
"""Enumerators from which the estimate needs no lower bound ..."""
ENOUGH_COMPARED = 5.0
"""... and the degrees of freedom that they must leave."""
ASSUMED = "rho_assumed"
"""Reason code of an estimate whose variance rests on the declared rho."""


@dataclass(frozen=True, eq=False)
class Crossed:
    """Variances of J estimates and K measures with enumerators counted; arrays are (J, K).

    `variance` is the one to use. `session`, `enumerator` and `both` are its parts; `enumerators`
    counts those with answers, `rotated` those with answers from two sessions or more, and
    `compared` is how many degrees of freedom they leave. `declared` is what rho adds to
    `session`. Where `assumed`, `variance` is the sum of these two, for want of enumerators or
    because they seem to differ less.
    """

    variance: Floats
    session: Floats
    enumerator: Floats
    both: Floats
    enumerators: Floats
    rotated: Floats
    compared: Floats
    declared: Floats
    assumed: NDArray[np.bool_]

    @property
    def added(self) -> Floats:
        """What enumerators add to the variance over sessions, in the square of its unit."""
        return np.maximum(self.variance - self.session, 0.0)

    @property
    def untold(self) -> NDArray[np.bool_]:
        """(J, K) whether the enumerators are too few to be told from the sessions."""
        return np.asarray(
            (self.rotated < ROTATED) | (self.compared < COMPARED), dtype=np.bool_
        )  # fmt: skip

    def degrees(self, of_session: Floats, session: Floats | None = None) -> Floats:
        """Degrees of freedom, from those of the variance over sessions.

        Satterthwaite's, with E what enumerators add: V^2 / (V_s^2 / df_s + E^2 / compared). Where
        they cannot be compared, E rests on the declared rho alone and is worth `DECLARED_DF`.
        `session` puts another variance in the place of V_s, such as that of a replicate method.
        """
        own = self.session if session is None else session
        few = self.untold
        of_added = np.where(few, DECLARED_DF, self.compared)
        with np.errstate(invalid="ignore", divide="ignore"):
            found = (own + self.added) ** 2 / (own**2 / of_session + self.added**2 / of_added)
            # A guess never makes a variance better known than its sessions do.
            found = np.where(few, np.fmin(found, of_session), found)
        return np.where(self.added == 0, of_session, found)


@dataclass(frozen=True, eq=False)
class TwoWay(Crossed):
    """The same for the means of D domains, with the `means` themselves."""

    means: Means

    @property
    def df(self) -> Floats:
        """(D, K) degrees of freedom of the means."""
        return self.degrees(self.means.df)


def two_way(
    coded: Coded,
    measures: Sequence[Measure],
    frame: pd.DataFrame,
    enumerator: str,
    *,
    rho: float = RHO,
    lonely: Lonely = "fail",
) -> TwoWay:
    """Variances of all means, with sessions and enumerators as clusters.

    `enumerator` is the column of `frame` (in the order that was coded) with their codes. The
    scores of an enumerator are taken from the means of the strata, so that a difference between
    strata is not laid to those who worked there.

    Raises
    ------
    DesignError
        Where the column is absent or blank in some rows, or rho lies outside [0, 1).
    LonelyPSUError
        From `variance.variances`.
    """
    worked = by_enumerator(coded, measures, frame, enumerator)
    means = variance.domain_means(psu_moments(coded, measures))
    each = each_domain(worked)
    scores = scores_of(worked, means.value, each)
    found = crossed(worked, coded.psus, scores, each, spread_of(means), rho=rho, lonely=lonely)
    return TwoWay(**vars(found), means=means)


def scores_of(worked: Worked, mean: Floats, parts: Parts) -> Floats:
    """(C, K) scores of the means of `parts.base`, (B, K), for cells PSU x domain x enumerator."""
    cells, base = worked.cells, parts.base
    weight = sums(base, cells.weight, parts.whole.size)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = (cells.value - mean[base] * cells.weight) / weight[base]
    return np.where(cells.n > 0, found, 0.0) * parts.factor[base][:, None]


def crossed(
    worked: Worked,
    psus: Psus,
    scores: Floats,
    parts: Parts,
    spread: Floats,
    *,
    rho: float = RHO,
    lonely: Lonely = "fail",
) -> Crossed:
    """Variances of estimates whose scores are (C, K); `spread` (J, K) is that of their answers.

    `psus` are those of the design, with the strata that the variance over sessions uses.

    Raises
    ------
    DesignError
        Where rho lies outside [0, 1).
    LonelyPSUError
        Where `lonely` is `fail` and a stratum with interviews has a single PSU.
    """
    check_rho(rho)
    cells, group, size = worked.cells, parts.group, parts.size
    people = int(worked.who.max(initial=0)) + 1
    people_of, person = np.unique(group * people + worked.who, return_inverse=True)
    by = people_of // people
    answered = sums(person, cells.n, people_of.size) > 0
    sessions = sums(person, (cells.n > 0).astype(np.float64), people_of.size)
    enumerators = sums(by, answered.astype(np.float64), size)
    rotated = sums(by, (sessions >= 2).astype(np.float64), size)
    own = sums(person, _centred(worked, psus, scores, parts), people_of.size)
    left = comparable(worked, psus, parts)[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        v_enumerator = sums(by, own**2, size) * enumerators / (enumerators - 1)
        raised = v_enumerator * np.maximum((1 - 1 / enumerators) / left, 1.0)
    session = _products(worked, psus, scores, parts, lonely)
    both = _products(worked, psus, scores, parts, lonely, split=True)
    declared = rho * spread * unseen(worked, psus, cells.weight, parts, lonely)
    compared = enumerators * left
    few = (rotated < ROTATED) | (compared < COMPARED)
    enough = (rotated >= ENOUGH) & (compared >= ENOUGH_COMPARED)
    with np.errstate(invalid="ignore"):
        total = np.fmax(np.fmax(session + raised - both, session), raised)
        assumed = few | (~enough & (total < session + declared))
    known = enumerators > 0
    found = np.where(assumed, session + declared, total)
    return Crossed(
        np.where(known, found, np.nan), np.where(known, session, np.nan), v_enumerator, both,
        enumerators, rotated, compared, np.where(known, declared, np.nan), assumed & known,
    )  # fmt: skip


def _centred(worked: Worked, psus: Psus, scores: Floats, parts: Parts) -> Floats:
    """Scores less their session's part of the stratum's mean, shared by weight."""
    cells, bases = worked.cells, max(parts.whole.size, 1)
    strata, pair = np.unique(psus.stratum[cells.psu] * bases + parts.base, return_inverse=True)
    drawn = psus.drawn[strata // bases][:, None]
    # With one PSU in a stratum there is no mean to take off: it would take all.
    mean = np.where(drawn == 1, 0.0, sums(pair, scores, strata.size) / drawn)
    _, session = np.unique(cells.psu * bases + parts.base, return_inverse=True)
    weight = sums(session, cells.weight, int(session.max(initial=-1)) + 1)[session]
    share = np.where(weight > 0, cells.weight / np.where(weight > 0, weight, 1.0), 0.0)
    return np.asarray(scores - mean[pair] * share, dtype=np.float64)


def _products(
    worked: Worked, psus: Psus, scores: Floats, parts: Parts, lonely: Lonely, split: bool = False
) -> Floats:
    """(J, K) variance over sessions; with `split`, over sessions x enumerators.

    Every session x enumerator is then a PSU of the session's stratum; sessions without interviews
    stay as one.
    """
    at, over = worked.cells.psu, psus
    if split:
        people = int(worked.who.max(initial=0)) + 1
        of_cell = at * people + worked.who
        done = np.unique(of_cell)
        silent = np.setdiff1d(np.arange(len(psus.names)), done // people)
        keys = np.sort(np.concatenate([done, silent * people]))
        stratum = psus.stratum[keys // people]
        drawn = np.bincount(stratum, minlength=len(psus.strata))
        # The share of the window that was worked is the sessions', not that of their halves.
        with np.errstate(invalid="ignore"):
            ratio = np.where(psus.drawn > 0, drawn / np.maximum(psus.drawn, 1), 1.0)
        over = Psus(tuple(map(str, keys)), stratum, psus.strata, psus.size * ratio)
        at = np.searchsorted(keys, of_cell)
    size = max(parts.size, 1)
    rows, row = np.unique(at * size + parts.group, return_inverse=True)
    found = scores if rows.size == row.size else sums(row, scores, rows.size)
    if rows.size == row.size:
        found = np.empty_like(scores)
        found[row] = scores
    return stratified_products(over, rows // size, rows % size, parts.size, found, found, lonely)
