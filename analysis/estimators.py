r"""Means, shares, totals, ratios and composites of all domains at once, from one set of sums.

Every estimate is a smooth function of weighted sums, and its score of a PSU is linear in that
PSU's sums:

========== =============================================== =======================
mean       (sum wy - mean sum w) / W                       W the domain's sum of w
total      sum wy
ratio      (sum wy - R sum wx) / X                         X the domain's sum of wx
index      sum of factor x score of the part's mean
========== =============================================== =======================

`spread` is what a simple random sample would have as n times the variance: of the answers for a
mean, N^2 times that for a total, that of (y - Rx) N/X for a ratio. It makes design effects.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.design import Codes, Floats
from analysis.errors import MeasureError
from analysis.moments import Moments, sums
from analysis.plan import Plan, Row
from analysis.variance import Means, domain_means


def domain_estimates(moments: Moments, plan: Plan) -> Means:
    """Every row of the plan in every domain of `moments`, whose measures are its sources.

    The result is (D, M); quantiles, which no sum holds, are left NaN. `moments` of the result
    are those of each row's base.

    Raises
    ------
    MeasureError
        Where a sum is no finite number although somebody answered, naming column and domains.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        found = domain_means(moments)
    _refuse_overflow(moments, found, plan)
    rows = plan.rows
    base = np.array([row.base for row in rows], dtype=np.intp)
    if len(rows) == len(plan.sources) and all(_is_plain(row, i) for i, row in enumerate(rows)):
        return found
    own = _of_rows(found, base)
    kinds = np.array([_kind(row) for row in rows], dtype=object)
    value, scores, spread = own.value, own.scores, own.spread
    size = len(moments.domains)
    for kind in ("total", "ratio", "index", "quantile"):
        at = np.flatnonzero(kinds == kind)
        if not at.size:
            continue
        chosen = [rows[i] for i in at]
        if kind == "total":
            weight = sums(moments.domain, moments.weight[:, base[at]], size)
            total = sums(moments.domain, moments.value[:, base[at]], size)
            value[:, at] = np.where(own.n[:, at] > 0, total, np.nan)
            scores[:, at] = moments.value[:, base[at]]
            spread[:, at] *= weight**2
        elif kind == "ratio":
            value[:, at], scores[:, at], spread[:, at] = _ratios(moments, chosen, size)
        elif kind == "index":
            for i, row in zip(at, chosen, strict=True):
                parts = [part for part, _ in row.parts]
                factors = np.array([factor for _, factor in row.parts])
                whole = (found.value[:, parts] * factors).sum(axis=1)
                value[:, i] = np.where(own.n[:, i] > 0, whole, np.nan)
                scores[:, i] = (found.scores[:, parts] * factors).sum(axis=1)
        else:
            value[:, at], scores[:, at], spread[:, at] = np.nan, 0.0, np.nan
    return replace(own, value=value, scores=scores, spread=spread)


@dataclass(frozen=True, eq=False)
class Linear:
    """The estimates as linear functions of sums, about the values they have.

    `found` is of the K sources; `ratio` (D, M) and `denominator` (D, M) are those of ratios.
    """

    plan: Plan
    found: Means
    weight: Floats
    ratio: Floats
    denominator: Floats

    def scores(self, value: Floats, weight: Floats, domain: Codes) -> Floats:
        """(R, M) scores of any sums `value` and `weight` (R, K) that lie in the domains (R,).

        Sums of rows, of cells or of PSUs, with base or with final weights: scores add up as the
        sums do.
        """
        mean = np.where(np.isnan(self.found.value), 0.0, self.found.value)
        out = np.zeros((domain.size, len(self.plan.rows)))

        def of_mean(k: int) -> Floats:
            below = np.where(self.weight[:, k] == 0, np.nan, self.weight[:, k])[domain]
            score = (value[:, k] - mean[domain, k] * weight[:, k]) / below
            return np.where(weight[:, k] == 0, 0.0, score)

        for m, row in enumerate(self.plan.rows):
            kind = _kind(row)
            if kind in ("mean", "proportion"):
                out[:, m] = of_mean(row.base)
            elif kind == "total":
                out[:, m] = value[:, row.base]
            elif kind == "index":
                for k, factor in row.parts:
                    out[:, m] += factor * of_mean(k)
            elif kind == "ratio":
                residual = value[:, row.base] - self.ratio[domain, m] * value[:, row.other]
                out[:, m] = residual / self.denominator[domain, m]
        return out


def linear(moments: Moments, plan: Plan) -> Linear:
    """The estimates of `domain_estimates` as functions of further sums."""
    size, rows = len(moments.domains), plan.rows
    found = domain_means(moments)
    weight, total = (sums(moments.domain, a, size) for a in (moments.weight, moments.value))
    ratio, below = np.full((2, size, len(rows)), np.nan)
    for m, row in enumerate(rows):
        if row.kind == "ratio":
            x = total[:, row.other]
            below[:, m] = np.where(x == 0, np.nan, x)
            ratio[:, m] = total[:, row.base] / below[:, m]
    return Linear(plan, found, weight, ratio, below)


def _is_plain(row: Row, position: int) -> bool:
    return _kind(row) in ("mean", "proportion") and row.base == position


def _kind(row: Row) -> str:
    return "index" if row.parts else row.kind


def _of_rows(means: Means, base: Codes) -> Means:
    """The same estimates with the column of its base for every row, as new arrays."""
    m = means.moments
    moments = replace(
        m, n=m.n[:, base], weight=m.weight[:, base], weight2=m.weight2[:, base],
        value=m.value[:, base], square=m.square[:, base],
    )  # fmt: skip
    return Means(
        moments, *(getattr(means, name)[:, base] for name in (
            "value", "scores", "n", "n_psu", "df", "kish", "spread")),
    )  # fmt: skip


def _ratios(m: Moments, rows: Sequence[Row], size: int) -> tuple[Floats, Floats, Floats]:
    top, bottom, cross = (
        [getattr(row, name) for row in rows] for name in ("base", "other", "cross")
    )

    def of(values: Floats, at: list[int]) -> Floats:
        return sums(m.domain, values[:, at], size)

    y, x = of(m.value, top), of(m.value, bottom)
    x = np.where(x == 0, np.nan, x)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = y / x
        scores = (m.value[:, top] - ratio[m.domain] * m.value[:, bottom]) / x[m.domain]
        square = (
            of(m.square, top) - 2 * ratio * of(m.value, cross) + ratio**2 * of(m.square, bottom)
        )
        spread = np.maximum(square * of(m.weight, top) / x**2, 0.0)
    return ratio, scores, spread


def _refuse_overflow(m: Moments, found: Means, plan: Plan) -> None:
    bad = (found.n > 0) & ~(np.isfinite(found.value) & np.isfinite(found.spread))
    if not bad.any():
        return
    k = int(np.flatnonzero(bad.any(axis=0))[0])
    names = [m.domains[d] or "(the whole)" for d in np.flatnonzero(bad[:, k])]
    raise MeasureError(
        f"The sums of column {plan.sources[k].name} leave the range of numbers in domain "
        f"{', '.join(names[:5])}{' ...' if len(names) > 5 else ''}: answers or weights are too "
        "large to multiply and add. Look for answers or weights in the wrong unit."
    )
