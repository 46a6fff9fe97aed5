"""What the visitor counts change: each estimate with them, and with sessions counted alike.

Where the two differ by more than half of the interval, the counts decide the number more than the
sample does, and a reader must be told. `weights.without_counts` makes the other weights.
"""

import numpy as np
import pandas as pd

KEYS = ["wave", "domain_type", "domain", "measure_type", "measure", "category"]


def sensitivity(counted: pd.DataFrame, uncounted: pd.DataFrame) -> pd.DataFrame:
    """Compare two tidy tables of estimates of the same interviews.

    Parameters
    ----------
    counted, uncounted
        Tables of docs/architecture.md, with the counts (T0 to T3) and without them (T4).

    Returns
    -------
    DataFrame
        One row a row of `counted` with a value in both: its keys, `value`, `value_uncounted`,
        `difference` (without less with, in the unit of the measure), `half_width` of the
        interval with counts, and `beyond`: the difference is greater than that.
    """
    other = uncounted[[*KEYS, "value"]].rename(columns={"value": "value_uncounted"})
    both = counted[[*KEYS, "value", "low", "high"]].merge(
        other, on=KEYS, how="inner", validate="one_to_one"
    )
    both = both[both["value"].notna() & both["value_uncounted"].notna()]
    difference = both["value_uncounted"] - both["value"]
    half = (both["high"] - both["low"]) / 2
    found = both.drop(columns=["low", "high"]).assign(
        difference=difference, half_width=half, beyond=np.abs(difference) > half
    )
    return found.reset_index(drop=True)
