"""Quantiles of a plan in a table of domains, with the variance of whatever design and weights.

Woodruff's way (`analysis.quantiles`): the share of answers up to the quantile is a proportion, its
variance is that of any proportion of this sample, and the ends of its interval are taken back
through the distribution.
"""

from dataclasses import dataclass, replace

import numpy as np

from analysis import intervals, quantiles, varying
from analysis.design import Floats
from analysis.measures import Measure
from analysis.plan import Plan, Row, Source
from analysis.quantiles import EXACT
from analysis.sample import Domains, Sample, whole_of
from analysis.variance import Means, exhausted


@dataclass(frozen=True, eq=False)
class Placed:
    """Quantiles of the rows `at` of a plan; arrays are (D, rows). `means` are those of the shares.

    An end of the interval that lies beyond the sample is NaN.
    """

    at: "list[int]"
    value: Floats
    se: Floats
    low: Floats
    high: Floats
    df: Floats
    means: Means


def placed(
    sample: Sample, of: Domains, method: str, level: float, how: quantiles.Method
) -> Placed:  # fmt: skip
    """Every quantile row of the sample's plan in every domain of a table."""
    at = [m for m, row in enumerate(sample.plan.rows) if row.kind == "quantile"]
    rows = [sample.plan.rows[m] for m in at]
    domain = of.to[sample.coded.domain]
    coded = replace(sample.coded, domain=domain, domains=of.moments.domains)
    held = {k: quantiles.sorted_answers(coded, sample.measures[k]) for k in {r.base for r in rows}}
    size = len(coded.domains)

    def back(share: Floats) -> Floats:
        """(D, rows) answers at which the distributions reach the shares."""
        columns = [
            quantiles.placed([held[row.base]], share[:, [i]][:, :, None])[:, 0, 0]
            for i, row in enumerate(rows)
        ]
        return np.column_stack(columns) if columns else np.empty((size, 0))

    value = back(np.tile([row.p for row in rows], (size, 1)))
    asked = sample.asking(*_reached(sample, rows, domain, value), of)
    found, _ = varying.varied(asked, whole_of(asked), method)
    means = found.means
    census = exhausted(means) & (found.variance == 0) & (method != "replicates")
    usable = (found.df >= 1) & (means.n > 0) & ((means.n_psu >= 2) | (method == "replicates"))
    with np.errstate(invalid="ignore"):
        error = np.where(usable, np.sqrt(found.variance), np.nan)
    # A variance of exactly 0 comes out of the sums as rounding.
    error = np.where(error < EXACT, 0.0, error)
    lower, upper = quantiles.of_share(means.value, error, means.kish, found.df, level, how)
    low, high = back(lower), back(upper)
    se = (high - low) / (2 * intervals.quantile(level, found.df))
    # Nothing was left to sample: the answer is the population's.
    low, high = (np.where(census, value, end) for end in (low, high))
    se = np.where(census, 0.0, se)
    return Placed(at, value, se, low, high, found.df, means)


def _reached(
    sample: Sample, rows: "list[Row]", domain: "np.ndarray[tuple[int, ...], np.dtype[np.intp]]",
    value: Floats,
) -> tuple[list[Measure], Plan]:  # fmt: skip
    """Proportions: has the answer reached the quantile of its domain."""
    of_row = np.empty(domain.size, dtype=np.intp)
    of_row[sample.coded.order] = domain
    measures, sources, shares = [], [], []
    for i, row in enumerate(rows):
        y = sample.measures[row.base].values
        with np.errstate(invalid="ignore"):
            reached = np.where(np.isnan(y), np.nan, (y <= value[of_row, i]).astype(np.float64))
        measures.append(Measure("", f"reached {i}", "", "proportion", reached))
        sources.append(Source(f"reached {i}", "proportion", 0.0, 1.0))
        shares.append(Row("", f"reached {i}", "", "proportion", 0.0, 1.0, i))
    return measures, Plan(tuple(sources), tuple(shares))
