"""The front door for notebooks: estimates of any specs in any domains, from a frame and a design.

Which variance and which interval is used where stands in docs/api.md; the pieces are
`analysis.estimators` (values), `analysis.variance` and its replicate counterparts, and
`analysis.judged` (intervals, flags, reasons).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd

from analysis import plan as planning
from analysis import reading, variance
from analysis.blocks import Varied, block
from analysis.complement import complement
from analysis.design import Design, code, collapse, units_of_strata
from analysis.errors import DesignError, MeasureError
from analysis.estimators import domain_estimates
from analysis.judged import Judged, hiding, judge, scale_of
from analysis.plan import Plan
from analysis.publication import Rules, publish
from analysis.rollups import Atoms, atoms
from analysis.specs import Spec
from analysis.tidy import table

By = str | Sequence[str] | Sequence[Sequence[str]]
"""Columns that make domains: none, one table, or several tables."""

Policy = Literal["fail", "collapse", "adjust", "average", "certainty"]
"""What happens to a stratum with one PSU."""
POLICIES = ("fail", "collapse", "adjust", "average", "certainty")


def estimate(
    frame: reading.Frame,
    design: Design,
    specs: Spec | Sequence[Spec],
    by: By = (),
    *,
    level: float = 0.95,
    rules: Rules | None = None,
    raw: bool = False,
    floor: bool | None = None,
    lonely: Policy = "fail",
    order: Sequence[str] = (),
    unit: str = "",
    levels: Mapping[str, Sequence[str]] | None = None,
    unknown: str = "",
    missing: reading.Missing = "leave",
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
        Overrides what `raw` says of the floor.
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
    """
    asked = _asked(specs)
    data = reading.pandas(frame)
    plan = planning.plan(asked, reading.codes(data, planning.columns(asked)))
    measures = reading.measures(data, plan, missing=missing)
    tables = tables_of(by)
    coded = code(data, design, empty=empty)
    dimensions = list(dict.fromkeys(name for chosen in tables for name in chosen))
    sums = atoms(data, coded, measures, dimensions, levels=levels, unknown=unknown)
    with_floor = not raw if floor is None else floor
    return of_atoms(
        sums, plan, tables, selection=design.selection, level=level, rules=rules or Rules(),
        raw=raw, floor=with_floor, lonely=lonely, order=order, unit=unit, levels=levels,
        wave=wave, tiers=tiers,
    )  # fmt: skip


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
    require(level, lonely)
    joined = joined_strata(sums, tables, lonely, order, unit, selection)
    rows, scale = plan.rows, scale_of(plan.rows)
    made = [joined.atoms.table(chosen, levels or {})[0] for chosen in tables]
    judged: list[Judged] = []
    for one in made:
        means = domain_estimates(one.moments, plan)
        of = Varied.plain(means, variance.variances(means, joined.lonely), "taylor")
        b = block(
            one, of, selection, unit=joined.unit, merged=joined.merged, tiers=tiers or {},
            shares=~scale.is_mean if floor else None,
        )  # fmt: skip
        of_unit = bool(one.dimensions) and joined.unit in one.dimensions
        judged.append(judge(b, scale, level, rules, floor=floor and of_unit, of_unit=of_unit))
    hidden = complement(made, judged)
    judged = [
        hiding(j, h, scale, rules) if h.any() else j for j, h in zip(judged, hidden, strict=True)
    ]
    found = table(judged, rows, level, wave)
    return found if raw else publish(found)


@dataclass(frozen=True, eq=False)
class Joined:
    """Sums after lonely strata were joined: in the units `merged`, of the column `unit`.

    `lonely` is the policy that is left for the variance.
    """

    atoms: Atoms
    unit: str
    lonely: variance.Lonely
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


def require(level: float, lonely: str) -> None:
    """Refuse a level that is none, and an unknown policy for lonely strata."""
    if not 0 < level < 1:
        raise MeasureError(f"level = {level!r} is no confidence level; take 0.95, or 0.90.")
    if lonely not in POLICIES:
        raise DesignError(f"lonely = {lonely!r} is none of {', '.join(POLICIES)}. Choose one.")


def _asked(specs: Spec | Sequence[Spec]) -> tuple[Spec, ...]:
    return (specs,) if isinstance(specs, Spec) else tuple(specs)


def tables_of(by: By) -> list[tuple[str, ...]]:
    """The tables that `by` asks for, as columns each.

    Raises
    ------
    DesignError
        Where names and lists are mixed, or a table is asked for twice.
    """
    if isinstance(by, str):
        return [(by,)] if by else [()]
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
