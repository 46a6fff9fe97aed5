"""Small units: the direct estimate, and beside it the one that leans on the other units.

From six sessions a unit's number moves by chance more than units differ. The Fay-Herriot
predictor takes most of that chance out, at the price of drawing every unit towards the others, or
towards what its covariates say. It is nearer to the truth on average over units and may be
further in the unit that truly stands apart. So both are given, row below row, no rank is made
from either, and the model's rows carry caution and no verdict.

Method: docs/method_small_units.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis import area_scales, publication
from analysis.design import Floats
from analysis.errors import DesignError
from analysis.fay_herriot import FayHerriot, fay_herriot
from analysis.judged import scale_of
from analysis.kernel import Described
from analysis.moments import sums
from analysis.publication import Rules
from analysis.smoothed import Smoothed, smooth
from analysis.variance import Means

ESTIMATOR = publication.MODEL
BENCHMARKS = ("city", "city_mean", "")
"""The mean that predictors add up to: weighted by visits, of units alike, none."""


@dataclass(frozen=True, eq=False)
class SmallAreas:
    """Direct and model-based estimates of the units.

    Attributes
    ----------
    table
        Tidy rows (docs/architecture.md): each row of a unit as it was given and, where the model
        has a say, one below it with the estimator `fay_herriot`, `variance_method` `fay_herriot`
        and `interval_method` `eblup`; `se` is the root of the mean squared error.
    fits
        One row a measure: `areas` in the model, `rho` of the smoothed variances, `between`, the
        standard deviation between units on the scale of the model (arcsine for a proportion),
        least, median and greatest `kept` share of a unit's own deviation, `benchmark_gap`
        (the benchmark less what the predictors gave before it), and `state`: `fitted`, `no
        difference` (A is 0: units cannot be told apart, and all are drawn wholly together),
        `not benchmarked`, or `too few areas`.
    """

    table: pd.DataFrame
    fits: pd.DataFrame


def small_areas(
    table: pd.DataFrame,
    rules: Rules,
    means: Means,
    variances: Floats,
    measures: Sequence[Described],
    *,
    covariates: pd.DataFrame | None = None,
    benchmark: str = "city",
    level: float = 0.95,
    least: int = 10,
) -> SmallAreas:
    """Put the model's estimate below the direct one of every unit and measure.

    Parameters
    ----------
    table
        Rows as `estimates.estimate` gives them, not yet blanked; those of units are used.
    means, variances
        The same estimates from the engine: `variance.domain_means` and (D, K) variances, such as
        those of `variance.variances`, or with the enumerators (`interviewers.Raised.on`).
    measures
        In the order of `means`.
    covariates
        Numbers known of every unit, by domain: its size, its kind as 0 and 1.
    benchmark
        `city` (the predictors, weighted by visits, give the city's direct estimate), `city_mean`
        (their plain mean gives that of the direct ones), or empty.
    least
        Units with an estimate from which a measure is modelled, beyond the covariates.

    Raises
    ------
    DesignError
        Where the table has other units or measures than `means`, or covariates are missing.
    """
    if benchmark not in BENCHMARKS:
        raise DesignError(
            f"benchmark = {benchmark!r} is none of {', '.join(repr(b) for b in BENCHMARKS)}; it "
            "says which mean the estimates of small units add up to."
        )
    units = _units(table, means, measures)
    drawn = (units["selection"] == "probability").to_numpy().reshape(means.value.shape)
    share = np.array([m.kind == "proportion" for m in measures], dtype=np.bool_)
    smoothed = smooth(means, np.where(drawn, variances, np.nan))
    y, psi = area_scales.to_model(np.where(drawn, means.value, np.nan), smoothed, share)
    x, names = _covariates(covariates, means.moments.domains)
    fit = fay_herriot(y, psi, x, names, least=least)
    weight = _weights(fit, means, benchmark)
    target = np.where(weight > 0, weight * means.value, 0.0).sum(axis=0)
    z, v = area_scales.inside(fit.value, share), fit.g1
    gap = target - np.where(weight > 0, weight * area_scales.mean_of(z, v, share), 0.0).sum(axis=0)
    mse, state = fit.mse, _states(fit)
    if benchmark:
        shift = area_scales.shift_to(z, v, mse, weight, target, share)
        missed = fit.found & np.isnan(shift).all(axis=0)
        state[missed] = "not benchmarked"
        shift = np.where(np.isnan(shift), 0.0, shift)
        z, mse = z + shift, mse + shift**2
    # A is known from so many areas: with a dozen the normal interval covers 92 of 95 %.
    df = np.where(fit.found, fit.areas - (1 if x is None else 1 + x.shape[1]), np.nan)
    found = _Predicted(
        area_scales.mean_of(z, v, share),
        np.sqrt(area_scales.variance_of(z, mse, share)),
        *area_scales.interval(z, mse, df, share, scale_of(measures), level),
        np.broadcast_to(df, z.shape),
    )
    model = _rows(units, found, fit, means, measures, rules, level)
    both = pd.concat([units, model.astype(units.dtypes)]) if len(model) else units
    both = both.sort_index(kind="stable").reset_index(drop=True)
    return SmallAreas(both, _fits(fit, smoothed, measures, np.where(benchmark, gap, 0.0), state))


@dataclass(frozen=True, eq=False)
class _Predicted:
    """(D, K) predictors in the unit of the measure."""

    value: Floats
    se: Floats
    low: Floats
    high: Floats
    df: Floats


def _units(table: pd.DataFrame, means: Means, measures: Sequence[Described]) -> pd.DataFrame:
    """Rows of units in the order of `means`: by domain, then measure."""
    units = table[table["domain_type"] == "unit"].reset_index(drop=True)
    names = means.moments.domains
    expected = [(d, m.type, m.name, m.category) for d in names for m in measures]
    columns = ["domain", "measure_type", "measure", "category"]
    if list(units[columns].itertuples(index=False, name=None)) != expected:
        raise DesignError(
            f"The table has {len(units)} rows of units where {len(names)} units and "
            f"{len(measures)} measures make {len(expected)}, or has them in another order; direct "
            "and shrunk estimates would stand beside the wrong unit. Give the table that was "
            "made of these means, not sorted and not filtered."
        )
    return units


def _covariates(
    covariates: pd.DataFrame | None, domains: Sequence[str]
) -> tuple[Floats | None, tuple[str, ...]]:
    if covariates is None:
        return None, ()
    names = tuple(map(str, covariates.columns))
    aligned = covariates.reindex(list(domains)).apply(pd.to_numeric, errors="coerce")
    return aligned.to_numpy(dtype=np.float64), names


def _weights(fit: FayHerriot, means: Means, benchmark: str) -> Floats:
    """(D, K) weights of the units that are in the model, adding up to 1."""
    known = np.isfinite(fit.value)
    m = means.moments
    size = sums(m.domain, m.weight, len(m.domains)) if benchmark == "city" else np.ones(known.shape)
    size = np.where(known, size, 0.0)
    total = size.sum(axis=0)
    return np.asarray(size / np.where(total > 0, total, 1.0), dtype=np.float64)


def _states(fit: FayHerriot) -> NDArray[np.object_]:
    state = np.full(fit.found.shape, "fitted", dtype=object)
    state[fit.area_variance == 0] = "no difference"
    state[~fit.found] = "too few areas"
    return state


def _rows(
    units: pd.DataFrame,
    found: _Predicted,
    fit: FayHerriot,
    means: Means,
    measures: Sequence[Described],
    rules: Rules,
    level: float,
) -> pd.DataFrame:
    """The model's rows, with the index of the direct row each stands below."""
    known = np.isfinite(fit.value).ravel()
    model = units[known].copy()
    for name, part in vars(found).items():
        model[name] = part.ravel()[known]
    with np.errstate(invalid="ignore", divide="ignore"):
        model["n_eff"] = (means.spread / found.se**2).ravel()[known]
    model["deff"], model["level"] = np.nan, level
    model["estimator"], model["variance_method"] = ESTIMATOR, ESTIMATOR
    model["interval_method"], model["comparison"] = "eblup", ""
    few = (model["n"] < rules.minimum_n).to_numpy()
    model["flag"] = np.where(few, publication.WITHHELD, publication.CAUTION)
    alone = np.tile(fit.area_variance == 0, len(means.moments.domains))[known]
    sessions = model["n_psu"].to_numpy()
    codes = (
        (f"n<{rules.minimum_n}", few),
        (f"n<{rules.caution_n}", ~few & (model["n"] < rules.caution_n).to_numpy()),
        ("sessions<2", sessions < 2),
        (f"sessions<{rules.interval_sessions}",
         (sessions >= 2) & (sessions < rules.interval_sessions)),
        ("model", np.ones(len(model), dtype=np.bool_)),
        ("no_difference", alone),
    )  # fmt: skip
    model["reason"] = [
        ";".join(name for name, claim in zip([c[0] for c in codes], row, strict=True) if claim)
        for row in zip(*(claim for _, claim in codes), strict=True)
    ]
    return model


def _fits(
    fit: FayHerriot,
    smoothed: Smoothed,
    measures: Sequence[Described],
    gap: Floats,
    state: NDArray[np.object_],
) -> pd.DataFrame:
    kept = np.where(np.isfinite(fit.kept), fit.kept, np.nan)
    least, middle, most = np.full((3, len(measures)), np.nan)
    if fit.found.any():
        inner = kept[:, fit.found]
        least[fit.found], most[fit.found] = np.nanmin(inner, axis=0), np.nanmax(inner, axis=0)
        middle[fit.found] = np.nanmedian(inner, axis=0)
    return pd.DataFrame(
        {
            "measure_type": [m.type for m in measures],
            "measure": [m.name for m in measures],
            "category": [m.category for m in measures],
            "areas": fit.areas,
            "rho": smoothed.rho,
            "between": np.sqrt(fit.area_variance),
            "kept_min": least, "kept_median": middle, "kept_max": most,
            "benchmark_gap": np.where(fit.found, gap, np.nan),
            "state": state,
        }
    )  # fmt: skip
