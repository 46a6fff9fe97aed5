"""Direct estimates of small units, and beside them those that lean on the other units.

Only where there are units enough to learn from (`analysis.small_areas`), and only in the internal
edition: what leans on all units tells something of each, hidden or not.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis import variance
from analysis.assembled import parts_of
from analysis.design import Coded
from analysis.measures import Measure
from analysis.moments import psu_moments
from analysis.publication import Rules, publish
from analysis.small_areas import small_areas

LEAST = 10
"""Units from which a model is made."""
SHOWN = ("indeks", "dimensi", "kepercayaan", "bentuk")


def leaning(
    coded: Coded,
    asked: Sequence[Measure],
    table: pd.DataFrame,
    variances: pd.DataFrame,
    rules: Rules,
    *,
    level: float,
    benchmark: str = "city",
    least: int = LEAST,
) -> pd.DataFrame:
    """Rows of `small_areas` for scores and for any form of maladministration, as published.

    `coded` holds the interviews with their final weights, `table` and `variances` are the raw ones
    of `estimates.estimated`. The model's sampling errors are those of the calibration's replicates
    (Taylor's without one) with what enumerators add, before any floor: a floor would be taken for
    a correlation within sessions. Empty where fewer than `least` units have a score.
    """
    measures = [
        m for m in asked
        if not m.category and (m.kind == "mean" or (m.type, m.name) == ("bentuk", "any"))
    ]  # fmt: skip
    names = {(m.type, m.name) for m in measures}
    units = table[(table["domain_type"] == "unit") & (table["category"] == "")]
    kept = [name in names for name in zip(units["measure_type"], units["measure"], strict=True)]
    units = units[np.array(kept, dtype=bool)]
    raked, taylor, more = (
        variances.loc[units.index, name].to_numpy(dtype=np.float64)
        for name in ("se_jkn_raked", "se_taylor", "enumerators")
    )
    if len(coded.domains) < least or units.empty:
        return pd.DataFrame()
    means = variance.domain_means(psu_moments(coded, measures))
    means = variance.combined(means, parts_of(measures))
    error = np.where(np.isnan(raked), taylor, raked) * np.where(np.isnan(more), 1.0, more)
    sampling = error.reshape(means.value.shape) ** 2
    found = small_areas(
        units, rules, means, sampling, measures, benchmark=benchmark, level=level, least=least
    )
    if not (found.fits["state"].isin(["fitted", "no difference"])).any():
        return pd.DataFrame()
    rows = found.table[found.table["measure_type"].isin(SHOWN)]
    return publish(rows.reset_index(drop=True))
