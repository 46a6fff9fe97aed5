"""What the builders of all pages share: results, lookup, axes and styles, made once."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

import pandas as pd

from pipeline.editions import INTERNAL
from pipeline.findings import findings_of, sessions_of
from pipeline.report import charts, figures, notes, sentences, wording
from pipeline.report.basis import Basis
from pipeline.report.cells import Style, scores, shares
from pipeline.report.codebook import Bentuk, bentuk_of, read_bentuk
from pipeline.report.grouped import Grouped, grouped
from pipeline.report.lookup import Domain, Lookup
from pipeline.report.models import Stamp
from pipeline.report.rank_lookup import Places, places_of
from pipeline.report.wave_lookup import Waves, waves_of
from pipeline.results import Results

T = TypeVar("T")
SCORES = ("indeks", "dimensi", "indikator", "kepercayaan")
EVENTS = ("bentuk", "layanan")


@dataclass(frozen=True)
class Context:
    """Everything a builder reads; one axis for a kind of measure in all units."""

    results: Results
    lookup: Lookup
    grouped: Grouped
    bentuk: tuple[Bentuk, ...]
    edges: tuple[float, ...]
    index: Style
    score: Style
    event: Style
    share: Style
    issued: date | None
    waves: Waves | None = None
    places: Places = field(default_factory=Places)
    findings: pd.DataFrame = field(default_factory=pd.DataFrame)
    needed: pd.DataFrame = field(default_factory=pd.DataFrame)
    _kept: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def once(self, name: str, make: Callable[[], T]) -> T:
        """What `make` gives, made at the first page that needs it and the same for all others."""
        if name not in self._kept:
            self._kept[name] = make()
        found: T = self._kept[name]
        return found

    @property
    def banner(self) -> tuple[str, str] | None:
        """What stands above every page of this study, where anything does."""
        internal = self.results.edition == INTERNAL
        return notes.banner(simulated=self.results.simulated, internal=internal)

    @property
    def stamp(self) -> Stamp:
        """The issue line of a first issue."""
        return Stamp(f"terbit {figures.day(self.issued)}" if self.issued else "")

    @property
    def level(self) -> str:
        """Confidence level in percent, for legends."""
        return f"{self.results.study.level * 100:g}%".replace(".", ",")

    @property
    def lines(self) -> tuple[tuple[float, str], ...]:
        """Configured lines of the index: value and label."""
        study = self.results.study
        return tuple(
            (t.value, t.label or figures.number(t.value))
            for t in study.thresholds
            if t.measure == study.index.id
        )

    def basis(self, domain: Domain) -> Basis:
        """What kind of sample stands behind a domain."""
        study = self.results.study
        return Basis(
            domain_type=domain.type,
            selection=self.lookup.selection(domain) or study.design.selection,
            estimand=study.weights.estimand,
            level=self.level,
            has_units=study.is_designed,
            has_lines=bool(self.lines),
        )

    @property
    def period(self) -> str:
        """Dates of the wave's fieldwork."""
        wave = self.results.study.wave
        return sentences.window(wave.start, wave.end)


def context(results: Results, now: datetime | None) -> Context:
    """Prepare the results for the builders; `now` dates the report where the study does not."""
    study = wording.shown_study(results.study)
    results = dataclasses.replace(results, study=study)
    lookup = Lookup(results.estimates, results.standings, results.comparisons)
    edges = tuple(t.value for t in study.thresholds if t.measure == study.index.id)
    axis = charts.score_axis(lookup.ends(*SCORES))
    findings = findings_of(results)
    return Context(
        results=results,
        lookup=lookup,
        grouped=grouped(results),
        bentuk=bentuk_of(results.instrument, read_bentuk(study)),
        edges=edges,
        index=scores(axis, edges),
        score=scores(axis),
        event=shares(charts.share_axis(lookup.ends(*EVENTS, without="any"))),
        share=shares(charts.SHARE_AXIS),
        issued=study.report.issued or (now.date() if now else None),
        waves=waves_of(results, lookup),
        places=places_of(results),
        findings=findings,
        needed=sessions_of(results, findings),
    )
