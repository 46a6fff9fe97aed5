"""What the analysis hands to the reports: frames whose columns docs/architecture.md defines."""

from dataclasses import dataclass

import pandas as pd

from analysis.instrument import Instrument
from pipeline.study import Study


@dataclass(frozen=True)
class Results:
    """Everything a report may read; nothing here identifies a respondent.

    `contacts`, `sessions` and `weighted` stay inside the office: reports take counts and
    shares from them, never rows.
    """

    study: Study
    wave: str
    instrument: Instrument
    simulated: bool
    source: str
    contacts: pd.DataFrame
    sessions: pd.DataFrame
    weighted: pd.DataFrame
    estimates: pd.DataFrame
    standings: pd.DataFrame
    comparisons: pd.DataFrame
    responses: pd.DataFrame
    notes: tuple[str, ...] = ()
