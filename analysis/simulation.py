"""A population with known truth, and a sample of it drawn as the field does.

Blocks of a field window with their visitors, sessions in some of them, every k-th visitor
selected, who refuses or is missed, and what the rest answer (`analysis.answer_model`). Simulated
people only; nothing here stands for a real unit or person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from analysis.answer_model import (
    AGE_BANDS,
    CUTS,
    SCALE,
    SENSITIVE,
    Floats,
    UnitModel,
    draw_answers,
    is_burdened,
    level_locations,
    rate_intercepts,
    truth_of_any,
)
from analysis.errors import SampleError

__all__ = [
    "AGE_BANDS",
    "SCALE",
    "SENSITIVE",
    "ContactDraw",
    "Population",
    "SessionDraw",
    "UnitModel",
    "draw_enumerators",
    "draw_population",
    "draw_sessions",
    "truth",
    "truth_of_any",
]


@dataclass(frozen=True, eq=False)
class Population:
    """The open blocks of a unit's field window: visitors, busyness, burden; all (blocks,)."""

    model: UnitModel
    visitors: NDArray[np.int64]
    busy: Floats
    effect: Floats


@dataclass(frozen=True, slots=True)
class ContactDraw:
    """A selected visitor: `outcome` is the AAPOR code, `answers` is empty unless it is 1.1.

    Answers hold every item of the model whether or not a form would ask it, except the complaint
    path (`a_tanggap` only after `a_adu`, `a_puas` only after `a_tanggap`, both `ya`).
    """

    seq: int
    outcome: str
    sex: str
    age: int
    enumerator: str
    answers: Mapping[str, str | int]

    @property
    def age_band(self) -> str:
        """Age band as an observer would write it; minors count to the youngest."""
        return AGE_BANDS[(self.age >= 30) + (self.age >= 45) + (self.age >= 60)]


@dataclass(frozen=True, slots=True)
class SessionDraw:
    """A worked block: its index in the population, its visitors, and every k-th of them."""

    block: int
    visitors: int
    k: int
    random_start: int
    contacts: tuple[ContactDraw, ...]


def draw_population(model: UnitModel, rng: np.random.Generator) -> Population:
    """Draw the blocks of a unit: busyness, effect, and a Poisson number of visitors each."""
    busy = rng.standard_normal(model.blocks)
    effect = model.busy_slope * busy + model.session_sd * rng.standard_normal(model.blocks)
    expected = model.visitors_per_block * np.exp(model.log_sd * busy - model.log_sd**2 / 2)
    return Population(model, rng.poisson(expected), busy, effect)


def draw_enumerators(ids: Sequence[str], sd: float, rng: np.random.Generator) -> dict[str, float]:
    """Draw the burden that each enumerator adds to the answers given to her or him."""
    return dict(zip(ids, (sd * rng.standard_normal(len(ids))).tolist(), strict=True))


