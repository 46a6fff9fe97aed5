"""Differences between units: what their intervals cover, and how often a verdict is false."""

import numpy as np
import pandas as pd

from analysis.comparison import SAME, against_others
from analysis.estimates import of_moments
from analysis.moments import psu_moments
from analysis.publication import PUBLISHED, Rules
from benchmarks.coverage_cell import SHIFTS, SHOWN, Cell, Counts
from benchmarks.coverage_items import Floats
from benchmarks.coverage_samples import draw, truths


def comparison(cell: Cell, samples: int, rng: np.random.Generator, counts: Counts) -> None:
    """Every sample a family of units, each held against the mean of the others.

    Counts intervals of differences, and verdicts that are false: of units that are alike
    (`differ` is not set) any `jelas`, else one on the wrong side.
    """
    k = cell.units
    shift = np.resize(SHIFTS, k) if cell.differ else np.zeros(k)
    drawn = draw(cell.setting, samples * k, rng, shift=np.tile(shift, samples))
    table = of_moments(
        psu_moments(drawn.coded, drawn.measures), drawn.measures,
        by_unit=True, selection="probability", rules=Rules(),
    )  # fmt: skip
    table = table[(table["domain_type"] == "unit") & table["measure"].isin(SHOWN)]
    unit = table["domain"].astype(int).to_numpy()
    name = table["measure"].astype(str).to_numpy()
    family = pd.Series(name).str.cat((unit // k).astype(str), sep="#").to_numpy()
    table = table.assign(measure=family)
    found = against_others(table, Rules())
    true = [truths(shift=s) for s in shift]
    own = np.array([true[u % k][n] for u, n in zip(unit, name, strict=True)])
    judged = (found["tier"] != "").to_numpy()
    _differences(found, own, name, judged, counts)


def _differences(
    found: pd.DataFrame, own: Floats, name: np.ndarray, judged: np.ndarray, counts: Counts
) -> None:
    family = found["measure"].to_numpy(dtype=object)
    group = pd.Series(np.where(judged, own, np.nan)).groupby(family)
    total, held = group.transform("sum").to_numpy(), group.transform("count").to_numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        truth = own - (total - own) / (held - 1)
    low, high = found["low"].to_numpy(), found["high"].to_numpy()
    published = np.full(low.size, PUBLISHED, dtype=object)
    tier = found["tier"].to_numpy(dtype=object)
    clear = judged & (tier != SAME)
    up = found["difference"].to_numpy() > 0
    false = clear & ((np.abs(truth) < 1e-12) | (up != (truth > 0)))
    for n in SHOWN:
        at = (name == n) & judged
        counts.add(n, "difference", low[at], high[at], published[at], truth[at])
        # As an interval that misses where the verdict is false, so that one tally serves.
        _as_misses(counts, n, "verdicts", false[at])
        any_false = pd.Series(false[at]).groupby(family[at]).any().to_numpy()
        _as_misses(counts, n, "families", any_false)


def _as_misses(counts: Counts, name: str, method: str, missed: np.ndarray) -> None:
    size = missed.size
    flag = np.full(size, PUBLISHED, dtype=object)
    low = np.where(missed, 1.0, -1.0)
    counts.add(name, method, low, np.full(size, 2.0), flag, np.zeros(size))
