"""The front door for notebooks: estimates of any specs in any domains, from a frame and a design.

Which variance and which interval is used where stands in docs/api.md; the pieces are
`analysis.estimators` (values), `analysis.variance` and its replicate counterparts, and
`analysis.judged` (intervals, flags, reasons).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from analysis import arguments, centring, interval_choice, reading, varying, woodruff
from analysis import design as base
from analysis import plan as planning
from analysis.blocks import Varied, block
from analysis.complement import complement
from analysis.design import Floats, code, collapse, units_of_strata
from analysis.errors import DesignError, MeasureError
from analysis.estimators import domain_estimates
from analysis.interval_choice import Choice, with_interval
from analysis.interviewers import interviewers
from analysis.judged import Judged, hiding, judge, scale_of
from analysis.plan import Plan
from analysis.precision import METHODS
from analysis.publication import Rules
from analysis.quantiles import Method
from analysis.rollups import Atoms, RollUp, atoms
from analysis.sample import Domains, Sample
from analysis.sampling import CalibratedDesign
from analysis.specs import Spec
from analysis.tidy import table
from analysis.variance import Lonely, variances
from analysis.varying import Variance
from analysis.workloads import RHO

By = str | Sequence[str] | Sequence[Sequence[str]]
"""Columns that make domains: none, one table, or several tables."""

Policy = Literal["fail", "collapse", "adjust", "average", "certainty"]
"""What happens to a stratum with one PSU."""
POLICIES = ("fail", "collapse", "adjust", "average", "certainty")


def estimate(
    frame: reading.Frame,
    design: base.Design | CalibratedDesign,
    specs: Spec | Sequence[Spec],
    by: By = (),
    *,
    level: float = 0.95,
    rules: Rules | None = None,
    raw: bool = False,
    floor: bool | None = None,
    interval: Choice = "auto",
    variance: Variance = "auto",
    replicates: int = 500,
    seed: int | None = None,
    lonely: Policy = "fail",
    order: Sequence[str] = (),
    unit: str = "",
    levels: Mapping[str, Sequence[str]] | None = None,
    unknown: str = "",
    missing: reading.Missing = "leave",
    enumerator: str = "",
    rho: float = RHO,
    wave: str = "",
    tiers: Mapping[str, str] | None = None,
    empty: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Tidy table of every spec in every domain, as R's `svyby`, with intervals and flags.

    Parameters
    ----------
    frame
        One row an interview: pandas, an Arrow table, or record batches.
    specs
        `Mean`, `Proportion`, `Total`, `Ratio`, `Quantile`, `Index`; one or several.
    by
        Columns that make domains: `"unit"`, `["unit", "sex"]`; empty for the whole; a list of
        lists for several tables at once, where `[]` is the whole.
    raw
        With False rows that may not be published carry no value, `se`, `low` or `high`
        (`publication.publish`), and standard errors have the floor of a simple random sample.
        With True all is there as the design gives it, for work on methods.
    floor
        Overrides what `raw` says of the floor. Without it no standard error is made up: where the
        design shows no spread (all answers equal, or fixed by the margins) `se` is blank and the
        row says `no_spread`, on every scale; only a share of 0 or 1 then has an interval.
    interval
        `auto` by the rules of the house; `t`, `logit`, `wilson`, `beta` (Korn-Graubard) on request.
    variance
        `auto`: Taylor's; after calibration the jackknife with it redone in every replicate
        (`jkn_raked`, `jkn_calibrated`), with the reason `se_differs` where Taylor's is more than a
        tenth away, and Taylor's where the totals cannot be met without a PSU
        (then `table.attrs["notes"]` says which).
        `taylor`, `jkn`, `bootstrap` (Rao-Wu, `replicates` of them, from `seed`) on request.
    lonely
        A stratum with one PSU: `fail` names the ways out; `collapse` joins it to the next stratum
        of its unit in `order`; `adjust`, `average` and `certainty` as R's `survey.lonely.psu`.
    unit
        The column within whose values strata are joined; the first of `by` if not given.
    levels
        Codes of a domain column and their order: those nobody has get a row too.
    unknown
        Level for interviews whose domain column is blank, which are refused without it.
    missing
        `leave`: an interview without an answer leaves the base of that measure only, and `n` says
        how many are left. `fail`: it is refused, with its row.
    enumerator, rho
        Column of who asked: what enumerators carry from one PSU to the next is added to the
        variance of means, proportions and indices (`analysis.interviewers`).
    wave, tiers, empty
        As `estimates.estimate`.

    Returns
    -------
    DataFrame
        Columns `tidy.COLUMNS`, rows by table, domain and spec. Values, `se`, `low` and `high` are
        in the unit of the column (a total: of all its answers together).

    Raises
    ------
    SampleError
        Naming rows, strata, PSUs, columns: whatever is wrong with the design or the answers.

    Examples
    --------
    >>> import pandas as pd
    >>> from analysis import Design, Mean, Proportion, estimate
    >>> frame = pd.DataFrame({
    ...     "unit": ["A"] * 4 + ["B"] * 4, "sesi": ["1", "1", "2", "2", "3", "3", "4", "4"],
    ...     "tunggu": [10, 20, 30, 40, 20, 50, 40, 50], "calo": [0, 0, 1, 0, 0, 1, 1, None],
    ... })
    >>> design = Design(stratum="unit", psu="sesi")
    >>> table = estimate(frame, design, [Mean("tunggu"), Proportion("calo")], "unit", raw=True)
    >>> for row in table[["domain", "measure", "value", "se", "n"]].round(3).to_numpy():
    ...     print(*row)
    A tunggu 25.0 10.0 4
    A calo 0.25 0.25 4
    B tunggu 40.0 5.0 4
    B calo 0.667 0.222 3
    """
    require(level, lonely, interval)
    arguments.require_rules(rules)
    sample, tables, joined = sampled(
        frame, design, specs, by, lonely=lonely, order=order, unit=unit, levels=levels,
        unknown=unknown, missing=missing, empty=empty, replicates=replicates, seed=seed,
    )  # fmt: skip
    method = varying.method_of(sample, variance)
    varied: list[Varied] = []
    notes: list[str] = []
    for of in tables:
        found, said = varying.varied(sample, of, method)
        if enumerator:
            found = _with_enumerators(found, sample, of, enumerator, rho)
        varied.append(found)
        notes += said
    calibrated = sample.calibrated
    how = _WOODRUFF.get(interval, "wilson")
    quantiles = [
        woodruff.placed(sample, of, method, level, how)
        if any(row.kind == "quantile" for row in sample.plan.rows) else None
        for of in tables
    ]  # fmt: skip
    made = assembled(
        [of.table for of in tables], varied, sample.plan, quantiles, joined,
        selection=design_of(design).selection, level=level, rules=rules or Rules(), raw=raw,
        floor=not raw if floor is None else floor, interval=interval, wave=wave,
        tiers=tiers or {}, replicated=method == "replicates", origins=sample.origins,
    )  # fmt: skip
    if calibrated is not None:
        notes = [*calibrated.notes, *notes]
    if notes:
        made.attrs["notes"] = list(dict.fromkeys(notes))
    return made


