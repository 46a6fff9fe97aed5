"""Contacts and sessions of a designed study, from its two decoded questionnaires and its plan.

A contact is a selected person, respondent or not. A session is the PSU: unit, day and block.
Who was asked where comes from the session plan, never from what a phone calculated.
"""

from collections import Counter
from dataclasses import dataclass, field

import pandas as pd

from analysis.instrument import Instrument
from pipeline.contacts.missed import with_missed
from pipeline.contacts.needs import require
from pipeline.contacts.observed import observed
from pipeline.contacts.people import outcomes, people
from pipeline.contacts.plan import of_other_waves, read_plan
from pipeline.contacts.remarks import numbering, other_days
from pipeline.contacts.reserve import in_use
from pipeline.contacts.sessions import sessions_of
from pipeline.study import Study

__all__ = ["FieldRecord", "assemble", "outcomes", "read_plan"]


@dataclass(frozen=True)
class FieldRecord:
    """Contacts and sessions as docs/architecture.md defines them, and what was left out.

    `observations` are what enumerators saw of the units (`contacts.observed`).
    """

    contacts: pd.DataFrame
    sessions: pd.DataFrame
    notes: tuple[str, ...]
    observations: pd.DataFrame = field(default_factory=pd.DataFrame)


def assemble(
    study: Study,
    plan: pd.DataFrame,
    interviews: pd.DataFrame,
    records: pd.DataFrame,
    instrument: Instrument,
) -> FieldRecord:
    """Contacts and sessions from the decoded forms `wawancara` and `sesi`.

    A contact whose session is not in the plan cannot be weighted: it is left out of the
    analysis, stays in the store, and is counted in the notes.

    Raises
    ------
    QuestionnaireError
        Where a form lacks a question of `NEEDED`.
    """
    require("wawancara", interviews)
    require("sesi", records)
    notes: list[str] = []
    contacts = with_missed(people(plan, interviews, instrument))
    stray = contacts["unit_id"].isna()
    if stray.any():
        codes = Counter(contacts.loc[stray, "session_id"].fillna("(blank)"))
        others = of_other_waves(study)
        listed = ", ".join(
            f"{code} ({n}, of wave {others[code]})" if code in others else f"{code} ({n})"
            for code, n in sorted(codes.items())
        )
        where = (
            f"sessions.csv does not have in wave {study.wave.id}"
            if others
            else ("sessions.csv does not have")
        )
        notes.append(
            f"{int(stray.sum())} submissions name a session that {where}: "
            f"{listed}. They stay in the store and count nowhere; add the session or correct it."
        )
    contacts = contacts[~stray].reset_index(drop=True)
    claimed = contacts.get("unit")
    if claimed is not None:
        known = {unit.unit_id for unit in study.units}
        odd = claimed.notna() & ~claimed.isin(known)
        if odd.any():
            strangers = ", ".join(sorted(set(claimed[odd])))
            notes.append(
                f"{int(odd.sum())} submissions carry the unit code {strangers}, which units.csv "
                "does not have; the session plan's unit was used instead."
            )
    plan = in_use(study, plan, contacts, records, notes)
    sessions = sessions_of(plan, contacts, records, notes)
    notes += numbering(contacts, sessions)
    notes += other_days(study, plan, contacts)
    return FieldRecord(contacts, sessions, tuple(notes), observed(sessions, records))
