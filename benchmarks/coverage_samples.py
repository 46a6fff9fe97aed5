"""Simulated units with a known truth, thousands at a time, as the kernel reads interviews.

Nobody was asked: everything is drawn from a seed. Every sample is a unit (a domain and a stratum)
of one large frame, so that one pass of the real kernel serves them all.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.design import Coded, Codes, Psus
from analysis.measures import Measure
from benchmarks.coverage_items import INDEX, ITEMS, RATINGS, Floats, Item

CROWD_CV = 0.35
"""Coefficient of variation of the visitors of a session."""
CROWD_EFFECT = 0.5
"""Correlation of a session's effect with its crowd: crowded sessions differ."""
COMMON = 0.33
"""Share of each effect (of session, enumerator, person) that all ratings have in common, so that
the index has the intraclass correlations of its ratings."""
MISSING = 0.05
"""Share of ratings that are not given."""
WEIGHT_CV = 0.4
"""Spread of the weights of persons, where weights are unequal, beside those of sessions."""

LOG_SD = float(np.sqrt(np.log1p(CROWD_CV**2)))


@dataclass(frozen=True)
class Setting:
    """One cell of the study.

    `n` interviews are expected of a unit, in `sessions` sessions. `icc` is the intraclass
    correlation of recorded answers in a session. `weights` are `equal` (every k-th visitor, so
    crowded sessions give more interviews) or `unequal` (as many from every session, weighted by
    its visitors, and persons' weights that differ besides). `rho` is the correlation of answers
    to one of the `enumerators`; `pattern` is `pairs` (two in a session, in turn) or `alone`.
    """

    n: int
    sessions: int
    icc: float = 0.05
    weights: str = "equal"
    enumerators: int = 0
    rho: float = 0.0
    pattern: str = ""


@dataclass(frozen=True)
class Classes:
    """Classes of visitors by sex and age: share of visits, chance to answer, shift of answers.

    All are products or sums over sex and age, so that raking on the two repairs who answers.
    """

    sex: tuple[float, ...] = (0.46, 0.54)
    age: tuple[float, ...] = (0.3, 0.36, 0.34)
    answer_sex: tuple[float, ...] = (0.7, 0.95)
    answer_age: tuple[float, ...] = (0.55, 0.8, 0.95)
    shift_sex: tuple[float, ...] = (-0.2, 0.2)
    shift_age: tuple[float, ...] = (-0.5, 0.0, 0.5)

    @property
    def share(self) -> Floats:
        """(6,) share of visits."""
        return np.outer(self.sex, self.age).ravel()

    @property
    def interviewed(self) -> Floats:
        """(6,) share of interviews."""
        found = self.share * np.outer(self.answer_sex, self.answer_age).ravel()
        return found / found.sum()

    @property
    def shift(self) -> Floats:
        """(6,) shift of the latent variable."""
        return np.add.outer(self.shift_sex, self.shift_age).ravel()


@dataclass(frozen=True, eq=False)
class Drawn:
    """Interviews of R units: `who` (n,) is the enumerator, codes into R x enumerators.

    `group` (n,) is the class of a visitor, 0 where there are none.
    """

    coded: Coded
    measures: list[Measure]
    who: Codes
    group: Codes


