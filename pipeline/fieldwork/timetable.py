"""When everything of a session happens and who does it: selection, consent, thanks, upload.

Times are whole seconds in the unit's zone. Nobody is selected outside the covered minutes, no
enumerator speaks with two people at once, and whom nobody could reach in time is missed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from analysis.simulation import ContactDraw
from pipeline.fieldwork.parameters import Practice

TALK, MISSED = "1.1", "2.20"
APPROACH = {TALK: 1.0, MISSED: 0.2}
"""Minutes between selection and the outcome; half a minute for every other outcome."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Who met a contact and when.

    `missed` is somebody who walked off before an enumerator was free; `consented` and `thanked`
    mean something only where the conversation got so far.
    """

    enumerator: str
    missed: bool
    opened: datetime
    selected: datetime
    consented: datetime
    thanked: datetime
    ended: datetime


def timetable(
    contacts: Sequence[ContactDraw],
    position: Sequence[float],
    team: Sequence[str],
    begin: datetime,
    minutes: float,
    practice: Practice,
    rng: np.random.Generator,
) -> list[Moments]:
    """Moments of each contact of a session, in their order.

    Parameters
    ----------
    position : (contacts,) float
        Where in the covered time the person comes out, 0 to 1.
    team
        Who works; whoever has been free longest takes the next person.
    begin, minutes
        Start of the covered time and its length.
    """
    talk = practice.interview_minutes * np.exp(
        practice.interview_spread * rng.standard_normal(len(contacts))
    )
    pause = rng.uniform(0.1, 0.4, len(contacts))
    free = dict.fromkeys(team, 0.0)
    latest = 0.0
    moments = []
    for i, contact in enumerate(contacts):
        out = position[i] * (minutes - 1)
        who = min(free, key=lambda name: (free[name], team.index(name)))
        selected = max(out, latest + 0.05, free[who]) + float(pause[i])
        last = minutes - 0.1 * (len(contacts) - i)  # leaves room for those still to come
        missed = free[who] - out > practice.patience_minutes or selected > last
        outcome = MISSED if missed else contact.outcome
        selected = min(selected, last)  # one who walked off is noted when somebody is free
        consented = selected + APPROACH.get(outcome, 0.5)
        ended = consented + float(pause[i]) + (float(talk[i]) if outcome == TALK else 0.0)
        free[who] = max(free[who], ended)
        if not missed:
            latest = selected
        clock = [
            begin + timedelta(seconds=round(60 * m))
            for m in (selected - 0.1, selected, consented, ended - 0.4, ended)
        ]
        moments.append(Moments(who, missed, clock[0], clock[1], clock[2],
                               max(clock[2], clock[3]), clock[4]))  # fmt: skip
    return moments


def upload(day_end: datetime, late: float, rng: np.random.Generator) -> datetime:
    """When a phone sends what it holds: in the evening, or (a share `late`) the next morning."""
    if rng.random() < late:
        morning = (day_end + timedelta(days=1)).replace(hour=7, minute=30, second=0)
        return morning + timedelta(seconds=int(rng.integers(0, 3600)))
    return day_end + timedelta(seconds=int(rng.integers(1800, 5 * 3600)))
