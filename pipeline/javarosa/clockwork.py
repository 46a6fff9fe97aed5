"""Whether the moments that a phone wrote by itself can stand together in one submission.

Nobody can see from a moment whether it is true. But a phone always writes them, never writes
anything else there, and sets those of answers between the opening and the closing of the form.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta

from pipeline.javarosa.likeness import moment
from pipeline.javarosa.model import Model, Stamp

SLACK = timedelta(seconds=1)
"""Clients cut moments to milliseconds or seconds."""

Asked = Callable[[str, str], bool]
"""Whether the node at a place is still relevant once the question at another place is blank."""


def moments(told: Mapping[str, str], model: Model, relevant: Callable[[str], bool], asked: Asked
            ) -> Iterator[str]:  # fmt: skip
    """Places whose moment is missing, or contradicts the other moments of the submission.

    Parameters
    ----------
    told
        Text by place, repeats numbered: every leaf of the form, blank where nothing was sent.
    relevant
        Whether the node at a place is relevant after these answers.
    asked
        Asked only where something looks wrong; see `Asked`.
    """
    start, end = _written(told, model, "timestamp", "start"), _written(
        told, model, "timestamp", "end"
    )  # fmt: skip
    for place in (start, end, _written(told, model, "date", "today")):
        if place and not told[place]:
            yield place
    window = _window(told.get(start, ""), told.get(end, ""))
    today = _written(told, model, "date", "today")
    if window and today and told[today] and not _on_a_day_of(told[today], window):
        yield today
    found: dict[str, tuple[Stamp, datetime, str]] = {}
    for place, text in told.items():
        path = _plain(place)
        stamp = model.stamps.get(path)
        if stamp is None:
            continue
        trigger = _beside(place, path, stamp.trigger)
        if not text:
            # In a group that the same answer shows, browsers lose the moment (decision 0026).
            if (
                told.get(trigger) and relevant(place) and relevant(trigger)
                and asked(place, trigger)
            ):  # fmt: skip
                yield place
            continue
        at = moment(text)
        if at is None:
            continue  # flagged where it was read
        if window and max(window[0] - at, at - window[1]) > SLACK:
            yield place
        elif place == path and told.get(trigger):
            found[place] = (stamp, at, trigger)
    yield from _disorder(found, asked)


def _disorder(found: Mapping[str, tuple[Stamp, datetime, str]], asked: Asked) -> Iterator[str]:
    """Moments before that of an answer without which theirs could not have been set."""
    for place, (_, at, trigger) in found.items():
        for first, opening, condition in found.values():
            if first.keeps and opening - at > SLACK and not asked(trigger, condition):
                yield place
                break


def _written(told: Mapping[str, str], model: Model, preload: str, which: str) -> str:
    """Place that the phone writes at opening or closing; empty where the form has none."""
    for path, bind in model.binds.items():
        if bind.preload == preload and bind.preload_of == which and path in told:
            return path
    return ""


def _window(start: str, end: str) -> tuple[datetime, datetime] | None:
    """Opening and closing; None where one is unknown, or the clock was set back between them."""
    opened, closed = moment(start), moment(end)
    return (opened, closed) if opened and closed and opened <= closed else None


def _on_a_day_of(text: str, window: tuple[datetime, datetime]) -> bool:
    """Whether a day is that of the window or next to it: zones differ, and midnight passes."""
    try:
        day = date.fromisoformat(text[:10])
    except ValueError:
        return True  # flagged as none of the type
    return (day - window[0].date()).days >= -1 and (day - window[1].date()).days <= 1


def _plain(place: str) -> str:
    return "/".join(step.partition("[")[0] for step in place.split("/"))


def _beside(place: str, path: str, other: str) -> str:
    """Place of the node `other` in the same repeats as the node `path` at `place`."""
    numbered, plain, wanted = place.split("/"), path.split("/"), other.split("/")
    shared = 0
    while shared < min(len(plain), len(wanted)) and plain[shared] == wanted[shared]:
        shared += 1
    return "/".join([*numbered[:shared], *wanted[shared:]])
