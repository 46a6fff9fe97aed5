"""An XLSForm as a person wrote it: its sheets, and what its column headers and types mean.

Every tool of the project that looks at a form starts here: converter, checks, mirror and
codebook see the same cells. Headers are understood as pyxform and KoBo understand them
(`Label::English (en)`, `list name`, `relevance`), so foreign forms read like our own.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path

from pipeline.errors import QuestionnaireError
from pipeline.mirror import from_markdown
from pipeline.tables import read_text
from pipeline.workbook import Sheet, read_workbook

TRANSLATABLE = frozenset(
    {"label", "hint", "guidance_hint", "required_message", "constraint_message"}
    | {"image", "big-image", "audio", "video"}
)
"""Columns that may stand once for each language, as `label::English (en)`."""

NAMESPACES = frozenset({"bind", "body", "instance", "media", "control", "jr"})
"""What may stand before `::` without being a translated column."""

_ALIASES = {
    "relevance": "relevant", "caption": "label", "calculate": "calculation", "command": "type",
    "tag": "name", "count": "repeat_count", "readonly": "read_only",
    "requiredmsg": "required_message", "constraining_message": "constraint_message",
    "set_form_id": "form_id", "id_string": "form_id", "set_form_title": "form_title",
    "title": "form_title", "jr:count": "repeat_count",
}  # fmt: skip

_TYPES = {
    "int": "integer", "string": "text", "photo": "image", "gps": "geopoint",
    "location": "geopoint", "datetime": "dateTime", "date time": "dateTime",
    "trigger": "acknowledge", "start time": "start", "end time": "end", "device id": "deviceid",
    "imei": "deviceid", "phone number": "phonenumber", "begin looped group": "begin_repeat",
    "begin lgroup": "begin_repeat", "end looped group": "end_repeat", "end lgroup": "end_repeat",
}  # fmt: skip

_SELECT = re.compile(
    r"(?P<how>select_one_from_file|select_multiple_from_file|select one from file"
    r"|select multiple from file|select_one_external|select_one|select_multiple|select1|rank"
    r"|select all that apply from|select all that apply|select one from|select one"
    r"|add select one prompt using|add select multiple prompt using)"
    r"(?: +(?P<list>\S+))?(?P<other> +(?:or_other|or other|or specify other))?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Column:
    """What a header means: `base` in XLSForm's own spelling, and its language where it has one."""

    base: str
    language: str = ""

    @classmethod
    @lru_cache(maxsize=4096)
    def of(cls, header: str) -> "Column":
        """Meaning of a header as written; `label:English` is the old way of `label::English`."""
        head, separator, tail = header.partition("::")
        if not separator:
            head, separator, tail = header.partition(":")
        base = re.sub(r"\s+", "_", head.strip().lower())
        if not separator:
            return cls(_ALIASES.get(base, base))
        tail = tail.strip()
        if base in NAMESPACES:
            inner, _, language = tail.partition("::")
            return cls(inner if base == "media" else f"{base}::{tail}", language)
        return cls(_ALIASES.get(base, base), tail)


@cache
def _plain(base: str) -> Column:
    return Column(base)


@dataclass(frozen=True, slots=True)
class QuestionType:
    """The cell `type`: kind, and the list or file of a select; `other` adds a free answer."""

    kind: str
    list_name: str = ""
    file: str = ""
    other: bool = False

    @classmethod
    @lru_cache(maxsize=4096)
    def of(cls, text: str) -> "QuestionType":
        """Type as written, in XLSForm's present spelling (`begin group` is `begin_group`)."""
        words = re.sub(r"\s+", " ", text.strip())
        match = _SELECT.fullmatch(words)
        if match is None:
            lowered = words.lower()
            if lowered.startswith(("begin ", "end ")) and lowered not in _TYPES:
                return cls(lowered.replace(" ", "_"))
            return cls(_TYPES.get(lowered, words))
        how = match["how"].lower().replace(" ", "_")
        several = "multiple" in how or "all_that_apply" in how
        listed = match["list"] or ""
        if how == "rank":
            return cls("rank", listed)
        if how.endswith("from_file"):
            return cls(
                "select_multiple_from_file" if several else "select_one_from_file", "", listed
            )
        if how == "select_one_external":
            return cls(how, "")
        return cls("select_multiple" if several else "select_one", listed, "", bool(match["other"]))


