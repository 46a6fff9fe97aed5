"""Every measure in every unit and in the city: the tidy table of estimates.

The columns are those of docs/architecture.md. `estimate` gives the raw table, with values also in
rows that may not be published; `publication.publish` makes the one that leaves the office.
`estimated` gives the same with what stands behind it: calibrated weights, both variances,
correlations of units.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis import columns
from analysis.assembled import CITY, Estimated, Known, assemble, parts_of, plain
from analysis.calibration_plan import CalibrationPlan, carry_out
from analysis.cut_again import cut_again, widened
from analysis.design import Design, code, collapse, units_of_strata
from analysis.interviewers import interviewers
from analysis.kernel import Described
from analysis.measures import Measure
from analysis.moments import Moments, Reduce, psu_moments
from analysis.publication import Rules
from analysis.spreads import after_calibration
from analysis.variance import Lonely
from analysis.workloads import RHO

UNCALIBRATED = "uncalibrated"
"""Reason of units that keep their weights while others are brought to known totals."""


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
    calibration: CalibrationPlan | None = None,
    enumerator: str = "",
    rho: float = RHO,
) -> pd.DataFrame:
    """Estimate every measure for every unit, for the city, and for the mean of the units.

    `frame` has one row an interview, in the order of the measures' values; `domain` is its column
    of units (empty: the city only), `domains` the units that the study declares. `tiers` maps
    units to the tier of their weights; T5 means that the weights carry no probability sample.
    `empty` maps PSUs that gave no interview to their stratum, `order` is the declared order in
    which lonely strata are merged, `lonely` what the city does with a unit that has one PSU.

    With a `calibration` the weights are brought to its margins first, and the variance is that of
    the jackknife with the raking redone in every replicate; Taylor's, from calibration residuals,
    is used where the plan or the sample asks for it (`variance_method` says which), and a
    standard error more than a tenth away from it is marked `se_differs`.

    With the column of the `enumerator` the variance also holds what enumerators carry from session
    to session (`analysis.interviewers`); where too few rotated to tell, what `rho` makes of their
    workload, and the estimate is marked `rho_assumed`.

    Values and intervals are in the unit of the measure; `se` is never 0. `deff` is
    se^2 / (s^2/n), s^2 the weighted sample variance; `n_eff` is the spread of the answers over
    se^2, Kish's n where nothing varied.

    Raises
    ------
    SampleError
        From `design.code`, `calibration_plan.carry_out` and `moments.psu_moments`: see there.
    """
    return estimated(
        frame, design, measures, rules=rules, domain=domain, domains=domains, level=level,
        wave=wave, tiers=tiers, empty=empty, order=order, lonely=lonely, calibration=calibration,
        enumerator=enumerator, rho=rho,
    ).table  # fmt: skip


def estimated(
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
    calibration: CalibrationPlan | None = None,
    enumerator: str = "",
    rho: float = RHO,
    reduce: Reduce = psu_moments,
    uncut: str = "",
    limit: float = np.inf,
) -> Estimated:
    """As `estimate`, with the calibrated weights, both variances and the units' correlations.

    `weight` of the result are the final weights in the order of the frame. `reduce` makes the
    sums over interviews, here or on other machines. `uncut` is the column of the weights before
    those above `limit` times their unit's median were cut: the cutting is then in the variance
    (`analysis.cut_again`).

    Raises
    ------
    SampleError
        As `estimate`.
    """
    coded = code(frame, design, domain=domain, domains=domains, empty=empty)
    known = Known(bool(domain), design.selection, rules, level, wave, tiers or {}, lonely)
    merged: frozenset[str] = frozenset()
    if design.selection == "probability":
        psus, merged = collapse(coded.psus, units_of_strata(coded), order)
        coded = replace(coded, psus=psus)
    parts, made, base = parts_of(measures), None, coded
    if calibration is None:
        spreads = plain(reduce(coded, measures), parts, known)
    else:
        made = carry_out(calibration, frame, coded, design.id)
        spreads = after_calibration(coded, made, measures, parts, lonely, CITY, reduce)
        coded = made.calibration.final(coded)
    if uncut and design.selection == "probability" and len(frame):
        before = columns.weights(frame, uncut, design.id)
        spreads = widened(spreads, cut_again(base, measures, before, limit, parts))
    who = None
    if enumerator and design.selection == "probability" and len(frame):
        who = interviewers(
            coded, measures, frame, enumerator, composites=parts, rho=rho, lonely=lonely
        )
    weight = np.empty_like(coded.weight)
    weight[coded.order] = coded.weight
    found = assemble(spreads, measures, known, merged, who)
    return replace(
        found,
        table=_uncalibrated(found.table, calibration),
        calibrated=made,
        weight=weight,
        notes=(*(made.notes if made else ()), *spreads.notes),
    )


def _uncalibrated(table: pd.DataFrame, plan: CalibrationPlan | None) -> pd.DataFrame:
    """The table with a word in rows of units of which no margin speaks."""
    if plan is None or not any(plan.without.values()):
        return table
    lacking = set.intersection(*(set(plan.without.get(m, ())) for m in plan.margins.names))
    own = (table["domain_type"] == "unit") & table["domain"].isin(lacking)
    said = [";".join(filter(None, (r, UNCALIBRATED))) for r in table.loc[own, "reason"]]
    table = table.copy()
    table.loc[own, "reason"] = said
    return table


def of_moments(
    moments: Moments,
    measures: Sequence[Described],
    *,
    by_unit: bool,
    selection: str,
    rules: Rules,
    level: float = 0.95,
    wave: str = "",
    tiers: Mapping[str, str] | None = None,
    order: Sequence[str] = (),
    lonely: Lonely = "adjust",
) -> pd.DataFrame:
    """The same table from the sums of PSUs, wherever they were made.

    `selection` is that of the design; without `by_unit` there is the city only. The other
    arguments are those of `estimate`.
    """
    known = Known(by_unit, selection, rules, level, wave, tiers or {}, lonely)
    merged: frozenset[str] = frozenset()
    if selection == "probability":
        psus, merged = collapse(moments.psus, units_of_strata(moments), order)
        moments = replace(moments, psus=psus)
    spreads = plain(moments, parts_of(measures), known)
    return assemble(spreads, measures, known, merged, None).table
