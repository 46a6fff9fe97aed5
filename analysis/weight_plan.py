"""The session plan and the contact log, checked before anything is weighed."""

from collections.abc import Mapping

import pandas as pd

from analysis.errors import WeightError
from analysis.outcomes import classify


def read_plan(sessions: pd.DataFrame, units: Mapping[str, float]) -> pd.DataFrame:
    """Sessions by `session_id`, in its order, checked for what every factor needs.

    Raises
    ------
    WeightError
        Naming what cannot be: a session twice, a unit that is not in the list, a probability.
    """
    doubled = sorted(set(sessions.loc[sessions["session_id"].duplicated(), "session_id"]))
    if doubled:
        raise WeightError(f"Session {', '.join(doubled)} has two rows in the plan; keep one each.")
    plan = sessions.sort_values("session_id", kind="stable").set_index("session_id")
    strange = sorted(set(plan["unit_id"]) - set(units))
    if strange:
        raise WeightError(
            f"The session plan names the unit {', '.join(map(str, strange))}, which is not in the "
            "list of units; correct sessions.csv or add the unit to units.csv."
        )
    for unit, probability in units.items():
        if not 0 < probability <= 1:
            raise WeightError(
                f"Unit {unit} has the inclusion probability {probability}; it must lie in (0, 1]."
            )
    plan["worked"] = plan["worked"].astype(bool)
    for name in ("blocks_window", "block_minutes", "covered_minutes", "count", "k"):
        plan[name] = pd.to_numeric(plan[name], errors="coerce").astype(float)
    return plan


def read_log(contacts: pd.DataFrame, plan: pd.DataFrame) -> pd.DataFrame:
    """Contacts by `submission_id` with their group; every one belongs to a session of the plan.

    Raises
    ------
    WeightError
        Naming submissions or sessions: one twice, no session, not in the plan, not worked.
    """
    log = contacts[["submission_id", "session_id", "seq", "outcome"]].sort_values(
        "submission_id", kind="stable"
    )
    log = log.assign(group=classify(log["outcome"])).reset_index(drop=True)
    twice = log.loc[log["submission_id"].duplicated(), "submission_id"]
    if len(twice):
        raise WeightError(
            f"Submission {', '.join(twice.head(3))} stands twice among the contacts, so it would "
            "count twice; keep its latest version only."
        )
    unnamed = log["session_id"].isna() | (log["session_id"] == "")
    if unnamed.any():
        raise WeightError(
            f"{int(unnamed.sum())} contacts name no session, so nothing says how many visits they "
            "stand for. Enter the session of the submissions "
            f"{', '.join(log.loc[unnamed, 'submission_id'].head(3))}"
            f"{' ...' if unnamed.sum() > 3 else ''}, or reject them."
        )
    strange = sorted(set(log["session_id"]) - set(plan.index))
    if strange:
        raise WeightError(
            f"{int(log['session_id'].isin(strange).sum())} contacts belong to the session "
            f"{', '.join(strange)}, which has no row in sessions.csv, so their weight cannot be "
            "computed. Add the session to the plan, or correct its code in the submissions."
        )
    idle = sorted(set(log["session_id"]) & set(plan.index[~plan["worked"]]))
    if idle:
        raise WeightError(
            f"Session {', '.join(idle)} has contacts but is marked as not worked; "
            "one of the two is wrong."
        )
    return log
