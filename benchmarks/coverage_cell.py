"""A cell of the coverage study, and what is counted in it."""

from dataclasses import dataclass, field

import numpy as np

from analysis.measures import Measure
from benchmarks.coverage_items import EVENTS, HIGH, INDEX, RATINGS, Floats
from benchmarks.coverage_samples import Setting, truths
from benchmarks.coverage_tally import Tally

SHOWN = (RATINGS[0].name, HIGH.name, INDEX, *(event.name for event in EVENTS))
"""Estimates that are reported; the other ratings are parts of the index."""
ROWS = 150_000
"""Interviews drawn at a time."""
SHARES = {
    "dominant": (0.48, 0.2, 0.12, 0.1, 0.06, 0.04),
    "even": (1 / 6,) * 6,
}
"""Shares of the city's visits that its units have; `dominant` has one with nearly half."""
SHIFTS = np.array([0.0, 0.2, -0.2, 0.1, -0.1, 0.15])
"""How units differ, in standard deviations of the latent variable of an answer."""


@dataclass(frozen=True)
class Cell:
    """One setting of one part; `shares` names those of the city, `units` how many are compared."""

    part: str
    setting: Setting
    shares: str = ""
    units: int = 0
    differ: bool = False

    @property
    def key(self) -> dict[str, str | int | float]:
        """The columns that tell a cell from the others."""
        s = self.setting
        return {
            "part": self.part, "n": s.n, "sessions": s.sessions, "icc": s.icc,
            "weights": s.weights, "enumerators": s.enumerators, "rho": s.rho,
            "pattern": s.pattern, "shares": self.shares, "units": self.units,
            "differ": int(self.differ),
        }  # fmt: skip


@dataclass
class Counts:
    """Tallies by (estimate, method)."""

    of: dict[tuple[str, str], Tally] = field(default_factory=dict)

    def add(self, name: str, method: str, *arrays: Floats) -> None:
        self.of.setdefault((name, method), Tally()).add(*arrays)  # type: ignore[arg-type]


def units_drawn(cell: Cell) -> int:
    """Units that one sample of a cell takes."""
    return len(SHARES[cell.shares]) if cell.shares else max(cell.units, 1)


def of_arrays(
    arrays: tuple[Floats, Floats, np.ndarray],
    measures: list[Measure],
    counts: Counts,
    method: str,
    truth: dict[str, float] | None = None,
) -> None:
    """Count units' arrays (D, K); true values are those of `truths` where not given."""
    known = truths() if truth is None else truth
    for k, measure in enumerate(measures):
        if measure.name in SHOWN:
            low, high, flag = (a[:, k] for a in arrays)
            counts.add(
                measure.name, method, low, high, flag, np.full(low.size, known[measure.name])
            )
