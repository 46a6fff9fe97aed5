r"""Variance with two clusterings that cross: sessions and enumerators.

An enumerator who smiles gets other answers, in every session he works. Taking sessions as the only
PSUs misses what he carries from one to the next. With V_s the design's variance over sessions,
V_e the variance over enumerators and V_se that over their intersections (Cameron, Gelbach and
Miller 2011, Journal of Business & Economic Statistics, 29, 238-249),

.. math:: V = \max(V_s + V_e - V_{se},\; V_s,\; V_e).

The maximum is the fix for what the difference can become: it is never negative, and never below
what one of the two clusterings alone says (MacKinnon, Nielsen and Webb 2024). Where a domain has
fewer than three rotated enumerators (with answers from two of its sessions at least), their effect
cannot be told from the sessions'. V_s is then multiplied by deff_int = 1 + (m - 1) rho, m the
mean workload as an interview sees it (Kish 1962). From three to seven can tell of it, but often by
chance too little (measured: docs/method_estimators.md), and the same product is the least that V
may be. rho = 0.03 is an assumption and is marked wherever it decides.

Kish, L. (1962). Studies of interviewer variance for attitudinal variables. JASA, 57, 92-115.
West, B. T. and Blom, A. G. (2017). Explaining interviewer effects: a research synthesis. Journal of
Survey Statistics and Methodology, 5, 175-211.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis import columns, variance
from analysis.design import Coded, Codes, Floats, Psus
from analysis.errors import DesignError
from analysis.measures import Measure
from analysis.moments import Moments, psu_moments, sums
from analysis.variance import Lonely, Means, stratified_products

RHO = 0.03
"""Intra-enumerator correlation that is assumed where it cannot be estimated."""
ROTATED = 3
"""Enumerators, each with two sessions at least, from which it can be."""
ENOUGH = 8
"""... and from which it needs no lower bound."""
ASSUMED = "rho_assumed"
"""Reason code of an estimate whose variance rests on the declared rho."""


@dataclass(frozen=True, eq=False)
class TwoWay:
    """Variances of D domains and K measures with enumerators counted; arrays are (D, K).

    `variance` is the one to use, with `df`. `session`, `enumerator` and `both` are its parts;
    `enumerators` counts those with answers, `rotated` those with answers from two sessions or
    more. `deff_int` is what the declared rho makes of the workload. Where `assumed`, `variance` is
    `session` times `deff_int`, for want of enumerators or because they seem to differ less.
    """

    means: Means
    variance: Floats
    df: Floats
    session: Floats
    enumerator: Floats
    both: Floats
    enumerators: Floats
    rotated: Floats
    assumed: NDArray[np.bool_]
    deff_int: Floats


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
    strata is not laid to those who worked there. Degrees of freedom: with E = V - V_s what the
    enumerators add, Satterthwaite's V²/(V_s²/df_s + E²/(enumerators - 1)); those of the sessions
    where fewer than three rotated.

    Raises
    ------
    DesignError
        Where the column is absent or blank in some rows, or rho lies outside [0, 1).
    LonelyPSUError
        From `variance.variances`.
    """
    if not 0 <= rho < 1:
        raise DesignError(
            f"rho = {rho:g} is no intra-enumerator correlation; it lies between 0 and 1, mostly "
            "under 0.1. Correct it under [design] in study.toml."
        )
    if enumerator not in frame.columns:
        raise DesignError(
            f"The interviews have no column {enumerator}, so nobody knows who asked. Add the "
            "enumerator's code, or leave this variance out."
        )
    _, who = np.unique(columns.texts(frame, enumerator, "enumerator"), return_inverse=True)
    people = int(who.max(initial=0)) + 1
    pairs, pair = np.unique(coded.domain * people + who[coded.order], return_inverse=True)
    split = replace(coded, domain=np.asarray(pair), domains=tuple(map(str, pairs)))
    cells = psu_moments(split, measures)
    means = variance.domain_means(psu_moments(coded, measures))
    session = variance.variances(means, lonely)
    size, domain = len(coded.domains), pairs // people
    of_cell = domain[cells.domain]
    scores = _scores(cells, means, of_cell)
    n = sums(cells.domain, cells.n, pairs.size)
    sessions = sums(cells.domain, (cells.n > 0).astype(np.float64), pairs.size)
    enumerators = sums(domain, (n > 0).astype(np.float64), size)
    rotated = sums(domain, (sessions >= 2).astype(np.float64), size)
    own = sums(cells.domain, _centred(cells, scores, of_cell, size), pairs.size)
    with np.errstate(invalid="ignore", divide="ignore"):
        v_enumerator = sums(domain, own**2, size) * enumerators / (enumerators - 1)
        workload = sums(domain, n**2, size) / sums(domain, n, size)
    both = _crossed(cells, scores, pairs % people, of_cell, size, lonely)
    deff = 1 + (np.maximum(workload, 1) - 1) * rho
    few = rotated < ROTATED
    with np.errstate(invalid="ignore", divide="ignore"):
        crossed = np.fmax(np.fmax(session + v_enumerator - both, session), v_enumerator)
        assumed = few | ((rotated < ENOUGH) & (crossed < session * deff))
        found = np.where(assumed, session * deff, crossed)
        added = np.maximum(found - session, 0.0)
        df = found**2 / (session**2 / means.df + added**2 / (enumerators - 1))
    df = np.where(few | (added == 0), means.df, df)
    known = means.n > 0
    return TwoWay(
        means, np.where(known, found, np.nan), df, session, v_enumerator, both,
        enumerators, rotated, assumed & known, np.where(known, deff, np.nan),
    )  # fmt: skip


