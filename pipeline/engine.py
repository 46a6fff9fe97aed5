"""Estimates from Parquet files of any size, with the bits that they would have in memory.

Two questions to DuckDB: who is there (`pipeline.parquet_design`) and what was answered
(`pipeline.parquet_answers`). The sums are those of `analysis.kernel`, and all after them is
`analysis.estimates`, as in memory.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd
import pyarrow as pa

from analysis import kernel
from analysis.design import Design, code
from analysis.errors import DesignError, MeasureError
from analysis.estimates import of_moments
from analysis.moments import Moments, cells
from analysis.publication import Rules
from analysis.variance import Lonely
from pipeline import duck
from pipeline.parquet_answers import OnColumn, Reading
from pipeline.parquet_design import drawn
from pipeline.parquet_groups import groups
from pipeline.parquet_rows import Rows


@dataclass(frozen=True)
class Mean:
    """The mean of a column of numbers on a scale from `low` to `high`; NULL is no answer."""

    column: str
    low: float
    high: float
    type: str = "indeks"
    category: str = ""
    index_version: str = ""
    combines: tuple[tuple[tuple[str, str], float], ...] = ()
    kind: Literal["mean"] = "mean"

    @property
    def name(self) -> str:
        """The column's name."""
        return self.column


@dataclass(frozen=True)
class Proportion:
    """The share of ones in a column of zeros and ones; NULL is no answer."""

    column: str
    type: str = "topline"
    category: str = ""
    index_version: str = ""
    combines: tuple[tuple[tuple[str, str], float], ...] = ()
    kind: Literal["proportion"] = "proportion"
    low: float = 0.0
    high: float = 1.0

    @property
    def name(self) -> str:
        """The column's name."""
        return self.column


@dataclass(frozen=True)
class Resources:
    """What the engine may use: none of it changes a bit of the result.

    `memory` is DuckDB's limit before it spills to disk, `threads` its number of threads (0: all),
    `rows` the size of a batch.
    """

    memory: str = "512MB"
    threads: int = 0
    rows: int = 1 << 17


def estimate(
    paths: Sequence[Path],
    design: Design,
    measures: Sequence[Mean | Proportion],
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
    """`analysis.estimates.estimate` for the rows of Parquet files of one schema.

    The table is the same to the last bit as that of all rows as one frame, for any split into
    files and any `resources`. Without `design.id` the order of the files and of their rows is the
    order of adding.

    Raises
    ------
    SampleError
        As `estimate`; rows are named by file and number.
    StoreError
        Naming the file that cannot be read or has other columns.
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
    measures: Sequence[Mean | Proportion],
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
    reading = Reading(files, rows, found, design, measures, cell, coded.psu, use.rows)
    return Moments(
        coded.psus, coded.domains, psu, of_cell, *reading.sums().sums(psu.size)
    )  # fmt: skip


def require(files: duck.Files, design: Design, domain: str, measures: Sequence[OnColumn]) -> None:
    """Refuse files without a column that the design or a measure names, or with text in one.

    Raises
    ------
    DesignError, MeasureError
        Naming the column; a design must name its PSU or its id.
    """
    named = [design.weight, design.stratum, design.psu, design.fpc, design.id, domain]
    named += [measure.column for measure in measures]
    missing = [name for name in dict.fromkeys(named) if name and name not in files.types]
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
    for measure in measures:
        if not _is_number(files.types[measure.column]):
            raise MeasureError(
                f"Measure {kernel.label(measure)}: column {measure.column} holds "
                f"{files.types[measure.column]}, no numbers. Recode it before estimating."
            )


def _is_number(of: pa.DataType) -> bool:
    plain = pa.types.is_integer(of) or pa.types.is_floating(of) or pa.types.is_boolean(of)
    return bool(plain or pa.types.is_decimal(of))