def draw(
    s: Setting,
    units: int,
    rng: np.random.Generator,
    *,
    items: Sequence[Item] = ITEMS,
    shift: Floats | None = None,
    share: Floats | None = None,
    classes: Classes | None = None,
) -> Drawn:
    """Draw `units` samples of a setting.

    `shift` (units,) moves the latent variable of every answer, so that units differ; `share`
    (units,) is what a unit's weights sum to in expectation.
    """
    m = s.sessions
    unit = np.repeat(np.arange(units), m)
    crowd = rng.standard_normal(unit.size)
    expected = s.n / m * np.exp(LOG_SD * crowd - LOG_SD**2 / 2)
    if s.weights == "equal":
        taken = rng.poisson(expected)
        of_session = np.ones(unit.size)
    else:
        taken = rng.poisson(s.n / m, unit.size)
        of_session = expected / np.maximum(taken, 1)
    psu = np.repeat(np.arange(unit.size), taken)
    rows = psu.size
    weight = of_session[psu]
    if s.weights != "equal":
        spread = np.sqrt(np.log1p(WEIGHT_CV**2))
        weight *= np.exp(spread * rng.standard_normal(rows) - spread**2 / 2)
    if share is not None:
        weight *= share[unit[psu]] / s.n
    # A visit is likelier to fall in a crowded session; what that adds on average is taken off.
    pull = CROWD_EFFECT * (crowd - LOG_SD)
    who = enumerators(s, taken)
    team = units * max(s.enumerators, 1)
    common = [rng.standard_normal(size) for size in (unit.size, team, rows)]
    moved = np.zeros(rows) if shift is None else shift[unit[psu]]
    group = np.zeros(rows, dtype=np.intp)
    if classes is not None:
        group = rng.choice(6, rows, p=classes.interviewed)
        moved = moved + classes.shift[group]
    values = {}
    for item in items:
        session, burden, person = (_mixed(c, item, rng) for c in common)
        session = pull + np.sqrt(1 - CROWD_EFFECT**2) * session
        r, q = item.latent(s.icc), item.latent(s.rho if s.enumerators else 0.0)
        z = np.sqrt(1 - r - q) * person + np.sqrt(r) * session[psu] + moved
        if q:
            z += np.sqrt(q) * burden[who]
        values[item.name] = item.value(z)
        if item in RATINGS:
            values[item.name][rng.random(rows) < MISSING] = np.nan
    names = tuple(f"{g:07d}" for g in range(unit.size))
    of_units = tuple(f"{d:06d}" for d in range(units))
    psus = Psus(names, unit, of_units, np.full(units, np.inf))
    coded = Coded(np.arange(rows), weight, psu, unit[psu], psus, of_units)
    return Drawn(coded, measured(values, items), who, group)


def _mixed(common: Floats, item: Item, rng: np.random.Generator) -> Floats:
    """An effect on one item: in part that on all ratings, in part its own."""
    own = rng.standard_normal(common.size)
    return np.sqrt(COMMON) * common + np.sqrt(1 - COMMON) * own if item.is_mean else own


def enumerators(s: Setting, taken: NDArray[np.int64]) -> Codes:
    """(n,) enumerator of each interview, all of whom come round in turn; one where none is set."""
    team = max(s.enumerators, 1)
    psus = np.arange(taken.size)
    psu = np.repeat(psus, taken)
    first = np.cumsum(taken) - taken
    turn = np.arange(psu.size) - first[psu]
    session = psu % s.sessions
    each = min(team, 2) if s.pattern == "pairs" else 1
    return np.asarray(psu // s.sessions * team + (session + turn % each) % team, dtype=np.intp)


def measured(values: dict[str, Floats], items: Sequence[Item]) -> list[Measure]:
    """Measures of the items, and of the index where all of its ratings are among them."""
    found = [
        Measure(
            "butir", i.name, "", "mean" if i.is_mean else "proportion", values[i.name], 0.0, i.scale
        )
        for i in items
    ]
    if all(i in items for i in RATINGS):
        every = np.column_stack([values[i.name] for i in RATINGS])
        given = ~np.isnan(every)
        with np.errstate(invalid="ignore"):
            mean = np.where(given, every, 0.0).sum(axis=1) / given.sum(axis=1)
        parts = tuple((("butir", i.name), 1 / len(RATINGS)) for i in RATINGS)
        found.append(Measure("indeks", INDEX, "", "mean", mean, 0.0, 100.0, combines=parts))
    return found


def truths(items: Sequence[Item] = ITEMS, shift: float = 0.0) -> dict[str, float]:
    """True value of every measure of `measured`."""
    found = {i.name: i.truth(shift) for i in items}
    if all(i in items for i in RATINGS):
        found[INDEX] = float(np.mean([found[i.name] for i in RATINGS]))
    return found
