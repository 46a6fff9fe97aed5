r"""Means on calibrated weights, with a variance that knows of the calibration.

Weights that are brought to margins take out of an answer what the margins explain. To first
order every calibration has the variance of the regression estimator (Deville and Särndal 1992),
so the score of an interview is the residual of the mean's linearisation z on the margins,

.. math:: w_i (z_i - x_i' B),  \quad  B = (\sum d x x')^{-} \sum d x z,

with d the base and w the final weight. For all domains and measures at once, without a score for
each of them in every PSU:

.. math:: V = Q(a, a) - 2 B' Q(X, a) + B' Q(X, X) B,

Q the stratified centred cross-products of PSU sums, a those of w z, X those of w x. Margins that
share no cell make the matrix of the regression block-diagonal, so it is kept sparse.

Residuals are weighted by d, as R's `calibrate` and `postStratify` do. R's `rake` weighs all
interviews of a cell alike, which gives other standard errors for the same weights.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from analysis import newton, variance
from analysis.calibration import Calibration
from analysis.cells import Cells, present, summed
from analysis.design import Coded, Codes, Floats
from analysis.errors import LonelyPSUError
from analysis.measures import Measure
from analysis.moments import Moments, Reduce, psu_moments, sums
from analysis.variance import Lonely, Means

AT_ONCE = 2048
"""Domains x measures whose variances are worked on together."""
ROUNDING = 1e-13
"""Share of the variance without calibration that is left by rounding where the margins explain an
answer wholly."""


@dataclass(frozen=True, eq=False)
class CalibratedMeans:
    """Means on the final weights, and what the margins explain of each.

    `means` is as without calibration: its `variances` would take the weights as given. `explained`
    holds the sparse (p, K D) regression coefficients B, those of a measure's D domains side by
    side, `margins` the sparse (G, p) sums of final weights by PSU and level.
    """

    means: Means
    explained: Any
    margins: Any

    def of(self, k: int) -> Any:
        """(p, D) coefficients of measure k."""
        size = len(self.means.moments.domains)
        return self.explained[:, k * size : (k + 1) * size]


def calibrated_means(
    coded: Coded,
    calibration: Calibration,
    measures: Sequence[Measure],
    reduce: Reduce = psu_moments,
) -> CalibratedMeans:
    """Mean of every measure in every domain of `coded`, the one that was calibrated.

    Domains may differ from those at calibration; order and base weights must be the same. `reduce`
    makes the sums.

    Raises
    ------
    MeasureError
        From `moments.psu_moments`.
    """
    c, cells = calibration, calibration.cells
    means = variance.domain_means(reduce(c.final(coded), measures))
    design = level_matrix(cells)
    key = coded.psu * cells.size + c.cell
    pairs, pair = present(key, len(coded.psus.names) * cells.size)
    held = sparse.csr_array(
        (summed(pair, c.weight, pairs.size), (pairs // cells.size, pairs % cells.size)),
        shape=(len(coded.psus.names), cells.size),
    )
    inverse = bread(cells, summed(c.cell, c.base, cells.size), design)
    explained = (inverse @ (design.T @ _cell_scores(coded, c, measures, means))).tocsc()
    return CalibratedMeans(means, explained, (held @ design).tocsr())


def variances(found: CalibratedMeans, lonely: Lonely = "fail") -> Floats:
    """(D, K) variance of every mean, in the square of its unit; NaN where nobody answered.

    Raises
    ------
    LonelyPSUError
        Where `lonely` is `fail` and a stratum with interviews has a single PSU.
    """
    means = found.means
    form = _Form(means.moments, lonely)
    # The margins tie all strata together, so the average is one over all, not one of each domain.
    own = "certainty" if lonely == "average" else lonely
    plain = form.scale * variance.variances(means, own)
    out = plain.copy()
    both = form.product(found.margins, found.margins)
    m = means.moments
    # Some measures at a time: their domains side by side, but never a dense matrix of all.
    size, measures = len(m.domains), out.shape[1]
    step = max(1, AT_ONCE // max(size, 1))
    for k in range(0, measures, step):
        some = np.arange(k, min(k + step, measures))
        b = found.explained[:, k * size : (k + some.size) * size].tocsr()
        a = sparse.csr_array(
            (means.scores[:, some].T.ravel(),
             (np.tile(m.psu, some.size), np.concatenate([m.domain + i * size
                                                         for i in range(some.size)]))),
            shape=(len(m.psus.names), some.size * size),
        )  # fmt: skip
        cross = b.multiply(both @ b - 2 * form.product(found.margins, a))
        out[:, some] += np.asarray(cross.sum(axis=0)).reshape(some.size, size).T
    return np.where(out < ROUNDING * plain, 0.0, out)


def combined(found: CalibratedMeans, parts: Mapping[int, Mapping[int, float]]) -> CalibratedMeans:
    """The same with composites put in the place of their columns, as `variance.combined`."""
    measures, size = found.means.value.shape[1], len(found.means.moments.domains)
    mix = np.eye(measures)
    for column, factors in parts.items():
        mix[:, column] = 0.0
        for part, factor in factors.items():
            mix[:, column] += factor * mix[:, part]
    whole = sparse.kron(sparse.csr_array(mix), sparse.eye_array(size), format="csr")
    return replace(
        found, means=variance.combined(found.means, parts),
        explained=(found.explained @ whole).tocsc(),
    )  # fmt: skip


def residual(found: CalibratedMeans) -> Means:
    """Means of one domain, the whole, whose scores are residuals on the margins.

    All that `variance` does with scores then holds after calibration too.
    """
    means = found.means
    taken = (found.margins @ found.explained).toarray()
    return replace(means, scores=means.scores - taken[means.moments.psu])


def mean_of_domains(found: CalibratedMeans, lonely: Lonely = "fail") -> tuple[Floats, Floats]:
    """(K,) plain mean of the domains' values and its variance, as `variance.mean_of_domains`."""
    means, m = found.means, found.means.moments
    size = max(len(m.domains), 1)
    scores = sums(m.psu, means.scores, len(m.psus.names)) / size
    every_domain = sparse.kron(sparse.eye_array(scores.shape[1]), np.ones((size, 1)), format="csr")
    scores -= (found.margins @ (found.explained @ every_domain)).toarray() / size
    value = means.value.sum(axis=0) / size
    every = np.arange(scores.shape[0])
    v = variance.stratified_products(
        m.psus, every, np.zeros_like(every), 1, scores, scores, lonely
    )[0]
    return value, np.where(np.isnan(value), np.nan, v)


