"""Every measure in every unit and in the city: the tidy table of estimates.

The columns are those of docs/architecture.md. `estimate` gives the raw table, with values also in
rows that may not be published; `publication.publish` makes the one that leaves the office.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis import intervals, publication, variance
from analysis.design import Design, code, collapse, units_of_strata
from analysis.measures import Measure
from analysis.moments import psu_moments
from analysis.publication import Evidence, Rules
from analysis.variance import Lonely, Means

Floats = NDArray[np.float64]
Claims = NDArray[np.bool_]

COLUMNS = (
    "wave", "domain_type", "domain", "measure_type", "measure", "category", "value", "se", "low",
    "high", "level", "df", "n", "n_eff", "n_psu", "deff", "selection", "weight_tier", "estimator",
    "variance_method", "interval_method", "comparison", "index_version", "flag", "reason",
)  # fmt: skip

CITY = "city"
UNWEIGHTED_TIER = "T5"
"""Tier of weights.py that says: not weighted, so no probability sample, whatever was planned."""

NEAR_END = 0.10
"""Share of the scale within which a mean gets its interval on the logit."""
FEW_DF = 15
"""Degrees of freedom below which it does so everywhere."""
NO_SPREAD = 1e-10
"""Standard error, as a share of the scale, that is rounding and not spread."""


@dataclass(frozen=True, eq=False)
class _Block:
    """Estimates of one kind of domain; arrays are (D, K), `selection` and `tier` have D."""

    domain_type: str
    domains: tuple[str, ...]
    selection: tuple[str, ...]
    tier: tuple[str, ...]
    value: Floats
    se: Floats
    n: Floats
    n_psu: Floats
    df: Floats
    kish: Floats
    spread: Floats
    collapsed: Claims
    lonely: Claims
    hides: Claims
    lacks: Claims
    incomplete: Claims


@dataclass(frozen=True, eq=False)
class _Scale:
    """What the K measures are; arrays are (K,)."""

    is_mean: Claims
    low: Floats
    high: Floats

    @property
    def length(self) -> Floats:
        return self.high - self.low


def estimate(
    frame: pd.DataFrame,
    design: Design,
    measures: Sequence[Measure],
    *,
    rules: Rules,
    domain: str = "unit_id",
    domains: Sequence[str] = (),
    level: float = 0.95,
    wave: str = "",
    tiers: Mapping[str, str] | None = None,
    empty: Mapping[str, str] | None = None,
    order: Sequence[str] = (),
    lonely: Lonely = "adjust",
) -> pd.DataFrame:
    """Estimate every measure for every unit, for the city, and for the mean of the units.

    `frame` has one row an interview, in the order of the measures' values; `domain` is its column
    of units (empty: the city only), `domains` the units that the study declares. `tiers` maps
    units to the tier of their weights; T5 means that the weights carry no probability sample.
    `empty` maps PSUs that gave no interview to their stratum, `order` is the declared order in
    which lonely strata are merged, `lonely` what the city does with a unit that has one PSU.

    Values and intervals are in the unit of the measure; `se` is never 0. `deff` is
    se^2 / (s^2/n), s^2 the weighted sample variance; `n_eff` is the spread of the answers over
    se^2, Kish's n where nothing varied.

    Raises
    ------
    SampleError
        From `design.code` and `moments.psu_moments`: see there.
    """
    coded = code(frame, design, domain=domain, domains=domains, empty=empty)
    merged: frozenset[str] = frozenset()
    if design.selection == "probability":
        psus, merged = collapse(coded.psus, units_of_strata(coded), order)
        coded = replace(coded, psus=psus)
    moments = psu_moments(coded, measures)
    given = tiers or {}
    selection = tuple(_selection(design.selection, given.get(d, "")) for d in coded.domains)
    tier = tuple(given.get(d, "") for d in coded.domains)
    shape = (len(coded.domains), len(measures))
    touched = np.array([bool({d, ""} & merged) for d in coded.domains], dtype=np.bool_)
    units = _block(
        "unit", coded.domains, selection, tier, variance.domain_means(moments),
        collapsed=np.broadcast_to(touched[:, None], shape), lonely="adjust",
    )  # fmt: skip
    # A unit that was declared and gave no interview has no part in the city's number.
    present = np.bincount(coded.domain, minlength=shape[0]) > 0
    worst = max((t for t, p in zip(tier, present, strict=True) if p), default="")
    whole = next((s for s, p in zip(selection, present, strict=True) if p and s != "probability"),
                 design.selection)  # fmt: skip
    city = _block(
        "city", (CITY,), (whole,), (worst,), variance.domain_means(moments.pooled(CITY)),
        collapsed=np.full((1, shape[1]), bool(merged)), lonely=lonely,
        incomplete=bool(domain) and not present.all(),
    )  # fmt: skip
    scale = _Scale(
        np.array([m.kind == "mean" for m in measures], dtype=np.bool_),
        np.array([m.low for m in measures], dtype=np.float64),
        np.array([m.high for m in measures], dtype=np.float64),
    )
    finished = [_table(city, measures, scale, level, rules, wave)]
    if domain and shape[0]:
        units = _floored(units, scale, level)
        mean = _mean_of_units(units, variance.domain_means(moments), rules, worst, whole)
        finished = [
            _table(units, measures, scale, level, rules, wave),
            *finished,
            _table(mean, measures, scale, level, rules, wave),
        ]
    return pd.concat(finished, ignore_index=True)


def _selection(planned: str, tier: str) -> str:
    return "volunteer" if tier == UNWEIGHTED_TIER and planned == "probability" else planned
