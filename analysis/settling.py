r"""How many sessions settle on which side of a line a unit lies, in the model that says so.

`analysis.confidence` draws a unit towards the others as far as these are alike. What the others say
of it stays as it is, whatever the number of its own sessions: given the spread :math:`\tau`, its
true value has the prior :math:`N(\hat\mu, V_{\hat\mu} + \tau^2)`, with the density of :math:`\tau`
that the others leave. So the estimate from which the posterior reaches the bar is found once, and
the probability to come beyond it is the power. A unit whose others lie across the line needs more
sessions than Student's t would say, and one whose others lie on its own side fewer.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from analysis.design import Floats
from analysis.sessions_needed import MOST, POWER, PerSession, chances, first_enough

_GRID = 64
_STEPS = 26
_POINTS = 9


@dataclass(frozen=True, eq=False)
class Others:
    """What the other units say of one: by spread (G,), its density, prior mean and variance."""

    density: Floats
    mean: Floats
    variance: Floats


def others(value: Floats, variance: Floats) -> Others:
    """Read the other units, two or more: estimates and sampling variances, both (U,)."""
    widest = 5 * (np.std(value, ddof=1) + np.sqrt(variance.mean()))
    spread = (np.arange(_GRID) + 0.5)[:, None] / _GRID * widest
    total = variance + spread**2
    weight = 1 / total
    of_mean = 1 / weight.sum(axis=1)
    mean = (weight * value).sum(axis=1) * of_mean
    fit = ((value - mean[:, None]) ** 2 / total + np.log(total)).sum(axis=1)
    log_density = 0.5 * (np.log(of_mean) - fit)
    density = np.exp(log_density - log_density.max())
    return Others(density / density.sum(), mean, of_mean + spread[:, 0] ** 2)


def above(prior: Others, estimate: Floats, variance: Floats, threshold: float) -> Floats:
    """(Q,) probability that the true value is at or above the line, of estimates (Q,)."""
    y, v = estimate[:, None], variance[:, None]
    total = v + prior.variance
    kept = prior.variance / total
    log_density = np.log(prior.density + 1e-300) - 0.5 * (
        (y - prior.mean) ** 2 / total + np.log(total)
    )
    density = np.exp(log_density - log_density.max(axis=1, keepdims=True))
    center = prior.mean + kept * (y - prior.mean)
    given = ndtr((center - threshold) / np.sqrt(kept * v))
    return np.asarray((density * given).sum(axis=1) / density.sum(axis=1), dtype=np.float64)


def settled(
    prior: Others, per: PerSession, sessions: int, truth: float, threshold: float, bar: float
) -> float:
    """Probability that `sessions` put a unit of that true value on its side of the line."""
    left = 1 / per.blocks if per.fpc else 0.0
    variance = per.enumerators + per.variance * chances(per.df, _POINTS) * max(
        1 / sessions - left, 1e-12
    )
    side = 1.0 if truth >= threshold else -1.0
    reach = 12 * np.sqrt(variance.max() + float(prior.variance.max()))
    low = np.full(variance.size, min(threshold, truth, float(prior.mean.min())) - reach)
    high = np.full(variance.size, max(threshold, truth, float(prior.mean.max())) + reach)
    wanted = bar if side > 0 else 1 - bar
    for _ in range(_STEPS):
        middle = (low + high) / 2
        less = above(prior, middle, variance, threshold) < wanted
        low, high = np.where(less, middle, low), np.where(less, high, middle)
    edge = (low + high) / 2
    return float(ndtr(side * (truth - edge) / np.sqrt(variance)).mean())


def sessions_to_settle(
    prior: Others,
    per: PerSession,
    truth: float,
    threshold: float,
    *,
    bar: float,
    power_wanted: float = POWER,
    least: int = 2,
    most: int = MOST,
) -> int | None:
    """Sessions in all that settle the side of a unit whose true value is `truth`.

    None where `most` do not. The others stay as they are; `bar` is the probability that a state
    must have.
    """

    def enough(m: int) -> bool:
        return settled(prior, per, m, truth, threshold, bar) >= power_wanted

    return first_enough(enough, per, least, most)
