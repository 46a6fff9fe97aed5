"""Whether two waves asked the same: which questions a measure rests on, and which were asked.

A measure is called broken between two waves where its questions or its definition changed. What
a form said is declared; that a question was not asked at all is seen from the answers.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pandas as pd

from analysis.instrument import Instrument
from analysis.scoring import COMPLAINT, SERVICE, TRUST, IndexDefinition

Name = tuple[str, str]

MINIMUM = 30
"""Interviews from which nobody's answer says that a question was not asked ..."""
USUAL = 0.2
"""... where at least this share answered it in the other wave: by chance once in a thousand."""


@dataclass(frozen=True)
class Asked:
    """What a wave asked: interviews, the share that answered each question, the index's definition.

    `changed` are questions that were worded otherwise than in the wave before.
    """

    interviews: int
    answered: Mapping[str, float]
    index: IndexDefinition
    changed: frozenset[str] = frozenset()


def asked(
    interviews: pd.DataFrame,
    instrument: Instrument,
    index: IndexDefinition,
    changed: Collection[str] = (),
) -> Asked:
    """What the interviews of a wave say of its questionnaire; blanks are no answers."""
    shares: dict[str, float] = {}
    for question in instrument.questions:
        if question.name in interviews and len(interviews):
            values = interviews[question.name]
            given = values.notna() & (values.astype("object") != "")
            shares[question.name] = float(given.mean())
    return Asked(len(interviews), shares, index, frozenset(changed))


def questions_of(instrument: Instrument, index: IndexDefinition) -> dict[Name, frozenset[str]]:
    """The questions that each measure rests on, as `scoring.measures` makes them."""
    found: dict[Name, set[str]] = {}
    for q in instrument.questions:
        names: list[Name] = [("bentuk", code) for code in q.bentuk.split()]
        names += [("bentuk", "any")] if q.bentuk else []
        names += [("skm", q.skm), ("skm", "ikm")] if q.skm else []
        if q.dimension:
            names.append(("indikator", q.indicator or q.name))
            if q.dimension != TRUST or TRUST in index.dimensions:
                names.append(("dimensi", q.dimension))
            names += [(TRUST, TRUST)] if q.dimension == TRUST else []
            names += [("indeks", index.id)] if q.dimension in index.dimensions else []
        names += [("pengaduan", step) for step, name in COMPLAINT.items() if name == q.name]
        names += [("layanan", what) for what, (name, _) in SERVICE.items() if name == q.name]
        for name in names:
            found.setdefault(name, set()).add(q.name)
    return {name: frozenset(own) for name, own in found.items()}


def broken(before: Asked, after: Asked, instrument: Instrument) -> frozenset[Name]:
    """Measures that must not be compared between two waves.

    Those that rest on a question which was worded otherwise (`after.changed`), or which one wave
    asked and the other did not; the index where its version, dimensions or least share of answers
    differ; what that share decides where it differs.
    """
    other = set(after.changed) | _asked_in_one(before, after)
    found = {
        name
        for name, questions in questions_of(instrument, after.index).items()
        if questions & other
    }
    one, two = before.index, after.index
    scored = {n for n in questions_of(instrument, two) if n[0] in {"indikator", "dimensi", TRUST}}
    if one.minimum_answered != two.minimum_answered:
        found |= scored
    if (one.version, one.dimensions, one.minimum_answered) != (
        two.version, two.dimensions, two.minimum_answered,
    ):  # fmt: skip
        found.add(("indeks", two.id))
    return frozenset(found)


def _asked_in_one(before: Asked, after: Asked) -> set[str]:
    """Questions that many answered in one wave and nobody in the other."""
    found = set()
    for one, other in ((before, after), (after, before)):
        if other.interviews >= MINIMUM:
            found |= {
                name
                for name, share in one.answered.items()
                if share >= USUAL and other.answered.get(name, 0.0) == 0.0
            }
    return found
