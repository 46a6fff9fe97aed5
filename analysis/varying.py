"""Which variance an estimate of the public API has, and what stands beside it.

Without calibration Taylor's; after calibration the jackknife with it redone in every replicate,
and Taylor's from calibration residuals beside it, and in its place where leaving out a PSU makes
the totals impossible (`variance_method` and a note say so); replicate weights that were given,
where there are some.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from analysis import moving, replicates, taylor, variance
from analysis.blocks import Varied
from analysis.design import Floats
from analysis.errors import DesignError
from analysis.estimators import domain_estimates
from analysis.precision import NO_SPREAD, VARIANCES
from analysis.sample import Domains, Sample
from analysis.sampling import Design
from analysis.taylor import Coefficients

Variance = Literal["auto", "taylor", "jkn", "bootstrap"]
VARIANCE = ("auto", "taylor", "jkn", "bootstrap")


def method_of(sample: Sample, asked: str) -> str:
    """The method that is used: `taylor`, `jkn`, `bootstrap` or `replicates`.

    Raises
    ------
    DesignError
        Where it is unknown, or cannot be had with this design.
    """
    if asked not in VARIANCE:
        raise DesignError(f"variance = {asked!r} is none of {', '.join(VARIANCE)}. Choose one.")
    if isinstance(sample.design, Design) and sample.design.replicates is not None:
        if asked != "auto":
            raise DesignError(
                f"variance={asked!r} needs strata and PSUs, but the design has replicate weights, "
                'which carry them unseen. Take variance="auto".'
            )
        return "replicates"
    if asked in ("jkn", "bootstrap"):
        if sample.lonely == "average":
            raise DesignError(
                'lonely="average" is not defined for replicates. Take "collapse", "adjust" or '
                '"certainty", or variance="taylor".'
            )
        if sample.psus.visitors is not None:
            raise DesignError(
                f"variance={asked!r} knows one stage only, and the design has fpc2. Take "
                'variance="taylor".'
            )
        return asked
    redone = sample.calibrated is not None and sample.calibrated.replicable
    one_stage = sample.psus.visitors is None and sample.lonely != "average"
    return "jkn" if asked == "auto" and redone and one_stage else "taylor"


def varied(sample: Sample, of: Domains, method: str) -> tuple[Varied, tuple[str, ...]]:
    """Estimates of a table with their variance, and notes in words.

    Where nothing was left to sample the variance is 0, also where replicates, that have no PSU to
    leave out, know of none.
    """
    found, notes = _varied(sample, of, method)
    if method == "replicates" or (sample.calibrated and (sample.psus.remaining > 0).any()):
        return found, notes
    whole = variance.exhausted(found.means)
    return replace(found, variance=np.where(whole, 0.0, found.variance)), notes


def _varied(sample: Sample, of: Domains, method: str) -> tuple[Varied, tuple[str, ...]]:
    if method == "taylor":
        means, found = taylor.variances(sample, of)
        return Varied.plain(means, found, "taylor"), ()
    means = domain_estimates(of.moments, sample.plan)
    moved, code = _replicated(sample, of, method, ())
    if method != "jkn" or sample.calibrated is None:
        base = Varied.plain(means, moved.variance, code)
        return Varied(means, moved.variance, moved.df, base.method, base.differs, base.assumed), ()
    _, beside = taylor.variances(sample, of)
    with np.errstate(invalid="ignore"):
        seen = np.fmax(beside, moved.variance) > (NO_SPREAD * np.abs(means.value)) ** 2
    differs = replicates.differs(beside, moved.variance) & seen
    instead = np.isnan(moved.variance) & bool(moved.notes)
    used = np.where(instead, beside, moved.variance)
    codes = np.where(instead, VARIANCES.index("taylor"), VARIANCES.index(code))
    no = np.zeros(used.shape, dtype=np.bool_)
    notes = tuple(
        f"{why} Taylor's variance with calibration residuals stands in the rows concerned."
        for why in moved.notes
    )
    return Varied(means, used, means.df, codes, differs, no), notes


def covariances(
    sample: Sample, of: Domains, method: str, rows: Sequence[Coefficients]
) -> tuple[Floats, str]:
    """(Q, Q) covariances of linear combinations of a table's estimates, and where they came from.

    Where replicates cannot speak after raking, Taylor's.
    """
    if method == "taylor":
        return taylor.covariances(sample, of, rows), "taylor"
    found, code = _replicated(sample, of, method, rows)
    if found.notes and np.isnan(found.covariance).any():
        return taylor.covariances(sample, of, rows), "taylor"
    return found.covariance, code


def _replicated(
    sample: Sample, of: Domains, method: str, rows: Sequence[Coefficients]
) -> tuple[moving.Moved, str]:
    redone = "" if sample.calibrated is None else f"_{sample.calibrated.redone}"
    if method == "jkn":
        return moving.jackknife(sample, of, rows), f"jkn{redone}"
    if method == "bootstrap":
        return moving.resampled(sample, of, rows), f"bootstrap{redone}"
    assert isinstance(sample.design, Design)
    assert sample.design.replicates is not None
    return moving.given(sample, of, sample.design.replicates, rows), "replicates"
