"""Every measure in every unit and in the city: the tidy table of estimates.

The columns are those of docs/architecture.md. `estimate` gives the raw table, with values also in
rows that may not be published; `publication.publish` makes the one that leaves the office.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis import publication, variance
from analysis.design import Design, code, collapse, units_of_strata
from analysis.errors import MeasureError
from analysis.measures import Measure
from analysis.moments import psu_moments
from analysis.precision import Block, Claims, Scale, Texts, precision
from analysis.publication import Evidence, Rules
from analysis.variance import Lonely, Means

COLUMNS = (
    "wave", "domain_type", "domain", "measure_type", "measure", "category", "value", "se", "low",
    "high", "level", "df", "n", "n_eff", "n_psu", "deff", "selection", "weight_tier", "estimator",
    "variance_method", "interval_method", "comparison", "index_version", "flag", "reason",
)  # fmt: skip

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
    merged: frozenset[str] = frozenset()
    if design.selection == "probability":
        psus, merged = collapse(coded.psus, units_of_strata(coded), order)
        coded = replace(coded, psus=psus)
    moments = psu_moments(coded, measures)
    parts = _parts(measures)
    means = variance.combined(variance.domain_means(moments), parts)
    pooled = variance.combined(variance.domain_means(moments.pooled(CITY)), parts)
    size = len(coded.domains)
    tier = np.array([(tiers or {}).get(d, "") for d in coded.domains], dtype=object)
    selection = np.full(size, design.selection, dtype=object)
    selection[(selection == "probability") & (tier == UNWEIGHTED_TIER)] = "volunteer"
    # A unit that was declared and gave no interview has no part in the city's number.
    present = np.bincount(coded.domain, minlength=size) > 0
    unplanned = selection[present & (selection != "probability")]
    whole = unplanned[:1] if unplanned.size else np.array([design.selection], dtype=object)
    worst = np.array([max(tier[present], default="")], dtype=object)
    touched = np.array([bool({d, ""} & merged) for d in coded.domains], dtype=np.bool_)
    units = _block("unit", means, selection, tier, "adjust", touched[:, None])
    city = _block(CITY, pooled, whole, worst, lonely, np.array([[bool(merged)]]))
    if whole[0] == "probability":
        city = replace(city, lonely=variance.in_lonely_strata(pooled))
        if domain:
            smaller = np.fmin(city.df, variance.satterthwaite(pooled, "adjust")[None])
            city = replace(city, df=smaller)
    if domain:
        city = replace(city, incomplete=city.incomplete | (not present.all()))
    scale = Scale(
        np.array([m.kind == "mean" for m in measures], dtype=np.bool_),
        np.array([m.low for m in measures], dtype=np.float64),
        np.array([m.high for m in measures], dtype=np.float64),
    )
    about = (measures, scale, level, rules, wave)
    if not domain or not size:
        return _table(city, *about, floor=not domain)
    of_units = _table(units, *about, floor=True)
    hidden = (of_units["flag"].to_numpy().reshape(units.n.shape) == publication.WITHHELD).sum(
        axis=0
    )
    # One hidden unit would follow from the city and the other units.
    city = replace(city, hides=(hidden == 1)[None])
    of_city = _table(city, *about, floor=False)
    of_mean = _table(_mean_of_units(of_units, units, city, means), *about, floor=False)
    return pd.concat([of_units, of_city, of_mean], ignore_index=True)


def _block(
    domain_type: str,
    means: Means,
    selection: Texts,
    tier: Texts,
    lonely: Lonely,
    collapsed: Claims,
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
        lonely=no, hides=no, lacks=no, incomplete=no,
    )  # fmt: skip


def _parts(measures: Sequence[Measure]) -> dict[int, dict[int, float]]:
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


def _mean_of_units(table: pd.DataFrame, units: Block, city: Block, means: Means) -> Block:
    """The mean of the units' values; every unit counts the same, whatever its visitors.

    The variance is the sum of the units' over k^2 (with the covariances of units that share
    PSUs), the degrees of freedom are Satterthwaite's: sum(V)^2 / sum(V^2 / df).
    """
    shape = units.value.shape
    se2, flag = table["se"].to_numpy().reshape(shape) ** 2, table["flag"].to_numpy().reshape(shape)
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
        hides=_somewhere(flag == publication.WITHHELD),
        lacks=_somewhere(flag == publication.NOT_ESTIMABLE),
        lonely=drawn & _somewhere((units.n > 0) & (units.n_psu < 2)),
        incomplete=_somewhere(units.n == 0),
    )  # fmt: skip


def _somewhere(claim: Claims) -> Claims:
    return np.asarray(claim.any(axis=0, keepdims=True), dtype=np.bool_)


def _table(
    b: Block,
    measures: Sequence[Measure],
    scale: Scale,
    level: float,
    rules: Rules,
    wave: str,
    *,
    floor: bool,
) -> pd.DataFrame:
    f = precision(b, scale, level, floor=floor)
    shape = b.value.shape
    selection, tier, domain = (
        np.repeat(np.array(column, dtype=object), shape[1])
        for column in (b.selection, b.tier, b.domains)
    )
    zero = ~scale.is_mean & (b.n > 0) & (b.value == 0)
    flag, reason = publication.assess(
        Evidence(
            n=b.n.ravel(), n_psu=b.n_psu.ravel(), n_eff=f.n_eff.ravel(), df=b.df.ravel(),
            selection=selection, is_unit=np.full(b.n.size, b.domain_type == "unit"),
            zero_events=zero.ravel(), collapsed=b.collapsed.ravel(), se_floor=f.raised.ravel(),
            wide=f.wide.ravel(), lonely=b.lonely.ravel(), hides=b.hides.ravel(),
            lacks=b.lacks.ravel(), incomplete=b.incomplete.ravel(),
        ),
        rules,
    )  # fmt: skip
    known = ~np.isnan(f.se.ravel())

    def each(texts: Sequence[str]) -> Texts:
        return np.tile(np.array(texts, dtype=object), shape[0])

    columns = {
        "wave": wave, "domain_type": b.domain_type, "domain": domain,
        "measure_type": each([m.type for m in measures]),
        "measure": each([m.name for m in measures]),
        "category": each([m.category for m in measures]),
        "value": b.value.ravel(), "se": f.se.ravel(), "low": f.low.ravel(), "high": f.high.ravel(),
        "level": level, "df": b.df.ravel(), "n": b.n.ravel().astype(np.int64),
        "n_eff": f.n_eff.ravel(), "n_psu": b.n_psu.ravel().astype(np.int64),
        "deff": f.deff.ravel(), "selection": selection, "weight_tier": tier,
        "estimator": each([m.kind for m in measures]),
        "variance_method": np.where(known, "taylor", ""), "interval_method": f.method.ravel(),
        "comparison": "", "index_version": each([m.index_version for m in measures]),
        "flag": flag, "reason": reason,
    }  # fmt: skip
    return pd.DataFrame(columns, columns=list(COLUMNS))
