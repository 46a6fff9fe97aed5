"""Questions that would tell who somebody is, in a form that is not meant to know it.

Answers about maladministration protect nobody if the form asks for a name or takes a picture. A
call-back number belongs into a form of its own; `words.csv` names such a form (`identified`).
"""

from collections.abc import Iterator

from pipeline.formlint.finding import Finding
from pipeline.formlint.rules import Rules
from pipeline.formlint.word_list import house_words
from pipeline.formlint.wording import language_of
from pipeline.xlsform import QuestionType, XLSForm

TYPES = frozenset(
    {"image", "audio", "video", "file", "background-audio", "geopoint", "geotrace", "geoshape",
     "background-geopoint", "phonenumber", "email", "simserial", "subscriberid", "barcode"}
)  # fmt: skip
"""Types that record a person, a place or a number by themselves."""

CALL_BACKS = frozenset({"kontak_ulang"})
"""Form of the design that holds call-back numbers, apart from every answer."""

TYPED = frozenset({"text", "integer", "decimal", "barcode"})


def personal(form: XLSForm, rules: Rules) -> Iterator[Finding]:
    """Pictures, places, names and numbers of persons asked for in a designed study."""
    words, name = rules.words or house_words(), form.path.stem
    if not rules.designed or name in CALL_BACKS or words.identified(name):
        return
    staff, default = words.for_staff(name), form.setting("default_language")
    for record in form.records("survey"):
        kind = QuestionType.of(record.text("type")).kind
        if kind in TYPES and not staff:
            yield Finding(
                "survey", record.number, "type", f"a question of the type {kind}",
                "no picture, voice or place of a respondent",
                "Delete it, or name the form in words.csv with the kind identified: it then needs "
                "a consent and a store of its own.",
            )  # fmt: skip
        if kind not in TYPED:
            continue
        for language, text in record.translations("label").items():
            listed = words.by_kind(language_of(language or default), name)["personal"]
            found = next((hit for e in listed if (hit := e.pattern.search(text))), None)
            if found:
                yield Finding(
                    "survey", record.number, f"label::{language}" if language else "label",
                    f"{found[0]!r}, which says who somebody is", "answers without a name or number",
                    "Ask for something else, or name the form in words.csv with the kind "
                    "identified.",
                )  # fmt: skip
