"""Estimates as sums of quotients: what replicates can move.

A mean is the total of the answers over that of the weights, a ratio one total over another, a total
a quotient with the denominator 1, and an index adds up quotients. Whatever moves quotients (a PSU
left out, drawn again, weighted anew) moves every estimate.
"""

from dataclasses import dataclass, replace

import numpy as np

from analysis.design import Floats
from analysis.moments import sums
from analysis.plan import Plan
from analysis.replicates import Claims, Sums

WEIGHT, ONE = -1, -2
"""Denominators that are no source: the weights of those who answered, and 1."""


@dataclass(frozen=True, eq=False)
class Quotients:
    """Q quotients (source over source, WEIGHT or ONE), and the factors of them in each row.

    A row without any is no function of quotients (a quantile).
    """

    pairs: tuple[tuple[int, int], ...]
    rows: tuple[tuple[tuple[int, float], ...], ...]

    @property
    def fixed(self) -> Claims:
        """(Q,) quotients with the denominator 1."""
        return np.array([below == ONE for _, below in self.pairs], dtype=np.bool_)

    def of(self, held: Sums) -> Sums:
        """Sums whose value is the numerator, and whose weight the denominator, of each quotient.

        Where the denominator is 1 the weights stay those of the answers.
        """
        top = [above for above, _ in self.pairs]
        weight = held.weight[:, top].copy()
        for q, (_, below) in enumerate(self.pairs):
            if below >= 0:
                weight[:, q] = held.value[:, below]
        return replace(
            held, n=held.n[:, top], weight=weight, weight2=held.weight2[:, top],
            value=held.value[:, top], square=held.square[:, top],
        )  # fmt: skip

    def centres(self, held: Sums) -> Floats:
        """(D, Q) the quotients of sums as `of` gives them; 0 where the denominator is 1."""
        size = len(held.domains)
        above, below = (sums(held.domain, a, size) for a in (held.value, held.weight))
        with np.errstate(invalid="ignore", divide="ignore"):
            found = above / below
        return np.where(self.fixed, 0.0, found)

    def combined(self, moves: Floats) -> Floats:
        """(..., M) what moves (..., Q) of the quotients do to the rows."""
        if all(len(row) == 1 and row[0][1] == 1 for row in self.rows):
            return moves[..., [row[0][0] for row in self.rows]]
        out = np.zeros((*moves.shape[:-1], len(self.rows)))
        for m, row in enumerate(self.rows):
            for q, factor in row:
                out[..., m] += factor * moves[..., q]
        return out


def quotients(plan: Plan) -> Quotients:
    """The quotients that the rows of a plan are made of."""
    held: dict[tuple[int, int], int] = {}

    def at(above: int, below: int) -> int:
        return held.setdefault((above, below), len(held))

    rows: list[tuple[tuple[int, float], ...]] = []
    for row in plan.rows:
        if row.parts:
            rows.append(tuple((at(k, WEIGHT), factor) for k, factor in row.parts))
        elif row.kind == "ratio":
            rows.append(((at(row.base, row.other), 1.0),))
        elif row.kind == "total":
            rows.append(((at(row.base, ONE), 1.0),))
        else:
            rows.append(((at(row.base, WEIGHT), 1.0),) if row.kind != "quantile" else ())
    return Quotients(tuple(held), tuple(rows))
