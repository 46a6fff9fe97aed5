"""What the analysis hands to the reports: frames whose columns docs/architecture.md defines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from analysis.by_hand import ByHand
from analysis.calibration_report import Convergence, Diagnostics
from analysis.hiding import People
from analysis.instrument import Instrument
from analysis.measures import Measure
from analysis.ranks import Ties
from pipeline.replies import Reply
from pipeline.study import Study


@dataclass(frozen=True)
class CalibrationReport:
    """To which totals the weights were brought, how near, and what it did to them.

    `replicated` says whether the variance redoes the raking; `simulated` whether a program made
    the totals; `path` is the file they stand in.
    """

    margins: tuple[str, ...]
    sources: tuple[str, ...]
    simulated: bool
    replicated: bool
    convergence: Convergence
    diagnostics: Diagnostics
    path: Path


@dataclass(frozen=True)
class Trend:
    """The waves beside each other, from first to last; the last is the one reported.

    `estimates` are the published ones of all waves, `changes` those of `analysis.changes`,
    `broken` the measures that a wave asked otherwise than the one before, `earlier` the results of
    the earlier waves, in their order, `again` how many PSUs of an earlier wave the last one asked
    again.
    """

    estimates: pd.DataFrame
    changes: pd.DataFrame
    broken: Mapping[str, frozenset[tuple[str, str]]]
    earlier: tuple["Results", ...]
    again: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Hiding:
    """All that decides which rows an edition hides, to decide it again beside earlier editions."""

    measures: Sequence[Measure]
    people: People
    least: int
    level: float
    by_unit: bool = True


@dataclass(frozen=True)
class Results:
    """Everything a report may read; nothing here identifies a respondent.

    `contacts`, `sessions` and `weighted` stay inside the office: reports take counts and
    shares from them, never rows. `variances` has the standard errors of `estimates` side by side,
    `weight_history` each factor of the weights by unit, `sensitivity` the estimates had nobody
    counted visitors. `hidden` are the rows that only the internal `edition`
    shows, and `hiding` what decided so. `trend` is None in a study of one wave. `case_mix` has
    comparisons with the visitors made alike, `ranks` the rank sets that follow from the tables of
    the edition, with what units have in common in `ties`; `small` direct and shrunk estimates, in
    the internal edition only.
    `own_contrasts` hold each indicator of a unit against its others (rows as `estimates`),
    `associations` are those of indicators with trust. `observations` are what enumerators saw of
    the units, `self_assessments` their own scores, `replies` what they said to the report. `proof`
    are sums from which one unit's estimates can be computed anew; only the internal edition has
    them.
    """

    study: Study
    wave: str
    instrument: Instrument
    simulated: bool
    source: str
    contacts: pd.DataFrame
    sessions: pd.DataFrame
    weighted: pd.DataFrame
    estimates: pd.DataFrame
    standings: pd.DataFrame
    comparisons: pd.DataFrame
    responses: pd.DataFrame
    notes: tuple[str, ...] = ()
    variances: pd.DataFrame = field(default_factory=pd.DataFrame)
    calibration: CalibrationReport | None = None
    weight_history: pd.DataFrame = field(default_factory=pd.DataFrame)
    sensitivity: pd.DataFrame = field(default_factory=pd.DataFrame)
    trend: Trend | None = None
    hidden: pd.DataFrame = field(default_factory=pd.DataFrame)
    case_mix: pd.DataFrame = field(default_factory=pd.DataFrame)
    ties: Ties = field(default_factory=Ties)
    ranks: pd.DataFrame = field(default_factory=pd.DataFrame)
    small: pd.DataFrame = field(default_factory=pd.DataFrame)
    own_contrasts: pd.DataFrame = field(default_factory=pd.DataFrame)
    associations: pd.DataFrame = field(default_factory=pd.DataFrame)
    observations: pd.DataFrame = field(default_factory=pd.DataFrame)
    self_assessments: pd.DataFrame = field(default_factory=pd.DataFrame)
    replies: tuple[Reply, ...] = ()
    hiding: Hiding | None = None
    edition: str = "public"
    proof: ByHand | None = None
