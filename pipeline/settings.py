"""The sections of study.toml as frozen dataclasses, and how a section becomes one.

Every default that moves a number stands here, is printed in the reports' method box and kept
in the manifest. Unknown keys are errors that name the nearest known one.
"""

import dataclasses
import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipeline.errors import StudyError

T = TypeVar("T")

ENGINES = ("local", "spark")
SERVER_KINDS = ("sandbox", "kobo", "central", "export")
SELECTIONS = ("probability", "quota", "volunteer")


@dataclass(frozen=True)
class Server:
    """Where submissions come from; a token or password is never here but in the environment."""

    id: str = "export"
    kind: str = "export"
    url: str = ""
    page_size: int = 1000
    export: str = ""


@dataclass(frozen=True)
class Wave:
    """One fielding of the study; `assets` maps form id to the server's asset id.

    `files` maps form id to the export file where no server is asked. `changed` names questions
    that were asked otherwise than in the wave before, or `*` for all of them: what rests on them
    is not compared across. `index` is the definition that holds in this wave.
    """

    id: str = "1"
    label: str = ""
    start: date | None = None
    end: date | None = None
    assets: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    changed: tuple[str, ...] = ()
    index: "IndexSettings | None" = None

    @property
    def name(self) -> str:
        """What a reader calls it: its label, or its id."""
        return self.label or self.id


@dataclass(frozen=True)
class DesignSettings:
    """How respondents were selected.

    `stratum` names columns of the session plan (or of a data file that brings its own design, as
    do `weight`, `psu` and `domain`); `collapse` lists levels of the second stratum column in the
    order in which a stratum left with one session joins its neighbour. `enumerator_rho` is the
    correlation of answers given to one enumerator that is assumed where too few of them rotated
    to estimate it; 0 leaves enumerators out of the intervals.
    """

    selection: str = "volunteer"
    stratum: tuple[str, ...] = ()
    collapse: tuple[str, ...] = ()
    fpc: bool = False
    enumerator_rho: float = 0.03
    weight: str = ""
    psu: str = ""
    domain: str = ""


@dataclass(frozen=True)
class WeightSettings:
    """How weights are made; see docs/method.md.

    With the estimand `persons` an interview is divided by the visits that its `visits_question`
    tells, at most `most_visits`.
    """

    estimand: str = "visits"
    covered: float = 0.9
    minimum_class: int = 10
    trim: float = 4.0
    visits_question: str = ""
    most_visits: float = 10.0


ESTIMANDS = ("visits", "persons")


def weights(raw: Any, where: str) -> WeightSettings:
    """The section `[weights]`, checked."""
    found = section(WeightSettings, raw, where)
    if found.estimand not in ESTIMANDS:
        raise StudyError(
            f"{where} estimand = {found.estimand!r}: must be one of {', '.join(ESTIMANDS)}. Visits "
            "need no question; persons need one that asks how often they came."
        )
    if found.estimand == "persons" and not found.visits_question:
        raise StudyError(
            f'{where} estimand = "persons" needs visits_question, the name of the question that '
            "asks how often the person came in the period; who comes often is met often."
        )
    return found


@dataclass(frozen=True)
class CalibrationSettings:
    """Known totals that the weights are brought to.

    `margins` are names in `file` (all where none is given), `labels` what a report calls them.
    `missing` names for an answer the column that stands in where it is blank, as the sex that was
    observed at selection. `reconcile` is the margin to whose sum the others are scaled. Without
    `variance` it is `jkn_raked`, the jackknife that redoes the calibration, whatever the method.
    """

    margins: tuple[str, ...] = ()
    file: str = "margins.csv"
    method: str = "raking"
    bounds: tuple[float, ...] = ()
    trim: float = 0.0
    minimum: int = 10
    variance: str = ""
    reconcile: str = ""
    missing: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


CALIBRATIONS = ("raking", "linear", "logit", "poststrat")
VARIANCES = ("jkn_raked", "taylor")


