"""What enumerators saw at the unit when they opened their sessions, by unit and question.

Things, not people: whether fees hang on the wall, whether a wheelchair gets in. What could not be
seen from outside is not counted.
"""

import pandas as pd

from pipeline.contacts.needs import RECORDS

PREFIX = "o_"
"""Questions of the form `sesi` that are observations begin so."""

YES, NO = "ya", "tidak"
COLUMNS = ("unit_id", "question", "seen", "yes")


def observed(sessions: pd.DataFrame, records: pd.DataFrame) -> pd.DataFrame:
    """Sessions in which it could be seen, and in how many of them it was so: `COLUMNS`.

    The last opening record of each worked session counts.
    """
    names = [str(name) for name in records.columns if str(name).startswith(PREFIX)]
    if records.empty or sessions.empty or not names:
        return pd.DataFrame(columns=list(COLUMNS))
    worked = sessions[sessions["worked"].astype(bool)]
    unit_of = dict(zip(worked["session_id"], worked["unit_id"], strict=True))
    opening = records[(records["kegiatan"] == RECORDS[0]) & records["sesi"].isin(unit_of)]
    opening = opening.sort_values(["submitted_at", "submission_id"], kind="stable")
    opening = opening.drop_duplicates("sesi", keep="last")
    units = opening["sesi"].map(unit_of)
    rows = []
    for unit in dict.fromkeys(worked["unit_id"]):
        own = opening[units == unit]
        for name in names:
            seen = own[name].isin([YES, NO])
            if seen.any():
                rows.append((unit, name, int(seen.sum()), int((own[name] == YES).sum())))
    return pd.DataFrame(rows, columns=list(COLUMNS))
