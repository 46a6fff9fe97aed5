"""A unit against the mean of the others: tiers, not ranks.

Units are independent samples, so the variance of the difference is a sum. Whether a unit is said
to differ takes all units into account at once: Benjamini and Hochberg's false discovery rate
within each measure, so that of the units called different at most one in twenty is expected not
to be.
"""

from collections.abc import Collection

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit
from statsmodels.stats.multitest import multipletests

from analysis.publication import Rules, may_judge

ABOVE, SAME, BELOW = "jelas di atas", "tidak dapat dibedakan", "jelas di bawah"

COLUMNS = (
    "domain", "measure_type", "measure", "difference", "se", "low", "high", "df", "p", "p_adjusted",
    "tier",
)  # fmt: skip


def against_others(
    estimates: pd.DataFrame,
    rules: Rules,
    *,
    measures: Collection[tuple[str, str]] | None = None,
) -> pd.DataFrame:
    """Difference of each unit from the plain mean of the other units.

    Both sides hold only units that may be judged (`publication.may_judge`); a unit that may not,
    or that has no other to be compared with, has NaN and an empty tier.

    Parameters
    ----------
    estimates
        The raw table of estimates; toplines (rows with a category) are not compared.
    measures
        (measure_type, measure) to compare; all where not given.

    Returns
    -------
    DataFrame
        Columns of `comparisons` in docs/architecture.md. Interval by Student's t at the level of
        the estimates, df by Satterthwaite; `tier` by `p_adjusted` at 1 minus that level.
    """
    units = estimates[(estimates["domain_type"] == "unit") & (estimates["category"] == "")]
    parts = [
        _compare(own.reset_index(drop=True), rules)
        for name, own in units.groupby(["measure_type", "measure"], sort=False)
        if measures is None or name in measures
    ]
    if not parts:
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.concat(parts, ignore_index=True)


def _compare(own: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    table = own[["domain", "measure_type", "measure"]].copy()
    for name in COLUMNS[3:-1]:
        table[name] = np.nan
    table["tier"] = ""
    judged = np.array([may_judge(row, rules) and row["se"] > 0 for _, row in own.iterrows()])
    k = int(judged.sum())
    if k < 2:
        return table
    value, se, df = (own.loc[judged, c].to_numpy(dtype=np.float64) for c in ("value", "se", "df"))
    # Coefficients of the contrast: 1 for the unit, -1/(k-1) for every other one.
    contrast = np.eye(k) * (1 + 1 / (k - 1)) - 1 / (k - 1)
    part = contrast**2 * se**2
    variance = part.sum(axis=1)
    freedom = variance**2 / (part**2 / df).sum(axis=1)
    difference = contrast @ value
    error = np.sqrt(variance)
    level = float(own["level"].iloc[0])
    reach = stdtrit(freedom, 0.5 + level / 2) * error
    p = 2 * stdtr(freedom, -np.abs(difference) / error)
    adjusted = multipletests(p, method="fdr_bh")[1]
    table.loc[judged, list(COLUMNS[3:-1])] = np.column_stack(
        [difference, error, difference - reach, difference + reach, freedom, p, adjusted]
    )
    sides = np.where(difference > 0, ABOVE, BELOW)
    table.loc[judged, "tier"] = np.where(adjusted < 1 - level, sides, SAME)
    return table