@dataclass(frozen=True, slots=True)
class Record:
    """A row by the meaning of its columns."""

    number: int
    cells: Mapping[Column, str]

    def text(self, base: str) -> str:
        """Text of a column without a language, else of its first language."""
        plain = self.cells.get(_plain(base))
        return plain if plain is not None else next(iter(self.translations(base).values()), "")

    def translations(self, base: str) -> dict[str, str]:
        """Text by language (empty key: a column without one), blank cells left out."""
        return {column.language: text for column, text in self.cells.items() if column.base == base}


@dataclass(frozen=True)
class XLSForm:
    """A form as written: sheets by name, in the order of the workbook."""

    path: Path
    sheets: Mapping[str, Sheet]

    @cached_property
    def _records(self) -> dict[str, tuple[Record, ...]]:
        return {}  # filled by `records`: every check walks down the same rows

    @cached_property
    def _by_name(self) -> dict[str, Sheet]:
        named = {name.strip().lower(): content for name, content in self.sheets.items()}
        if "survey" not in named and len(named) == 1:  # as pyxform: a lone sheet is the survey
            return {"survey": next(iter(named.values()))}
        return named

    def sheet(self, name: str) -> Sheet:
        """Sheet `survey`, `choices` or `settings`; empty where the form has none."""
        return self._by_name.get(name, Sheet((), ()))

    def records(self, name: str) -> Iterator[Record]:
        """Rows of a sheet by the meaning of their columns."""
        if name not in self._records:
            content = self.sheet(name)
            columns = {header: Column.of(header) for header in content.header}
            self._records[name] = tuple(
                Record(row.number, {columns[h]: text for h, text in row.cells.items()})
                for row in content.rows
            )
        return iter(self._records[name])

    def setting(self, name: str) -> str:
        """A cell of the sheet `settings`, empty where it is not set."""
        return next((record.text(name) for record in self.records("settings")), "")

    def languages(self, *sheets: str) -> tuple[str, ...]:
        """Languages of the translated columns, the default first; empty text for a plain label.

        Without names, of the sheets survey and choices together.
        """
        found: dict[str, None] = {}
        for name in sheets or ("survey", "choices"):
            for header in self.sheet(name).header:
                column = Column.of(header)
                if column.base in TRANSLATABLE and (column.language or column.base == "label"):
                    found.setdefault(column.language)
        default = self.setting("default_language")
        if default and "" in found and default not in found:
            found = {default if language == "" else language: None for language in found}
        return tuple(sorted(found, key=lambda language: language != default))


def read_xlsform(path: Path | str, data: bytes | None = None) -> XLSForm:
    """Read an .xlsx workbook, or a Markdown mirror where the name ends in .md.

    `data` are the bytes of a workbook that is not written yet; default: those of the file.

    Raises
    ------
    QuestionnaireError
        Where the file cannot be read, is neither of the two, or has no sheet `survey` with
        the columns `type` and `name`.
    """
    path = Path(path)
    if path.suffix.lower() == ".md":
        if not path.is_file():
            raise QuestionnaireError(f"{path}: not found. Check the name.")
        form = XLSForm(path, from_markdown(read_text(path), str(path)))
    elif path.suffix.lower() in {".xlsx", ".xlsm"}:
        form = XLSForm(path, read_workbook(path, data))
    else:
        raise QuestionnaireError(
            f"{path}: a questionnaire is an .xlsx workbook or its .md mirror. Open it in Excel "
            "or LibreOffice and save it as “Excel workbook (.xlsx)”."
        )
    survey = form.sheet("survey")
    if not survey.header:
        found = ", ".join(form.sheets) or "none"
        raise QuestionnaireError(
            f"{path}: no sheet named survey (sheets found: {found}). An XLSForm keeps its "
            "questions on a sheet of that name."
        )
    bases = {Column.of(header).base for header in survey.header}
    if missing := {"type", "name"} - bases:
        raise QuestionnaireError(
            f"{path}, sheet survey: column {' and '.join(sorted(missing))} is missing; found "
            f"{', '.join(survey.header)}. Check the spelling in row 1."
        )
    return form
