"""Answers with a known truth and a declared intraclass correlation, for the coverage study.

Every item is a latent normal variable cut into levels, so that its mean over visits is exact. The
correlation of two answers from one session, or to one enumerator, is declared for the answers as
they are recorded; the latent correlation that gives it is solved for.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from analysis.answer_model import CUTS

Floats = NDArray[np.float64]

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(120)


@dataclass(frozen=True)
class Item:
    """A recorded answer: the share of `cuts` that the latent variable passes, times `scale`.

    One cut makes an event, three a rating with four levels.
    """

    name: str
    cuts: tuple[float, ...]
    scale: float = 1.0

    @property
    def is_mean(self) -> bool:
        """Whether it is a rating."""
        return len(self.cuts) > 1

    def truth(self, shift: float = 0.0) -> float:
        """Mean over visits where the latent variable is moved by `shift`."""
        return float(self.scale * ndtr(shift - np.array(self.cuts)).mean())

    def value(self, latent: Floats) -> Floats:
        """Recorded answers (n,) of latent ones."""
        passed = np.zeros(latent.shape)
        for cut in self.cuts:
            passed += latent > cut
        return passed * (self.scale / len(self.cuts))

    def latent(self, correlation: float) -> float:
        """Latent correlation of two answers whose recorded ones have the given correlation."""
        return _latent(self.cuts, correlation)


def rating(name: str, mean: float) -> Item:
    """A rating with four levels, spread as `answer_model` does, with the given mean on 0-1."""
    low, high = -20.0, 20.0
    cuts = CUTS / np.sqrt(1.5)
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if ndtr(middle - cuts).mean() < mean else (low, middle)
    return Item(name, tuple((cuts - (low + high) / 2).tolist()), 100.0)


def event(name: str, share: float) -> Item:
    """Something that happened in the given share of visits."""
    return Item(name, (float(-ndtri(share)),))


@cache
def _latent(cuts: tuple[float, ...], correlation: float) -> float:
    if correlation == 0:
        return 0.0
    at = np.array(cuts)
    mean = ndtr(-at).mean()
    # Levels are nested: whoever passed the higher of two cuts passed both.
    total = ndtr(-np.maximum(at[:, None], at[None])).mean() - mean**2
    low, high = 0.0, 0.999
    for _ in range(50):
        r = (low + high) / 2
        given = ndtr((np.sqrt(r) * _NODES[:, None] - at) / np.sqrt(1 - r)).mean(axis=1)
        between = _WEIGHTS @ given**2 / _WEIGHTS.sum() - mean**2
        low, high = (r, high) if between < correlation * total else (low, r)
    return (low + high) / 2


RATINGS = tuple(
    rating(f"butir{i + 1}", mean) for i, mean in enumerate((0.65, 0.5, 0.58, 0.7, 0.75))
)
HIGH = rating("tinggi", 0.92)
EVENTS = (event("p50", 0.5), event("p20", 0.2), event("p06", 0.06), event("p02", 0.02))
ITEMS = (*RATINGS, HIGH, *EVENTS)
INDEX = "indeks"
