r"""Sampling variances smoothed across units, for models that take them as known.

A variance from six sessions is known to a factor of two or so, and one of 0 (nobody, or everybody,
said yes) is no variance at all. Over many units the same measure has much the same design effect
for clustering. That is what is borrowed (a generalised variance function; Wolter 2007, ch. 7):

.. math:: V_d = S_d^2 / \mathrm{kish}_d \cdot (1 + (b_d - 1) \rho_k),

with kish_d = (sum w)^2 / sum w^2, b_d = sum n_g^2 / sum n_g the interviews of a session as an
interview sees them, and rho_k the correlation within sessions, one number for each measure,
estimated from all units by least squares with their degrees of freedom as weights.
"""

from dataclasses import dataclass

import numpy as np

from analysis.design import Floats
from analysis.moments import sums
from analysis.variance import Means
from analysis.workloads import spread_of


@dataclass(frozen=True, eq=False)
class Smoothed:
    """Smoothed variances of D units and K measures; arrays are (D, K) but `rho`, (K,).

    `n_eff` is the effective number of interviews, `spread` the smoothed variance of the answers
    and `variance` the one over the other, in the square of the measure's unit. `df` is what
    `rho` stands on: the degrees of freedom of all units together.
    """

    rho: Floats
    df: Floats
    n_eff: Floats
    spread: Floats
    variance: Floats


def smooth(means: Means, found: Floats) -> Smoothed:
    """Smooth the variances `found` (D, K) of the means.

    A rho below 0 becomes 0: too few sessions make it, and a variance below that of a simple
    random sample would be believed. Units of one session add nothing to rho, but have smoothed
    variances all the same. NaN where nobody answered, and everywhere where no unit has degrees
    of freedom.
    """
    m, size = means.moments, len(means.moments.domains)
    with np.errstate(invalid="ignore", divide="ignore"):
        session = sums(m.domain, m.n**2, size) / means.n
        # The spread is over n; in a sample of equal weights kish is n.
        corrected = spread_of(means) * np.where(
            means.kish > 1, means.kish / (means.kish - 1), np.nan
        )
        ratio = found * means.kish / corrected
    usable = (corrected > 0) & np.isfinite(ratio) & (means.df >= 1) & (session > 1)
    weight = np.where(usable, means.df, 0.0)
    excess = np.where(usable, session - 1, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        rho = (weight * excess * np.where(usable, ratio - 1, 0)).sum(axis=0) / (
            weight * excess**2
        ).sum(axis=0)
        rho = np.clip(rho, 0.0, 1.0)
        n_eff = means.kish / (1 + np.maximum(session - 1, 0) * rho)
        spread = _spreads(corrected, means.kish)
        variance = spread / n_eff
    known = means.n > 0
    return Smoothed(
        rho, weight.sum(axis=0), np.where(known, n_eff, np.nan), np.where(known, spread, np.nan),
        np.where(known, variance, np.nan),
    )  # fmt: skip


def _spreads(corrected: Floats, kish: Floats) -> Floats:
    """Spreads drawn to their mean, as far as they differ no more than chance makes them.

    The logarithm of a variance of n answers has the variance 2 / (n - 1) or so; what units differ
    by beyond that is their own (empirical Bayes). The mean is that of the variances themselves,
    so that nothing is lost where all are drawn together.
    """
    known = np.isfinite(corrected) & (corrected > 0)
    df = np.where(known, np.maximum(kish - 1, 0), 0.0)
    own = np.where(known, corrected, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (df * own).sum(axis=0) / df.sum(axis=0)
        logs = np.where(known, np.log(np.where(known, corrected, 1.0) / mean), 0.0)
        chance = 2 / df
        middle = (df * logs).sum(axis=0) / df.sum(axis=0)
        away = np.where(df > 0, df * ((logs - middle) ** 2 - chance), 0.0)
        differ = np.maximum(away.sum(axis=0) / df.sum(axis=0), 0.0)
        kept = np.where(df > 0, differ / (differ + chance), 0.0)
        return np.asarray(mean * np.exp(kept * logs), dtype=np.float64)
