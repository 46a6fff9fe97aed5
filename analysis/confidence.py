"""The place of a unit against a threshold, with the probability that it really is there.

A hierarchical normal model over the units: their true values scatter around a common mean, the
estimates scatter around them with the sampling variance pooled over all sessions. The
between-unit spread is averaged over, not plugged in: with six units a plug-in says "certain" far
too often (docs/method_standing.md has the simulation).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, stdtr

from analysis.publication import Rules, may_judge

Floats = NDArray[np.float64]

ABOVE, BELOW, UNSURE = "di atas", "di bawah", "belum pasti"

COLUMNS = (
    "domain_type", "domain", "measure_type", "measure", "threshold", "label", "probability_above",
    "state", "reason",
)  # fmt: skip

MINIMUM_UNITS = 3
"""Units from which their spread can be learned; with fewer each stands alone."""

_GRID = 400


def place(
    estimates: pd.DataFrame,
    thresholds: Sequence[tuple[str, str, float, str]],
    rules: Rules,
) -> pd.DataFrame:
    """Probability that each unit's true value is at or above each threshold.

    Parameters
    ----------
    estimates
        The raw table of estimates.
    thresholds
        (measure_type, measure, value, label), value in the unit of the measure.
    rules
        `bar` is the probability that a state must have; the rest says who may be judged.

    Returns
    -------
    DataFrame
        Columns of `standings` in docs/architecture.md. Units that may be judged use the pooled
        model where there are three of them or more; where there are fewer, and for the city,
        Student's t with their own standard error. Rows that may not be judged have no part in the
        model, NaN, an empty state and the reason codes of their estimate.
    """
    rows = []
    for measure_type, measure, value, label in thresholds:
        chosen = (estimates["measure_type"] == measure_type) & (estimates["measure"] == measure)
        own = estimates[chosen & (estimates["category"] == "")].reset_index(drop=True)
        judged = np.array(
            [may_judge(row, rules) and row["se"] > 0 for _, row in own.iterrows()], dtype=bool
        )
        above = _probabilities(own, judged, value)
        for row, p in zip((row for _, row in own.iterrows()), above.tolist(), strict=True):
            rows.append(
                (row["domain_type"], row["domain"], measure_type, measure, value, label, p,
                 _state(p, rules.bar), row["reason"] if np.isnan(p) else "")
            )  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))


def pooled_variances(se: Floats, df: Floats, n_psu: Floats) -> Floats:
    """Sampling variances of units as if all sessions varied alike, (U,).

    The variance of one session, se^2 times the unit's number of sessions, is pooled over units by
    degrees of freedom; each unit's own number of sessions brings it back.
    """
    return np.asarray((df * se**2 * n_psu).sum() / df.sum() / n_psu, dtype=np.float64)


def probability_above(value: Floats, variance: Floats, threshold: float) -> Floats:
    """Posterior probability, (U,), that a unit's true value is at or above the threshold.

    Flat priors on the mean of the units and on their standard deviation (Gelman 2006, Bayesian
    Analysis 1:515-533), integrated on a grid; given both, a unit's posterior is normal (Rubin
    1981). Takes three units or more.
    """
    widest = 5 * (np.std(value, ddof=1) + np.sqrt(variance.mean()))
    spread = (np.arange(_GRID) + 0.5)[:, None] / _GRID * widest
    total = variance + spread**2
    weight = 1 / total
    mean_variance = 1 / weight.sum(axis=1, keepdims=True)
    mean = (weight * value).sum(axis=1, keepdims=True) * mean_variance
    fit = ((value - mean) ** 2 / total + np.log(total)).sum(axis=1, keepdims=True)
    log_density = 0.5 * (np.log(mean_variance) - fit)
    density = np.exp(log_density - log_density.max())
    shrink = spread**2 / total
    center = mean + shrink * (value - mean)
    sd = np.sqrt(shrink * variance + (1 - shrink) ** 2 * mean_variance)
    given = ndtr((center - threshold) / sd)
    return np.asarray((density * given).sum(axis=0) / density.sum(), dtype=np.float64)


def _probabilities(own: pd.DataFrame, judged: NDArray[np.bool_], threshold: float) -> Floats:
    value, se, df, n_psu = (
        own[name].to_numpy(dtype=np.float64) for name in ("value", "se", "df", "n_psu")
    )
    above = np.full(len(own), np.nan)
    above[judged] = stdtr(df[judged], (value[judged] - threshold) / se[judged])
    unit = judged & (own["domain_type"] == "unit").to_numpy()
    if unit.sum() >= MINIMUM_UNITS:
        variance = pooled_variances(se[unit], df[unit], n_psu[unit])
        above[unit] = probability_above(value[unit], variance, threshold)
    return above


def _state(probability: float, bar: float) -> str:
    if np.isnan(probability):
        return ""
    if probability >= bar:
        return ABOVE
    return BELOW if probability <= 1 - bar else UNSURE
