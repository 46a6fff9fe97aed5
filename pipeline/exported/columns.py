"""What each column of an exported table holds: a question, one choice of it, a coordinate.

Headers are question names, paths or labels, as whoever exported chose. One style is found for a
table (names, or one language of the form), so that a label which is also a name misleads nobody.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analysis.instrument import Instrument, Question
from pipeline.exported.errors import ExportError
from pipeline.exported.grid import Grid

NAMES = None
"""The style of a table whose headers are names and whose cells are codes."""

SEPARATORS = ("/", "-", ".", ":", "::", "|", " / ", " - ", ">")
"""What may stand between groups, and between a question and its choice."""

GEO_TYPES = frozenset({"geopoint", "start-geopoint"})
GEO_PARTS = ("latitude", "longitude", "altitude", "accuracy")
SYSTEM = frozenset(
    {"_id", "_uuid", "_submission_time", "_validation_status", "_notes", "_status",
     "_submitted_by", "__version__", "_tags", "_index", "_parent_table_name", "_parent_index",
     "meta/rootUuid", "meta/instanceID", "meta/instanceName"}
)  # fmt: skip
"""Columns that KoBo adds to its own exports."""

CENTRAL_SYSTEM = (
    "SubmissionDate", "KEY", "PARENT_KEY", "SubmitterID", "SubmitterName", "AttachmentsPresent",
    "AttachmentsExpected", "Status", "ReviewState", "DeviceID", "Edits", "FormVersion",
)  # fmt: skip
"""Columns that ODK Central adds to its own exports; `KEY` names the submission."""

CENTRAL_META = {
    f"{prefix}{name}": f"meta/{name}"
    for name in ("instanceID", "instanceName", "deprecatedID", "audit")
    for prefix in ("", "meta-")
}


@dataclass(frozen=True, slots=True)
class Column:
    """Meaning of a column: exactly one of `system`, `question` and neither (nobody claims it).

    `choice` is the code whose 1 or 0 stands in it, `part` the coordinate.
    """

    index: int
    header: str
    system: str = ""
    question: Question | None = None
    choice: str = ""
    part: str = ""


@dataclass(frozen=True, slots=True)
class Headers:
    """The columns of a table, and the language of its headers and cells (None: names, codes)."""

    columns: tuple[Column, ...]
    style: str | None

    @property
    def claimed(self) -> int:
        """How many columns belong to a question."""
        return sum(column.question is not None for column in self.columns)


def read_headers(grid: Grid, instrument: Instrument, repeat: str = "") -> Headers:
    """Tell the columns of a table of the form, or of one of its repeats.

    Raises
    ------
    ExportError
        Where a header can mean several questions.
    """
    questions = [q for q in instrument.questions if q.repeat == repeat]
    styles: list[str | None] = [NAMES, *instrument.languages]
    spoken = [_Names(questions, instrument, style) for style in styles]
    counted = [(sum(names.exact(h) != [] for h in grid.header), -i)
               for i, names in enumerate(spoken)]  # fmt: skip
    if max(counted)[0] * 2 < len(questions):  # most headers begin with their groups
        counted = [(sum(names.knows(h) for h in grid.header), -i)
                   for i, names in enumerate(spoken)]  # fmt: skip
    chosen = -max(counted)[1]
    return _columns(grid, spoken[chosen], styles[chosen])


class _Names:
    """The questions of a table by what its headers call them."""

    def __init__(
        self, questions: Sequence[Question], instrument: Instrument, style: str | None
    ) -> None:
        self._instrument = instrument
        self._style = style
        self._known: dict[str, list[Question]] = defaultdict(list)
        for question in questions:
            for key in dict.fromkeys(self._keys(question)):
                self._known[key].append(question)

    def _keys(self, question: Question) -> Iterator[str]:
        if self._style is NAMES:
            yield question.path
            yield question.name
            for separator in SEPARATORS[1:]:
                yield question.path.replace("/", separator)
        else:
            yield plain(question.labels.get(self._style) or question.name)

    def exact(self, header: str) -> list[Question]:
        """Questions that the whole header names."""
        return self._known.get(plain(header), [])

    def knows(self, header: str) -> bool:
        """Whether the header names a question, with or without its groups."""
        return bool(self.exact(header) or self.inside_group(header))

    def inside_group(self, header: str) -> list[Question]:
        """Questions that the header names behind the names of groups."""
        for _, tail in _splits(header):
            if found := self.exact(tail):
                return found
        return []

    def option(self, header: str) -> tuple[list[Question], str]:
        """Questions with several answers and the code of the one this column is about."""
        for head, tail in _splits(header):
            asked = self.exact(head) or self.inside_group(head)
            found = [(q, self._code(q, tail)) for q in asked if q.type == "select_multiple"]
            if codes := {code for _, code in found if code}:
                return [q for q, code in found if code], codes.pop()
        return [], ""

    def _code(self, question: Question, text: str) -> str:
        for choice in self._instrument.choices_of(question):
            said = choice.name if self._style is NAMES else choice.labels.get(self._style)
            if plain(said or choice.name) == plain(text):
                return choice.name
        return ""

    def coordinate(self, header: str) -> tuple[list[Question], str]:
        """Questions on a place and the part of it: KoBo's and Central's way of writing it."""
        kobo = re.fullmatch(r"(.*?)_([^/]+)_(latitude|longitude|altitude|precision)", header)
        central = re.fullmatch(r"(.+)-(Latitude|Longitude|Altitude|Accuracy)", header)
        if kobo:
            name, part = kobo[1] + kobo[2], kobo[3].replace("precision", "accuracy")
        elif central:
            name, part = central[1], central[2].lower()
        else:
            return [], ""
        asked = self.exact(name) or self.inside_group(name)
        return [q for q in asked if q.type in GEO_TYPES], part


def plain(text: str) -> str:
    """A label with its blanks as a spreadsheet and a server may change them."""
    return re.sub(r"\s+", " ", text).strip()


def _splits(header: str) -> Iterator[tuple[str, str]]:
    """Head and tail at every separator, the longest tail first."""
    places = sorted(
        (match.start(), -len(separator), separator)
        for separator in SEPARATORS
        for match in re.finditer(re.escape(separator), header)
    )
    for start, _, separator in places:
        yield header[:start], header[start + len(separator) :]


def _columns(grid: Grid, names: _Names, style: str | None) -> Headers:
    central = "KEY" in grid.header
    last = {header: index for index, header in enumerate(grid.header)}
    found: list[Column] = []
    # By the questions that can be meant: behind the names of two groups stands the same label.
    open_: dict[tuple[str, str, str], list[tuple[int, list[Question]]]] = defaultdict(list)
    for index, header in enumerate(grid.header):
        if header in SYSTEM or (
            central and header in CENTRAL_SYSTEM and _is_system(grid, header, index, last)
        ):
            found.append(Column(index, header, system=header))
            continue
        if central and header in CENTRAL_META and not names.exact(header):
            found.append(Column(index, header, system=CENTRAL_META[header]))
            continue
        asked, choice, part = names.exact(header), "", ""
        if not asked:
            asked, choice = names.option(header)
        if not asked:
            asked, part = names.coordinate(header)
        if not asked:
            asked = names.inside_group(header)
        if asked:
            open_["\n".join(q.path for q in asked), choice, part].append((index, asked))
        else:
            found.append(Column(index, header))
    for (_, choice, part), columns in open_.items():
        found += _shared(grid, columns, choice, part)
    return Headers(tuple(sorted(found, key=lambda c: c.index)), style)


def _is_system(grid: Grid, header: str, index: int, last: dict[str, int]) -> bool:
    """Whether this is the server's column of that name, not a question's: Central's stand last."""
    first = grid.header.index(header)
    return index == (first if header == "SubmissionDate" else last[header])


def _shared(
    grid: Grid, columns: list[tuple[int, list[Question]]], choice: str, part: str
) -> list[Column]:
    """Columns under one header, given to the questions of that name in the order of the form."""
    asked = columns[0][1]
    used = [
        (index, questions)
        for index, questions in columns
        if len(columns) == len(asked) or _is_used(grid, index)
    ]
    header = grid.header[columns[0][0]]
    if len(used) not in (0, len(asked)):
        listed = ", ".join(q.path for q in asked)
        raise ExportError(
            f"{grid.where(1, header)}: {len(used)} columns have this header and can hold the "
            f"answers to {listed}. Export with XML values and headers and with group names."
        )
    given = {index: q for (index, _), q in zip(used, asked, strict=False)}
    return [
        Column(index, header, question=given.get(index), choice=choice, part=part)
        for index, _ in columns
    ]


def _is_used(grid: Grid, index: int) -> bool:
    return any(index < len(line.cells) and line.cells[index].strip() for line in grid.lines)
