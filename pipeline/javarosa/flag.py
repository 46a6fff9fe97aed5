"""What a submission can have against it, in words; never the answer itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "constraint", "skipped", "calculation", "required", "choice", "read_only", "type", "unknown",
    "moment", "logic",
]  # fmt: skip
KINDS: Mapping[str, str] = {
    "constraint": "the answer is one that the form refuses",
    "skipped": "answered although the form does not ask it after these answers",
    "calculation": "differs from what the form calculates from these answers",
    "required": "asked and required, but empty",
    "choice": "a code that was not offered",
    "read_only": "nobody can type there, but it is not what the form put there",
    "type": "not of the question's type",
    "unknown": "the form has no such question",
    "moment": "a time that the phone writes by itself is missing, is none, or contradicts the "
    "others",
    "logic": "the form's logic fails on these answers; where many have it, the form is at fault",
}


@dataclass(frozen=True, slots=True, order=True)
class Flag:
    """What one answer of a submission has against it; `question` is its path, never its value."""

    question: str
    kind: Kind
