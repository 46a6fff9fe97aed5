"""What repeats a hidden answer, contains it, or hangs on it.

Measures that repeat one question (a bentuk of one item, a step of the complaint path), those that
narrow one (a bentuk of several items), follow-up questions whose number of answers tells how many
said what led to them, and composites of means that are left open.
"""

import re
from collections.abc import Iterator, Sequence

import numpy as np

from analysis.concealing import Derived, Key
from analysis.disclosure import FEW, OTHER, SHOWN, SMALL, VALUES
from analysis.hidden_lines import hide_share, said
from analysis.hiding import Cells
from analysis.instrument import Question
from analysis.scoring import COMPLAINT, SERVICE

_NAMED = re.compile(r"\$\{\s*([^}\s]+)\s*\}")
_EQUALS = re.compile(r"\$\{\s*([^}\s]+)\s*\}\s*=\s*['\"]([^'\"]+)['\"]")


def hide_linked(cells: Cells) -> None:
    """Carry what is hidden of the questions' lines over to everything that tells it."""
    _derived(cells)
    _followed_up(cells)
    _means(cells)


def _derived(cells: Cells) -> None:
    for name, question in COMPLAINT.items():
        _copy(cells, ("pengaduan", name, ""), ("topline", question, "ya"))
    for name, (question, code) in SERVICE.items():
        _copy(cells, ("layanan", name, ""), ("topline", question, code))
    every: list[int] = []
    codes = {c for q in cells.instrument.questions for c in q.bentuk.split()}
    for code in sorted(codes):
        items = [
            cells.place["topline", q.name, "ya"]
            for q in cells.instrument.questions
            if code in q.bentuk.split() and ("topline", q.name, "ya") in cells.place
        ]
        every += items
        target = cells.place.get(("bentuk", code, ""))
        if target is None or not items:
            continue
        if len(items) == 1:
            _copy(cells, ("bentuk", code, ""), cells.key(items[0]))
        else:
            cells.items[target] = items
            hide_share(cells, target)
            _union(cells, target, items)
    if ("bentuk", "any", "") in cells.place and every:
        target = cells.place["bentuk", "any", ""]
        cells.items[target] = sorted(set(every))
        hide_share(cells, target)
        _union(cells, target, cells.items[target])


def _copy(cells: Cells, target: Key, source: Key) -> None:
    """The same count on another base: hidden alike, and of the city worked out from it.

    Both rounded by themselves would have an overlap narrower than either.
    """
    if target not in cells.place or source not in cells.place:
        return
    to, of = cells.place[target], cells.place[source]
    cells.state[:, to] = cells.state[:, of]
    cells.city[to], cells.city_mean[to] = cells.city[of], cells.city_mean[of]
    cells.open_city[to] = cells.open_city[of]
    cells.several[to] = cells.several[of]
    if cells.open_city[of] > 0:
        base = said(cells, cells.instrument[source[1]])
        cells.derived[to] = Derived(source, 0.0, 1.0 / max(base, np.finfo(float).tiny))


def _union(cells: Cells, target: int, items: Sequence[int]) -> None:
    """Hide the others where "at least one of these" would say that one of them was met."""
    for d in cells.units():
        if cells.state[d, target] != SHOWN or cells.n[d, target] < cells.least:
            continue
        if _tells(cells, d, int(cells.events[d, target]), items):
            cells.state[d, target] = OTHER
            left = VALUES * cells.one(target)
            cells.open_city[target] = max(cells.open_city[target], left)
            cells.city_mean[target] = OTHER


def _tells(cells: Cells, d: int, met: int, items: Sequence[int]) -> bool:
    """Whether so many who met one of the items say that somebody met a hidden one."""
    few = [i for i in items if cells.state[d, i] == FEW]
    return any(met > sum(_most(cells, d, j) for j in items if j != i) for i in few)


def _most(cells: Cells, d: int, i: int) -> int:
    state = cells.state[d, i]
    if state == SHOWN:
        return int(cells.events[d, i])
    return SMALL if state == FEW else int(cells.n[d, i])


