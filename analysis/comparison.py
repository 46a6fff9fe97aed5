"""A unit against the mean of the others: tiers, not ranks.

Units are independent samples, so the variance of the difference is a sum. Whether a unit is said
to differ takes all units into account at once: Benjamini and Hochberg's false discovery rate
within each measure, so that of the units called different at most one in twenty is expected not
to be.
"""

from collections.abc import Collection

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit
from statsmodels.stats.multitest import multipletests

from analysis.publication import Rules, may_judge

Floats = NDArray[np.float64]

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
    kept = [
        measures is None or name in measures
        for name in zip(units["measure_type"], units["measure"], strict=True)
    ]
    units = units[np.array(kept, dtype=bool)]
    judged = np.array(
        [may_judge(row, rules) and row["se"] > 0 for _, row in units.iterrows()], dtype=bool
    )
    number = units[["value", "se", "df", "level"]].to_numpy(dtype=np.float64)
    results = np.full((len(units), 7), np.nan)
    tiers = np.full(len(units), "", dtype=object)
    for at in units.groupby(["measure_type", "measure"], sort=False).indices.values():
        inside = np.flatnonzero(np.isin(np.arange(len(units)), at) & judged)
        if inside.size > 1:
            results[inside], tiers[inside] = _differences(*number[inside].T)
    table = pd.DataFrame(results, columns=list(COLUMNS[3:-1]), index=units.index)
    names = units[["domain", "measure_type", "measure"]]
    return pd.concat([names, table], axis=1).assign(tier=tiers).reset_index(drop=True)


def _differences(
    value: Floats, se: Floats, df: Floats, levels: Floats
) -> tuple[Floats, NDArray[np.object_]]:
    """Columns `difference` to `p_adjusted`, (k, 7), and the tiers of k units."""
    k, level = len(value), float(levels[0])
    # Coefficients of the contrast: 1 for the unit, -1/(k-1) for every other one.
    contrast = np.eye(k) * (1 + 1 / (k - 1)) - 1 / (k - 1)
    part = contrast**2 * se**2
    variance = part.sum(axis=1)
    freedom = variance**2 / (part**2 / df).sum(axis=1)
    difference = (contrast * value).sum(axis=1)
    error = np.sqrt(variance)
    reach = stdtrit(freedom, 0.5 + level / 2) * error
    p = 2 * stdtr(freedom, -np.abs(difference) / error)
    adjusted = multipletests(p, method="fdr_bh")[1]
    tier = np.where(difference > 0, ABOVE, BELOW).astype(object)
    tier[adjusted >= 1 - level] = SAME
    columns = [difference, error, difference - reach, difference + reach, freedom, p, adjusted]
    return np.column_stack(columns), tier
