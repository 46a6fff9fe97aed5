"""When everything of a session happens: selection, consent, thanks, upload.

Times are whole seconds in the unit's zone. Nobody is selected outside the covered minutes, and
no enumerator speaks with two people at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from analysis.answer_model import Floats
from analysis.simulation import ContactDraw
from pipeline.fieldwork.parameters import Practice

APPROACH = {"1.1": 1.0, "2.20": 0.2}
"""Minutes between selection and the outcome; half a minute for every other outcome."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Moments of one contact; `consented` and `thanked` only mean something where reached."""

    opened: datetime
    selected: datetime
    consented: datetime
    thanked: datetime
    ended: datetime


def timetable(
    contacts: Sequence[ContactDraw],
    position: Sequence[float],
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
    begin, minutes
        Start of the covered time and its length.
    """
    talk = np.exp(
        np.log(practice.interview_minutes)
        + practice.interview_spread * rng.standard_normal(len(contacts))
    )
    jitter = rng.uniform(0.1, 0.4, len(contacts))
    while True:
        plan = _run(contacts, position, minutes, talk, jitter)
        if not plan or plan[-1][0] < minutes - 0.5:
            break
        talk = 0.9 * talk  # a full block: everybody talks faster
    moments = []
    for contact, (selected, ended) in zip(contacts, plan, strict=True):
        at = begin + timedelta(seconds=round(60 * selected))
        done = begin + timedelta(seconds=round(60 * ended))
        consented = at + timedelta(seconds=round(60 * APPROACH.get(contact.outcome, 0.5)))
        thanked = max(consented, done - timedelta(seconds=25))
        moments.append(Moments(at - timedelta(seconds=6), at, consented, thanked, done))
    return moments


def _run(
    contacts: Sequence[ContactDraw],
    position: Sequence[float],
    minutes: float,
    talk: Floats,
    jitter: Floats,
) -> list[tuple[float, float]]:
    """(selected, ended) of each contact in minutes from the start of the covered time."""
    free: dict[str, float] = {}
    latest = 0.0
    plan: list[tuple[float, float]] = []
    for i, contact in enumerate(contacts):
        # Order by number is order by time: who is free waits for the earlier one to be noted.
        due = max(position[i] * minutes, free.get(contact.enumerator, 0.0), latest)
        selected = float(due + jitter[i])
        ended = float(selected + APPROACH.get(contact.outcome, 0.5) + jitter[i])
        if contact.outcome == "1.1":
            ended += float(talk[i])
        free[contact.enumerator], latest = ended, selected
        plan.append((selected, ended))
    return plan


def upload(day_end: datetime, late: float, rng: np.random.Generator) -> datetime:
    """When a phone sends what it holds: in the evening, or (a share `late`) the next morning."""
    if rng.random() < late:
        morning = (day_end + timedelta(days=1)).replace(hour=7, minute=30, second=0)
        return morning + timedelta(seconds=int(rng.integers(0, 3600)))
    return day_end + timedelta(seconds=int(rng.integers(1800, 5 * 3600)))
