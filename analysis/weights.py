"""The weight of an interview, factor by factor, with its history.

    w = (1/pi_unit) (M/m) (T/tau) (C/s) f_nonresponse

The estimand is visits: an interview stands for as many visits of the field window. Factors are
properties of sessions; what a session cannot know (its visitor count) is replaced tier by tier,
and the tier is kept beside the weight. Method and formulae: docs/method_weights.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import WeightError
from analysis.outcomes import classify
from analysis.weight_classes import nonresponse_classes, trim_weights
from analysis.weight_counts import add_counts

TIERS = ("T0", "T1", "T2", "T4", "T5")
"""Best first: counted, rebuilt from the contact log, register, sessions equal, not weighted."""

TIER_SHARE = 0.2
"""A unit takes the worst tier that, with those worse, more than this share of interviews has."""

WEIGHTED_COLUMNS = (
    "submission_id", "unit_id", "stratum", "psu", "f_unit", "f_block", "f_time", "f_count",
    "f_nonresponse", "w_base", "w_raw", "w_trimmed", "w_norm", "tier",
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
        One row a unit: `n`, Kish's `deff` n sum(w^2) / (sum w)^2, `n_eff`, least, median and
        greatest weight, number of trimmed weights and the share of the total that trimming moved.
    """

    frame: pd.DataFrame
    sessions: pd.DataFrame
    unit_tiers: Mapping[str, str]
    empty: Mapping[str, str]
    notes: tuple[str, ...]
    diagnostics: pd.DataFrame


def weigh(
    contacts: pd.DataFrame,
    sessions: pd.DataFrame,
    units: Mapping[str, float],
    *,
    selection: str,
    covered: float = 0.9,
    minimum_class: int = 10,
    trim: float = 4.0,
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

    Raises
    ------
    WeightError
        Naming the sessions: no row in the plan, blocks of the window missing or fewer
        than those worked, times or k that cannot be.
    """
    if selection != "probability":
        return _unweighted(contacts, sessions, selection)
    plan = _plan(sessions, units)
    log = _log(contacts, plan)
    plan, notes = add_counts(plan, log, covered)
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
    frame = _frame(log, plan, trim)
    diagnostics = _diagnostics(frame, trim)
    cut = [
        f"Unit {unit}: {trimmed} weights above {trim:g} times the unit's median were cut; "
        f"{moved:.1%} of its weight moved."
        for unit, trimmed, moved in diagnostics[["unit_id", "trimmed", "moved_share"]].to_numpy()
        if trimmed
    ]
    return Weighting(
        frame=frame[list(WEIGHTED_COLUMNS)],
        sessions=plan.reset_index(),
        unit_tiers=_unit_tiers(frame),
        empty={str(s): str(h) for s, h in plan.loc[silent, "stratum"].items()},
        notes=(*notes, *more, *cut),
        diagnostics=diagnostics,
    )


def _plan(sessions: pd.DataFrame, units: Mapping[str, float]) -> pd.DataFrame:
    """Sessions by `session_id`, in its order, checked for what every factor needs."""
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


def _log(contacts: pd.DataFrame, plan: pd.DataFrame) -> pd.DataFrame:
    """Contacts by `submission_id` with their group; every one belongs to a session of the plan."""
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


def _frame(log: pd.DataFrame, plan: pd.DataFrame, trim: float) -> pd.DataFrame:
    interviews = log[log["group"].isin(["complete", "partial"])]
    factors = [
        "unit_id", "stratum", "f_unit", "f_block", "f_time", "f_count", "f_nonresponse",
        "w_base", "tier",
    ]  # fmt: skip
    frame = interviews[["submission_id", "session_id"]].join(plan[factors], on="session_id")
    frame = frame.rename(columns={"session_id": "psu"}).reset_index(drop=True)
    frame["w_raw"] = frame["w_base"] * frame["f_nonresponse"]
    trimmed = frame["w_raw"].to_numpy(copy=True)
    norm = np.ones(len(frame))
    for rows in frame.groupby("unit_id").indices.values():
        trimmed[rows] = trim_weights(trimmed[rows], trim)
        norm[rows] = trimmed[rows] * (len(rows) / trimmed[rows].sum())
    return frame.assign(w_trimmed=trimmed, w_norm=norm)


def _unit_tiers(frame: pd.DataFrame) -> dict[str, str]:
    counts = pd.crosstab(frame["unit_id"], frame["tier"]).reindex(columns=list(TIERS), fill_value=0)
    or_worse = counts.iloc[:, ::-1].cumsum(axis=1).div(counts.sum(axis=1), axis=0)
    # From the worst tier on, the first to pass the share; the best passes always.
    worst = (or_worse > TIER_SHARE).idxmax(axis=1)
    return {str(unit): str(tier) for unit, tier in worst.items()}


def _diagnostics(frame: pd.DataFrame, trim: float) -> pd.DataFrame:
    by_unit = frame.groupby("unit_id")
    raw = by_unit["w_raw"].agg(n="size", w_min="min", w_median="median", w_max="max", total="sum")
    excess = (frame["w_raw"] - trim * by_unit["w_raw"].transform("median")).clip(lower=0)
    square = (frame["w_trimmed"] ** 2).groupby(frame["unit_id"]).sum()
    table = raw.assign(
        deff=raw["n"] * square / by_unit["w_trimmed"].sum() ** 2,
        trimmed=(excess > 0).groupby(frame["unit_id"]).sum(),
        moved_share=excess.groupby(frame["unit_id"]).sum() / raw["total"],
    )
    table["n_eff"] = table["n"] / table["deff"]
    columns = ["n", "deff", "n_eff", "w_min", "w_median", "w_max", "trimmed", "moved_share"]
    return pd.DataFrame(table[columns].reset_index())


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
        diagnostics=_diagnostics(frame, np.inf),
    )
