"""The tally sheet of a session: one A4 page with its plan, and room for what paper must carry.

Everyone who leaves is struck off, every selected person gets a line with outcome and the numbers
missed since the one before, three counts of five minutes measure the flow, and who works alone
selects by a grid of times (the first person to enter after each of them), since “the next one
out” favours long visits.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from analysis.instrument import Choice, Instrument
from pipeline.errors import StudyError
from pipeline.paper.period import weekday
from pipeline.study import Study
from pipeline.tables import number, read_table, unique

LINES = 36
"""Selected persons that fit on a sheet."""
STRUCK = 300
"""People leaving that fit on a sheet, in boxes of five."""
STEP = 20
"""Minutes between the times at which somebody alone selects."""
MOST_SLOTS = 12
FLOW_COUNTS = 3


@dataclass(frozen=True, slots=True)
class Sheet:
    """One session as planned."""

    session_id: str
    unit: str
    facts: tuple[tuple[str, str], ...]
    slots: tuple[int, ...]
    k: str
    start: str
    needs_more: bool


@dataclass(frozen=True)
class Sheets:
    """All sessions of a study; `outcomes` numbers the results of an approach, as in the form."""

    study: tuple[str, ...]
    period: str
    sheets: tuple[Sheet, ...]
    outcomes: tuple[tuple[int, str], ...]
    lines: int = LINES
    fives: tuple[int, ...] = tuple(range(5, STRUCK + 1, 5))
    flow: int = FLOW_COUNTS

    @property
    def footer(self) -> str:
        """Left part of the foot of every page."""
        return " · ".join(part for part in ("lembar sesi", *self.study, self.period) if part)


def sheets_of(study: Study, instruments: Mapping[str, Instrument], period: str) -> Sheets | None:
    """Tally sheets of the session plan; None where the study has no sessions.csv.

    Raises
    ------
    StudyError
        Where sessions.csv cannot be read, a session has no code, or a number is none.
    """
    path = study.file("sessions.csv")
    if not path.exists():
        return None
    rows = read_table(path, ["session_id", "unit_id"])
    unique(rows, "session_id", path)
    found = []
    for row in rows:
        where = f"{path}, row {row.line}"
        unit = study.unit(row["unit_id"])
        minutes = number(row.get("block_minutes", ""), f"{where}, block_minutes") or 0.0
        target = number(row.get("target", ""), f"{where}, target") or 0.0
        if minutes < 0 or not math.isfinite(minutes):
            raise StudyError(
                f"{where}: block_minutes {row['block_minutes']!r} is no duration. Give the minutes "
                "of the block, such as 120, or leave the cell blank."
            )
        facts = (
            ("Tanggal", _day(row.get("date", ""))),
            ("Blok", _block(row.get("block", ""), minutes)),
            ("Tempat", row.get("service_point", "")),
            ("Jenis hari", row.get("day_type", "")),
            ("Petugas menurut rencana", row.get("enumerator_plan", "")),
            ("Sasaran orang terpilih", row.get("target", "")),
        )
        found.append(
            Sheet(
                session_id=row["session_id"],
                unit=unit.name if unit else row["unit_id"],
                facts=tuple(fact for fact in facts if fact[1]),
                slots=tuple(range(0, int(minutes), STEP))[:MOST_SLOTS],
                k=row.get("k_plan", ""),
                start=row.get("random_start", ""),
                needs_more=target > LINES,
            )
        )
    names = tuple(text for text in (study.name, study.place) if text)
    return Sheets(names, period, tuple(found), _outcomes(instruments))


def _day(text: str) -> str:
    try:
        return weekday(date.fromisoformat(text))
    except ValueError:
        return text


def _block(block: str, minutes: float) -> str:
    length = f"{minutes:g} menit".replace(".", ",") if minutes else ""
    return ", ".join(part for part in (block, length) if part)


def _outcomes(instruments: Mapping[str, Instrument]) -> tuple[tuple[int, str], ...]:
    """Outcomes of an approach: the list that carries the column `aapor`, in its own order."""
    for instrument in instruments.values():
        for choices in instrument.choices.values():
            if any("aapor" in choice.columns for choice in choices):
                return tuple(
                    (place, _label(choice, instrument)) for place, choice in enumerate(choices, 1)
                )
    return ()


def _label(choice: Choice, instrument: Instrument) -> str:
    return choice.label(instrument.languages[0] if instrument.languages else "")
