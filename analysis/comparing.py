"""Contrasts of estimates: between domains, between measures, and between two waves.

All estimates of one call share a sample, so every covariance is there, under whichever variance
the estimates have. Two waves are two samples, which share the PSUs of the same name.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from analysis import design as base
from analysis import intervals, reading, varying
from analysis.coefficients import Key, cells_of, require_named
from analysis.contrasts import wald
from analysis.design import Floats
from analysis.errors import DesignError, MeasureError
from analysis.estimators import domain_estimates
from analysis.flagged import Part, hidden, is_exact, parts_of, printed, together
from analysis.open_scale import size_of
from analysis.precision import NO_SPREAD
from analysis.publication import Rules
from analysis.sample import Domains, Sample
from analysis.sampling import CalibratedDesign
from analysis.specs import Spec
from analysis.survey import By, Policy, design_of, require, sampled
from analysis.taylor import residual
from analysis.tidy import COLUMNS
from analysis.varying import Variance
from analysis.waves import change as change_of_means

Empty = Mapping[str, str] | None
"""PSUs that were worked and gave no interview, and their strata."""

AnyDesign = base.Design | CalibratedDesign

CONTRAST = (
    "contrast", "value", "se", "low", "high", "level", "df", "p", "variance_method", "flag",
    "reason",
)  # fmt: skip
CHANGE = (
    *COLUMNS[1:7], "se", "low", "high", "level", "df", "p", "n_before", "n_after", "estimator",
    "flag", "reason",
)  # fmt: skip

CANCELLED = 1e-12
"""Part of the variances of two waves that is rounding once their covariance is taken off."""


def contrast(
    frame: reading.Frame,
    design: base.Design | CalibratedDesign,
    specs: Spec | Sequence[Spec],
    coefficients: Mapping[str, Mapping[Key, float]],
    by: By = (),
    *,
    level: float = 0.95,
    rules: Rules | None = None,
    raw: bool = False,
    variance: Variance = "auto",
    replicates: int = 500,
    seed: int | None = None,
    lonely: Policy = "fail",
    order: Sequence[str] = (),
    unit: str = "",
    levels: Mapping[str, Sequence[str]] | None = None,
    unknown: str = "",
    missing: reading.Missing = "leave",
    empty: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Linear combinations of estimates with all their covariances.

    Parameters
    ----------
    coefficients
        For each contrast, by its name, the factor of every estimate in it, keyed by (domain,
        measure) or (domain, measure, category) as the table of `estimate` prints them; without
        domains the domain is `all`.
    by
        One table of domains, as for `estimate`, whose other arguments these are too: with the same
        `unit` and `empty`, `estimate` and `contrast` have the same strata and PSUs.
    rules, raw
        A contrast has the worst flag of its estimates under `rules`, and their reasons. With `raw`
        False one with an estimate that may not be published carries no value, `se`, `low`, `high`
        or `p`. Its standard error is that of the design, without a floor, either way.

    Returns
    -------
    DataFrame
        Columns `contrast value se low high level df p variance_method flag reason`; `p` is of the
        hypothesis that the contrast is 0. `df` are PSUs that hold answers of one of its estimates
        less their strata. `attrs["test"]` is Wald's F and p that all are 0, `attrs["covariance"]`
        the (Q, Q) matrix.

    Raises
    ------
    SampleError
        As `estimate`; an estimate that the table does not have.

    Examples
    --------
    >>> import pandas as pd
    >>> from analysis import Design, Mean, contrast
    >>> frame = pd.DataFrame({
    ...     "unit": ["A"] * 4 + ["B"] * 4, "sesi": ["1", "1", "2", "2", "3", "3", "4", "4"],
    ...     "tunggu": [10, 20, 30, 40, 20, 50, 40, 50],
    ... })
    >>> found = contrast(
    ...     frame, Design(stratum="unit", psu="sesi"), Mean("tunggu"),
    ...     {"B - A": {("B", "tunggu"): 1, ("A", "tunggu"): -1}}, by="unit", raw=True,
    ... )
    >>> found[["value", "se", "df"]].round(3).to_dict("records")
    [{'value': 15.0, 'se': 11.18, 'df': 2.0}]
    """
    require(level, lonely, "auto")
    require_named(coefficients)
    sample, tables, joined = sampled(
        frame, design, specs, by, lonely=lonely, order=order, unit=unit, levels=levels,
        unknown=unknown, missing=missing, empty=empty, replicates=replicates, seed=seed,
    )  # fmt: skip
    if len(tables) != 1:
        raise DesignError(
            f"{len(tables)} tables are asked for; a contrast is of estimates in one. Give `by` as "
            "['unit', 'sex']."
        )
    (of,) = tables
    means = domain_estimates(of.moments, sample.plan)
    rows = [cells_of(sample, of, name, own) for name, own in coefficients.items()]
    method = varying.method_of(sample, variance)
    covariance, code = varying.covariances(sample, of, method, rows)
    # Origins by themselves: in a difference they go, and leave its digits.
    value, about = (
        np.array([sum(c * float(each[cell]) for cell, c in row.items()) for row in rows])
        for each in (means.value, np.broadcast_to(sample.origin, means.value.shape))
    )
    value = value + about
    varied, _ = varying.varied(sample, of, method)
    (of_cells,) = parts_of(
        sample, [of], [varied], joined, rules or Rules(), level, replicated=method == "replicates"
    )
    census = [[is_exact(of_cells[d][k]) for d, k in row] for row in rows]
    exact = np.array([all(own) for own in census], dtype=np.bool_)
    few = np.array(
        [any(means.n_psu[cell] < 2 and not taken for cell, taken in zip(row, own, strict=True))
         for row, own in zip(rows, census, strict=True)]
    )  # fmt: skip
    if method == "replicates":
        df = np.array([min(float(varied.df[cell]) for cell in row) for row in rows])
        few[:] = False
    else:
        df = np.array([_freedom(of, sample, row) for row in rows])
    drawn = sample.design.selection == "probability"
    if not drawn:
        few[:] = True
    # Parts that do not vary, or that cancel, leave rounding, and a test of it would be certain.
    sizes = size_of(means.value, means.spread)
    length = np.array([sum(abs(c) * float(sizes[cell]) for cell, c in r.items()) for r in rows])
    with np.errstate(invalid="ignore"):
        se = np.sqrt(np.diag(covariance))
        flat = ~exact & ~few & (df >= 1) & (se <= NO_SPREAD * length)
        se = np.where(few | flat | ~(df >= 1), np.nan, se)
        se = np.where(exact, 0.0, se)
    parts = [
        together(
            [of_cells[d][k] for d, k in row], "no_spread" if still else "",
            lacks=drawn and lost and not still,
        )
        for row, still, lost in zip(rows, flat.tolist(), np.isnan(se).tolist(), strict=True)
    ]  # fmt: skip
    hides = hidden(parts) & (not raw)
    value, se = (np.where(hides, np.nan, own) for own in (value, se))
    low, high = (np.where(se == 0, value, end) for end in intervals.t(value, se, df, level))
    found = pd.DataFrame(
        {
            "contrast": list(coefficients), "value": value, "se": se, "low": low, "high": high,
            "level": level, "df": df, "p": _p(value, se, df), "variance_method": code,
            "flag": [flag for flag, _ in parts], "reason": printed(parts, hides),
        }
    )  # fmt: skip
    found.loc[found["se"].isna(), "variance_method"] = ""
    known = np.where(np.isnan(se)[:, None] | np.isnan(se)[None], np.nan, covariance)
    found.attrs["covariance"] = known
    found.attrs["test"] = wald(value, known, float(df.min(initial=np.inf)))
    return found


