"""Taylor's variance of any plan, in domains and between them: plain, in two stages, calibrated.

The scores are those of `analysis.estimators`. After calibration they are residuals on the margins
(`analysis.calibrated`), made from sums of PSU, domain and cell, so that rows are not read again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from scipy import sparse

from analysis import calibrated, variance
from analysis.calibrated import CalibratedMeans, bread, level_matrix
from analysis.cells import present, summed
from analysis.contrasts import covariance_of
from analysis.design import Floats
from analysis.estimators import domain_estimates, linear
from analysis.moments import sums
from analysis.sample import Domains, Sample
from analysis.second_stage import has_two_stages, within
from analysis.variance import Means

Coefficients = Mapping[tuple[int, int], float]
"""Factors of estimates, each named by its (domain, row) position."""


def variances(sample: Sample, of: Domains) -> tuple[Means, Floats]:
    """Estimates of every domain and row, and their (D, M) variance.

    Raises
    ------
    LonelyPSUError
        Where the policy is `fail` and a stratum with interviews has a single PSU.
    DesignError
        Where a PSU gave one interview of several and the policy is `fail`.
    """
    means = domain_estimates(of.moments, sample.plan)
    if sample.calibrated is not None:
        residuals = scored(sample, of, means)
        found = calibrated.variances(residuals, sample.lonely)
        if has_two_stages(sample.psus):
            one = np.zeros(sample.coded.psu.size, dtype=np.intp)
            for d, own in enumerate(_residuals_of_rows(sample, of, residuals)):
                added = within(sample.psus, sample.coded.psu, one, 1, own, own, sample.lonely)
                found[d] += added[0]
        return means, found
    found = variance.variances(means, sample.lonely)
    if has_two_stages(sample.psus):
        z, domain = _of_rows(sample, of), of.to[sample.coded.domain]
        size = len(of.moments.domains)
        found = found + within(
            sample.psus, sample.coded.psu, domain, size, z, z, sample.lonely
        )  # fmt: skip
    return means, found


def covariances(sample: Sample, of: Domains, rows: Sequence[Coefficients]) -> Floats:
    """(Q, Q) covariances of Q linear combinations of the estimates; errors as `variances`."""
    means, m = domain_estimates(of.moments, sample.plan), of.moments
    scores = np.zeros((len(m.psus.names), len(rows)))
    for q, row in enumerate(rows):
        for (d, k), factor in row.items():
            own = m.domain == d
            scores[m.psu[own], q] += factor * means.scores[own, k]
    if sample.calibrated is not None:
        found = scored(sample, of, means)
        for q, row in enumerate(rows):
            for (d, k), factor in row.items():
                b = found.of(k)[:, [d]].toarray()
                scores[:, q] -= factor * (found.margins @ b)[:, 0]
        out = covariance_of(m.psus, np.arange(len(scores)), scores, sample.lonely)
        if not has_two_stages(sample.psus):
            return out
        whole = np.zeros((sample.coded.psu.size, len(rows)))
        for place, own_rows in enumerate(_residuals_of_rows(sample, of, found)):
            for q, row in enumerate(rows):
                for (d, k), factor in row.items():
                    if d == place:
                        whole[:, q] += factor * own_rows[:, k]
        return out + _within_pairs(sample, whole)
    held = np.unique(m.psu[np.isin(m.domain, [d for row in rows for d, _ in row])])
    out = covariance_of(m.psus, held, scores[held], sample.lonely)
    if has_two_stages(sample.psus):
        z, domain = _of_rows(sample, of), of.to[sample.coded.domain]
        whole = np.zeros((domain.size, len(rows)))
        for q, row in enumerate(rows):
            for (d, k), factor in row.items():
                whole[:, q] += factor * np.where(domain == d, z[:, k], 0.0)
        out = out + _within_pairs(sample, whole)
    return out


def _within_pairs(sample: Sample, scores: Floats) -> Floats:
    """(Q, Q) second-stage covariances of the columns of the interviews' scores (n, Q)."""
    size = scores.shape[1]
    upper = np.triu_indices(size)
    one = np.zeros(len(scores), dtype=np.intp)
    added = within(
        sample.psus, sample.coded.psu, one, 1, scores[:, upper[0]], scores[:, upper[1]],
        sample.lonely,
    )[0]  # fmt: skip
    both = np.zeros((size, size))
    both[upper] = both[upper[::-1]] = added
    return both


