"""The whole table of estimates as it may be handed on: every question's line, and what hangs on it.

`disclosure` makes one question safe. Here are the questions of a study (a choice of several is a
line of its own: marked or not), the measures that repeat one of them (a bentuk of one question, a
step of the complaint path), those that would narrow one (a bentuk of several questions, the mean
of a scale, a composite), follow-up questions whose number of answers tells how many said what led
to them, and the two numbers of the city.

A mean that would give a hidden count away, with what contains it, and a share of the city beside
units that are hidden, are printed at the first step at which all counts that must stay possible
print alike. What is not covered: scores made of several questions (an indicator with two items)
bound the sum of their counts; no step is taken for them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import beta

from analysis.clustering import ICC
from analysis.concealing import KEY, LIMITS, Parts
from analysis.disclosure import (
    FEW,
    OTHER,
    SHOWN,
    SMALL,
    VALUES,
    WHOLE,
    Claims,
    Counts,
    Line,
    protect,
)
from analysis.instrument import Instrument, Question
from analysis.measures import Measure
from analysis.scoring import COMPLAINT, NO_ANSWER, SERVICE

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

UNIT, CITY, CITY_MEAN = "unit", "city", "city_mean"


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


def limit(n: float, carried: float, level: float) -> float:
    """Upper limit of a share of which no more is said than that up to four people had it.

    Korn and Graubard's: Clopper and Pearson's for four of n, both times what an interview counts
    for. One limit for the counts 0 to 4.
    """
    size = max(n * carried, 1.0)
    events = min(SMALL * size / n, size)
    if events >= size:
        return 1.0
    return float(beta.ppf(1 - (1 - level) / 2, events + 1, size - events))


def concealed(
    measures: Sequence[Measure],
    instrument: Instrument,
    people: People,
    *,
    least: int,
    level: float = 0.95,
    by_unit: bool = True,
) -> pd.DataFrame:
    """Rows of the table of estimates that are hidden, and the limit that is printed instead.

    Parameters
    ----------
    measures
        As they were estimated; their values are in the order of `people`.
    least
        Interviews below which a unit's row is withheld anyway (`Rules.minimum_n`): such a row
        tells nothing, not even its size, so there is nothing in it to protect.
    by_unit
        Whether the table has rows of units; without them `people` are of one unit, the whole.

    Returns
    -------
    DataFrame
        `KEY`, `state` ("few" where the count is 0 to 4, "others" where the row would tell another
        one), `at_least`, `at_most` (shares, NaN where there is no limit).
    """
    return _Hiding(measures, instrument, people, least, level).table(by_unit=by_unit)


class _Hiding:
    def __init__(
        self,
        measures: Sequence[Measure],
        instrument: Instrument,
        people: People,
        least: int,
        level: float,
    ) -> None:
        self.measures, self.instrument, self.people = measures, instrument, people
        self.least, self.level = least, level
        self.carried = people.carried()
        self.place = {(m.type, m.name, m.category): i for i, m in enumerate(measures)}
        size, domains = len(measures), len(people.units)
        self.state = np.zeros((domains, size), dtype=np.int8)
        self.city = np.zeros(size, dtype=np.int8)
        self.city_mean = np.zeros(size, dtype=np.int8)
        self.open = np.zeros((domains, size))
        self.open_city, self.open_mean = np.zeros(size), np.zeros(size)
        self.share = np.zeros((domains, size))
        self.several = np.zeros(size, dtype=np.bool_)
        self.n = np.zeros((domains, size), dtype=np.int64)
        self.events = np.zeros((domains, size), dtype=np.int64)
        for i, measure in enumerate(measures):
            answered = ~np.isnan(measure.values) & (people.unit >= 0)
            own = people.unit[answered]
            self.n[:, i] = np.bincount(own, minlength=domains)
            held = np.bincount(own, weights=people.weight[answered], minlength=domains)
            self.share[:, i] = held / max(held.sum(), np.finfo(float).tiny)
            if measure.kind == "proportion":
                met = people.unit[answered & (measure.values == 1)]  # noqa: PD011 (no frame)
                self.events[:, i] = np.bincount(met, minlength=domains)
        self._questions()
        self._derived()
        self._followed_up()
        self._means()

    # Lines

    def _asked(self) -> Sequence[Question]:
        return [q for q in self.instrument.questions if q.is_closed and self._cells(q)]

    def _cells(self, question: Question, *, silent: bool = False) -> list[int]:
        """Places of a question's toplines, those that say nothing left out."""
        return [
            self.place["topline", question.name, choice.name]
            for choice in self.instrument.choices_of(question)
            if (silent or choice.name not in NO_ANSWER)
            and ("topline", question.name, choice.name) in self.place
        ]

    def _questions(self) -> None:
        alone = self._alone()
        for question in self._asked():
            cells = self._cells(question)
            if question.type == "select_multiple":
                for i in cells:
                    self._binary(i)
                continue
            scores = None
            if question.name in alone:
                of = self.instrument.scores_of(question)
                names = [self.measures[i].category for i in cells]
                scores = np.array([of.get(name, np.nan) for name in names])
            counts = self._known(self.events[:, cells])
            found = protect(Line(counts, scores))
            self.state[:, cells] = found.state
            hidden = np.asarray((found.state != SHOWN).any(axis=0))
            self._mark(cells, hidden, scored=scores is not None)
            if scores is not None:
                i = alone[question.name]
                measure = self.measures[i]
                unit = (measure.high - measure.low) / (np.nanmax(scores) - np.nanmin(scores))
                scored = counts[:, ~np.isnan(scores)].sum(axis=1)
                self.open[:, i] = found.effect * unit / np.maximum(scored, 1)

    def _alone(self) -> dict[str, int]:
        """Questions that are all there is of a printed mean, with that mean's place."""
        of: dict[tuple[str, str], list[str]] = {}
        for question in self.instrument.questions:
            if question.skm:
                of.setdefault(("skm", question.skm), []).append(question.name)
            if question.dimension:
                key = ("indikator", question.indicator or question.name)
                of.setdefault(key, []).append(question.name)
        return {
            names[0]: self.place[(*key, "")]
            for key, names in of.items()
            if len(names) == 1
            and (*key, "") in self.place
            and len(set(self.instrument.scores_of(self.instrument[names[0]]).values())) > 1
        }

    def _known(self, counts: Counts) -> Counts:
        """Counts without the rows that are withheld for their size: their sum is not known."""
        return np.where(counts.sum(axis=1, keepdims=True) < self.least, 0, counts)

    def _binary(self, i: int) -> None:
        """A share that is a line of its own: those who did, and the others."""
        events = self.events[:, i]
        counts = self._known(np.stack([events, self.n[:, i] - events], axis=1))
        found = protect(Line(counts))
        self.state[:, i] = found.state[:, 0]
        many = (counts[:, 1] <= SMALL) & (counts[:, 0] > SMALL)
        self.state[many, i] = np.where(counts.sum(axis=1)[many] > 0, OTHER, SHOWN)
        self._mark([i], np.asarray((found.state[:, :1] != SHOWN).any(axis=0)))

    def _mark(self, cells: Sequence[int], touched: Claims, *, scored: bool = False) -> None:
        """The city's shares: few in all, or left open by a few people of the hidden units.

        The city's share and the mean of units are two equations for the same few counts; what one
        of them leaves open the other would close.
        """
        for i in np.array(cells)[touched].tolist():
            if int(self.events[:, i].sum()) <= SMALL:
                self.city[i] = self.city_mean[i] = FEW
                continue
            # A move that keeps a mean changes other answers by up to the scale's length times.
            self.open_city[i] = SMALL * self._one(i) * (len(cells) - 1 if scored else 1)
            self.city_mean[i] = OTHER
            self.several[i] = len(cells) > 2
        if len(cells) == 2 and touched.any():
            # The second share of two rounds the same counts another way.
            self.city[cells[1]] = max(self.city[cells[1]], OTHER)

    def _one(self, i: int) -> float:
        """What one person of the units that are hidden is of the city's share."""
        of = self.state[:, i] != SHOWN
        return float((of * self.share[:, i] / np.maximum(self.n[:, i], 1)).max(initial=0))

    # What repeats a line, or narrows it

    def _derived(self) -> None:
        for name, question in COMPLAINT.items():
            self._copy(("pengaduan", name, ""), ("topline", question, "ya"))
        for name, (question, code) in SERVICE.items():
            self._copy(("layanan", name, ""), ("topline", question, code))
        every: list[int] = []
        codes = {c for q in self.instrument.questions for c in q.bentuk.split()}
        for code in sorted(codes):
            items = [
                self.place["topline", q.name, "ya"]
                for q in self.instrument.questions
                if code in q.bentuk.split() and ("topline", q.name, "ya") in self.place
            ]
            every += items
            target = self.place.get(("bentuk", code, ""))
            if target is None or not items:
                continue
            if len(items) == 1:
                self._copy(("bentuk", code, ""), self._key(items[0]))
            else:
                self._binary(target)
                self._union(target, items)
        if ("bentuk", "any", "") in self.place and every:
            target = self.place["bentuk", "any", ""]
            self._binary(target)
            self._union(target, sorted(set(every)))

    def _key(self, i: int) -> tuple[str, str, str]:
        m = self.measures[i]
        return m.type, m.name, m.category

    def _copy(self, target: tuple[str, str, str], source: tuple[str, str, str]) -> None:
        if target in self.place and source in self.place:
            to, of = self.place[target], self.place[source]
            self.state[:, to] = self.state[:, of]
            self.city[to], self.city_mean[to] = self.city[of], self.city_mean[of]
            self.open_city[to] = self.open_city[of]
            self.several[to] = self.several[of]

    def _union(self, target: int, items: Sequence[int]) -> None:
        """Hide the others where "at least one of these" would say that one of them was met."""
        for d in range(len(self.people.units)):
            if self.state[d, target] != SHOWN or self.n[d, target] < self.least:
                continue
            met = int(self.events[d, target])
            for i in items:
                if self.state[d, i] != FEW:
                    continue
                rest = sum(self._most(d, j) for j in items if j != i)
                if met > rest:
                    self.state[d, target] = OTHER
                    self.open_city[target] = max(self.open_city[target], VALUES * self._one(target))
                    self.city_mean[target] = OTHER
                    break

    def _most(self, d: int, i: int) -> int:
        state = self.state[d, i]
        return int(self.events[d, i] if state == SHOWN else SMALL if state == FEW else self.n[d, i])

    def _followed_up(self) -> None:
        """A question asked because of an answer tells by its size how many gave it."""
        known = {q.name: self._cells(q) for q in self._asked()}
        for question in self._asked():
            leads = set(re.findall(r"\$\{([^}]+)\}", question.relevant)) & set(known)
            cells = [*self._cells(question, silent=True), *self._repeats(question.name)]
            for lead in leads - {question.name}:
                of = known[lead]
                for d in np.flatnonzero((self.state[:, of] != SHOWN).any(axis=1)).tolist():
                    self.state[d, cells] = np.maximum(self.state[d, cells], OTHER)
                    self.city_mean[cells] = np.maximum(self.city_mean[cells], OTHER)
                if (self.city[of] != SHOWN).any():
                    self.city[cells] = np.maximum(self.city[cells], OTHER)

    def _repeats(self, question: str) -> list[int]:
        """Places of the measures that are one question's."""
        keys = [("pengaduan", name) for name, q in COMPLAINT.items() if q == question]
        keys += [("layanan", name) for name, (q, _) in SERVICE.items() if q == question]
        asked = self.instrument[question]
        keys += [("skm", asked.skm)] if asked.skm else []
        keys += [("bentuk", code) for code in asked.bentuk.split()]
        return [self.place[(*key, "")] for key in keys if (*key, "") in self.place]

    def _means(self) -> None:
        """What contains a mean that is left open is left open by its part of it."""
        units = max(len(self.people.units), 1)
        for i, measure in enumerate(self.measures):
            if measure.kind == "proportion":
                continue
            for (kind, name), factor in measure.combines:
                part = self.open[:, self.place[kind, name, ""]]
                self.open[:, i] = np.maximum(self.open[:, i], abs(factor) * part)
            self.open_city[i] = (self.open[:, i] * self.share[:, i]).max(initial=0)
            self.open_mean[i] = self.open[:, i].max(initial=0) / units

    # The table

    def table(self, *, by_unit: bool) -> pd.DataFrame:
        """Every row that is hidden or left open."""
        rows = []
        for d, unit in enumerate(self.people.units):
            for i in np.flatnonzero((self.state[d] != SHOWN) | (self.open[d] > 0)).tolist():
                most = limit(self.n[d, i], self.carried[d], self.level) if self.n[d, i] else 1.0
                others = int(self.n[d, i] - self.events[d, i])
                # All but a few: the mirror of a few, where the line has no third answer.
                mirror = self.measures[i].kind == "proportion" and others <= SMALL and self._two(i)
                state = int(self.state[d, i])
                rows.append(self._row((UNIT, unit), i, state, most, self.open[d, i], mirror=mirror))
        whole = self.n.sum(axis=0)
        whole_rows = (
            (CITY, self.city, self.open_city), (CITY_MEAN, self.city_mean, self.open_mean)
        )  # fmt: skip
        for kind, states, left in whole_rows if by_unit else ():
            for i in np.flatnonzero((states != SHOWN) | (left > 0)).tolist():
                # Of the mean of units no more is known than of the smallest.
                most = limit(whole[i], float(self.carried.min()), self.level) if whole[i] else 1.0
                parts = None if self.several[i] else self._parts(i)
                row = self._row((kind, CITY), i, int(states[i]), most, left[i])
                rows.append((*row[:-1], parts))
        columns = [*KEY, "state", *LIMITS, "open", "low_end", "high_end", "parts"]
        return pd.DataFrame(rows, columns=columns)

    def _parts(self, i: int) -> Parts | None:
        """The hidden units of a share that has two answers only."""
        of = np.flatnonzero((self.state[:, i] != SHOWN) & (self.n[:, i] >= self.least))
        if self.measures[i].kind != "proportion" or not of.size:
            return None
        n, events, state = self.n[of, i], self.events[of, i], self.state[of, i]
        few, most = state == FEW, n - events <= SMALL
        return Parts(
            one=self.share[of, i] / n, count=events, small=few | most,
            low=np.where(few | ~most, 0, n - SMALL), high=np.where(few, SMALL, n),
        )  # fmt: skip

    def _row(
        self,
        domain: tuple[str, str],
        i: int,
        state: int,
        most: float,
        left: float,
        *,
        mirror: bool = False,
    ) -> tuple[object, ...]:
        name = "few" if state == FEW else "open" if state == SHOWN else "others"
        least = 1 - most if mirror and state in (OTHER, WHOLE) else np.nan
        m = self.measures[i]
        most = most if state == FEW else np.nan
        return (*domain, *self._key(i), name, least, most, left, m.low, m.high, None)

    def _two(self, i: int) -> bool:
        m = self.measures[i]
        if m.type != "topline":
            return True
        question = self.instrument[m.name]
        return question.type == "select_multiple" or len(self._cells(question)) == 2
