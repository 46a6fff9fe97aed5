"""Every measure in every unit and in the city: the tidy table of estimates.

The columns are those of docs/architecture.md. `estimate` gives the raw table, with values also in
rows that may not be published; `publication.publish` makes the one that leaves the office.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis import publication, variance
from analysis.clustering import assumed_deff
from analysis.design import Design, code, collapse, units_of_strata
from analysis.errors import MeasureError
from analysis.judged import Judged, judge, scale_of
from analysis.kernel import Described
from analysis.measures import Measure
from analysis.moments import Moments, psu_moments
from analysis.precision import VARIANCES, Block, Claims, Texts
from analysis.publication import Rules
from analysis.tidy import table
from analysis.variance import Lonely, Means

CITY = "city"
UNWEIGHTED_TIER = "T5"
"""Tier of weights.py that says: not weighted, so no probability sample, whatever was planned."""


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
    return of_moments(
        psu_moments(coded, measures), measures, by_unit=bool(domain), selection=design.selection,
        rules=rules, level=level, wave=wave, tiers=tiers, order=order, lonely=lonely,
    )  # fmt: skip


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
    merged: frozenset[str] = frozenset()
    if selection == "probability":
        psus, merged = collapse(moments.psus, units_of_strata(moments), order)
        moments = replace(moments, psus=psus)
    parts = _parts(measures)
    means = variance.combined(variance.domain_means(moments), parts)
    pooled = variance.combined(variance.domain_means(moments.pooled(CITY)), parts)
    size = len(moments.domains)
    tier = np.array([(tiers or {}).get(d, "") for d in moments.domains], dtype=object)
    drawn = np.full(size, selection, dtype=object)
    drawn[(drawn == "probability") & (tier == UNWEIGHTED_TIER)] = "volunteer"
    # A unit that was declared and gave no interview has no part in the city's number.
    present = np.bincount(moments.domain, minlength=size) > 0
    unplanned = drawn[present & (drawn != "probability")]
    whole = unplanned[:1] if unplanned.size else np.array([selection], dtype=object)
    worst = np.array([max(tier[present], default="")], dtype=object)
    touched = np.array([bool({d, ""} & merged) for d in moments.domains], dtype=np.bool_)
    shares = np.array([m.kind == "proportion" for m in measures], dtype=np.bool_)
    units = _block("unit", means, drawn, tier, "adjust", touched[:, None], shares)
    city = _block(CITY, pooled, whole, worst, lonely, np.array([[bool(merged)]]), shares)
    if whole[0] == "probability":
        city = replace(city, lonely=variance.in_lonely_strata(pooled))
        if by_unit:
            smaller = np.fmin(city.df, variance.satterthwaite(pooled, "adjust")[None])
            city = replace(city, df=smaller)
    if by_unit:
        city = replace(city, incomplete=city.incomplete | (not present.all()))
    scale = scale_of(measures)
    if not by_unit or not size:
        return table([judge(city, scale, level, rules, floor=not by_unit)], measures, level, wave)
    of_units = judge(units, scale, level, rules, floor=True)
    # One hidden unit would follow from the city and the other units.
    hidden = of_units.flagged(publication.WITHHELD).sum(axis=0)
    city = replace(city, hides=(hidden == 1)[None])
    of_city = judge(city, scale, level, rules, floor=False)
    mean = _mean_of_units(of_units, city, means)
    of_mean = judge(mean, scale, level, rules, floor=False)
    return table([of_units, of_city, of_mean], measures, level, wave)


def _block(
    domain_type: str,
    means: Means,
    selection: Texts,
    tier: Texts,
    lonely: Lonely,
    collapsed: Claims,
    shares: Claims,
) -> Block:
    shape = means.value.shape
    no = np.zeros(shape, dtype=np.bool_)
    drawn = _drawn(selection)
    usable = drawn & (means.n_psu >= 2) & (means.df >= 1)
    # Without a sampling variance to publish, a lonely stratum is no reason to stop.
    found = variance.variances(means, lonely if drawn.any() else "adjust")
    return Block(
        domain_type, means.moments.domains, selection, tier,
        value=means.value, se=np.where(usable, np.sqrt(found), np.nan), n=means.n,
        n_psu=means.n_psu, df=np.where(drawn, means.df, np.nan), kish=means.kish,
        spread=means.spread, collapsed=np.broadcast_to(collapsed, shape),
        lonely=no, hides=no, lacks=no, incomplete=no, assumed=no, differs=no,
        variance=np.full(shape, VARIANCES.index("taylor")),
        clustering=assumed_deff(means.moments, shares),
    )  # fmt: skip


def _parts(measures: Sequence[Described]) -> dict[int, dict[int, float]]:
    """Position of each composite to the positions and factors of its parts."""
    place = {(m.type, m.name): k for k, m in enumerate(measures) if not m.category}
    found: dict[int, dict[int, float]] = {}
    for k, measure in enumerate(measures):
        if any(place.get(part, k) >= k for part, _ in measure.combines):
            raise MeasureError(
                f"Measure {measure.type} {measure.name} adds up "
                f"{', '.join(' '.join(part) for part, _ in measure.combines)}; each of them must "
                "stand before it among the measures."
            )
        if measure.combines:
            found[k] = {place[part]: factor for part, factor in measure.combines}
    return found


def _drawn(selection: Texts) -> Claims:
    return np.array([kind == "probability" for kind in selection], dtype=np.bool_)[:, None]


def _mean_of_units(judged: Judged, city: Block, means: Means) -> Block:
    """The mean of the units' values; every unit counts the same, whatever its visitors.

    The variance is the sum of the units' over k^2 (with the covariances of units that share
    PSUs), the degrees of freedom are Satterthwaite's: sum(V)^2 / sum(V^2 / df).
    """
    units, shape = judged.block, judged.block.value.shape
    se2 = judged.precision.se**2
    value, found = variance.mean_of_domains(means, "adjust")
    raised = (se2 - units.se**2).sum(axis=0) / shape[0] ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        df = se2.sum(axis=0) ** 2 / (se2**2 / units.df).sum(axis=0)
        kish = shape[0] ** 2 / (1 / units.kish).sum(axis=0)
        spread = np.maximum((units.spread + units.value**2).mean(axis=0) - value**2, 0)
    drawn = _drawn(city.selection)
    return replace(
        city, domain_type="city_mean", value=value[None], df=df[None], kish=kish[None],
        se=np.where(drawn, np.sqrt(found + raised)[None], np.nan), spread=spread[None],
        hides=_somewhere(judged.flagged(publication.WITHHELD)),
        lacks=_somewhere(judged.flagged(publication.NOT_ESTIMABLE)),
        lonely=drawn & _somewhere((units.n > 0) & (units.n_psu < 2)),
        incomplete=_somewhere(units.n == 0),
        clustering=None, clustered=_somewhere(judged.precision.clustered),
    )  # fmt: skip


def _somewhere(claim: Claims) -> Claims:
    return np.asarray(claim.any(axis=0, keepdims=True), dtype=np.bool_)
