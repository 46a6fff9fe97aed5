"""The list of words that a question should do without, and what a study adds to it.

`words.csv` beside this module is the house's; a study may have a `words.csv` of its own with the
same columns and, where it likes, `form` (only there) and `reason`. A row of the kind `accepted`
takes a phrase out of the check: a wording that is fixed by law, or one that was discussed; one of
the kind `staff` says that a form is not asked of the public, so that its words are not checked,
one of the kind `identified` that a form is meant to hold personal data, such as a number to call.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from pipeline.errors import StudyError
from pipeline.tables import read_table

KINDS = ("jargon", "recall", "double", "leading", "period", "accepted", "staff",
         "personal", "identified")  # fmt: skip

COLUMNS = ("language", "kind", "words")


@dataclass(frozen=True, slots=True)
class Entry:
    """A word or phrase of a kind, in a language; `#` in it stands for a number or a small word."""

    language: str
    kind: str
    words: str
    instead: str = ""
    form: str = ""

    @property
    def pattern(self) -> re.Pattern[str]:
        """The phrase as whole words, in any case, blanks of any width."""
        return _pattern(self.words)


@cache
def _pattern(words: str) -> re.Pattern[str]:
    parts = [r"[\w/]+" if part == "#" else re.escape(part) for part in words.split()]
    phrase = r"\s+".join(parts)
    return re.compile(rf"(?<![\w/-]){phrase}(?![\w/-])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Words:
    """Entries of the list."""

    entries: tuple[Entry, ...]

    def by_kind(self, language: str, form: str) -> Mapping[str, list[Entry]]:
        """Entries for a form by kind, in the language of a code such as `id` (blank: all)."""
        found: dict[str, list[Entry]] = {kind: [] for kind in KINDS}
        for entry in self.entries:
            if (not language or entry.language in {"", language}) and entry.form in {"", form}:
                found[entry.kind].append(entry)
        return found

    def for_staff(self, form: str) -> bool:
        """Whether the list says that a form is filled in by staff."""
        return any(entry.kind == "staff" and entry.form == form for entry in self.entries)

    def identified(self, form: str) -> bool:
        """Whether the list says that a form is meant to hold personal data."""
        return any(entry.kind == "identified" and entry.form == form for entry in self.entries)


@cache
def house_words() -> Words:
    """The list that comes with the project."""
    text = (resources.files("pipeline.formlint") / "words.csv").read_text("utf-8")
    return Words(tuple(_entries(csv.DictReader(io.StringIO(text)))))


def study_words(folder: Path) -> Words:
    """The house's list and what the study's `words.csv` adds.

    Raises
    ------
    StudyError
        Where a row of the study's file has another kind or no words; it names file and line.
    """
    path = folder / "words.csv"
    if not path.exists():
        return house_words()
    rows = read_table(path, list(COLUMNS))
    for row in rows:
        if row["kind"] not in KINDS or not row["words"]:
            raise StudyError(
                f"{path}, line {row.line}: kind {row['kind']!r} with the words {row['words']!r}; "
                f"expected one of {', '.join(KINDS)} and a word or phrase. Correct the row."
            )
    return Words((*house_words().entries, *_entries(rows)))


def _entries(rows: Iterable[Mapping[str, str]]) -> list[Entry]:
    return [
        Entry(row["language"], row["kind"], row["words"], row.get("instead", ""),
              row.get("form", ""))
        for row in rows
    ]  # fmt: skip
