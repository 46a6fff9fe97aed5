"""Known totals of a study, `margins.csv`: how many visits have each level of an answer.

Columns `population unit_id margin level total source`; a blank `unit_id` is the whole city. With a
blank `level` the total is what the numbers of a question add up to: minutes, fees. What
is wrong with the file alone is said here, with its rows; what does not fit the sample is said by
`analysis.cells`.
"""

import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.margins import AGREE, CROSS, POPULATIONS
from pipeline.errors import StudyError
from pipeline.tables import Row, number, read_table

COLUMNS = ("population", "unit_id", "margin", "level", "total", "source")
WAVE = "wave"
"""Optional column: the wave whose visits were counted; blank counts for every wave."""
THOUSANDS = re.compile(r"[1-9]\d{0,2}((\.\d{3})+|(,\d{3})+)")
"""A total of which nobody can tell whether its mark is one of thousands or of decimals."""
SIMULATED = "simulasi"
"""Begins the source of totals that nobody counted, and names the folder they stand in."""


@dataclass(frozen=True)
class KnownTotal:
    """One row of the file; `line` is where it begins. Without `level` it is the sum of a number."""

    unit_id: str
    margin: str
    level: str
    total: float
    source: str
    line: int


@dataclass(frozen=True)
class KnownTotals:
    """The rows of the margins in use, all of one population."""

    path: Path
    population: str
    rows: tuple[KnownTotal, ...]

    @property
    def margins(self) -> tuple[str, ...]:
        """Names of the margins in the order of the file."""
        return tuple(dict.fromkeys(row.margin for row in self.rows))

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the interviews that the margins speak of."""
        return tuple(dict.fromkeys(c for name in self.margins for c in name.split(CROSS)))

    @property
    def sources(self) -> tuple[str, ...]:
        """Who counted, each once."""
        return tuple(dict.fromkeys(row.source for row in self.rows if row.source))

    @property
    def is_simulated(self) -> bool:
        """Whether any total was made by a program instead of counted."""
        return self.path.parent.name == SIMULATED or any(
            s.lower().startswith(SIMULATED) for s in self.sources
        )

    @property
    def numbers(self) -> tuple[str, ...]:
        """Those of the margins that are sums of numbers."""
        return tuple(dict.fromkeys(row.margin for row in self.rows if not row.level))

    def by_unit(self, margin: str) -> bool:
        """Whether the margin gives the totals of each unit rather than of the city."""
        return any(row.unit_id for row in self.rows if row.margin == margin)


def read_known_totals(
    path: Path,
    *,
    margins: Sequence[str],
    units: Collection[str],
    levels: Mapping[str, Sequence[str]],
    reconcile: str = "",
    wave: str = "",
    waves: Collection[str] = (),
) -> KnownTotals:
    """Read and check the totals of `margins` (all in the file where none is named).

    `units` are the codes of units.csv, `levels` the codes of the columns whose codes are known.
    `reconcile` names the margin to whose sum the others are scaled, unit by unit. Of `waves` only
    the totals of `wave` are read, and those that name none.

    Raises
    ------
    StudyError
        Naming file and rows: a missing column or cell, an unknown population, unit, margin or
        level, a total that is not above zero, a level that stands twice, a margin that is partly
        by unit, margins of one unit whose sums differ.
    """
    rows = _of_wave(path, read_table(path, COLUMNS[:-1]), wave, waves)
    own = f" of wave {wave}" if len(waves) > 1 else ""
    named = list(dict.fromkeys(row["margin"] for row in rows))
    absent = [name for name in (*margins, reconcile) if name and name not in named]
    if absent:
        raise StudyError(
            f"{path} has no margin {', '.join(absent)}{own}, which [calibration] in study.toml "
            f"names; it has {', '.join(filter(None, named)) or 'none'}. Add the totals, or correct "
            "the name."
        )
    used = [row for row in rows if not margins or row["margin"] in margins]
    if not used:
        raise StudyError(
            f"{path} holds no total{own}, so there is nothing to bring the weights to. Fill it "
            "in, or take [calibration] out of study.toml."
        )
    population = _population(path, used)
    found = [_read(path, row, units, levels) for row in used]
    _refuse_doubles(path, found)
    _refuse_mixed(path, found)
    if reconcile:
        found = _reconciled(found, reconcile)
    _refuse_disagreement(path, found, bool(reconcile))
    return KnownTotals(path, population, tuple(found))


def _of_wave(path: Path, rows: list[Row], wave: str, waves: Collection[str]) -> list[Row]:
    for row in rows:
        if row.get(WAVE, "") not in {"", *waves}:
            raise StudyError(
                f"{path}, row {row.line}: wave {row[WAVE]!r} is not a [[wave]] of study.toml "
                f"({', '.join(waves) or 'none'}), so its totals belong to nobody."
                f"{_near(row[WAVE], waves)}"
            )
    return [row for row in rows if row.get(WAVE, "") in {"", wave}]


def _population(path: Path, rows: Sequence[Row]) -> str:
    for row in rows:
        if row["population"] not in POPULATIONS:
            raise StudyError(
                f"{path}, row {row.line}: population {row['population']!r} must say whom the total "
                f"counts: {' or '.join(POPULATIONS)} (visits or residents)."
            )
        if row["population"] != rows[0]["population"]:
            raise StudyError(
                f"{path}: row {rows[0].line} counts {rows[0]['population']}, row {row.line} "
                f"{row['population']}. Weights can stand for one population only; keep the totals "
                "of the one that was sampled."
            )
    return rows[0]["population"]


def _read(
    path: Path, row: Row, units: Collection[str], levels: Mapping[str, Sequence[str]]
) -> KnownTotal:
    where = f"{path}, row {row.line}"
    blank = [name for name in ("margin", "total") if not row[name]]
    if not row["level"] and (levels.get(row["margin"]) or CROSS in row["margin"]):
        blank.insert(1, "level")
    if blank:
        raise StudyError(
            f"{where}: {', '.join(blank)} is blank; a total needs the margin, the level and the "
            "number. Only the sum of a question that is answered with a number has no level."
        )
    unit_id = row["unit_id"]
    if unit_id and unit_id not in units:
        raise StudyError(
            f"{where}: unit {unit_id!r} is not in units.csv, so its totals belong to nobody."
            f"{_near(unit_id, units)}"
        )
    if THOUSANDS.fullmatch(row["total"].strip()):
        plain = row["total"].strip().replace(".", "").replace(",", "")
        raise StudyError(
            f"{where}: the total of {row['margin']} {row['level']} is {row['total']}, which may be "
            f"{plain} with marks of thousands or a number with decimals. A total a "
            f"thousand times too small would move every weight. Write {plain}, or leave the "
            "decimals out."
        )
    total = number(row["total"], f"{where}, total")
    if total is None or not 0 < total < float("inf"):
        raise StudyError(
            f"{where}: the total of {row['margin']} {row['level']} is {row['total']}; interviews "
            "cannot stand for that. Correct it, or join the level with another in the margin and "
            "in the answers."
        )
    if not row["level"]:
        return KnownTotal(unit_id, row["margin"], "", total, row.get("source", ""), row.line)
    columns, parts = row["margin"].split(CROSS), row["level"].split(CROSS)
    if len(columns) > 1 and len(columns) != len(parts):
        raise StudyError(
            f"{where}: margin {row['margin']} crosses {len(columns)} answers, but the level "
            f"{row['level']!r} names {len(parts)}. Write one code for each, joined by {CROSS!r}."
        )
    for column, code in zip(columns, parts if len(columns) > 1 else [row["level"]], strict=True):
        known = levels.get(column, ())
        if known and code not in known:
            raise StudyError(
                f"{where}: {code!r} is no answer of {column}; its codes are {', '.join(known)}."
                f"{_near(code, known)}"
            )
    return KnownTotal(unit_id, row["margin"], row["level"], total, row.get("source", ""), row.line)


def _refuse_doubles(path: Path, rows: Sequence[KnownTotal]) -> None:
    seen: dict[tuple[str, str, str], int] = {}
    for row in rows:
        key = (row.unit_id, row.margin, row.level)
        if key in seen:
            raise StudyError(
                f"{path}: {row.margin} {row.level}{_of(row.unit_id)} stands in rows {seen[key]} "
                f"and {row.line}; nobody can tell which total counts. Keep one."
            )
        seen[key] = row.line


def _refuse_mixed(path: Path, rows: Sequence[KnownTotal]) -> None:
    first: dict[str, KnownTotal] = {}
    for row in rows:
        before = first.setdefault(row.margin, row)
        if bool(before.unit_id) != bool(row.unit_id):
            raise StudyError(
                f"{path}: margin {row.margin} is of {_whose(before)} in row {before.line} and of "
                f"{_whose(row)} in row {row.line}. Give a margin for every unit, or for the "
                "whole city."
            )
        if bool(before.level) != bool(row.level):
            one, none = (before, row) if before.level else (row, before)
            raise StudyError(
                f"{path}: margin {row.margin} has a level in row {one.line} and none in row "
                f"{none.line}. A total is of a level, or without one the sum of a number; it "
                "cannot be both."
            )


def _reconciled(rows: Sequence[KnownTotal], to: str) -> list[KnownTotal]:
    """Totals scaled, unit by unit, to the sum of the margin `to`; shares are kept.

    Sums of numbers count something else and stay.
    """
    sums = _sums(rows)
    out = []
    for row in rows:
        if not row.level:
            out.append(row)
            continue
        whole = sums.get((row.unit_id, to))
        scale = 1.0 if whole is None else whole / sums[row.unit_id, row.margin]
        out.append(KnownTotal(
            row.unit_id, row.margin, row.level, row.total * scale, row.source, row.line
        ))  # fmt: skip
    return out


def _refuse_disagreement(path: Path, rows: Sequence[KnownTotal], reconciled: bool) -> None:
    """Margins of one unit count the same visits; those of the city the visits of all units."""
    sums = _sums(rows)
    whole: dict[str, tuple[str, float]] = {}
    for (unit_id, margin), total in sums.items():
        other, expected = whole.setdefault(unit_id, (margin, total))
        if abs(total - expected) > AGREE * expected:
            raise StudyError(
                f"{path}: {_whose_sum(rows, unit_id, other, expected)}, "
                f"{_whose_sum(rows, unit_id, margin, total)}. Both count the same visits, so no "
                "weights can meet both. Correct the totals"
                + (
                    "."
                    if reconciled
                    else f', or say reconcile = "{other}" under [calibration] to scale the rest '
                    "to it."
                )
            )
    of_units = sum(total for unit_id, (_, total) in whole.items() if unit_id)
    if "" in whole and of_units and abs(of_units - whole[""][1]) > AGREE * of_units:
        raise StudyError(
            f"{path}: margin {whole[''][0]} of the whole city sums to {whole[''][1]:,.10g}, the "
            f"units together to {of_units:,.10g}. Both count the same visits; correct the totals."
        )


def _sums(rows: Sequence[KnownTotal]) -> dict[tuple[str, str], float]:
    """How many each margin of levels counts in each unit."""
    found: dict[tuple[str, str], float] = {}
    for row in rows:
        if not row.level:
            continue
        key = (row.unit_id, row.margin)
        found[key] = found.get(key, 0.0) + row.total
    return found


def _whose_sum(rows: Sequence[KnownTotal], unit_id: str, margin: str, total: float) -> str:
    lines = [str(r.line) for r in rows if (r.unit_id, r.margin) == (unit_id, margin)]
    return f"margin {margin}{_of(unit_id)} (rows {', '.join(lines)}) sums to {total:,.10g}"


def _of(unit_id: str) -> str:
    return f" of {unit_id}" if unit_id else ""


def _whose(row: KnownTotal) -> str:
    return f"unit {row.unit_id}" if row.unit_id else "the whole city"


def _near(text: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(text, sorted(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else " Correct the code."
