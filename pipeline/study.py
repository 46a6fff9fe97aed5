"""A study is a folder: its settings, its units, its session plan, its questionnaires.

`open_study` takes a name under `forms/` or a path anywhere. Without `study.toml` a folder with
one XLSForm and one export file is still a study: a volunteer sample that gets a topline and no
interval.
"""

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from pipeline.errors import StudyError
from pipeline.official_scores import official_scores
from pipeline.settings import (
    SELECTIONS,
    SERVER_KINDS,
    CalibrationSettings,
    CaseMix,
    DesignSettings,
    IndexSettings,
    Official,
    Publication,
    ReportSettings,
    Server,
    Threshold,
    Unit,
    Wave,
    WeightSettings,
    calibration,
    case_mix,
    check_timezone,
    engine_of,
    publication_of,
    refuse_unknown,
    renamed,
    section,
    weights,
)
from pipeline.tables import number, read_table, read_toml, unique
from pipeline.waves import read_waves


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
    engine: str = "local"
    master: str = "local[*]"
    calibration: CalibrationSettings | None = None
    case_mix: CaseMix | None = None
    renamed: Mapping[str, Mapping[str, str]] = dataclasses.field(default_factory=dict)
    present: str = ""

    @property
    def wave(self) -> Wave:
        """The wave under analysis: the one called `present`, else the last one declared."""
        return next((w for w in self.waves if w.id == self.present), self.waves[-1])

    @property
    def has_waves(self) -> bool:
        """Whether there are several waves."""
        return len(self.waves) > 1

    def of_wave(self, wave_id: str) -> "Study":
        """The study with another wave under analysis, and the index as it is defined there.

        Raises
        ------
        StudyError
            Where no wave has that id.
        """
        wave = next((w for w in self.waves if w.id == wave_id), None)
        if wave is None:
            raise StudyError(
                f"{self.file('study.toml')} has no [[wave]] {wave_id!r}; it has "
                f"{', '.join(w.id for w in self.waves)}. Correct the id, or add the wave."
            )
        return dataclasses.replace(self, present=wave_id, index=wave.index or self.index)

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
        "study", "server", "wave", "design", "weights", "calibration", "index",
        "threshold", "publication", "report", "official", "renamed", "case_mix",
    }  # fmt: skip
    refuse_unknown(raw, sections, f"{path}", "section")
    head = raw.get("study", {})
    fields = {
        "id", "name", "place", "institution", "office", "timezone", "level", "engine", "master",
    }  # fmt: skip
    refuse_unknown(head, fields, f"{path} [study]")
    server = section(Server, raw.get("server", {}), f"{path} [server]")
    if server.kind not in SERVER_KINDS:
        raise StudyError(
            f"{path} [server] kind = {server.kind!r}: must be one of {', '.join(SERVER_KINDS)}."
        )
    waves = read_waves(
        raw.get("wave", []), section(IndexSettings, raw.get("index", {}), f"{path} [index]"), path
    )
    design = section(DesignSettings, raw.get("design", {}), f"{path} [design]")
    if "selection" not in raw.get("design", {}) and design.psu:
        design = dataclasses.replace(design, selection="probability")
    elif design.selection == "volunteer" and (design.weight or design.stratum):
        raise StudyError(
            f"{path} [design] names a weight or a stratum but neither a psu nor a selection. Name "
            'the psu (the cluster that was drawn), or say selection = "probability" where each '
            'person was drawn, "quota" or "volunteer" where nobody was.'
        )
    if not 0 <= design.enumerator_rho < 1:
        raise StudyError(
            f"{path} [design] enumerator_rho = {design.enumerator_rho:g}: a correlation from 0 to "
            "1 is needed, mostly under 0.1; 0 leaves the enumerators out of the intervals."
        )
    if design.selection not in SELECTIONS:
        raise StudyError(
            f"{path} [design] selection = {design.selection!r}: must be one of "
            f"{', '.join(SELECTIONS)}. Only a probability sample gets intervals."
        )
    level = number(str(head.get("level", 0.95)), f"{path} [study] level") or 0.95
    if not 0.5 <= level < 1:
        raise StudyError(f"{path} [study] level = {level}: must lie between 0.5 and 1, e.g. 0.95.")
    timezone = str(head.get("timezone", "Asia/Makassar"))
    check_timezone(timezone, f"{path} [study] timezone")
    if server.page_size < 1:
        raise StudyError(f"{path} [server] page_size = {server.page_size}: must be 1 or more.")
    study_id = str(head.get("id", re.sub(r"[^A-Za-z0-9._-]+", "-", folder.name).strip(".-")))
    for name, value in (("[study] id", study_id), ("[server] id", server.id)):
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", value):
            raise StudyError(
                f"{path} {name} = {value!r}: a short name of letters, digits, point, dash and "
                "underscore is needed, since folders are called after it; never an address."
            )
    return Study(
        id=study_id,
        folder=folder,
        name=str(head.get("name", folder.name)),
        place=str(head.get("place", "")),
        institution=str(head.get("institution", "")),
        office=str(head.get("office", "")),
        timezone=timezone,
        level=level,
        engine=engine_of(str(head.get("engine", "local")), f"{path} [study]"),
        master=str(head.get("master", "local[*]")),
        server=server,
        waves=waves,
        design=design,
        weights=weights(raw.get("weights", {}), f"{path} [weights]"),
        index=waves[-1].index or IndexSettings(),
        thresholds=tuple(
            section(Threshold, t, f"{path} [[threshold]]") for t in raw.get("threshold", [])
        ),
        publication=publication_of(raw.get("publication", {}), f"{path} [publication]"),
        report=section(ReportSettings, raw.get("report", {}), f"{path} [report]"),
        officials=official_scores(raw.get("official", []), str(path)),
        units=_read_units(folder / "units.csv", timezone),
        has_settings=has_settings,
        calibration=(
            calibration(raw["calibration"], f"{path} [calibration]")
            if "calibration" in raw
            else None
        ),
        case_mix=(case_mix(raw["case_mix"], f"{path} [case_mix]") if "case_mix" in raw else None),
        renamed=renamed(raw.get("renamed", {}), f"{path} [renamed]"),
    )


