"""The part of MongoDB's query language that KoBo lets through.

Comparison is type-bracketed: a number never meets a text, so that `{"size": {"$gt": 1}}` finds
nothing among answers, which are all texts. An operator that is not on the server's list is
taken for a field name and finds nothing either. `$expr` and `$ifNull`, which the real server
lets through, are refused here.
"""

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Json = dict[str, Any]

ORDERINGS: dict[str, Callable[[Any, Any], bool]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}
FIELD_OPERATORS = {
    *ORDERINGS, "$in", "$nin", "$not", "$exists", "$regex", "$options", "$all", "$elemMatch", "$ne",
}  # fmt: skip
REGEX_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL, "x": re.VERBOSE}
MISSING = object()


class UnusableQueryError(ValueError):
    """A query or sort on which the real server fails with status 500."""


def matches(document: Mapping[str, Any], query: Any) -> bool:
    """Whether a record answers a query.

    Raises
    ------
    UnusableQueryError
        For what is no query at all, and for `$expr`.
    """
    if not isinstance(query, Mapping):
        raise UnusableQueryError("a query must be an object")
    for key, condition in query.items():
        if key in {"$and", "$or"}:
            if not isinstance(condition, list) or not condition:
                raise UnusableQueryError(f"{key} needs a list")
            combine = all if key == "$and" else any
            if not combine(matches(document, part) for part in condition):
                return False
        elif key == "$expr":
            raise UnusableQueryError("$expr is not answered by the sandbox")
        elif not _meets(list(_values(document, key)), condition):
            return False
    return True


def sort_records(documents: list[Json], order: Any) -> list[Json]:
    """Records by `{"key": 1 or -1, …}`; equal ones keep their order."""
    if not isinstance(order, Mapping):
        raise UnusableQueryError("sort must be an object")
    ordered = documents
    for key, direction in reversed(list(order.items())):
        if direction not in (1, -1) or isinstance(direction, bool):
            raise UnusableQueryError("sort direction must be 1 or -1")
        ordered = sorted(ordered, key=_rank_of(key), reverse=direction == -1)
    return ordered


def _rank_of(key: str) -> Callable[[Json], tuple[int, Any]]:
    def rank(document: Json) -> tuple[int, Any]:
        value = next(_values(document, key), None)
        if isinstance(value, bool):
            return 4, value
        if isinstance(value, int | float):
            return 1, value
        if isinstance(value, str):
            return 2, value
        return (0, 0) if value is None or value is MISSING else (3, 0)

    return rank


def _values(document: Any, path: str) -> Iterator[Any]:
    """Values under a path; a dot goes into objects and through lists."""
    if isinstance(document, Mapping):
        if path in document:
            yield document[path]
            return
        head, dot, rest = path.partition(".")
        if dot and head in document:
            yield from _values(document[head], rest)
            return
        yield MISSING
    elif isinstance(document, list):
        for item in document:
            yield from _values(item, path)
    else:
        yield MISSING


def _meets(values: list[Any], condition: Any) -> bool:
    if isinstance(condition, Mapping) and any(str(key).startswith("$") for key in condition):
        if not set(condition) <= FIELD_OPERATORS:
            return False
        return all(
            _operator(values, name, operand, condition) for name, operand in condition.items()
        )
    return any(_equal(value, condition) for value in values) or (not values and condition is None)


def _operator(values: list[Any], name: str, operand: Any, condition: Mapping[str, Any]) -> bool:
    flat = [item for value in values for item in _with_items(value)]
    if name in ORDERINGS:
        return any(_comparable(v, operand) and ORDERINGS[name](v, operand) for v in flat)
    if name in {"$in", "$nin", "$all"} and not isinstance(operand, list):
        raise UnusableQueryError(f"{name} needs a list")
    match name:
        case "$in":
            return any(_meets(values, item) for item in operand)
        case "$nin":
            return not any(_meets(values, item) for item in operand)
        case "$all":
            return bool(operand) and all(_meets(values, item) for item in operand)
        case "$ne":
            return not _meets(values, operand)
        case "$not":
            return not _meets(values, operand)
        case "$exists":
            return any(value is not MISSING for value in values) == bool(operand)
        case "$elemMatch":
            items = [item for value in values if isinstance(value, list) for item in value]
            return any(
                matches(item, operand) if isinstance(item, Mapping) else _meets([item], operand)
                for item in items
            )
        case "$regex":
            pattern = _pattern(operand, condition.get("$options", ""))
            return any(isinstance(value, str) and pattern.search(value) for value in flat)
        case _:  # $options belongs to $regex
            return "$regex" in condition


def _pattern(text: Any, options: Any) -> re.Pattern[str]:
    flags = 0
    for letter in str(options):
        flags |= REGEX_FLAGS.get(letter, 0)
    try:
        return re.compile(str(text), flags)
    except re.error:
        raise UnusableQueryError("$regex is no regular expression") from None


def _with_items(value: Any) -> list[Any]:
    return [*value, value] if isinstance(value, list) else [value]


def _equal(value: Any, wanted: Any) -> bool:
    if wanted is None:
        return value is None or value is MISSING
    return any(
        item == wanted and isinstance(item, bool) == isinstance(wanted, bool)
        for item in _with_items(value)
    )


def _comparable(value: Any, wanted: Any) -> bool:
    if isinstance(value, bool) or isinstance(wanted, bool):
        return isinstance(value, bool) and isinstance(wanted, bool)
    if isinstance(value, int | float):
        return isinstance(wanted, int | float)
    return isinstance(value, str) and isinstance(wanted, str)
