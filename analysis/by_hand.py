r"""What somebody needs to compute a unit's estimates anew, by hand, from sums of its sessions.

A hearing asks where a number comes from. The answer is a table of a few dozen sums: of every
session and calibration cell the weights, and the weights times the answers. From these come the
estimate and, leaving out one session after another with the raking redone, its standard error:

.. math:: \hat\theta = \sum_k a_k \frac{\sum_r f_{c(r)} Y_{rk}}{\sum_r f_{c(r)} W_{rk}}, \qquad
          V = \sum_g c_g (\hat\theta_{(g)} - \hat\theta)^2 .

The factors of cells are given, not searched for; but they are products of one number for each
level of a margin, and they meet the margins, and only one such set of factors does. So they can be
checked. What enumerators add to V by a declared correlation follows from who asked how much in
which session; what trimming adds, or what enumerators do where their effect is estimated, comes
from single interviews and is given.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis import columns
from analysis.assembled import Estimated, parts_of
from analysis.cell_moments import CellMoments, cell_moments
from analysis.cut_again import cut_again
from analysis.design import Codes, Design, Floats, code, collapse, units_of_strata
from analysis.intervals import quantile
from analysis.interviewers import Interviewers, interviewers
from analysis.jackknife import deletion
from analysis.measures import Measure
from analysis.moments import sums
from analysis.reraking import Raking, psu_cell_totals, raking_of
from analysis.workloads import spread_of

Key = tuple[str, str, str]
"""Type, name and category of a measure."""

UNUSABLE = ("se_floor", "icc_assumed", "no_spread", "zero_events", "all_events", "census")
"""Reasons of estimates whose standard error does not come from sums of sessions alone."""
MOST_SESSIONS = 120
"""Sessions of a part of the margins beyond which nobody follows a computation by hand."""
PRODUCT = 1e-9
"""Relative distance from a product of level multipliers at which factors are one."""
TAYLOR, REPLICATED = ("taylor",), ("jkn_raked", "jkn_calibrated")
"""Methods of a variance that can be followed, without a calibration and with one."""
ANY: Key = ("bentuk", "any", "")


@dataclass(frozen=True, eq=False)
class AskedBy:
    """Who asked how much, where a declared correlation says what enumerators add to a variance.

    `weight` is (G, P), final weights of who answered P enumerators in each of all sessions of the
    unit's strata; `names` and `stratum` (G,) are those of the sessions, `times` (G,) is
    (1 - f) n/(n - 1) of the stratum. `spread` is the weighted variance of the answers. With u the
    shares of `weight` in its sum, t (P,) their sums over sessions and u_g over enumerators, the
    variance over sessions already holds what a = u - t u_g varies by (`workloads.unseen`), so that
    rho times `spread` times (sum of t^2 less that) is added.
    """

    names: tuple[str, ...]
    stratum: tuple[str, ...]
    times: Floats
    weight: Floats
    spread: float
    rho: float


@dataclass(frozen=True, eq=False)
class Target:
    """An estimate to be computed anew: `terms` are (place of a leaf, factor) that it adds up.

    `value`, `se`, `low`, `high` are those that were printed, `kind` the estimator, `interval` its
    method, `t` the quantile. `trimmed` and `enumerators` are added to the variance over sessions;
    `bottom` and `top` are the ends of the scale, `asked` is None where the second is estimated
    from single answers and not declared.
    """

    key: Key
    kind: str
    terms: tuple[tuple[int, float], ...]
    value: float
    se: float
    low: float
    high: float
    interval: str
    level: float
    df: float
    t: float
    trimmed: float
    enumerators: float
    bottom: float
    top: float
    asked: AskedBy | None = None


@dataclass(frozen=True, eq=False)
class ByHand:
    """Sums and factors from which the `targets` of a `unit` follow.

    G sessions (`names`, `stratum`), R rows of session (`psu`) and calibration cell (`cell`): base
    weight of all interviews there (`total`, (R,)), and of the unit's that answered each leaf
    (`weight` and `value`, both (R, K)). Replicate g leaves out session g: sums of its stratum get
    `back` (G,) times more, its own `out` (G,) times less, and its square counts `coefficient` (G,).
    `factors` are (1 + G, C), those of the sample first; `multipliers` (1 + G, M) those of
    the levels, one margin after another, or None where factors are no products of them.
    `margins` are names, `levels` names of levels with their `targets_of` and, for each cell, which
    level it has (`of_cell`, (C,)). Without a calibration there is one cell, and no margin.
    """

    unit: str
    method: str
    names: tuple[str, ...]
    stratum: tuple[str, ...]
    psu: Codes
    cell: Codes
    total: Floats
    leaves: tuple[Key, ...]
    weight: Floats
    value: Floats
    back: Floats
    out: Floats
    coefficient: Floats
    factors: Floats
    multipliers: Floats | None
    margins: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    targets_of: tuple[Floats, ...]
    of_cell: tuple[Codes, ...]
    targets: tuple[Target, ...]


def by_hand(
    frame: pd.DataFrame,
    design: Design,
    measures: Sequence[Measure],
    found: Estimated,
    *,
    domain: str,
    domains: Sequence[str],
    empty: dict[str, str] | None = None,
    order: Sequence[str] = (),
    enumerator: str = "",
    rho: float = 0.0,
    uncut: str = "",
    limit: float = np.inf,
) -> ByHand | None:
    """Everything for one unit's first index and one share, or None where no unit can be shown.

    The arguments are those that `found` was estimated with. The unit is the first, in the order of
    `domains`, with a published index (or else score) and a published share whose errors come from
    sessions and have no floor.

    Raises
    ------
    SampleError
        As `estimates.estimated`; not where that has succeeded.
    """
    made = found.calibrated
    if design.selection != "probability" or (made is not None and made.cells.numbers is not None):
        return None
    chosen = _chosen(found.table, domains, TAYLOR if made is None else REPLICATED)
    if chosen is None:
        return None
    unit, method, wanted = chosen
    coded = code(frame, design, domain=domain, domains=domains, empty=empty)
    psus, _ = collapse(coded.psus, units_of_strata(coded), order)
    coded = replace(coded, psus=psus)
    place = {(m.type, m.name, m.category): k for k, m in enumerate(measures)}
    terms, leaves = _leaves(measures, [place[key] for key in wanted])
    d = coded.domains.index(unit)
    base = coded if made is None else replace(coded, weight=made.calibration.base)
    cell = np.zeros(len(frame), dtype=np.intp) if made is None else made.cells.cell
    size = 1 if made is None else made.cells.size
    held = cell_moments(base, [measures[k] for k in leaves], cell, size)
    raking = None if made is None else raking_of(made.cells, made.calibration.distance)
    sums_of = _session_sums(held, d, raking)
    if sums_of is None:
        return None
    used = [measures[k] for k in _with_parts(measures, [place[key] for key in wanted])]
    parts = parts_of(used)
    trimmed = np.zeros((len(coded.domains), len(used)))
    if uncut:
        before = columns.weights(frame, uncut, design.id)
        trimmed = cut_again(coded, used, before, limit, parts)
    who = None
    if enumerator:
        final = coded if made is None else made.calibration.final(base)
        who = interviewers(
            final, used, frame, enumerator, composites=parts, rho=rho, lonely="adjust"
        )
    rows = found.table[(found.table["domain_type"] == "unit") & (found.table["domain"] == unit)]
    targets = tuple(
        _target(
            key, term, measures[place[key]], rows, trimmed[d, _at(used, key)],
            *_who_asked(who, d, _at(used, key)),
        )
        for key, term in zip(wanted, terms, strict=True)
    )  # fmt: skip
    names = tuple((measures[k].type, measures[k].name, measures[k].category) for k in leaves)
    return replace(sums_of, unit=unit, method=method, leaves=names, targets=targets)


def _chosen(
    table: pd.DataFrame, domains: Sequence[str], methods: Sequence[str]
) -> tuple[str, str, list[Key]] | None:
    """The unit, the method of its variances, and the estimates of it that are computed anew."""
    usable = table[
        (table["domain_type"] == "unit")
        & (table["flag"] == "published")
        & table["variance_method"].isin(list(methods))
        & table["se"].notna()
    ]
    clean = [not set(str(r).split(";")) & set(UNUSABLE) for r in usable["reason"]]
    usable = usable[np.array(clean, dtype=np.bool_)]
    best: tuple[str, str, list[Key]] | None = None
    for unit in domains:
        own = usable[usable["domain"] == unit]
        # One method for both, so that one table of replicates serves them.
        for method, same in own.groupby("variance_method", sort=False):
            keys = [
                (str(r.measure_type), str(r.measure), str(r.category)) for r in same.itertuples()
            ]
            shares = same["estimator"] == "proportion"
            scores = [k for k, share in zip(keys, shares, strict=True) if not share]
            parts = [k for k, share in zip(keys, shares, strict=True) if share]
            scores.sort(key=lambda k: k[0] != "indeks")
            parts.sort(key=lambda k: k != ANY)
            found = [*scores[:1], *parts[:1]]
            if best is None or len(found) > len(best[2]):
                best = (unit, str(method), found) if found else best
            if len(found) == 2 and scores[0][0] == "indeks":
                return unit, str(method), found
    return best


def _leaves(
    measures: Sequence[Measure], wanted: Sequence[int]
) -> tuple[list[tuple[tuple[int, float], ...]], list[int]]:
    """What each wanted measure adds up, by place among the leaves, and these as places."""
    parts = parts_of(measures)
    leaves: list[int] = []
    found = []
    for column in wanted:
        weights: dict[int, float] = {}
        open_ = [(column, 1.0)]
        while open_:
            k, factor = open_.pop(0)
            if k in parts:
                open_ += [(part, factor * own) for part, own in parts[k].items()]
            else:
                weights[k] = weights.get(k, 0.0) + factor
        leaves += [k for k in weights if k not in leaves]
        found.append(tuple((leaves.index(k), factor) for k, factor in weights.items()))
    return found, leaves


def _with_parts(measures: Sequence[Measure], wanted: Sequence[int]) -> list[int]:
    """Places of the wanted measures and of all that they are made of, in the measures' order."""
    parts, found, open_ = parts_of(measures), set[int](), list(wanted)
    while open_:
        k = open_.pop()
        found.add(k)
        open_ += list(parts.get(k, {}))
    return sorted(found)


