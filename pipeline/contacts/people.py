"""Contacts: every selected person, respondent or not, and what became of the approach."""

import numpy as np
import pandas as pd

from analysis.instrument import Instrument
from pipeline.contacts.needs import REFUSED

FULL, PARTIAL = 0.8, 0.5
"""Share of key items that makes an interview complete (1.1) or partial (1.2), as AAPOR asks."""


def people(plan: pd.DataFrame, interviews: pd.DataFrame, instrument: Instrument) -> pd.DataFrame:
    """Contacts by `submission_id`; `unit_id` is missing where the plan lacks their session."""
    frame = interviews.sort_values("submission_id", kind="stable").reset_index(drop=True)
    unit_of = dict(zip(plan["session_id"], plan["unit_id"], strict=True))
    selected = moments(frame, "t_pilih")
    selected = selected.where(selected.notna(), moments(frame, "start"))
    heads = pd.DataFrame(
        {
            "submission_id": frame["submission_id"],
            "wave": frame["wave"],
            "form_version": frame["form_version"],
            "version_known": frame["version_known"],
            "unit_id": frame["sesi"].map(unit_of),
            "session_id": frame["sesi"],
            "enumerator_id": frame["petugas"],
            "seq": frame["urut"].astype("Int64"),
            "selected_at": selected,
            "submitted_at": frame["submitted_at"],
            "outcome": outcomes(frame, instrument),
            "obs_sex": frame["jk_amatan"],
            "obs_age_band": frame["umur_amatan"],
        }
    )
    rest = [name for name in frame.columns if name not in heads]
    return pd.concat([heads, frame[rest]], axis=1)


def moments(frame: pd.DataFrame, name: str) -> pd.Series:
    """UTC times of a column that holds times or, being calculated on the phone, ISO text."""
    values = frame[name] if name in frame else pd.Series(None, index=frame.index, dtype="object")
    times = pd.to_datetime(values, utc=True, errors="coerce", format="ISO8601")
    return times.astype("datetime64[us, UTC]")


def outcomes(frame: pd.DataFrame, instrument: Instrument) -> pd.Series:
    """AAPOR outcome code of each contact, from its result, its consent and what was answered.

    A person who listened at the approach is a refusal where consent was not given (2.112), not
    eligible where under age (4.70) or working at the unit (4.10), and otherwise complete,
    partial or broken off by the share of key items answered; an item refused (`tj`) is not.
    """
    codes = {
        choice.name: choice.columns.get("aapor", "")
        for choice in instrument.choices_of(instrument["hasil"])
    }
    key = [
        q.name
        for q in instrument.questions
        if (q.bentuk or q.dimension or q.skm) and q.is_closed and q.name in frame
    ]
    given = frame[key].notna() & (frame[key] != REFUSED)
    answered = given.mean(axis=1) if key else pd.Series(1.0, index=frame.index)
    shares = np.select([answered >= FULL, answered >= PARTIAL], ["1.1", "1.2"], default="2.12")
    by_share = pd.Series(shares, index=frame.index, dtype="object")
    outcome: pd.Series = frame["hasil"].map(codes).fillna("3.0").astype("object")
    agreed = frame["hasil"] == "bersedia"
    outcome = outcome.mask(agreed, by_share)
    outcome = outcome.mask(agreed & (frame["setuju"] == "tidak"), "2.112")
    outcome = outcome.mask(agreed & (frame["dewasa"] == "tidak"), "4.70")
    return outcome.mask(agreed & (frame["pegawai"] == "ya"), "4.10")
