"""Checks of the names of questions and groups: what phones, KoBo and the analysis make of them."""

import re
from collections.abc import Iterator

from pipeline.formlint.finding import Finding
from pipeline.formlint.rules import Rules
from pipeline.xlsform import QuestionType, XLSForm

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")

OF_THE_SERVER = frozenset(
    {
        "meta", "instanceid", "instancename", "deprecatedid", "rootuuid", "formhub", "_id", "_uuid",
        "_xform_id_string", "_submission_time", "_submitted_by", "_status", "_geolocation", "_tags",
        "_notes", "_attachments", "_validation_status", "_bamboo_dataset_id",
        "_supplementaldetails",
    }
)  # fmt: skip
"""Keys that KoBo writes into every submission itself."""

OF_THE_ANALYSIS = frozenset(
    {
        "submission_id", "wave", "form_version", "version_known", "unit_id", "session_id",
        "enumerator_id", "seq", "selected_at", "submitted_at", "outcome", "obs_sex",
        "obs_age_band", "clock",
    }
)  # fmt: skip
"""Columns of the table of contacts (docs/architecture.md), which answers stand beside."""


def names(form: XLSForm, rules: Rules) -> Iterator[Finding]:
    """Names that are blank, bad, reserved, or used twice."""
    seen: dict[str, int] = {}
    groups: dict[str, int] = {}
    lowered: dict[str, tuple[str, int]] = {}
    for record in form.records("survey"):
        kind = QuestionType.of(record.text("type")).kind
        name, row = record.text("name"), record.number
        if not kind or kind.startswith("end_"):
            continue
        if not name:
            if kind not in {"note", "audit"}:
                yield Finding(
                    "survey", row, "name", "a blank cell", "a name",
                    "Give the row a name; KoBo invents a new one at every upload.",
                )  # fmt: skip
            continue
        if not NAME.fullmatch(name):
            yield Finding(
                "survey", row, "name", repr(name),
                "letters, digits, _ - . beginning with a letter or _", "Rename it, no blanks.",
            )  # fmt: skip
        is_group = kind.startswith("begin_")
        if name in seen:
            yield Finding(
                "survey", row, "name", f"{name!r}, which also stands in row {seen[name]}",
                "a name used once in the whole form",
                "Rename one of them: KoBo refuses the form, and answers would share a column.",
            )  # fmt: skip
        elif name in groups and not is_group:
            yield Finding(
                "survey", row, "name", f"{name!r}, also the name of a group in row {groups[name]}",
                "a name of its own", f"Rename one of them: ${{{name}}} would be ambiguous.",
                "warning",
            )  # fmt: skip
        elif name in groups:
            yield Finding(
                "survey", row, "name", f"the group {name!r}, which also stands in row "
                f"{groups[name]}", "a name used once in the whole form",
                "Rename one of them: KoBo refuses names used twice, wherever they stand.",
                "warning",
            )  # fmt: skip
        else:
            yield from _alike(name, row, lowered)
        yield from _reserved(name, row, rules, form.path.stem)
        (groups if is_group else seen).setdefault(name, row)
        lowered.setdefault(name.lower(), (name, row))


def _alike(name: str, row: int, lowered: dict[str, tuple[str, int]]) -> Iterator[Finding]:
    other, where = lowered.get(name.lower(), (name, 0))
    if other != name:
        yield Finding(
            "survey", row, "name", f"{name!r} beside {other!r} in row {where}",
            "names that differ in more than capitals",
            "Rename one of them: pyxform and databases take capitals for the same.", "warning",
        )  # fmt: skip


def _reserved(name: str, row: int, rules: Rules, form: str) -> Iterator[Finding]:
    if name.lower() in OF_THE_SERVER:
        yield Finding(
            "survey", row, "name", f"{name!r}, a name of KoBo's own",
            "a name that the server does not write itself",
            "Rename it: the server's value would stand where the answer belongs.",
        )  # fmt: skip
    elif name in OF_THE_ANALYSIS and form == "wawancara":
        yield Finding(
            "survey", row, "name", f"{name!r}, a column of the analysis",
            f"none of {', '.join(sorted(OF_THE_ANALYSIS))}",
            "Rename it: the answer would be taken for what the analysis knows by that name.",
            rules.severity,
        )  # fmt: skip
