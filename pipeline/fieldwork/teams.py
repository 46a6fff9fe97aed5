"""Which enumerators work which session."""

from collections import Counter
from collections.abc import Mapping, Sequence

from pipeline.fieldwork.parameters import Parameters

Row = Mapping[str, str]
TRAVEL = 30
"""Minutes between two sessions of one enumerator."""


def assign(
    rows: Sequence[Row], roster: Sequence[str], parameters: Parameters
) -> dict[str, tuple[str, ...]]:
    """Team of each session: the planned lead, then whoever is free, first of the unit's own.

    `rows` are the plan's rows of the sessions to be worked. A team is smaller than declared
    where not enough enumerators are free.
    """
    teams = {
        row["session_id"]: row.get("enumerator_plan", "").split() or [roster[0]] for row in rows
    }
    own: dict[str, set[str]] = {}
    for row in rows:
        own.setdefault(row["unit_id"], set()).update(teams[row["session_id"]])
    used: Counter[tuple[str, str]] = Counter()
    # One more for every session in turn, so that no session of a full morning is left alone.
    for size in range(2, max(parameters.fields[row["unit_id"]].team for row in rows) + 1):
        for row in rows:
            unit_id, team = row["unit_id"], teams[row["session_id"]]
            busy = {
                who
                for other in rows
                if _clash(row, other, parameters)
                for who in teams[other["session_id"]]
            }
            free = [who for who in roster if who not in busy]
            if len(team) >= min(size, parameters.fields[unit_id].team) or not free:
                continue
            team.append(
                min(free, key=lambda w: (w not in own[unit_id], used[unit_id, w], roster.index(w)))
            )
            used[unit_id, team[-1]] += 1
    return {session_id: tuple(team) for session_id, team in teams.items()}


def _clash(one: Row, other: Row, parameters: Parameters) -> bool:
    """Whether nobody can work both sessions: the same block, or no time for the way between."""
    if one["date"] != other["date"]:
        return False
    begins = [parameters.practice.start_of(row["block"]) for row in (one, other)]
    apart = abs(begins[0].hour * 60 + begins[0].minute - begins[1].hour * 60 - begins[1].minute)
    return apart < float(one.get("block_minutes") or 120) + TRAVEL
