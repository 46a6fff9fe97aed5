"""The estimates of one study as typed values, found by domain and measure."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from pipeline.report.placed import Columns, Placed

_NAME = ("measure_type", "measure", "category")
_NUMBERS = ("value", "low", "high", "n", "n_eff", "n_psu", "deff", "at_least", "at_most")
_TEXTS = ("domain_type", "domain", *_NAME, "flag", "reason", "weight_tier", "selection")
_KEPT = 4096
_PRINTED = ("published", "caution")
_NO_BRACKETS = (
    "volunteer",
    "quota",
    "zero_events",
    "all_events",
    "se_floor",
    "icc_assumed",
    "coarse",
)


@dataclass(frozen=True)
class Domain:
    """For whom an estimate holds: a unit, or the city in one of its two ways."""

    type: str
    id: str = ""


CITY = Domain("city")
CITY_MEAN = Domain("city_mean")


@dataclass(frozen=True)
class Estimate:
    """One row of `estimates`; `value`, `low` and `high` are None where there is none."""

    type: str
    measure: str
    category: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    n_eff: float | None
    n_psu: int
    deff: float | None
    flag: str
    reasons: tuple[str, ...]
    tier: str = ""
    selection: str = "probability"
    at_least: float | None = None
    at_most: float | None = None

    @property
    def is_shown(self) -> bool:
        """Whether there is a value that may be printed."""
        return self.value is not None and self.flag in _PRINTED

    @property
    def has_interval(self) -> bool:
        """Whether both ends of the interval are known."""
        return self.low is not None and self.high is not None

    @property
    def is_careful(self) -> bool:
        """Whether the sample, not only the way of selection, asks for brackets."""
        others = [r for r in self.reasons if r not in _NO_BRACKETS]
        return self.flag == "caution" and bool(others or self.has_interval)


@dataclass(frozen=True)
class Standing:
    """Place of a measure against a line; `probability_above` is None without a verdict."""

    threshold: float
    label: str
    probability_above: float | None
    state: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """A unit against the mean of the others."""

    type: str
    measure: str
    difference: float | None
    low: float | None
    high: float | None
    tier: str
    p: float = 1.0


class Lookup:
    """Estimates, standings and comparisons by domain, measure type, measure and category."""

    def __init__(
        self, estimates: pd.DataFrame, standings: pd.DataFrame, comparisons: pd.DataFrame
    ) -> None:
        self._table = Columns(estimates, _NUMBERS, _TEXTS)
        self._placed = Placed(self._table, ("domain_type", "domain"), _NAME)
        self._codes: dict[str, tuple[str, ...]] = {}
        for kind, code in self._placed.domains:
            self._codes[kind] = (*self._codes.get(kind, ()), code)
        self._met: dict[int, Estimate] = {}
        self._standings: dict[tuple[Domain, str, str], list[Standing]] = {}
        for row in records(standings):
            key = (domain_of(row), text(row["measure_type"]), text(row["measure"]))
            self._standings.setdefault(key, []).append(_standing(row))
        self._comparisons: dict[tuple[str, str, str], Comparison] = {}
        for row in records(comparisons):
            item_ = _comparison(row)
            self._comparisons[(text(row["domain"]), item_.type, item_.measure)] = item_
        self._judged = Counter((c.type, c.measure) for c in self._comparisons.values() if c.tier)

    def domains(self, kind: str) -> tuple[str, ...]:
        """Codes of the domains of that type which have estimates, in the order of the table."""
        return self._codes.get(kind, ())

    def get(self, domain: Domain, kind: str, measure: str, category: str = "") -> Estimate | None:
        """The estimate, or None where it was never made."""
        row = self._placed.row((domain.type, domain.id), (kind, measure, category))
        return None if row < 0 else self._at(row)

    def _at(self, row: int) -> Estimate:
        """The estimate of a row; a page asks for most of its own more than once."""
        found = self._met.get(row)
        if found is None:
            if len(self._met) >= _KEPT:
                self._met.clear()
            found = self._met[row] = _estimate(*self._table.row(row))
        return found

    def of(self, domain: Domain, kind: str) -> tuple[Estimate, ...]:
        """All estimates of a type, in the order of the table."""
        rows = self._placed.rows((domain.type, domain.id), kind)
        return tuple(self._at(row) for row in rows)

    def standings(self, domain: Domain, kind: str, measure: str) -> tuple[Standing, ...]:
        """Places against the lines, from the lowest line up."""
        found = self._standings.get((domain, kind, measure), [])
        return tuple(sorted(found, key=lambda s: s.threshold))

    def comparison(self, domain: Domain, kind: str, measure: str) -> Comparison | None:
        """The comparison with the other units, for units only; none for a value in brackets."""
        e = self.get(domain, kind, measure)
        if domain.type != "unit" or e is None or e.is_careful or not e.is_shown:
            return None
        return self._comparisons.get((domain.id, kind, measure))

    def others(self, kind: str, measure: str) -> int:
        """Units beside the one compared that its comparison holds."""
        return max(self._judged[(kind, measure)] - 1, 0)

    def selection(self, domain: Domain) -> str:
        """How the respondents of a domain were selected; empty where it has no estimate."""
        row = self._placed.first((domain.type, domain.id))
        return "" if row < 0 else self._at(row).selection

    def ends(self, *kinds: str, without: str = "") -> list[float]:
        """What an axis of those types must hold: the intervals of published values.

        Of values to be read with caution only the value itself; their intervals may be cut.
        """
        rows = self._table.among("measure_type", kinds) & self._table.among("flag", _PRINTED)
        if without:
            rows &= ~self._table.among("measure", (without,))
        ends = []
        for row in np.flatnonzero(rows).tolist():
            e = _estimate(*self._table.row(row))
            if e.is_shown:
                ends += [e.value] if e.is_careful else [e.value, e.low, e.high]
        return [v for v in ends if v is not None]


def records(frame: pd.DataFrame) -> list[dict[str, object]]:
    """Rows as dicts; nothing for an empty frame."""
    names = [str(name) for name in frame.columns]
    columns = [frame[name].tolist() for name in frame.columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def domain_of(row: dict[str, object]) -> Domain:
    """Domain of a row; the city has one code whatever the table calls it."""
    kind = text(row["domain_type"])
    return Domain(kind, text(row["domain"])) if kind == "unit" else Domain(kind)


def text(value: object) -> str:
    """Text of a cell; missing is empty."""
    return "" if value is None or value is pd.NA or value != value else str(value)


def real(value: object) -> float | None:
    """Number of a cell; missing and infinite are None."""
    if value is None or value is pd.NA:
        return None
    result = float(value)  # type: ignore[arg-type]
    return result if math.isfinite(result) else None


def whole(value: object) -> int:
    """Count of a cell; missing is 0."""
    result = real(value)
    return 0 if result is None else round(result)


@lru_cache(maxsize=4096)
def codes(joined: str) -> tuple[str, ...]:
    """Codes joined by `;`."""
    return tuple(c for c in joined.split(";") if c)


def _estimate(numbers: list[float | None], texts: list[str]) -> Estimate:
    value, low, high, n, n_eff, n_psu, deff, at_least, at_most = numbers
    _, _, kind, measure, category, flag, reason, tier, selection = texts
    return Estimate(
        kind, measure, category, value, low, high, round(n or 0), n_eff, round(n_psu or 0), deff,
        flag, codes(reason), tier, selection or "probability", at_least, at_most,
    )  # fmt: skip


def _standing(row: dict[str, object]) -> Standing:
    probability = real(row["probability_above"])
    return Standing(
        threshold=real(row["threshold"]) or 0.0,
        label=text(row["label"]),
        probability_above=probability,
        state=text(row["state"]) if probability is not None else "",
        reasons=codes(text(row["reason"])),
    )


def _comparison(row: dict[str, object]) -> Comparison:
    return Comparison(
        type=text(row["measure_type"]),
        measure=text(row["measure"]),
        difference=real(row["difference"]),
        low=real(row["low"]),
        high=real(row["high"]),
        tier=text(row["tier"]),
        p=1.0 if (p := real(row.get("p"))) is None else p,
    )


def reference(estimate: Estimate | None, comparison: Comparison | None) -> float | None:
    """Mean of the other units, where the comparison was made."""
    if estimate is None or comparison is None or not comparison.tier:
        return None
    if estimate.value is None or comparison.difference is None:
        return None
    return estimate.value - comparison.difference


def shown(estimates: Sequence[Estimate | None]) -> list[Estimate]:
    """Those that may be printed."""
    return [e for e in estimates if e is not None and e.is_shown]
