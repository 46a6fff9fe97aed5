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
    several, followed, spread
        (M,) lines with more than two answers; (D, M) rows whose very base is hidden, and means
        beside hidden answers of their own question.
    derived, items
        Rows of the city that are worked out from another one; toplines of the items of measures
        that are "at least one of them".
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
        self.spread = np.zeros((domains, size), dtype=np.bool_)
        self.followed = np.zeros((domains, size), dtype=np.bool_)
        self.city = np.zeros(size, dtype=np.int8)
        self.city_mean = np.zeros(size, dtype=np.int8)
        self.open = np.zeros((domains, size))
        self.open_city, self.open_mean = np.zeros(size), np.zeros(size)
        self.share = np.zeros((domains, size))
        self.several = np.zeros(size, dtype=np.bool_)
        self.derived: dict[int, Derived] = {}
        self.items: dict[int, list[int]] = {}
        self.mean_of = self._means_of_one()
        self.kept_back = np.zeros((domains, size), dtype=np.bool_)
        self.opened = np.zeros((domains, size))
        self.stale, self.stale_mean = (np.zeros(size, dtype=np.bool_) for _ in range(2))
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

    def _means_of_one(self) -> dict[str, tuple[int, Floats]]:
        of: dict[tuple[str, str], list[str]] = {}
        for question in self.instrument.questions:
            if question.skm:
                of.setdefault(("skm", question.skm), []).append(question.name)
            if question.dimension:
                key = ("indikator", question.indicator or question.name)
                of.setdefault(key, []).append(question.name)
        found = {}
        for key, names in of.items():
            scores = self.instrument.scores_of(self.instrument[names[0]])
            if len(names) > 1 or (*key, "") not in self.place or len(set(scores.values())) < 2:
                continue
            cells = self.of(self.instrument[names[0]])
            own = np.array([scores.get(self.measures[i].category, np.nan) for i in cells])
            if own.size:
                found[names[0]] = self.place[(*key, "")], own
        return found

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

    def silent(self, d: int, question: Question) -> int:
        """People of a unit whose answer to a question says nothing."""
        said = set(self.of(question))
        return sum(int(self.events[d, i]) for i in self.of(question, silent=True) if i not in said)

    def all_but_few(self, d: int, i: int) -> int | None:
        """How many said nothing, where all but a few of the others gave this one of two answers.

        None where that is not so, or the base itself is hidden.
        """
        measure = self.measures[i]
        if measure.kind != "proportion" or self.followed[d, i]:
            return None
        silent = 0
        if measure.type == "topline":
            question = self.instrument[measure.name]
            if question.type != "select_multiple":
                if len(self.of(question)) != 2 or i not in self.of(question):
                    return None
                silent = self.silent(d, question)
        others = int(self.n[d, i] - self.events[d, i]) - silent
        return silent if others <= SMALL else None

    def base(self, d: int, i: int) -> int:
        """People that a hidden row is of; nothing in it depends on what they said.

        Of a question that was asked because of a hidden answer, all people of the unit. With
        several items somebody who left one out counts only where another was met: here all are
        left out who left one out.
        """
        if self.followed[d, i]:
            return int((self.people.unit == d).sum())
        items = self.items.get(i, [])
        if self.state[d, i] == SHOWN or len(items) < 2:
            return int(self.n[d, i])
        names = {self.measures[item].name for item in items}
        questions = [self.instrument[name] for name in names]
        asked = max(int(self.n[d, item]) for item in items)
        return max(asked - sum(self.silent(d, q) for q in questions), self.least)

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