def change(
    before: reading.Frame,
    after: reading.Frame,
    design: base.Design | tuple[AnyDesign, AnyDesign],
    specs: Spec | Sequence[Spec],
    by: By = (),
    *,
    level: float = 0.95,
    rules: Rules | None = None,
    raw: bool = False,
    lonely: Policy = "fail",
    order: Sequence[str] = (),
    unit: str = "",
    levels: Mapping[str, Sequence[str]] | None = None,
    unknown: str = "",
    missing: reading.Missing = "leave",
    empty: Empty | tuple[Empty, Empty] = None,
) -> pd.DataFrame:
    """Estimates of a wave less those of the one before, for domains that stand in both.

    PSUs of the same name were drawn once and asked twice: their covariance is taken off
    (`waves.change`). `design` is that of both, or one each, as calibrated weights need: each wave
    on its own totals; so are the PSUs `empty`. Other arguments as `estimate`, with Taylor's
    variance (of residuals after calibration); quantiles are not among what can be compared. A
    change has the worst flag of its two estimates, and is blank where `estimate` would blank one
    of them, unless it is asked for `raw`.

    Returns
    -------
    DataFrame
        Columns `domain_type domain measure_type measure category value se low high level df p
        n_before n_after estimator flag reason`.

    Raises
    ------
    SampleError
        As `estimate`; where the waves share no domain or give different rows.
    """
    require(level, lonely, "auto")
    designs = design if isinstance(design, tuple) else (design, design)
    empties = empty if isinstance(empty, tuple) else (empty, empty)
    if isinstance(design, CalibratedDesign):
        raise DesignError(
            "One calibrated design is given for two waves, and weights are calibrated on a frame. "
            "Calibrate each wave on its own totals and give both designs: (before, after)."
        )
    for one in designs:
        own = design_of(one)
        if getattr(own, "replicates", None) is not None:
            raise DesignError(
                "A change between waves has Taylor's variance, and replicate weights do not say "
                "which PSUs the waves share. Name strata and PSUs."
            )
        if own.fpc2:
            raise DesignError(
                "A change between waves knows one stage only. Leave fpc2 out of the design."
            )
    waves = [
        sampled(
            frame, own, specs, by, lonely=lonely, order=order, unit=unit, levels=levels,
            unknown=unknown, missing=missing, empty=in_vain,
        )
        for frame, own, in_vain in zip((before, after), designs, empties, strict=True)
    ]  # fmt: skip
    (first, old, here), (second, new, there) = waves
    names = [[(r.type, r.name, r.category, r.kind) for r in s.plan.rows] for s in (first, second)]
    if names[0] != names[1]:
        raise MeasureError(
            "The waves give different rows, as a category was answered in one of them only. "
            "Declare the categories of Proportion."
        )
    if any(row.kind == "quantile" for row in first.plan.rows):
        raise MeasureError("A quantile has no scores, so that its change has no variance here.")
    parts = [
        parts_of(
            sample, tables, [varying.varied(sample, of, "taylor")[0] for of in tables], joined,
            rules or Rules(), level,
        )
        for sample, tables, joined in ((first, old, here), (second, new, there))
    ]  # fmt: skip
    tables = [
        _changed(first, a, second, b, level, flags, raw=raw)
        for a, b, *flags in zip(old, new, *parts, strict=True)
    ]
    return pd.concat(tables, ignore_index=True)[list(CHANGE)]


