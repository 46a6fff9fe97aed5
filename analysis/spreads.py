"""Sampling variances of units, city and mean of units, from scores or from replicates.

One place decides which variance an estimate is printed with: without calibration Taylor's from
scores; after raking the jackknife with the raking redone, and Taylor's from calibration residuals
beside it and in its stead where replicates cannot speak.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analysis import calibrated, raked_jackknife, replicates, variance
from analysis.calibration_plan import Calibrated, tied
from analysis.cell_moments import cell_moments
from analysis.design import Coded, Floats
from analysis.kernel import Described
from analysis.measures import Measure
from analysis.moments import Reduce, psu_moments
from analysis.precision import NO_SPREAD, VARIANCES, Claims
from analysis.raked_jackknife import Parts
from analysis.reraking import raking_of
from analysis.variance import Lonely, Means

TAYLOR, RAKED = VARIANCES.index("taylor"), VARIANCES.index("jkn_raked")
RECALIBRATED = VARIANCES.index("jkn_calibrated")


@dataclass(frozen=True, eq=False)
class Variances:
    """Variances of D domains and K measures: `used` with its `method`, and the two it is one of.

    All (D, K); `taylor` and `replicated` are NaN where they cannot be had, `method` is a place in
    `precision.VARIANCES`.
    """

    used: Floats
    method: NDArray[np.intp]
    taylor: Floats
    replicated: Floats

    def differs(self, length: Floats) -> Claims:
        """Where the two standard errors are more than a tenth apart; `length` (K,) of the scales.

        Two that are both rounding do not differ.
        """
        with np.errstate(invalid="ignore"):
            seen = np.fmax(self.taylor, self.replicated) > (NO_SPREAD * length) ** 2
        return replicates.differs(self.taylor, self.replicated) & seen


@dataclass(frozen=True, eq=False)
class Spreads:
    """Everything about units, city and mean of units that precision needs.

    `units` and `city` are means on the weights that count, composites in their places; `scored`
    is the city with the scores that its variance comes from. `mean` is (K,), its variances (1, K).
    `between` (K, D, D) are covariances of units that the margins tie together, else None.
    """

    units: Means
    city: Means
    scored: Means
    mean: Floats
    of_units: Variances
    of_city: Variances
    of_mean: Variances
    between: Floats | None = None
    notes: tuple[str, ...] = ()


def from_scores(units: Means, city: Means, lonely: Lonely, *, drawn: bool) -> Spreads:
    """Variances of means on weights that were not calibrated.

    Where nothing was `drawn` with known probability, a lonely stratum is no reason to stop.
    """
    value, of_mean = variance.mean_of_domains(units, "adjust")
    return Spreads(
        units, city, city, value,
        _taylor(variance.variances(units, "adjust")),
        _taylor(variance.variances(city, lonely if drawn else "adjust")),
        _taylor(of_mean[None]),
    )  # fmt: skip


def after_calibration(
    coded: Coded,
    made: Calibrated,
    measures: Sequence[Measure],
    parts: Parts,
    lonely: Lonely,
    whole: str,
    reduce: Reduce = psu_moments,
) -> Spreads:
    """Variances of means on calibrated weights.

    `whole` is the name of the city, `reduce` makes the sums.

    Raises
    ------
    MarginError, LonelyPSUError, MeasureError
        From `raked_jackknife.spread`, `calibrated.variances` and `moments.psu_moments`.
    """
    alone = replace(coded, domain=np.zeros_like(coded.domain), domains=(whole,))
    c = made.calibration
    units = calibrated.combined(calibrated.calibrated_means(coded, c, measures, reduce), parts)
    city = calibrated.combined(calibrated.calibrated_means(alone, c, measures, reduce), parts)
    scored = calibrated.residual(city)
    value, mean = calibrated.mean_of_domains(units, "adjust")
    taylor = [calibrated.variances(units, "adjust"), variance.variances(scored, lonely), mean[None]]
    ties = tied(made, coded)
    between = calibrated.covariances(units, "adjust") if ties else None
    replicated: list[Floats | None] = [None, None, None]
    notes: tuple[str, ...] = ()
    if made.replicable:
        raking = raking_of(made.cells, c.distance)
        # Bounds are on the factor of the weights that were calibrated.
        base = replace(coded, weight=c.base)
        held = cell_moments(base, measures, made.cells.cell, made.cells.size, reduce)
        own = raked_jackknife.spread(held, raking, "adjust", parts=parts, between=ties)
        of_city = raked_jackknife.spread(held.pooled(whole), raking, lonely, parts=parts)
        replicated = [own.variance, of_city.variance, own.of_mean[None]]
        if between is not None and own.between is not None:
            between = np.where(np.isnan(own.between), between, own.between)
        notes = tuple(
            f"Variance: {text} Until then Taylor's variance from calibration residuals stands in "
            "for the units concerned and for the city."
            for text in own.unmet
        )
    code = RAKED if c.distance.free_raking else RECALIBRATED
    of_units, of_city_, of_mean = (
        _chosen(t, r, code) for t, r in zip(taylor, replicated, strict=True)
    )
    return Spreads(
        units.means, city.means, scored, value, of_units, of_city_, of_mean, between, notes
    )


def correlations(
    between: Floats | None, measures: Sequence[Described]
) -> dict[tuple[str, str], Floats] | None:
    """Correlations of the units' estimates of what may be compared; 0 where they are unknown."""
    if between is None:
        return None
    found = {}
    for k, measure in enumerate(measures):
        if not measure.category:
            sd = np.sqrt(np.maximum(np.diag(between[k]), 0.0))
            with np.errstate(invalid="ignore", divide="ignore"):
                r = between[k] / np.outer(sd, sd)
            r = np.where(np.isfinite(r), np.clip(r, -1.0, 1.0), 0.0)
            np.fill_diagonal(r, 1.0)
            found[measure.type, measure.name] = r
    return found


def _taylor(found: Floats) -> Variances:
    none = np.full(found.shape, np.nan)
    return Variances(found, np.full(found.shape, TAYLOR), found, none)


def _chosen(taylor: Floats, replicated: Floats | None, code: int) -> Variances:
    if replicated is None:
        return _taylor(taylor)
    silent = np.isnan(replicated)
    return Variances(
        np.where(silent, taylor, replicated), np.where(silent, TAYLOR, code), taylor, replicated
    )
