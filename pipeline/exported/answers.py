"""One row of a table as answers: codes for labels, a list for its columns of ones and noughts."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from typing import NoReturn

from analysis.instrument import Instrument, Question
from pipeline.exported.cells import (
    Habits,
    code_text,
    date_text,
    habits_of,
    number_text,
    time_text,
)
from pipeline.exported.columns import GEO_PARTS, Column, Headers, plain
from pipeline.exported.errors import CellError, ExportError
from pipeline.exported.grid import Grid, Line

WHOLE_TYPES = frozenset({"integer", "int"})
NUMBER_TYPES = WHOLE_TYPES | {"decimal", "range"}
DATE_TYPES = frozenset({"date", "today"})
TIME_TYPES = frozenset({"dateTime", "datetime", "start", "end"})
SYSTEM_TIMES = frozenset({"_submission_time", "SubmissionDate"})
CHOSEN = frozenset({"1", "1.0", "true", "True", "TRUE"})
NOT_CHOSEN = frozenset({"0", "0.0", "false", "False", "FALSE"})
TOO_MANY = 64
"""Ways to cut a text into labels after which nobody looks for more."""


class Answers:
    """Reads the rows of one table.

    Parameters
    ----------
    grid, headers
        The table, and what its columns hold.
    instrument
        The form, whose choices give the codes.
    zone
        Clock of the place, for times that a spreadsheet wrote without an offset.
    """

    def __init__(
        self, grid: Grid, headers: Headers, instrument: Instrument, zone: tzinfo | None
    ) -> None:
        self._grid = grid
        self._zone = zone
        self._style = headers.style
        self.habits = _habits(grid, headers)
        self._codes = {
            q.path: {choice.name for choice in instrument.choices_of(q)}
            for q in instrument.questions
        }
        self._labels = {q.path: self._labels_of(q, instrument) for q in instrument.questions}
        self._system = [column for column in headers.columns if column.system]
        self._strange = [c for c in headers.columns if not c.system and c.question is None]
        grouped: dict[str, list[Column]] = defaultdict(list)
        for column in headers.columns:
            if column.question is not None:
                grouped[column.question.path].append(column)
        self._asked = list(grouped.values())

    def _labels_of(self, question: Question, instrument: Instrument) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        if self._style is not None:
            for choice in instrument.choices_of(question):
                said = choice.labels.get(self._style) or choice.name
                found[plain(said)].append(choice.name)
        return found

    def system(self, line: Line) -> dict[str, str]:
        """Cells of the server's own columns that are not blank."""
        found = ((column.system, _cell(line, column)) for column in self._system)
        return {name: text.strip() for name, text in found if text.strip()}

    def of(self, line: Line) -> dict[str, str]:
        """Answers of a row by path; cells that no question claims under their header.

        Raises
        ------
        ExportError
            Where a cell has two readings, or the columns of a question contradict each other.
        """
        found: dict[str, str] = {}
        for columns in self._asked:
            question = columns[0].question
            assert question is not None
            try:
                text = self._answer(question, columns, line)
            except CellError as error:
                self.refuse(line, columns[0].header, str(error))
            if text.strip():
                found[question.path] = text
        for column in self._strange:
            if column.header and _cell(line, column).strip():
                found[column.header] = _cell(line, column)
        return found

    def refuse(self, line: Line, column: str, why: str) -> NoReturn:
        """Raise an ExportError that names the cell."""
        raise ExportError(
            f"{self._grid.where(line.number, column)}: {why}. A guess could move every figure "
            "built on it. Export the data again (XML values and headers) and leave the file as it "
            "is."
        )

    def _answer(self, question: Question, columns: Sequence[Column], line: Line) -> str:
        whole = [c for c in columns if not c.choice and not c.part]
        text = _cell(line, whole[0]) if whole else ""
        if any(column.part for column in columns):
            return text if text.strip() else _place(columns, line)
        if question.type == "select_multiple":
            return self._several(question, text, [c for c in columns if c.choice], line)
        if not text.strip():
            return ""
        if question.type in NUMBER_TYPES:
            return number_text(text, self.habits, whole=question.type in WHOLE_TYPES)
        if question.type in DATE_TYPES:
            return date_text(text, self.habits)
        if question.type in TIME_TYPES:
            return time_text(text, self.habits, self._zone)
        if question.type == "select_one":
            return self._code(question, text)
        return text.replace("\r\n", "\n")

    def _code(self, question: Question, text: str) -> str:
        meant = self._labels[question.path].get(plain(text), [])
        if len(meant) > 1:
            raise CellError(f"the choices {', '.join(meant)} have the same label")
        return meant[0] if meant else code_text(text, self._codes[question.path])

    def _several(self, question: Question, text: str, columns: Sequence[Column], line: Line) -> str:
        marks = {column.choice: _cell(line, column).strip() for column in columns}
        odd = [code for code, mark in marks.items() if mark and mark not in CHOSEN | NOT_CHOSEN]
        if odd:
            raise CellError(f"the column of the choice {odd[0]} holds neither 1 nor 0")
        chosen = [code for code, mark in marks.items() if mark in CHOSEN]
        if not text.strip():
            return " ".join(chosen)
        if self._style is not None and chosen:
            return " ".join(chosen)
        told = self._told(question, text)
        if any(marks.values()) and {code for code in told if code in marks} != set(chosen):
            raise CellError(
                "the answer and its columns of ones and noughts contradict each other, so the "
                "file was edited"
            )
        return " ".join(told)

    def _told(self, question: Question, text: str) -> list[str]:
        """Codes in a cell that holds all of them, or all of their labels, between blanks."""
        codes = self._codes[question.path]
        labels = self._labels[question.path]
        if labels:
            ways = {tuple(sorted(way)) for way in _cuts(plain(text), labels, frozenset())}
            if len(ways) > 1:
                raise CellError("the labels in it can be told apart in several ways")
            if ways:
                return list(ways.pop())
        return [code_text(word, codes) for word in text.split()]


def _cuts(
    text: str, labels: Mapping[str, Sequence[str]], used: frozenset[str]
) -> Iterator[list[str]]:
    """Ways in which a text is a sequence of labels, each at most once, as their codes."""
    found = 0
    for label, codes in labels.items():
        if label in used or not (text == label or text.startswith(label + " ")):
            continue
        rests = [[]] if text == label else _cuts(text[len(label) + 1 :], labels, used | {label})
        for rest in rests:
            for code in codes:
                yield [code, *rest]
                found += 1
                if found >= TOO_MANY:
                    return


def _place(columns: Sequence[Column], line: Line) -> str:
    """A place as the phone writes it: latitude longitude altitude accuracy."""
    parts = {c.part: _cell(line, c).strip().replace(",", ".") for c in columns if c.part}
    told = [parts.get(name, "") for name in GEO_PARTS]
    while told and not told[-1]:
        told.pop()
    return " ".join(part or "0.0" for part in told)


def _habits(grid: Grid, headers: Headers) -> Habits:
    def cells(wanted: frozenset[str], system: frozenset[str] = frozenset()) -> Iterator[str]:
        columns = [
            c
            for c in headers.columns
            if (c.question is not None and c.question.type in wanted) or c.system in system
        ]
        return (_cell(line, column) for line in grid.lines for column in columns)

    return habits_of(
        cells(NUMBER_TYPES), cells(DATE_TYPES | TIME_TYPES, SYSTEM_TIMES), exact=grid.exact
    )


def _cell(line: Line, column: Column) -> str:
    return line.cells[column.index] if column.index < len(line.cells) else ""
