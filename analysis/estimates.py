"""Every measure in every unit and in the city: the tidy table of estimates.

The columns are those of docs/architecture.md. `estimate` gives the raw table, with values also in
rows that may not be published; `publication.publish` makes the one that leaves the office.
`estimated` gives the same with what stands behind it: calibrated weights, both variances,
correlations of units.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis import publication, variance
from analysis.calibration_plan import Calibrated, CalibrationPlan, carry_out
from analysis.design import Design, Floats, code, collapse, units_of_strata
from analysis.errors import MeasureError
from analysis.judged import Judged, judge, scale_of
from analysis.kernel import Described
from analysis.measures import Measure
from analysis.moments import Moments, psu_moments
from analysis.precision import Block, Claims, Scale, Texts
from analysis.publication import Rules
from analysis.side_by_side import side_by_side
from analysis.spreads import Spreads, Variances, after_calibration, from_scores
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
    them; None where they are independent. `calibrated` is None without a plan.
    """

    table: pd.DataFrame
    variances: pd.DataFrame
    units: tuple[str, ...]
    correlations: Mapping[tuple[str, str], Floats] | None = None
    calibrated: Calibrated | None = None
    weight: Floats | None = None
    notes: tuple[str, ...] = ()


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
) -> Estimated:
    """As `estimate`, with the calibrated weights, both variances and the units' correlations.

    `weight` of the result are the final weights in the order of the frame.

    Raises
    ------
    SampleError
        As `estimate`.
    """
    coded = code(frame, design, domain=domain, domains=domains, empty=empty)
    known = _Known(bool(domain), design.selection, rules, level, wave, tiers or {})
    if calibration is None:
        found = _of_moments(psu_moments(coded, measures), measures, known, order, lonely)
        weight = np.empty_like(coded.weight)
        weight[coded.order] = coded.weight
        return replace(found, weight=weight)
    merged: frozenset[str] = frozenset()
    if design.selection == "probability":
        psus, merged = collapse(coded.psus, units_of_strata(coded), order)
        coded = replace(coded, psus=psus)
    made = carry_out(calibration, frame, coded, design.id)
    spreads = after_calibration(coded, made, measures, _parts(measures), lonely, CITY)
    found = _assembled(spreads, measures, known, merged, lonely)
    return replace(
        found, calibrated=made, weight=made.calibration.in_frame(coded),
        notes=(*made.notes, *spreads.notes),
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
    known = _Known(by_unit, selection, rules, level, wave, tiers or {})
    return _of_moments(moments, measures, known, order, lonely).table


@dataclass(frozen=True)
class _Known:
    """What is said of a sample beside its numbers."""

    by_unit: bool
    selection: str
    rules: Rules
    level: float
    wave: str
    tiers: Mapping[str, str]


def _of_moments(
    moments: Moments,
    measures: Sequence[Described],
    known: _Known,
    order: Sequence[str],
    lonely: Lonely,
) -> Estimated:
    merged: frozenset[str] = frozenset()
    if known.selection == "probability":
        psus, merged = collapse(moments.psus, units_of_strata(moments), order)
        moments = replace(moments, psus=psus)
    parts = _parts(measures)
    units = variance.combined(variance.domain_means(moments), parts)
    city = variance.combined(variance.domain_means(moments.pooled(CITY)), parts)
    spreads = from_scores(units, city, lonely, drawn=_whole(units, known)[0][0] == "probability")
    return _assembled(spreads, measures, known, merged, lonely)


def _tiers(units: Means, known: _Known) -> Texts:
    return np.array([known.tiers.get(d, "") for d in units.moments.domains], dtype=object)


def _present(units: Means) -> Claims:
    """(D,) units with interviews; one that gave none has no part in the city's number."""
    size = len(units.moments.domains)
    return np.asarray(np.bincount(units.moments.domain, minlength=size) > 0, dtype=np.bool_)


def _selections(units: Means, known: _Known) -> Texts:
    """(D,) selection of each unit; one without weights is a volunteer sample, planned or not."""
    drawn = np.full(len(units.moments.domains), known.selection, dtype=object)
    drawn[(drawn == "probability") & (_tiers(units, known) == UNWEIGHTED_TIER)] = "volunteer"
    return drawn


def _whole(units: Means, known: _Known) -> tuple[Texts, Texts]:
    """(1,) selection and worst tier of the city."""
    drawn, present = _selections(units, known), _present(units)
    unplanned = drawn[present & (drawn != "probability")]
    whole = unplanned[:1] if unplanned.size else np.array([known.selection], dtype=object)
    return whole, np.array([max(_tiers(units, known)[present], default="")], dtype=object)


def _assembled(
    s: Spreads,
    measures: Sequence[Described],
    known: _Known,
    merged: frozenset[str],
    lonely: Lonely,
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
        city = replace(city, lonely=variance.in_lonely_strata(s.city))
        if known.by_unit:
            smaller = np.fmin(city.df, variance.satterthwaite(s.scored, "adjust")[None])
            city = replace(city, df=smaller)
    if known.by_unit:
        city = replace(city, incomplete=city.incomplete | (not present.all()))
    if not known.by_unit or not len(names):
        judged, variances = [judge(city, scale, level, rules, floor=not known.by_unit)], [s.of_city]
    else:
        of_units = judge(units, scale, level, rules, floor=True)
        # One hidden unit would follow from the city and the other units.
        hidden = of_units.flagged(publication.WITHHELD).sum(axis=0)
        city = replace(city, hides=(hidden == 1)[None])
        mean = _mean_of_units(of_units, city, s, scale)
        judged = [of_units, *(judge(b, scale, level, rules, floor=False) for b in (city, mean))]
        variances = [s.of_units, s.of_city, s.of_mean]
    rows = table(judged, measures, level, known.wave)
    return Estimated(rows, side_by_side(rows, variances), names, _correlations(s.between, measures))


def _correlations(
    between: Floats | None, measures: Sequence[Described]
) -> dict[tuple[str, str], Floats] | None:
    """Correlations of the units' estimates of what may be compared; 0 where they are unknown."""
    if between is None:
        return None
    found = {}
    for k, measure in enumerate(measures):
        if not measure.category:
            sd = np.sqrt(np.maximum(np.diag(between[k]), 0.0))
            with np.errstate(invalid="ignore", divide="ignore"):
                r = between[k] / np.outer(sd, sd)
            r = np.where(np.isfinite(r), np.clip(r, -1.0, 1.0), 0.0)
            np.fill_diagonal(r, 1.0)
            found[measure.type, measure.name] = r
    return found


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
    usable = drawn & (means.n_psu >= 2) & (means.df >= 1)
    return Block(
        domain_type, means.moments.domains, selection, tier,
        value=means.value, se=np.where(usable, np.sqrt(found.used), np.nan), n=means.n,
        n_psu=means.n_psu, df=np.where(drawn, means.df, np.nan), kish=means.kish,
        spread=means.spread, collapsed=np.broadcast_to(collapsed, shape),
        lonely=no, hides=no, lacks=no, incomplete=no, assumed=no,
        differs=usable & found.differs(scale.length), variance=found.method,
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


def _mean_of_units(judged: Judged, city: Block, s: Spreads, scale: Scale) -> Block:
    """The mean of the units' values; every unit counts the same, whatever its visitors.

    The variance is the sum of the units' over k^2 (with the covariances of units that share
    PSUs), the degrees of freedom are Satterthwaite's: sum(V)^2 / sum(V^2 / df).
    """
    units, shape = judged.block, judged.block.value.shape
    se2 = judged.precision.se**2
    value, found = s.mean, s.of_mean.used[0]
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
        differs=drawn & s.of_mean.differs(scale.length), variance=s.of_mean.method,
    )  # fmt: skip


def _somewhere(claim: Claims) -> Claims:
    return np.asarray(claim.any(axis=0, keepdims=True), dtype=np.bool_)
