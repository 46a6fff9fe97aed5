"""The weight of an interview, factor by factor, with its history.

    w = (1/pi_unit) (M/m) (T/tau) (C/s) f_nonresponse (1/v)

The estimand is visits: an interview stands for as many visits of the field window. Where it is
persons, the weight is divided by v, the visits of that person in the window. All other factors
are properties of sessions; what a session cannot know (its visitor count) is replaced tier by
tier, and the tier is kept beside the weight. Method and formulae: docs/method_weights.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import WeightError
from analysis.outcomes import classify
from analysis.weight_classes import nonresponse_classes, trim_weights
from analysis.weight_counts import add_counts
from analysis.weight_diagnostics import WeightDiagnostics, diagnose
from analysis.weight_persons import person_factor
from analysis.weight_plan import read_log, read_plan

TIERS = ("T0", "T1", "T2", "T3", "T4", "T5")
"""Best first: counted, rebuilt from the contact log, register, the unit's usual number, sessions
equal, not weighted."""

TIER_SHARE = 0.2
"""A unit takes the worst tier that, with those worse, more than this share of interviews has."""

WEIGHTED_COLUMNS = (
    "submission_id", "unit_id", "stratum", "psu", "f_unit", "f_block", "f_time", "f_count",
    "f_nonresponse", "f_person", "w_base", "w_raw", "w_trimmed", "w_norm", "tier",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Weighting:
    """Weights and what they were made of.

    Attributes
    ----------
    frame
        One row an interview, in the order of `submission_id`; see docs/architecture.md.
    sessions
        The sessions given, with `tier`, `count_used` (visitors of the covered time that the weight
        stands on), `selected`, `eligible`, `unknown`, `ineligible`, `interviews`, `weight_class`
        and the factors.
    unit_tiers
        Tier of each unit that has interviews.
    empty
        Stratum of each worked session that gave no interview: draws that were made, and count
        as such in the variance (`estimates.estimate(empty=...)`).
    notes
        What was replaced or moved, one sentence each, naming sessions.
    diagnostics
        Spread of the weights and of each factor, as data.
    """

    frame: pd.DataFrame
    sessions: pd.DataFrame
    unit_tiers: Mapping[str, str]
    empty: Mapping[str, str]
    notes: tuple[str, ...]
    diagnostics: WeightDiagnostics


def weigh(
    contacts: pd.DataFrame,
    sessions: pd.DataFrame,
    units: Mapping[str, float],
    *,
    selection: str,
    covered: float = 0.9,
    minimum_class: int = 10,
    trim: float = 4.0,
    usual: Mapping[str, float] | None = None,
    visits: "pd.Series[Any] | None" = None,
    most_visits: float = 10.0,
) -> Weighting:
    """Weigh every interview (outcome 1.1 or 1.2) among the contacts.

    Parameters
    ----------
    contacts, sessions
        Tables of docs/architecture.md.
    units
        Inclusion probability by unit code.
    selection
        `probability`; any other kind gives every interview the weight 1 and tier T5.
    covered
        A session that covered at least this share of its block counts as whole.
    minimum_class
        Interviews that a session needs to be a non-response class of its own.
    trim
        Weights above this multiple of their unit's median are cut; the unit's total stays.
    usual
        Visitors that a unit usually has in a block, by unit code: what a unit of which no session
        was counted stands for (T3). Units that are not named have none.
    visits
        Visits of the person in the window, by `submission_id`: the estimand is then persons
        (`weight_persons.person_factor`). Without it, visits.
    most_visits
        More visits than these count as these.

    Raises
    ------
    WeightError
        Naming the sessions: no row in the plan, blocks of the window missing or fewer
        than those worked, times or k that cannot be; or the units: a usual number that cannot be,
        nobody who told his visits.
    """
    if selection != "probability":
        return _unweighted(contacts, sessions, selection)
    plan = read_plan(sessions, units)
    log = read_log(contacts, plan)
    plan, notes = add_counts(plan, log, covered, usual or {})
    usable = plan["worked"] & ((plan["selected"] > 0) | (plan["count_used"] == 0))
    lost = plan.index[plan["worked"] & ~usable]
    if len(lost):
        notes.append(
            f"Session {', '.join(lost)}: worked, but no contact of it arrived, so the other "
            "sessions of its unit stand for it. Look for submissions not yet sent."
        )
    plan["f_unit"] = 1 / plan["unit_id"].map(dict(units)).astype(float)
    plan["f_block"] = _block_factor(plan, usable)
    base = plan["f_unit"] * plan["f_block"] * plan["f_time"] * plan["f_count"]
    plan["w_base"] = base.where(plan["selected"] > 0)
    plan, more = nonresponse_classes(plan, minimum_class)
    silent = usable & (plan["interviews"] == 0)
    frame, of_persons = _frame(log, plan, trim, visits, most_visits)
    diagnostics = diagnose(frame, trim)
    moved = diagnostics.units[["unit_id", "trimmed", "moved_share"]].to_numpy()
    cut = [
        f"Unit {unit}: {trimmed} weights above {trim:g} times the unit's median were cut; "
        f"{share:.1%} of its weight moved."
        for unit, trimmed, share in moved
        if trimmed
    ]
    return Weighting(
        frame=frame[list(WEIGHTED_COLUMNS)],
        sessions=plan.reset_index(),
        unit_tiers=_unit_tiers(frame),
        empty={str(s): str(h) for s, h in plan.loc[silent, "stratum"].items()},
        notes=(*notes, *more, *of_persons, *cut),
        diagnostics=diagnostics,
    )


def _block_factor(plan: pd.DataFrame, usable: "pd.Series[bool]") -> "pd.Series[float]":
    """M/m: open blocks of the stratum in the window over blocks worked in it."""
    worked = plan[usable]
    grouped = worked.groupby(["unit_id", "stratum"])["blocks_window"]
    m = grouped.transform("size")
    without = worked.index[worked["blocks_window"].isna()]
    if len(without):
        raise WeightError(
            f"Session {', '.join(without)}: blocks_window is missing, so nobody knows how many "
            "blocks the session stands for. Fill it in sessions.csv: the number of open blocks of "
            "that stratum in the field window."
        )
    torn = worked.index[grouped.transform("nunique") > 1]
    if len(torn):
        raise WeightError(
            f"Sessions {', '.join(torn)} are of one stratum but give different blocks_window; "
            "it is the number of open blocks of the stratum, the same in every row."
        )
    over = worked.index[worked["blocks_window"] < m]
    if len(over):
        raise WeightError(
            f"Sessions {', '.join(over)}: {int(m[over[0]])} blocks were worked, more than the "
            f"{worked['blocks_window'][over[0]]:g} that blocks_window says were open. "
            "Correct blocks_window in sessions.csv."
        )
    return (worked["blocks_window"] / m).reindex(plan.index)


def without_counts(
    contacts: pd.DataFrame,
    sessions: pd.DataFrame,
    units: Mapping[str, float],
    weighting: Weighting,
    **options: Any,
) -> Weighting:
    """The weights that the same interviews would have, had nobody counted visitors (all T4).

    `options` are those with which `weighting` was made; `usual` is dropped. Each unit keeps the
    visits it stands for in `weighting`: what differs is what the counts say within units.
    `weight_sensitivity.sensitivity` compares the estimates of the two.
    """
    blank = sessions.assign(count=np.nan, k=np.nan)
    found = weigh(contacts, blank, units, **options | {"usual": None})
    had = weighting.frame.groupby("unit_id")["w_raw"].sum()
    has = found.frame.groupby("unit_id")["w_raw"].sum()
    level = found.frame["unit_id"].map(had / has).to_numpy(dtype=np.float64)
    scaled = {name: found.frame[name] * level for name in ("w_base", "w_raw", "w_trimmed")}
    if weighting.frame["tier"].eq("T5").all():
        scaled = {}
    return replace(found, frame=found.frame.assign(**scaled))


def _frame(
    log: pd.DataFrame,
    plan: pd.DataFrame,
    trim: float,
    visits: "pd.Series[Any] | None",
    most_visits: float,
) -> tuple[pd.DataFrame, list[str]]:
    interviews = log[log["group"].isin(["complete", "partial"])]
    factors = [
        "unit_id", "stratum", "f_unit", "f_block", "f_time", "f_count", "f_nonresponse",
        "w_base", "tier",
    ]  # fmt: skip
    frame = interviews[["submission_id", "session_id"]].join(plan[factors], on="session_id")
    frame = frame.rename(columns={"session_id": "psu"}).reset_index(drop=True)
    frame["f_person"], notes = person_factor(frame, visits, most_visits)
    frame["w_raw"] = frame["w_base"] * frame["f_nonresponse"] * frame["f_person"]
    trimmed = frame["w_raw"].to_numpy(copy=True)
    norm = np.ones(len(frame))
    for rows in frame.groupby("unit_id").indices.values():
        trimmed[rows] = trim_weights(trimmed[rows], trim)
        norm[rows] = trimmed[rows] * (len(rows) / trimmed[rows].sum())
    return frame.assign(w_trimmed=trimmed, w_norm=norm), notes


def _unit_tiers(frame: pd.DataFrame) -> dict[str, str]:
    counts = pd.crosstab(frame["unit_id"], frame["tier"]).reindex(columns=list(TIERS), fill_value=0)
    or_worse = counts.iloc[:, ::-1].cumsum(axis=1).div(counts.sum(axis=1), axis=0)
    # From the worst tier on, the first to pass the share; the best passes always.
    worst = (or_worse > TIER_SHARE).idxmax(axis=1)
    return {str(unit): str(tier) for unit, tier in worst.items()}


def _unweighted(contacts: pd.DataFrame, sessions: pd.DataFrame, selection: str) -> Weighting:
    """Weight 1 for all: who came into the sample is not known by probability."""
    log = contacts.assign(group=classify(contacts["outcome"]))
    log = log[log["group"].isin(["complete", "partial"])]
    log = log.sort_values("submission_id", kind="stable").reset_index(drop=True)
    frame = log[["submission_id", "unit_id"]].copy()
    psu = log["session_id"] if "session_id" in log else frame["submission_id"]
    frame["stratum"], frame["psu"] = frame["unit_id"], psu.fillna(frame["submission_id"])
    for name in WEIGHTED_COLUMNS[4:-1]:
        frame[name] = 1.0
    frame["tier"] = "T5"
    kept = sessions.assign(tier="T5") if len(sessions) else sessions
    return Weighting(
        frame=frame[list(WEIGHTED_COLUMNS)],
        sessions=kept,
        unit_tiers=dict.fromkeys(sorted(map(str, frame["unit_id"].dropna().unique())), "T5"),
        empty={},
        notes=(f"Selection is {selection}: no weights, no intervals, no comparisons.",),
        diagnostics=diagnose(frame, np.inf),
    )
