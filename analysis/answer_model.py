"""How simulated people answer: declared rates and levels, and the burden that ties items together.

One number per visit, its *latent burden*, is worse in busy blocks and differs from block to block,
from enumerator to enumerator and from person to person. Every event is more likely and every
rating lower where it is higher, so items correlate and sessions cluster. Intercepts are solved so
that the declared rates and levels **are** the truth: the share (the mean) over all visits, busy
blocks counting by their visits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from analysis.errors import SampleError

Floats = NDArray[np.float64]

SCALE = ("sts", "ts", "s", "ss")
"""Codes of the agreement list, worst first."""

AGE_BANDS = ("17-29", "30-44", "45-59", "60+")

SENSITIVE = ("e_uang", "e_beda", "e_kenalan", "e_paksa")
"""Items answered on the handed-over phone; here `tj` (will not say) is likelier."""

# Where a rating passes from one level to the next, in units of the item's own spread: most
# answers of Indonesian satisfaction surveys are the third of four levels.
CUTS = np.array([-2.0, -1.0, 0.65])


@dataclass(frozen=True, eq=False)
class UnitModel:
    """What is true of one unit, declared.

    Attributes
    ----------
    blocks, visitors_per_block, busy_cv
        Open blocks of the field window; mean and coefficient of variation of their visitors.
    busy_slope, session_sd, enumerator_sd, attitude_sd
        Burden added by one standard deviation of busyness, and its standard deviations between
        blocks, enumerators and persons; an item's own noise has standard deviation 1.
    refusal, missed, other
        Shares of eligible selected people who refuse, are missed, or cannot take part. Refusal
        and missing grow with busyness.
    ineligible, unknown
        Shares of selected people who are no users, and whose eligibility stays unknown.
    rates
        Yes/no item to the share of `ya` among visits. Items `e_*` and `a_adu` rise with the
        burden; others do not.
    levels
        Rating item to its mean on 0-1 (1 is best). `s_*` answers are levels 1-4, others codes of
        `SCALE`; an item in `reversed_items` is worded negatively, its declared
        level still means good.
    choices
        Other item to the probabilities of its codes, e.g. `status_layanan`.
    wait_minutes, visits
        Median of `tunggu`, mean of `kunjungan_ke`.
    """

    unit_id: str
    blocks: int = 45
    visitors_per_block: float = 60.0
    busy_cv: float = 0.35
    busy_slope: float = 0.15
    session_sd: float = 0.2
    enumerator_sd: float = 0.0
    attitude_sd: float = 0.7
    refusal: float = 0.12
    missed: float = 0.05
    other: float = 0.01
    ineligible: float = 0.05
    unknown: float = 0.02
    rates: Mapping[str, float] = field(default_factory=dict)
    levels: Mapping[str, float] = field(default_factory=dict)
    choices: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    reversed_items: tuple[str, ...] = ()
    not_applicable: Mapping[str, float] = field(
        default_factory=lambda: {"s_aduan": 0.1, "s_biaya": 0.1}
    )
    dont_know: float = 0.015
    wont_say: float = 0.005
    female: float = 0.54
    age_bands: tuple[float, float, float, float] = (0.30, 0.36, 0.23, 0.11)
    wait_minutes: float = 25.0
    visits: float = 1.5

    def __post_init__(self) -> None:
        shares = {n: getattr(self, n) for n in ("refusal", "missed", "other", "ineligible")}
        shares |= {"unknown": self.unknown, "dont_know": self.dont_know, **self.rates}
        for name, share in shares.items():
            if not 0 <= share <= 1:
                raise SampleError(f"{self.unit_id}: {name} = {share} is no share; use 0 to 1.")
        for name, level in self.levels.items():
            if not 0 < level < 1:
                raise SampleError(
                    f"{self.unit_id}: level of {name} = {level}; a mean rating lies between 0 "
                    "(all at the worst level) and 1 (all at the best), neither end included."
                )
        for name, shares_of in self.choices.items():
            if abs(sum(shares_of.values()) - 1) > 1e-9:
                raise SampleError(f"{self.unit_id}: choices of {name} must sum to 1.")
        if self.blocks < 1 or self.visitors_per_block <= 0 or min(self.spreads) < 0:
            raise SampleError(
                f"{self.unit_id}: needs at least one block, more than zero visitors in it and "
                "standard deviations of 0 or more."
            )

    @property
    def spreads(self) -> tuple[float, float, float, float]:
        """Standard deviations of the burden: busyness, block, enumerator, person."""
        return abs(self.busy_slope), self.session_sd, self.enumerator_sd, self.attitude_sd

    @property
    def log_sd(self) -> float:
        """Standard deviation of the logarithm of a block's expected visitors."""
        return float(np.sqrt(np.log1p(self.busy_cv**2)))

    @property
    def burden(self) -> tuple[float, float]:
        """Mean and standard deviation of the burden over visits.

        A visit is likelier to fall in a busy block: weighting lognormal counts by themselves
        moves the mean of log counts up by their variance.
        """
        return self.busy_slope * self.log_sd, float(np.linalg.norm(self.spreads))


