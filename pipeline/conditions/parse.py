"""XPath as XLSForm uses it, read into a tree.

Operators, calls, `${question}`, `.`, quoted text and numbers; lookups in a list by
`instance('list')/root/item[key = ...]/column` and `pulldata`; bare names, which in a filter are
columns of the list. Axes, unions and other paths are not read.
"""

import re
from dataclasses import dataclass

DEEPEST = 60
"""Brackets and calls inside one another; no questionnaire comes near it, and Python has limits."""


class Unreadable(ValueError):
    """An expression, or a part of it, that is not read; `what` names the part."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


@dataclass(frozen=True, slots=True)
class Text:
    """A quoted text, or a number as it was written."""

    value: str
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """`${name}`: the answer to a question, or what a calculation gave."""

    name: str


@dataclass(frozen=True, slots=True)
class Here:
    """`.`: the answer to the question that the expression belongs to."""


@dataclass(frozen=True, slots=True)
class Column:
    """A bare name: a column of the list that is filtered."""

    name: str


@dataclass(frozen=True, slots=True)
class Lookup:
    """The cell in `column` of the row of a list where `key` is `value`."""

    table: str
    column: str
    key: str
    value: "Node"


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments."""

    name: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Binary:
    """Two sides and the operator between them."""

    operator: str
    left: "Node"
    right: "Node"


Node = Text | Answer | Here | Column | Lookup | Call | Binary

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<answer>\$\{\s*(?:[\w.-]+)\s*\})
    |(?P<text>'[^']*'|"[^"]*")
    |(?P<number>\d+(?:\.\d+)?|\.\d+)
    |(?P<up>\.\./|\.\.)
    |(?P<sign><=|>=|!=|[=<>+*(),\[\]/.-])
    |(?P<name>[^\W\d][\w.-]*(?::[^\W\d][\w.-]*)?)
    )""",
    re.VERBOSE,
)
_LEVELS: tuple[tuple[str, ...], ...] = (
    ("or",), ("and",), ("=", "!="), ("<", "<=", ">", ">="), ("+", "-"), ("*", "div", "mod"),
)  # fmt: skip


def parse(expression: str) -> Node:
    """Tree of an expression.

    Raises
    ------
    Unreadable
        Where it holds something that is not read, or is no expression.
    """
    reader = _Reader(_tokens(expression))
    node = reader.level(0, 0)
    if reader.look() != ("", ""):
        raise Unreadable(reader.look()[1])
    return node


def _tokens(expression: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while expression[at:].strip():
        match = _TOKEN.match(expression, at)
        if match is None or match.lastgroup is None:
            raise Unreadable(expression[at:].strip()[:20])
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    if not found:
        raise Unreadable("nothing")
    return found


class _Reader:
    """Recursive descent, one level for each rank of operators."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0

    def look(self, ahead: int = 0) -> tuple[str, str]:
        place = self._at + ahead
        return self._tokens[place] if place < len(self._tokens) else ("", "")

    def _take(self) -> tuple[str, str]:
        token = self.look()
        self._at += 1
        return token

    def _expect(self, sign: str) -> None:
        if self._take()[1] != sign:
            raise Unreadable(f"{sign} missing")

    def level(self, rank: int, depth: int) -> Node:
        """An expression whose loosest operator is of this rank or a tighter one."""
        if depth > DEEPEST:
            raise Unreadable("too many brackets inside one another")
        if rank == len(_LEVELS):
            return self._single(depth)
        node = self.level(rank + 1, depth)
        while self.look()[0] in {"sign", "name"} and self.look()[1] in _LEVELS[rank]:
            operator = self._take()[1]
            node = Binary(operator, node, self.level(rank + 1, depth))
        return node

    def _single(self, depth: int) -> Node:
        kind, text = self._take()
        if kind == "text":
            return Text(text[1:-1])
        if kind == "number":
            return Text(text, is_number=True)
        if kind == "answer":
            return Answer(text[2:-1].strip())
        if text == "(":
            node = self.level(0, depth + 1)
            self._expect(")")
            return node
        if text == "-":
            return Call("-", (self._single(depth + 1),)) if depth < DEEPEST else _deep()
        if text == "." and self.look()[1] != "/":
            return Here()
        if kind == "name":
            return self._named(text, depth)
        raise Unreadable(text or "an end where a value was expected")

    def _named(self, name: str, depth: int) -> Node:
        if self.look()[1] != "(":
            if self.look()[1] in {"/", "["}:
                raise Unreadable(f"path {name}")
            return Column(name)
        self._take()
        arguments: list[Node] = []
        while self.look()[1] != ")":
            arguments.append(self.level(0, depth + 1))
            if self.look()[1] != ")":
                self._expect(",")
        self._take()
        if name == "instance":
            return self._lookup(arguments, depth)
        if name == "pulldata" and len(arguments) == 4:
            table, column, key, value = arguments
            if isinstance(table, Text) and isinstance(column, Text) and isinstance(key, Text):
                return Lookup(table.value, column.value, key.value, value)
        return Call(name, tuple(arguments))

    def _lookup(self, arguments: list[Node], depth: int) -> Node:
        """What follows `instance('list')`: `/root/item[key = value]/column`."""
        for step in ("/", "root", "/", "item", "["):
            self._expect(step)
        where = self.level(0, depth + 1)
        for step in ("]", "/"):
            self._expect(step)
        kind, column = self._take()
        table = arguments[0] if len(arguments) == 1 else None
        if kind != "name" or not isinstance(table, Text) or self.look()[1] in {"/", "["}:
            raise Unreadable("path instance()")
        if not isinstance(where, Binary) or where.operator != "=":
            raise Unreadable("instance() with another filter than key = value")
        left, right = where.left, where.right
        if isinstance(right, Column) and not isinstance(left, Column):
            left, right = right, left
        if not isinstance(left, Column):
            raise Unreadable("instance() with another filter than key = value")
        return Lookup(table.value, column, left.name, right)


def _deep() -> Node:
    raise Unreadable("too many signs one after the other")
