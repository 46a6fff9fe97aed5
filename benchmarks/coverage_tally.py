"""How often intervals held the truth: all, those that are printed, those without caution."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis import clustering
from analysis.judged import Judged, judge, scale_of
from analysis.measures import Measure
from analysis.precision import Block
from analysis.publication import CAUTION, FLAGS, PUBLISHED, Rules
from analysis.variance import Means

Floats = NDArray[np.float64]
Claims = NDArray[np.bool_]

COLUMNS = (
    "raw", "printed", "printed_share", "published", "published_share", "below", "above", "width",
)  # fmt: skip


class Tally:
    """Counts of one estimate over samples."""

    def __init__(self) -> None:
        self._sums = np.zeros(10)

    def add(self, low: Floats, high: Floats, flag: NDArray[np.object_], truth: Floats) -> None:
        """Add samples: ends of intervals (NaN: none), flags, true values; all (R,)."""
        there = ~np.isnan(low)
        slack = 1e-12
        below, above = there & (high < truth - slack), there & (low > truth + slack)
        hit = there & ~below & ~above
        published = there & (flag == PUBLISHED)
        printed = published | (there & (flag == CAUTION))
        self._sums += [
            low.size, there.sum(), hit.sum(), printed.sum(), (hit & printed).sum(),
            published.sum(), (hit & published).sum(), (below & printed).sum(),
            (above & printed).sum(), np.nansum(np.where(printed, high - low, 0.0)),
        ]  # fmt: skip

    def row(self) -> dict[str, float]:
        """Shares; NaN where there was nothing to count."""
        n, there, hit, printed, hit_printed, published, hit_published, below, above, width = (
            self._sums.tolist()
        )

        def share(part: float, whole: float) -> float:
            return part / whole if whole else float("nan")

        values = (
            share(hit, there), share(hit_printed, printed), share(printed, n),
            share(hit_published, published), share(published, n), share(below, printed),
            share(above, printed), share(width, printed),
        )  # fmt: skip
        return {"samples": n, **dict(zip(COLUMNS, values, strict=True))}


@contextmanager
def without_assumption() -> Iterator[None]:
    """Intervals as they were before a share's clustering was assumed where it was not seen."""
    kept = clustering.SEEN
    clustering.SEEN = 0.0
    try:
        yield
    finally:
        clustering.SEEN = kept


def of_table(table: pd.DataFrame, domain_type: str) -> tuple[Floats, Floats, NDArray[np.object_]]:
    """Low, high and flag of the rows of one kind of domain, (rows,) each."""
    rows = table[table["domain_type"] == domain_type]
    return (
        rows["low"].to_numpy(dtype=np.float64), rows["high"].to_numpy(dtype=np.float64),
        rows["flag"].to_numpy(dtype=object),
    )  # fmt: skip


def of_units(
    means: Means, measures: list[Measure], variance: Floats, df: Floats, assumed: Claims
) -> tuple[Floats, Floats, NDArray[np.object_]]:
    """Low, high and flag (D, K) of units whose variance was made by another method than Taylor's.

    The step that `estimates.of_moments` takes, with the variance given.
    """
    shape, size = means.value.shape, len(means.moments.domains)
    no = np.zeros(shape, dtype=np.bool_)
    scale = scale_of(measures)
    usable = (means.n_psu >= 2) & (means.df >= 1)
    block = Block(
        "unit", means.moments.domains, np.full(size, "probability", dtype=object),
        np.full(size, "", dtype=object), value=means.value,
        se=np.where(usable, np.sqrt(variance), np.nan), n=means.n, n_psu=means.n_psu, df=df,
        kish=means.kish, spread=means.spread, collapsed=no, lonely=no, hides=no, lacks=no,
        incomplete=no, assumed=assumed, differs=no, variance=np.zeros(shape, dtype=np.intp),
        clustering=clustering.assumed_deff(means.moments, ~scale.is_mean),
    )  # fmt: skip
    found: Judged = judge(block, scale, 0.95, Rules(), floor=True)
    flags = np.array(FLAGS, dtype=object)[found.verdicts.flag].reshape(shape)
    return found.precision.low, found.precision.high, flags