_WOODRUFF: dict[str, Method] = {"t": "mean", "logit": "xlogit"}


def design_of(design: base.Design | CalibratedDesign) -> base.Design:
    """The design itself, without the weights that were calibrated."""
    return design.design if isinstance(design, CalibratedDesign) else design


def sampled(
    frame: reading.Frame,
    design: base.Design | CalibratedDesign,
    specs: Spec | Sequence[Spec],
    by: By,
    *,
    lonely: Policy = "fail",
    order: Sequence[str] = (),
    unit: str = "",
    levels: Mapping[str, Sequence[str]] | None = None,
    unknown: str = "",
    missing: reading.Missing = "leave",
    empty: Mapping[str, str] | None = None,
    replicates: int = 500,
    seed: int | None = None,
) -> tuple[Sample, list[Domains], "Joined"]:
    """Read, code and sum a frame; the tables that `by` asks for."""
    asked = arguments.specs_of(specs)
    arguments.require_missing(missing)
    arguments.require_draws(replicates, seed)
    tables = tables_of(by)
    dimensions = dimensions_of(tables, lonely, unit)
    arguments.require_levels(levels, dimensions)
    data = reading.pandas(frame)
    plan = planning.plan(asked, reading.codes(data, planning.columns(asked)))
    plan, measures, origins = centring.centred(
        plan, reading.measures(data, plan, missing=missing)
    )  # fmt: skip
    own = design_of(design)
    coded = code(data, own, empty=empty)
    calibrated = design if isinstance(design, CalibratedDesign) else None
    if calibrated is not None:
        calibrated.require(coded, data)
        coded = calibrated.calibration.final(coded)
    # Sums that overflow are refused by name once they are made (`domain_estimates`).
    with np.errstate(over="ignore", invalid="ignore"):
        found = atoms(data, coded, measures, dimensions, levels=levels, unknown=unknown)
    joined = joined_strata(found, tables, lonely, order, unit, own.selection)
    coded = replace(
        coded, domain=found.atom, domains=found.moments.domains, psus=joined.atoms.moments.psus
    )
    sample = Sample(
        data, own, calibrated, coded, measures, plan, joined.lonely, replicates, seed, origins
    )  # fmt: skip
    made = [Domains(*joined.atoms.table(chosen, levels or {})) for chosen in tables]
    return sample, made, joined


