"""The place of a unit against a threshold, with the probability that it really is there.

A hierarchical normal model over the units: their true values scatter around a common mean, the
estimates scatter around them with the sampling variance pooled over all sessions. The
between-unit spread is averaged over, not plugged in: with six units a plug-in says "certain" far
too often (docs/method_standing.md has the simulation).
"""

from collections.abc import Mapping, Sequence

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
    *,
    units: Sequence[str] = (),
    correlations: Mapping[tuple[str, str], Floats] | None = None,
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
    units, correlations
        Of `estimates.Estimated`: correlations of the `units` where margins of the whole city tie
        them; independent where not given.

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
        tie = np.eye(len(own))
        if correlations is not None and (measure_type, measure) in correlations:
            of_unit = np.flatnonzero(own["domain_type"] == "unit")
            place = [list(units).index(domain) for domain in own["domain"].iloc[of_unit]]
            found = correlations[measure_type, measure]
            tie[np.ix_(of_unit, of_unit)] = found[np.ix_(place, place)]
        above = _probabilities(own, judged, value, tie)
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


def tied_probability_above(value: Floats, covariance: Floats, threshold: float) -> Floats:
    """As `probability_above`, for estimates with the sampling `covariance` (U, U).

    With V the covariance and s the spread, W = (V + s^2 I)^-1 takes the place of the weights
    1 / (v + s^2); for a diagonal V both are the same.
    """
    size = value.size
    sampling = np.diag(covariance)
    widest = 5 * (np.std(value, ddof=1) + np.sqrt(sampling.mean()))
    spread = (np.arange(_GRID) + 0.5) / _GRID * widest
    total = covariance + spread[:, None, None] ** 2 * np.eye(size)
    weight = np.linalg.inv(total)
    share = weight.sum(axis=2)
    mean_variance = 1 / share.sum(axis=1)
    mean = (share @ value) * mean_variance
    left = value - mean[:, None]
    pulled = np.einsum("gab,gb->ga", weight, left)
    fit = (left * pulled).sum(axis=1) + np.linalg.slogdet(total)[1]
    log_density = 0.5 * (np.log(mean_variance) - fit)
    density = np.exp(log_density - log_density.max())
    square = spread[:, None] ** 2
    center = mean[:, None] + square * pulled
    inside = np.einsum("gaa->ga", weight)
    own = square - square**2 * inside + (1 - square * share) ** 2 * mean_variance[:, None]
    given = ndtr((center - threshold) / np.sqrt(np.maximum(own, 0.0)))
    return np.asarray(density @ given / density.sum(), dtype=np.float64)


def _probabilities(
    own: pd.DataFrame, judged: NDArray[np.bool_], threshold: float, tie: Floats
) -> Floats:
    value, se, df, n_psu = (
        own[name].to_numpy(dtype=np.float64) for name in ("value", "se", "df", "n_psu")
    )
    above = np.full(len(own), np.nan)
    above[judged] = stdtr(df[judged], (value[judged] - threshold) / se[judged])
    unit = judged & (own["domain_type"] == "unit").to_numpy()
    if unit.sum() >= MINIMUM_UNITS:
        variance = pooled_variances(se[unit], df[unit], n_psu[unit])
        ties = tie[np.ix_(unit, unit)]
        if (ties == np.eye(len(ties))).all():
            above[unit] = probability_above(value[unit], variance, threshold)
        else:
            sd = np.sqrt(variance)
            above[unit] = tied_probability_above(value[unit], ties * np.outer(sd, sd), threshold)
    return above


def _state(probability: float, bar: float) -> str:
    if np.isnan(probability):
        return ""
    if probability >= bar:
        return ABOVE
    return BELOW if probability <= 1 - bar else UNSURE
