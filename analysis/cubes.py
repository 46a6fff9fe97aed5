"""Subgroups as a tidy table: unit by sex, unit by age, unit by service, and every roll-up.

The columns are those of docs/architecture.md, with `domain_type` the dimensions and `domain` their
codes, joined by ` & `; the whole is `all`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis import variance
from analysis.answers import require_finite
from analysis.clustering import assumed_deff
from analysis.design import Design, code, collapse, units_of_strata
from analysis.errors import MeasureError
from analysis.estimates import UNWEIGHTED_TIER
from analysis.judged import Judged, hiding, judge, scale_of
from analysis.measures import Measure
from analysis.moments import sums
from analysis.precision import VARIANCES, Block, Claims
from analysis.publication import NOT_ESTIMABLE, WITHHELD, Rules
from analysis.rollups import JOIN, WHOLE, RollUp, roll_ups
from analysis.tidy import table
from analysis.variance import domain_means


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
        From `design.code`, `roll_ups` and `moments.psu_moments`; a measure whose scale has no
        ends, or an infinite answer.
    """
    require_finite(measures)
    endless = [m.name for m in measures if not np.isfinite(m.high - m.low)]
    if endless:
        raise MeasureError(
            f"Measure {', '.join(endless)} has a scale without ends, on which neither spread nor "
            "width can be judged. Give its least and greatest possible answer."
        )
    coded = code(frame, design, domain=unit, empty=empty)
    merged: frozenset[str] = frozenset()
    if design.selection == "probability":
        psus, merged = collapse(coded.psus, units_of_strata(coded), order)
        coded = replace(coded, psus=psus)
    tables = roll_ups(frame, coded, measures, groups, levels=levels, unknown=unknown)
    scale = scale_of(measures)
    judged = []
    for made in tables:
        block = _block(made, design.selection, unit, merged, tiers or {}, ~scale.is_mean)
        floor = bool(made.dimensions) and (not unit or unit in made.dimensions)
        of_unit = unit in made.dimensions
        judged.append(judge(block, scale, level, rules, floor=floor, of_unit=of_unit))
    hidden = _complement(tables, judged)
    judged = [hiding(j, h, scale, rules) for j, h in zip(judged, hidden, strict=True)]
    return table(judged, measures, level, wave)


def _block(
    table: RollUp,
    selection: str,
    unit: str,
    merged: frozenset[str],
    tiers: Mapping[str, str],
    shares: Claims,
) -> Block:
    means = domain_means(table.moments)
    size, shape = len(table.moments.domains), means.value.shape
    of_unit = np.full(size, "", dtype=object)
    if unit in table.dimensions:
        of_unit[:] = table.level_of(unit)
        tier = np.array([tiers.get(name, "") for name in of_unit], dtype=object)
        touched = np.array([bool({name, ""} & merged) for name in of_unit], dtype=np.bool_)
    else:
        tier = np.full(size, max(tiers.values(), default=""), dtype=object)
        touched = np.full(size, bool(merged))
    drawn_as = np.full(size, selection, dtype=object)
    drawn_as[(drawn_as == "probability") & (tier == UNWEIGHTED_TIER)] = "volunteer"
    drawn = (drawn_as == "probability")[:, None]
    usable = drawn & (means.n_psu >= 2) & (means.df >= 1)
    found = variance.variances(means, "adjust")
    no = np.zeros(shape, dtype=np.bool_)
    return Block(
        JOIN.join(table.dimensions) or WHOLE, table.moments.domains, drawn_as, tier,
        value=means.value, se=np.where(usable, np.sqrt(found), np.nan), n=means.n,
        n_psu=means.n_psu, df=np.where(drawn, means.df, np.nan), kish=means.kish,
        spread=means.spread, collapsed=np.broadcast_to(touched[:, None], shape),
        lonely=variance.in_lonely_strata(means) & drawn, hides=no, lacks=no, incomplete=no,
        assumed=no, differs=no, variance=np.full(shape, VARIANCES.index("taylor")),
        clustering=assumed_deff(table.moments, shares),
    )  # fmt: skip


def _complement(tables: Sequence[RollUp], judged: Sequence[Judged]) -> list[Claims]:
    """(D, K) of each table: must be withheld so that no withheld cell follows by subtraction."""
    counts = [j.block.n for j in judged]
    before = [j.flagged(WITHHELD) for j in judged]
    hidden = [own & (n > 0) for own, n in zip(before, counts, strict=True)]
    blank = [h | j.flagged(NOT_ESTIMABLE) for h, j in zip(hidden, judged, strict=True)]
    changed = True
    while changed:
        changed = False
        for t, made in enumerate(tables):
            for i in range(len(made.dimensions)):
                others = [j for j in range(len(made.dimensions)) if j != i]
                _, parent = np.unique(made.codes[:, others], axis=0, return_inverse=True)
                parent = np.asarray(parent, dtype=np.intp).reshape(-1)
                size = int(parent.max(initial=-1)) + 1
                alone = (sums(parent, hidden[t].astype(np.float64), size) == 1) & (
                    sums(parent, blank[t].astype(np.float64), size) == 1
                )
                for p, k in np.argwhere(alone):
                    own = np.flatnonzero((parent == p) & ~blank[t][:, k] & (counts[t][:, k] > 0))
                    if own.size:
                        d = own[np.argmin(counts[t][own, k])]
                        hidden[t][d, k] = blank[t][d, k] = changed = True
    return [h & ~own for h, own in zip(hidden, before, strict=True)]
