"""Times as phones and people write them, and whether a phone's clock can have been right.

A phone writes ISO 8601 with the offset of its zone. Other ways into the data lose the offset or
say WIB, WITA or WIT; then the clock of the study's place is meant.
"""

import re
from dataclasses import dataclass
from datetime import tzinfo

import numpy as np
import pandas as pd

OFFSETS = {"WIB": "+07:00", "WITA": "+08:00", "WIT": "+09:00"}
_NAMED = re.compile(r"\s*\b(?P<zone>WIB|WITA|WIT)$", re.IGNORECASE)
_OFFSET = r"(?:[Zz]|[+-]\d{2}:?\d{2})$"

AHEAD = pd.Timedelta(minutes=5)
"""How much later than the server's clock an interview may end: clocks are never quite equal."""

EARLIEST = pd.Timestamp("2020-01-01", tz="UTC")
"""A phone that says less has lost its clock: a flat battery sets it to 1970 or its year of make."""

BACKWARDS, AHEAD_OF_SERVER, LOST = "end_before_start", "sent_before_end", "clock_lost"


@dataclass(frozen=True)
class Moments:
    """UTC times of a column (microseconds), and how many had no offset from UTC."""

    times: pd.Series
    without_offset: int


def read_moments(texts: pd.Series, zone: tzinfo | None) -> Moments:
    """Times of texts; what is no time becomes NaT.

    Parameters
    ----------
    texts : Series of object
        Blank ones are None.
    zone
        Clock meant where a text has no offset; UTC where None.
    """
    present = texts.notna()
    said = texts.where(present, "").astype(str).str.strip()
    if said.str.upper().str.endswith(tuple(OFFSETS)).any():
        said = said.str.replace(_NAMED, _offset, regex=True)
    naive = present & ~said.str.contains(_OFFSET, regex=True) & (said != "")
    times = _parsed(said.where(~naive & (said != ""), None))
    if naive.any():
        local = pd.to_datetime(said[naive], errors="coerce", format="ISO8601")
        if zone is not None:
            local = local.dt.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
            local = local.dt.tz_convert("UTC")
        else:
            local = local.dt.tz_localize("UTC")
        times[naive] = local.astype("datetime64[us, UTC]")
    return Moments(times, int((naive & times.notna()).sum()))


def _offset(match: re.Match[str]) -> str:
    return OFFSETS[match["zone"].upper()]


def _parsed(texts: pd.Series) -> pd.Series:
    found = pd.to_datetime(texts, errors="coerce", utc=True, format="ISO8601")
    return found.astype("datetime64[us, UTC]")


def clock_flags(start: pd.Series, end: pd.Series, submitted: pd.Series) -> pd.Series:
    """What cannot be right about the clock of a phone, codes joined by `;`; None where nothing.

    `end_before_start`; `sent_before_end`: the server had it more than five minutes before the
    phone says it ended; `clock_lost`: a time before 2020. Missing times tell nothing. The rows
    stay: a wrong clock is no wrong answer.
    """
    checks = {
        BACKWARDS: end < start,
        AHEAD_OF_SERVER: submitted + AHEAD < end,
        LOST: (start < EARLIEST) | (end < EARLIEST),
    }
    flags = np.full(len(start), "", dtype=object)
    for code, wrong in checks.items():
        hit = wrong.to_numpy(dtype=bool)
        flags[hit] = [f"{text};{code}" if text else code for text in flags[hit]]
    return pd.Series([text or None for text in flags], index=start.index, dtype="object")