def _with_enumerators(
    found: Varied, sample: Sample, of: Domains, enumerator: str, rho: float
) -> Varied:
    """Variances raised by what enumerators carry from one PSU to the next."""
    rows = sample.plan.rows
    other = [row.name for row in rows if row.kind not in ("mean", "proportion")]
    if other:
        raise MeasureError(
            f"{', '.join(other)}: what enumerators add is known for means, proportions and "
            "indices only. Ask for totals, ratios and quantiles without enumerator."
        )
    coded = replace(
        sample.coded, domain=of.to[sample.coded.domain], domains=of.moments.domains
    )  # fmt: skip
    who = interviewers(
        coded, sample.measures, sample.frame, enumerator, psus=sample.psus, rho=rho,
        composites={row.base: dict(row.parts) for row in rows if row.parts}, lonely="adjust",
    ).units()  # fmt: skip
    at = [row.base for row in rows]
    taken = replace(who, added=who.added[:, at], assumed=who.assumed[:, at], crossed=who.crossed)
    v = found.variance + taken.added
    df = np.column_stack(
        [who.crossed.degrees(found.df[:, [m]], found.variance[:, [m]])[:, row.base]
         for m, row in enumerate(rows)]
    )  # fmt: skip
    untold = taken.assumed & who.crossed.untold[:, at]
    return replace(
        found, variance=v, df=df, assumed=found.assumed | taken.assumed, untold=untold
    )  # fmt: skip


def assembled(
    made: Sequence[RollUp],
    varied: Sequence[Varied],
    plan: Plan,
    quantiles: Sequence[woodruff.Placed | None],
    joined: "Joined",
    *,
    selection: str,
    level: float,
    rules: Rules,
    raw: bool,
    floor: bool,
    interval: Choice,
    wave: str,
    tiers: Mapping[str, str],
    replicated: bool,
    origins: Floats | None = None,
) -> pd.DataFrame:
    """Intervals, flags and reasons of estimates with their variances, as the tidy table."""
    scale = scale_of(plan.rows)
    shares = np.array([row.kind == "proportion" for row in plan.rows], dtype=np.bool_)
    judged: list[Judged] = []
    for one, of, placed in zip(made, varied, quantiles, strict=True):
        with_quantiles = of if placed is None else _with_quantiles(of, placed)
        b = block(
            one, with_quantiles, selection, unit=joined.unit, merged=joined.merged, tiers=tiers,
            replicated=replicated, shares=shares if floor else None,
            lonely=joined.lonely,
        )  # fmt: skip
        of_unit = bool(one.dimensions) and joined.unit in one.dimensions
        found = judge(
            b, scale, level, rules, floor=floor and of_unit, of_unit=of_unit, assume=floor
        )
        found = with_interval(found, scale, level, interval)
        judged.append(found if placed is None else _with_ends(found, placed))
    hidden = complement(made, judged)
    judged = [
        hiding(j, h, scale, rules) if h.any() else j for j, h in zip(judged, hidden, strict=True)
    ]
    if origins is not None:
        judged = [centring.moved_back(own, origins) for own in judged]
    return table(judged, plan.rows, level, wave, published=not raw)


def _with_quantiles(of: Varied, placed: woodruff.Placed) -> Varied:
    means, at = of.means, placed.at
    value, v, df = means.value.copy(), of.variance.copy(), of.df.copy()
    # Where an end lies beyond the sample the width is not known, and neither is the error.
    value[:, at], v[:, at], df[:, at] = placed.value, placed.se**2, placed.df
    return replace(of, means=replace(means, value=value), variance=v, df=df)


def _with_ends(judged: Judged, placed: woodruff.Placed) -> Judged:
    """Woodruff's ends in the place of the t interval, also where one of them is not known."""
    p, at = judged.precision, placed.at
    low, high, code = p.low.copy(), p.high.copy(), p.choice.copy()
    known = ~np.isnan(p.se[:, at])
    for own, ends in ((low, placed.low), (high, placed.high)):
        own[:, at] = np.where(known, ends, np.nan)
    code[:, at] = np.where(known, METHODS.index("woodruff"), 0)
    return replace(judged, precision=replace(p, low=low, high=high, choice=code))


