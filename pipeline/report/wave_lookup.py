"""Estimates of all waves as typed values, and what may be said of their changes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from analysis.changes import FIRST, PREVIOUS
from pipeline.report import wording
from pipeline.report.charts import Axis
from pipeline.report.lookup import Domain, Estimate, Lookup, domain_of, real, records, text
from pipeline.results import Results, Trend
from pipeline.settings import Wave

LONGEST = 7
"""Characters of a wave's id that fit below a chart on a phone."""


@dataclass(frozen=True)
class Change:
    """A row of `changes`; numbers are None and the tier empty where `reason` says why."""

    before: str
    difference: float | None
    low: float | None
    high: float | None
    tier: str
    reason: str
    p: float = 1.0

    @property
    def is_clear(self) -> bool:
        """Whether the test calls it a rise or a fall."""
        return self.tier.endswith("jelas")


@dataclass(frozen=True)
class Waves:
    """The waves from first to last, each with a lookup of its estimates.

    `again` is how many PSUs of the wave before were asked again.
    """

    waves: tuple[Wave, ...]
    lookups: tuple[Lookup, ...]
    broken: Mapping[str, frozenset[tuple[str, str]]]
    changes: Mapping[tuple[Domain, str, str, str], Change]
    again: int = 0
    _axes: dict[str, Axis] = field(default_factory=dict, compare=False, repr=False)

    def axis(self, name: str, make: Callable[[], Axis]) -> Axis:
        """The axis of that name, made once for all pages."""
        if name not in self._axes:
            self._axes[name] = make()
        return self._axes[name]

    def estimates(self, domain: Domain, kind: str, measure: str) -> tuple[Estimate | None, ...]:
        """The estimate of every wave; None where there is none."""
        return tuple(one.get(domain, kind, measure) for one in self.lookups)

    def breaks(self, kind: str, measure: str) -> frozenset[int]:
        """Places of the waves that asked the measure otherwise than the wave before."""
        return frozenset(
            i
            for i, wave in enumerate(self.waves)
            if i and (kind, measure) in self.broken.get(wave.id, frozenset())
        )

    def since_previous(self, domain: Domain, kind: str, measure: str) -> Change | None:
        """The change since the wave before."""
        return self.changes.get((domain, kind, measure, PREVIOUS))

    def since_first(self, domain: Domain, kind: str, measure: str) -> Change | None:
        """The change since the first comparable wave, where that is not the wave before."""
        return self.changes.get((domain, kind, measure, FIRST))

    def name(self, wave_id: str) -> str:
        """What a reader calls a wave."""
        return next((wave.name for wave in self.waves if wave.id == wave_id), wave_id)

    @property
    def ticks(self) -> tuple[str, ...]:
        """Labels below a chart: the ids, or running numbers where an id is too long."""
        if any(len(wave.id) > LONGEST for wave in self.waves):
            return tuple(str(i) for i in range(1, len(self.waves) + 1))
        return tuple(wave.id for wave in self.waves)

    def row_label(self, i: int) -> str:
        """The name of a wave in a table, with its number where the chart has numbers."""
        name = self.waves[i].name
        return name if self.ticks[i] == self.waves[i].id else f"{self.ticks[i]}. {name}"


def waves_of(results: Results, last: Lookup) -> Waves | None:
    """The waves of a study, from its results; None where there is only one.

    `last` is the lookup of the wave reported. Of earlier ones only the estimates are told.
    """
    trend = results.trend
    if trend is None:
        return None
    shown = [*(one.study.wave for one in trend.earlier), results.study.wave]
    nothing = pd.DataFrame()
    lookups = (*(Lookup(one.estimates, nothing, nothing) for one in trend.earlier), last)
    waves = tuple(Wave(wave.id, wording.shown(wave.label), wave.start, wave.end) for wave in shown)
    return Waves(
        waves, lookups, trend.broken, _changes(trend), again=trend.again.get(shown[-2].id, 0)
    )


def _changes(trend: Trend) -> dict[tuple[Domain, str, str, str], Change]:
    found = {}
    for row in records(trend.changes):
        key = (domain_of(row), text(row["measure_type"]), text(row["measure"]), text(row["since"]))
        found[key] = Change(
            before=text(row["wave_before"]),
            difference=real(row["difference"]),
            low=real(row["low"]),
            high=real(row["high"]),
            tier=text(row["tier"]),
            reason=text(row["reason"]),
            p=1.0 if (p := real(row["p"])) is None else p,
        )
    return found
