"""Sharing the weight of those who did not answer, and cutting weights that stick out."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def nonresponse_classes(plan: pd.DataFrame, minimum: int) -> tuple[pd.DataFrame, list[str]]:
    """Add `weight_class` and `f_nonresponse` to sessions that have contacts.

    A session is a class of its own from `minimum` interviews on. Smaller ones of a stratum
    join; while a joint class is still too small, the next smallest session of the stratum joins
    it, and where the whole stratum does not suffice, the same is done within the unit. A class
    of a unit with fewer interviews than `minimum` stays as it is.

    In class c, f = (sum of w_base over eligible + e times that over unknown) / sum over
    interviews, with e the weighted share of eligible among the classified of the class.

    Returns
    -------
    DataFrame, list of str
        `f_nonresponse` is NaN in a unit without interviews; notes name sessions whose whole
        weight moved to others, and units where nothing is left to carry it.
    """
    live = plan[plan["selected"] > 0]
    notes: list[str] = []
    label: dict[str, str] = {}
    for unit, rows in live.groupby("unit_id"):
        names = [str(s) for s in rows.index]
        interviews = dict(zip(names, rows["interviews"].tolist(), strict=True))
        if not sum(interviews.values()):
            notes.append(
                f"Unit {unit}: none of its {int(rows['selected'].sum())} contacts gave an "
                "interview, so nothing can be said about it."
            )
            continue
        silent = [s for s in names if not interviews[s]]
        if silent:
            notes.append(
                f"Session {', '.join(silent)}: nobody was interviewed; the visits it stands for "
                "are shared by the sessions of its non-response class."
            )
        stratum = dict(zip(names, rows["stratum"].tolist(), strict=True))
        for name, members in _join(interviews, stratum, minimum).items():
            label |= dict.fromkeys(members, f"{unit}: {name}")
    weight_class = pd.Series(plan.index.map(label), index=plan.index, dtype=object)
    return plan.assign(
        f_nonresponse=_factors(plan, weight_class), weight_class=weight_class.fillna("")
    ), notes


def _factors(plan: pd.DataFrame, weight_class: "pd.Series[str]") -> "pd.Series[float]":
    totals = plan[["eligible", "ineligible", "unknown", "interviews"]].mul(plan["w_base"], axis=0)
    totals = totals.groupby(weight_class).sum()
    e = totals["eligible"] / (totals["eligible"] + totals["ineligible"])
    factor = (totals["eligible"] + e * totals["unknown"]) / totals["interviews"]
    return weight_class.map(factor).astype(float)


def _join(
    interviews: Mapping[str, int], stratum: Mapping[str, str], minimum: int
) -> dict[str, list[str]]:
    """Class name to its sessions; sessions come in the order of their codes."""
    classes: dict[str, list[str]] = {}
    left: list[str] = []
    for name in sorted(set(stratum.values())):
        own = [s for s in interviews if stratum[s] == name]
        alone, joint, enough = _pool(own, interviews, minimum)
        classes |= {s: [s] for s in alone}
        if joint and enough:
            classes[f"{name}, joint"] = joint
        left += [] if enough else joint
    if left:
        # A stratum too small for a class of its own borrows from the unit.
        size = {name: sum(interviews[s] for s in members) for name, members in classes.items()}
        got = sum(interviews[s] for s in left)
        for name in sorted(size, key=lambda c: (size[c], c)):
            if got >= max(minimum, 1):
                break
            left += classes.pop(name)
            got += size[name]
        classes["all strata, joint"] = sorted(left)
    return classes


def _pool(
    sessions: Iterable[str], interviews: Mapping[str, int], minimum: int
) -> tuple[list[str], list[str], bool]:
    """Sessions that stand alone, those that join, and whether the joint class suffices."""
    by_size = sorted(sessions, key=lambda s: (interviews[s], s))
    needed = max(minimum, 1)
    joint = [s for s in by_size if interviews[s] < needed]
    alone = by_size[len(joint) :]
    got = sum(interviews[s] for s in joint)
    while joint and alone and got < needed:
        got += interviews[alone[0]]
        joint.append(alone.pop(0))
    return sorted(alone), sorted(joint), got >= needed or not joint


def trim_weights(weight: NDArray[np.float64], multiple: float) -> NDArray[np.float64]:
    """Cut weights at `multiple` times their median, then raise all alike to the old total.

    Raising all keeps the order of the weights and leaves none above `multiple` times the new
    median, which raising only the uncut ones does not.

    Parameters
    ----------
    weight : (n,) float
        Weights of one unit.
    multiple : float
        Of the median, 2 or more; infinite trims nothing.

    Returns
    -------
    (n,) float
        The same total; the very same numbers where nothing is cut.
    """
    if not len(weight):
        return weight
    limit = multiple * float(np.median(weight))
    if not (weight > limit).any():
        return weight
    cut = np.minimum(weight, limit)
    return np.asarray(cut * (weight.sum() / cut.sum()), dtype=np.float64)
