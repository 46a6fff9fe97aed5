"""A question as it stands on paper: its answers with boxes, or room to write."""

import re
from collections.abc import Iterator

from pipeline.conditions.parse import Binary, Here, Node, Text, Unreadable
from pipeline.paper.choices import Offered, offered
from pipeline.paper.context import Context, shuffles
from pipeline.paper.models import Asked, Box, Boxes, Entry, Shape, Words
from pipeline.paper.outline import Ask
from pipeline.questionnaire import TRUE

NEVER = frozenset({"no", "false", "false()"})
MOST_DIGITS = 6
DIGITS = 3
"""Boxes for a whole number whose limit the form does not tell."""


def asked(ctx: Context, ask: Ask) -> Asked:
    """The question with everything that a reader of the paper needs."""
    question = ask.question
    groups, entry = _answers(ctx, ask)
    shape: Shape = "one"
    if question.type.startswith("select_multiple"):
        shape = "many"
    elif question.type == "rank":
        shape = "rank"
    return Asked(
        number=ask.number,
        name=question.name,
        labels=ctx.words(question.labels) or (question.name,),
        hints=_hints(ctx, ask),
        condition=ctx.condition(ask.relevant, "asked_if"),
        how=ctx.fixed(shape) if groups and shape != "one" else (),
        shape=shape,
        answers=groups,
        entry=entry,
        after=_after(ctx, ask),
        is_required=bool(ask.required) and ask.required.lower() not in NEVER,
    )


def _hints(ctx: Context, ask: Ask) -> tuple[Words, ...]:
    found = [ctx.words(ask.question.hints), ctx.words(ask.guidance)]
    limits = ctx.words(ask.constraint_messages)
    if ask.constraint is not None and not limits:
        limits = ctx.condition(ask.constraint, "limits")
    found.append(limits)
    if ask.read_only and ask.read_only.text.lower() not in NEVER:
        is_always = ask.read_only.text.lower() in TRUE
        found.append(
            ctx.fixed("read_only") if is_always else ctx.condition(ask.read_only, "read_only_if")
        )
    if shuffles(ask):
        found.append(ctx.fixed("shuffled"))
    return tuple(dict.fromkeys(words for words in found if words))


def _after(ctx: Context, ask: Ask) -> Words:
    jump = ctx.jumps.get(ask.number)
    return () if jump is None or jump.after is None else goes(ctx, ask, jump.after, "after")


def goes(ctx: Context, ask: Ask, number: int, key: str) -> Words:
    """Words that lead to the question of that number; 0 is the end of the form."""
    if not number:
        return ctx.fixed(f"{key}_end")
    there, here = ctx.parts.get(number, ""), ctx.parts.get(ask.number, "")
    if there and there != here:
        return ctx.fixed(f"{key}_part", number, there)
    return ctx.fixed(key, number)


def _answers(ctx: Context, ask: Ask) -> tuple[tuple[Boxes, ...], Entry | None]:
    choices = ctx.choices[ask.question.name]
    if not choices:
        return (), _entry(ctx, ask)
    jump = ctx.jumps.get(ask.number)
    by_code = jump.by_code if jump else {}
    try:
        groups = offered(ctx.outline, ask, choices)
        heads = [() if g.condition is None else ctx.said(g.condition, "offered_if") for g in groups]
        # what everyone is offered reads best at the end: "other", "prefer not to say"
        pairs = sorted(zip(groups, heads, strict=True), key=lambda pair: not pair[1])
    except Unreadable:
        told = ctx.condition(ask.choice_filter, "offered_if")
        pairs = [(Offered(None, choices), told)]
    boxes = tuple(
        Boxes(
            head,
            tuple(
                Box(
                    choice.name,
                    ctx.words(choice.labels) or (choice.name,),
                    goes(ctx, ask, by_code[choice.name], "go") if choice.name in by_code else (),
                )
                for choice in group.choices
            ),
        )
        for group, head in pairs
    )
    return boxes, None


def _entry(ctx: Context, ask: Ask) -> Entry:
    kind = ask.question.type
    match kind:
        case "integer":
            return Entry("digits", _digits(ask))
        case "decimal":
            return Entry("lines", 1)
        case "date" | "time":
            return Entry(kind, words=ctx.fixed(kind))
        case "dateTime":
            return Entry("datetime", words=ctx.fixed("datetime"))
        case "acknowledge":
            return Entry("tick", words=ctx.fixed("read"))
        case "geopoint" | "geotrace" | "geoshape":
            return Entry("lines", 1, ctx.fixed("place"))
        case "image" | "audio" | "video" | "file" | "barcode" | "background-audio":
            return Entry("words", words=ctx.fixed("phone"))
        case "range":
            return _scale(ctx, ask)
    if kind.startswith(("select_", "rank")):
        words = ctx.fixed("code", ask.file) if ask.file else ctx.fixed("code_open")
        return Entry("code", words=words)
    return Entry("lines", 3 if "multiline" in ask.appearance else 1)


def _scale(ctx: Context, ask: Ask) -> Entry:
    ends = dict(re.findall(r"(start|end|step)\s*=\s*(-?[\d.]+)", ask.parameters))
    low, high, step = ends.get("start", "1"), ends.get("end", "10"), ends.get("step", "1")
    return Entry("lines", 1, ctx.fixed("scale", low, high, step))


def _digits(ask: Ask) -> int:
    """Boxes that the largest whole number needs which the constraint allows."""
    if ask.constraint is None:
        return DIGITS
    try:
        limits = list(_limits(ask.constraint.node))
    except Unreadable:
        return DIGITS
    return min(max((len(limit) for limit in limits), default=DIGITS), MOST_DIGITS)


def _limits(node: Node) -> Iterator[str]:
    """Whole numbers that the answer may not exceed."""
    if not isinstance(node, Binary):
        return
    if node.operator == "and":
        yield from _limits(node.left)
        yield from _limits(node.right)
    elif node.operator in {"<=", "<"} and isinstance(node.left, Here):
        limit = node.right
        if isinstance(limit, Text) and limit.is_number and limit.value.isdigit():
            yield limit.value
