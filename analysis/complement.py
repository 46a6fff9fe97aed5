"""Which further cells to withhold, so that no withheld cell follows by subtraction."""

from collections.abc import Sequence

import numpy as np

from analysis.judged import Judged
from analysis.moments import sums
from analysis.precision import Claims
from analysis.publication import NOT_ESTIMABLE, WITHHELD
from analysis.rollups import RollUp


def complement(tables: Sequence[RollUp], judged: Sequence[Judged]) -> list[Claims]:
    """(D, K) of each table: must be withheld too.

    Where one cell alone of a row or column is withheld and the sum of that row stands in another
    of the `tables`, the smallest of its neighbours goes with it. Tables of another call are not
    known here.
    """
    counts = [j.block.n for j in judged]
    before = [j.flagged(WITHHELD) for j in judged]
    hidden = [own & (n > 0) for own, n in zip(before, counts, strict=True)]
    blank = [h | j.flagged(NOT_ESTIMABLE) for h, j in zip(hidden, judged, strict=True)]
    shown = {frozenset(made.dimensions) for made in tables}
    changed = any(h.any() for h in hidden)
    while changed:
        changed = False
        for t, made in enumerate(tables):
            for i, own_dimension in enumerate(made.dimensions):
                if frozenset(made.dimensions) - {own_dimension} not in shown:
                    continue
                others = [j for j in range(len(made.dimensions)) if j != i]
                _, parent = np.unique(made.codes[:, others], axis=0, return_inverse=True)
                parent = np.asarray(parent, dtype=np.intp).reshape(-1)
                size = int(parent.max(initial=-1)) + 1
                alone = (sums(parent, hidden[t].astype(np.float64), size) == 1) & (
                    sums(parent, blank[t].astype(np.float64), size) == 1
                )
                for p, k in np.argwhere(alone):
                    own = np.flatnonzero((parent == p) & ~blank[t][:, k] & (counts[t][:, k] > 0))
                    if own.size:
                        d = own[np.argmin(counts[t][own, k])]
                        hidden[t][d, k] = blank[t][d, k] = changed = True
    return [h & ~own for h, own in zip(hidden, before, strict=True)]
