"""When two texts of a calculated value say the same, and what a drawn number can be.

Engines round apart in the last digits of a double, never in a whole number: a code with check
digits is one number or another, however close the two are.
"""

import re
from datetime import datetime

NEAR = 1e-6
"""Relative difference of two numbers that may come from another engine's rounding."""
WHOLE = 1e-12
"""The same beside a whole number: JavaRosa prints 3 where browsers print 3.0000000000000004."""
DISTANCE = 0.02
"""The same in metres for distances and areas: web forms round them to two decimals."""
DIGITS = 20
"""Characters beyond which no double is written; the rest of a longer text would be anything."""
_GEOGRAPHY = ("distance(", "area(")
_INTEGER = re.compile(r"-?\d+(?:\.0+)?")
_CANONICAL = re.compile(r"0|-?[1-9]\d*")
_DRAWN = re.compile(
    r"\s*once\(\s*(?P<whole>int\(\s*)?random\(\)\s*(?:\*\s*(?P<times>\d+)\s*)?(?(whole)\)\s*)"
    r"(?:\+\s*(?P<more>\d+)\s*)?\)\s*"
)


def alike(computed: str, told: str, expression: str) -> bool:
    """Whether a phone may have sent `told` where this engine computes `computed`.

    `expression` is the calculation: lengths and areas may differ by a centimetre.
    """
    if computed == told:
        return True
    one, other = number(computed), number(told)
    if one is None or other is None:
        at, also = moment(computed), moment(told)
        return at is not None and at == also
    if len(told) > DIGITS:
        return False
    if any(word in expression for word in _GEOGRAPHY):
        return abs(one - other) <= max(DISTANCE, NEAR * max(abs(one), abs(other)))
    whole = [_INTEGER.fullmatch(text) is not None for text in (computed, told)]
    if all(whole):
        return one == other
    if any(whole):
        return abs(one - other) <= WHOLE * max(abs(one), abs(other), 1.0)
    return abs(one - other) <= NEAR * max(abs(one), abs(other))


def on_mark(ends: tuple[float, float, float], value: float | None) -> bool:
    """Whether a slider (start, end, step) has a mark at that value."""
    start, end, step = ends
    if value is None or not min(start, end) <= value <= max(start, end):
        return False
    marks = abs(value - start) / step if step else 0.0
    return abs(marks - round(marks)) < NEAR


def drawable(expression: str, told: str) -> bool:
    """Whether `once(random())`, or a whole number drawn so, can have given that text.

    True for every other calculation.
    """
    drawn = _DRAWN.fullmatch(expression)
    if drawn is None:
        return True
    value = number(told)
    if value is None or len(told) > DIGITS + 4:  # 1.2345678901234567E-4
        return False
    if drawn["whole"] and not _INTEGER.fullmatch(told):
        return False
    least = float(drawn["more"] or 0)
    return least <= value < least + float(drawn["times"] or 1)


def is_plain_integer(text: str) -> bool:
    """Whether a whole number stands there as phones write it: no sign +, no zero in front."""
    return _CANONICAL.fullmatch(text) is not None


def number(text: str) -> float | None:
    """The number of a text; None where it is none."""
    try:
        return float(text) if "_" not in text else None
    except ValueError:
        return None


def moment(text: str) -> datetime | None:
    """The moment of an ISO text with its zone; None where it is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None
