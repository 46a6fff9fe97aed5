"""Who is in Parquet files: the distinct PSUs with their strata, domains and population sizes."""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from analysis.design import Coded, Design, code


def roles(design: Design, *domains: str) -> dict[str, str]:
    """Columns of names that the design and domains need, and what each of them names."""
    found = {design.psu or design.id: "PSU"}
    if design.stratum:
        found.setdefault(design.stratum, "stratum")
    for domain in filter(None, domains):
        found.setdefault(domain, "domain")
    return found


def of_distinct(
    table: pa.Table, design: Design, domain: str, domains: Sequence[str], empty: Mapping[str, str]
) -> Coded:
    """Code and check the distinct PSUs, strata and domains, as text, and population sizes.

    Raises
    ------
    DesignError
        As `design.code`; names must not be blank, and sizes be positive numbers.
    """
    return code(table.to_pandas(), drawn(design), domain=domain, domains=domains, empty=empty)


def drawn(design: Design) -> Design:
    """What the design says of PSUs, without weights and ids."""
    return Design(stratum=design.stratum, psu=design.psu or design.id, fpc=design.fpc)
