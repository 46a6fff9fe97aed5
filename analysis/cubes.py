"""Subgroups as a tidy table: unit by sex, unit by age, unit by service, and every roll-up.

The columns are those of docs/architecture.md, with `domain_type` the dimensions and `domain` their
codes, joined by ` & `; the whole is `all`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis import publication, variance
from analysis.answers import require_finite
from analysis.design import Design, Floats, code, collapse, units_of_strata
from analysis.errors import MeasureError
from analysis.estimates import COLUMNS, UNWEIGHTED_TIER
from analysis.measures import Measure
from analysis.moments import sums
from analysis.precision import Block, Claims, Precision, Scale, precision
from analysis.publication import NOT_ESTIMABLE, WITHHELD, Evidence, Rules
from analysis.rollups import JOIN, WHOLE, RollUp, roll_ups
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
    scale = Scale(
        np.array([m.kind == "mean" for m in measures], dtype=np.bool_),
        np.array([m.low for m in measures], dtype=np.float64),
        np.array([m.high for m in measures], dtype=np.float64),
    )
    judged = []
    for table in tables:
        block = _block(table, design.selection, unit, merged, tiers or {})
        floor = bool(table.dimensions) and (not unit or unit in table.dimensions)
        judged.append((block, precision(block, scale, level, floor=floor)))
    of_unit = [unit in table.dimensions for table in tables]
    flags = [_assessed(*each, scale, rules, u)[0] for each, u in zip(judged, of_unit, strict=True)]
    hidden = _complement(tables, [b.n for b, _ in judged], flags)
    judged = [(replace(b, hides=h), p) for (b, p), h in zip(judged, hidden, strict=True)]
    verdicts = [_assessed(*each, scale, rules, u) for each, u in zip(judged, of_unit, strict=True)]
    return pd.concat(
        [
            _rows(*each, *said, measures, level, wave)
            for each, said in zip(judged, verdicts, strict=True)
        ],
        ignore_index=True,
    )


def _block(
    table: RollUp, selection: str, unit: str, merged: frozenset[str], tiers: Mapping[str, str]
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
    )  # fmt: skip


def _assessed(
    b: Block, f: Precision, scale: Scale, rules: Rules, of_unit: bool
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Flags and reasons, both (D, K)."""
    zero = ~scale.is_mean & (b.n > 0) & (b.value == 0)
    flag, reason = publication.assess(
        Evidence(
            n=b.n.ravel(), n_psu=b.n_psu.ravel(), n_eff=f.n_eff.ravel(), df=b.df.ravel(),
            selection=np.repeat(b.selection, b.n.shape[1]), is_unit=np.full(b.n.size, of_unit),
            zero_events=zero.ravel(), collapsed=b.collapsed.ravel(), se_floor=f.raised.ravel(),
            wide=f.wide.ravel(), lonely=b.lonely.ravel(), hides=b.hides.ravel(),
            lacks=b.lacks.ravel(), incomplete=b.incomplete.ravel(),
        ),
        rules,
    )  # fmt: skip
    return flag.reshape(b.n.shape), reason.reshape(b.n.shape)


def _complement(
    tables: Sequence[RollUp], counts: Sequence[Floats], flags: Sequence[NDArray[np.object_]]
) -> list[Claims]:
    """(D, K) of each table: must be withheld so that no withheld cell follows by subtraction."""
    hidden = [(f == WITHHELD) & (n > 0) for f, n in zip(flags, counts, strict=True)]
    blank = [h | (f == NOT_ESTIMABLE) for h, f in zip(hidden, flags, strict=True)]
    changed = True
    while changed:
        changed = False
        for t, table in enumerate(tables):
            for i in range(len(table.dimensions)):
                others = [j for j in range(len(table.dimensions)) if j != i]
                _, parent = np.unique(table.codes[:, others], axis=0, return_inverse=True)
                parent = np.asarray(parent, dtype=np.intp).reshape(-1)
                size = int(parent.max(initial=-1)) + 1
                alone = (sums(parent, hidden[t] * 1.0, size) == 1) & (
                    sums(parent, blank[t] * 1.0, size) == 1
                )
                for p, k in np.argwhere(alone):
                    own = np.flatnonzero((parent == p) & ~blank[t][:, k] & (counts[t][:, k] > 0))
                    if own.size:
                        d = own[np.argmin(counts[t][own, k])]
                        hidden[t][d, k] = blank[t][d, k] = changed = True
    return [h & (f != WITHHELD) for h, f in zip(hidden, flags, strict=True)]


def _rows(
    b: Block,
    f: Precision,
    flag: NDArray[np.object_],
    reason: NDArray[np.object_],
    measures: Sequence[Measure],
    level: float,
    wave: str,
) -> pd.DataFrame:
    size, k = b.n.shape

    def of_domain(values: Sequence[str] | NDArray[np.object_]) -> NDArray[np.object_]:
        return np.repeat(np.array(values, dtype=object), k)

    def of_measure(values: Sequence[str]) -> NDArray[np.object_]:
        return np.tile(np.array(values, dtype=object), size)

    found = {
        "wave": wave, "domain_type": b.domain_type, "domain": of_domain(b.domains),
        "measure_type": of_measure([m.type for m in measures]),
        "measure": of_measure([m.name for m in measures]),
        "category": of_measure([m.category for m in measures]),
        "value": b.value.ravel(), "se": f.se.ravel(), "low": f.low.ravel(), "high": f.high.ravel(),
        "level": level, "df": b.df.ravel(), "n": b.n.ravel().astype(np.int64),
        "n_eff": f.n_eff.ravel(), "n_psu": b.n_psu.ravel().astype(np.int64),
        "deff": f.deff.ravel(), "selection": of_domain(b.selection),
        "weight_tier": of_domain(b.tier),
        "estimator": of_measure([m.kind for m in measures]),
        "variance_method": np.where(np.isnan(f.se.ravel()), "", "taylor"),
        "interval_method": f.method.ravel(), "comparison": "",
        "index_version": of_measure([m.index_version for m in measures]),
        "flag": flag.ravel(), "reason": reason.ravel(),
    }  # fmt: skip
    return pd.DataFrame(found, columns=list(COLUMNS))
