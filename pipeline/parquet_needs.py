"""What an estimate from Parquet files needs of them, and which estimates need more than sums."""

from collections.abc import Sequence

from analysis import plan as planning
from analysis.design import Design
from analysis.errors import DesignError, MeasureError
from analysis.kernel import label
from analysis.plan import Plan
from analysis.specs import Index, Mean, Proportion, Ratio, Spec, Total
from pipeline import duck
from pipeline.parquet_rows import is_text
from pipeline.parquet_sources import OnColumn, is_number

SUMMED = (Mean, Proportion, Total, Ratio, Index)
"""Specs whose value and variance follow from sums by PSU."""


def require(files: duck.Files, design: Design, domain: str, measures: Sequence[OnColumn]) -> None:
    """Refuse files without a column that the design or a measure names, or with text in one.

    Raises
    ------
    DesignError, MeasureError
        Naming the column; a design must name its PSU or its id.
    """
    require_columns(files, design, [domain, *(measure.column for measure in measures)])
    for measure in measures:
        _require_number(files, label(measure), measure.column)


def require_columns(files: duck.Files, design: Design, more: Sequence[str]) -> None:
    """Refuse files without a column that is named, and a design without PSU and id.

    Raises
    ------
    DesignError
        Naming the columns.
    """
    missing = [name for name in named(design, *more) if name not in files.types]
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


def require_numbers(files: duck.Files, plan: Plan) -> None:
    """Refuse columns of texts where numbers are summed.

    Raises
    ------
    MeasureError
        Naming the column.
    """
    for source in plan.sources:
        for name in source.needs if source.choice is None else ():
            _require_number(files, source.name, name)


def _require_number(files: duck.Files, measure: str, column: str) -> None:
    if not is_number(files.types[column]):
        raise MeasureError(
            f"Measure {measure}: column {column} holds {files.types[column]}, no numbers. Recode "
            "it before estimating."
        )


def in_sums(files: duck.Files, design: Design, specs: Sequence[Spec]) -> bool:
    """Whether sums by PSU hold all that is asked for, and no column has to be read as a whole."""
    sums = all(type(spec) in SUMMED for spec in specs)
    numbers = {name for spec in specs if not isinstance(spec, Proportion)
               for name in planning.columns([spec])}  # fmt: skip
    texts = any(name in files.types and is_text(files.types[name]) for name in numbers)
    return sums and not texts and is_plain(design) and bool(design.psu or design.id)


def is_plain(design: Design) -> bool:
    """Whether the design is columns and nothing more.

    Second stages, certainty units, replicate weights and calibrated weights need the rows.
    """
    more = ("fpc2", "certainty", "replicates")
    return isinstance(design, Design) and not any(getattr(design, name, None) for name in more)


def named(design: Design, *more: str) -> list[str]:
    """Columns that a plain design names, and `more`, each once."""
    own = (design.weight, design.stratum, design.psu, design.fpc, design.id)
    return list(dict.fromkeys(name for name in (*own, *more) if name))
