"""Taylor's variance of any plan, in domains and between them: plain, in two stages, calibrated.

The scores are those of `analysis.estimators`. After calibration they are residuals on the margins
(`analysis.calibrated`), made from sums of PSU, domain and cell, so that rows are not read again.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy import sparse

from analysis import calibrated, variance
from analysis.calibrated import CalibratedMeans, bread, level_matrix
from analysis.cells import present, summed
from analysis.contrasts import covariance_of
from analysis.design import Floats
from analysis.errors import DesignError
from analysis.estimators import domain_estimates, linear
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
        Where weights were calibrated and the design has two stages.
    """
    means = domain_estimates(of.moments, sample.plan)
    if sample.calibrated is not None:
        return means, calibrated.variances(scored(sample, of, means), sample.lonely)
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
        return covariance_of(m.psus, np.arange(len(scores)), scores, sample.lonely)
    held = np.unique(m.psu[np.isin(m.domain, [d for row in rows for d, _ in row])])
    out = covariance_of(m.psus, held, scores[held], sample.lonely)
    if has_two_stages(sample.psus):
        z, domain = _of_rows(sample, of), of.to[sample.coded.domain]
        whole = np.zeros((domain.size, len(rows)))
        for q, row in enumerate(rows):
            for (d, k), factor in row.items():
                whole[:, q] += factor * np.where(domain == d, z[:, k], 0.0)
        upper = np.triu_indices(len(rows))
        one = np.zeros(domain.size, dtype=np.intp)
        added = within(
            sample.psus, sample.coded.psu, one, 1, whole[:, upper[0]], whole[:, upper[1]],
            sample.lonely,
        )[0]  # fmt: skip
        both = np.zeros_like(out)
        both[upper] = both[upper[::-1]] = added
        out = out + both
    return out


def scored(sample: Sample, of: Domains, means: Means) -> CalibratedMeans:
    """Estimates with what the margins explain of each, from sums of PSU, domain and cell."""
    assert sample.calibrated is not None
    if has_two_stages(sample.psus):
        raise DesignError(
            "The second stage's variance after calibration is not built. Leave fpc2 out (then "
            "intervals are too narrow where much of the first stage was drawn), or take the base "
            "weights."
        )
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


def _of_rows(sample: Sample, of: Domains) -> Floats:
    """(n, M) scores of the interviews."""
    value, weight = sample.rows()
    domain = of.to[sample.coded.domain]
    return linear(of.moments, sample.plan).scores(value, weight, domain)
