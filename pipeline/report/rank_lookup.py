"""Rank sets, comparisons held alike and shrunk values of the index, by unit.

Looked up once for all pages, from the tables of the edition.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from analysis.publication import MODEL
from pipeline.report.lookup import real, records, text, whole
from pipeline.results import Results


@dataclass(frozen=True)
class Ranked:
    """Rank sets of one unit: places that remain possible, of it alone and of all at once."""

    units: int
    best: int
    worst: int
    joint_best: int
    joint_worst: int


@dataclass(frozen=True)
class Alike:
    """A comparison with the visitors made alike; the numbers are None where it cannot be made."""

    peers: str
    adjusted_for: tuple[str, ...]
    units: int
    difference: float | None
    low: float | None
    high: float | None
    tier: str


@dataclass(frozen=True)
class Places:
    """Rank sets, comparisons held alike and shrunk values of the index, by the code of a unit."""

    ranks: Mapping[str, Ranked] = field(default_factory=dict)
    alike: Mapping[str, tuple[Alike, ...]] = field(default_factory=dict)
    small: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)


def places_of(results: Results) -> Places:
    """What the tables of an edition say of the index, looked up once for all pages."""
    index = results.study.index.id
    ranks = {
        text(row["domain"]): Ranked(
            *(whole(row[n]) for n in ("units", "best", "worst", "joint_best", "joint_worst"))
        )
        for row in records(_of(results.ranks, index))
    }
    alike: dict[str, list[Alike]] = {}
    for row in records(_of(results.case_mix, index)):
        alike.setdefault(text(row["domain"]), []).append(
            Alike(
                peers=text(row["peers"]),
                adjusted_for=tuple(text(row["adjusted_for"]).split(";")),
                units=whole(row["units"]),
                difference=real(row["difference"]),
                low=real(row["low"]),
                high=real(row["high"]),
                tier=text(row["tier"]),
            )
        )
    small = {}
    model = _of(results.small, index)
    for row in records(model if model.empty else model[model["estimator"] == MODEL]):
        value, low, high = (real(row[name]) for name in ("value", "low", "high"))
        if value is not None and low is not None and high is not None:
            small[text(row["domain"])] = (value, low, high)
    return Places(ranks, {domain: tuple(own) for domain, own in alike.items()}, small)


def _of(table: pd.DataFrame, index: str) -> pd.DataFrame:
    if table.empty:
        return table
    return table[(table["measure_type"] == "indeks") & (table["measure"] == index)]