def calibration(raw: Any, where: str) -> CalibrationSettings:
    """The section `[calibration]`, checked, with the variance that takes effect."""
    found = section(CalibrationSettings, raw, where)
    for name, value, known in (
        ("method", found.method, CALIBRATIONS),
        ("variance", found.variance or VARIANCES[0], VARIANCES),
    ):
        if value not in known:
            raise StudyError(f"{where} {name} = {value!r}: must be one of {', '.join(known)}.")
    low, high = (*found.bounds, 0.0, 0.0)[:2]
    if found.bounds and not (len(found.bounds) == 2 and 0 <= low < 1 < high):
        raise StudyError(
            f"{where} bounds = {list(found.bounds)}: two numbers around 1 are needed, the least "
            "and the largest factor, such as [0.3, 3.0]."
        )
    if found.method == "logit" and not found.bounds:
        raise StudyError(f'{where} method = "logit" needs bounds, such as bounds = [0.3, 3.0].')
    if found.trim and not found.trim > 1:
        raise StudyError(
            f"{where} trim = {found.trim:g}: no weight may exceed so many times its unit's median; "
            "write 2 or more, or 0 for no limit."
        )
    if found.minimum < 0:
        raise StudyError(f"{where} minimum = {found.minimum}: must be 0 or more interviews.")
    return dataclasses.replace(found, variance=found.variance or VARIANCES[0])


@dataclass(frozen=True)
class CaseMix:
    """By which answers visitors are made alike where units are compared.

    `person` are questions on who was asked, `service` the one on what they came for, which is
    used among units of one sector. Without a section of its own in study.toml those that the form
    has are used; an empty list, or an empty name, leaves the adjustment out.
    """

    person: tuple[str, ...] = ("jk", "umur_kel", "didik")
    service: str = "layanan"


def case_mix(raw: Any, where: str) -> CaseMix:
    """The section `[case_mix]`, checked."""
    found = section(CaseMix, raw, where)
    doubled = sorted({name for name in found.person if found.person.count(name) > 1})
    if found.service in found.person:
        doubled.append(found.service)
    if doubled:
        raise StudyError(
            f"{where}: {', '.join(doubled)} is named twice; each question is held alike once. "
            "Take one out."
        )
    return found


@dataclass(frozen=True)
class IndexSettings:
    """The definition of the index: which dimensions, how many items must be answered."""

    id: str = ""
    version: str = ""
    name: str = ""
    dimensions: tuple[str, ...] = ()
    minimum_answered: float = 0.8
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Threshold:
    """A line on the 0–100 scale of a measure, with the words a report may use for it."""

    measure: str
    value: float
    label: str = ""
    source: str = ""


@dataclass(frozen=True)
class Publication:
    """What the sample must hold before a number, an interval or a verdict is printed."""

    minimum_n: int = 10
    caution_n: int = 30
    interval_sessions: int = 4
    interval_df: int = 3
    verdict_sessions: int = 6
    verdict_n_eff: float = 30.0
    bar: float = 0.8


@dataclass(frozen=True)
class ReportSettings:
    """Texts that a report prints as they stand."""

    issued: date | None = None
    edition: str = "1"
    release: str = "public"
    contact: str = ""
    complaint: str = ""
    statistics_recommendation: str = ""
    retention_months: int = 0


@dataclass(frozen=True)
class Official:
    """A score published by somebody else, shown beside ours with its source.

    `scheme` names the instrument whose bands its category is held against (`analysis.bands`).
    """

    unit_id: str
    instrument: str
    year: int
    score: float
    source: str
    category: str = ""
    scheme: str = ""


@dataclass(frozen=True)
class Unit:
    """A service unit of the frame; rows are marked as dropped, never deleted.

    In a `census` every open block of the field window is worked, as in a unit with few visitors.
    """

    unit_id: str
    name: str
    short_name: str
    sector: str
    timezone: str
    visitors_per_day: float | None = None
    inclusion_probability: float = 1.0
    in_frame: bool = True
    census: bool = False


def renamed(raw: Any, where: str) -> dict[str, dict[str, str]]:
    """The section `[renamed.<form>]`: former name or path of a question to what it is today."""
    if not isinstance(raw, Mapping) or not all(
        isinstance(names, Mapping) and all(isinstance(now, str) for now in names.values())
        for names in raw.values()
    ):
        raise StudyError(
            f'{where}: one table a form is needed, former name = "name today": '
            '[renamed.wawancara] and under it lama_tunggu = "tunggu".'
        )
    return {str(form): dict(names) for form, names in raw.items()}


