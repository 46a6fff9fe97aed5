"""From values and variances to the table: degrees of freedom, intervals, flags, both variances.

What `estimates` does after the sums are made, whether weights were calibrated or not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis import publication, variance
from analysis.calibration_plan import Calibrated
from analysis.clustering import assumed_deff
from analysis.design import Floats
from analysis.errors import MeasureError
from analysis.interviewers import Interviewers, Raised
from analysis.judged import Judged, judge, scale_of
from analysis.kernel import Described
from analysis.moments import Moments, sums
from analysis.precision import Block, Claims, Scale, Texts, precision
from analysis.publication import Rules
from analysis.raked_jackknife import Parts
from analysis.shared_enumerators import Shared, shared_enumerators
from analysis.side_by_side import side_by_side
from analysis.spreads import Spreads, Variances, correlations, from_scores
from analysis.tidy import table
from analysis.variance import Lonely, Means

CITY = "city"
UNWEIGHTED_TIER = "T5"
"""Tier of weights.py that says: not weighted, so no probability sample, whatever was planned."""


@dataclass(frozen=True, eq=False)
class Estimated:
    """The table of estimates and what stands behind it.

    `variances` has a row for each row of `table`: the standard errors that were had, side by side.
    `correlations` (D, D) of the `units` by (measure_type, measure), where city-wide margins tie
    them; None where they are independent. `shared` are the parts of enumerators in the units'
    variances and covariances, where some work in several units. `calibrated` is None without
    a plan.
    """

    table: pd.DataFrame
    variances: pd.DataFrame
    units: tuple[str, ...]
    correlations: Mapping[tuple[str, str], Floats] | None = None
    shared: Shared | None = None
    calibrated: Calibrated | None = None
    weight: Floats | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Known:
    """What is said of a sample beside its numbers."""

    by_unit: bool
    selection: str
    rules: Rules
    level: float
    wave: str
    tiers: Mapping[str, str]
    lonely: Lonely


def plain(moments: Moments, parts: Parts, known: Known) -> Spreads:
    """Means and variances from scores, without calibration."""
    units = variance.combined(variance.domain_means(moments), parts)
    city = variance.combined(variance.domain_means(moments.pooled(CITY)), parts)
    drawn = _whole(units, known)[0][0] == "probability"
    return from_scores(units, city, known.lonely, drawn=drawn)


def _tiers(units: Means, known: Known) -> Texts:
    return np.array([known.tiers.get(d, "") for d in units.moments.domains], dtype=object)


def _present(units: Means) -> Claims:
    """(D,) units with interviews; one that gave none has no part in the city's number."""
    size = len(units.moments.domains)
    return np.asarray(np.bincount(units.moments.domain, minlength=size) > 0, dtype=np.bool_)


def _selections(units: Means, known: Known) -> Texts:
    """(D,) selection of each unit; one without weights is a volunteer sample, planned or not."""
    drawn = np.full(len(units.moments.domains), known.selection, dtype=object)
    drawn[(drawn == "probability") & (_tiers(units, known) == UNWEIGHTED_TIER)] = "volunteer"
    return drawn


def _whole(units: Means, known: Known) -> tuple[Texts, Texts]:
    """(1,) selection and worst tier of the city."""
    drawn, present = _selections(units, known), _present(units)
    unplanned = drawn[present & (drawn != "probability")]
    whole = unplanned[:1] if unplanned.size else np.array([known.selection], dtype=object)
    return whole, np.array([max(_tiers(units, known)[present], default="")], dtype=object)


def assemble(
    s: Spreads,
    measures: Sequence[Described],
    known: Known,
    merged: frozenset[str],
    who: Interviewers | None,
) -> Estimated:
    """From values and variances to what is printed: degrees of freedom, intervals, flags."""
    rules, level, scale = known.rules, known.level, scale_of(measures)
    names, present = s.units.moments.domains, _present(s.units)
    whole, worst = _whole(s.units, known)
    touched = np.array([bool({d, ""} & merged) for d in names], dtype=np.bool_)
    units = _block(
        "unit", s.units, s.of_units, scale, _selections(s.units, known), _tiers(s.units, known),
        touched[:, None],
    )  # fmt: skip
    city = _block(CITY, s.city, s.of_city, scale, whole, worst, np.array([[bool(merged)]]))
    if whole[0] == "probability":
        touching = variance.in_lonely_strata(s.city)
        city = replace(city, lonely=touching, policy=known.lonely)
        if known.by_unit:
            smaller = np.fmin(city.df, variance.satterthwaite(s.scored, "adjust")[None])
            city = replace(city, df=smaller)
    city = _raised(city, who.city() if who else None)
    if known.by_unit:
        city = replace(city, incomplete=city.incomplete | (not present.all()))
    added, shared = [_added(who.city() if who else None, s.of_city)], None
    if not known.by_unit or not len(names):
        judged, variances = [judge(city, scale, level, rules, floor=not known.by_unit)], [s.of_city]
    else:
        alone = precision(units, scale, level, floor=True).se
        if units.census is not None:
            alone = np.where(units.census, 0.0, alone)
        of_who = who.units() if who else None
        units = _raised(units, of_who)
        of_units = judge(units, scale, level, rules, floor=True)
        if who and of_who:
            shared = shared_enumerators(who, of_who, of_units.precision.se, measures)
        # One hidden unit would follow from the city and the other units.
        hidden = of_units.flagged(publication.WITHHELD).sum(axis=0)
        city = replace(city, hides=(hidden == 1)[None])
        mean = _mean_of_units(of_units, alone, city, s, scale)
        mean = _raised(mean, who.mean_of_units() if who else None)
        judged = [of_units, *(judge(b, scale, level, rules, floor=False) for b in (city, mean))]
        variances = [s.of_units, s.of_city, s.of_mean]
        added = [
            _added(of_who, s.of_units),
            *added,
            _added(who.mean_of_units() if who else None, s.of_mean),
        ]
    rows = table(judged, measures, level, known.wave)
    return Estimated(
        rows,
        side_by_side(rows, variances, added),
        names,
        correlations(s.between, measures),
        shared,
    )


