"""A study is a folder: its settings, its units, its session plan, its questionnaires.

`open_study` takes a name under `forms/` or a path anywhere. Without `study.toml` a folder with
one XLSForm and one export file is still a study: a volunteer sample that gets a topline and no
interval.
"""

import dataclasses
import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipeline.errors import StudyError
from pipeline.tables import number, read_table, read_toml, unique

T = TypeVar("T")

SERVER_KINDS = ("sandbox", "kobo", "export")
SELECTIONS = ("probability", "quota", "volunteer")


@dataclass(frozen=True)
class Server:
    """Where submissions come from; the token is never here but in `KOBO_TOKEN`."""

    id: str = "export"
    kind: str = "export"
    url: str = ""
    page_size: int = 1000
    export: str = ""


@dataclass(frozen=True)
class Wave:
    """One fielding of the study; `assets` maps form id to the server's asset id."""

    id: str = "1"
    label: str = ""
    start: date | None = None
    end: date | None = None
    assets: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DesignSettings:
    """How respondents were selected.

    `stratum` and `collapse` name columns of the session plan; `weight` and `psu` name columns
    of a data file that brings its own design.
    """

    selection: str = "volunteer"
    stratum: tuple[str, ...] = ()
    collapse: tuple[str, ...] = ()
    fpc: bool = False
    weight: str = ""
    psu: str = ""
    domain: str = ""


@dataclass(frozen=True)
class WeightSettings:
    """How weights are made; see docs/method.md."""

    estimand: str = "visits"
    covered: float = 0.9
    minimum_class: int = 10
    trim: float = 4.0


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
    contact: str = ""
    complaint: str = ""
    statistics_recommendation: str = ""


@dataclass(frozen=True)
class Official:
    """A score published by somebody else, shown beside ours with its source."""

    unit_id: str
    instrument: str
    year: int
    score: float
    source: str
    category: str = ""


@dataclass(frozen=True)
class Unit:
    """A service unit of the frame; rows are marked as dropped, never deleted."""

    unit_id: str
    name: str
    short_name: str
    sector: str
    timezone: str
    visitors_per_day: float | None = None
    inclusion_probability: float = 1.0
    in_frame: bool = True


@dataclass(frozen=True)
class Study:
    """A study as read from its folder; paths are absolute."""

    id: str
    folder: Path
    name: str
    place: str
    institution: str
    office: str
    timezone: str
    level: float
    server: Server
    waves: tuple[Wave, ...]
    design: DesignSettings
    weights: WeightSettings
    index: IndexSettings
    thresholds: tuple[Threshold, ...]
    publication: Publication
    report: ReportSettings
    officials: tuple[Official, ...]
    units: tuple[Unit, ...]
    has_settings: bool = True

    @property
    def wave(self) -> Wave:
        """The wave under analysis: the last one declared."""
        return self.waves[-1]

    @property
    def is_designed(self) -> bool:
        """Whether the study has a session plan of its own (units.csv and sessions.csv)."""
        return bool(self.units)

    def unit(self, unit_id: str) -> Unit | None:
        """The unit with that code, or None."""
        return next((u for u in self.units if u.unit_id == unit_id), None)

    def file(self, name: str) -> Path:
        """Path of a file of the study."""
        return self.folder / name


def studies() -> list[str]:
    """Names of the studies that ship under `forms/`."""
    root = Path(str(resources.files("forms")))
    return sorted(p.name for p in root.iterdir() if (p / "study.toml").exists())


def study_folder(name: str) -> Path:
    """Folder of a study given by name or path.

    Raises
    ------
    StudyError
        Where neither a study of that name nor such a folder exists; names those that do.
    """
    path = Path(name)
    if path.is_dir():
        return path.resolve()
    shipped = Path(str(resources.files("forms"))) / name
    if shipped.is_dir() and not name.startswith((".", "/")):
        return shipped.resolve()
    raise StudyError(
        f"There is no study {name!r}: neither a folder of that name here nor one of "
        f"{', '.join(studies())}. Give a study's name or the path of its folder."
    )


def open_study(name: str) -> Study:
    """Read a study's settings and units; a folder without study.toml gets the plain defaults."""
    folder = study_folder(name)
    path = folder / "study.toml"
    if not path.exists():
        return _read(folder, {}, has_settings=False)
    return _read(folder, read_toml(path), has_settings=True)


