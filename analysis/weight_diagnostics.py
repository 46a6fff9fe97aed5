"""How much the weights of each unit differ, factor by factor, and which stick out.

Kish's design effect n sum(w^2) / (sum w)^2 is what unequal weights cost: with 1.2, as many answers
as 1.2 times fewer with equal weights (Kish 1965, Survey Sampling, 11.7).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

FACTORS = ("f_unit", "f_block", "f_time", "f_count", "f_nonresponse", "f_person", "f_trim")
"""In the order in which they are multiplied; the last is what trimming and raising left."""


@dataclass(frozen=True, eq=False)
class WeightDiagnostics:
    """The weights as data, for tables and checks.

    Attributes
    ----------
    units
        One row a unit: `n`, Kish's `deff` of `w_trimmed`, `n_eff` = n / deff, the coefficient of
        variation `cv` (deff is 1 + cv^2), least, median and greatest raw weight, `largest_share`
        of the unit's total that one interview carries after trimming, number of weights
        `trimmed` and the share of the total that trimming moved.
    factors
        One row a unit and factor of FACTORS: `min`, `median`, `max`, `cv`, Kish's `deff` of the
        factor alone, and `deff_so_far` of the product up to it, so that the last is the unit's.
    """

    units: pd.DataFrame
    factors: pd.DataFrame


def diagnose(frame: pd.DataFrame, trim: float) -> WeightDiagnostics:
    """Diagnostics of a weighted frame, trimmed at `trim` times the median of the unit."""
    return WeightDiagnostics(_units(frame, trim), _factors(frame))


def kish(weight: pd.DataFrame, unit: "pd.Series[str]") -> pd.DataFrame:
    """Kish's design effect of every column in every unit; 1 where weights are equal."""
    n = weight.groupby(unit).count()
    return n * (weight**2).groupby(unit).sum() / weight.groupby(unit).sum() ** 2


def _units(frame: pd.DataFrame, trim: float) -> pd.DataFrame:
    unit = frame["unit_id"]
    by_unit = frame.groupby("unit_id")
    raw = by_unit["w_raw"].agg(n="size", w_min="min", w_median="median", w_max="max", total="sum")
    excess = (frame["w_raw"] - trim * by_unit["w_raw"].transform("median")).clip(lower=0)
    deff = kish(frame[["w_trimmed"]], unit)["w_trimmed"]
    used = by_unit["w_trimmed"].agg(["max", "sum"])
    table = raw.assign(
        deff=deff,
        n_eff=raw["n"] / deff,
        cv=(deff - 1).clip(lower=0) ** 0.5,
        largest_share=used["max"] / used["sum"],
        trimmed=(excess > 0).groupby(unit).sum(),
        moved_share=excess.groupby(unit).sum() / raw["total"],
    )
    columns = [
        "n", "deff", "n_eff", "cv", "w_min", "w_median", "w_max", "largest_share", "trimmed",
        "moved_share",
    ]  # fmt: skip
    return pd.DataFrame(table[columns].reset_index())


def _factors(frame: pd.DataFrame) -> pd.DataFrame:
    unit = frame["unit_id"]
    each = frame.assign(f_trim=frame["w_trimmed"] / frame["w_raw"])[list(FACTORS)].astype(float)
    by_unit = each.groupby(unit)
    own, so_far = kish(each, unit), kish(each.cumprod(axis=1), unit)
    parts = {
        "min": by_unit.min(), "median": by_unit.median(), "max": by_unit.max(),
        "cv": (own - 1).clip(lower=0) ** 0.5, "deff": own, "deff_so_far": so_far,
    }  # fmt: skip
    names = own.index.to_numpy()
    columns = {name: part.to_numpy().ravel() for name, part in parts.items()}
    return pd.DataFrame(
        {
            "unit_id": np.repeat(names, len(FACTORS)),
            "factor": np.tile(np.array(FACTORS, dtype=object), len(names)),
            **columns,
        }
    )