ZONES = {"WIB": "Asia/Jakarta", "WITA": "Asia/Makassar", "WIT": "Asia/Jayapura"}


def zone(name: str) -> ZoneInfo:
    """Time zone by IANA name or WIB, WITA, WIT."""
    return ZoneInfo(ZONES.get(name, name))


def check_timezone(name: str, where: str) -> None:
    """Refuse a name that is no time zone."""
    try:
        zone(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise StudyError(
            f"{where}: {name!r} is no time zone. Use WIB, WITA, WIT or a name like Asia/Makassar."
        ) from None


def engine_of(name: str, where: str) -> str:
    """The engine called `name`; `where` is the place in which it was asked for."""
    if name not in ENGINES:
        raise StudyError(
            f"{where} engine = {name!r}: must be one of {', '.join(ENGINES)}. local needs nothing "
            "more; spark is for data that this machine cannot hold (docs/decisions/0015-spark.md)."
        )
    return name


def refuse_unknown(
    raw: Mapping[str, Any], names: set[str], where: str, what: str = "setting"
) -> None:
    """Refuse a key that is no setting, and say which one may be meant."""
    for key in raw:
        if key not in names:
            near = difflib.get_close_matches(key, sorted(names), n=1)
            hint = f" Did you mean {near[0]!r}?" if near else f" Known: {', '.join(sorted(names))}."
            raise StudyError(f"{where}: unknown {what} {key!r}.{hint}")


def section(kind: type[T], raw: Any, where: str) -> T:
    """Make a settings dataclass from a TOML table; unknown keys and wrong types are errors."""
    if not isinstance(raw, Mapping):
        raise StudyError(f"{where}: must be a table of settings.")
    fields = {f.name: f for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
    refuse_unknown(raw, set(fields), where)
    values = {
        key: _value(value, str(fields[key].type), f"{where} {key}") for key, value in raw.items()
    }
    try:
        return kind(**values)
    except TypeError:
        needed = [
            f.name
            for f in fields.values()
            if f.default is dataclasses.MISSING
            and f.default_factory is dataclasses.MISSING
            and f.name not in values
        ]
        raise StudyError(f"{where}: {', '.join(needed)} is missing.") from None


def publication_of(raw: Any, where: str) -> Publication:
    """The section `[publication]`; a limit that would let everything through is an error."""
    found = section(Publication, raw, where)
    for name, value in dataclasses.asdict(found).items():
        most = 1.0 if name == "bar" else math.inf
        if not 0 <= value <= most:
            expected = "a probability from 0 to 1" if name == "bar" else "a number from 0"
            raise StudyError(
                f"{where} {name} = {value!r}: expected {expected}; rows that are to be withheld "
                "would be printed."
            )
    return found


def _value(value: Any, annotation: str, where: str) -> Any:
    """A setting's value as its field wants it; the error says what to write instead."""
    if "tuple[float" in annotation:
        expected = "a list of numbers such as [0.3, 3.0]"
        if isinstance(value, Sequence) and all(
            isinstance(v, int | float) and not isinstance(v, bool) for v in value
        ):
            return tuple(float(v) for v in value)
    elif "tuple" in annotation:
        expected = 'a list of texts such as ["a", "b"]'
        if isinstance(value, str):
            return (value,)
        if isinstance(value, Sequence) and all(isinstance(v, str) for v in value):
            return tuple(value)
    elif "Mapping" in annotation:
        expected = "a table of texts"
        if isinstance(value, Mapping):
            return {str(k): str(v) for k, v in value.items()}
    elif "date" in annotation:
        expected = "a date without quotes such as 2026-10-05"
        if isinstance(value, date):
            return value
    elif "bool" in annotation:
        expected = "true or false"
        if isinstance(value, bool):
            return value
    elif "int" in annotation:
        expected = "a whole number"
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    elif "float" in annotation:
        expected = "a number with a decimal point, without quotes"
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    else:
        expected = "a text in double quotes"
        if isinstance(value, str):
            return value
    raise StudyError(f"{where} = {value!r}: expected {expected}.")
