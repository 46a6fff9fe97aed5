r"""The rescaled bootstrap: of the n PSUs of a stratum n - 1 are drawn again, with replacement.

A PSU drawn m times has its weights times m n/(n - 1), which makes the variance of a total
unbiased also for two PSUs. With a finite population the multiplier is drawn towards 1 by
:math:`\sqrt{1 - f}`.

Rao, J. N. K. and Wu, C. F. J. (1988). Resampling inference with complex survey data. Journal of
the American Statistical Association, 83, 231-241.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from analysis import replicates, variance
from analysis.cell_moments import CellMoments
from analysis.design import Codes, Floats, Psus
from analysis.errors import DesignError, LonelyPSUError, MarginError
from analysis.replicates import Replicated
from analysis.reraking import Raking
from analysis.variance import Lonely, Means

FORGIVEN = 0.05
"""Share of replicates that may hold nobody of a domain; with more there is no variance."""


def multipliers(
    psus: Psus, replicates: int, rng: np.random.Generator, lonely: Lonely = "fail"
) -> Floats:
    """(B, G) what the weights of each PSU are multiplied by in each replicate.

    Strata are drawn one after the other, in their order. A lonely PSU is refused (`fail`), stays
    as it is (`certainty`), or counts twice or not at all (`adjust`), which has the variance of
    its score about the whole.

    Raises
    ------
    DesignError
        Where fewer than two replicates are asked for.
    LonelyPSUError
        Where `lonely` is `fail` and a stratum has a single PSU.
    """
    if replicates < 2:
        raise DesignError(
            f"{replicates} bootstrap replicates show no spread; ask for at least two, 500 or more "
            "for a standard error that is good to 3 %."
        )
    alone = psus.lonely
    if lonely == "fail" and alone.any():
        raise LonelyPSUError([psus.strata[h] or "(the only one)" for h in np.flatnonzero(alone)])
    out = np.ones((replicates, len(psus.names)))
    order = np.argsort(psus.stratum, kind="stable")
    ends = np.cumsum(psus.drawn)
    for h, n in enumerate(psus.drawn.tolist()):
        own = order[ends[h] - n : ends[h]]
        shrink = np.sqrt(psus.remaining[h])
        if n > 1:
            drawn = rng.multinomial(n - 1, np.full(n, 1 / n), size=replicates) * (n / (n - 1))
            out[:, own] = 1 + shrink * (drawn - 1)
        elif n == 1 and lonely == "adjust":
            out[:, own] = 1 + shrink * (2 * rng.integers(0, 2, (replicates, 1)) - 1)
    return out


def bootstrap(means: Means, drawn: Floats, *, mse: bool = True) -> Replicated:
    """Variance of means whose weights are not calibrated, from the (B, G) multipliers `drawn`.

    With `mse` deviations are from the estimate and divided by B, else from the replicates' mean
    and divided by B - 1. A domain that up to a twentieth of the replicates miss is judged by the
    others.
    """
    m = means.moments
    z = replicates.residuals(means, m.value, m.weight, m.domain)
    rows = Rows(m.psu, m.domain, None, z, m.weight)
    return _spread(means, rows, drawn, None, mse, "rao_wu")


def reraked(cells: CellMoments, raking: Raking, drawn: Floats, *, mse: bool = True) -> Replicated:
    """As `bootstrap`, with the raking redone in every replicate.

    A replicate that cannot meet the margins is lost to the domains in the cells it leaves open.

    Raises
    ------
    MarginError
        Where the margins cannot be met in the sample, or in more than a twentieth of the
        replicates.
    """
    whole = cells.cell_totals()
    means = variance.domain_means(cells.calibrated(raking.sample_factors(whole)))
    z = replicates.residuals(means, cells.value, cells.weight, cells.domain)
    rows = Rows(cells.psu, cells.domain, cells.cell, z, cells.weight)
    factors = replicate_factors(cells, raking, drawn)
    return _spread(means, rows, drawn, factors, mse, "rao_wu_raked")


@dataclass(frozen=True, eq=False)
class Rows:
    """Sums of a PSU in a domain (and a cell): residuals `z` and denominators `weight` (R, K)."""

    psu: Codes
    domain: Codes
    cell: Codes | None
    z: Floats
    weight: Floats


def replicate_factors(cells: CellMoments, raking: Raking, drawn: Floats) -> Floats:
    """(B, C) factors of the cells in each replicate; NaN where it cannot meet the margins.

    Raises
    ------
    MarginError
        Where more than a twentieth of the replicates cannot.
    """
    part = raking.parts(cells.cell_totals())
    totals = np.empty((len(drawn), cells.cells))
    for b, multiplier in enumerate(drawn):
        own = multiplier[cells.psu] * cells.total
        totals[b] = np.bincount(cells.cell, weights=own, minlength=cells.cells)
    factors = np.ones_like(totals)
    for p in range(int(part.max(initial=-1)) + 1):
        active = np.flatnonzero(part == p)
        of_part = raking.of_cells(active)
        found = of_part.factors(totals[:, active])
        failed = np.isnan(found).any(axis=1)
        if failed.sum() > FORGIVEN * len(drawn):
            what = of_part.why_not(totals[failed][0, active])
            raise MarginError(
                f"{int(failed.sum())} of {len(drawn)} bootstrap replicates cannot meet the margins "
                f"(in the first of them {what}), so the rest would understate the "
                "variance. Merge levels with few sessions, or use the jackknife."
            )
        factors[:, active] = found
    return factors


def moves(
    rows: Rows,
    drawn: Floats,
    factors: Floats | None = None,
    domains: Codes | None = None,
    fixed: replicates.Claims | None = None,
) -> Iterator[tuple[int, Floats]]:
    """How far the replicates move Q quotients, domain by domain: its code and (B, Q) moves.

    `domains` takes some only. The `fixed` (Q,) quotients have the denominator 1. NaN where a
    replicate holds nobody.
    """
    size = len(drawn)
    base = replicates.bases(rows.weight)
    weight = rows.weight[:, base.columns]
    order = np.argsort(rows.domain, kind="stable")
    counts = np.bincount(rows.domain)
    for d, own in enumerate(np.split(order, np.cumsum(counts)[:-1])):
        if not own.size or (domains is not None and d not in domains):
            continue
        change = np.empty((size, rows.z.shape[1]))
        step = max(1, replicates.BLOCK // own.size)
        for a in range(0, size, step):
            multiplier = drawn[a : a + step, rows.psu[own]]
            if factors is not None and rows.cell is not None:
                multiplier = multiplier * factors[a : a + step, rows.cell[own]]
            top = replicates.product(multiplier, rows.z[own])
            bottom = replicates.product(multiplier, weight[own])
            with np.errstate(invalid="ignore", divide="ignore"):
                below = np.where(bottom != 0, bottom, np.nan)[:, base.of]
                if fixed is not None:
                    met = np.isfinite(multiplier).all(axis=1).reshape(-1, 1)
                    below = np.where(fixed[None] & met, 1.0, below)
                change[a : a + step] = top / below
        yield d, change


def _spread(
    means: Means, rows: Rows, drawn: Floats, factors: Floats | None, mse: bool, method: str
) -> Replicated:
    size = len(drawn)
    coefficient = np.full(size, 1 / size if mse else 1 / (size - 1))
    found, lost = np.full(means.value.shape, np.nan), np.zeros(means.value.shape, dtype=np.int64)
    for d, change in moves(rows, drawn, factors):
        found[d], lost[d] = replicates.spread_of_replicates(
            change, coefficient, mse=mse, forgive=FORGIVEN
        )
    moved = (drawn != 1).any(axis=0)
    psus = means.moments.psus
    skipped = np.bincount(psus.stratum, weights=moved, minlength=len(psus.strata)) == 0
    usable = replicates.estimable(means, skipped)
    return Replicated(
        means, np.where(usable, found, np.nan), means.df, lost,
        variance.in_lonely_strata(means), size, method,
    )  # fmt: skip
