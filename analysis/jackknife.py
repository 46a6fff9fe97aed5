r"""The stratified jackknife (JKn): every PSU is left out once, its stratum's others stand for it.

With n PSUs in the stratum, replicate j changes a total by (S - n s_j)/(n - 1), where S is the
stratum's sum and s_j that of the PSU. The coefficient is (1 - f)(n - 1)/n and deviations are from
the estimate, so the bias of a ratio is in the variance too.

For weights that were raked see `raked_jackknife`.

Wolter, K. M. (2007). Introduction to Variance Estimation, 2nd ed., chapter 4. Springer.
"""

from dataclasses import dataclass

import numpy as np

from analysis import replicates, variance
from analysis.design import Codes, Floats, Psus
from analysis.errors import LonelyPSUError
from analysis.moments import Moments, sums
from analysis.replicates import Claims, Replicated
from analysis.variance import Lonely, Means


@dataclass(frozen=True, eq=False)
class Deletion:
    """What leaving out a PSU of each stratum does; all (H,).

    To a total `back` times the stratum's sum comes, and `out` times the PSU's goes. The square
    of an estimate's change counts with `coefficient`. `skipped` strata have no replicates.
    """

    back: Floats
    out: Floats
    coefficient: Floats
    skipped: Claims

    def of_strata(self, strata: Codes) -> "Deletion":
        """The same of some strata only."""
        return Deletion(
            self.back[strata], self.out[strata], self.coefficient[strata], self.skipped[strata]
        )


def deletion(psus: Psus, held: Codes, lonely: Lonely) -> Deletion:
    """How PSUs of each stratum are left out; `held` are strata with interviews.

    A lonely PSU is refused (`fail`), never left out (`certainty`), or left out with nothing to
    stand for it (`adjust`), as the variance from scores centres it at the whole.

    Raises
    ------
    LonelyPSUError
        Where `lonely` is `fail` and a stratum with interviews has a single PSU.
    """
    n = psus.drawn.astype(np.float64)
    alone = psus.lonely
    refused = [h for h in np.unique(held) if alone[h]]
    if lonely == "fail" and refused:
        raise LonelyPSUError([psus.strata[h] or "(the only one)" for h in refused])
    others = np.where(n > 1, n - 1, 1.0)
    weight = 1.0 if lonely == "adjust" else 0.0
    return Deletion(
        np.where(n > 1, 1 / others, 0.0),
        np.where(n > 1, n / others, weight),
        np.where(n > 1, others / np.maximum(n, 1), weight) * psus.remaining,
        alone & (lonely != "adjust"),
    )


def jackknife(means: Means, lonely: Lonely = "fail") -> Replicated:
    """JKn of means whose weights are not calibrated, in closed form for all domains and measures.

    R: `as.svrepdesign(design, type = "JKn", mse = TRUE)`.

    Raises
    ------
    LonelyPSUError
        As `deletion`.
    """
    m = means.moments
    cut = deletion(m.psus, m.psus.stratum[m.psu], lonely)
    found = shifts(m, means.value, cut).variance(cut, len(m.domains))
    return replicated(means, found, cut, len(m.psus.names), "jkn")


@dataclass(frozen=True, eq=False)
class Shifts:
    """How far leaving out each PSU moves the estimates, for Q quotients of sums.

    `here` (C, Q) are the moves of a cell's domain when the cell's PSU is left out. A PSU of the
    pair's stratum without a cell in its domain moves it by `elsewhere` (P, Q); there are `absent`
    (P,) of these. `pair` (C,) is the pair of a cell; `stratum` and `domain` are (P,).
    """

    pair: Codes
    stratum: Codes
    domain: Codes
    absent: Floats
    here: Floats
    elsewhere: Floats

    def variance(self, cut: Deletion, size: int) -> Floats:
        """(size, Q) sums of squares over all replicates."""
        with np.errstate(invalid="ignore"):
            absent = self.absent[:, None]
            without = np.where(absent > 0, absent * self.elsewhere**2, 0.0)
            square = sums(self.pair, self.here**2, self.stratum.size) + without
        return sums(self.domain, cut.coefficient[self.stratum][:, None] * square, size)


def shifts(m: Moments, centre: Floats, cut: Deletion, fixed: Claims | None = None) -> Shifts:
    """Moves of the quotients value / weight of `m`, about their (D, Q) values `centre`.

    The `fixed` (Q,) ones have the denominator 1, whatever is left out: totals, with `centre` 0.
    """
    size, stratum = len(m.domains), m.psus.stratum[m.psu]
    pairs, pair = np.unique(stratum * max(size, 1) + m.domain, return_inverse=True)
    h, domain = pairs // max(size, 1), pairs % max(size, 1)
    around = np.where(np.isnan(centre), 0.0, centre)
    z = np.asarray(m.value - around[m.domain] * m.weight, dtype=np.float64)
    weight, total = m.weight, sums(m.domain, m.weight, size)
    if fixed is not None and fixed.any():
        weight, total = np.where(fixed, 0.0, weight), np.where(fixed, 1.0, total)
    back, out = cut.back[h][:, None], cut.out[stratum][:, None]
    up, base = back * sums(pair, z, pairs.size), back * sums(pair, weight, pairs.size)
    absent = m.psus.drawn[h] - np.bincount(pair, minlength=pairs.size).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        left = total[m.domain] + base[pair] - out * weight
        here = (up[pair] - out * z) / replicates.unless_empty(left, total[m.domain])
        elsewhere = up / replicates.unless_empty(total[domain] + base, total[domain])
    return Shifts(np.asarray(pair, dtype=np.intp), h, domain, absent, here, elsewhere)


def replicated(means: Means, found: Floats, cut: Deletion, psus: int, method: str) -> Replicated:
    """The (D, K) sums of squares `found` as a result: without those no replicate speaks for."""
    usable = replicates.estimable(means, cut.skipped)
    skipped = int(means.moments.psus.drawn[cut.skipped].sum())
    return Replicated(
        means, np.where(usable, found, np.nan), means.df, np.zeros(found.shape, dtype=np.int64),
        variance.in_lonely_strata(means), psus - skipped, method,
    )  # fmt: skip
