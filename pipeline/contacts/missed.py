"""People who were selected and missed, counted by the next contact (`terlewat`) as rows of theirs.

A row for each of them lets weights and response rates see everyone selected, as if the
enumerator had sent a form for each.
"""

import numpy as np
import pandas as pd

MISSED = "2.20"
"""AAPOR code of a person who was selected and could not be approached."""

MOST = 50
"""More between two contacts cannot be typed; a larger number was not made by the form."""

KNOWN = (
    "submission_id", "wave", "form_version", "version_known", "unit_id", "session_id",
    "enumerator_id", "seq", "selected_at", "submitted_at", "outcome", "clock",
)  # fmt: skip
"""What is known of a missed person: place, time and who missed him; nothing was observed."""


def with_missed(contacts: pd.DataFrame) -> pd.DataFrame:
    """Contacts, and one row for each person that the column `terlewat` says was missed.

    A contact with running number 7 that reports two missed stands for the numbers 5 and 6 too.
    Their `submission_id` is that of the contact with `/terlewat/` and 1, 2, ...
    """
    if "terlewat" not in contacts:
        return contacts
    reported = pd.to_numeric(contacts["terlewat"], errors="coerce").fillna(0)
    times = np.clip(np.floor(reported.to_numpy(dtype=np.float64)), 0, MOST).astype(int)
    if not times.any():
        return contacts
    own = np.repeat(np.arange(len(contacts)), times)
    which = np.concatenate([np.arange(1, n + 1) for n in times if n])
    columns = [name for name in KNOWN if name in contacts]
    rows = contacts.iloc[own][columns].reset_index(drop=True)
    back = np.repeat(times, times) - which + 1
    rows["seq"] = (rows["seq"] - back).astype("Int64")
    rows["outcome"] = MISSED
    if "clock" in rows:
        rows["clock"] = ""
    rows["submission_id"] = [
        f"{name}/terlewat/{number}"
        for name, number in zip(rows["submission_id"], which.tolist(), strict=True)
    ]
    rows = rows.reindex(columns=contacts.columns).astype(contacts.dtypes.to_dict())
    return (
        pd.concat([contacts, rows], ignore_index=True)
        .sort_values("submission_id", kind="stable")
        .reset_index(drop=True)
    )