def covariances(found: CalibratedMeans, lonely: Lonely = "fail") -> Floats:
    """(K, D, D) covariances between the domains' means of each measure."""
    means, m = found.means, found.means.moments
    form = _Form(m, lonely)
    shape = (len(m.psus.names), len(m.domains))
    out = np.empty((means.value.shape[1], shape[1], shape[1]))
    for k in range(out.shape[0]):
        a = sparse.csr_array((means.scores[:, k], (m.psu, m.domain)), shape=shape)
        scores = sparse.csr_array(a - found.margins @ found.of(k))
        out[k] = form.product(scores, scores).toarray()
    return out


def contrast(
    found: CalibratedMeans,
    coefficients: Mapping[tuple[int, int], float],
    lonely: Lonely = "fail",
) -> tuple[float, float]:
    """Value and variance of a linear combination of means, as `variance.contrast`.

    Raises
    ------
    LonelyPSUError
        As `variances`.
    """
    means, m = found.means, found.means.moments
    value, _ = variance.contrast(means, coefficients, lonely)
    a = np.zeros((len(m.psus.names), 1))
    b = np.zeros((found.margins.shape[1], 1))
    for (domain, k), factor in coefficients.items():
        own = m.domain == domain
        a[m.psu[own], 0] += factor * means.scores[own, k]
        b += factor * found.of(k)[:, [domain]].toarray()
    scores = sparse.csr_array(a - found.margins @ b)
    form = _Form(m, lonely)
    return value, max(float(form.product(scores, scores).sum()), 0.0)


def level_matrix(cells: Cells) -> Any:
    """(C, p) sparse indicator of the levels of a cell, all margins side by side, then numbers."""
    if not cells.targets:
        return _with_numbers(sparse.csr_array((cells.size, 0)), cells)
    start = np.cumsum([0] + [target.size for target in cells.targets])
    column = np.concatenate(
        [level + first for level, first in zip(cells.cell_levels, start, strict=False)]
    )
    cell = np.tile(np.arange(cells.size), len(cells.targets))
    shape = (cells.size, int(start[-1]))
    return _with_numbers(sparse.csr_array((np.ones(cell.size), (cell, column)), shape=shape), cells)


def _with_numbers(levels: Any, cells: Cells) -> Any:
    """The columns of the numbers beside those of the levels, where there are some."""
    if cells.numbers is None:
        return levels
    numbers = sparse.csr_array(cells.numbers.standard)
    return numbers if not cells.targets else sparse.hstack((levels, numbers), format="csr")


