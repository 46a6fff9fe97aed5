"""What a simulated fieldwork declares to be true, read from `simulasi/parameter.toml`."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from typing import Any

import numpy as np

from analysis.errors import SampleError
from analysis.instrument import Instrument
from analysis.simulation import UnitModel
from pipeline.errors import StudyError
from pipeline.settings import refuse_unknown, section
from pipeline.study import Study
from pipeline.tables import read_toml

SHARES = ("observed", "modules", "extra")
"""Settings of a unit that are tables of shares."""


@dataclass(frozen=True)
class Practice:
    """How the field works, everywhere: times in minutes, the rest shares."""

    block_start: Mapping[str, str] = field(default_factory=dict)
    interview_minutes: float = 10.5
    interview_spread: float = 0.22
    patience_minutes: float = 4.0
    refuse_at_consent: float = 0.35
    found_out_later: float = 0.3
    age_misjudged: float = 0.08
    break_off: float = 0.0
    upload_late: float = 0.06

    def start_of(self, block: str) -> time:
        """Local time at which a block begins; StudyError where none is declared."""
        try:
            return time.fromisoformat(self.block_start[block])
        except (KeyError, ValueError):
            raise StudyError(
                f'simulasi/parameter.toml [lapangan] block_start: no time such as "08:00" for '
                f"the block {block!r} of sessions.csv. Declare when it begins."
            ) from None


@dataclass(frozen=True)
class UnitField:
    """Who collects at a unit, whether it was told, how leavers are counted, how many work.

    `observed` and `modules` give the share of `ya` of what is observed at the unit and of the
    questions on its kind of service, `extra` the shares of the codes of further questions. They
    are drawn apart from the answers of `analysis.simulation`, which know nothing of them.
    """

    collector: str = "mitra"
    announced: str = "tidak"
    counting: str = "tally"
    team: int = 3
    observed: Mapping[str, float] = field(default_factory=dict)
    modules: Mapping[str, float] = field(default_factory=dict)
    extra: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class SessionField:
    """A session that did not go as planned.

    `cancelled` is the reason reported, `absent` a session nobody worked or reported, `covered`
    the share of the block that was watched, `interference` what staff of the unit did.
    """

    cancelled: str = ""
    absent: bool = False
    closing: bool = True
    covered: float = 1.0
    interference: str = ""

    @property
    def worked(self) -> bool:
        """Whether anybody stood at the exit."""
        return not (self.cancelled or self.absent)


@dataclass(frozen=True)
class Parameters:
    """Everything declared; `models` and `fields` by unit, `sessions` only where named."""

    seed: int
    submitted_by: str
    practice: Practice
    models: Mapping[str, UnitModel]
    fields: Mapping[str, UnitField]
    sessions: Mapping[str, SessionField]

    def session(self, session_id: str) -> SessionField:
        """How a session went; as planned where nothing is declared."""
        return self.sessions.get(session_id, SessionField())


def read_parameters(study: Study, instrument: Instrument) -> Parameters:
    """Read and check the declared parameters of a study's simulated fieldwork.

    Items worded negatively are taken from the questionnaire's column `polaritas`.

    Raises
    ------
    StudyError
        Where the file is missing, names an unknown setting, unit or session, or declares what
        no unit can have.
    """
    path = study.file("simulasi/parameter.toml")
    if not path.exists():
        raise StudyError(
            f"{path}: not found. It declares what a simulated fieldwork holds to be true; copy "
            "the one of the study kendari and change it."
        )
    raw = read_toml(path)
    unknown = set(raw) - {"seed", "submitted_by", "lapangan", "umum", "unit", "sesi"}
    declared = raw.get("unit", {})
    strangers = set(declared) - {unit.unit_id for unit in study.units}
    if unknown or strangers:
        raise StudyError(
            f"{path}: unknown {', '.join(sorted(unknown | strangers))}. Units must stand in "
            "units.csv; sections are lapangan, umum, unit, sesi."
        )
    reversed_items = tuple(
        q.name for q in instrument.questions if q.polarity == "negatif" and q.dimension
    )
    models, fields = {}, {}
    for unit_id, own in declared.items():
        merged = _merge(raw.get("umum", {}), own)
        field_keys = {f.name for f in dataclasses.fields(UnitField)}
        where = f"{path} [unit.{unit_id}]"
        plain = {k: v for k, v in merged.items() if k in field_keys - {*SHARES}}
        fields[unit_id] = dataclasses.replace(
            section(UnitField, plain, where),
            observed=_shares(merged, "observed", where),
            modules=_shares(merged, "modules", where),
            extra={
                name: _shares(merged["extra"], name, f"{where} extra", whole=True)
                for name in merged.get("extra", {})
            },
        )
        rest = {k: v for k, v in merged.items() if k not in field_keys}
        models[unit_id] = _model(unit_id, rest, reversed_items, path)
    return Parameters(
        seed=int(raw.get("seed", 1)),
        submitted_by=str(raw.get("submitted_by", "")),
        practice=section(Practice, raw.get("lapangan", {}), f"{path} [lapangan]"),
        models=models,
        fields=fields,
        sessions={
            session_id: section(SessionField, values, f"{path} [sesi.{session_id}]")
            for session_id, values in raw.get("sesi", {}).items()
        },
    )


def _model(
    unit_id: str, values: dict[str, Any], reversed_items: tuple[str, ...], path: Path
) -> UnitModel:
    rate_shift = float(values.pop("rate_shift", 0.0))
    level_shift = float(values.pop("level_shift", 0.0))
    own_rates = values.pop("own_rates", {})
    values["rates"] = {
        item: _shifted(rate, rate_shift)
        if item.startswith("e_") and item not in own_rates
        else rate
        for item, rate in values.get("rates", {}).items()
    }
    values["levels"] = {
        item: _shifted(level, level_shift) for item, level in values.get("levels", {}).items()
    }
    if "age_bands" in values:
        values["age_bands"] = tuple(values["age_bands"])
    where = f"{path} [unit.{unit_id}]"
    refuse_unknown(values, {f.name for f in dataclasses.fields(UnitModel)}, where)
    try:
        return UnitModel(unit_id=unit_id, reversed_items=reversed_items, **values)
    except SampleError as error:
        raise StudyError(f"{where}: {error}") from None
    except TypeError:
        raise StudyError(
            f"{where}: a number stands where a text should, or the other way."
        ) from None


def _shares(
    table: Mapping[str, Any], name: str, where: str, *, whole: bool = False
) -> dict[str, float]:
    """Shares by name, each 0 to 1; with `whole` they are all the codes there are."""
    given = table.get(name, {})
    numbers = isinstance(given, Mapping) and all(
        isinstance(v, int | float) and not isinstance(v, bool) and 0 <= v <= 1
        for v in given.values()
    )
    if not numbers or (whole and abs(sum(given.values()) - 1) > 1e-9):
        must = "shares from 0 to 1 that sum to 1" if whole else "shares from 0 to 1"
        raise StudyError(f"{where} {name} = {given!r}: must be a table of {must}.")
    return {str(key): float(value) for key, value in given.items()}


def _merge(common: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    merged: dict[str, Any] = dict(common)
    for key, value in own.items():
        inherited = common.get(key)
        merged[key] = {**inherited, **value} if isinstance(inherited, Mapping) else value
    merged["own_rates"] = own.get("rates", {})
    return merged


def _shifted(share: float, by: float) -> float:
    """A share moved by so much on the logit scale."""
    if not 0 < share < 1:
        return share
    return round(float(1 / (1 + np.exp(-(np.log(share / (1 - share)) + by)))), 4)
