"""How many visitors a session stands for, and how well that is known.

T0  counted: tickets or a tally of the covered time
T1  rebuilt: k times the number selected, from a contact log without a gap
T2  the unit's own register of the covered time, or three five-minute counts of the flow
T3  unknown, and no session of the unit was counted: the visitors that its blocks usually have
T4  unknown: the mean of the unit's other sessions, so that sessions count alike

T3 and T4 treat the sessions of a unit alike. T3 says besides how many visits the unit stands for;
where any of its sessions was counted, that count says it better.

A count below the number selected cannot be right (an interview would stand for less than one
visit) and is not used; the session is rebuilt as if nobody had counted.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.errors import WeightError
from analysis.outcomes import GROUPS


def add_counts(
    plan: pd.DataFrame, log: pd.DataFrame, covered: float, usual: Mapping[str, float]
) -> tuple[pd.DataFrame, list[str]]:
    """Add contacts by group, tier, `count_used`, `f_time` and `f_count` to every session.

    Parameters
    ----------
    plan
        Sessions by `session_id`.
    log
        Contacts with `session_id`, `seq`, `group`.
    covered
        Share of the block from which its time counts as covered whole.
    usual
        Visitors that a unit usually has in a block, by unit code.

    Returns
    -------
    DataFrame, list of str
        The plan with its new columns, and notes naming sessions whose count was replaced.

    Raises
    ------
    WeightError
        Where k, the times or a usual number cannot be.
    """
    by_group = pd.crosstab(log["session_id"], log["group"])
    by_group = by_group.reindex(index=plan.index, columns=list(GROUPS), fill_value=0)
    plan = plan.assign(
        selected=by_group.sum(axis=1),
        eligible=by_group[["complete", "partial", "refused", "noncontact", "other"]].sum(axis=1),
        unknown=by_group["unknown"],
        ineligible=by_group["ineligible"],
        interviews=by_group[["complete", "partial"]].sum(axis=1),
    )
    notes: list[str] = []
    _check_k(plan)
    _check_usual(usual)
    low = plan["count"] < plan["selected"]
    counted = plan["count"].notna() & ~low
    plan["f_time"] = _time_factor(plan, counted, covered, notes)
    whole = _complete_logs(plan, log)
    register = counted & plan["count_method"].isin(["register", "arus"])
    rebuilt = ~counted & whole & plan["k"].notna() & (plan["selected"] > 0)
    tier = np.select([register, counted, rebuilt], ["T2", "T0", "T1"], default="T4")
    plan["tier"] = pd.Series(tier, index=plan.index).where(plan["worked"], "")
    plan["count_used"] = plan["count"].where(counted, (plan["k"] * plan["selected"]).where(rebuilt))
    for session in plan.index[plan["worked"] & low]:
        _name(notes, pd.Index([session]),
              f"count not usable: {plan['count'][session]:g} visitors counted, fewer than the "
              f"{plan['selected'][session]:g} selected (tier {plan['tier'][session]}); check the "
              "tally or the ticket numbers of the close form")  # fmt: skip
    _name(notes, plan.index[plan["worked"] & rebuilt],
          "no usable visitor count; rebuilt as k times the number selected (tier T1)")  # fmt: skip
    known = (plan["count_used"] * plan["f_time"]).where(plan["worked"])
    typical = known.groupby(plan["unit_id"]).transform("mean")
    expected = plan["unit_id"].map(dict(usual)).astype(float)
    equal = plan["worked"] & (plan["tier"] == "T4") & (plan["selected"] > 0)
    guessed = equal & typical.isna() & expected.notna()
    plan.loc[plan["worked"] & typical.isna() & expected.notna(), "tier"] = "T3"
    _name(notes, plan.index[guessed],
          "no session of the unit has a usable visitor count or k with a contact log without gaps; "
          "it counts as a block with the unit's usual visitors (tier T3)")  # fmt: skip
    _name(notes, plan.index[equal & ~guessed],
          "neither a usable visitor count nor k with a contact log without gaps; it counts as an "
          "average session of its unit (tier T4)")  # fmt: skip
    typical = typical.fillna(expected)
    # A unit without any: every session stands for the same, arbitrary number of visits.
    alike = plan["selected"].where(plan["worked"]).groupby(plan["unit_id"]).transform("mean")
    plan["count_used"] = plan["count_used"].where(~equal, typical.fillna(alike))
    plan["f_time"] = plan["f_time"].where(~equal, 1.0)
    plan["f_count"] = plan["count_used"] / plan["selected"].where(plan["selected"] > 0)
    return plan, notes


def _time_factor(
    plan: pd.DataFrame, counted: "pd.Series[bool]", covered: float, notes: list[str]
) -> "pd.Series[float]":
    block, minutes = plan["block_minutes"], plan["covered_minutes"]
    wrong = plan.index[(block <= 0) | (minutes <= 0)]
    if len(wrong):
        raise WeightError(
            f"Session {', '.join(wrong)}: block_minutes and covered_minutes must be more than 0. "
            "Correct them in sessions.csv or in the close form."
        )
    some = plan["worked"] & counted & (plan["count"] > 0)  # no visitor is none of any time
    _name(notes, plan.index[some & minutes.isna() & block.notna()],
          "covered minutes are not recorded; the count is taken as of the whole block")  # fmt: skip
    share = (minutes / block).fillna(1.0)
    return (1 / share).where(share < covered, 1.0)


def _check_k(plan: pd.DataFrame) -> None:
    bad_k = plan.index[plan["k"] < 1]
    if len(bad_k):
        raise WeightError(f"Session {', '.join(bad_k)}: k must be 1 or more; correct the form.")


def _check_usual(usual: Mapping[str, float]) -> None:
    wrong = sorted(unit for unit, number in usual.items() if not 0 < number < np.inf)
    if wrong:
        raise WeightError(
            f"Unit {', '.join(wrong)}: the usual number of visitors must be more than 0; correct "
            "it in units.csv, or leave it blank."
        )


def _complete_logs(plan: pd.DataFrame, log: pd.DataFrame) -> "pd.Series[bool]":
    """Whether the contacts of a session are numbered 1 to s without gap, and none is missing."""
    seq = pd.to_numeric(log["seq"], errors="coerce").astype(float)
    grouped = seq.groupby(log["session_id"])
    whole = (
        (grouped.nunique() == grouped.size()) & (grouped.max() == grouped.size())
        & (grouped.min() == 1)
    )  # fmt: skip
    tally = plan.get("n_selected_tally", pd.Series(np.nan, plan.index))
    missing = pd.to_numeric(tally, errors="coerce").astype(float) > plan["selected"]
    return whole.reindex(plan.index, fill_value=False) & ~missing


def _name(notes: list[str], sessions: "pd.Index[str]", sentence: str) -> None:
    if len(sessions):
        notes.append(f"Session {', '.join(sessions)}: {sentence}.")
