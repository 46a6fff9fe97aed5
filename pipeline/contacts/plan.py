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
    """The session plan, one row a session, checked against the units.

    Raises
    ------
    StudyError
        Where a column is missing, a code stands twice or a unit is not in units.csv.
    """
    path = study.file("sessions.csv")
    rows = read_table(path, PLAN_COLUMNS)
    unique(rows, "session_id", path)
    units = {unit.unit_id for unit in study.units}
    for row in rows:
        if row["unit_id"] not in units:
            raise StudyError(
                f"{path}, row {row.line}: unit_id {row['unit_id']!r} is not in units.csv, so the "
                "session belongs to no unit. Correct the code, or add the unit."
            )
    plan = pd.DataFrame(rows)
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


def _numbers(rows: Sequence[Row], column: str, path: Path) -> list[float]:
    values = [number(row.get(column, ""), f"{path}, row {row.line}, {column}") for row in rows]
    return [np.nan if value is None else value for value in values]
