"""Checks of what phones and browsers do differently: times, orders, functions that one lacks.

Measured in JavaRosa 5.1 (KoboCollect, Collect), Enketo and the engine of ODK Web Forms 0.22; the
rest from the documentation of ODK and KoBo. Nothing here stops a form; each makes some answers
wrong in some client, without a word.
"""

import re
from collections.abc import Iterator

from pipeline.formlint.finding import Finding
from pipeline.xlsform import QuestionType, XLSForm

_CLOCK = re.compile(r"\b(now|today)\s*\(\s*\)")
_DECIMAL = re.compile(r"\bdecimal-date-time\s*\(\s*(?!string\s*\()")
_DISTANCE = re.compile(r"\bdistance\s*\(")
LOGIC = ("relevant", "constraint", "calculation", "choice_filter", "required", "repeat_count")


def portable(form: XLSForm) -> Iterator[Finding]:
    """Expressions and settings whose effect depends on the client."""
    for record in form.records("survey"):
        calculation = record.text("calculation")
        clock = _CLOCK.search(calculation)
        if clock and not record.text("trigger") and not record.text("relevant"):
            yield Finding(
                "survey", record.number, "trigger", f"a blank cell beside {clock[0]}",
                "the question whose answer sets the time, such as ${setuju}",
                "Fill it: else Collect takes the time once at opening, Enketo again and again.",
                "warning",
            )  # fmt: skip
        for column in LOGIC:
            text = record.text(column)
            if _DECIMAL.search(text):
                yield Finding(
                    "survey", record.number, column, "decimal-date-time() of a time",
                    "decimal-date-time(string(...))",
                    "Put string() around it: older ODK Web Forms cannot open the form otherwise.",
                    "warning",
                )  # fmt: skip
            if _DISTANCE.search(text) and not re.search(r"\b(round|int)\s*\(", text):
                yield Finding(
                    "survey", record.number, column, "distance() as it is",
                    "round(distance(...), 0)",
                    "Round it: Collect gives millimetres, Enketo two decimals.", "warning",
                )  # fmt: skip
            if re.search(r"\bgeofence\s*\(", text):
                yield Finding(
                    "survey", record.number, column, "geofence()", "distance() from a point",
                    "Use distance(): Enketo and older phones do not know geofence().", "warning",
                )  # fmt: skip
        parameters = record.text("parameters").lower()
        if re.search(r"randomize\s*=\s*true", parameters) and "seed" not in parameters:
            yield Finding(
                "survey", record.number, "parameters", "randomize without a seed",
                "randomize=true seed=${a stored number}",
                "Add the seed: without it Collect shuffles at every look, and the order is lost.",
                "warning",
            )  # fmt: skip
        kind = QuestionType.of(record.text("type"))
        if kind.kind.endswith("_from_file") and re.search(r"\blabel\s*=\s*\S+::", parameters):
            yield Finding(
                "survey", record.number, "parameters", "a translated label of a list from a file",
                "one column of labels", "Name a column without a language: KoboCollect refuses it.",
                "warning",
            )  # fmt: skip
    if form.setting("public_key"):
        row = next(form.records("settings")).number
        yield Finding(
            "settings", row, "public_key", "an encrypted form", "a blank cell",
            "Clear it, and ask for less instead: encrypted answers cannot be watched during the "
            "fieldwork, nor be pulled by Persepsi.", "warning",
        )  # fmt: skip
