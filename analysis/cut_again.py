r"""What cutting weights anew in every replicate adds to a variance that holds cut ones fixed.

Weights above a multiple of their unit's median are cut (`weight_classes.trim_weights`). Another
sample has another median and cuts other weights, which no replicate of cut weights shows: where a
tenth of the interviews is cut and answers follow the weights, its error is 9 to 12 % too small and
its intervals hold 90 %; cut anew it is 1 to 2 % too large and they hold 93 to 94 %
(benchmarks/trimming_study.py, docs/decisions/0021). So to whichever variance is used

.. math:: \max\Big(0, \sum_g c_g \big[(\tilde\theta_{(g)} - \hat\theta)^2
          - (\hat\theta_{(g)} - \hat\theta)^2\big]\Big)

is added, with PSU g left out of the weights as they were before (cut again, with the tilde) and of
the cut ones, before calibration: totals that are met leave little of a median.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from analysis import replicates
from analysis.design import Coded, Floats
from analysis.measures import Measure
from analysis.moments import sums
from analysis.raked_jackknife import Parts
from analysis.spreads import Spreads, Variances
from analysis.weight_classes import trim_weights


def cut_again(
    coded: Coded, measures: Sequence[Measure], uncut: Floats, limit: float, parts: Parts
) -> Floats:
    """(D, K) what is added to the variances of the domains, 0 where no weight was cut.

    Parameters
    ----------
    uncut
        (n,) weights in the order of the frame, before those above `limit` times the median of
        their domain were cut; those of `coded` are the cut ones.
    parts
        What each composite adds up.
    """
    found = np.zeros((len(coded.domains), len(measures)))
    before = uncut[coded.order]
    for d in range(len(coded.domains)):
        rows = np.flatnonzero(coded.domain == d)
        own = before[rows]
        if rows.size and not np.array_equal(trim_weights(own, limit), own):
            y = np.column_stack([np.take(m.values, coded.order[rows]) for m in measures])
            found[d] = _added(coded, rows, own, limit, y, parts)
    return found


def _added(
    coded: Coded, rows: "np.ndarray", uncut: Floats, limit: float, y: Floats, parts: Parts
) -> Floats:
    """(K,) for the interviews `rows` of one domain, whose answers are `y` (n, K)."""
    psus, psu = coded.psus, coded.psu[rows]
    answered = ~np.isnan(y)
    y = np.where(answered, y, 0.0)
    cut = trim_weights(uncut, limit)

    def mean(weight: Floats) -> Floats:
        top, bottom = (
            replicates.product(weight[None], own)[0] for own in (y, answered.astype(np.float64))
        )
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(top / bottom, dtype=np.float64)

    def moved(weight: Floats, centre: Floats) -> Floats:
        change = np.nan_to_num(mean(weight) - centre)
        for column, factors in parts.items():
            change[column] = sum(factor * change[part] for part, factor in factors.items())
        return change

    centre, total = mean(cut), np.zeros(y.shape[1])
    stratum = psus.stratum[psu]
    for g in np.unique(psu):
        h = psus.stratum[g]
        n = int(psus.drawn[h])
        left = psu != g
        if n < 2 or not left.any():
            continue
        scale = np.where(stratum == h, n / (n - 1), 1.0)
        again = np.zeros_like(uncut)
        again[left] = trim_weights((uncut * scale)[left], limit)
        held = np.where(left, cut * scale, 0.0)
        weight = (n - 1) / n * psus.remaining[h]
        total += weight * (moved(again, centre) ** 2 - moved(held, centre) ** 2)
    return np.asarray(np.maximum(total, 0.0), dtype=np.float64)


def widened(s: Spreads, added: Floats) -> Spreads:
    """The same estimates with `added` (D, K) in the variances of units, city and mean of units."""
    m, size = s.units.moments, len(s.units.moments.domains)
    weight = sums(m.domain, m.weight, size)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.nan_to_num(weight / weight.sum(axis=0))
    of_city = (share**2 * added).sum(axis=0)[None]
    of_mean = added.sum(axis=0)[None] / max(size, 1) ** 2
    return replace(
        s, of_units=_plus(s.of_units, added), of_city=_plus(s.of_city, of_city),
        of_mean=_plus(s.of_mean, of_mean),
    )  # fmt: skip


def _plus(v: Variances, added: Floats) -> Variances:
    return replace(
        v, used=v.used + added, taylor=v.taylor + added, replicated=v.replicated + added
    )  # fmt: skip
