"""What the replicates of a raked jackknife do to the cells of one part of the margins.

The arithmetic behind `raked_jackknife`, where it is explained.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from analysis import replicates
from analysis.design import Codes, Floats
from analysis.errors import MarginError
from analysis.jackknife import Deletion
from analysis.moments import sums
from analysis.replicates import Bases, Claims
from analysis.reraking import Raking, named

AT_ONCE = 2048
"""Replicates that are raked side by side."""
NUMBERS_AT_ONCE = 1 << 22
"""Factors held of them at a time."""
DENSE = 1 << 24
"""Sums of cell x domain x measure above which only those that are not 0 are held."""


@dataclass(frozen=True, eq=False)
class Part:
    """Cells that are raked together, A of them, and what lies in them: R rows, D domains.

    `names` (G,) and `stratum` (G,) are of the PSUs that have rows here or are left out. `psu`,
    `domain` and `cell` (R,) are codes within the part; `z` (R, K) residuals and `weight` (R, B)
    denominators with base weights; `whole` (D, B) denominators of the domains with raked weights,
    in all cells; `totals` (G, A) and `in_stratum` (H, A) base weights; `single` (A,) cells that
    only one PSU has; `factors` (A,).
    """

    raking: Raking
    factors: Floats
    names: tuple[str, ...]
    stratum: Codes
    psu: Codes
    domain: Codes
    cell: Codes
    z: Floats
    weight: Floats
    base: Bases
    whole: Floats
    totals: Floats
    in_stratum: Floats
    single: Claims


def changes(p: Part, cut: Deletion, left: Codes) -> Iterator[tuple[slice, Floats]]:
    """How far leaving out each of the (J,) PSUs `left` moves the estimates, some at a time.

    Yields which of the J they are, and (j, D, K) changes; NaN where nobody of the domain is left.
    """
    size, cells, k = p.whole.shape[0], p.factors.size, p.z.shape[1]
    key = p.cell * size + p.domain
    z, weight = (_by_cell(key, a, cells, size) for a in (p.z, p.weight))
    step = max(1, replicates.BLOCK // max(size * k, 1))
    of_strata = _sums_of_strata(p)
    # Where cells hold numbers they are as many as interviews.
    at_once = min(AT_ONCE, max(16, NUMBERS_AT_ONCE // max(cells, 1)))
    for first in range(0, left.size, at_once):
        without = left[first : first + at_once]
        factors = _factors(p, cut, without)
        change = factors - p.factors
        pair, own_z, own_weight = _own(p, cut, without, factors, of_strata)
        for a in range(0, without.size, step):
            b = min(a + step, without.size)
            some = slice(*np.searchsorted(pair, [a * size, b * size]))
            at = pair[some] - a * size
            # Of quantiles alone there are no quotients: k is 0.
            top = _product(change[a:b], z).reshape((b - a) * size, k)
            bottom = _product(change[a:b], weight).reshape(top.shape[0], p.weight.shape[1])
            top[at] += own_z[some]
            bottom[at] += own_weight[some]
            whole = np.tile(p.whole, (b - a, 1))
            bottom = replicates.unless_empty(bottom + whole, whole)
            with np.errstate(invalid="ignore", divide="ignore"):
                moved = top / bottom[:, p.base.of]
            yield slice(first + a, first + b), moved.reshape(b - a, size, k)


def _by_cell(key: Codes, values: Floats, cells: int, domains: int) -> Any:
    """(A, D K) sums by cell and domain; sparse where cells are so many that few have a domain."""
    k = values.shape[1]
    if cells * domains * k <= DENSE:
        return sums(key, values, cells * domains).reshape(cells, domains * k)
    present, row = np.unique(key, return_inverse=True)
    held = sums(row, values, present.size)
    column = (present % domains)[:, None] * k + np.arange(k)
    at = (np.repeat(present // domains, k), column.ravel())
    return csr_array((held.ravel(), at), shape=(cells, domains * k))


def _product(rows: Floats, columns: Any) -> Floats:
    """(R, A) times (A, M), dense or sparse, added in the order of A."""
    if isinstance(columns, np.ndarray):
        return replicates.product(rows, columns)
    return np.ascontiguousarray((columns.T.tocsr() @ np.ascontiguousarray(rows.T)).T)


def _factors(p: Part, cut: Deletion, without: Codes) -> Floats:
    """(J, A) factors that meet the margins without each of the PSUs."""
    h = p.stratum[without]
    own = p.totals[without]
    left = p.in_stratum.sum(axis=0) + cut.back[h][:, None] * p.in_stratum[h]
    left -= cut.out[h][:, None] * own
    # What rounding leaves of a cell that only this PSU has is nobody.
    left[(own > 0) & p.single] = 0.0
    found = p.raking.again(left, p.in_stratum.sum(axis=0), p.factors)
    failed = np.asarray(np.isnan(found).any(axis=1), dtype=np.bool_)
    if failed.any():
        first = int(np.flatnonzero(failed)[0])
        what = p.raking.why_not(left[first])
        names = [p.names[g] for g in without]
        raise MarginError(
            f"Without PSU {named(names, failed)} the margins cannot be met ({what}), so nothing "
            "shows how the weights would differ in another sample. Merge that level with a "
            "neighbour, or use the variance from calibration residuals."
        )
    return np.asarray(found, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class _Strata:
    """Sums of stratum x domain x cell, sorted so; `first` and `size` are (H,): where and how many.

    `domain` and `cell` are (S,), `z` (S, K), `weight` (S, B).
    """

    first: Codes
    size: Codes
    domain: Codes
    cell: Codes
    z: Floats
    weight: Floats


def _sums_of_strata(p: Part) -> _Strata:
    cells, domains = p.factors.size, p.whole.shape[0]
    key = (p.stratum[p.psu] * domains + p.domain) * cells + p.cell
    present, row = np.unique(key, return_inverse=True)
    size = np.bincount(present // (domains * cells), minlength=p.in_stratum.shape[0])
    return _Strata(
        np.cumsum(size) - size, size, present // cells % domains, present % cells,
        sums(row, p.z, present.size), sums(row, p.weight, present.size),
    )  # fmt: skip


def _own(
    p: Part, cut: Deletion, without: Codes, factors: Floats, of: _Strata
) -> tuple[Codes, Floats, Floats]:
    """What leaving out a PSU changes in its own stratum's domains: f_j times Delta_j, summed.

    Pairs of replicate and domain as a sorted code (replicate x D + domain), and their changes
    (P, K) of residuals and (P, B) of denominators.
    """
    domains, h = p.whole.shape[0], p.stratum[without]
    # One row for each replicate and each sum of its stratum ...
    replicate = np.repeat(np.arange(without.size), of.size[h])
    at = np.arange(replicate.size) - np.repeat(np.cumsum(of.size[h]) - of.size[h], of.size[h])
    at += np.repeat(of.first[h], of.size[h])
    comes_in = cut.back[h][replicate] * factors[replicate, of.cell[at]]
    # ... and one for each sum of the PSU itself.
    position = np.full(len(p.names), -1, dtype=np.intp)
    position[without] = np.arange(without.size)
    rows = np.flatnonzero(position[p.psu] >= 0)
    j = position[p.psu[rows]]
    goes = cut.out[h][j] * factors[j, p.cell[rows]]
    key = np.concatenate([replicate * domains + of.domain[at], j * domains + p.domain[rows]])
    pair, row = np.unique(key, return_inverse=True)
    z, weight = (
        sums(
            row,
            np.concatenate([comes_in[:, None] * whole[at], -goes[:, None] * own[rows]]),
            pair.size,
        )
        for whole, own in ((of.z, p.z), (of.weight, p.weight))
    )
    return pair, z, weight
