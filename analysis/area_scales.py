r"""Between the scale of a measure and the one on which areas are modelled.

A share p is modelled as z = arcsin sqrt(p), whose sampling variance 1 / (4 n_eff) does not depend
on p, so that a unit where nobody said yes has one too. With x = p n_eff, z of (x + 1/4) / (n_eff +
1/2) is free of bias up to 1/n (Anscombe 1948, Biometrika, 35, 246-254, with the constant for the
mean). The way back takes the mean of sin^2 over the normal distribution that the model leaves,

.. math:: E \sin^2 z = (1 - e^{-2v} \cos 2z) / 2,

not sin^2 of the mean, which would draw shares to the ends (Sugasawa and Kubokawa 2017,
Computational Statistics & Data Analysis, 114, 47-60). Means stay as they are.
"""

import numpy as np
from numpy.typing import NDArray

from analysis.design import Floats
from analysis.intervals import Interval, quantile
from analysis.precision import Scale
from analysis.smoothed import Smoothed

Claims = NDArray[np.bool_]

ENDS = (0.0, np.pi / 2)
STEPS = 40
NEAR = 1e-12
"""Share of the scale to which the benchmark is met."""


def to_model(value: Floats, smoothed: Smoothed, share: Claims) -> tuple[Floats, Floats]:
    """(D, K) direct estimates and their variances on the scale of the model; `share` is (K,)."""
    n = smoothed.n_eff
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.arcsin(np.sqrt(np.clip((value * n + 0.25) / (n + 0.5), 0, 1)))
        psi = 1 / (4 * n)
    y, variance = np.where(share, z, value), np.where(share, psi, smoothed.variance)
    # Where no unit's answers differ at all there is nothing to model.
    return y, np.where(variance > 0, variance, np.nan)


def mean_of(z: Floats, v: Floats, share: Claims) -> Floats:
    """Mean in the unit of the measure, of N(z, v) on the scale of the model."""
    return np.where(share, (1 - np.exp(-2 * v) * np.cos(2 * z)) / 2, z)


def variance_of(z: Floats, v: Floats, share: Claims) -> Floats:
    """Variance in the unit of the measure, of N(z, v) on the scale of the model."""
    cosine = (1 + np.exp(-8 * v) * np.cos(4 * z)) / 2 - np.exp(-4 * v) * np.cos(2 * z) ** 2
    return np.where(share, np.maximum(cosine, 0) / 4, v)


def inside(z: Floats, share: Claims) -> Floats:
    """Values on the scale of the model, brought to its ends where they lie beyond."""
    return np.where(share, np.clip(z, *ENDS), z)


def value_of(z: Floats, share: Claims) -> Floats:
    """The plain value of a point of the scale of the model, for the ends of intervals."""
    return np.where(share, np.sin(inside(z, share)) ** 2, z)


def interval(
    z: Floats, mse: Floats, df: Floats, share: Claims, scale: Scale, level: float
) -> Interval:
    """(D, K) ends in the unit of the measure, within its scale; `df` (K,) of Student's t."""
    reach = quantile(level, df) * np.sqrt(mse)
    low, high = (value_of(z + sign * reach, share) for sign in (-1, 1))
    return np.maximum(low, scale.low), np.minimum(high, scale.high)


def shift_to(
    z: Floats, v: Floats, mse: Floats, weight: Floats, target: Floats, share: Claims
) -> Floats:
    """(D, K) what to add to z so that the weighted mean of the areas is the target.

    Areas move by their weight times their mean squared error: what is well known hardly moves
    (Wang, Fuller and Qu 2008, Survey Methodology, 34, 29-36). `weight` is (D, K) and adds up to
    1 over the areas, 0 where an area has no part; `target` is (K,). NaN for measures where no
    shift meets it.
    """
    along = np.where(weight > 0, weight * mse, 0.0)
    z, v = (np.where(weight > 0, a, 0.0) for a in (z, v))
    width = np.where(share, 1.0, np.maximum(np.abs(target), 1e-300))
    factor = np.zeros(target.shape)
    gap = np.zeros(target.shape)
    for _ in range(STEPS):
        at = inside(z + factor * along, share)
        gap = (weight * mean_of(at, v, share)).sum(axis=0) - target
        if (np.abs(gap) <= NEAR * width).all():
            break
        slope = np.where(share, np.exp(-2 * v) * np.sin(2 * at), 1.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            step = gap / (weight * along * slope).sum(axis=0)
        factor = factor - np.where(np.isfinite(step), step, 0.0)
    met = np.abs(gap) <= 1e3 * NEAR * width
    moved = inside(z + factor * along, share) - z
    return np.where(weight > 0, np.where(met, moved, np.nan), np.nan)
