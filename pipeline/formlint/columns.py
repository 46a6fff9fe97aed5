"""Checks of a form's headers and of its languages."""

import difflib
import re
from collections import Counter
from collections.abc import Iterator

from analysis.instrument import CODEBOOK_COLUMNS
from pipeline.formlint.finding import Finding
from pipeline.formlint.rules import Rules
from pipeline.xlsform import (
    NAMESPACES,
    TRANSLATABLE,
    Column,
    QuestionType,
    Record,
    XLSForm,
)

KNOWN = {
    "survey": TRANSLATABLE | set(CODEBOOK_COLUMNS) | {
        "type", "name", "required", "relevant", "constraint", "calculation", "trigger",
        "appearance", "parameters", "choice_filter", "default", "read_only", "repeat_count",
        "disabled", "autoplay", "rows", "save_to", "note", "notes", "comment",
    },
    "choices": TRANSLATABLE | {"list_name", "name", "value", "skor", "geometry"},
    "settings": {
        "form_title", "form_id", "version", "default_language", "style", "instance_name",
        "allow_choice_duplicates", "public_key", "submission_url", "auto_send", "auto_delete",
        "namespaces", "instance_xmlns", "clean_text_values", "name", "prefix", "sms_keyword",
    },
}  # fmt: skip
"""Columns XLSForm or the codebook gives a meaning, by sheet."""

CRASHING = frozenset({"bind", "body", "control", "instance"})
"""Headers of the sheet survey that need `::` and what follows it."""

BLANKED = frozenset(base.replace("_", " ") for base in TRANSLATABLE)
"""Headers that may be written with a blank."""

MAIN_LANGUAGES = 2
"""Languages that must be whole; a third is a help where it has words, and one finding a column."""

LIKENESS = 0.82
"""Likeness from which an unknown header counts as misspelt: `relevent` has 0.88."""


WITHOUT_LABEL = frozenset(
    {
        "", "start", "end", "today", "deviceid", "username", "phonenumber", "email", "audit",
        "hidden", "calculate", "xml-external", "csv-external", "start-geopoint",
        "background-audio", "background-geopoint", "simserial", "subscriberid",
    }
)  # fmt: skip
"""Types that no person is shown; groups, too, may go without a label."""


def headers(form: XLSForm, rules: Rules) -> Iterator[Finding]:
    """Repeated, misspelt and colon-ridden headers."""
    for sheet in KNOWN:
        header = form.sheet(sheet).header
        for name, times in Counter(header).items():
            if times > 1:
                yield Finding(
                    sheet, 1, name, f"the header {times} times", "each header once",
                    "Rename or delete the repeated column: only one of them is read.",
                )  # fmt: skip
        for name in dict.fromkeys(header):
            yield from _header(sheet, name, rules)
            yield from _crashing(sheet, name)


def _header(sheet: str, name: str, rules: Rules) -> Iterator[Finding]:
    column = Column.of(name)
    base = column.base.split("::")[0]
    if base in NAMESPACES and "::" in name:
        return
    known = base in KNOWN[sheet]
    near = [] if known else _near(base, sheet, translated=bool(column.language))
    if near:
        own = near[0] in CODEBOOK_COLUMNS or near[0] == "skor"
        yield Finding(
            sheet, 1, name, f"the header {name!r}", f"{near[0]!r}",
            "Correct the spelling: a column with an unknown header is ignored without a word.",
            rules.severity if own else "error",
        )  # fmt: skip
    elif column.language and (base not in TRANSLATABLE):
        yield Finding(
            sheet, 1, name, "a colon in the header of a column that is not translated",
            "a header without “:”",
            "Rename the column: KoBo takes the text after the colon for a language.",
        )  # fmt: skip


def _near(base: str, sheet: str, *, translated: bool) -> list[str]:
    """The known header that was meant, if any: a column of one's own may be called anything."""
    letters = sorted(base)
    swapped = [name for name in sorted(KNOWN[sheet]) if sorted(name) == letters]
    if translated:  # only a known column is ever translated, so a rough likeness is enough
        return swapped or difflib.get_close_matches(base, sorted(TRANSLATABLE), 1, 0.6)
    return swapped or difflib.get_close_matches(base, sorted(KNOWN[sheet]), 1, LIKENESS)


