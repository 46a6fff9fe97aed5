"""The cells of a whole table while it is decided which of them are hidden.

`Cells` holds, for every measure, how many people of each unit gave that answer and what has been
decided so far; `hidden_lines` and `hidden_links` fill it, `disclosed` reads it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.clustering import ICC
from analysis.concealing import Derived
from analysis.disclosure import SHOWN, SMALL, Counts
from analysis.instrument import Instrument, Question
from analysis.measures import Measure
from analysis.scoring import NO_ANSWER

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class People:
    """Who was interviewed, as far as hiding counts needs it; every array is (n,).

    `unit` are places in `units`, -1 for interviews outside them; `weight` and `psu` give the
    size of sample that a common limit stands for.
    """

    unit: Codes
    units: tuple[str, ...]
    weight: Floats
    psu: NDArray[np.object_]

    def carried(self) -> Floats:
        """(D,) what an interview counts for beside one of a simple sample, at most 1.

        Kish's effective size by the weights, and sessions with the intraclass correlation that is
        assumed where the answers do not show it: nothing here depends on an answer.
        """
        found = np.ones(len(self.units))
        for d in range(len(self.units)):
            own = self.unit == d
            n = int(own.sum())
            if not n:
                continue
            w = self.weight[own]
            sessions = len(set(self.psu[own].tolist()))
            per = n / max(sessions, 1)
            found[d] = w.sum() ** 2 / (n * (w**2).sum()) / (1 + max(per - 1, 0) * ICC)
        return np.minimum(found, 1.0)


class Cells:
    """Counts of every measure in every unit, and the states decided so far.

    Parameters
    ----------
    least
        Interviews below which a unit's row is withheld anyway: in it is nothing to protect.

    Attributes
    ----------
    n, events
        (D, M) people in the base of measure m in unit d, and with the answer.
    share
        (D, M) part of the city's weighted base that a unit is.
    state, open
        (D, M) what is hidden, and how far a mean must be left open.
    city, city_mean, open_city, open_mean
        (M,) the same of the city weighted by visits, and of the mean of units.
    several, followed
        (M,) lines with more than two answers; (D, M) rows whose very base is hidden.
    derived
        Rows of the city that are worked out from another one.
    """

    def __init__(
        self,
        measures: Sequence[Measure],
        instrument: Instrument,
        people: People,
        least: int,
    ) -> None:
        self.measures, self.instrument, self.people = measures, instrument, people
        self.least = least
        self.place = {(m.type, m.name, m.category): i for i, m in enumerate(measures)}
        size, domains = len(measures), len(people.units)
        self.state = np.zeros((domains, size), dtype=np.int8)
        self.followed = np.zeros((domains, size), dtype=np.bool_)
        self.city = np.zeros(size, dtype=np.int8)
        self.city_mean = np.zeros(size, dtype=np.int8)
        self.open = np.zeros((domains, size))
        self.open_city, self.open_mean = np.zeros(size), np.zeros(size)
        self.share = np.zeros((domains, size))
        self.several = np.zeros(size, dtype=np.bool_)
        self.derived: dict[int, Derived] = {}
        self.n = np.zeros((domains, size), dtype=np.int64)
        self.events = np.zeros((domains, size), dtype=np.int64)
        for i, measure in enumerate(measures):
            answered = ~np.isnan(measure.values) & (people.unit >= 0)
            own = people.unit[answered]
            self.n[:, i] = np.bincount(own, minlength=domains)
            held = np.bincount(own, weights=people.weight[answered], minlength=domains)
            self.share[:, i] = held / max(held.sum(), np.finfo(float).tiny)
            if measure.kind == "proportion":
                met = people.unit[answered & (measure.values == 1)]
                self.events[:, i] = np.bincount(met, minlength=domains)

    def units(self) -> range:
        """Places of the units."""
        return range(len(self.people.units))

    def asked(self) -> Iterator[Question]:
        """Closed questions that have toplines, in the order of the form."""
        return (q for q in self.instrument.questions if q.is_closed and self.of(q))

    def of(self, question: Question, *, silent: bool = False) -> list[int]:
        """Places of a question's toplines, those that say nothing left out."""
        return [
            self.place["topline", question.name, choice.name]
            for choice in self.instrument.choices_of(question)
            if (silent or choice.name not in NO_ANSWER)
            and ("topline", question.name, choice.name) in self.place
        ]

    def key(self, i: int) -> tuple[str, str, str]:
        """Type, name and category of a measure."""
        m = self.measures[i]
        return m.type, m.name, m.category

    def known(self, counts: Counts, i: int) -> Counts:
        """Counts without the rows of measure `i` that are withheld for their size."""
        return np.where(self.n[:, [i]] < self.least, 0, counts)

    def two(self, i: int) -> bool:
        """Whether a share has one other answer only."""
        m = self.measures[i]
        if m.type != "topline":
            return True
        question = self.instrument[m.name]
        return question.type == "select_multiple" or len(self.of(question)) == 2

    def one(self, i: int) -> float:
        """What one person of the units that are hidden is of the city's share, at most."""
        of = self.state[:, i] != SHOWN
        return float((of * self.share[:, i] / np.maximum(self.n[:, i], 1)).max(initial=0))

    def value(self, i: int) -> float:
        """The city's share, weighted, of a measure."""
        values, inside = self.measures[i].values, self.people.unit >= 0
        there = ~np.isnan(values) & inside
        held = self.people.weight[there]
        return float((held * values[there]).sum() / max(held.sum(), np.finfo(float).tiny))

    def few(self, i: int) -> bool:
        """Whether up to four people of the whole city gave an answer."""
        return int(self.events[:, i].sum()) <= SMALL