def draw_sessions(
    population: Population,
    n_sessions: int,
    k: int | Sequence[int],
    rng: np.random.Generator,
    *,
    blocks: Sequence[int] | None = None,
    enumerators: Sequence[Sequence[str]] | None = None,
    effects: Mapping[str, float] | None = None,
) -> list[SessionDraw]:
    """Work `n_sessions` blocks: in each, from a random start, every k-th visitor is selected.

    Parameters
    ----------
    k : int or one per session
        Selection interval.
    blocks
        Indices of the blocks to work; drawn without replacement where not given.
    enumerators : one sequence per session
        Who works the session; contacts alternate between them. Default: nobody, no effect.
    effects
        Burden by enumerator (see `draw_enumerators`); an enumerator not named adds none.

    Raises
    ------
    SampleError
        Where more sessions are asked than the window has blocks, or the lengths disagree.
    """
    model = population.model
    if n_sessions > model.blocks:
        raise SampleError(
            f"{model.unit_id}: {n_sessions} sessions asked of {model.blocks} open blocks."
        )
    chosen = rng.choice(model.blocks, n_sessions, replace=False) if blocks is None else blocks
    steps = [k] * n_sessions if isinstance(k, int) else list(k)
    staff = [()] * n_sessions if enumerators is None else list(enumerators)
    if not len(chosen) == len(steps) == len(staff) == n_sessions:
        raise SampleError(f"{model.unit_id}: blocks, k and enumerators need one entry a session.")
    starts = [int(rng.integers(1, step + 1)) for step in steps]
    visitors = population.visitors[np.asarray(chosen, dtype=int)]
    selected = [
        max(0, (int(c) - start) // step + 1) if c >= start else 0
        for c, start, step in zip(visitors, starts, steps, strict=True)
    ]
    of_block = np.repeat(np.asarray(chosen, dtype=int), selected)
    seq = np.concatenate([np.arange(1, s + 1) for s in selected]) if selected else np.zeros(0)
    who = [
        names[(i - 1) % len(names)] if names else ""
        for names, s in zip(staff, selected, strict=True)
        for i in range(1, s + 1)
    ]
    met = effects or {}
    burden = population.effect[of_block] + np.array([met.get(w, 0.0) for w in who])
    people = _draw_people(model, population.busy[of_block], seq.astype(int), who, burden, rng)
    draws, first = [], 0
    for i, block in enumerate(np.asarray(chosen).tolist()):
        contacts = tuple(people[first : first + selected[i]])
        first += selected[i]
        draws.append(SessionDraw(int(block), int(visitors[i]), steps[i], starts[i], contacts))
    return draws


def truth(source: UnitModel | Population) -> dict[str, float]:
    """Truth by item: share of `ya`, mean level on 0-1, share of a code under `item=code`.

    Of a `UnitModel` it is the truth of the service in general, of which the blocks of the window
    are a draw; of a `Population` that of these very blocks, each by its visitors.
    """
    model = source if isinstance(source, UnitModel) else source.model
    known = {f"{q}={c}": p for q, shares in model.choices.items() for c, p in shares.items()}
    if isinstance(source, UnitModel):
        return {**model.rates, **model.levels, **known}
    share = source.visitors / source.visitors.sum()
    spread = float(np.hypot(model.enumerator_sd, model.attitude_sd))
    for item, alpha in rate_intercepts(model).items():
        if is_burdened(item):
            known[item] = float(share @ ndtr((alpha + source.effect) / np.hypot(1, spread)))
        else:
            known[item] = model.rates[item]
    for item, location in level_locations(model).items():
        gap = (location - source.effect)[:, None] - CUTS
        known[item] = float(share @ ndtr(gap / np.hypot(1, spread)).mean(axis=1))
    return known


def _draw_people(
    model: UnitModel,
    busy: Floats,
    seq: NDArray[np.int64],
    who: Sequence[str],
    burden: Floats,
    rng: np.random.Generator,
) -> list[ContactDraw]:
    n = len(seq)
    sex = np.where(rng.random(n) < model.female, "P", "L")
    band = rng.choice(4, n, p=np.array(model.age_bands) / sum(model.age_bands))
    age = np.array([18, 30, 45, 60])[band] + (rng.random(n) * np.array([12, 15, 15, 20])[band])
    outcome = _draw_outcomes(model, busy, sex, band, rng)
    age = np.where(outcome == "4.70", 15.0, age).astype(int)
    answers = draw_answers(model, burden + model.attitude_sd * rng.standard_normal(n), busy, rng)
    names = list(answers)
    rows = zip(*(column.tolist() for column in answers.values()), strict=True)
    people = []
    for i, row in enumerate(rows if names else [()] * n):
        given = dict(zip(names, row, strict=True)) if outcome[i] == "1.1" else {}
        if given.get("a_adu") != "ya":
            given.pop("a_tanggap", None)
        if given.get("a_tanggap") != "ya":
            given.pop("a_puas", None)
        people.append(
            ContactDraw(int(seq[i]), str(outcome[i]), str(sex[i]), int(age[i]), who[i], given)
        )
    return people


def _draw_outcomes(
    model: UnitModel,
    busy: Floats,
    sex: NDArray[np.str_],
    band: NDArray[np.int64],
    rng: np.random.Generator,
) -> NDArray[np.str_]:
    """AAPOR code of every selected person; who is missed or refuses depends on the crowd."""
    n = len(busy)
    hurried = 0.2 * busy
    shy = 0.1 * (sex == "P") - 0.1 * (band == 3)
    missed = ndtr(ndtri(model.missed) * np.hypot(1, 0.2) + hurried)
    refused = ndtr(ndtri(model.refusal) * np.hypot(1, 0.2) + hurried + shy)
    steps = [
        (np.full(n, model.ineligible), ("4.10", "4.70", "4.90"), (0.65, 0.2, 0.15)),
        (np.full(n, model.unknown), ("3.0",), (1.0,)),
        (missed, ("2.20",), (1.0,)),
        (np.full(n, model.other), ("2.32", "2.33", "2.36"), (0.5, 0.3, 0.2)),
        (refused, ("2.111", "2.112"), (0.6, 0.4)),
    ]
    outcome = np.full(n, "1.1", dtype="<U5")
    open_ = np.ones(n, dtype=bool)
    for share, codes, parts in steps:
        hit = open_ & (rng.random(n) < share)
        outcome = np.where(hit, rng.choice(codes, n, p=parts), outcome)
        open_ &= ~hit
    return outcome