def _crashing(sheet: str, name: str) -> Iterator[Finding]:
    """Headers that pyxform stumbles over, or that make an XForm no phone can read."""
    bare = name.strip().lower()
    if bare in (CRASHING if sheet == "survey" else {"media"} if sheet == "choices" else set()):
        yield Finding(
            sheet, 1, name, f"the header {name!r} without “::”", f"for example {bare}::something",
            "Rename the column: pyxform ends with an error of its own over it.",
        )  # fmt: skip
    elif sheet == "choices" and ":" not in name:
        if re.search(r"\s", bare) and bare not in {"list name"} | BLANKED:
            yield Finding(
                sheet, 1, name, f"a blank in the header {name!r}", repr(re.sub(r"\s+", "_", bare)),
                "Write _ for the blank: pyxform leaves such a column out.", "warning",
            )  # fmt: skip
        elif not re.search(r"\s", bare) and not re.fullmatch(r"[^\W\d][\w.-]*", bare):
            yield Finding(
                sheet, 1, name, f"the header {name!r}",
                "letters, digits, _ - . beginning with a letter or _",
                "Rename the column: it becomes an element of the XForm, which phones then cannot "
                "read.",
            )  # fmt: skip


def languages(form: XLSForm, rules: Rules) -> Iterator[Finding]:
    """Languages that a sheet, a column or a cell lacks; a default that does not exist."""
    every = [language for language in form.languages() if language]
    default = form.setting("default_language")
    if default and default not in form.languages():
        row = next(form.records("settings")).number
        yield Finding(
            "settings", row, "default_language", repr(default),
            f"one of {', '.join(map(repr, every)) or 'the languages of the form'}",
            "Write the language exactly as in the headers; otherwise phones show dashes.",
        )  # fmt: skip
    for sheet in ("survey", "choices"):
        columns = {h: Column.of(h) for h in dict.fromkeys(form.sheet(sheet).header)}
        for base in sorted({c.base for c in columns.values()} & TRANSLATABLE):
            have = {c.language or default for c in columns.values() if c.base == base}
            for language in every:
                if language not in have:
                    wanted = f"{base}::{language}"
                    yield Finding(
                        sheet, 1, wanted, f"no column {wanted!r}",
                        f"{base} in every language of the form",
                        "Add the column and fill it; phones show a dash for what is missing.",
                        "error" if base == "label" else "warning",
                    )  # fmt: skip
            own = [c for c in columns.values() if c.base == base]
            yield from _gaps(form, sheet, base, own, rules)


def _gaps(
    form: XLSForm, sheet: str, base: str, columns: list[Column], rules: Rules
) -> Iterator[Finding]:
    if len(columns) < 2:
        return
    every = form.languages() or ("",)
    lacking: dict[Column, list[Record]] = {column: [] for column in columns}
    filled = 0
    for record in form.records(sheet):
        texts = record.translations(base)
        filled += bool(texts)
        for column in columns:
            if texts and column.language not in texts:
                lacking[column].append(record)
    for column, records in lacking.items():
        header = f"{base}::{column.language}" if column.language else base
        if column.language in every[MAIN_LANGUAGES:] and len(records) > 1:
            yield Finding(
                sheet, records[0].number, header,
                f"{len(records)} of {filled} cells blank, the first here",
                f"the {base} in a language that phones offer",
                "Translate the rest before people choose this language; phones show a dash for "
                "what is missing.", "warning",
            )  # fmt: skip
            continue
        shown = base == "label" and column.language == every[0]
        for record in records:
            yield Finding(
                sheet, record.number, header, "a blank cell",
                f"the {base} of {_whose(record)} in this language",
                "Translate it; phones show a dash for what is missing.",
                rules.severity if shown else "warning",
            )  # fmt: skip


def labels(form: XLSForm, rules: Rules) -> Iterator[Finding]:
    """Questions and choices with no wording in any language."""
    for sheet in ("survey", "choices"):
        wordings = [h for h in form.sheet(sheet).header if Column.of(h).base == "label"]
        if not wordings:
            continue
        for record in form.records(sheet):
            kind = QuestionType.of(record.text("type")).kind
            if sheet == "survey" and (
                kind in WITHOUT_LABEL or kind.startswith(("begin_", "end_")) or record.text("hint")
                or record.text("calculation")
            ):  # fmt: skip
                continue
            media = any(record.text(base) for base in ("image", "audio", "video"))
            if not record.text("label") and not media:
                yield Finding(
                    sheet, record.number, wordings[0], "a blank cell",
                    f"the wording of {_whose(record)}",
                    "Write what the phone shall show; nobody can answer a blank.", rules.severity,
                )  # fmt: skip


def _whose(record: Record) -> str:
    return repr(record.text("name") or record.text("type"))
