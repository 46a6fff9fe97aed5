"""The standard errors of every estimate side by side, for analysts who ask which one was printed.

`se` of the table of estimates may be larger than both: it has a floor, and where nothing varied it
follows from the interval (docs/decisions/0007-variance-and-intervals.md).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.design import Floats
from analysis.publication import NOT_ESTIMABLE, WITHHELD, quantise
from analysis.spreads import Variances

KEYS = ("wave", "domain_type", "domain", "measure_type", "measure", "category")
NUMBERS = ("se", "se_taylor", "se_jkn_raked", "ratio", "enumerators")
COLUMNS = (
    *KEYS, "se", "variance_method", "se_taylor", "se_jkn_raked", "ratio", "enumerators", "flag",
)  # fmt: skip

UNKNOWN = 1e6
"""Times so large are a division by rounding, where sessions do not differ at all."""


def side_by_side(
    table: pd.DataFrame, variances: Sequence[Variances], added: Sequence[Floats]
) -> pd.DataFrame:
    """Columns `COLUMNS`, a row for each row of `table`, in its order.

    `variances` are those of the kinds of domains that the table holds, in the same order; `ratio`
    is the jackknife's standard error over Taylor's. `added` is what enumerators add to each
    variance, and `enumerators` how many times larger they make the standard error that was used.
    NaN where there is none.
    """
    taylor, raked = (
        np.sqrt(np.concatenate([getattr(v, name).ravel() for v in variances]))
        for name in ("taylor", "replicated")
    )
    known = table["se"].notna().to_numpy()
    taylor, raked = np.where(known, taylor, np.nan), np.where(known, raked, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(taylor > 0, raked / taylor, np.nan)
    used = np.concatenate([v.used.ravel() for v in variances])
    more = np.concatenate([a.ravel() for a in added])
    with np.errstate(invalid="ignore", divide="ignore"):
        times = np.where(known, np.sqrt(1 + more / used), np.nan)
    times = np.where(times < UNKNOWN, times, np.nan)
    found = table.assign(se_taylor=taylor, se_jkn_raked=raked, ratio=ratio, enumerators=times)
    return found[list(COLUMNS)]


def published(found: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """The same as it may leave the office: nothing of rows that are hidden, 12 digits.

    `table` are the estimates that `found` belongs to, row by row, as they are going to be
    printed: without a standard error there, there is none here.
    """
    out = found.assign(flag=table["flag"], se=table["se"])
    numbers = list(NUMBERS)
    hidden = out["flag"].isin([WITHHELD, NOT_ESTIMABLE]) | out["se"].isna()
    out.loc[hidden, numbers] = np.nan
    out.loc[hidden, "variance_method"] = ""
    for name in numbers:
        out[name] = quantise(out[name].to_numpy(dtype=np.float64))
    return out