def _scores(cells: Moments, means: Means, domain: Codes) -> Floats:
    """(C, K) scores of the domain's mean, for cells PSU x domain x enumerator."""
    m = means.moments
    weight = sums(m.domain, m.weight, len(m.domains))
    with np.errstate(invalid="ignore", divide="ignore"):
        found = (cells.value - means.value[domain] * cells.weight) / weight[domain]
    return np.where(cells.n > 0, found, 0.0)


def _centred(cells: Moments, scores: Floats, domain: Codes, size: int) -> Floats:
    """Scores less their session's part of the stratum's mean, shared by weight."""
    psus = cells.psus
    strata, pair = np.unique(psus.stratum[cells.psu] * size + domain, return_inverse=True)
    drawn = psus.drawn[strata // max(size, 1)][:, None]
    # With one PSU in a stratum there is no mean to take off: it would take all.
    mean = np.where(drawn == 1, 0.0, sums(pair, scores, strata.size) / drawn)
    _, session = np.unique(cells.psu * size + domain, return_inverse=True)
    weight = sums(session, cells.weight, int(session.max(initial=-1)) + 1)[session]
    share = np.divide(cells.weight, weight, out=np.zeros_like(weight), where=weight > 0)
    return np.asarray(scores - mean[pair] * share, dtype=np.float64)


def _crossed(
    cells: Moments, scores: Floats, who: Codes, domain: Codes, size: int, lonely: Lonely
) -> Floats:
    """(D, K) variance with every session x enumerator as a PSU of the session's stratum.

    `who` is the enumerator of each domain of `cells`; sessions without interviews stay as one.
    """
    psus, people = cells.psus, int(who.max(initial=0)) + 1
    of_cell = cells.psu * people + who[cells.domain]
    worked = np.unique(of_cell)
    silent = np.setdiff1d(np.arange(len(psus.names)), worked // people)
    keys = np.sort(np.concatenate([worked, silent * people]))
    stratum = psus.stratum[keys // people]
    drawn = np.bincount(stratum, minlength=len(psus.strata))
    # The share of the window that was worked is the sessions', not that of their halves.
    crossed = Psus(tuple(map(str, keys)), stratum, psus.strata, psus.size * drawn / psus.drawn)
    at = np.searchsorted(keys, of_cell)
    return stratified_products(crossed, at, domain, size, scores, scores, lonely)
