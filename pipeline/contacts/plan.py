"""The session plan, checked against the units and the design of the study."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.errors import StudyError
from pipeline.study import Study
from pipeline.tables import Row, number, read_table, unique

PLAN_COLUMNS = ("session_id", "unit_id", "date", "block")


def read_plan(study: Study) -> pd.DataFrame:
    """The session plan of the wave under analysis, one row a session, checked against the units.

    With several waves the column `wave` says of which wave a session is; ids of sessions are
    unique over all of them, so that the PSUs of two waves are never taken for the same.

    Raises
    ------
    StudyError
        Where a column is missing, a code stands twice, a unit is not in units.csv, or a session
        is of no wave.
    """
    path = study.file("sessions.csv")
    rows = read_table(path, PLAN_COLUMNS)
    unique(rows, "session_id", path)
    rows = _of_wave(study, rows, path)
    units = {unit.unit_id for unit in study.units}
    for row in rows:
        if row["unit_id"] not in units:
            raise StudyError(
                f"{path}, row {row.line}: unit_id {row['unit_id']!r} is not in units.csv, so the "
                "session belongs to no unit. Correct the code, or add the unit."
            )
    plan = pd.DataFrame(rows, columns=list(rows[0]) if rows else list(PLAN_COLUMNS))
    for column in ("blocks_window", "block_minutes", "k_plan"):
        plan[column] = _numbers(rows, column, path)
    if "day_type" not in plan:
        plan["day_type"] = ""
    missing = [name for name in study.design.stratum if name not in plan]
    if missing:
        raise StudyError(
            f"{study.file('study.toml')} [design] stratum names {', '.join(missing)}, which is no "
            f"column of sessions.csv. Columns there: {', '.join(plan.columns)}."
        )
    names = list(study.design.stratum) or ["unit_id"]
    plan["stratum"] = plan[names].agg(" · ".join, axis=1)
    return plan


def of_other_waves(study: Study) -> dict[str, str]:
    """Sessions of the waves that are not under analysis, each with its wave."""
    if not study.has_waves:
        return {}
    rows = read_table(study.file("sessions.csv"), PLAN_COLUMNS)
    return {
        row["session_id"]: row.get("wave", "") for row in rows if row.get("wave") != study.wave.id
    }


def _of_wave(study: Study, rows: Sequence[Row], path: Path) -> list[Row]:
    """The sessions of the wave under analysis; without a column `wave` all are of the only one."""
    ids = [wave.id for wave in study.waves]
    if not any("wave" in row for row in rows):
        if study.has_waves:
            raise StudyError(
                f"{path}: the study has the waves {', '.join(ids)}, and no column `wave` says of "
                "which each session is, so that each wave would be taken to have worked a part of "
                "its sessions only. Add the column."
            )
        return list(rows)
    for row in rows:
        if row["wave"] not in ids and (row["wave"] or study.has_waves):
            said = f"wave {row['wave']!r} is not" if row["wave"] else "wave is blank and so is not"
            raise StudyError(
                f"{path}, row {row.line}: {said} a [[wave]] of study.toml ({', '.join(ids)}), so "
                "the session counts nowhere. Correct the id, or declare the wave."
            )
    return [row for row in rows if row["wave"] in {study.wave.id, ""}]


def _numbers(rows: Sequence[Row], column: str, path: Path) -> list[float]:
    values = [number(row.get(column, ""), f"{path}, row {row.line}, {column}") for row in rows]
    return [np.nan if value is None else value for value in values]
