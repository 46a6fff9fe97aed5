"""Sums that other machines make, for the same table: the way in which Spark enters the engine."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np

from analysis import reading
from analysis.design import Design
from analysis.errors import MeasureError
from analysis.moments import Moments
from analysis.plan import Plan
from analysis.rollups import Atoms
from pipeline.parquet_needs import is_plain
from pipeline.parquet_sources import Column, OnColumn


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
    what += [] if is_plain(design) else ["a design of more than columns"]
    if what:
        raise MeasureError(
            f"{'; '.join(what)}: on Spark only means and totals of columns as they stand can be "
            "estimated, by one column of domains. Estimate on one machine, or write such a column "
            "into the files."
        )


def elsewhere(
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
