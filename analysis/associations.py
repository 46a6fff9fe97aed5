r"""How indicators and an outcome such as trust go together, pooled over the units.

Within units: both are taken from the mean of their unit, so that a unit where everything is good
does not make everything look important. With x and y centred on the weighted means of their unit,

.. math:: b = \sum w x y / \sum w x^2,

which is the coefficient of a regression with a constant for every unit (Frisch and Waugh 1933;
Lovell 1963). Its variance is the design's, by linearisation: R's `svyglm(y ~ x + unit)`. One
indicator at a time; what another explains as well is not taken off. An association, not an effect:
the same people gave both answers on the same day.

Binder, D. A. (1983). International Statistical Review, 51, 279-292.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import stdtr
from statsmodels.stats.multitest import multipletests

from analysis import intervals
from analysis.calibration import Calibration
from analysis.design import Coded, Floats
from analysis.errors import SampleError
from analysis.measures import Measure
from analysis.predictors import CONSTANT, Predictors
from analysis.regression import regress
from analysis.variance import Lonely

ROUNDING = 1e-12
"""Distance from the unit's mean, as a share of the answers' size, that is rounding."""

LEAST_DF = 20
"""Degrees of freedom from which an association is said to be there or not."""

COLUMNS = (
    "measure_type", "measure", "outcome", "slope", "se", "low", "high", "level", "df", "n", "p",
    "p_adjusted", "reason",
)  # fmt: skip


def associations(
    coded: Coded,
    outcome: Measure,
    measures: Sequence[Measure],
    *,
    level: float = 0.95,
    lonely: Lonely = "adjust",
    calibration: Calibration | None = None,
    least_df: float = LEAST_DF,
) -> pd.DataFrame:
    """Points of the outcome that go with one point of each measure, among people of one unit.

    Parameters
    ----------
    coded
        The interviews with their design; its domains are the units.
    outcome, measures
        In the order of the interviews' frame, (n,) each.
    calibration
        Of the same interviews: its weights are used, and its margins are in the variance.
    least_df
        Fewer PSUs less strata less units than this: no `slope`, and `df<20` as the reason.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`, one row a measure: t interval at `level`, two-sided `p`, and
        `p_adjusted` over the measures by Benjamini and Hochberg. NaN with a reason where the
        sample has too few PSUs, or an answer that never varies (`no_estimate`).
    """
    rows = [_row(coded, outcome, m, level, lonely, calibration, least_df) for m in measures]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    known = table["p"].notna().to_numpy()
    if known.any():
        table.loc[known, "p_adjusted"] = multipletests(table.loc[known, "p"], method="fdr_bh")[1]
    return table


def _row(
    coded: Coded,
    outcome: Measure,
    measure: Measure,
    level: float,
    lonely: Lonely,
    calibration: Calibration | None,
    least_df: float,
) -> tuple[object, ...]:
    nan = float("nan")
    head = (measure.type, measure.name, outcome.name)
    both = ~np.isnan(measure.values) & ~np.isnan(outcome.values)
    weight, unit = np.empty(both.size), np.empty(both.size, dtype=np.intp)
    weight[coded.order] = (coded if calibration is None else calibration.final(coded)).weight
    unit[coded.order] = coded.domain
    psu = np.empty(both.size, dtype=np.intp)
    psu[coded.order] = coded.psu
    held = np.unique(psu[both])
    units = np.unique(unit[both]).size
    # A constant for every unit and the slope: as many coefficients.
    df = float(held.size - np.unique(coded.psus.stratum[held]).size - units)
    n = int(both.sum())
    if not df >= least_df:
        return (*head, nan, nan, nan, nan, level, df, n, nan, nan, f"df<{least_df:g}")
    x = _centred(measure.values, weight, unit, both)
    y = _centred(outcome.values, weight, unit, both)
    predictors = Predictors(
        np.column_stack([np.ones(both.size), x]), (CONSTANT, measure.name),
        {measure.name: (1,)}, np.zeros(2, dtype=np.bool_), both,
    )  # fmt: skip
    flat = any(
        np.abs(a).max(initial=0) <= ROUNDING * np.abs(m.values[both]).max(initial=0)  # noqa: PD011
        for a, m in ((x, measure), (y, outcome))
    )
    if flat:
        # Equal within every unit: what is left of it is rounding.
        return (*head, nan, nan, nan, nan, level, df, n, nan, nan, "no_estimate")
    given = Measure(outcome.type, outcome.name, "", "mean", np.where(both, y, np.nan))
    try:
        found = regress(
            coded, given, predictors, level=level, lonely=lonely, calibration=calibration
        )
    except SampleError:
        # A lonely PSU, or too few of them: nothing can be said, and this says so.
        return (*head, nan, nan, nan, nan, level, df, n, nan, nan, "no_estimate")
    slope, se = float(found.value[1]), float(found.se[1])
    if not se > 0:
        return (*head, nan, nan, nan, nan, level, df, n, nan, nan, "no_estimate")
    ends = intervals.t(np.array([slope]), np.array([se]), df, level)
    p = 2 * float(stdtr(df, -abs(slope / se)))
    return (*head, slope, se, float(ends[0][0]), float(ends[1][0]), level, df, n, p, nan, "")


def _centred(values: Floats, weight: Floats, unit: np.ndarray, both: np.ndarray) -> Floats:
    """(n,) values less the weighted mean of their unit, 0 where they are not used."""
    size = int(unit.max(initial=-1)) + 1
    w = np.where(both, weight, 0.0)
    total = np.bincount(unit, weights=w, minlength=size)
    held = np.bincount(unit, weights=w * np.where(both, values, 0.0), minlength=size)
    mean = held / np.where(total > 0, total, 1.0)
    return np.where(both, np.where(both, values, 0.0) - mean[unit], 0.0)
