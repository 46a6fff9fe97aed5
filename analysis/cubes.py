"""Subgroups as a tidy table: unit by sex, unit by age, unit by service, and every roll-up.

The columns are those of docs/architecture.md, with `domain_type` the dimensions and `domain` their
codes, joined by ` & `; the whole is `all`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from analysis.answers import require_finite
from analysis.blocks import Varied, block
from analysis.complement import complement
from analysis.design import Design, code, collapse, units_of_strata
from analysis.judged import hiding, judge, scale_of
from analysis.measures import Measure
from analysis.publication import Rules
from analysis.rollups import roll_ups
from analysis.tidy import table
from analysis.variance import domain_means, variances


def cube(
    frame: pd.DataFrame,
    design: Design,
    measures: Sequence[Measure],
    groups: Sequence[Sequence[str]],
    *,
    rules: Rules,
    unit: str = "",
    levels: Mapping[str, Sequence[str]] | None = None,
    unknown: str = "",
    level: float = 0.95,
    wave: str = "",
    tiers: Mapping[str, str] | None = None,
    empty: Mapping[str, str] | None = None,
    order: Sequence[str] = (),
) -> pd.DataFrame:
    """Tidy estimates of every measure in every roll-up of `groups`, assessed by `rules`.

    `groups` are the tables wanted, as `[("unit_id", "sex"), ("unit_id", "age")]`; `unit` names
    the column whose lonely strata are merged. The other arguments are those of
    `estimates.estimate` and `roll_ups`. Where one cell alone of a row or column is withheld, it
    could be had by subtraction; the smallest of its neighbours is then withheld too.

    Raises
    ------
    SampleError
        From `design.code`, `roll_ups` and `moments.psu_moments`; an infinite answer.
    """
    require_finite(measures)
    coded = code(frame, design, domain=unit, empty=empty)
    merged: frozenset[str] = frozenset()
    if design.selection == "probability":
        psus, merged = collapse(coded.psus, units_of_strata(coded), order)
        coded = replace(coded, psus=psus)
    tables = roll_ups(frame, coded, measures, groups, levels=levels, unknown=unknown)
    scale = scale_of(measures)
    judged = []
    for made in tables:
        means = domain_means(made.moments)
        of = Varied.plain(means, variances(means, "adjust"), "taylor")
        of_table = block(
            made, of, design.selection, unit=unit, merged=merged, tiers=tiers or {},
            shares=~scale.is_mean, lonely="adjust",
        )  # fmt: skip
        floor = bool(made.dimensions) and (not unit or unit in made.dimensions)
        of_unit = unit in made.dimensions
        judged.append(judge(of_table, scale, level, rules, floor=floor, of_unit=of_unit))
    hidden = complement(tables, judged)
    judged = [hiding(j, h, scale, rules) for j, h in zip(judged, hidden, strict=True)]
    return table(judged, measures, level, wave)
