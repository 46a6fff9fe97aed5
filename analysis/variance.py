r"""Means of domains, and their variance over the samples the design could have drawn.

The mean of domain d is the ratio of two estimated totals. Its score of PSU g,

.. math:: e_{gd} = (\sum_{i \in gd} w_i y_i - \hat\mu_d \sum_{i \in gd} w_i) / \sum_{i \in d} w_i,

carries everything: variances, covariances between any two domains and measures, contrasts. PSUs
are taken as drawn with replacement within strata, less the finite population correction where
one is given. A PSU without a member of the domain scores 0 and stays: dropping it would drop a
draw that was made.

Binder, D. A. (1983). On the variances of asymptotically normal estimators from complex surveys.
International Statistical Review, 51, 279-292.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analysis.design import Codes, Floats, Psus
from analysis.errors import LonelyPSUError
from analysis.moments import ROWS, Moments, cells, narrow, sums, sums_of

Lonely = Literal["fail", "certainty", "adjust", "average"]
"""A stratum with one PSU: refuse; count it as drawn with certainty, so that it adds nothing;
centre it at the whole instead of its stratum, which errs on the wide side; or give it the average
variance of the other strata of the domain. Where the PSU is all that the stratum has (fpc = 1),
it is no sample and nothing of this applies."""


@dataclass(frozen=True, eq=False)
class Means:
    """Means of D domains and K measures, with the scores that carry their variance.

    `value`, `n`, `n_psu`, `df`, `kish`, `spread` are (D, K). `value` is NaN where nobody
    answered. `n_psu` counts PSUs with answers, `df` those less the strata they lie in. `kish` is
    (sum w)^2 / sum w^2, `spread` the weighted variance of the answers without a small-sample
    factor. `scores` is (C, K), one row a cell of `moments`.
    """

    moments: Moments
    value: Floats
    scores: Floats
    n: Floats
    n_psu: Floats
    df: Floats
    kish: Floats
    spread: Floats


def domain_means(moments: Moments) -> Means:
    """Weighted mean of every measure in every domain."""
    m, size = moments, len(moments.domains)
    n, weight, weight2, value, square = m.by_domain
    # Sums that all measures share are worked on as one column.
    cell_n, cell_weight = narrow(m.n), narrow(m.weight)
    whole = weight if cell_weight is m.weight else weight[:, :1]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = value / weight
        kish = weight**2 / weight2
        spread = np.maximum(square / weight - mean**2, 0.0)
        scores = _scores(m, mean, whole, cell_weight)
    answered = cell_n > 0
    if not answered.all():
        scores = np.where(answered, scores, 0.0)
    n_psu = sums(m.domain, answered.astype(np.float64), size)
    pairs, pair = _pairs(m.psus.stratum[m.psu], m.domain, size)
    strata = (sums(pair, cell_n, pairs.size) > 0).astype(np.float64)
    df = n_psu - sums(pairs % max(size, 1), strata, size)
    n_psu, df = (np.broadcast_to(narrow(a), mean.shape) for a in (n_psu, df))
    return Means(m, mean, scores, n, n_psu, df, kish, spread)


def _scores(m: Moments, mean: Floats, whole: Floats, weight: Floats) -> Floats:
    """(C, K) scores of cells; `weight` and `whole`, of cells and domains, may be one column."""
    scores = np.empty(m.value.shape)
    for start in range(0, m.domain.size, ROWS):
        rows = slice(start, start + ROWS)
        own, domain = scores[rows], m.domain[rows]
        mean.take(domain, axis=0, out=own, mode="clip")  # the codes are places in `mean`
        own *= weight[rows]
        np.subtract(m.value[rows], own, out=own)
        own /= whole.take(domain, axis=0)
    return scores


def combined(means: Means, parts: Mapping[int, Mapping[int, float]]) -> Means:
    """The same means with composites put in the place of their columns.

    `parts` maps the position of a composite to the positions and factors of what it adds up, in
    an order in which a composite's own composites come first. Value and scores are linear in the
    parts', so the variance holds all their covariances.
    """
    value, scores = means.value.copy(), means.scores.copy()
    for column, factors in parts.items():
        total, score = np.zeros(value.shape[0]), np.zeros(scores.shape[0])
        for part, factor in factors.items():
            total += factor * value[:, part]
            score += factor * scores[:, part]
        value[:, column] = np.where(means.n[:, column] > 0, total, np.nan)
        scores[:, column] = score
    return replace(means, value=value, scores=scores)


def variances(means: Means, lonely: Lonely = "fail") -> Floats:
    """(D, K) variance of every mean, in the square of its unit; NaN where nobody answered.

    Raises
    ------
    LonelyPSUError
        Where `lonely` is `fail` and a stratum with interviews has a single PSU.
    """
    m = means.moments
    found = stratified_products(
        m.psus, m.psu, m.domain, len(m.domains), means.scores, means.scores, lonely
    )
    return np.where(means.n > 0, found, np.nan)


def covariance(
    means: Means, one: tuple[int, int], other: tuple[int, int], lonely: Lonely = "fail"
) -> float:
    """Covariance of two means, each named by (domain, measure) position."""
    a, b = (_psu_scores(means, {pair: 1.0}) for pair in (one, other))
    return float(_whole(means, {one[0], other[0]}, a, b, lonely)[0])


def contrast(
    means: Means, coefficients: Mapping[tuple[int, int], float], lonely: Lonely = "fail"
) -> tuple[float, float]:
    """Value and variance of a linear combination of means, with all their covariances.

    `coefficients` maps (domain, measure) positions to their factor: `{(0, 2): 1, (1, 2): -1}` is
    the difference of two units in the third measure.
    """
    value = sum(c * float(means.value[pair]) for pair, c in coefficients.items())
    scores = _psu_scores(means, coefficients)
    domains = {domain for domain, _ in coefficients}
    return value, float(_whole(means, domains, scores, scores, lonely)[0])


def mean_of_domains(means: Means, lonely: Lonely = "fail") -> tuple[Floats, Floats]:
    """(K,) plain mean of the domains' values, and its variance; NaN where a domain has no value."""
    m, size = means.moments, len(means.moments.domains)
    scores = _of_psus(m, means.scores) / max(size, 1)
    value = means.value.sum(axis=0) / size if size else np.full(means.value.shape[1], np.nan)
    found = _whole(means, set(range(size)), scores, scores, lonely)
    return value, np.where(np.isnan(value), np.nan, found)


