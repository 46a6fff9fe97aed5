"""The small search language of `q=`: `field:value AND (…) OR NOT free text`.

Assets and project history share it. A field that does not exist finds nothing; free text
needs three characters.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

Test = Callable[[Mapping[str, Any]], bool]

TOKEN = re.compile(r'\s*(\(|\)|(?:[\w.]+:)?"[^"]*"|[^\s()]+)')
MINIMUM = 3
LOOKUPS = ("icontains", "contains", "gte", "lte", "gt", "lt", "in")


class SearchError(ValueError):
    """The search cannot be understood; the argument is the server's sentence."""


def compile_search(text: str, *, free: tuple[str, ...]) -> Test:
    """Test for rows (flat mappings of field to value) that a search finds.

    Raises
    ------
    SearchError
        Where a free text is shorter than three characters or the brackets do not match.
    """
    tokens = TOKEN.findall(text)
    test, rest = _alternatives(tokens, free)
    if rest:
        raise SearchError("Invalid search. Please try again.")
    return test


def _alternatives(tokens: list[str], free: tuple[str, ...]) -> tuple[Test, list[str]]:
    test, tokens = _conjunction(tokens, free)
    while tokens and tokens[0] == "OR":
        other, tokens = _conjunction(tokens[1:], free)
        test = _either(test, other)
    return test, tokens


def _conjunction(tokens: list[str], free: tuple[str, ...]) -> tuple[Test, list[str]]:
    test, tokens = _term(tokens, free)
    while tokens and tokens[0] not in {"OR", ")"}:
        if tokens[0] == "AND":
            tokens = tokens[1:]
        other, tokens = _term(tokens, free)
        test = _both(test, other)
    return test, tokens


def _term(tokens: list[str], free: tuple[str, ...]) -> tuple[Test, list[str]]:
    if not tokens:
        raise SearchError("Invalid search. Please try again.")
    head, rest = tokens[0], tokens[1:]
    if head == "NOT":
        test, rest = _term(rest, free)
        return (lambda row: not test(row)), rest
    if head == "(":
        test, rest = _alternatives(rest, free)
        if not rest or rest[0] != ")":
            raise SearchError("Invalid search. Please try again.")
        return test, rest[1:]
    field, colon, value = head.partition(":")
    if colon and not head.startswith('"'):
        return _field_test(field, value.strip('"')), rest
    wanted = head.strip('"')
    if len(wanted) < MINIMUM:
        raise SearchError("Your query is too short")
    return (lambda row: any(wanted.lower() in str(row.get(f, "")).lower() for f in free)), rest


def _field_test(field: str, value: str) -> Test:
    name, _, lookup = field.rpartition("__")
    if lookup not in LOOKUPS:
        name, lookup = field, ""

    def test(row: Mapping[str, Any]) -> bool:
        if name not in row:
            return False
        held = str(row[name])
        match lookup:
            case "icontains":
                return value.lower() in held.lower()
            case "contains":
                return value in held
            case "gte":
                return held >= value
            case "lte":
                return held <= value
            case "gt":
                return held > value
            case "lt":
                return held < value
            case "in":
                return held in value.split(",")
        return held == value

    return test


def _both(first: Test, second: Test) -> Test:
    return lambda row: first(row) and second(row)


def _either(first: Test, second: Test) -> Test:
    return lambda row: first(row) or second(row)
