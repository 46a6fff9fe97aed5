"""Linear combinations of estimates: between domains, measures and estimators of one sample.

All that is compared shares the sample, and its scores carry every covariance. Two waves are
`analysis.waves`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from analysis.design import Codes, Floats, Psus
from analysis.errors import DesignError
from analysis.variance import Lonely, Means, stratified_products

Cell = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Contrasts:
    """Q linear combinations: `value` (Q,), `covariance` (Q, Q), degrees of freedom, and their test.

    `statistic` is Wald's F with `q` and `df` degrees of freedom, for the hypothesis that all are
    0; it is NaN where their covariance has no inverse.
    """

    value: Floats
    covariance: Floats
    df: float
    q: int
    statistic: float
    p: float


def covariances(means: Means, cells: Sequence[Cell], lonely: Lonely = "fail") -> Floats:
    """(M, M) covariance matrix of M estimates, each named by (domain, measure) position."""
    return _products(means, [{cell: 1.0} for cell in cells], lonely)


def side_by_side(*estimates: Means) -> Means:
    """Several estimators of the same cells as one, measures after measures, to contrast them.

    Raises
    ------
    DesignError
        Where they were not made from the sums of the same PSUs and domains.
    """
    first = estimates[0].moments
    for other in estimates[1:]:
        m = other.moments
        if not (
            m.psus is first.psus
            and m.domains == first.domains
            and np.array_equal(m.psu, first.psu)
            and np.array_equal(m.domain, first.domain)
        ):
            raise DesignError(
                "Estimates of different samples or domains cannot stand side by side; their "
                "covariance is not in the sums. Make them from one psu_moments, or compare waves "
                "with waves.change."
            )

    def columns(name: str) -> Floats:
        return np.concatenate([getattr(e, name) for e in estimates], axis=1)

    def together(name: str) -> Floats:
        return np.concatenate([getattr(e.moments, name) for e in estimates], axis=1)

    moments = replace(
        first, n=together("n"), weight=together("weight"), weight2=together("weight2"),
        value=together("value"), square=together("square"),
    )  # fmt: skip
    return Means(moments, *(columns(name) for name in (
        "value", "scores", "n", "n_psu", "df", "kish", "spread"
    )))  # fmt: skip


def contrasts(
    means: Means, coefficients: Sequence[Mapping[Cell, float]], lonely: Lonely = "fail"
) -> Contrasts:
    """Q linear combinations with their covariances, and Wald's test that all are 0.

    Each maps (domain, measure) positions to factors. Degrees of freedom are those of all cells
    together: PSUs that hold answers of one, less their strata, as in R's `regTermTest`.
    """
    value = np.array(
        [sum(c * float(means.value[cell]) for cell, c in row.items()) for row in coefficients]
    )
    covariance = _products(means, coefficients, lonely)
    m, cells = means.moments, {cell for row in coefficients for cell in row}
    held = np.zeros(m.psu.size, dtype=np.bool_)
    for domain, k in cells:
        held |= (m.domain == domain) & (m.n[:, k] > 0)
    psu = np.unique(m.psu[held])
    df = float(psu.size - np.unique(m.psus.stratum[psu]).size)
    statistic, p = wald(value, covariance, df)
    return Contrasts(value, covariance, df, value.size, statistic, p)


def wald(value: Floats, covariance: Floats, df: float) -> tuple[float, float]:
    """F and p of the hypothesis that all Q values are 0; NaN where it cannot be tested.

    It cannot with more values than degrees of freedom, nor where the values depend on each other
    (all shares of a question, which add up to 1).
    """
    q = value.size
    spread = np.sqrt(np.diag(covariance))
    if df < 1 or q > df or not (np.isfinite(covariance).all() and (spread > 0).all()):
        return float("nan"), float("nan")
    scaled = covariance / np.outer(spread, spread)
    if np.linalg.cond(scaled) > 1e12:
        return float("nan"), float("nan")
    z = value / spread
    statistic = float(z @ np.linalg.solve(scaled, z)) / q
    return statistic, float(stats.f.sf(statistic, q, df))


def _products(means: Means, rows: Sequence[Mapping[Cell, float]], lonely: Lonely) -> Floats:
    """(Q, Q) covariances, over the PSUs that hold one of the domains."""
    m, size = means.moments, len(rows)
    scores = np.zeros((len(m.psus.names), size))
    for column, row in enumerate(rows):
        for (domain, k), factor in row.items():
            own = m.domain == domain
            scores[m.psu[own], column] += factor * means.scores[own, k]
    psu = np.unique(m.psu[np.isin(m.domain, [domain for row in rows for domain, _ in row])])
    return covariance_of(m.psus, psu, scores[psu], lonely)


def covariance_of(psus: Psus, psu: Codes, scores: Floats, lonely: Lonely = "fail") -> Floats:
    """(Q, Q) covariance matrix of Q estimates from their scores (R, Q) in the PSUs `psu` (R,)."""
    size = scores.shape[1]
    upper = np.triu_indices(size)
    found = stratified_products(
        psus, psu, np.zeros_like(psu), 1, scores[:, upper[0]], scores[:, upper[1]], lonely
    )
    out = np.empty((size, size))
    out[upper] = out[upper[::-1]] = found[0]
    return out
