"""Patterns in `regex()`: one that phones cannot read stops the form while somebody answers.

Neither pyxform nor ODK Validate compiles a pattern; JavaRosa does when the question is answered.
What is checked here is what Java refuses, whose patterns KoboCollect and Collect use.
"""

import re
import warnings
from collections.abc import Iterator

from pipeline.formlint.finding import Finding
from pipeline.xlsform import XLSForm

LOGIC = (
    "relevant", "constraint", "calculation", "required", "choice_filter", "read_only", "default",
)  # fmt: skip
_LITERAL = re.compile(r"\bregex\s*\(\s*[^,'\"]*(?:'[^']*'[^,'\"]*)*,\s*(?:'([^']*)'|\"([^\"]*)\")")
_QUANTIFIER = re.compile(r"\{\d+(?:,\d*)?\}")
_JAVAS_OWN = (
    (re.compile(r"\\[pP](?:\{\^?\w[\w=]*\}|\w)"), "x"),  # \p{L}
    (re.compile(r"\\x\{[0-9A-Fa-f]+\}|\\[hHvVRXeG]"), "x"),
    (re.compile(r"\\z"), "$"),
    (re.compile(r"\(\?<(?=[A-Za-z])"), "(?P<"),
    (re.compile(r"\\k<(\w+)>"), r"(?P=\1)"),
)
"""Java's spelling of what Python writes otherwise or not at all."""


def patterns(form: XLSForm) -> Iterator[Finding]:
    """Patterns that no phone can read."""
    for record in form.records("survey"):
        for column in LOGIC:
            for single, double in _LITERAL.findall(record.text(column)):
                pattern = single or double
                if fault := fault_of(pattern):
                    yield Finding(
                        "survey", record.number, column, f"the pattern {pattern!r}, in which "
                        f"{fault}", "a pattern that phones can read",
                        "Correct it: the form stops on the phone when the question is answered.",
                    )  # fmt: skip


def fault_of(pattern: str) -> str:
    """What Java would refuse in a pattern, in words; empty where nothing."""
    quoted = re.sub(r"\\Q.*?(?:\\E|$)", "x", pattern)
    if place := _open_brace(quoted):
        return f"{{ at place {place} begins no number of repetitions such as {{6,}}"
    for theirs, ours in _JAVAS_OWN:
        quoted = theirs.sub(ours, quoted)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # sets inside sets, which Java has and Python will
            re.compile(quoted)
    except (re.error, OverflowError, RecursionError) as error:
        return str(error)
    return ""


def _open_brace(pattern: str) -> int:
    """Place (from 1) of a brace that Java refuses and Python takes for itself; 0 for none."""
    at, depth = 0, 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            named = re.match(r"\\[pPxN]\{[^}]*\}", pattern[at:])
            at += named.end() if named else 2
            continue
        if char == "[":
            depth += 1
        elif char == "]" and depth:
            depth -= 1
        elif char == "{" and not depth:
            counted = _QUANTIFIER.match(pattern, at)
            if counted is None:
                return at + 1
            at = counted.end()
            continue
        at += 1
    return 0
