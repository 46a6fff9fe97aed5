"""Reserve sessions: drawn with the others, on every phone, worked only where one was lost.

A reserve nobody needed is no session of the study. One that was worked has no day in the plan;
its day is the one on which it was worked, local to its unit.
"""

import pandas as pd

from pipeline.contacts.people import moments
from pipeline.settings import zone
from pipeline.study import Study


def in_use(
    study: Study,
    plan: pd.DataFrame,
    contacts: pd.DataFrame,
    records: pd.DataFrame,
    notes: list[str],
) -> pd.DataFrame:
    """The plan without idle reserves (`cadangan` = ya), those worked with their day.

    What was worked in place of a planned session is added to the notes.
    """
    if "cadangan" not in plan:
        return plan
    reserve = plan["cadangan"] == "ya"
    seen = pd.concat(
        [
            pd.DataFrame({"session_id": contacts["session_id"], "at": contacts["selected_at"]}),
            pd.DataFrame({"session_id": records["sesi"], "at": moments(records, "start")}),
        ],
        ignore_index=True,
    )
    kept = plan[~reserve | plan["session_id"].isin(seen["session_id"])].reset_index(drop=True)
    worked = kept.index[kept["cadangan"] == "ya"]
    if not len(worked):
        return kept
    first = seen.dropna(subset=["at"]).groupby("session_id")["at"].min()
    zones = {unit.unit_id: unit.timezone for unit in study.units}
    for row in worked:
        session, unit = kept.loc[row, "session_id"], kept.loc[row, "unit_id"]
        if not kept.loc[row, "date"] and session in first.index:
            kept.loc[row, "date"] = first[session].tz_convert(zone(zones[unit])).date().isoformat()
    notes.append(
        f"Session {', '.join(kept.loc[worked, 'session_id'])}: a reserve, worked in place of a "
        "planned session that was lost."
    )
    return kept