def bread(cells: Cells, base: Floats, design: Any) -> Any:
    """(p, p) sparse inverse of sum d x x', block by block."""
    whole = (design.T @ sparse.diags_array(base) @ design).tocsr()
    if cells.numbers is not None:  # they tie all levels together
        return sparse.csr_array(newton.inverse(whole.toarray()))
    count, block = newton.blocks(cells.cell_levels, cells.targets)
    # A level lies in the block of its cells; columns of a block are inverted together.
    of_column = np.zeros(whole.shape[0], dtype=np.intp)
    of_column[design.indices] = np.repeat(block, np.diff(design.indptr))
    order = np.argsort(of_column, kind="stable")
    ends = np.cumsum(np.bincount(of_column, minlength=count))[:-1]
    rows, columns, values = [], [], []
    for own in np.split(order, ends):
        rows.append(np.repeat(own, own.size))
        columns.append(np.tile(own, own.size))
        values.append(newton.inverse(whole[own][:, own].toarray()).ravel())
    at = (np.concatenate(rows), np.concatenate(columns))
    return sparse.csr_array((np.concatenate(values), at), shape=whole.shape)


def _cell_scores(coded: Coded, c: Calibration, measures: Sequence[Measure], means: Means) -> Any:
    """Sparse (C, K D) sums of d z by measure, z = (y - mean) over the weight of the domain."""
    size = max(len(coded.domains), 1)
    pairs, pair = present(c.cell * size + coded.domain, c.cells.size * size)
    cell, domain = pairs // size, pairs % size
    weight = np.zeros((size, len(measures)))
    for k in range(len(measures)):
        weight[:, k] = summed(means.moments.domain, means.moments.weight[:, k], size)
    everyone = summed(pair, c.base, pairs.size)
    out = np.empty((len(measures), pairs.size))
    for k, measure in enumerate(measures):
        y = measure.values[coded.order]
        answered = ~np.isnan(y)
        if answered.all():
            d, dy = everyone, summed(pair, c.base * y, pairs.size)
        else:
            d = summed(pair, np.where(answered, c.base, 0.0), pairs.size)
            dy = summed(pair, np.where(answered, c.base * y, 0.0), pairs.size)
        with np.errstate(invalid="ignore", divide="ignore"):
            z = (dy - means.value[domain, k] * d) / weight[domain, k]
        out[k] = np.where(d > 0, z, 0.0)
    column = np.arange(len(measures))[:, None] * size + domain
    rows = np.tile(cell, len(measures))
    shape = (c.cells.size, len(measures) * size)
    return sparse.csr_array((out.ravel(), (rows, column.ravel())), shape=shape)


class _Form:
    """Q: sum over strata of (1-f) n/(n-1) times centred cross-products of PSU sums."""

    def __init__(self, moments: Moments, lonely: Lonely) -> None:
        psus = moments.psus
        n = psus.drawn.astype(np.float64)
        one, alone = n == 1, psus.lonely
        answered = np.bincount(psus.stratum[moments.psu], minlength=n.size) > 0
        if lonely == "fail" and (alone & answered).any():
            # The margins tie all strata together: one lonely stratum touches every domain.
            named = np.flatnonzero(alone & answered)
            raise LonelyPSUError([psus.strata[h] or "(the only one)" for h in named])
        factor = psus.remaining * n / np.where(one, 1.0, n - 1)
        self.scale = 1.0
        if lonely in ("certainty", "average"):
            factor = np.where(one, 0.0, factor)
        if lonely == "average" and (alone & answered).any():
            known = int((answered & ~alone).sum())
            self.scale = float(answered.sum()) / known if known else np.nan
            factor = self.scale * factor
        # Centred at the whole: nothing is taken off.
        centre = np.where(one & (lonely == "adjust"), 0.0, factor / n)
        self._each = sparse.diags_array(factor[psus.stratum])
        self._centre = sparse.diags_array(centre)
        self._strata = _indicator(psus.stratum, n.size)

    def product(self, one: Any, other: Any) -> Any:
        """(p, q) from sparse (G, p) and (G, q)."""
        means = (self._strata @ one).T @ self._centre @ (self._strata @ other)
        return one.T @ self._each @ other - means


def _indicator(stratum: Codes, strata: int) -> Any:
    at = (stratum, np.arange(stratum.size))
    return sparse.csr_array((np.ones(stratum.size), at), shape=(strata, stratum.size))