def satterthwaite(means: Means, lonely: Lonely = "fail") -> Floats:
    """(K,) degrees of freedom of the variance of the whole, from those of its strata.

    sum(V_h)^2 / sum(V_h^2 / (n_h - 1)), V_h what stratum h adds: where one large unit makes most
    of the variance, its sessions are what it is known from (Satterthwaite 1946). For moments with
    a single domain.
    """
    m = means.moments
    strata = len(m.psus.strata)
    own = stratified_products(
        m.psus, m.psu, m.psus.stratum[m.psu], strata, means.scores, means.scores, lonely
    )
    df = np.maximum(m.psus.drawn - 1, 1).astype(np.float64)[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(own.sum(axis=0) ** 2 / (own**2 / df).sum(axis=0), dtype=np.float64)


def in_lonely_strata(means: Means) -> NDArray[np.bool_]:
    """(D, K) whether a domain has answers in a stratum with a single PSU."""
    m = means.moments
    if not m.psus.lonely.any():
        return np.zeros(means.value.shape, dtype=np.bool_)
    alone = m.psus.lonely[m.psus.stratum[m.psu]][:, None] & (m.n > 0)
    return sums(m.domain, alone.astype(np.float64), len(m.domains)) > 0


def exhausted(means: Means) -> NDArray[np.bool_]:
    """(D, K) whether the design left nothing to sample where a domain has answers.

    All PSUs of its strata were drawn (`fpc`), and of two stages all visitors of each PSU: what was
    found is the population's, and its variance is 0 however the answers differ.
    """
    m = means.moments
    open_stratum = m.psus.remaining > 0
    if open_stratum.all():
        return np.zeros(means.value.shape, dtype=np.bool_)
    left = open_stratum[m.psus.stratum]
    if m.psus.visitors is not None and m.psus.interviews is not None:
        left |= m.psus.interviews < m.psus.visitors
    seen = sums(m.domain, (left[m.psu][:, None] & (m.n > 0)).astype(np.float64), len(m.domains))
    return np.asarray((means.n > 0) & (seen == 0), dtype=np.bool_)


def _psu_scores(means: Means, coefficients: Mapping[tuple[int, int], float]) -> Floats:
    m = means.moments
    total = np.zeros((len(m.psus.names), 1))
    for (domain, measure), factor in coefficients.items():
        own = m.domain == domain
        total[m.psu[own], 0] += factor * means.scores[own, measure]
    return total


def _whole(means: Means, domains: set[int], a: Floats, b: Floats, lonely: Lonely) -> Floats:
    """(K,) covariance of PSU scores (G, K), over the PSUs that hold one of the domains."""
    m = means.moments
    own = np.zeros(max(len(m.domains), 1), dtype=np.bool_)
    own[list(domains)] = True
    psu = np.flatnonzero(np.bincount(m.psu[own[m.domain]], minlength=1))
    if psu.size < a.shape[0]:
        a, b = (rows := a[psu]), (rows if a is b else b[psu])
    found = stratified_products(m.psus, psu, np.zeros_like(psu), 1, a, b, lonely)
    return np.asarray(found[0], dtype=np.float64)


def _of_psus(moments: Moments, scores: Floats) -> Floats:
    """(G, K) sums of the scores of cells (C, K) by PSU."""
    psus = len(moments.psus.names)
    alone = moments.psu.size == psus and bool((np.diff(moments.psu) > 0).all())
    return scores if alone else sums(moments.psu, scores, psus)


def _pairs(stratum: Codes, group: Codes, groups: int) -> tuple[Codes, Codes]:
    pair, of_stratum, of_group = cells(stratum, group, groups)
    return of_stratum * max(groups, 1) + of_group, pair


def stratified_products(
    psus: Psus, psu: Codes, group: Codes, groups: int, a: Floats, b: Floats, lonely: Lonely
) -> Floats:
    """(groups, K) sum over strata of (1-f) n/(n-1) times the centred cross-products of PSU scores.

    `a` and `b` are (R, K), a row for a PSU (`psu`) in a group; PSUs that have no row in a group
    score 0 there and enter with the square of the stratum's mean.
    """
    pairs, pair = _pairs(psus.stratum[psu], group, groups)
    stratum = pairs // max(groups, 1)
    n = psus.drawn[stratum].astype(np.float64)[:, None]
    share = psus.remaining[stratum][:, None]
    alone = (n == 1) & (share > 0)
    if lonely == "fail" and alone.any():
        raise LonelyPSUError([psus.strata[h] or "(the only one)" for h in stratum[alone[:, 0]]])
    absent = n - np.bincount(pair, minlength=pairs.size)[:, None]
    means = []
    for z in (a,) if a is b else (a, b):
        mean = sums(pair, z, pairs.size) / n
        means.append(np.where(n == 1, 0.0, mean) if lonely == "adjust" else mean)

    def products(rows: slice, out: Floats) -> None:
        own = pair[rows]
        means[0].take(own, axis=0, out=out, mode="clip")  # the codes are places in `means`
        np.subtract(a[rows], out, out=out)
        out *= out if a is b else b[rows] - means[-1][own]

    total = sums_of(pair, pairs.size, a.shape[1], products) + absent * means[0] * means[-1]
    factor = np.where(n == 1, 1.0, n / np.maximum(n - 1, 1))
    if lonely in ("certainty", "average"):
        factor = np.where(n == 1, 0.0, factor)
    group_of = pairs % max(groups, 1)
    found = sums(group_of, share * factor * total, groups)
    if lonely == "average" and alone.any():
        every, known = (
            np.bincount(group_of, weights=own, minlength=groups)
            for own in (np.ones(pairs.size), 1.0 - alone[:, 0])
        )
        with np.errstate(invalid="ignore", divide="ignore"):
            found *= np.where(known > 0, every / known, np.nan)[:, None]
    return found
