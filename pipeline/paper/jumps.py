"""Where a reader of the paper goes next: the jumps that phones make by themselves.

For every answer the questions below are judged one after the other with what is then known: the
answer, what must have been answered for this question to be asked at all, and that what was
passed over is blank. The first that may still be asked is where one goes on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pipeline.conditions import Known, Node, Unreadable, exclusions, facts, judge
from pipeline.conditions.parse import Call, Text
from pipeline.paper.outline import Ask, Condition, Outline

END = 0
"""Target of a jump over everything that is left."""


@dataclass(frozen=True)
class Jumps:
    """Numbers of questions to go on with: after any answer, or by the code of the answer.

    A question that is simply followed by the next one has neither.
    """

    after: int | None = None
    by_code: Mapping[str, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return self.after is not None or bool(self.by_code)


def jumps(
    outline: Outline, codes: Mapping[str, Sequence[str]], ends: Mapping[int, int]
) -> dict[int, Jumps]:
    """Jumps of every question, by its number.

    `codes` holds the answers of select-one questions that paper offers, by name; `ends` the
    number of the last question of the repeat that a question stands in, where it stands in one.
    """
    asked = outline.asked
    trees = {ask.number: [_tree(c) for c in ask.conditions] for ask in asked}
    trees_by_name = {ask.question.name: trees[ask.number] for ask in asked}
    guard = _guarded(outline)
    found = {}
    for place, ask in enumerate(asked):
        limit = ends.get(ask.number, len(asked))
        rest = asked[place + 1 : limit]
        if not rest:
            continue
        sure, excluded = _sure(trees[ask.number], trees_by_name, guard)
        usual = rest[0].number
        over = usual if limit < len(asked) else END  # the next round of the repeat, or the end
        known = Known(sure, guard, excluded=excluded)
        after = _target(rest, trees, known, over)
        by_code = {
            code: _target(
                rest, trees, replace(known, answers={**sure, ask.question.name: code}), over
            )
            for code in codes.get(ask.question.name, ())
        }
        one = set(by_code.values())
        if len(one) == 1:  # whatever is answered, one goes on there
            after, by_code = one.pop(), {}
        by_code = {code: number for code, number in by_code.items() if number != usual}
        if by_code or after != usual:
            found[ask.number] = Jumps(None if after == usual or by_code else after, by_code)
    return found


def _sure(
    conditions: Sequence[Node | None],
    conditions_of: Mapping[str, Sequence[Node | None]],
    guard: Mapping[str, Node],
) -> tuple[dict[str, str], frozenset[tuple[str, str]]]:
    """Answers that must have been given where a question is asked, and those that cannot.

    What has an answer was asked itself, so that its own conditions hold as well.
    """
    sure: dict[str, str] = {}
    excluded: frozenset[tuple[str, str]] = frozenset()
    open_ = list(conditions)
    followed: set[str] = set()
    while open_:
        tree = open_.pop()
        if tree is None:
            continue
        found = facts(tree, Known(sure, guard))
        sure |= found
        excluded |= exclusions(tree)
        for name, code in found.items():
            if code and name not in followed:
                followed.add(name)
                open_ += conditions_of.get(name, ())
    return sure, excluded


def _target(
    rest: Sequence[Ask],
    trees: Mapping[int, Sequence[Node | None]],
    known: Known,
    over: int,
) -> int:
    """Number of the first question that may still be asked; `over` where there is none."""
    answers = dict(known.answers)
    known = replace(known, answers=answers)
    for ask in rest:
        if not _is_passed(trees[ask.number], known):
            return ask.number
        answers[ask.question.name] = ""
    return over


def _is_passed(trees: Sequence[Node | None], known: Known) -> bool:
    return any(tree is not None and judge(tree, known) is False for tree in trees)


def _tree(condition: Condition) -> Node | None:
    try:
        return condition.node
    except Unreadable:
        return None


def _guarded(outline: Outline) -> dict[str, Node]:
    """Calculations whose value is always what they compute: those that no condition blanks.

    One inside a group that is passed over is blank instead, which only the conditions of the
    group tell; it is made blank there by joining them.
    """
    found = {}
    for ask in outline.asks:
        made = outline.calculations.get(ask.question.name)
        if made is None:
            continue
        for condition in reversed(ask.conditions):
            tree = _tree(condition)
            if tree is None:
                made = None
                break
            made = Call("if", (tree, made, Text("")))
        if made is not None:
            found[ask.question.name] = made
    return found


def ends_of_repeats(outline: Outline) -> dict[int, int]:
    """Number of the last question of the outermost repeat around each question in one."""
    last: dict[str, int] = {}
    for ask in outline.asked:
        if ask.question.repeat:
            last[ask.question.repeat] = ask.number
    return {ask.number: last[ask.question.repeat] for ask in outline.asked if ask.question.repeat}
