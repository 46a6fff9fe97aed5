"""The tally sheet of a session: one A4 page with its plan, and room for what paper must carry.

Everyone who leaves is struck off, every selected person gets a line with outcome and the numbers
missed since the one before, three counts of five minutes measure the flow, and who works alone
selects by a grid of times (the first person to enter after each of them, from a first minute that
the phone draws), since “the next one out” favours long visits.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pipeline.errors import StudyError
from pipeline.paper.period import weekday
from pipeline.questionnaire import instrument_of
from pipeline.study import Study
from pipeline.tables import number, read_table, unique
from pipeline.xlsform import QuestionType, XLSForm

PLAN = "sessions.csv"
LINES = 36
"""Selected persons that fit on a sheet."""
STRUCK = 300
"""People leaving that fit on a sheet, in boxes of five."""
STEP = 15
"""Minutes between two times at which somebody alone selects, at the least: one interview."""
SLOTS, MOST_SLOTS = 8, 12
FLOW_COUNTS = 3


@dataclass(frozen=True, slots=True)
class Sheet:
    """One session as planned."""

    session_id: str
    unit: str
    facts: tuple[tuple[str, str], ...]
    blanks: tuple[str, ...]
    slots: int
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


def sheets_of(study: Study, forms: Sequence[XLSForm], period: str) -> Sheets | None:
    """Tally sheets of the session plan; None where the study has no sessions.csv.

    Raises
    ------
    StudyError
        Where sessions.csv cannot be read, a session has no code, or a number is none.
    """
    path = study.file(PLAN)
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
                blanks=_blanks(row),
                slots=min(math.ceil(minutes / STEP), MOST_SLOTS) if minutes else SLOTS,
                k=row.get("k_plan", ""),
                start=row.get("random_start", ""),
                needs_more=target > LINES,
            )
        )
    names = tuple(text for text in (study.name, study.place) if text)
    return Sheets(names, period, tuple(found), _outcomes(forms))


def _blanks(row: Mapping[str, str]) -> tuple[str, ...]:
    """What is written in by hand; a reserve session gets its day and place in the plan late."""
    blanks = ["Kode petugas", "Jam buka", "Jam tutup", "Menit tanpa pengamat"]
    if not row.get("date"):
        blanks.insert(0, "Tanggal")
    if row.get("cadangan", "").lower() == "ya":
        blanks.insert(0, "Menggantikan sesi")
    return tuple(blanks)


def _day(text: str) -> str:
    try:
        return weekday(date.fromisoformat(text))
    except ValueError:
        return text


def _block(block: str, minutes: float) -> str:
    length = f"{minutes:g} menit".replace(".", ",") if minutes else ""
    return ", ".join(part for part in (block, length) if part)


def _outcomes(forms: Sequence[XLSForm]) -> tuple[tuple[int, str], ...]:
    """Outcomes of an approach, numbered in the order of their list.

    They are the list with the column `aapor` of the form whose sessions are chosen from
    sessions.csv: a survey of another population has outcomes of its own.
    """
    found: list[tuple[int, str]] = []
    for form in forms:
        kinds = (QuestionType.of(record.text("type")) for record in form.records("survey"))
        if not any(kind.file == PLAN for kind in kinds):
            continue
        instrument = instrument_of(form)
        for choices in instrument.choices.values():
            coded = [choice for choice in choices if "aapor" in choice.columns]
            if len(coded) > len(found):
                language = instrument.languages[0]
                found = [(place, c.label(language)) for place, c in enumerate(coded, 1)]
    return tuple(found)