def truth_of_any(model: UnitModel, items: Sequence[str]) -> float:
    """Share of visits with at least one of the `items`, exact by Gauss-Hermite quadrature."""
    mean, sd = model.burden
    node, weight = np.polynomial.hermite_e.hermegauss(80)
    alpha = rate_intercepts(model)
    none = np.ones_like(node)
    for item in items:
        none *= 1 - ndtr(alpha[item] + (mean + sd * node if is_burdened(item) else 0.0))
    return float(1 - (weight @ none) / weight.sum())


def is_burdened(item: str) -> bool:
    """Whether the item rises with the burden: an event, or a complaint made."""
    return item.startswith("e_") or item == "a_adu"


def rate_intercepts(model: UnitModel) -> dict[str, float]:
    """Probit intercept of each yes/no item whose share over visits is the declared rate."""
    mean, sd = model.burden
    return {
        item: float(ndtri(rate) * np.hypot(1, sd) - mean)
        if is_burdened(item)
        else float(ndtri(rate))
        for item, rate in model.rates.items()
    }


def level_locations(model: UnitModel) -> dict[str, float]:
    """Location of each rating whose mean over visits is the declared level, by bisection."""
    mean, sd = model.burden
    level = np.array(list(model.levels.values()))
    low, high = np.full(level.shape, -20.0), np.full(level.shape, 20.0)
    for _ in range(60):
        middle = (low + high) / 2
        given = ndtr((middle[:, None] - mean - CUTS) / np.hypot(1, sd)).mean(axis=1)
        low, high = np.where(given < level, middle, low), np.where(given < level, high, middle)
    return dict(zip(model.levels, ((low + high) / 2).tolist(), strict=True))


def draw_answers(
    model: UnitModel, burden: Floats, busy: Floats, rng: np.random.Generator
) -> dict[str, NDArray[np.object_]]:
    """Draw an answer of every item for (n,) visits with the given burden and busyness."""
    n = len(burden)
    answers: dict[str, NDArray[np.object_]] = {}
    for item, shares in model.choices.items():
        answers[item] = rng.choice(list(shares), n, p=list(shares.values())).astype(object)
    noise = np.exp(0.5 * rng.standard_normal(n) + 0.3 * busy + 0.2 * burden)
    answers["kunjungan_ke"] = (1 + rng.poisson(max(model.visits - 1, 0), n)).astype(object)
    answers["tunggu"] = np.rint(model.wait_minutes * noise).astype(int).astype(object)
    for item, alpha in rate_intercepts(model).items():
        pull = burden if is_burdened(item) else 0.0
        yes = alpha + pull + rng.standard_normal(n) > 0
        code = np.where(yes, "ya", "tidak").astype(object)
        if item != "a_adu":
            silent = model.wont_say * (4.0 if item in SENSITIVE else 1.0)
            u = rng.random(n)
            code[u < model.dont_know] = "tt"
            code[u > 1 - silent] = "tj"
        answers[item] = code
    for item, location in level_locations(model).items():
        value = location - burden + rng.standard_normal(n)
        level = 1 + (value[:, None] > CUTS).sum(axis=1)
        if item in model.reversed_items:
            level = 5 - level
        u = rng.random(n)
        if item.startswith("s_"):
            code = level.astype(object)
            code[u < model.not_applicable.get(item, 0.0)] = "tb"
        else:
            code = np.array(SCALE, dtype=object)[level - 1]
            code[u < model.dont_know] = "tt"
        answers[item] = code
    return answers
