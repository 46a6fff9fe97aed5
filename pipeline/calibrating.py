"""From the study's known totals to the plan by which its interviews are calibrated."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.calibration_plan import CalibrationPlan
from analysis.instrument import Instrument
from analysis.margins import CROSS, Margins
from pipeline.errors import StudyError
from pipeline.known_totals import KnownTotals, read_known_totals
from pipeline.settings import CalibrationSettings
from pipeline.study import Study

UNIT = "unit_id"
OBSERVED = {"obs_sex": ("L", "P"), "obs_age_band": ("17-29", "30-44", "45-59", "60+")}
"""Codes of what the enumerator sees of everybody selected."""
SEEN = {"obs_sex": "jk_amatan", "obs_age_band": "umur_amatan"}
"""... and the questions in which it is noted."""


@dataclass(frozen=True)
class Planned:
    """What is to be met, the interviews' columns that it asks for, and what had to be decided.

    `columns` has a row for each interview, in their order; a number whose sum is known by unit has
    a column for each unit, 0 elsewhere.
    """

    plan: CalibrationPlan
    totals: KnownTotals
    columns: pd.DataFrame
    stand_ins: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def counted(self) -> frozenset[str]:
        """Questions whose shares are known totals and not estimates, and those that stand in."""
        stand_ins = {SEEN.get(name, name) for name in self.stand_ins}
        return frozenset({*self.totals.columns, *stand_ins})


def planned(
    study: Study,
    interviews: pd.DataFrame,
    instrument: Instrument,
    *,
    selection: str,
    simulated: bool,
) -> tuple[Planned | None, tuple[str, ...]]:
    """The calibration of these interviews (with `unit_id` where there are units), or why not.

    Raises
    ------
    StudyError
        From the settings and the file: see `known_totals.read_known_totals`; totals that a program
        made for a sample that it did not; totals of another population than was sampled; a column
        that the interviews do not have; a unit with interviews and without totals.
    """
    settings = study.calibration
    if settings is None:
        return None, _unused(study)
    totals = _totals(study, settings, instrument)
    _refuse_simulated(study, totals, simulated)
    if selection != "probability":
        return None, (
            f"Selection is {selection}: the totals of {totals.path.name} are not used, since no "
            "weight makes such a sample speak for those who had no chance to be in it.",
        )
    if interviews.empty:
        return None, ("There is no interview, so no weight is brought to the known totals.",)
    if study.is_designed:
        _refuse_population(study, totals)
    columns, filled = _columns(study, settings, totals, interviews)
    margins, without, left_out = _margins(study, totals, interviews)
    numbers, columns = _numbers(totals, interviews, columns)
    low, high = (*settings.bounds, 0.0, 0.0)[:2]
    plan = CalibrationPlan(
        margins=Margins(totals.population, margins, numbers, partial=bool(without)),
        # A sample of sessions is of visits; of any other survey only its analyst can know.
        population="kunjungan" if study.is_designed else totals.population,
        method="raking" if settings.method in {"raking", "poststrat"} else settings.method,  # type: ignore[arg-type]
        bounds=(low, high) if settings.bounds else None,
        trim=settings.trim or np.inf,
        minimum=settings.minimum,
        variance=settings.variance,  # type: ignore[arg-type]
        without=without,
    )
    stand_ins = tuple(settings.missing.values())
    return Planned(plan, totals, columns, stand_ins, (*filled, *left_out)), ()


def _unused(study: Study) -> tuple[str, ...]:
    if not study.file("margins.csv").exists():
        return ()
    return (
        "margins.csv is there, but study.toml has no [calibration], so the weights are not brought "
        "to its totals. Add the section, or take the file away.",
    )


def _totals(study: Study, settings: CalibrationSettings, instrument: Instrument) -> KnownTotals:
    levels = {
        q.name: tuple(c.name for c in instrument.choices.get(q.list_name or q.name, ()))
        for q in instrument.questions
        if q.type != "select_multiple"
    }
    units = [unit.unit_id for unit in study.units]
    totals = read_known_totals(
        study.file(settings.file), margins=settings.margins, units=units,
        levels={**levels, **OBSERVED, UNIT: units}, reconcile=settings.reconcile,
        wave=study.wave.id, waves=[wave.id for wave in study.waves],
    )  # fmt: skip
    if settings.method == "poststrat" and totals.numbers:
        raise StudyError(
            f'{study.file("study.toml")} [calibration] method = "poststrat" meets levels, and '
            f"{totals.path.name} gives the sum of {', '.join(totals.numbers)}. Take raking, "
            "linear or logit."
        )
    if settings.method == "poststrat" and len(totals.margins) > 1:
        raise StudyError(
            f'{study.file("study.toml")} [calibration] method = "poststrat" meets one margin, but '
            f"{totals.path.name} gives {', '.join(totals.margins)}. Name one under margins, cross "
            f"them in one (such as jk{CROSS}umur_kel), or rake."
        )
    return totals


def _refuse_simulated(study: Study, totals: KnownTotals, simulated: bool) -> None:
    if totals.is_simulated and not simulated:
        raise StudyError(
            f"{totals.path}: these totals were simulated, the submissions were not. Real answers "
            "must not be weighted to numbers that nobody counted: give the unit's own totals with "
            f"their source, or take [calibration] out of {study.file('study.toml')}."
        )


def _refuse_population(study: Study, totals: KnownTotals) -> None:
    if totals.population == "kunjungan" and study.weights.estimand == "visits":
        return
    if totals.population == "kunjungan":
        raise StudyError(
            f"{totals.path}, row {totals.rows[0].line}: the totals count visits, but [weights] "
            f'estimand = "{study.weights.estimand}". Who comes often is in a register of visits '
            "many times. Take [calibration] out, or estimate visits."
        )
    raise StudyError(
        f"{totals.path}, row {totals.rows[0].line}: the totals count residents (penduduk), but the "
        "sample is of visits (kunjungan). Who comes often would get the weight of who stays at "
        "home. Use a register of visits, or take [calibration] out of study.toml."
    )


def _columns(
    study: Study, settings: CalibrationSettings, totals: KnownTotals, interviews: pd.DataFrame
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """What each interview says to the margins, blanks filled by the declared stand-in."""
    where = f"{study.file('study.toml')} [calibration]"
    unused = [name for name in settings.missing if name not in totals.columns]
    if unused:
        raise StudyError(
            f"{where} missing names {', '.join(unused)}, which is no margin in use; the margins "
            f"are of {', '.join(totals.columns)}. Correct the name."
        )
    notes, found = [], {}
    for name in totals.columns:
        for column in filter(None, (name, settings.missing.get(name))):
            if column not in interviews:
                raise StudyError(
                    f"{totals.path}: a margin is of {column!r}, but the interviews have no such "
                    "answer, so nobody knows who belongs to which level. Correct the name: it is "
                    "that of the question."
                )
        values = interviews[name].astype("object")
        blank = values.isna() | (values.astype(str).str.strip() == "")
        stand_in = settings.missing.get(name)
        if blank.any() and stand_in:
            values = values.where(~blank, interviews[stand_in].astype("object"))
            notes.append(
                f"Calibration: {int(blank.sum())} interviews have no {name}; {stand_in} stands in "
                "for it."
            )
        found[name] = values
    return pd.DataFrame(found, index=interviews.index), tuple(notes)


def _numbers(
    totals: KnownTotals, interviews: pd.DataFrame, columns: pd.DataFrame
) -> tuple[dict[str, float], pd.DataFrame]:
    """Sums of numbers as `analysis.margins` takes them, and the columns they are of."""
    found: dict[str, float] = {}
    made: dict[str, pd.Series[Any]] = {}
    for row in totals.rows:
        if row.level:
            continue
        values = columns[row.margin]
        if not row.unit_id:
            found[row.margin] = row.total
            continue
        own = interviews[UNIT] == row.unit_id
        if own.any():
            name = f"{row.unit_id}{CROSS}{row.margin}"
            found[name] = row.total
            made[name] = values.where(own, 0)
    return found, columns.assign(**made)


def _margins(
    study: Study, totals: KnownTotals, interviews: pd.DataFrame
) -> tuple[dict[str, dict[str, float]], dict[str, frozenset[str]], tuple[str, ...]]:
    """Totals by margin and level as `analysis.margins` takes them; units become a crossed level.

    By margin too the units with interviews and without totals, which keep their weights.
    """
    present = set(interviews[UNIT]) if UNIT in interviews else set()
    silent = sorted({r.unit_id for r in totals.rows if r.unit_id and r.unit_id not in present})
    out: dict[str, dict[str, float]] = {}
    lacking: dict[str, frozenset[str]] = {}
    for margin in totals.margins:
        if margin in totals.numbers:
            continue
        own = [row for row in totals.rows if row.margin == margin]
        if not totals.by_unit(margin):
            out[margin] = {row.level: row.total for row in own}
            continue
        without = frozenset(present - {row.unit_id for row in own})
        if without == present:
            continue
        if without:
            lacking[f"{UNIT}{CROSS}{margin}"] = without
        out[f"{UNIT}{CROSS}{margin}"] = {
            f"{row.unit_id}{CROSS}{row.level}": row.total for row in own if row.unit_id in present
        }
    left_out = [
        f"Calibration: the totals of {', '.join(silent)} are left out, for there is no "
        "interview to stand for them."
    ]
    kept = [
        f"Calibration: {', '.join(sorted(units))} gave no totals of {name.partition(CROSS)[2]}; "
        f"{int(interviews[UNIT].isin(units).sum())} interviews keep their weights there."
        for name, units in lacking.items()
    ]
    return out, lacking, (*(left_out if silent else ()), *kept)
