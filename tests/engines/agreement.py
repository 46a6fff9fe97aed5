"""Whether two engines made the same submission of the same answers."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

from pipeline.javarosa import Filling, Form, Model
from tests.engines.chance import DRAW, Drawn
from tests.engines.web_engine import WebEngine

_POSITION = re.compile(r"\[\d+\]")
DISTANCE = 0.01
"""What two distances in metres may differ by: web forms round them to two decimals."""
EXACT = 1e-9
"""What any two other numbers may, in proportion: the last bits of a double."""


def values(xml: str, model: Model) -> dict[str, str]:
    """Text of every question that is in a submission, by its path; empty ones too."""
    return dict(_leaves(fromstring(xml), "", model.repeats))


def filled_again(web: WebEngine, name: str, drawn: Sequence[Drawn]) -> list[Filling]:
    """The second engine's fills with the answers, clocks and chances of the first."""
    fills = [(one.answers, one.phone) for one in drawn]
    return web.fill_all(name, fills, chances=[one.random for one in drawn])


def differences(
    one: str, other: str, model: Model, *, apart: Collection[str] = ("meta/instanceID",)
) -> list[str]:
    """What two submissions have otherwise; of the paths in `apart` only that something is there.

    Codes of a multiple choice are a set: JavaRosa keeps the order in which they were chosen, Web
    Forms that of the list.
    """
    ours, theirs = values(one, model), values(other, model)
    found = [
        f"one engine asks {path}, one does not" for path in sorted(ours.keys() ^ theirs.keys())
    ]
    for path in sorted(ours.keys() & theirs.keys()):
        plain, told = _POSITION.sub("", path), (ours[path], theirs[path])
        if plain in apart:
            alike = bool(told[0]) == bool(told[1])
        elif model.controls.get(plain) == "select":
            alike = set(told[0].split()) == set(told[1].split())
        else:
            expression = model.binds[plain].calculate if plain in model.binds else ""
            geographic = "distance(" in expression or "area(" in expression
            alike = _alike(*told, DISTANCE if geographic else 0.0)
        if not alike:
            found.append(f"{path}: {told[0]!r} and {told[1]!r}")
    return found


def disagreements(form: Form, drawn: Sequence[Drawn], filled: Sequence[Filling]) -> list[str]:
    """What the second engine made otherwise of random fills: refusals, questions, values."""
    found = []
    again = {p for p, b in form.model.binds.items() if "random(" in b.calculate} - {
        p for p, b in form.model.binds.items() if b.calculate == DRAW
    }
    apart = {"meta/instanceID", *again}  # another draw than the one that both were given
    for one, other in zip(drawn, filled, strict=True):
        if other.refused is not None:
            refused = other.refused
            found.append(
                f"seed {one.phone.seed}: Web Forms refuses {refused.prompt.name} "
                f"({refused.outcome}), JavaRosa does not"
            )
            continue
        place = [form.model.place(step.prompt.path) for step in one.filling.steps]
        if (shown := [form.model.place(step.prompt.path) for step in other.steps]) != place:
            found.append(f"seed {one.phone.seed}: asked otherwise from {_first(place, shown)} on")
        else:
            same = differences(one.filling.xml, other.xml, form.model, apart=apart)
            found += [f"seed {one.phone.seed}: {said}" for said in same]
    return found


def _first(ours: Sequence[str], theirs: Sequence[str]) -> object:
    pairs = zip([*ours, None], [*theirs, None], strict=False)
    return next((pair for pair in pairs if pair[0] != pair[1]), None)


def _alike(one: str, other: str, near: float) -> bool:
    if one == other:
        return True
    try:
        a, b = float(one), float(other)
        return abs(a - b) <= max(near, EXACT * max(abs(a), abs(b)))
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(one) == datetime.fromisoformat(other)
    except (ValueError, TypeError):
        return False


def _leaves(parent: Element, path: str, repeats: Collection[str]) -> Iterator[tuple[str, str]]:
    count: Mapping[str, int] = {}
    for child in parent:
        name = child.tag.rpartition("}")[2]
        count = {**count, name: count.get(name, 0) + 1}
        here = f"{path}/{name}" if path else name
        if _POSITION.sub("", here) in repeats:
            here = f"{here}[{count[name]}]"
        if len(child):
            yield from _leaves(child, here, repeats)
        else:
            yield here, child.text or ""
