"""Replicate weights that come with the data: columns, and how their changes add up.

The maker of the data knows the design and may not tell it; the columns carry it. What must be
told beside them is the kind, for the coefficients hang on it:

========= ======================================================================
JK1       (R - 1)/R, or the given scale
JKn       the given rscales, (n - 1)/n of the stratum whose PSU was left out
BRR       1/R
Fay       1/(R (1 - rho)^2)
bootstrap 1/(R - 1), or the given scale
other     the given scale and rscales
========= ======================================================================

Judkins, D. R. (1990). Fay's method for variance estimation. Journal of Official Statistics, 6,
223-239.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis import columns, replicates
from analysis.design import Coded, Floats
from analysis.errors import DesignError, MeasureError, WeightError
from analysis.measures import Measure
from analysis.moments import psu_moments
from analysis.replicates import Replicated
from analysis.variance import Means, domain_means

KINDS = ("JK1", "JKn", "BRR", "Fay", "bootstrap", "other")
RANK_TOLERANCE = 1e-7
"""Singular value, as a share of the largest, that is rounding. A jackknife's are above 1/R."""


@dataclass(frozen=True)
class GivenReplicates:
    """Columns of replicate weights.

    With `combined` they are weights, else multipliers of the weight. `scale` and `rscales`
    replace what the kind implies; `rho` is Fay's. With `mse` deviations are from the estimate,
    else from the mean of the replicates. Without `df` the degrees of freedom of a domain are the
    rank of its replicate weights less one.

    Raises
    ------
    DesignError
        Where the kind is unknown, or lacks a number it needs.
    """

    columns: tuple[str, ...]
    kind: str
    scale: float | None = None
    rscales: tuple[float, ...] = ()
    rho: float | None = None
    combined: bool = True
    mse: bool = True
    df: float | None = None

    def __post_init__(self) -> None:
        found, size = "", len(self.columns)
        if self.kind not in KINDS:
            found = f"kind {self.kind!r} is none of {', '.join(KINDS)}"
        elif size < 2:
            found = f"{size} columns are too few"
        elif len(set(self.columns)) < size:
            found = "a column is named twice"
        elif self.rscales and len(self.rscales) != size:
            found = f"{len(self.rscales)} rscales for {size} columns"
        elif self.kind == "JKn" and not self.rscales:
            found = "JKn without rscales, (n - 1)/n of each replicate's stratum"
        elif self.kind == "Fay" and (self.rho is None or not 0 <= self.rho < 1):
            found = f"Fay with rho = {self.rho}, which must lie in [0, 1)"
        elif self.kind == "other" and self.scale is None:
            found = "kind 'other' without a scale"
        elif any(not (np.isfinite(c) and c >= 0) for c in (self.scale or 0.0, *self.rscales)):
            found = "a scale or rscale that is negative or not finite"
        if found:
            raise DesignError(
                f"Replicate weights: {found}; the variance would be off by a constant factor or "
                "worse. See the documentation of the data."
            )

    @property
    def coefficients(self) -> Floats:
        """(R,) what the square of each replicate's change is multiplied by."""
        size = len(self.columns)
        implied = {
            "JK1": (size - 1) / size,
            "JKn": 1.0,
            "BRR": 1 / size,
            "Fay": 1 / (size * (1 - (self.rho or 0.0)) ** 2),
            "bootstrap": 1 / (size - 1),
            "other": 1.0,
        }[self.kind]
        scale = implied if self.scale is None else self.scale
        return scale * np.array(self.rscales or (1.0,) * size, dtype=np.float64)


