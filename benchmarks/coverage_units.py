"""Coverage of single units: through the table of estimates, and with enumerators who differ."""

import numpy as np
import pandas as pd

from analysis import variance
from analysis.estimates import of_moments
from analysis.interviewers import interviewers
from analysis.measures import Measure
from analysis.moments import Moments, psu_moments
from analysis.publication import Rules
from benchmarks.coverage_cell import Cell, Counts, of_arrays
from benchmarks.coverage_samples import draw
from benchmarks.coverage_tally import of_table, of_units, without_assumption


def units(cell: Cell, samples: int, rng: np.random.Generator, counts: Counts) -> None:
    """Every sample a unit of one frame, through the table of estimates; before and after."""
    drawn = draw(cell.setting, samples, rng)
    moments = psu_moments(drawn.coded, drawn.measures)
    _of_units_table(moments, drawn.measures, counts, "now")
    with without_assumption():
        _of_units_table(moments, drawn.measures, counts, "before")


def enumerators(cell: Cell, samples: int, rng: np.random.Generator, counts: Counts) -> None:
    """Sessions alone against the variance with the enumerators in it."""
    drawn = draw(cell.setting, samples, rng)
    coded, measures = drawn.coded, drawn.measures
    parts = {
        k: {j: f for j, m in enumerate(measures) for (_, n), f in own.combines if m.name == n}
        for k, own in enumerate(measures)
        if own.combines
    }
    means = variance.combined(variance.domain_means(psu_moments(coded, measures)), parts)
    alone = variance.variances(means, "adjust")
    frame = pd.DataFrame({"who": drawn.who.astype(str)})
    raised = interviewers(coded, measures, frame, "who", composites=parts).units()
    no = np.zeros(alone.shape, dtype=np.bool_)
    of_arrays(of_units(means, measures, alone, means.df, no), measures, counts, "sessions")
    found, df = raised.on(alone, means.df)
    of_arrays(of_units(means, measures, found, df, raised.assumed), measures, counts, "now")


def _of_units_table(moments: Moments, measures: list[Measure], counts: Counts, method: str) -> None:
    table = of_moments(moments, measures, by_unit=True, selection="probability", rules=Rules())
    shape = (-1, len(measures))
    low, high, flag = (a.reshape(shape) for a in of_table(table, "unit"))
    of_arrays((low, high, flag), measures, counts, method)