# Questions that are asked because of an answer


def _followed_up(cells: Cells) -> None:
    """A question asked because of an answer tells by its size how many gave it."""
    known = {q.name: cells.of(q) for q in cells.asked()}
    for question in cells.asked():
        own = [*cells.of(question, silent=True), *_repeats(cells, question.name)]
        direct = (set(_NAMED.findall(question.relevant)) & set(known)) - {question.name}
        for lead in sorted(direct):
            of = known[lead]
            hidden = (cells.state[:, of] != SHOWN).any(axis=1)
            _hide_base(cells, own, np.flatnonzero(hidden).tolist())
            if (cells.city[of] != SHOWN).any():
                cells.city[own] = np.maximum(cells.city[own], OTHER)
        for items in _worked_out(cells, question):
            telling = [
                d for d in cells.units()
                if _base_tells(cells, d, int(cells.n[d, own].max(initial=0)), items)
            ]  # fmt: skip
            _hide_base(cells, own, telling)
            if telling:
                cells.city[own] = np.maximum(cells.city[own], OTHER)


def _hide_base(cells: Cells, own: Sequence[int], units: Sequence[int]) -> None:
    for d in units:
        cells.state[d, own] = OTHER
        cells.followed[d, own] = True
        cells.city_mean[own] = np.maximum(cells.city_mean[own], OTHER)


def _base_tells(cells: Cells, d: int, asked: int, items: Sequence[int]) -> bool:
    """Whether so many who were asked tell a hidden count of the answers that led there.

    As with "at least one of these"; and so few, or all but so few, that they are hidden anyhow.
    """
    few = any(cells.state[d, i] == FEW for i in items)
    others = int(cells.n[d, items].max(initial=0)) - asked
    return few and (asked <= SMALL or others <= SMALL or _tells(cells, d, asked, items))


def _worked_out(cells: Cells, question: Question) -> Iterator[list[int]]:
    """Toplines of the answers that a calculation joins, where it decides who is asked."""
    calculations = {
        q.name: q.calculation for q in cells.instrument.questions if q.type == "calculate"
    }
    for name in _NAMED.findall(question.relevant):
        text, seen = calculations.get(name, ""), {name}
        for _ in range(len(calculations)):
            deeper = [n for n in _NAMED.findall(text) if n in calculations and n not in seen]
            if not deeper:
                break
            seen |= set(deeper)
            text += " " + " ".join(calculations[n] for n in deeper)
        items = [
            cells.place["topline", lead, code]
            for lead, code in dict.fromkeys(_EQUALS.findall(text))
            if ("topline", lead, code) in cells.place
        ]
        if items:
            yield items


def _repeats(cells: Cells, question: str) -> list[int]:
    """Places of the measures that are one question's."""
    keys = [("pengaduan", name) for name, q in COMPLAINT.items() if q == question]
    keys += [("layanan", name) for name, (q, _) in SERVICE.items() if q == question]
    asked = cells.instrument[question]
    keys += [("skm", asked.skm)] if asked.skm else []
    keys += [("bentuk", code) for code in asked.bentuk.split()]
    return [cells.place[(*key, "")] for key in keys if (*key, "") in cells.place]


def _means(cells: Cells) -> None:
    """What contains a mean that is left open is left open by its part of it."""
    units = max(len(cells.people.units), 1)
    for i, measure in enumerate(cells.measures):
        if measure.kind == "proportion":
            continue
        for (kind, name), factor in measure.combines:
            part = cells.open[:, cells.place[kind, name, ""]]
            cells.open[:, i] = np.maximum(cells.open[:, i], abs(factor) * part)
            if len(measure.combines) == 1:
                cells.spread[:, i] = cells.spread[:, cells.place[kind, name, ""]]
        cells.open_city[i] = (cells.open[:, i] * cells.share[:, i]).max(initial=0)
        cells.open_mean[i] = cells.open[:, i].max(initial=0) / units
