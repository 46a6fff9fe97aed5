"""A unit against the mean of the others: tiers, not ranks.

Units are independent samples, so the variance of the difference is a sum; margins of the whole city
tie their weights together, and then their correlations are in it; and what enumerators who work in
several units bring to all of them goes in the difference (`analysis.shared_enumerators`). Whether a
unit is said to differ takes all units into account at once: Benjamini and Hochberg's false
discovery rate within each measure, so that of the units called different at most one in twenty is
expected not to be.

A proportion's own standard error shrinks with the proportion, so that a unit with few events by
chance would look surely low. Proportions are therefore tested on the arcsine scale, where the
variance does not depend on the share, with the design effect pooled over the units (Kish 1965,
§14.1; Brown, Cai and DasGupta 2001 on the transformation).
"""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.special import stdtr, stdtrit
from statsmodels.stats.multitest import multipletests

from analysis.publication import Rules, may_judge
from analysis.shared_enumerators import Shared

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
    units: Sequence[str] = (),
    correlations: Mapping[tuple[str, str], Floats] | None = None,
    shared: Shared | None = None,
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
    units, correlations, shared
        Of `estimates.Estimated`: where given, the (D, D) correlations of the `units` by
        (measure_type, measure), and the parts of enumerators in their variances; without them
        units are independent.

    Returns
    -------
    DataFrame
        Columns of `comparisons` in docs/architecture.md. Interval by Student's t at the level of
        the estimates, df by Satterthwaite; `tier` by `p_adjusted` at 1 minus that level.
    """
    rows = estimates[(estimates["domain_type"] == "unit") & (estimates["category"] == "")]
    kept = [
        measures is None or name in measures
        for name in zip(rows["measure_type"], rows["measure"], strict=True)
    ]
    rows = rows[np.array(kept, dtype=bool)]
    judged = np.array(
        [may_judge(row, rules) and row["se"] > 0 for _, row in rows.iterrows()], dtype=bool
    )
    number = rows[["value", "se", "df", "level"]].to_numpy(dtype=np.float64)
    results = np.full((len(rows), 7), np.nan)
    tiers = np.full(len(rows), "", dtype=object)
    place = {name: i for i, name in enumerate(units)}
    for at in rows.groupby(["measure_type", "measure"], sort=False).indices.values():
        inside = np.flatnonzero(np.isin(np.arange(len(rows)), at) & judged)
        if inside.size > 1:
            value, se, df, levels = number[inside].T
            common = _common(rows.iloc[inside], rows.iloc[at])
            tie, who = None, None
            if correlations is not None or shared is not None:
                own = [place[domain] for domain in rows["domain"].iloc[inside]]
                first = rows.iloc[inside[0]]
                name = first["measure_type"], first["measure"]
                if correlations is not None:
                    tie = correlations[name][np.ix_(own, own)]
                if shared is not None:
                    who = shared[name][own][:, own]
            results[inside], tiers[inside] = _differences(value, se, df, levels, common, tie, who)
    table = pd.DataFrame(results, columns=list(COLUMNS[3:-1]), index=rows.index)
    names = rows[["domain", "measure_type", "measure"]]
    return pd.concat([names, table], axis=1).assign(tier=tiers).reset_index(drop=True)


def _common(own: pd.DataFrame, every: pd.DataFrame) -> tuple[Floats, Floats, float] | None:
    """Place, variance and degrees of freedom of units' proportions on the arcsine scale.

    The design effect is that of `every` unit, also of those that may not be judged: these are
    the ones whose standard error came out large, and without them it would be too small.
    """
    if own["estimator"].iloc[0] != "proportion":
        return None
    df = every["df"].to_numpy(dtype=np.float64)
    deff = every["deff"].to_numpy(dtype=np.float64)
    known = ~np.isnan(deff) & ~np.isnan(df)
    pooled = float((deff * df)[known].sum() / df[known].sum()) if known.any() else 1.0
    place = np.arcsin(np.sqrt(own["value"].to_numpy(dtype=np.float64)))
    variance = max(pooled, 1.0) / (4 * own["n"].to_numpy(dtype=np.float64))
    return place, variance, float(max(df[known].sum(), 1.0))


def _differences(
    value: Floats,
    se: Floats,
    df: Floats,
    levels: Floats,
    common: tuple[Floats, Floats, float] | None,
    tie: Floats | None,
    who: csr_array | None,
) -> tuple[Floats, NDArray[np.object_]]:
    """Columns `difference` to `p_adjusted`, (k, 7), and the tiers of k units.

    `common` replaces the units' own variances in the test, and is the least that they are in the
    interval: of proportions only those with a short interval are compared, and among these the
    own variance is too small more often than not. `tie` (k, k) are the units' correlations,
    `who` (k, k) the parts of enumerators. Satterthwaite's degrees of freedom take each unit's own
    part.
    """
    k, level = len(value), float(levels[0])
    if common is not None:
        se = np.maximum(se, 2 * np.sqrt(value * (1 - value) * common[1]))
    # Coefficients of the contrast: 1 for the unit, -1/(k-1) for every other one.
    contrast = np.eye(k) * (1 + 1 / (k - 1)) - 1 / (k - 1)
    part = contrast**2 * se**2
    variance = part.sum(axis=1) + _ties(contrast, se, tie) + _shared(se, who)
    freedom = part.sum(axis=1) ** 2 / (part**2 / df).sum(axis=1)
    difference = (contrast * value).sum(axis=1)
    error = np.sqrt(variance)
    reach = stdtrit(freedom, 0.5 + level / 2) * error
    if common is None:
        p = 2 * stdtr(freedom, -np.abs(difference) / error)
    else:
        place, variance, shared = common
        own = np.sqrt(variance)
        spread = (contrast**2 * variance).sum(axis=1) + _ties(contrast, own, tie)
        spread = spread + _shared(own, who)
        apart = (contrast * place).sum(axis=1) / np.sqrt(spread)
        p = 2 * stdtr(shared, -np.abs(apart))
    adjusted = multipletests(p, method="fdr_bh")[1]
    tier = np.where(difference > 0, ABOVE, BELOW).astype(object)
    tier[adjusted >= 1 - level] = SAME
    columns = [difference, error, difference - reach, difference + reach, freedom, p, adjusted]
    return np.column_stack(columns), tier


def _shared(sd: Floats, who: csr_array | None) -> Floats:
    """(k,) what enumerators of several units add to the variance of each contrast: mostly less.

    The variance over sessions stays whole. Part of the enumerators is in it too and goes in the
    difference as well, but how much the sample does not say: the difference errs on the wide side.
    """
    k = len(sd)
    if who is None:
        return np.zeros(k)
    # The contrast is (1 + b) e_i - b for unit i: no (k, k) array is multiplied.
    b = 1 / (k - 1)
    each = np.asarray(who @ sd, dtype=np.float64)
    diagonal = np.asarray(who.diagonal() * sd**2, dtype=np.float64)
    together = (1 + b) ** 2 * diagonal - 2 * b * (1 + b) * sd * each + b**2 * (sd * each).sum()
    alone = diagonal + b**2 * (diagonal.sum() - diagonal)
    return np.asarray(np.maximum(together, 0.0) - alone, dtype=np.float64)


def _ties(contrast: Floats, sd: Floats, tie: Floats | None) -> Floats:
    """(k,) what the correlations between units add to the variance of each contrast."""
    if tie is None:
        return np.zeros(len(sd))
    off = tie - np.eye(len(sd))
    scaled = contrast * sd
    return np.asarray(np.einsum("ia,ab,ib->i", scaled, off, scaled), dtype=np.float64)
