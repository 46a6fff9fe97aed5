"""A unit's self-assessment (`mandiri.csv`), scored by the codebook of its questionnaire.

The file holds the answers of the form `mandiri`, as an export with XML values writes them or as
people type them: columns `unit`, `tahun`, `paruh`, one for each item (`m_...`), and where an
outside institution verified it the same items as `v_...`. Group names before a `/` are cut off.
Optional: without the file there is nothing.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.instrument import Instrument
from analysis.scoring import IndexDefinition, measures
from pipeline.errors import StudyError
from pipeline.questionnaire import read_instrument
from pipeline.study import Study
from pipeline.tables import Row, read_table

FILE, FORM = "mandiri.csv", "mandiri.xlsx"
OWN, VERIFIED = "m_", "v_"
ANSWERED = 0.5
"""Share of the items of a dimension that must be answered and apply before it has a score."""

COLUMNS = ("unit_id", "period", "measure_type", "measure", "own", "verified")


def self_assessments(study: Study) -> pd.DataFrame:
    """Scores 0-100 of each unit's last self-assessment, by dimension and indicator: `COLUMNS`.

    `verified` is NaN where nobody verified it. Empty without the file.

    Raises
    ------
    StudyError
        Naming file, row and column: the questionnaire is absent, a unit is not in units.csv, an
        answer is no choice of its item, no item is there at all.
    """
    path, form = study.file(FILE), study.file(FORM)
    if not path.exists():
        return pd.DataFrame(columns=list(COLUMNS))
    if not form.exists():
        raise StudyError(
            f"{path} needs {FORM} beside it, which says what each answer is worth. Bring the "
            "questionnaire, or take the file out."
        )
    instrument = read_instrument(form)
    rows = [_short(row) for row in read_table(path, ())]
    items = [q.name for q in instrument.questions if q.dimension]
    if rows and not set(items) & set(rows[0]):
        raise StudyError(
            f"{path}: none of its columns is an item of {FORM} ({', '.join(items[:3])} ...). "
            "Export the form with XML values and headers, not with labels."
        )
    latest: dict[str, Row] = {}
    for row in rows:
        _check(study, instrument, row, items, f"{path}, row {row.line}")
        unit = row["unit"]
        if unit not in latest or _period(row) >= _period(latest[unit]):
            latest[unit] = row
    return _scored(list(latest.values()), instrument, items)


def _short(row: Row) -> Row:
    return Row(((name.rpartition("/")[2], cell) for name, cell in row.items()), row.line)


def _period(row: Row) -> tuple[str, str]:
    return row.get("tahun", ""), row.get("paruh", "")


def _words(row: Row, instrument: Instrument) -> str:
    """The period in the words of the questionnaire: `Juli–Desember 2026`."""
    year, half = _period(row)
    labels = {}
    if "paruh" in instrument:
        labels = {c.name: c.label() for c in instrument.choices_of(instrument["paruh"])}
    return " ".join(part for part in (labels.get(half, half), year) if part)


def _check(
    study: Study, instrument: Instrument, row: Row, items: Sequence[str], where: str
) -> None:
    if "unit" not in row:
        raise StudyError(f"{where}: column unit is missing; it names the unit that is assessed.")
    if study.unit(row["unit"]) is None:
        raise StudyError(
            f"{where}: unit {row['unit']!r} is not in units.csv. Correct the code: it is the "
            "unit_id, not the name."
        )
    for name in items:
        codes = {choice.name for choice in instrument.choices_of(instrument[name])}
        for column in (name, _verified(name)):
            if row.get(column, "") and row[column] not in codes:
                raise StudyError(
                    f"{where}: {column} = {row[column]!r} is none of {', '.join(sorted(codes))}. "
                    "Export the form with XML values, not with labels."
                )


def _verified(name: str) -> str:
    return VERIFIED + name.removeprefix(OWN)


def _scored(rows: Sequence[Row], instrument: Instrument, items: Sequence[str]) -> pd.DataFrame:
    """One row for each unit and each dimension or indicator with a score."""
    rules = IndexDefinition(minimum_answered=ANSWERED)
    by_side = []
    for column in (lambda name: name, _verified):
        frame = pd.DataFrame(
            [{name: row.get(column(name)) or None for name in items} for row in rows]
        )
        found = measures(frame, instrument, rules, ())
        by_side.append([m for m in found if m.type in ("dimensi", "indikator")])
    table = []
    for own, verified in zip(*by_side, strict=True):
        values = zip(rows, own.values, verified.values, strict=True)
        for row, mine, theirs in values:
            if np.isfinite(mine) or np.isfinite(theirs):
                table.append(
                    (row["unit"], _words(row, instrument), own.type, own.name, mine, theirs)
                )
    return pd.DataFrame(table, columns=list(COLUMNS))
