"""What is left over from editing: error values, placeholders, one wording for two choices."""

import difflib
import re
from collections.abc import Iterator

from pipeline.formlint.finding import Finding
from pipeline.xlsform import XLSForm

APPEARANCES = frozenset(
    {"minimal", "autocomplete", "field-list", "likert", "columns", "columns-pack", "no-buttons",
     "quick", "quickcompact", "compact", "horizontal", "horizontal-compact", "multiline",
     "numbers", "thousands-sep", "table-list", "label", "list-nolabel", "list", "map",
     "image-map", "no-calendar", "month-year", "year", "signature", "draw", "annotate",
     "new-front", "new-rear", "new", "picker", "rating", "vertical", "no-ticks", "url",
     "placement-map", "maps", "bearing", "distress", "printer", "hidden-answer", "masked",
     "counter", "walkthrough", "pages", "theme-grid", "randomized", "ex"}
)  # fmt: skip
"""Words of the column appearance that Collect, Enketo or Web Forms know."""

_BROKEN = re.compile(r"#(?:REF|NAME|VALUE|DIV/0|N/A|NULL|NUM)[!?]?|Err:\d+")
_PLACEHOLDER = re.compile(r"(?:todo|tbd|fixme|xxx+|\?{2,}|lorem ipsum.*)\W*", re.IGNORECASE)


def leftovers(form: XLSForm) -> Iterator[Finding]:
    """Error values of a spreadsheet, placeholders, doubled wordings, a second row of settings."""
    for sheet in ("survey", "choices", "settings"):
        for record in form.records(sheet):
            for column, text in record.cells.items():
                header = f"{column.base}::{column.language}" if column.language else column.base
                if _BROKEN.fullmatch(text.strip()):
                    yield Finding(
                        sheet, record.number, header, f"{text.strip()!r}, an error of the "
                        "spreadsheet", "a text", "Type the text again, without a formula.",
                    )  # fmt: skip
                elif column.base in {"label", "hint"} and _PLACEHOLDER.fullmatch(text.strip()):
                    yield Finding(
                        sheet, record.number, header, repr(text.strip()), "the wording itself",
                        "Write what people shall read.", "warning",
                    )  # fmt: skip
    yield from _doubled(form)
    yield from _appearances(form)
    extra = list(form.records("settings"))[1:]
    if extra:
        yield Finding(
            "settings", extra[0].number, "form_id", "a second row", "one row of settings",
            "Delete it: only the first row is read.", "warning",
        )  # fmt: skip


def _doubled(form: XLSForm) -> Iterator[Finding]:
    seen: dict[tuple[str, str, str], tuple[str, int]] = {}
    for record in form.records("choices"):
        listed, code = record.text("list_name"), record.text("name")
        for language, text in record.translations("label").items():
            key = (listed, language, text.strip().lower())
            other, row = seen.setdefault(key, (code, record.number))
            if other != code and not _filtered(form, listed):
                header = f"label::{language}" if language else "label"
                yield Finding(
                    "choices", record.number, header, f"the wording of {other!r} in row {row} "
                    f"for {code!r} too", "a wording of its own for each choice",
                    "Word one of them otherwise: nobody can tell the two apart.", "warning",
                )  # fmt: skip


def _filtered(form: XLSForm, listed: str) -> bool:
    """Whether a question shows only a part of the list, so that two alike need never meet."""
    return any(
        record.text("choice_filter") and listed in record.text("type").split()
        for record in form.records("survey")
    )


def _appearances(form: XLSForm) -> Iterator[Finding]:
    for record in form.records("survey"):
        for word in record.text("appearance").split():
            plain = word.lower().split("(")[0]
            if plain in APPEARANCES or re.fullmatch(r"(?:columns|w)-?\d+", plain):
                continue
            near = difflib.get_close_matches(plain, sorted(APPEARANCES), 1, 0.82)
            if near:
                yield Finding(
                    "survey", record.number, "appearance", repr(word), repr(near[0]),
                    "Correct the spelling: phones pass over a word that they do not know.",
                    "warning",
                )  # fmt: skip
