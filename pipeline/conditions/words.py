"""A condition in words, Indonesian or English, as it is printed on paper and in the codebook.

`${a} = 'ya' or ${b} = 'ya'` becomes “salah satu dari P3–P4 = “Ya””: questions by their number,
codes by their wording, calculations by what they are made of.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.conditions.judge import chosen
from pipeline.conditions.names import Names
from pipeline.conditions.parse import (
    Answer,
    Binary,
    Call,
    Column,
    Here,
    Lookup,
    Node,
    Text,
    Unreadable,
)
from pipeline.conditions.phrases import PHRASES

_OPPOSITE = {"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_SAME = frozenset({"string", "number", "once", "boolean", "boolean-from-string"})
_TOLD = frozenset({"string-length", "count-selected", "round", "int", "-"})
MOST = 20
"""Calculations followed one through another before it is given up."""


def say(node: Node, names: Names, code: str, language: str = "") -> str:
    """The condition in words.

    `code` is the language of the words (`id` or `en`), `language` that of the form's own wording.

    Raises
    ------
    Unreadable
        Where part of it has no words; nothing is then told of the rest either.
    """
    return _Speaker(names, PHRASES[code], language).condition(node, False, 0)


def say_value(node: Node, names: Names, code: str, language: str = "") -> str:
    """What a calculation gives, in words: `“ya” jika P3 = “Ya”; selain itu “tidak”`.

    Raises
    ------
    Unreadable
        Where part of it has no words.
    """
    return _Speaker(names, PHRASES[code], language).given(node, 0)


@dataclass(frozen=True)
class _Speaker:
    names: Names
    phrases: Mapping[str, str]
    language: str

    def condition(self, node: Node, negated: bool, depth: int) -> str:
        if depth > MOST:
            raise Unreadable("calculations that lead through one another")
        if isinstance(node, Binary) and node.operator in {"and", "or"}:
            # not (a or b) is (not a) and (not b), and so the other way round.
            joint = node.operator if not negated else {"and": "or", "or": "and"}[node.operator]
            return self._joined(self._flat(node, negated, joint, depth), joint, depth)
        if isinstance(node, Binary) and node.operator in _OPPOSITE:
            return self._compared(node, negated, depth)
        if isinstance(node, Call):
            return self._called(node, negated, depth)
        if isinstance(node, Answer):
            return self._filled(node, not negated)
        raise Unreadable("a value where a condition was expected")

    def given(self, node: Node, depth: int) -> str:
        """A value, also one that hangs on conditions."""
        if depth > MOST:
            raise Unreadable("calculations that lead through one another")
        if isinstance(node, Call) and node.name == "if" and len(node.arguments) == 3:
            condition, yes, no = node.arguments
            return self.phrases["if"].format(
                self.given(yes, depth + 1),
                self.condition(condition, False, depth + 1),
                self.given(no, depth + 1),
            )
        if node == Text(""):
            return self.phrases["empty"]
        return self._value(node, depth)

    def _flat(self, node: Node, negated: bool, joint: str, depth: int) -> list[tuple[Node, bool]]:
        """Operands of a run of the same joint, calculations and negations opened on the way."""
        opened, negated = self._opened(node, negated, depth)
        if isinstance(opened, Binary) and opened.operator in {"and", "or"}:
            own = opened.operator if not negated else {"and": "or", "or": "and"}[opened.operator]
            if own == joint:
                return self._flat(opened.left, negated, joint, depth + 1) + self._flat(
                    opened.right, negated, joint, depth + 1
                )
        return [(opened, negated)]

    def _opened(self, node: Node, negated: bool, depth: int) -> tuple[Node, bool]:
        """A negation or a comparison with a calculation, replaced by what it stands for."""
        for _ in range(MOST):
            if isinstance(node, Call) and node.name == "not" and len(node.arguments) == 1:
                node, negated = node.arguments[0], not negated
                continue
            inner = self._made(node)
            if inner is None:
                return node, negated
            node = inner
        raise Unreadable("calculations that lead through one another")

    def _made(self, node: Node) -> Node | None:
        if not isinstance(node, Binary) or node.operator not in {"=", "!="}:
            return None
        left, right = node.left, node.right
        if isinstance(left, Text):
            left, right = right, left
        if not isinstance(left, Answer) or not isinstance(right, Text):
            return None
        made = self.names.calculations.get(left.name)
        inner = None if made is None else chosen(made, right.value)
        return Call("not", (inner,)) if inner is not None and node.operator == "!=" else inner

    def _joined(self, operands: Sequence[tuple[Node, bool]], joint: str, depth: int) -> str:
        told: list[str] = []
        groups: dict[tuple[str, ...], list[str]] = {}
        places: dict[tuple[str, ...], int] = {}
        codes: dict[str, list[str]] = {}
        for node, negated in operands:
            pair = self._answered(node, negated)
            if pair is not None:
                codes.setdefault(pair[0], []).append(pair[1])
        for node, negated in operands:
            pair = self._answered(node, negated)
            if pair is None or (joint == "and" and len(codes[pair[0]]) > 1):
                text = self.condition(node, negated, depth + 1)
                inner = isinstance(node, Binary) and node.operator in {"and", "or"}
                told.append(f"({text})" if inner and len(operands) > 1 else text)
                continue
            labels = tuple(
                dict.fromkeys(self.names.label(pair[0], c, self.language) for c in codes[pair[0]])
            )
            if labels not in places:
                places[labels] = len(told)
                told.append("")
            if pair[0] not in groups.setdefault(labels, []):
                groups[labels].append(pair[0])
        for labels, questions in groups.items():
            told[places[labels]] = self._group(questions, labels, joint)
        return f" {self.phrases[joint]} ".join(dict.fromkeys(told))

    def _answered(self, node: Node, negated: bool) -> tuple[str, str] | None:
        """Question and code where the operand says that a question has that answer."""
        if not isinstance(node, Binary) or node.operator != ("!=" if negated else "="):
            return None
        left, right = node.left, node.right
        if isinstance(left, Text):
            left, right = right, left
        if isinstance(left, Answer) and isinstance(right, Text) and right.value:
            known = left.name in self.names.labels and left.name in self.names.questions
            return (left.name, right.value) if known else None
        return None

    def _group(self, questions: list[str], labels: tuple[str, ...], joint: str) -> str:
        value = f" {self.phrases['or']} ".join(f"“{label}”" for label in labels)
        if len(questions) == 1:
            return f"{self.names.questions[questions[0]]} = {value}"
        form = self.phrases["any" if joint == "or" else "all"]
        return form.format(self.names.run(questions), value)

    def _compared(self, node: Binary, negated: bool, depth: int) -> str:
        opened, turned = self._opened(node, negated, depth)
        if opened is not node:
            return self.condition(opened, turned, depth + 1)
        operator = _OPPOSITE[node.operator] if negated else node.operator
        left, right = node.left, node.right
        if isinstance(left, Text) and not isinstance(right, Text):
            left, right, operator = right, left, _TURNED.get(operator, operator)
        if isinstance(right, Text) and not right.value and operator in {"=", "!="}:
            return self._filled(left, operator == "!=")
        question = left.name if isinstance(left, Answer) else ""
        if isinstance(left, Here):
            question = self.names.here
        value = self._value(right, depth, question)
        return self.phrases[operator].format(self._value(left, depth), value)

    def _filled(self, node: Node, is_filled: bool) -> str:
        return self.phrases["filled" if is_filled else "blank"].format(self._value(node, 0))

    def _called(self, node: Call, negated: bool, depth: int) -> str:
        arguments = node.arguments
        if node.name == "not" and len(arguments) == 1:
            return self.condition(arguments[0], not negated, depth + 1)
        if node.name in {"true", "false"} and not arguments:
            return self.phrases["always" if (node.name == "true") != negated else "never"]
        if node.name in _SAME and len(arguments) == 1:
            return self.condition(arguments[0], negated, depth + 1)
        if node.name == "selected" and len(arguments) == 2:
            ticked, code = arguments
            question = ticked.name if isinstance(ticked, Answer) else self.names.here
            value = self._value(code, depth, question)
            form = self.phrases["lacks" if negated else "holds"]
            return form.format(self._value(ticked, depth), value)
        if node.name == "if" and len(arguments) == 3:
            inner = chosen(node, "true") or _boolean(node)
            if inner is not None:
                return self.condition(inner, negated, depth + 1)
        raise Unreadable(f"{node.name}()")

    def _value(self, node: Node, depth: int, question: str = "") -> str:
        if depth > MOST:
            raise Unreadable("calculations that lead through one another")
        match node:
            case Text(value, True):
                found = self.names.labels.get(question, {})
                return f"“{self.names.label(question, value, self.language)}”" if (
                    value in found
                ) else value  # fmt: skip
            case Text(value, _):
                return f"“{self.names.label(question, value, self.language)}”"
            case Here():
                return self.phrases["here"]
            case Column(name):
                return self.phrases["column"].format(name)
            case Lookup(table, column, _, value):
                inner = self._value(value, depth + 1)
                return self.phrases["lookup"].format(column, table, inner)
            case Answer(name):
                return self._named(name, depth)
            case Binary(operator, left, right) if operator in {"+", "-", "*", "div"}:
                sign = {"*": "×", "div": "÷", "-": "−"}.get(operator, operator)
                sides = [self._value(side, depth + 1) for side in (left, right)]
                brackets = [isinstance(side, Binary) for side in (left, right)]
                texts = [f"({s})" if b else s for s, b in zip(sides, brackets, strict=True)]
                return f"{texts[0]} {sign} {texts[1]}"
            case Call(name, (inner,)) if name in _SAME:
                return self._value(inner, depth + 1, question)
            case Call("today" | "now" as name, ()):
                return self.phrases[name]
            case Call(
                "string-length" | "count-selected" | "round" | "int" | "-" as name, (inner, *_)
            ):
                return self.phrases[name].format(self._value(inner, depth + 1))
        raise Unreadable(f"{node.name}()" if isinstance(node, Call) else "a condition as a value")

    def _named(self, name: str, depth: int) -> str:
        if name in self.names.questions:
            return self.names.questions[name]
        made = self.names.calculations.get(name)
        if isinstance(made, Lookup | Answer):
            return self._value(made, depth + 1)
        if self.names.tells_calculations:
            return self.phrases["calculation"].format(name)
        raise Unreadable(f"${{{name}}}")


def _boolean(node: Call) -> Node | None:
    condition, yes, no = node.arguments
    if yes == Call("true", ()) and no == Call("false", ()):
        return condition
    return None
