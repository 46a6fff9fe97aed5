"""The jumps that paper prints are those that phones make: held against JavaRosa."""

import random
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import cache

import pytest

from pipeline import xform
from pipeline.conditions import Known, Unreadable, judge
from pipeline.conditions.parse import Binary, Here, Text
from pipeline.javarosa import Form, Phone, seeded_uuid
from pipeline.paper.context import context_of
from pipeline.paper.folder import forms_in
from pipeline.paper.languages import tongues
from pipeline.paper.outline import outline_of
from pipeline.study import open_study

pytestmark = pytest.mark.java

FILLS = 40
TEXTS = ("contoh", "contoh", "contoh", "contoh", "1234567", "081234567890")
LONG_WALKS = {"wawancara", "sesi"}
"""Forms that answers at random often get through; others ask for codes that cannot be guessed."""
START = datetime(2026, 10, 5, 8, 30, tzinfo=timezone(timedelta(hours=8)))
STUDY = open_study("kendari")
FORMS = {form.path.stem: form for form in forms_in(STUDY)}


@cache
def paper(name):
    outline = outline_of(FORMS[name])
    return context_of(outline, STUDY.folder, tongues(outline.instrument.languages))


def filler(ctx, rng):
    """Answers at random: any choice that is offered, whole numbers inside their limits."""

    def answer(prompt):
        ask = ctx.outline.named(prompt.name)
        if prompt.choices:
            codes = [code for code, _ in prompt.choices]
            if prompt.control == "select_one":
                jump = ctx.jumps.get(ask.number) if ask else None
                going_on = [c for c in codes if not jump or c not in jump.by_code]
                return rng.choice(going_on if going_on and rng.random() < 0.8 else codes)
            return " ".join(rng.sample(codes, rng.randint(1, min(2, len(codes)))))
        if prompt.control == "acknowledge":
            return "OK"
        if ask is not None and ask.question.type == "integer":
            low, high = limits(ask)
            return str(rng.randint(low, high))
        if ask is not None and ask.question.type == "text":
            return rng.choice(TEXTS)
        return None

    return answer


def limits(ask):
    found = {">=": 0, "<=": 20}
    if ask.constraint is not None:
        try:
            open_ = [ask.constraint.node]
        except Unreadable:
            return 0, 20
        while open_:
            node = open_.pop()
            if isinstance(node, Binary) and node.operator == "and":
                open_ += [node.left, node.right]
            elif isinstance(node, Binary) and isinstance(node.right, Text) and node.left == Here():
                found[node.operator] = int(float(node.right.value))
    return found[">="], max(found["<="], found[">="])


@cache
def walks(name):
    ctx = paper(name)
    form = Form(xform.convert(FORMS[name].path).xml, STUDY.folder)
    phone = Phone(START, START + timedelta(minutes=14), seeded_uuid(name))
    found = []
    for seed in range(FILLS):
        filling = form.fill(filler(ctx, random.Random(seed)), replace(phone, seed=seed))
        steps = [s for s in filling.steps if not s.prompt.read_only and s.outcome == "ok"]
        shown = {s.prompt.name for s in filling.steps}
        found.append((filling.complete, [(s.prompt.name, s.answer or "") for s in steps], shown))
    return found


@pytest.mark.parametrize("name", FORMS)
def test_no_question_is_asked_between_an_answer_and_where_paper_leads(name):
    ctx = paper(name)
    taken = 0
    for complete, steps, _ in walks(name):
        numbers = [ctx.names.numbers[question] for question, _ in steps]
        for place, (question, answer) in enumerate(steps):
            jump = ctx.jumps.get(numbers[place])
            if jump is None or (jump.after is None and answer not in jump.by_code):
                continue
            target = jump.by_code.get(answer, jump.after)
            taken += 1
            if place + 1 < len(numbers):
                assert target, f"{question} = {answer} ends the form on paper, the phone goes on"
                assert numbers[place + 1] >= target, (question, answer, steps[place + 1])
            else:
                assert not target or target > numbers[place] or not complete
    assert taken > 10 or name not in LONG_WALKS


@pytest.mark.parametrize("name", FORMS)
def test_every_printed_condition_holds_exactly_where_the_phone_asks(name):
    ctx, judged = paper(name), 0
    for complete, steps, shown in walks(name):
        if not complete:
            continue
        given = {ask.question.name: "" for ask in ctx.outline.asked} | dict(steps)
        for ask in ctx.outline.asked:
            if ask.question.repeat:
                continue
            told = [judge(c.node, Known(given, ctx.outline.calculations)) for c in ask.conditions]
            if None in told and False not in told:
                continue  # hangs on a list file or on the phone
            judged += 1
            assert all(told) == (ask.question.name in shown), ask.question.name
    assert judged > 100 or name not in LONG_WALKS