def _at(measures: Sequence[Measure], key: Key) -> int:
    return next(k for k, m in enumerate(measures) if (m.type, m.name, m.category) == key)


def _who_asked(who: Interviewers | None, d: int, column: int) -> tuple[float, AskedBy | None]:
    """What enumerators add to the variance, and of what it is made where rho decides."""
    if who is None:
        return 0.0, None
    raised = who.units()
    added = float(raised.added[d, column])
    if not raised.assumed[d, column]:
        return added, None
    cells, psus = who.worked.cells, who.psus
    rows = np.flatnonzero(who.worked.domain == d)
    held = np.unique(psus.stratum[cells.psu[rows]])
    here = np.flatnonzero(np.isin(psus.stratum, held))
    people, person = np.unique(who.worked.who[rows], return_inverse=True)
    weight = np.zeros((here.size, people.size))
    session = np.searchsorted(here, cells.psu[rows])
    np.add.at(weight, (session, person), cells.weight[rows, column])
    h = psus.stratum[here]
    n = psus.drawn[h].astype(np.float64)
    return added, AskedBy(
        tuple(psus.names[g] for g in here), tuple(psus.strata[s] for s in h),
        psus.remaining[h] * n / np.maximum(n - 1, 1), weight,
        float(spread_of(who.means)[d, column]), who.rho,
    )  # fmt: skip


