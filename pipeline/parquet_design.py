"""Who is in Parquet files: PSUs with their strata, domains and population sizes."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from analysis.design import Coded, Design, code
from analysis.errors import DesignError
from pipeline import duck
from pipeline.duck import quoted


def there(
    files: duck.Files, design: Design, domain: str, domains: Sequence[str], empty: Mapping[str, str]
) -> Coded:
    """The PSUs of all rows, coded and checked by `design.code`: one row a PSU and domain.

    Raises
    ------
    DesignError
        As `design.code`; rows are named by file and number.
    """
    named = roles(design, domain)
    select = [f"{quoted(name)}::varchar as {quoted(name)}" for name in named]
    if design.fpc and design.fpc not in named:
        select.append(f"try_cast({quoted(design.fpc)} as double) as {quoted(design.fpc)}")
    table = files.table(", ".join(select), "group by all")
    for column, what in named.items():
        if duck.has_blank(table[column]):
            raise DesignError(
                f"Column {column}: no {what} in {files.rows(duck.is_blank(column), design.id)}; an "
                "interview that belongs nowhere cannot be counted. Fill it in, or exclude these "
                "interviews."
            )
    if design.fpc:
        size = table[design.fpc].cast(pa.float64()).to_numpy()
        if not (np.isfinite(size) & (size > 0)).all():
            number = f"try_cast({quoted(design.fpc)} as double)"
            bad = f"not coalesce({number} > 0 and isfinite({number}), false)"
            raise DesignError(
                f"Column {design.fpc}: no number of PSUs in the population in "
                f"{files.rows(bad, design.id)}. Fill it in, or leave fpc out of the design: "
                "intervals become wider."
            )
    return of_distinct(table, design, domain, domains, empty)


def roles(design: Design, domain: str) -> dict[str, str]:
    """Columns of names that the design needs, and what each of them names."""
    named = ((design.psu or design.id, "PSU"), (design.stratum, "stratum"), (domain, "domain"))
    return {column: what for column, what in reversed(named) if column}


def of_distinct(
    table: pa.Table, design: Design, domain: str, domains: Sequence[str], empty: Mapping[str, str]
) -> Coded:
    """Code and check the distinct PSUs, strata and domains, as text, and population sizes.

    Raises
    ------
    DesignError
        As `design.code`; names must not be blank, and sizes be positive numbers.
    """
    drawn = Design(stratum=design.stratum, psu=design.psu or design.id, fpc=design.fpc)
    return code(table.to_pandas(), drawn, domain=domain, domains=domains, empty=empty)
