"""What an office should look at in the contacts: numbers that cannot be, days that disagree.

Remarks name sessions and running numbers, never an answer.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from pipeline.settings import zone
from pipeline.study import Study

NAMED = 12
"""Sessions named in one note; the rest are counted."""


def numbering(contacts: pd.DataFrame, sessions: pd.DataFrame) -> list[str]:
    """Notes of running numbers that stand twice in a session, or are missing in a closed one."""
    twice, gaps = {}, {}
    closed = sessions[sessions["closed"]].set_index("session_id")["n_selected_tally"]
    for session, numbers in contacts.groupby("session_id")["seq"]:
        seen = Counter(int(n) for n in numbers.dropna())
        if again := sorted(n for n, times in seen.items() if times > 1):
            twice[str(session)] = again
        if session not in closed.index or not seen:
            continue
        told = closed[session]
        last = max(max(seen), 0 if np.isnan(told) else int(told))
        if missing := sorted(set(range(1, last + 1)) - set(seen)):
            gaps[str(session)] = missing
    notes = []
    if twice:
        notes.append(
            f"{len(twice)} sessions have a running number twice: {_listed(twice)}. Two people may "
            "share it, or one was sent twice; correct it on the server."
        )
    if gaps:
        notes.append(
            f"{len(gaps)} closed sessions lack running numbers: {_listed(gaps)}. Look on the "
            "phones for submissions not yet sent; whoever was selected must be recorded."
        )
    return notes


def _listed(numbers: Mapping[str, Sequence[int]]) -> str:
    """Sessions with their numbers, such as `S1 (3, 7)`; the first ones, the rest counted."""
    shown = []
    for session, own in list(numbers.items())[:NAMED]:
        more = ", ..." if len(own) > NAMED else ""
        shown.append(f"{session} ({', '.join(map(str, own[:NAMED]))}{more})")
    rest = f" and {len(numbers) - NAMED} more" if len(numbers) > NAMED else ""
    return ", ".join(shown) + rest


def other_days(study: Study, plan: pd.DataFrame, contacts: pd.DataFrame) -> list[str]:
    """A note of contacts that were selected on another day than their session was planned for."""
    planned = dict(zip(plan["session_id"], plan["date"], strict=True))
    zones = {unit.unit_id: unit.timezone for unit in study.units}
    other: Counter[str] = Counter()
    for unit_id, own in contacts.groupby("unit_id"):
        local = own["selected_at"].dt.tz_convert(zone(zones[str(unit_id)]))
        days = local.dt.strftime("%Y-%m-%d")
        wrong = days.notna() & (days != own["session_id"].map(planned))
        other.update(own.loc[wrong, "session_id"])
    if not other:
        return []
    named = ", ".join(f"{session} ({n})" for session, n in sorted(other.items())[:NAMED])
    rest = f" and {len(other) - NAMED} more sessions" if len(other) > NAMED else ""
    return [
        f"{other.total()} contacts were selected on another day than their session's: "
        f"{named}{rest}. They count in the session they name; check its code and the phone's clock."
    ]