def given_replicates(
    frame: pd.DataFrame,
    coded: Coded,
    measures: Sequence[Measure],
    spec: GivenReplicates,
    *,
    per: Sequence[Measure] = (),
) -> Replicated:
    """Means of every domain and measure, with the variance that the replicate weights give.

    `coded` is `design.code(frame, ...)`. With `per`, one for each measure, the ratio of the
    measure's total to that of `per` instead of its mean. R: `svrepdesign`.

    Raises
    ------
    DesignError
        Where a column is absent.
    WeightError
        Naming column and rows: a replicate weight that is missing, infinite or negative.
    MeasureError
        As `moments.psu_moments`; where `per` has another number or another base.
    """
    weights = weights_of(frame, coded, spec)
    means = _means(coded, measures, per)
    coefficient = spec.coefficients
    forgive = 0.05 if spec.kind == "bootstrap" else 0.0
    found, df = (np.full(means.value.shape, np.nan) for _ in range(2))
    lost = np.zeros(means.value.shape, dtype=np.int64)
    size = len(coded.domains)
    seen: dict[tuple[bytes, bytes], tuple[Floats, Floats]] = {}
    for k, measure in enumerate(measures):
        answered, y = _filled(measure, coded)
        x = _filled(per[k], coded)[1] if per else answered.astype(np.float64)
        key = answered.tobytes(), x.tobytes()
        if key not in seen:
            seen[key] = totals(weights, coded, x), freedom(weights, coded, answered, spec)
        below, df[:, k] = seen[key]
        centre = np.where(np.isnan(means.value[:, k]), 0.0, means.value[:, k])
        above = totals(weights, coded, y - centre[coded.domain] * x)
        with np.errstate(invalid="ignore", divide="ignore"):
            change = np.where(below != 0, above / below, np.nan)
        found[:, k], lost[:, k] = replicates.spread_of_replicates(
            change, coefficient, mse=spec.mse, forgive=forgive
        )
    # One degree of freedom at least: replicates that all say the same say nothing.
    known = (means.n > 0) & (df >= 1)
    return Replicated(
        means, np.where(known, found, np.nan), df, lost, np.zeros((size, len(measures)), np.bool_),
        len(spec.columns), f"given_{spec.kind.lower()}",
    )  # fmt: skip


def _filled(measure: Measure, coded: Coded) -> tuple[replicates.Claims, Floats]:
    """Who answered, and the values in the order of the kernel, 0 without an answer."""
    y: Floats = np.take(measure.values, coded.order)
    answered = ~np.isnan(y)
    return answered, np.where(answered, y, 0.0)


def _means(coded: Coded, measures: Sequence[Measure], per: Sequence[Measure]) -> Means:
    if not per:
        return domain_means(psu_moments(coded, measures))
    if len(per) != len(measures):
        raise MeasureError(
            f"{len(per)} denominators for {len(measures)} measures; give one for each."
        )
    k = len(measures)
    both = psu_moments(coded, [*measures, *per])
    return domain_means(replicates.ratios(both, [(i, k + i) for i in range(k)]))


def weights_of(frame: pd.DataFrame, coded: Coded, spec: GivenReplicates) -> Floats:
    """(R, n) replicate weights in the order of the kernel."""
    absent = [name for name in spec.columns if name not in frame.columns]
    if absent:
        raise DesignError(
            f"The interviews have no column {', '.join(absent[:5])}, which the replicate weights "
            "name. Correct the names or add the columns."
        )
    found = np.empty((len(spec.columns), coded.order.size))
    for r, name in enumerate(spec.columns):
        weight = columns.numbers(frame, name)
        for bad, what in (
            (np.isnan(weight), "is missing or no number"),
            (np.isinf(weight), "is infinite"),
            (weight < 0, "is negative"),
        ):
            if bad.any():
                raise WeightError(
                    f"Column {name}: the replicate weight {what} in {columns.rows(frame, bad, '')};"
                    " it may be zero, never less. Ask the maker of the data, or leave out the "
                    "replicate weights and name strata and PSUs."
                )
        found[r] = weight[coded.order] * (1.0 if spec.combined else coded.weight)
    return found


def totals(weights: Floats, coded: Coded, values: Floats) -> Floats:
    """(R, D) sums of the (n,) values by domain under each replicate's weights."""
    out = np.empty((len(weights), len(coded.domains)))
    for r, weight in enumerate(weights):
        out[r] = np.bincount(coded.domain, weights=weight * values, minlength=out.shape[1])
    return out


def freedom(
    weights: Floats, coded: Coded, answered: replicates.Claims, spec: GivenReplicates
) -> Floats:
    """(D,) rank of the replicate weights of those who answered, less one."""
    out = np.zeros(len(coded.domains))
    for d in range(out.size):
        own = weights[:, answered & (coded.domain == d)]
        if own.size and spec.df is not None:
            out[d] = spec.df
        elif own.size:
            # Rows of a PSU are proportional; the triangle has the singular values of the whole.
            small = np.linalg.qr(own.T, mode="r")
            singular = np.linalg.svd(small, compute_uv=False)
            out[d] = (singular > RANK_TOLERANCE * singular[0]).sum() - 1
    return out