def _read(folder: Path, raw: Mapping[str, Any], *, has_settings: bool) -> Study:
    path = folder / "study.toml"
    sections = {
        "study", "server", "wave", "design", "weights", "index", "threshold",
        "publication", "report", "official",
    }  # fmt: skip
    _known(raw, sections, f"{path}", "section")
    head = raw.get("study", {})
    fields = {"id", "name", "place", "institution", "office", "timezone", "level"}
    _known(head, fields, f"{path} [study]")
    server = _section(Server, raw.get("server", {}), f"{path} [server]")
    if server.kind not in SERVER_KINDS:
        raise StudyError(
            f"{path} [server] kind = {server.kind!r}: must be one of {', '.join(SERVER_KINDS)}."
        )
    waves = tuple(_section(Wave, w, f"{path} [[wave]]") for w in raw.get("wave", [])) or (Wave(),)
    design = _section(DesignSettings, raw.get("design", {}), f"{path} [design]")
    if "selection" not in raw.get("design", {}) and (design.weight or design.psu):
        design = dataclasses.replace(design, selection="probability")
    if design.selection not in SELECTIONS:
        raise StudyError(
            f"{path} [design] selection = {design.selection!r}: must be one of "
            f"{', '.join(SELECTIONS)}. Only a probability sample gets intervals."
        )
    level = float(head.get("level", 0.95))
    if not 0.5 <= level < 1:
        raise StudyError(f"{path} [study] level = {level}: must lie between 0.5 and 1, e.g. 0.95.")
    timezone = str(head.get("timezone", "Asia/Makassar"))
    _check_timezone(timezone, f"{path} [study] timezone")
    return Study(
        id=str(head.get("id", folder.name)),
        folder=folder,
        name=str(head.get("name", folder.name)),
        place=str(head.get("place", "")),
        institution=str(head.get("institution", "")),
        office=str(head.get("office", "")),
        timezone=timezone,
        level=level,
        server=server,
        waves=waves,
        design=design,
        weights=_section(WeightSettings, raw.get("weights", {}), f"{path} [weights]"),
        index=_section(IndexSettings, raw.get("index", {}), f"{path} [index]"),
        thresholds=tuple(
            _section(Threshold, t, f"{path} [[threshold]]") for t in raw.get("threshold", [])
        ),
        publication=_section(Publication, raw.get("publication", {}), f"{path} [publication]"),
        report=_section(ReportSettings, raw.get("report", {}), f"{path} [report]"),
        officials=tuple(
            _section(Official, o, f"{path} [[official]]") for o in raw.get("official", [])
        ),
        units=_read_units(folder / "units.csv", timezone),
        has_settings=has_settings,
    )


def _read_units(path: Path, timezone: str) -> tuple[Unit, ...]:
    if not path.exists():
        return ()
    rows = read_table(path, ["unit_id", "name", "sector"])
    unique(rows, "unit_id", path)
    units = []
    for line, row in enumerate(rows, start=2):
        zone = row.get("tz") or timezone
        _check_timezone(zone, f"{path}, row {line}, tz")
        probability = number(row.get("inclusion_probability", ""), f"{path}, row {line}")
        if probability is not None and not 0 < probability <= 1:
            raise StudyError(
                f"{path}, row {line}: inclusion_probability {probability} must lie in (0, 1]; "
                "leave it blank where every unit of the list is surveyed."
            )
        units.append(
            Unit(
                unit_id=row["unit_id"],
                name=row["name"],
                short_name=row.get("short_name") or row["name"],
                sector=row["sector"],
                timezone=zone,
                visitors_per_day=number(row.get("visitors_per_day", ""), f"{path}, row {line}"),
                inclusion_probability=1.0 if probability is None else probability,
                in_frame=row.get("in_frame", "ya") != "tidak",
            )
        )
    return tuple(units)


ZONES = {"WIB": "Asia/Jakarta", "WITA": "Asia/Makassar", "WIT": "Asia/Jayapura"}


def zone(name: str) -> ZoneInfo:
    """Time zone by IANA name or WIB, WITA, WIT."""
    return ZoneInfo(ZONES.get(name, name))


def _check_timezone(name: str, where: str) -> None:
    try:
        zone(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise StudyError(
            f"{where}: {name!r} is no time zone. Use WIB, WITA, WIT or a name like Asia/Makassar."
        ) from None


def _known(raw: Mapping[str, Any], names: set[str], where: str, what: str = "setting") -> None:
    for key in raw:
        if key not in names:
            near = difflib.get_close_matches(key, sorted(names), n=1)
            hint = f" Did you mean {near[0]!r}?" if near else f" Known: {', '.join(sorted(names))}."
            raise StudyError(f"{where}: unknown {what} {key!r}.{hint}")


def _section(kind: type[T], raw: Any, where: str) -> T:
    """Make a settings dataclass from a TOML table; unknown keys and wrong types are errors."""
    if not isinstance(raw, Mapping):
        raise StudyError(f"{where}: must be a table of settings.")
    fields = {f.name: f for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
    _known(raw, set(fields), where)
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


def _value(value: Any, annotation: str, where: str) -> Any:
    if "tuple" in annotation:
        if isinstance(value, str):
            return (value,)
        if isinstance(value, Sequence) and all(isinstance(v, str) for v in value):
            return tuple(value)
    elif "Mapping" in annotation:
        if isinstance(value, Mapping):
            return {str(k): str(v) for k, v in value.items()}
    elif "date" in annotation:
        if isinstance(value, date):
            return value
    elif "bool" in annotation:
        if isinstance(value, bool):
            return value
    elif "int" in annotation:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    elif "float" in annotation:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    elif isinstance(value, str):
        return value
    raise StudyError(
        f"{where} = {value!r}: expected {annotation.replace('tuple[str, ...]', 'a list of texts')}."
    )
