"""What the field record lacks: people who were selected and never arrived, sessions not worked.

A phone that was not emptied, or refusals that were not sent, would make a response rate look
better than it was. The enumerator's own tally at closing says how many were selected.
"""

import numpy as np
import pandas as pd

from pipeline.study import Study

UNKNOWN = "3.0"
"""AAPOR code of a person of whom nothing is known."""


def lost_contacts(contacts: pd.DataFrame, sessions: pd.DataFrame) -> pd.Series:
    """People selected by the closing tally less contacts received, by session; only shortfalls."""
    received = contacts.groupby("session_id").size()
    tally = sessions.set_index("session_id")["n_selected_tally"]
    short = (tally - received.reindex(tally.index, fill_value=0)).dropna()
    return short[short > 0].astype(int)


def with_lost(contacts: pd.DataFrame, sessions: pd.DataFrame) -> pd.DataFrame:
    """Unit and outcome of every selected person, those who never arrived as unknown."""
    short = lost_contacts(contacts, sessions)
    unit_of = sessions.set_index("session_id")["unit_id"]
    units = np.repeat(unit_of.reindex(short.index).to_numpy(), short.to_numpy())
    lost = pd.DataFrame({"unit_id": units, "outcome": UNKNOWN})
    return pd.concat([contacts[["unit_id", "outcome"]], lost], ignore_index=True)


def notes_on_shortfall(contacts: pd.DataFrame, sessions: pd.DataFrame) -> tuple[str, ...]:
    """A note where sessions' tallies say that more people were selected than arrived."""
    short = lost_contacts(contacts, sessions)
    if short.empty:
        return ()
    listed = ", ".join(f"{session} ({n})" for session, n in short.items())
    return (
        f"{int(short.sum())} people were selected by the closing tally and never arrived as "
        f"submissions: {listed}. They count as unknown in the response rate; look for phones that "
        "have not sent everything.",
    )


def notes_on_unworked(study: Study, sessions: pd.DataFrame) -> tuple[str, ...]:
    """A note for each unit whose planned sessions were not all worked, cancelled ones marked."""
    notes = []
    for unit, own in sessions[~sessions["worked"]].groupby("unit_id", sort=False):
        found = study.unit(str(unit))
        if found is None or not found.in_frame:
            continue
        names = [
            f"{row.session_id} (cancelled)" if row.cancelled else str(row.session_id)
            for row in own.itertuples()
        ]
        planned = int((sessions["unit_id"] == unit).sum())
        notes.append(
            f"{unit}: {len(names)} of {planned} planned sessions were not worked: "
            f"{', '.join(names)}. Its estimates rest on the others."
        )
    return tuple(notes)
