"""Known totals that weights are brought to: margins, their levels, and whom they count.

A margin says how many visits (or residents) have each level of one answer: visits by sex, visits
by age. A name of several columns joined by `:` is a margin of their combinations (`unit:jk` with
levels such as `UK01:L`); one such margin alone is post-stratification.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from analysis.columns import LEAST, MOST, text_of
from analysis.errors import MarginError

Floats = NDArray[np.float64]

POPULATIONS = {"kunjungan": "visits", "penduduk": "residents"}
"""Whom totals can count, by the name used in study.toml."""

CROSS = ":"
AGREE = 1e-6
"""Relative difference between the sums of two margins that passes as rounding."""

MOST_OF_NUMBERS = 1e100
"""A total of numbers beyond it cannot be squared."""


@dataclass(frozen=True)
class Margins:
    """Totals by margin and level, of one declared population (`kunjungan` or `penduduk`).

    The order in which levels are given is their declared order: sparse levels are merged with
    their neighbours in it. `numbers` are totals of columns of numbers (minutes, fees), by column.
    With `partial` each margin counts some units only (`partial_margins`), and sums need not agree.

    Raises
    ------
    MarginError
        Naming the margin: no margin, no level, a level twice, a total that is not positive and
        finite, margins whose totals disagree by more than `AGREE`, an unknown population, a total
        of numbers that is no number.
    """

    population: str
    totals: Mapping[str, Mapping[str, float]]
    numbers: Mapping[str, float] = field(default_factory=dict)
    partial: bool = False

    def __post_init__(self) -> None:
        if self.population not in POPULATIONS:
            raise MarginError(
                f"Margins of {self.population!r}: it must be said whom they count, "
                f"{' or '.join(POPULATIONS)}, since visitors are not residents. Correct it."
            )
        if not self.totals and not self.numbers:
            raise MarginError(
                "No margin is given, so there is nothing to bring the weights to. Name at least "
                "one column with the total of each level, or leave calibration out."
            )
        for name, levels in self.totals.items():
            _check_levels(name, levels)
        for name, total in self.numbers.items():
            if not abs(total) <= MOST_OF_NUMBERS:
                raise MarginError(
                    f"Total of {name} is {total}, which is missing or beyond 1e+100; no weights "
                    "can "
                    "reach it. Correct it, or leave it out."
                )
        if not self.totals or self.partial:
            return
        first = next(iter(self.totals))
        for name, levels in self.totals.items():
            one, other = sum(self.totals[first].values()), sum(levels.values())
            if abs(one - other) > AGREE * one:
                raise MarginError(
                    f"Margin {first} sums to {one:,.10g}, margin {name} to {other:,.10g}; no "
                    "weights can meet both, and whichever is fitted last would win. Correct the "
                    "totals, or scale them to the margin that counts (margins.reconcile)."
                )

    @property
    def names(self) -> tuple[str, ...]:
        """The margins in the order given."""
        return tuple(self.totals)

    @property
    def total(self) -> float:
        """How many there are in the population: the sum of the first margin, 0 without one."""
        return float(sum(self.totals[self.names[0]].values())) if self.totals else 0.0

    def levels(self, name: str) -> tuple[str, ...]:
        """Levels of a margin in their declared order."""
        return tuple(text_of(level) for level in self.totals[name])

    def target(self, name: str) -> Floats:
        """(L,) totals of a margin, scaled by the rounding between its sum and the first one's."""
        given = np.array(list(self.totals[name].values()), dtype=np.float64)
        return np.asarray(given * (self.total / given.sum()), dtype=np.float64)

    def require(self, population: str) -> None:
        """Stop where the sample is of another population than the margins.

        Raises
        ------
        MarginError
            A sample of visits holds frequent visitors more often than a census of residents
            does: weighting it to residents moves every number and corrects none.
        """
        if population not in POPULATIONS:
            raise MarginError(
                f"A sample of {population!r} is not known; say {' or '.join(POPULATIONS)}."
            )
        if population != self.population:
            raise MarginError(
                f"The sample is of {POPULATIONS[population]} ({population}), but the margins "
                f"{', '.join([*self.names, *self.numbers])} count {POPULATIONS[self.population]} "
                f"({self.population}). Who comes often would get the weight of who stays at "
                f"home. Use totals of {population}, or leave calibration out."
            )


def reconcile(totals: Mapping[str, Mapping[str, float]], to: str) -> dict[str, dict[str, float]]:
    """The same margins with every sum brought to that of the margin `to`; shares are kept.

    For totals of different sources or days: who calls it has decided which of them counts.

    Raises
    ------
    MarginError
        Where `to` is none of them, or a total is not positive and finite.
    """
    if to not in totals:
        raise MarginError(
            f"There is no margin {to} to scale the others to; there are {', '.join(totals)}."
        )
    for name, levels in totals.items():
        _check_levels(name, levels)
    sum_to = sum(totals[to].values())
    out = {}
    for name, levels in totals.items():
        scale = 1.0 if name == to else sum_to / sum(levels.values())
        out[name] = {level: total * scale for level, total in levels.items()}
    return out


def _check_levels(name: str, levels: Mapping[str, float]) -> None:
    if not levels:
        raise MarginError(f"Margin {name} has no level; give the total of each, or leave it out.")
    texts = [text_of(level) for level in levels]
    twice = next((text for i, text in enumerate(texts) if text in texts[:i]), None)
    if twice is not None:
        given = [repr(level) for level, text in zip(levels, texts, strict=True) if text == twice]
        raise MarginError(
            f"Margin {name}: {' and '.join(given)} are one level, {twice}, since codes are text, "
            "and nobody can tell which total counts. Keep one."
        )
    for bad, what in (
        ([k for k, v in levels.items() if not np.isfinite(v)], "missing or infinite"),
        ([k for k, v in levels.items() if v < 0], "negative"),
        ([k for k, v in levels.items() if v == 0], "zero"),
        ([k for k, v in levels.items() if v > MOST], f"above {MOST:g}"),
        ([k for k, v in levels.items() if v < LEAST], f"below {LEAST:g}"),
    ):
        if bad:
            raise MarginError(
                f"Margin {name}: the total of {', '.join(map(str, bad))} is {what}; interviews "
                "cannot be made to stand for that. Correct it, or merge the level with another "
                "one in the data and in the margin."
            )