def _target(
    key: Key,
    terms: tuple[tuple[int, float], ...],
    measure: Measure,
    rows: pd.DataFrame,
    trimmed: float,
    enumerators: float,
    asked: AskedBy | None,
) -> Target:
    own = rows[
        (rows["measure_type"] == key[0])
        & (rows["measure"] == key[1])
        & (rows["category"] == key[2])
    ].iloc[0]
    level, df = float(own["level"]), float(own["df"])
    return Target(
        key, str(own["estimator"]), terms, float(own["value"]), float(own["se"]),
        float(own["low"]), float(own["high"]), str(own["interval_method"]), level, df,
        float(quantile(level, [df])[0]), float(trimmed), enumerators, measure.low, measure.high,
        asked,
    )  # fmt: skip


def _session_sums(held: CellMoments, d: int, raking: Raking | None) -> ByHand | None:
    """Sums of all sessions that a replicate of the unit needs; None where they are too many."""
    psus = held.psus
    if raking is None:
        active = np.zeros(1, dtype=np.intp)
    else:
        part = raking.parts(held.cell_totals())
        own_parts = np.unique(part[held.cell[held.domain == d]])
        active = np.flatnonzero(np.isin(part, own_parts))
    rows = np.flatnonzero(np.isin(held.cell, active) & ((held.domain == d) | (raking is not None)))
    strata = np.unique(psus.stratum[held.psu[rows]])
    here = np.flatnonzero(np.isin(psus.stratum, strata))  # with those that gave no interview
    if here.size > MOST_SESSIONS or (psus.drawn[strata] < 2).any():
        return None
    unit_row = (held.domain[rows] == d)[:, None]
    key = np.searchsorted(here, held.psu[rows]) * active.size + np.searchsorted(
        active, held.cell[rows]
    )
    present, row = np.unique(key, return_inverse=True)
    weight, value = (
        sums(row, np.where(unit_row, a[rows], 0.0), present.size) for a in (held.weight, held.value)
    )
    total = sums(row, held.total[rows][:, None], present.size)[:, 0]
    psu, cell = present // active.size, present % active.size
    cut = deletion(psus, psus.stratum[held.psu[rows]], "adjust")
    h = psus.stratum[here]
    names = tuple(psus.names[g] for g in here)
    # Without margins a replicate leaves the factors alone.
    factors, own = np.ones((1 + here.size, active.size)), None
    if raking is not None:
        own = raking.of_cells(active)
        factors = _factors(
            own, raking.sample_factors(held.cell_totals())[active],
            psu_cell_totals(psu, cell, total, here.size, active.size), h, cut.back, cut.out,
        )  # fmt: skip
    return ByHand(
        "", "", names,
        tuple(psus.strata[s] for s in h), psu, cell, total, (), weight, value,
        cut.back[h], cut.out[h],
        cut.coefficient[h], factors,
        None if own is None else _multipliers(own, factors),
        () if own is None else own.margins, () if own is None else own.names,
        () if own is None else own.targets, () if own is None else own.levels, (),
    )  # fmt: skip


