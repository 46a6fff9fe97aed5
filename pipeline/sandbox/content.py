"""XLSForm to KoBo's content JSON: what `GET /assets/{uid}/` shows of a form.

Languages turn a column into an array aligned with `translations`; every question gets `$kuid`,
`$autoname` and `$xpath`, the key of its answers in the data. Any column with a colon that is
no `bind::`, `body::` or `media::` becomes a language, as on the real server.
"""

import re
from collections.abc import Sequence
from typing import Any

from pipeline.sandbox.identifiers import derive
from pipeline.sandbox.sheets import Row, Sheet, Sheets

Json = dict[str, Any]

KEPT_PREFIXES = ("bind", "body", "control")
ALIASES = {"list name": "list_name", "value": "name", "relevance": "relevant", "hxl": "tags"}
TRUE_WORDS = {"yes", "true", "true()"}
FALSE_WORDS = {"no", "false", "false()"}
NAME = re.compile(r"[^\W\d][\w.\-]*\Z")
# Types that open or close something; their rows hold no answer.
STRUCTURE = re.compile(r"(begin|end)[_ ](group|repeat)\Z")


class DuplicateNameError(ValueError):
    """Two questions have one name."""


def build_content(sheets: Sheets, *, seed: str, fallback_id: str) -> tuple[Json, str]:
    """Content JSON of a workbook and its title (empty where the form names none).

    Parameters
    ----------
    sheets
        Rows by sheet name, see `sheets.read_sheets`.
    seed
        From which the `$kuid` of every row is derived.
    fallback_id
        `id_string` where the settings name no `form_id`.

    Raises
    ------
    ValueError
        For a question name that XML does not allow; `DuplicateNameError` for one used twice.
    """
    empty = Sheet()
    of_survey, of_choices = sheets.get("survey", empty), sheets.get("choices", empty)
    survey = [_survey_row(row) for row in of_survey.rows if row.get("type")]
    survey = [row for row in survey if row.get("name") not in {"__version__", "_version_"}]
    choices = [_renamed(row) for row in of_choices.rows]
    choices = [row for row in choices if row.get("list_name")]
    settings, title, default = _settings(sheets.get("settings", empty).rows, fallback_id)
    languages = _languages([*of_survey.header, *of_choices.header], default)
    translated: set[str] = set()
    content: Json = {"schema": "1", "survey": [], "settings": settings}
    for index, row in enumerate(survey):
        entry = _localised(row, languages, translated)
        entry["$kuid"] = derive("", seed, "survey", index, length=9)
        content["survey"].append(entry)
    name_questions(content["survey"])
    if choices or "choices" in sheets:
        content["choices"] = []
    for index, row in enumerate(choices):
        entry = _localised(row, languages, translated)
        entry["$kuid"] = derive("", seed, "choices", index, length=9)
        entry["$autovalue"] = row.get("name", "")
        content["choices"].append(entry)
    content["translated"] = sorted(translated)
    content["translations"] = languages
    for name in sheets:
        if name not in {"survey", "choices", "settings"}:
            content[name] = []  # the server keeps the name of an extra sheet and loses its rows
    return content, title


def name_questions(survey: list[Json]) -> None:
    """Give every question `$autoname` and `$xpath` in place; refuse names that cannot stand."""
    taken: set[str] = set()
    for row in survey:
        name = row.get("name")
        if name is None or row["type"].startswith("end"):
            continue
        if not NAME.match(name):
            raise ValueError(f"Invalid node name: {name}")
        if name in taken:
            raise DuplicateNameError(f"Duplicate node name: {name}")
        taken.add(name)
    path: list[str] = []
    for row in survey:
        kind = row["type"]
        if kind.startswith("end") and STRUCTURE.match(kind):
            if path:
                path.pop()
            continue
        name = row.get("name") or _autoname(row, taken)
        taken.add(name)
        row["$autoname"] = name
        row["$xpath"] = "/".join([*path, name])
        if STRUCTURE.match(kind):
            path.append(name)


def repeats(content: Json) -> set[str]:
    """Paths of the form's repeats, from the root."""
    return {r["$xpath"] for r in content.get("survey", []) if r["type"] == "begin_repeat"}


def geopoints(content: Json) -> list[str]:
    """Paths of the form's geopoints in order."""
    return [r["$xpath"] for r in content.get("survey", []) if r["type"] == "geopoint"]


def _survey_row(row: Row) -> Json:
    entry: Json = dict(_renamed(row))
    words = entry["type"].strip().split()
    kind = re.sub(r"^(begin|end) ", r"\1_", " ".join(words))
    head = re.match(r"(select_one|select_multiple|rank)(_from_file)? (\S+)( or_other)?$", kind)
    if head and head[2]:
        entry["type"] = head[1] + head[2]
        entry["file"] = head[3]
    elif head:
        entry["type"] = head[1]
        entry["select_from_list_name"] = head[3]
        if head[4]:
            entry["_or_other"] = True
    else:
        entry["type"] = "datetime" if kind == "dateTime" else kind
    required = str(entry.get("required", "")).lower()
    if required in TRUE_WORDS | FALSE_WORDS:
        entry["required"] = required in TRUE_WORDS
    return entry


def _renamed(row: Row) -> Row:
    return {ALIASES.get(name, name): value for name, value in row.items()}


def _settings(rows: Sequence[Row], fallback_id: str) -> tuple[Json, str, str]:
    settings: Json = dict(rows[0]) if rows else {}
    title = settings.pop("form_title", None) or settings.pop("title", None) or ""
    form_id = settings.pop("form_id", None) or settings.get("id_string") or fallback_id
    settings["id_string"] = form_id
    return settings, title, settings.get("default_language", "")


def _column(name: str) -> tuple[str, str | None]:
    """Column and language of a header; None where the column carries no language."""
    parts = [part.strip() for part in re.split(r"::?", name)]
    if len(parts) == 1 or parts[0] in KEPT_PREFIXES:
        return name, None
    if parts[0] == "media":
        return f"media::{parts[1]}", parts[2] if len(parts) > 2 else ""
    return parts[0], "::".join(parts[1:])


def _languages(headers: Sequence[str], default: str) -> list[str | None]:
    found: list[str | None] = []
    for header in headers:
        column, language = _column(header)
        if language is None and column != "label":
            continue
        if (language or None) not in found:
            found.append(language or None)
    if None in found:  # a label without language comes first
        found.remove(None)
        found.insert(0, None)
    if default in found:
        found.remove(default)
        found.insert(0, default)
    return found or [None]


def _localised(row: Row | Json, languages: list[str | None], translated: set[str]) -> Json:
    entry: Json = {}
    for header, value in row.items():
        column, language = _column(header)
        if language is None and column != "label":
            entry[column] = value
            continue
        translated.add(column)
        cells = entry.setdefault(column, [None] * len(languages))
        cells[languages.index(language or None)] = value
    return entry


def _autoname(row: Json, taken: set[str]) -> str:
    """Name that the server makes up: from the first label, else from type and `$kuid`.

    The latter changes at every import, so that a nameless question moves its data key.
    """
    label = next((text for text in row.get("label", []) if text), "")
    slug = re.sub(r"[^A-Za-z0-9]+", "_", re.sub(r"[?!.:]+$", "", label)).lstrip("_0123456789")
    if not slug:
        return f"{row['type']}_{row['$kuid']}"
    name, number = slug, 0
    while name in taken:
        number += 1
        name = f"{slug}_{number:03d}"
    return name
