"""Which languages are printed, and a form's wording as it can stand on paper."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.errors import QuestionnaireError
from pipeline.paper.models import Words
from pipeline.paper.phrases import WORDS

MOST = 2
"""Languages side by side where none is named; more make a page that nobody can read out."""

_REFERENCE = re.compile(r"\$\{\s*([^}\s]+)\s*\}")
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_MARKED = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]+"
)
BLANK = "________"


@dataclass(frozen=True, slots=True)
class Tongue:
    """A language of the form, and the code (`id`, `en`) of the fixed words beside it."""

    language: str
    code: str


def tongues(languages: Sequence[str], wanted: Sequence[str] = ()) -> tuple[Tongue, ...]:
    """Languages to print, the first leading; the form's first two where none is asked for.

    `wanted` holds names or codes as the form has them: `Bahasa Indonesia (id)`, `id`, `en`.

    Raises
    ------
    QuestionnaireError
        Where the form does not have a language that is asked for.
    """
    chosen = []
    for wish in wanted:
        match = [lang for lang in languages if wish.lower() in {lang.lower(), code_of(lang)}]
        if not match:
            have = ", ".join(filter(None, languages)) or "one language without a name"
            raise QuestionnaireError(
                f"--language {wish}: the questionnaire does not have it; it has {have}. Name one "
                "of these, or the code in its brackets."
            )
        chosen.append(match[0])
    found = tuple(dict.fromkeys(chosen)) or tuple(languages[:MOST])
    return tuple(Tongue(lang, "en" if code_of(lang) == "en" else "id") for lang in found)


def code_of(language: str) -> str:
    """Code of a language: that in the last brackets, else of names that are well known."""
    found = re.search(r"\(([A-Za-z]{2,3}(?:-\w+)?)\)\s*$", language)
    if found:
        return found[1].lower()
    return {"english": "en", "bahasa indonesia": "id", "indonesia": "id", "indonesian": "id"}.get(
        language.strip().lower(), ""
    )


def fixed(tongues: Sequence[Tongue], key: str, *values: object) -> Words:
    """A fixed phrase in each language that is printed, told once where two are alike."""
    texts = (WORDS[tongue.code][key].format(*values) for tongue in tongues)
    return tuple(dict.fromkeys(texts))


def wording(
    labels: Mapping[str, str], tongues: Sequence[Tongue], refer: Callable[[str, Tongue], str]
) -> Words:
    """The form's own words in each language that is printed; another one where all are missing."""
    found = [plain(labels[t.language], t, refer) for t in tongues if labels.get(t.language)]
    if not found:
        found = [plain(text, tongues[0], refer) for text in labels.values() if text][:1]
    return tuple(dict.fromkeys(text for text in found if text))


def plain(text: str, tongue: Tongue, refer: Callable[[str, Tongue], str]) -> str:
    """Wording without markup and control signs, its references filled by `refer`."""
    text = _TAG.sub("", _BREAK.sub("\n", text))
    text = _LINK.sub(r"\1", _MARKED.sub(r"\2", text))
    text = re.sub(r"^#{1,6} +", "", text, flags=re.MULTILINE)
    lines = [" ".join(_CONTROL.sub(" ", line).split()) for line in text.splitlines()]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    return _REFERENCE.sub(lambda match: refer(match[1], tongue), text)
