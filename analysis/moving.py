"""Replicate variances of any plan: the jackknife, the bootstrap, and weights that were given.

Each replicate moves quotients of sums (`analysis.quotients`), and through them every row of the
plan; what is squared and added up is here, for domains and for what is made of several.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis import bootstrap, given_replicates, raked_jackknife, replicates, variance
from analysis.cell_moments import CellMoments
from analysis.design import Codes, Floats
from analysis.errors import DesignError
from analysis.estimators import domain_estimates
from analysis.given_replicates import GivenReplicates
from analysis.jackknife import deletion, shifts
from analysis.moments import Moments, sums
from analysis.quotients import Quotients, quotients
from analysis.reraking import raking_of
from analysis.sample import Domains, Sample
from analysis.taylor import Coefficients
from analysis.variance import Means


@dataclass(frozen=True, eq=False)
class Moved:
    """Variances (D, M) with degrees of freedom, and the covariances (Q, Q) of what was asked for.

    NaN where replicates cannot speak. `notes` say why, in words.
    """

    variance: Floats
    df: Floats
    covariance: Floats
    notes: tuple[str, ...] = ()


def jackknife(sample: Sample, of: Domains, rows: Sequence[Coefficients] = ()) -> Moved:
    """JKn: every PSU left out once; after raking with the margins met again each time.

    Raises
    ------
    LonelyPSUError
        As `jackknife.deletion`.
    MarginError
        Where the margins cannot be met in the sample itself.
    """
    q = quotients(sample.plan)
    means = domain_estimates(of.moments, sample.plan)
    if sample.calibrated is None:
        found, covariance, skipped = _left_out(sample, of, q, rows)
        notes: tuple[str, ...] = ()
    else:
        found, covariance, skipped, notes = _raked(sample, of, q, rows)
    usable = replicates.estimable(means, skipped) & ~np.isnan(means.value)
    found = np.where(usable, found, np.nan)
    for i, row in enumerate(rows):
        if any(np.isnan(found[cell]) for cell in row):
            covariance[i], covariance[:, i] = np.nan, np.nan
    return Moved(found, means.df, covariance, notes)


def _left_out(
    sample: Sample, of: Domains, q: Quotients, rows: Sequence[Coefficients]
) -> tuple[Floats, Floats, replicates.Claims]:
    m = q.of(of.moments)
    cut = deletion(m.psus, m.psus.stratum[m.psu], sample.lonely)
    moved = shifts(m, q.centres(m), cut, q.fixed)
    moved = replace(moved, here=q.combined(moved.here), elsewhere=q.combined(moved.elsewhere))
    change = np.zeros((len(m.psus.names), len(rows)))
    for i, row in enumerate(rows):
        for (d, k), factor in row.items():
            of_stratum = np.zeros(len(m.psus.strata))
            own = moved.domain == d
            of_stratum[moved.stratum[own]] = moved.elsewhere[own, k]
            of_psu = of_stratum[m.psus.stratum]
            cells = m.domain == d
            of_psu[m.psu[cells]] = moved.here[cells, k]
            change[:, i] += factor * of_psu
    weighted = np.sqrt(cut.coefficient[m.psus.stratum])[:, None] * change
    covariance = replicates.product(np.ascontiguousarray(weighted.T), weighted)
    return moved.variance(cut, len(m.domains)), covariance, cut.skipped


def _raked(
    sample: Sample, of: Domains, q: Quotients, rows: Sequence[Coefficients]
) -> tuple[Floats, Floats, replicates.Claims, tuple[str, ...]]:
    cells, means = _quotients_of_cells(sample, of, q)
    assert sample.calibrated is not None
    calibration = sample.calibrated.calibration
    raking = raking_of(calibration.cells, calibration.distance)
    cut = deletion(cells.psus, cells.psus.stratum[cells.psu], sample.lonely)
    factors = raking.sample_factors(cells.cell_totals())
    size, width = len(cells.domains), len(sample.plan.rows)
    found, covariance = np.zeros((size, width)), np.zeros((len(rows), len(rows)))
    unmet: list[tuple[Codes, str]] = []
    for c in raked_jackknife.every_change(cells, raking, factors, means, cut, unmet, q.fixed):
        moved = np.sqrt(c.coefficient)[:, None, None] * q.combined(c.moved)
        found[c.domains] += (moved**2).sum(axis=0)
        if rows:
            place = {int(d): i for i, d in enumerate(c.domains)}
            made = np.zeros((len(moved), len(rows)))
            for i, row in enumerate(rows):
                for (d, k), factor in row.items():
                    if d in place:
                        made[:, i] += factor * moved[:, place[d], k]
            covariance += replicates.product(np.ascontiguousarray(made.T), made)
    for domains, _ in unmet:
        found[domains] = np.nan
    return found, covariance, cut.skipped, tuple(why for _, why in unmet)


def _quotients_of_cells(sample: Sample, of: Domains, q: Quotients) -> tuple[CellMoments, Means]:
    """Quotients of sums with base weights, and their values with the calibrated ones."""
    assert sample.calibrated is not None
    if not sample.calibrated.replicable:
        raise DesignError(
            "Weights that were trimmed are not made again in every replicate: which of them are "
            'cut jumps from one to the next. Take variance="taylor", which has the calibration '
            "residuals."
        )
    cells = q.of(of.cells(sample))
    means = variance.domain_means(q.of(of.moments))
    return cells, replace(means, value=q.centres(q.of(of.moments)))


def resampled(sample: Sample, of: Domains, rows: Sequence[Coefficients] = ()) -> Moved:
    """Rao and Wu's bootstrap; after raking with the margins met again in every replicate.

    Raises
    ------
    DesignError
        Where no seed is given, or fewer than two replicates.
    MarginError
        Where more than a twentieth of the replicates cannot meet the margins.
    """
    if sample.seed is None:
        raise DesignError(
            'variance="bootstrap" draws PSUs by chance; give a seed, so that the numbers can be '
            "had again."
        )
    rng = np.random.default_rng(sample.seed)
    drawn = bootstrap.multipliers(sample.psus, sample.replicates, rng, sample.lonely)
    q = quotients(sample.plan)
    factors = None
    if sample.calibrated is None:
        plain = q.of(of.moments)
        m: Moments | CellMoments = plain
        centre, cell = q.centres(plain), None
    else:
        cells, means = _quotients_of_cells(sample, of, q)
        m, centre, cell = cells, means.value, cells.cell
        calibration = sample.calibrated.calibration
        raking = raking_of(calibration.cells, calibration.distance)
        factors = bootstrap.replicate_factors(cells, raking, drawn)
    z = m.value - np.where(np.isnan(centre), 0.0, centre)[m.domain] * m.weight
    z = np.where(q.fixed, m.value, z)
    held = bootstrap.Rows(m.psu, m.domain, cell, z, np.where(q.fixed, 0.0, m.weight))
    moved = bootstrap.moves(held, drawn, factors, None, q.fixed)
    totals = _starts(sample, of, q)
    by_domain = ((d, q.combined(change - totals[d])) for d, change in moved)
    coefficient = np.full(len(drawn), 1 / len(drawn))
    found = domain_estimates(of.moments, sample.plan)
    v, covariance = _added_up(
        by_domain, coefficient, found, rows, mse=True, forgive=bootstrap.FORGIVEN
    )
    psus = sample.psus
    still = (drawn == 1).all(axis=0)
    moving = np.bincount(psus.stratum, weights=~still, minlength=len(psus.strata)) > 0
    usable = replicates.estimable(found, ~moving)
    return Moved(np.where(usable, v, np.nan), found.df, covariance)


def given(
    sample: Sample, of: Domains, spec: GivenReplicates, rows: Sequence[Coefficients] = ()
) -> Moved:
    """Variances from replicate weights that came with the data; errors as `given_replicates`."""
    q = quotients(sample.plan)
    coded = replace(
        sample.coded, domain=of.to[sample.coded.domain], domains=of.moments.domains
    )  # fmt: skip
    weights = given_replicates.weights_of(sample.frame, coded, spec)
    y = [np.nan_to_num(m.values[coded.order], nan=0.0) for m in sample.measures]
    answered = [~np.isnan(m.values[coded.order]) for m in sample.measures]
    centre, start = q.centres(q.of(of.moments)), _starts(sample, of, q)
    moves = np.empty((len(weights), len(coded.domains), len(q.pairs)))
    for i, (above, below) in enumerate(q.pairs):
        if q.fixed[i]:
            moves[:, :, i] = given_replicates.totals(weights, coded, y[above]) - start[:, i]
            continue
        x = y[below] if below >= 0 else answered[above].astype(np.float64)
        about = np.where(np.isnan(centre[:, i]), 0.0, centre[:, i])[coded.domain]
        bottom = given_replicates.totals(weights, coded, x)
        top = given_replicates.totals(weights, coded, y[above] - about * x)
        with np.errstate(invalid="ignore", divide="ignore"):
            moves[:, :, i] = np.where(bottom != 0, top / bottom, np.nan)
    means = domain_estimates(of.moments, sample.plan)
    found, covariance = _added_up(
        ((d, q.combined(moves[:, d])) for d in range(moves.shape[1])), spec.coefficients, means,
        rows, mse=spec.mse, forgive=0.05 if spec.kind == "bootstrap" else 0.0,
    )  # fmt: skip
    df = np.full(found.shape, np.nan)
    seen: dict[bytes, Floats] = {}
    for k, row in enumerate(sample.plan.rows):
        key = answered[row.base].tobytes()
        if key not in seen:
            seen[key] = given_replicates.freedom(weights, coded, answered[row.base], spec)
        df[:, k] = seen[key]
    # One degree of freedom at least: replicates that all say the same say nothing.
    return Moved(np.where((means.n > 0) & (df >= 1), found, np.nan), df, covariance)


def _starts(sample: Sample, of: Domains, q: Quotients) -> Floats:
    """(D, Q) what totals are without replication, 0 for other quotients."""
    m = q.of(of.moments)
    return np.where(q.fixed, sums(m.domain, m.value, len(m.domains)), 0.0)


def _added_up(
    moved: Iterator[tuple[int, Floats]],
    coefficient: Floats,
    means: Means,
    rows: Sequence[Coefficients],
    *,
    mse: bool,
    forgive: float,
) -> tuple[Floats, Floats]:
    """(D, M) variances and (Q, Q) covariances from the (R, M) moves of every domain."""
    found = np.full(means.value.shape, np.nan)
    made = np.zeros((coefficient.size, len(rows)))
    for d, change in moved:
        found[d], _ = replicates.spread_of_replicates(change, coefficient, mse=mse, forgive=forgive)
        for i, row in enumerate(rows):
            for (domain, k), factor in row.items():
                if domain == d:
                    made[:, i] += factor * change[:, k]
    found = np.where(np.isnan(means.value), np.nan, found)
    if not mse and len(rows):
        used = coefficient > 0
        made = made - made[used].mean(axis=0)
    lost = np.isnan(made).any(axis=1)
    if lost.sum() > forgive * coefficient.size:
        return found, np.full((len(rows), len(rows)), np.nan)
    kept = np.sqrt(coefficient[~lost])[:, None] * made[~lost]
    scale = coefficient.sum() / coefficient[~lost].sum() if lost.any() else 1.0
    return found, scale * replicates.product(np.ascontiguousarray(kept.T), kept)