def _factors(
    raking: Raking, sample: Floats, totals: Floats, stratum: Codes, back: Floats, out: Floats
) -> Floats:
    """(1 + G, C) factors of the sample, and those that meet the margins without each session."""
    strata, h = np.unique(stratum, return_inverse=True)
    in_stratum = sums(np.asarray(h, dtype=np.intp), totals, strata.size)
    whole = totals.sum(axis=0)
    left = whole + back[stratum][:, None] * in_stratum[h] - out[stratum][:, None] * totals
    single = (totals > 0).sum(axis=0) == 1
    left[(totals > 0) & single] = 0.0  # what rounding leaves of them is nobody
    return np.vstack([sample, raking.again(left, whole, sample)])


def _multipliers(raking: Raking, factors: Floats) -> Floats | None:
    """(1 + G, M) one number for each level, whose products the factors are; None where not."""
    if not raking.plain or not np.isfinite(factors).all() or not (factors > 0).all():
        return None
    first = np.cumsum([0, *(t.size for t in raking.targets)])
    which = np.zeros((factors.shape[1], first[-1]))
    for start, level in zip(first, raking.levels, strict=False):
        which[np.arange(level.size), start + level] = 1.0
    logs, *_ = np.linalg.lstsq(which, np.log(factors).T, rcond=None)
    found = np.exp(logs.T)
    product = np.exp(which @ logs).T
    return found if np.abs(product / factors - 1).max() < PRODUCT else None