def _block(
    domain_type: str,
    means: Means,
    found: Variances,
    scale: Scale,
    selection: Texts,
    tier: Texts,
    collapsed: Claims,
) -> Block:
    shape = means.value.shape
    no = np.zeros(shape, dtype=np.bool_)
    drawn = _drawn(selection)
    census = drawn & variance.exhausted(means) & (found.used == 0)
    usable = drawn & (census | ((means.n_psu >= 2) & (means.df >= 1)))
    return Block(
        domain_type, means.moments.domains, selection, tier,
        value=means.value, se=np.where(usable, np.sqrt(found.used), np.nan), n=means.n,
        n_psu=means.n_psu, df=np.where(drawn, means.df, np.nan), kish=means.kish,
        spread=means.spread, collapsed=np.broadcast_to(collapsed, shape),
        lonely=no, hides=no, lacks=no, incomplete=no, assumed=no,
        differs=usable & found.differs(scale.length), variance=found.method,
        clustering=assumed_deff(means.moments, ~scale.is_mean),
        census=census, one_stage=census & stands_for_others(means),
    )  # fmt: skip


def stands_for_others(means: Means) -> Claims:
    """(D, K) whether the weights of an estimate's interviews add up to more than these are.

    Where all PSUs were taken and no second stage is given, such interviews are a sample all the
    same, of which the design does not say how it was drawn.
    """
    m = means.moments
    weight = sums(m.domain, m.weight, len(m.domains))
    return np.asarray(weight > means.n * (1 + 1e-9), dtype=np.bool_)


def parts_of(measures: Sequence[Described]) -> dict[int, dict[int, float]]:
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


def _raised(b: Block, raised: Raised | None) -> Block:
    """The same estimates with what enumerators add to their variances."""
    if raised is None:
        return b
    found, df = raised.on(b.se**2, b.df)
    known = ~np.isnan(b.se)
    census = None if b.census is None else b.census & (raised.added == 0)
    return replace(
        b,
        census=census,
        one_stage=b.one_stage if census is None or b.one_stage is None else b.one_stage & census,
        se=np.sqrt(found),
        df=np.where(known, df, b.df),
        assumed=b.assumed | (raised.assumed & known),
        untold=raised.untold & known,
    )


def _added(raised: Raised | None, of: Variances) -> Floats:
    return np.zeros(of.used.shape) if raised is None else raised.added


def _mean_of_units(judged: Judged, alone: Floats, city: Block, s: Spreads, scale: Scale) -> Block:
    """The mean of the units' values; every unit counts the same, whatever its visitors.

    The variance is the sum of the units' over k^2 (with the covariances of units that share
    PSUs), the degrees of freedom are Satterthwaite's: sum(V)^2 / sum(V^2 / df). `alone` (D, K) are
    the units' standard errors over sessions, with their floor and without enumerators, whose part
    in the mean is another one: they may work in several units.
    """
    units, shape = judged.block, judged.block.value.shape
    se2, df_of_units = alone**2, np.where(_drawn(units.selection), s.units.df, np.nan)
    value, found = s.mean, s.of_mean.used[0]
    floor = (se2 - np.where(np.isnan(se2), np.nan, s.of_units.used)).sum(axis=0) / shape[0] ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        df = se2.sum(axis=0) ** 2 / (se2**2 / df_of_units).sum(axis=0)
        kish = shape[0] ** 2 / (1 / units.kish).sum(axis=0)
        spread = np.maximum((units.spread + units.value**2).mean(axis=0) - value**2, 0)
    drawn = _drawn(city.selection)
    return replace(
        city, domain_type="city_mean", value=value[None], df=df[None], kish=kish[None],
        se=np.where(drawn, np.sqrt(found + floor)[None], np.nan), spread=spread[None],
        hides=_somewhere(judged.flagged(publication.WITHHELD)),
        lacks=_somewhere(judged.flagged(publication.NOT_ESTIMABLE)),
        lonely=drawn & _somewhere((units.n > 0) & (units.n_psu < 2)),
        incomplete=_somewhere(units.n == 0),
        differs=drawn & s.of_mean.differs(scale.length), variance=s.of_mean.method,
        assumed=np.zeros((1, value.size), dtype=np.bool_), untold=None,
        clustering=None, policy="", census=_everywhere(units.census),
        one_stage=None if units.one_stage is None else _somewhere(units.one_stage),
        clustered=None if (c := judged.precision.clustered) is None else _somewhere(c),
    )  # fmt: skip


def _everywhere(claim: Claims | None) -> Claims | None:
    return None if claim is None else np.asarray(claim.all(axis=0, keepdims=True), dtype=np.bool_)


def _somewhere(claim: Claims) -> Claims:
    return np.asarray(claim.any(axis=0, keepdims=True), dtype=np.bool_)
