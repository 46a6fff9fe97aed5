r"""How far a unit lies from the others of its kind, drawn together as far as chance explains it.

The hierarchical model of `analysis.confidence`: estimate :math:`y_d \sim N(\theta_d, v_d)`, true
values :math:`\theta_d \sim N(\mu, \tau^2)`, flat priors on :math:`\mu` and :math:`\tau`, averaged
over a grid of :math:`\tau`. What is asked is the gap :math:`\theta_d - \bar\theta_{-d}` to the mean
of the others. Given :math:`\tau` it is normal; with :math:`g_d = \tau^2/(v_d+\tau^2)`,

.. math:: m_d = g_d y_d + (1-g_d)\hat\mu, \qquad
          C_{de} = g_d v_d [d=e] + (1-g_d)(1-g_e) V_{\hat\mu}.

Where units differ by no more than chance the gaps shrink to 0, and so do claims about them.
Rubin 1981, Journal of Educational Statistics 6:377-401; Gelman 2006, Bayesian Analysis 1:515-533.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from analysis.design import Floats

LEAST_UNITS = 3
"""Units of a kind from which their spread can be learned, the own one with them."""

_GRID = 120
_STEPS = 32


@dataclass(frozen=True, eq=False)
class PeerGaps:
    """Shrunken gaps of D units; every array is (D,), in the unit of the measure.

    `p` is twice the smaller of the probabilities that the gap is below and above 0.
    """

    gap: Floats
    sd: Floats
    low: Floats
    high: Floats
    p: Floats


def peer_gaps(value: Floats, variance: Floats, level: float = 0.95) -> PeerGaps:
    """Gap of each unit to the mean of the others of its kind.

    Parameters
    ----------
    value, variance : (D,) float
        Estimates and sampling variances (`confidence.pooled_variances`) of independent units;
        three or more.
    level
        Probability that the interval holds; its ends are quantiles of the posterior.

    Raises
    ------
    ValueError
        With fewer than `LEAST_UNITS`: nothing then says how much units differ.
    """
    size = value.size
    if size < LEAST_UNITS:
        raise ValueError(f"{size} units; their spread is learned from {LEAST_UNITS} or more")
    widest = 5 * (np.std(value, ddof=1) + np.sqrt(variance.mean()))
    spread = (np.arange(_GRID) + 0.5)[:, None] / _GRID * widest
    total = variance + spread**2
    weight = 1 / total
    of_mean = 1 / weight.sum(axis=1, keepdims=True)
    mean = (weight * value).sum(axis=1, keepdims=True) * of_mean
    fit = ((value - mean) ** 2 / total + np.log(total)).sum(axis=1, keepdims=True)
    log_density = 0.5 * (np.log(of_mean) - fit)
    density = np.exp(log_density - log_density.max())
    density = density / density.sum()
    kept = spread**2 / total
    center = kept * value + (1 - kept) * mean
    gap = (size * center - center.sum(axis=1, keepdims=True)) / (size - 1)
    own, lean = kept * variance, 1 - kept
    others = own.sum(axis=1, keepdims=True) - own
    side = lean - (lean.sum(axis=1, keepdims=True) - lean) / (size - 1)
    sd = np.sqrt(own + others / (size - 1) ** 2 + of_mean * side**2)
    at = (density * gap).sum(axis=0)
    whole = np.sqrt((density * (sd**2 + (gap - at) ** 2)).sum(axis=0))
    below = (density * ndtr(-gap / sd)).sum(axis=0)
    tail = (1 - level) / 2
    return PeerGaps(
        at, whole, _quantile(tail, density, gap, sd), _quantile(1 - tail, density, gap, sd),
        np.minimum(2 * np.minimum(below, 1 - below), 1.0),
    )  # fmt: skip


def _quantile(share: float, density: Floats, center: Floats, sd: Floats) -> Floats:
    """(D,) quantile of the mixture of normals, by bisection."""
    reach = max(-float(ndtri(share)), float(ndtri(share))) + 2
    low = (center - reach * sd).min(axis=0)
    high = (center + reach * sd).max(axis=0)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        less = (density * ndtr((middle - center) / sd)).sum(axis=0) < share
        low, high = np.where(less, middle, low), np.where(less, high, middle)
    return np.asarray((low + high) / 2, dtype=np.float64)
