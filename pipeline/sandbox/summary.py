"""What an asset tells of its form without showing it: summary, report styles, hash."""

import hashlib
import json
from typing import Any

from pipeline.sandbox.content import STRUCTURE

Json = dict[str, Any]

GEO_TYPES = {"geopoint", "geotrace", "geoshape"}
# Filled by the device, not asked; `username` counts as a question on the real server.
META_TYPES = {"start", "end", "today", "deviceid", "phonenumber", "simserial", "audit"}


def summarize(content: Json) -> Json:
    """Counts, first labels, columns and languages of a form."""
    survey = content.get("survey", [])
    if not survey:
        return {"languages": []}
    questions = [row for row in survey if _counts(row)]
    labels = [next((t for t in row.get("label", []) if t), None) for row in questions]
    columns: list[str] = []
    for row in questions:
        columns += [key for key in row if not key.startswith("$") and key not in columns]
    named = sum("name" in row for row in questions)
    firsts: Json = {}
    for index, row in enumerate(questions, start=1):
        if "name" not in row:
            firsts["ok"] = {"name": row["$autoname"], "index": index, "label": row.get("label")}
            break
    languages = content.get("translations", [None])
    return {
        "geo": any(row["type"] in GEO_TYPES for row in survey),
        "labels": [label for label in labels if label][:5],
        "columns": columns,
        "lock_all": False,
        "lock_any": False,
        "languages": [] if languages == [None] else languages,
        "row_count": len(questions),
        "name_quality": {
            "ok": len(questions) - named,
            "bad": 0,
            "good": named,
            "total": len(questions),
            "firsts": firsts,
        },
        "default_translation": languages[0],
    }


def _counts(row: Json) -> bool:
    kind = row["type"]
    return (
        not STRUCTURE.match(kind) and kind not in META_TYPES and ("name" in row or "label" in row)
    )


def report_styles(content: Json) -> Json:
    """The (empty) styles of the server's own charts, one a row, by name or `$kuid`."""
    kuids = {row.get("name", row["$kuid"]): row["$kuid"] for row in content.get("survey", [])}
    return {"default": {}, "specified": {key: {} for key in kuids}, "kuid_names": kuids}


def content_hash(content: Json) -> str:
    """SHA-1 of what a form says, whatever its `$kuid`s."""
    bare = {
        key: [{k: v for k, v in row.items() if k != "$kuid"} for row in value]
        if isinstance(value, list) and value and isinstance(value[0], dict)
        else value
        for key, value in content.items()
    }
    return hashlib.sha1(json.dumps(bare, sort_keys=True).encode()).hexdigest()
