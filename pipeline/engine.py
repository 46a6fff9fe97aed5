"""Estimates from Parquet files of any size, with the bits that they would have in memory.

First the codes are read: who is there (`pipeline.parquet_groups`); then the answers, a batch at a
time (`pipeline.parquet_answers`). The sums are those of `analysis.kernel`, and all after them is
`analysis.survey`, as in memory.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pandas as pd

from analysis import arguments, reading, survey
from analysis import plan as planning
from analysis.design import Design, code
from analysis.estimates import of_moments
from analysis.moments import Moments, cells
from analysis.plan import Plan
from analysis.publication import Rules
from analysis.rollups import Atoms, finest
from analysis.specs import Spec
from analysis.variance import Lonely
from pipeline import duck
from pipeline.errors import StoreError
from pipeline.memory import keep_freed
from pipeline.parquet_answers import Reading
from pipeline.parquet_design import drawn
from pipeline.parquet_groups import groups, names_of
from pipeline.parquet_needs import (
    in_sums,
    is_plain,
    named,
    require,
    require_columns,
    require_numbers,
)
from pipeline.parquet_rows import Rows
from pipeline.parquet_sources import OnColumn, Sources
from pipeline.summing import Summing, elsewhere, require_simple


@dataclass(frozen=True)
class Resources:
    """What the engine may use: none of it changes a bit of the result.

    `memory` is DuckDB's limit before it spills to disk, `threads` the number of threads (0: all),
    `rows` the size of a batch.
    """

    memory: str = "512MB"
    threads: int = 0
    rows: int = 1 << 17


Paths = str | Path | Sequence[str | Path]
"""One Parquet file, or several of one schema."""


def files_of(paths: Paths) -> list[Path]:
    """One or several files as paths.

    Raises
    ------
    StoreError
        Where something else is given.
    """
    given: object = paths  # whatever a notebook gives
    one = isinstance(given, str | Path) or not isinstance(given, Iterable)
    several: list[Any] = [given] if one else list(cast("Iterable[Any]", given))
    strange = [path for path in several if not isinstance(path, str | Path)]
    if strange:
        raise StoreError(
            f"{strange[0]!r} names no Parquet file, so there is nothing to estimate from. Give a "
            "path, or a list of paths."
        )
    return [Path(str(path)) for path in several]


def estimate(
    paths: Paths,
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
    """`analysis.estimate` for the rows of a Parquet file, or of several of one schema.

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
    keep_freed()
    use = resources or Resources()
    asked = arguments.specs_of(specs)
    arguments.require_missing(missing)
    arguments.require_rules(rules)
    tables = survey.tables_of(by)
    dimensions = survey.dimensions_of(tables, lonely, unit)
    arguments.require_levels(levels, dimensions)
    files = duck.opened(files_of(paths), memory=use.memory, threads=use.threads)
    columns = planning.columns(asked)
    if summing is None and (more or not in_sums(files, design, asked)):
        rows = Rows(files, use.threads)
        whole = not is_plain(design)
        frame = rows.frame(list(files.types) if whole else named(design, *columns, *dimensions))
        return survey.estimate(
            frame, design, specs, by, level=level, rules=rules, raw=raw, floor=floor, lonely=lonely,
            order=order, unit=unit, levels=levels, unknown=unknown, missing=missing, wave=wave,
            tiers=tiers, empty=empty, **more,
        )  # fmt: skip
    survey.require(level, lonely, "auto")
    require_columns(files, design, [*columns, *dimensions])
    rows = Rows(files, use.threads)
    plan = planning.plan(asked, names_of(files, rows, columns))
    require_numbers(files, plan)
    if summing is None:
        sums = _atoms(
            files, rows, design, plan, dimensions, missing=missing, levels=levels,
            unknown=unknown, empty=empty, size=use.rows,
        )  # fmt: skip
    else:
        require_simple(design, plan, dimensions, [*more, *filter(None, [unknown])], missing)
        sums = elsewhere(
            summing, files_of(paths), design, plan, dimensions, levels or {}, empty or {}
        )
    return survey.of_atoms(
        sums, plan, tables, selection=design.selection, level=level, rules=rules or Rules(),
        raw=raw, floor=not raw if floor is None else floor, lonely=lonely, order=order, unit=unit,
        levels=levels, wave=wave, tiers=tiers,
    )  # fmt: skip


def units(
    paths: Paths,
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
    paths: Paths,
    design: Design,
    measures: Sequence[OnColumn],
    *,
    domain: str = "",
    domains: Sequence[str] = (),
    empty: Mapping[str, str] | None = None,
    resources: Resources | None = None,
) -> Moments:
    """`analysis.moments.psu_moments` for the rows of Parquet files; errors as `estimate`."""
    keep_freed()
    use = resources or Resources()
    files = duck.opened(files_of(paths), memory=use.memory, threads=use.threads)
    require(files, design, domain, measures)
    rows = Rows(files, use.threads)
    found = groups(files, rows, design, [domain] if domain else [])
    coded = code(
        found.frame, drawn(design), domain=domain, domains=domains, empty=empty, known=found.known
    )
    cell, psu, of_cell = cells(coded.psu, coded.domain, len(coded.domains))
    sources = Sources.of(files, measures)
    answers = Reading(files, rows, found, design, sources, cell, coded.psu, use.rows)
    return Moments.of(coded.psus, coded.domains, psu, of_cell, answers.sums().laid(psu.size))


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
    coded = code(found.frame, drawn(design), empty=empty, known=found.known)
    made = finest(found.frame, coded, dimensions, levels=levels, unknown=unknown, known=found.known)
    cell, psu, domain = cells(coded.psu, made.atom, len(made.domains))
    order = coded.order
    of_group, psu_of_group = cell.copy(), coded.psu.copy()
    of_group[order], psu_of_group[order] = cell, coded.psu
    sources = Sources(files, plan.sources, missing)
    answers = Reading(files, rows, found, design, sources, of_group, psu_of_group, size)
    laid = answers.sums().laid(psu.size)
    return made.summed(Moments.of(coded.psus, made.domains, psu, domain, laid))
