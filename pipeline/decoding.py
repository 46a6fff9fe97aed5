"""What decoding met that did not fit, in sentences for the report and in figures for the manifest.

Keys of questions are named, answers never.
"""

from typing import Any

from pipeline.decode import Met
from pipeline.moments import AHEAD_OF_SERVER, BACKWARDS, LOST

SHOWN = 10
"""Keys and questions named in notes; the manifest has all of them."""

CLOCKS = {
    BACKWARDS: "end before they start",
    AHEAD_OF_SERVER: "reached the server more than five minutes before the phone says they ended",
    LOST: "carry a time before 2020",
}


def counts(decoded: Met) -> dict[str, Any]:
    """Every count of a decoded form for the manifest; keys sorted: equal data, equal text."""
    return {
        "submissions": decoded.rows,
        "repeated": decoded.repeated,
        "unknown_versions": _sorted(decoded.unknown_versions),
        "unmatched": _sorted(decoded.unmatched),
        "moved": {f"{key} -> {name}": n for (key, name), n in sorted(decoded.moved.items())},
        "misfits": _sorted(decoded.misfits),
        "strangers": _sorted(decoded.strangers),
        "without_offset": _sorted(decoded.naive),
        "clocks": _sorted(decoded.clocks),
        "repeats": dict(sorted(decoded.repeat_rows.items())),
    }


def _sorted(found: Any) -> dict[str, int]:
    return {str(key): int(found[key]) for key in sorted(found)}


def notes(form: str, decoded: Met) -> list[str]:
    """What a reader of the report must know of it."""
    found = []
    if decoded.repeated:
        found.append(
            f"{form}: {decoded.repeated} submissions stand twice under one instance id, as after "
            "deleting and sending again; the later one counts, the other stays in the store."
        )
    for version, n in sorted(decoded.unknown_versions.items()):
        found.append(
            f"{form}: {n} submissions carry the form version {version}, which the server does not "
            "list. They were decoded with today's questionnaire; check that its questions agree."
        )
    for name, n in sorted(decoded.strangers.items()):
        found.append(
            f"{form}: {n} answers to {name!r} are not among its choices. Export values, not labels "
            "(XML values); a choice that was taken out of the form belongs back into it."
        )
    unmatched = sorted(decoded.unmatched.items())
    if len(unmatched) > SHOWN:
        rest = len(unmatched) - SHOWN
        found.append(
            f"{form}: {rest} more keys are answered that the questionnaire does not have; "
            "manifest.json names them all."
        )
    for key, n in unmatched[:SHOWN]:
        found.append(
            f"{form}: {n} submissions answer {key!r}, which the questionnaire does not have. The "
            "answers stay in the store; bring the question back to use them."
        )
    found += _followed(form, decoded)
    for name, n in sorted(decoded.misfits.items()):
        found.append(f"{form}: {n} answers to {name!r} are not of its type and count as missing.")
    for name, n in sorted(decoded.naive.items()):
        found.append(
            f"{form}: {n} times of {name!r} have no offset from UTC; the clock of the study's time "
            "zone was taken for them."
        )
    for code, n in sorted(decoded.clocks.items()):
        found.append(
            f"{form}: {n} submissions {CLOCKS[code]}, so the clock of a phone was wrong. They "
            "count; their times and durations do not hold."
        )
    return found


def _followed(form: str, decoded: Met) -> list[str]:
    moved = sorted(decoded.moved.items())
    if not moved:
        return []
    listed = ", ".join(f"{key} → {name} ({n})" for (key, name), n in moved[:SHOWN])
    more = f" and {len(moved) - SHOWN} more" if len(moved) > SHOWN else ""
    return [
        f"{form}: answers of other versions of the form were taken for today's questions by their "
        f"name: {listed}{more}. Check that they asked the same."
    ]