def of_atoms(
    sums: Atoms,
    plan: Plan,
    tables: Sequence[Sequence[str]],
    *,
    selection: str,
    level: float,
    rules: Rules,
    raw: bool,
    floor: bool,
    interval: Choice = "auto",
    lonely: Policy = "fail",
    order: Sequence[str] = (),
    unit: str = "",
    levels: Mapping[str, Sequence[str]] | None = None,
    wave: str = "",
    tiers: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """The same table from the sums of the finest cells, wherever they were made.

    `sums` are over all columns of all `tables` (`tables_of`), with the sources of `plan` as
    measures. The other arguments are those of `estimate`, with Taylor's variance.
    """
    require(level, lonely, interval)
    if any(row.kind == "quantile" for row in plan.rows):
        raise MeasureError(
            "Quantiles are no function of sums; they need the rows. Ask for them with a frame."
        )
    joined = joined_strata(sums, tables, lonely, order, unit, selection)
    made = [joined.atoms.table(chosen, levels or {})[0] for chosen in tables]
    varied = []
    for one in made:
        means = domain_estimates(one.moments, plan)
        varied.append(Varied.plain(means, variances(means, joined.lonely), "taylor"))
    return assembled(
        made, varied, plan, [None] * len(made), joined, selection=selection, level=level,
        rules=rules, raw=raw, floor=floor, interval=interval, wave=wave, tiers=tiers or {},
        replicated=False,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Joined:
    """Sums after lonely strata were joined: in the units `merged`, of the column `unit`.

    `lonely` is the policy that is left for the variance.
    """

    atoms: Atoms
    unit: str
    lonely: Lonely
    merged: frozenset[str]


def joined_strata(
    sums: Atoms,
    tables: Sequence[Sequence[str]],
    lonely: Policy,
    order: Sequence[str],
    unit: str,
    selection: str,
) -> Joined:
    """Join lonely strata where that is asked for, within values of the unit's column."""
    unit = unit or next((chosen[0] for chosen in tables if chosen), "")
    if selection != "probability":
        return Joined(sums, unit, "adjust", frozenset())
    if lonely != "collapse":
        return Joined(sums, unit, lonely, frozenset())
    psus = sums.moments.psus
    if not psus.lonely.any():
        return Joined(sums, unit, "adjust", frozenset())
    of_unit, _ = sums.table((unit,) if unit in sums.dimensions else ())
    psus, merged = collapse(psus, units_of_strata(of_unit.moments), order)
    moments = replace(sums.moments, psus=psus)
    return Joined(replace(sums, moments=moments), unit, "adjust", merged)


def require(level: float, lonely: str, interval: str = "auto") -> None:
    """Refuse a level that is none, and unknown names."""
    interval_choice.require(interval)
    if not 0 < level < 1:
        raise MeasureError(f"level = {level!r} is no confidence level; take 0.95, or 0.90.")
    if lonely not in POLICIES:
        raise DesignError(f"lonely = {lonely!r} is none of {', '.join(POLICIES)}. Choose one.")


def dimensions_of(tables: Sequence[Sequence[str]], lonely: Policy, unit: str) -> list[str]:
    """Columns whose values are told apart in the sums of all `tables`.

    Strata are joined within units, so the unit is among them though no table asks for it.
    """
    within = (unit,) if unit and lonely == "collapse" else ()
    return list(dict.fromkeys(name for chosen in (*tables, within) for name in chosen))


def tables_of(by: By) -> list[tuple[str, ...]]:
    """The tables that `by` asks for, as columns each.

    Raises
    ------
    DesignError
        Where it holds no names, names and lists are mixed, or a table is asked for twice.
    """
    if isinstance(by, str):
        return [(by,)] if by else [()]
    if not isinstance(by, Iterable) or any(
        not isinstance(name, str)
        for item in by
        if not isinstance(item, str)
        for name in (item if isinstance(item, Iterable) else [item])
    ):
        raise DesignError(
            f"by = {by!r} names no columns. Give one table as ['unit', 'sex'], several as "
            "[['unit'], ['unit', 'sex'], []]."
        )
    named = [isinstance(item, str) for item in by]
    if any(named) and not all(named):
        raise DesignError(
            f"by = {list(by)!r} mixes columns and tables. Give one table as ['unit', 'sex'], "
            "several as [['unit'], ['unit', 'sex'], []]."
        )
    found = [tuple(map(str, by))] if all(named) else [tuple(map(str, item)) for item in by]
    alike = [frozenset(one) for one in found]
    if len(set(alike)) < len(found) or any(
        len(set(one)) < len(one) for one in found
    ):  # fmt: skip
        raise DesignError(f"by = {list(by)!r} names a column or a table twice. Name each once.")
    return found
