"""Small units from the interviews themselves: direct and shrunk estimates in one call.

from analysis.small_units import small_units
found = small_units(frame, design, measures, rules=Rules(), domain="unit_id")
found.table   # each row of a unit, and the model's below it
found.fits    # how much units differ, and how far each was drawn to the others
"""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from analysis import variance
from analysis.assembled import parts_of
from analysis.design import Design, code, collapse, units_of_strata
from analysis.estimates import estimate
from analysis.interviewers import interviewers
from analysis.measures import Measure
from analysis.moments import psu_moments
from analysis.publication import Rules
from analysis.small_areas import SmallAreas, small_areas


def small_units(
    frame: pd.DataFrame,
    design: Design,
    measures: Sequence[Measure],
    *,
    rules: Rules,
    domain: str = "unit_id",
    domains: Sequence[str] = (),
    wave: str = "",
    enumerator: str = "",
    covariates: pd.DataFrame | None = None,
    benchmark: str = "city",
    level: float = 0.95,
    least: int = 10,
) -> SmallAreas:
    """`small_areas` from the interviews themselves, without calibration.

    `frame`, `design`, `measures`, `rules`, `domain`, `domains`, `wave`, `level` and `enumerator`
    as for `estimates.estimate`; the others as for `small_areas`.

    Raises
    ------
    SampleError
        From both.
    """
    table = estimate(
        frame, design, measures, rules=rules, domain=domain, domains=domains, level=level,
        wave=wave, enumerator=enumerator,
    )  # fmt: skip
    coded = code(frame, design, domain=domain, domains=domains)
    parts = parts_of(measures)
    if design.selection == "probability":
        coded = replace(coded, psus=collapse(coded.psus, units_of_strata(coded))[0])
    means = variance.combined(variance.domain_means(psu_moments(coded, measures)), parts)
    found = variance.variances(means, "adjust")
    if enumerator and design.selection == "probability":
        who = interviewers(coded, measures, frame, enumerator, composites=parts)
        found = found + who.units().added
    return small_areas(
        table, rules, means, found, measures,
        covariates=covariates, benchmark=benchmark, level=level, least=least,
    )  # fmt: skip
