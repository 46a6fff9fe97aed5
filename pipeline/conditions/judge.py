"""Whether a condition holds where only some answers are known: yes, no, or not known.

Three-valued logic (Kleene): `false and unknown` is false, `true or unknown` is true. A
calculation is followed to the answers it is made of. This is what makes a jump on paper true: a
question is passed over only where no answer still open could make it asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from pipeline.conditions.parse import Answer, Binary, Call, Column, Here, Node, Text


class Unknown:
    """What is not known."""


UNKNOWN: Final = Unknown()
Value = str | float | bool | Unknown


@dataclass(frozen=True)
class Known:
    """Answers that are known (blank text: not asked), columns of a choice, and the calculations.

    A calculation stands for what it computes as long as its own value is not among the answers.
    `excluded` holds pairs of question and code of which it is known that they do not go together.
    """

    answers: Mapping[str, str] = field(default_factory=dict)
    calculations: Mapping[str, Node] = field(default_factory=dict)
    columns: Mapping[str, str] | None = None
    here: str | None = None
    excluded: frozenset[tuple[str, str]] = frozenset()


def judge(node: Node, known: Known) -> bool | None:
    """Whether the condition holds; None where that depends on what is not known."""
    value = _value(node, known, frozenset())
    return None if isinstance(value, Unknown) else _truth(value)


def facts(node: Node, known: Known) -> dict[str, str]:
    """Answers that must have been given where the condition holds."""
    return _facts(node, known, frozenset())


def exclusions(node: Node) -> frozenset[tuple[str, str]]:
    """Pairs of question and code that cannot go together where the condition holds."""
    if isinstance(node, Call) and node.name == "not" and len(node.arguments) == 1:
        inner = node.arguments[0]
        if isinstance(inner, Binary) and inner.operator == "=":
            return exclusions(Binary("!=", inner.left, inner.right))
    if isinstance(node, Binary) and node.operator == "and":
        return exclusions(node.left) | exclusions(node.right)
    pair = _pair(node) if isinstance(node, Binary) and node.operator == "!=" else None
    return frozenset({pair}) if pair else frozenset()


def _pair(node: Binary) -> tuple[str, str] | None:
    """Question and code of a comparison."""
    left, right = node.left, node.right
    if isinstance(left, Text):
        left, right = right, left
    if isinstance(left, Answer) and isinstance(right, Text):
        return left.name, right.value
    return None


def _facts(node: Node, known: Known, seen: frozenset[str]) -> dict[str, str]:
    if isinstance(node, Call) and node.name == "selected" and len(node.arguments) == 2:
        return {}  # one of several may be ticked beside others
    if not isinstance(node, Binary):
        return {}
    if node.operator == "and":
        return {**_facts(node.left, known, seen), **_facts(node.right, known, seen)}
    if node.operator != "=":
        return {}
    pair = _pair(node)
    if pair is None or pair[0] in seen:
        return {}
    name, code = pair
    found = {name: code}
    made = known.calculations.get(name)
    inner = None if made is None else chosen(made, code)
    if inner is not None:
        found |= _facts(inner, known, seen | {name})
    return found


def chosen(node: Node, value: str) -> Node | None:
    """Condition under which `if(condition, 'a', 'b')` gives `value`; None where it is no such."""
    if not isinstance(node, Call) or node.name != "if" or len(node.arguments) != 3:
        return None
    condition, yes, no = node.arguments
    if isinstance(yes, Call) and isinstance(no, Text) and no.value != value:
        inner = chosen(yes, value)  # blank where the group around it is passed over
        return None if inner is None else Binary("and", condition, inner)
    if not isinstance(yes, Text) or not isinstance(no, Text) or yes.value == no.value:
        return None
    if yes.value == value:
        return condition
    return Call("not", (condition,)) if no.value == value else None


def _value(node: Node, known: Known, seen: frozenset[str]) -> Value:
    if isinstance(node, Text):
        return float(node.value) if node.is_number else node.value
    if isinstance(node, Answer):
        if node.name in known.answers:
            return known.answers[node.name]
        made = known.calculations.get(node.name)
        if made is None or node.name in seen:
            return UNKNOWN
        value = _value(made, known, seen | {node.name})
        return value if isinstance(value, Unknown) else _text(value)
    if isinstance(node, Here):
        return UNKNOWN if known.here is None else known.here
    if isinstance(node, Column):
        return UNKNOWN if known.columns is None else known.columns.get(node.name, "")
    if isinstance(node, Binary):
        return _binary(node, known, seen)
    return _call(node, known, seen) if isinstance(node, Call) else UNKNOWN


def _binary(node: Binary, known: Known, seen: frozenset[str]) -> Value:
    left, right = _value(node.left, known, seen), _value(node.right, known, seen)
    if node.operator in {"and", "or"}:
        sides = [None if isinstance(v, Unknown) else _truth(v) for v in (left, right)]
        decisive = node.operator == "or"
        if decisive in sides:
            return decisive
        return UNKNOWN if None in sides else not decisive
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        if node.operator in {"=", "!="} and _pair(node) in known.excluded:
            return node.operator == "!="
        return UNKNOWN
    if node.operator in {"=", "!="}:
        if isinstance(left, float) or isinstance(right, float):
            equal = _number(left) == _number(right)
        else:
            equal = _text(left) == _text(right)
        return equal == (node.operator == "=")
    one, other = _number(left), _number(right)
    match node.operator:
        case "<":
            return one < other
        case "<=":
            return one <= other
        case ">":
            return one > other
        case ">=":
            return one >= other
        case "+":
            return one + other
        case "-":
            return one - other
        case "*":
            return one * other
    return UNKNOWN


def _call(node: Call, known: Known, seen: frozenset[str]) -> Value:
    values = [_value(argument, known, seen) for argument in node.arguments]
    match node.name, values:
        case "true", []:
            return True
        case "false", []:
            return False
        case "not", [value]:
            return UNKNOWN if isinstance(value, Unknown) else not _truth(value)
        case "if", [condition, yes, no]:
            if isinstance(condition, Unknown):
                return UNKNOWN
            return yes if _truth(condition) else no
        case "selected", [str() as ticked, str() as code]:
            return code in ticked.split()
        case "coalesce", [str() as first, _] if first:
            return first
        case "coalesce", ["", second]:
            return second
        case "string-length", [str() as text]:
            return float(len(text))
        case "count-selected", [str() as ticked]:
            return float(len(ticked.split()))
        case (("string" | "number" | "boolean" | "once"), [value]):
            return value
    return UNKNOWN


def _truth(value: str | float | bool) -> bool:
    return bool(value) and value == value  # NaN is false, as a text is that is empty


def _text(value: str | float | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else value


def _number(value: str | float | bool) -> float:
    try:
        return float(value)
    except ValueError:
        return float("nan")