def _residuals_of_rows(sample: Sample, of: Domains, found: CalibratedMeans) -> Iterator[Floats]:
    """For each domain the (n, M) scores of all interviews, less what the margins explain.

    Interviews outside the domain have a score too: they stand for totals that the domain shares.
    """
    assert sample.calibrated is not None
    c = sample.calibrated.calibration
    x = level_matrix(c.cells)
    z, domain = _of_rows(sample, of), of.to[sample.coded.domain]
    measures, size = z.shape[1], len(of.moments.domains)
    for d in range(size):
        fitted = np.asarray((x @ found.explained[:, d::size]).todense())
        own = np.where((domain == d)[:, None], z, 0.0)
        yield own - c.weight[:, None] * fitted[c.cell].reshape(-1, measures)


def scored(sample: Sample, of: Domains, means: Means) -> CalibratedMeans:
    """Estimates with what the margins explain of each, from sums of PSU, domain and cell."""
    assert sample.calibrated is not None
    c, cells = sample.calibrated.calibration, of.cells(sample)
    design = level_matrix(c.cells)
    inverse = bread(c.cells, summed(c.cell, c.base, c.cells.size), design)
    scores = linear(of.moments, sample.plan).scores(cells.value, cells.weight, cells.domain)
    shape = (c.cells.size, len(of.moments.domains))
    at = (cells.cell, cells.domain)
    columns = [
        sparse.coo_array((np.nan_to_num(scores[:, k]), at), shape=shape).tocsr()
        for k in range(scores.shape[1])
    ]
    explained = (inverse @ (design.T @ sparse.hstack(columns, format="csr"))).tocsc()
    psus, coded = len(sample.psus.names), sample.coded
    pairs, pair = present(coded.psu * c.cells.size + c.cell, psus * c.cells.size)
    held = sparse.csr_array(
        (summed(pair, c.weight, pairs.size), (pairs // c.cells.size, pairs % c.cells.size)),
        shape=(psus, c.cells.size),
    )
    return CalibratedMeans(means, explained, (held @ design).tocsr())


def residual(sample: Sample, of: Domains) -> Means:
    """Estimates whose scores are residuals on the margins, of every PSU in every domain.

    A PSU without the domain has a score too, for the totals that all share are met with it. Without
    calibration the estimates as they are.
    """
    means, m = domain_estimates(of.moments, sample.plan), of.moments
    if sample.calibrated is None:
        return means
    found = scored(sample, of, means)
    psus, size, rows = len(m.psus.names), len(m.domains), means.scores.shape[1]
    fitted = (found.margins @ found.explained).toarray().reshape(psus, rows, size)
    every = np.arange(psus * size)
    held = means.moments.psu * size + means.moments.domain
    scores = -fitted.transpose(0, 2, 1).reshape(every.size, rows)
    scores[held] += means.scores
    # What the totals themselves count is known: of its score nothing but rounding is left.
    left, plain = (
        sums(at, z**2, size)
        for at, z in ((every % size, scores), (means.moments.domain, means.scores))
    )
    scores = np.where((left < calibrated.ROUNDING * plain)[every % size], 0.0, scores)

    def spread(values: Floats) -> Floats:
        out = np.zeros((every.size, values.shape[1]))
        out[held] = values
        return out

    old = means.moments
    moments = replace(
        old, psu=every // size, domain=every % size, n=spread(old.n), weight=spread(old.weight),
        weight2=spread(old.weight2), value=spread(old.value), square=spread(old.square),
    )  # fmt: skip
    return replace(means, moments=moments, scores=scores)


def _of_rows(sample: Sample, of: Domains) -> Floats:
    """(n, M) scores of the interviews."""
    value, weight = sample.rows()
    domain = of.to[sample.coded.domain]
    return linear(of.moments, sample.plan).scores(value, weight, domain)
