"""Estimates from Parquet files of any size, with the bits that they would have in memory.

First the codes are read: who is there (`pipeline.parquet_groups`); then the answers, a batch at a
time (`pipeline.parquet_answers`). The sums are those of `analysis.kernel`, and all after them is
`analysis.survey`, as in memory.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from analysis import plan as planning
from analysis import reading, survey
from analysis.design import Design, code
from analysis.errors import DesignError, MeasureError
from analysis.estimates import of_moments
from analysis.kernel import label
from analysis.moments import Moments, cells
from analysis.plan import Plan
from analysis.publication import Rules
from analysis.rollups import Atoms, atoms
from analysis.specs import Index, Mean, Proportion, Ratio, Spec, Total
from analysis.variance import Lonely
from pipeline import duck
from pipeline.parquet_answers import Reading
from pipeline.parquet_design import drawn
from pipeline.parquet_groups import groups, names_of
from pipeline.parquet_rows import Rows, is_text
from pipeline.parquet_sources import Column, OnColumn, Sources, is_number

SUMMED = (Mean, Proportion, Total, Ratio, Index)
"""Specs whose value and variance follow from sums by PSU."""


@dataclass(frozen=True)
class Resources:
    """What the engine may use: none of it changes a bit of the result.

    `memory` is DuckDB's limit before it spills to disk, `threads` the number of threads (0: all),
    `rows` the size of a batch.
    """

    memory: str = "512MB"
    threads: int = 0
    rows: int = 1 << 17


class Summing(Protocol):
    """Makes sums of Parquet files as `moments` does, on other machines."""

    def __call__(
        self,
        paths: Sequence[Path],
        design: Design,
        measures: Sequence[OnColumn],
        *,
        domain: str = "",
        domains: Sequence[str] = (),
        empty: Mapping[str, str] | None = None,
    ) -> Moments:
        """Sums by PSU and domain."""


def estimate(
    paths: Sequence[Path],
    design: Design,
    specs: Spec | Sequence[Spec],
    by: survey.By = (),
    *,
    missing: reading.Missing = "leave",
    levels: Mapping[str, Sequence[str]] | None = None,
    unknown: str = "",
    empty: Mapping[str, str] | None = None,
    level: float = 0.95,
    rules: Rules | None = None,
    raw: bool = False,
    floor: bool | None = None,
    lonely: survey.Policy = "fail",
    order: Sequence[str] = (),
    unit: str = "",
    wave: str = "",
    tiers: Mapping[str, str] | None = None,
    resources: Resources | None = None,
    summing: Summing | None = None,
    **more: Any,
) -> pd.DataFrame:
    """`analysis.estimate` for the rows of Parquet files of one schema.

    The table is the same to the last bit as that of all rows as one frame, for any split into
    files and any `resources`. Without `design.id` the order of the files and of their rows is the
    order of adding.

    Means, proportions, totals, ratios and composites of a design with Taylor's variance need
    memory by PSUs and domains, and 12 bytes a row. What has to see all answers at once (quantiles,
    replicates, calibrated designs, other variances: whatever `more` of `analysis.estimate` asks
    for) reads the columns it needs into one frame.

    `summing` makes the sums elsewhere: `pipeline.spark.moments` with its session. It can do what
    `require_simple` lets through.

    Raises
    ------
    SampleError
        As `analysis.estimate`; rows are named by file and number.
    StoreError
        Naming the file that cannot be read or has other columns.
    """
    use = resources or Resources()
    files = duck.opened(list(paths), memory=use.memory, threads=use.threads)
    asked = (specs,) if isinstance(specs, Spec) else tuple(specs)
    tables = survey.tables_of(by)
    dimensions = list(dict.fromkeys(name for chosen in tables for name in chosen))
    columns = planning.columns(asked)
    if summing is None and (more or not _in_sums(files, design, asked)):
        rows = Rows(files, use.threads)
        whole = not _plain(design)
        frame = rows.frame(list(files.types) if whole else _named(design, *columns, *dimensions))
        return survey.estimate(
            frame, design, specs, by, level=level, rules=rules, raw=raw, floor=floor, lonely=lonely,
            order=order, unit=unit, levels=levels, unknown=unknown, missing=missing, wave=wave,
            tiers=tiers, empty=empty, **more,
        )  # fmt: skip
    survey.require(level, lonely, "auto")
    _require_columns(files, design, [*columns, *dimensions])
    rows = Rows(files, use.threads)
    plan = planning.plan(asked, names_of(files, rows, columns))
    _require_numbers(files, plan)
    if summing is None:
        sums = _atoms(
            files, rows, design, plan, dimensions, missing=missing, levels=levels,
            unknown=unknown, empty=empty, size=use.rows,
        )  # fmt: skip
    else:
        require_simple(design, plan, dimensions, [*more, *filter(None, [unknown])], missing)
        sums = _elsewhere(summing, paths, design, plan, dimensions, levels or {}, empty or {})
    return survey.of_atoms(
        sums, plan, tables, selection=design.selection, level=level, rules=rules or Rules(),
        raw=raw, floor=not raw if floor is None else floor, lonely=lonely, order=order, unit=unit,
        levels=levels, wave=wave, tiers=tiers,
    )  # fmt: skip


def units(
    paths: Sequence[Path],
    design: Design,
    measures: Sequence[OnColumn],
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
    resources: Resources | None = None,
) -> pd.DataFrame:
    """`analysis.estimates.estimate`, the table of a study, for the rows of Parquet files.

    Raises
    ------
    SampleError, StoreError
        As `estimate`.
    """
    found = moments(
        paths, design, measures, domain=domain, domains=domains, empty=empty, resources=resources
    )
    return of_moments(
        found, measures, by_unit=bool(domain), selection=design.selection, rules=rules,
        level=level, wave=wave, tiers=tiers, order=order, lonely=lonely,
    )  # fmt: skip


def moments(
    paths: Sequence[Path],
    design: Design,
    measures: Sequence[OnColumn],
    *,
    domain: str = "",
    domains: Sequence[str] = (),
    empty: Mapping[str, str] | None = None,
    resources: Resources | None = None,
) -> Moments:
    """`analysis.moments.psu_moments` for the rows of Parquet files; errors as `estimate`."""
    use = resources or Resources()
    files = duck.opened(list(paths), memory=use.memory, threads=use.threads)
    require(files, design, domain, measures)
    rows = Rows(files, use.threads)
    found = groups(files, rows, design, [domain] if domain else [])
    coded = code(found.frame, drawn(design), domain=domain, domains=domains, empty=empty)
    cell, psu, of_cell = cells(coded.psu, coded.domain, len(coded.domains))
    sources = Sources.of(files, measures)
    answers = Reading(files, rows, found, design, sources, cell, coded.psu, use.rows)
    return Moments(
        coded.psus, coded.domains, psu, of_cell, *answers.sums().sums(psu.size)
    )  # fmt: skip


def require(files: duck.Files, design: Design, domain: str, measures: Sequence[OnColumn]) -> None:
    """Refuse files without a column that the design or a measure names, or with text in one.

    Raises
    ------
    DesignError, MeasureError
        Naming the column; a design must name its PSU or its id.
    """
    _require_columns(files, design, [domain, *(measure.column for measure in measures)])
    for measure in measures:
        _require_number(files, label(measure), measure.column)


def _atoms(
    files: duck.Files,
    rows: Rows,
    design: Design,
    plan: Plan,
    dimensions: Sequence[str],
    *,
    missing: reading.Missing,
    levels: Mapping[str, Sequence[str]] | None,
    unknown: str,
    empty: Mapping[str, str] | None,
    size: int,
) -> Atoms:
    """`analysis.rollups.atoms` for the rows of the files."""
    found = groups(files, rows, design, dimensions, blank=bool(unknown))
    # The combinations of codes are coded and checked as interviews would be: they are fewer.
    coded = code(found.frame, drawn(design), empty=empty)
    made = atoms(found.frame, coded, [], dimensions, levels=levels, unknown=unknown)
    cell, psu, domain = cells(coded.psu, made.atom, len(made.moments.domains))
    order = coded.order
    of_group, psu_of_group = cell.copy(), coded.psu.copy()
    of_group[order], psu_of_group[order] = cell, coded.psu
    sources = Sources(files, plan.sources, missing)
    answers = Reading(files, rows, found, design, sources, of_group, psu_of_group, size)
    sums = Moments(
        coded.psus, made.moments.domains, psu, domain, *answers.sums().sums(psu.size)
    )  # fmt: skip
    return replace(made, moments=sums)


def require_simple(
    design: Design,
    plan: Plan,
    dimensions: Sequence[str],
    more: Sequence[str],
    missing: reading.Missing,
) -> None:
    """Refuse what cannot be summed elsewhere: it needs one column of domains, and plain columns.

    Raises
    ------
    MeasureError
        Naming what was asked for.
    """
    made = [s.name for s in plan.sources if s.choice is not None or s.needs != (s.column,)]
    what = [f"domains by {' and '.join(dimensions)}"] if len(dimensions) > 1 else []
    what += [f"{', '.join(dict.fromkeys(made))} made of other columns"] if made else []
    what += [f"the option {', '.join(more)}"] if more else []
    what += ["missing = 'fail'"] if missing == "fail" else []
    what += ["quantiles"] if any(row.kind == "quantile" for row in plan.rows) else []
    what += [] if _plain(design) else ["a design of more than columns"]
    if what:
        raise MeasureError(
            f"{'; '.join(what)}: on Spark only means and totals of columns as they stand can be "
            "estimated, by one column of domains. Estimate on one machine, or write such a column "
            "into the files."
        )


def _elsewhere(
    summing: Summing,
    paths: Sequence[Path],
    design: Design,
    plan: Plan,
    dimensions: Sequence[str],
    levels: Mapping[str, Sequence[str]],
    empty: Mapping[str, str],
) -> Atoms:
    """The finest cells of one column of domains, or of none, with sums made by `summing`."""
    domain = dimensions[0] if dimensions else ""
    measures = [Column(s.column, s.kind, s.low, s.high) for s in plan.sources]
    sums = summing(
        paths, design, measures, domain=domain, domains=levels.get(domain, ()), empty=empty
    )
    there, atom = np.unique(sums.domain, return_inverse=True)
    moments = replace(
        sums, domain=np.asarray(atom, dtype=np.intp), domains=tuple(map(str, there.tolist()))
    )
    codes = there[:, None] if domain else np.empty((there.size, 0), dtype=np.intp)
    names = (sums.domains,) if domain else ()
    return Atoms(tuple(dimensions), names, codes, moments, np.empty(0, dtype=np.intp))


def _in_sums(files: duck.Files, design: Design, specs: Sequence[Spec]) -> bool:
    """Whether sums by PSU hold all that is asked for, and no column has to be read as a whole."""
    sums = all(type(spec) in SUMMED for spec in specs)
    numbers = {name for spec in specs if not isinstance(spec, Proportion)
               for name in planning.columns([spec])}  # fmt: skip
    texts = any(name in files.types and is_text(files.types[name]) for name in numbers)
    return sums and not texts and _plain(design)


def _plain(design: Design) -> bool:
    """Whether the design is columns and nothing more.

    Second stages, certainty units, replicate weights and calibrated weights need the rows.
    """
    more = ("fpc2", "certainty", "replicates")
    return isinstance(design, Design) and not any(getattr(design, name, None) for name in more)


def _named(design: Design, *more: str) -> list[str]:
    own = (design.weight, design.stratum, design.psu, design.fpc, design.id)
    return list(dict.fromkeys(name for name in (*own, *more) if name))


def _require_columns(files: duck.Files, design: Design, more: Sequence[str]) -> None:
    missing = [name for name in _named(design, *more) if name not in files.types]
    if missing:
        raise DesignError(
            f"The Parquet files have no column {', '.join(missing)}, which the design or a measure "
            "names; without it nothing can be estimated. Correct the name or add the column."
        )
    if not (design.psu or design.id):
        raise DesignError(
            "The design names neither psu nor id, so nothing says which rows of a file belong "
            "together. Name the column of the PSU, or of the interview."
        )


def _require_numbers(files: duck.Files, plan: Plan) -> None:
    for source in plan.sources:
        for name in source.needs if source.choice is None else ():
            _require_number(files, source.name, name)


def _require_number(files: duck.Files, measure: str, column: str) -> None:
    if not is_number(files.types[column]):
        raise MeasureError(
            f"Measure {measure}: column {column} holds {files.types[column]}, no numbers. Recode "
            "it before estimating."
        )