def _read_units(path: Path, timezone: str) -> tuple[Unit, ...]:
    if not path.exists():
        return ()
    rows = read_table(path, ["unit_id", "name", "sector"])
    unique(rows, "unit_id", path)
    units = []
    for row in rows:
        where = f"{path}, row {row.line}"
        zone = row.get("tz") or timezone
        check_timezone(zone, f"{where}, tz")
        probability = number(row.get("inclusion_probability", ""), where)
        if probability is not None and not 0 < probability <= 1:
            raise StudyError(
                f"{where}: inclusion_probability {probability} must lie in (0, 1]; "
                "leave it blank where every unit of the list is surveyed."
            )
        in_frame = row.get("in_frame", "ya").lower()
        if in_frame not in {"ya", "tidak"}:
            raise StudyError(
                f"{where}: in_frame {row['in_frame']!r} must be ya or tidak; tidak leaves the unit "
                "out of every figure."
            )
        way = row.get("cara", "").lower()
        if way not in {"", "sampel", "sensus"}:
            raise StudyError(
                f"{where}: cara {row['cara']!r} must be sampel or sensus; sensus where every open "
                "block of the field window is worked."
            )
        units.append(
            Unit(
                unit_id=row["unit_id"],
                name=row["name"],
                short_name=row.get("short_name") or row["name"],
                sector=row["sector"],
                timezone=zone,
                visitors_per_day=number(row.get("visitors_per_day", ""), where),
                inclusion_probability=1.0 if probability is None else probability,
                in_frame=in_frame == "ya",
                census=way == "sensus",
            )
        )
    return tuple(units)
