"""In which versions of a form a question stood, and how it was worded there.

The store keeps what the server keeps of every version. KoBo keeps the whole form; ODK Central's
list of versions names them without their questions, and then nothing is said of a question.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.source import FormVersion

MOST = 6
"""Versions named one by one; of more the first and last."""


@dataclass(frozen=True)
class Seen:
    """One version: its name, its day, and wording of each question (None: not told)."""

    version: str
    day: str
    questions: Mapping[str, Mapping[str, str]] | None

    @property
    def label(self) -> str:
        """Name and day."""
        return f"{self.version} ({self.day})" if self.day else self.version


def seen_versions(versions: Sequence[FormVersion], *, with_days: bool) -> tuple[Seen, ...]:
    """Versions as the store has them, oldest first.

    `with_days` is false for the sandbox: it deploys anew at every start, so its days mean nothing.
    """
    return tuple(
        Seen(v.version, v.deployed_at[:10] if with_days else "", _questions(v.content))
        for v in versions
    )


def _questions(content: str) -> dict[str, dict[str, str]] | None:
    try:
        form = json.loads(content)
    except ValueError:
        return None
    if not isinstance(form, dict) or not isinstance(form.get("survey"), list):
        return None
    languages = [str(lang or "") for lang in form.get("translations") or [None]]
    found = {}
    for row in form["survey"]:
        if isinstance(row, dict) and (name := row.get("name") or row.get("$autoname")):
            found[str(name)] = _labels(row.get("label"), languages)
    return found


def _labels(value: Any, languages: Sequence[str]) -> dict[str, str]:
    values = value if isinstance(value, list) else [value]
    pairs = zip(languages, values, strict=False)
    return {lang: " ".join(str(text).split()) for lang, text in pairs if text}


def told(seen: Sequence[Seen], name: str) -> str:
    """In which versions a question stood, in words; empty where nothing is known."""
    known = [one for one in seen if one.questions is not None]
    if not known:
        return ""
    having = [one for one in known if name in (one.questions or {})]
    if not having:
        return "belum ada dalam versi yang diterbitkan"
    if len(having) == len(known):
        return f"semua {len(known)} versi" if len(known) > 1 else having[0].label
    names = [one.label for one in having]
    if len(names) > MOST:
        names = [names[0], "…", names[-1]]
    return f"{len(having)} dari {len(known)} versi: {', '.join(names)}"


def earlier(seen: Sequence[Seen], name: str, labels: Mapping[str, str]) -> tuple[str, ...]:
    """Wordings of published versions that are not today's, each with its version."""
    found: dict[str, str] = {}
    for one in seen:
        for language, text in (one.questions or {}).get(name, {}).items():
            now = labels.get(language)
            if now is not None and " ".join(now.split()) != text:
                found.setdefault(text, one.label)
    return tuple(f"{label}: “{text}”" for text, label in found.items())