def _changed(
    first: Sample,
    old: Domains,
    second: Sample,
    new: Domains,
    level: float,
    flags: Sequence[Sequence[Sequence[Part]]],
    *,
    raw: bool,
) -> pd.DataFrame:
    one, other = residual(first, old), residual(second, new)
    found = change_of_means(one, other, second.lonely)
    drawn = second.design.selection == first.design.selection == "probability"
    i, j = ([m.domains.index(d) for d in found.domains] for m in (old.moments, new.moments))
    with np.errstate(invalid="ignore"):
        exact = np.array(
            [
                [
                    is_exact(flags[0][a][k]) and is_exact(flags[1][b][k])
                    for k in range(found.value.shape[1])
                ]
                for a, b in zip(i, j, strict=True)
            ],
            dtype=np.bool_,
        ).reshape(found.value.shape)
        se = np.sqrt(found.variance)
        sizes = size_of(one.value, one.spread)[i] + size_of(other.value, other.spread)[j]
        # The same answers asked twice: what the covariance leaves of the variances is rounding too.
        both = found.variance + 2 * found.covariance
        still = (se <= NO_SPREAD * sizes) | (found.variance <= CANCELLED * both)
    # Satterthwaite's degrees of freedom weigh variances, which here are rounding.
    df = np.where(still, np.minimum(one.df[i], other.df[j]), found.df)
    enough = drawn & (one.n_psu[i] >= 2) & (other.n_psu[j] >= 2) & (df >= 1)
    still &= ~exact
    enough |= exact
    se = np.where(exact, 0.0, np.where(enough & ~still, se, np.nan))
    rows = second.plan.rows
    parts = [
        together(
            [flags[0][a][k], flags[1][b][k]], "no_spread" if (enough & still)[d, k] else "",
            lacks=drawn and not enough[d, k],
        )
        for d, (a, b) in enumerate(zip(i, j, strict=True)) for k in range(len(rows))
    ]  # fmt: skip
    hides = hidden(parts) & (not raw)
    blank = hides.reshape(se.shape)
    moved = found.value + (second.origin - first.origin)
    value, se = (np.where(blank, np.nan, own) for own in (moved, se))
    low, high = (np.where(se == 0, value, end) for end in intervals.t(value, se, df, level))
    size = len(found.domains)
    dimensions = new.table.dimensions
    return pd.DataFrame(
        {
            "domain_type": " & ".join(dimensions) or "all",
            "domain": np.repeat(np.array(found.domains, dtype=object), len(rows)),
            "measure_type": [r.type for r in rows] * size, "measure": [r.name for r in rows] * size,
            "category": [r.category for r in rows] * size, "value": value.ravel(),
            "se": se.ravel(), "low": low.ravel(), "high": high.ravel(), "level": level,
            "df": df.ravel(), "p": _p(value, se, df).ravel(),
            "n_before": one.n[i].ravel().astype(np.int64),
            "n_after": other.n[j].ravel().astype(np.int64),
            "estimator": [r.kind for r in rows] * size, "flag": [flag for flag, _ in parts],
            "reason": printed(parts, hides),
        }
    )  # fmt: skip


def _p(value: Floats, se: Floats, df: Floats) -> Floats:
    """Two-sided p of the hypothesis that a value is 0; none where nothing is left to chance."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = 2 * special.stdtr(df, -np.abs(value / np.where(se == 0, np.nan, se)))
    return found


def _freedom(of: Domains, sample: Sample, row: Mapping[tuple[int, int], Any]) -> float:
    """PSUs that hold answers of one of the estimates, less their strata."""
    m = of.moments
    held = np.zeros(m.psu.size, dtype=np.bool_)
    for domain, k in row:
        held |= (m.domain == domain) & (m.n[:, sample.plan.rows[k].base] > 0)
    psu = np.unique(m.psu[held])
    return float(psu.size - np.unique(m.psus.stratum[psu]).size)
