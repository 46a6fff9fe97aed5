"""The whole table of estimates as it may be handed on: every question's line, and what hangs on it.

`disclosure` makes one question safe. Here are all questions of a study (`hidden_lines`), and what
repeats one, contains one or hangs on one (`hidden_links`), in every unit, in the city and in the
mean of units.

A mean that would give a hidden count away, with what contains it, and a share of the city beside
units that are hidden, are printed at the first step at which all counts that must stay possible
print alike. What is not covered: scores made of several questions (an indicator with two items)
bound the sum of their counts; no step is taken for them.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import beta

from analysis.concealing import KEY, LIMITS, Derived, Parts
from analysis.differencing import compare
from analysis.disclosure import FEW, OTHER, SHOWN, SMALL, WHOLE
from analysis.hidden_lines import hide_lines
from analysis.hidden_links import hide_linked
from analysis.hiding import Cells
from analysis.hiding import People as People
from analysis.instrument import Instrument
from analysis.measures import Measure

UNIT, CITY, CITY_MEAN = "unit", "city", "city_mean"


def limit(n: float, carried: float, level: float, count: int = SMALL) -> float:
    """Upper limit of a share of which no more is said than that up to `count` people had it.

    Korn and Graubard's: Clopper and Pearson's for four of n, both times what an interview counts
    for. One limit for the counts 0 to 4.
    """
    size = max(n * carried, 1.0)
    events = min(count * size / n, size)
    if events >= size:
        return 1.0
    return float(beta.ppf(1 - (1 - level) / 2, events + 1, size - events))


def concealed(
    measures: Sequence[Measure],
    instrument: Instrument,
    people: People,
    *,
    least: int,
    level: float = 0.95,
    by_unit: bool = True,
    earlier: Sequence[pd.DataFrame] = (),
) -> pd.DataFrame:
    """Rows of the table of estimates that are hidden, and the limit that is printed instead.

    Parameters
    ----------
    measures
        As they were estimated; their values are in the order of `people`.
    least
        Interviews below which a unit's row is withheld anyway (`Rules.minimum_n`): such a row
        tells nothing, not even its size, so there is nothing in it to protect.
    by_unit
        Whether the table has rows of units; without them `people` are of one unit, the whole.
    earlier
        Editions that were published before, as `differencing.counted` remembers them.

    Returns
    -------
    DataFrame
        `KEY`, `state` ("few" where the count is 0 to 4, "others" where the row would tell another
        one, "open" where it is printed coarsely, "spread" a mean beside hidden answers),
        `at_least`, `at_most` (shares, NaN where there is no limit), `n` (people that such a row is
        said to be of), and for coarse rows `open`, `low_end`, `high_end`, `parts`.
    """
    cells = Cells(measures, instrument, people, least)
    compare(cells, earlier)
    hide_lines(cells)
    hide_linked(cells)
    cells.city[cells.stale] = np.maximum(cells.city[cells.stale], OTHER)
    cells.city_mean[cells.stale_mean] = np.maximum(cells.city_mean[cells.stale_mean], OTHER)
    return _table(cells, level, by_unit=by_unit)


def _table(cells: Cells, level: float, *, by_unit: bool) -> pd.DataFrame:
    """Every row that is hidden or left open."""
    carried = cells.people.carried()
    rows = []
    for d, unit in enumerate(cells.people.units):
        for i in np.flatnonzero(
            (cells.state[d] != SHOWN) | (cells.open[d] > 0) | cells.spread[d]
        ).tolist():
            n = cells.base(d, i)
            most = limit(n, carried[d], level) if n else 1.0
            state = int(cells.state[d, i])
            # All but a few: the mirror of a few, where the line has no third answer. How many said
            # nothing is printed.
            silent = cells.all_but_few(d, i)
            least = np.nan
            if state in (OTHER, WHOLE) and silent is not None:
                least = 1 - limit(n, carried[d], level, SMALL + silent)
            rows.append(_row(cells, (UNIT, unit), i, state, n, (least, most), cells.open[d, i]))
    whole = [sum(cells.base(d, i) for d in cells.units()) for i in range(len(cells.measures))]
    for kind, states, left in (
        (CITY, cells.city, cells.open_city), (CITY_MEAN, cells.city_mean, cells.open_mean),
    ) if by_unit else ():  # fmt: skip
        for i in np.flatnonzero((states != SHOWN) | (left > 0) | cells.spread.any(axis=0)).tolist():
            # Of the mean of units no more is known than of the smallest.
            most = limit(whole[i], float(carried.min()), level) if whole[i] else 1.0
            how = _how(cells, i, city=kind == CITY)
            state, limits = int(states[i]), (np.nan, most)
            rows.append(_row(cells, (kind, CITY), i, state, whole[i], limits, left[i], how))
    columns = [*KEY, "state", *LIMITS, "n", "open", "low_end", "high_end", "parts"]
    return pd.DataFrame(rows, columns=columns)


def _how(cells: Cells, i: int, *, city: bool) -> Parts | Derived | None:
    """How a number of the city is made coarse, where not by what it is left open."""
    if city and i in cells.derived:
        return cells.derived[i]
    return None if cells.several[i] else _parts(cells, i)


def _parts(cells: Cells, i: int) -> Parts | None:
    """The hidden units of a share that has two answers only."""
    of = np.flatnonzero((cells.state[:, i] != SHOWN) & (cells.n[:, i] >= cells.least))
    if cells.measures[i].kind != "proportion" or not of.size:
        return None
    n, events, state = cells.n[of, i], cells.events[of, i], cells.state[of, i]
    few, most = state == FEW, n - events <= SMALL
    # Of those kept back beside an earlier edition, four more or less than there are.
    kept = cells.kept_back[of, i] & ~few & ~most
    low, high = np.where(few | ~most, 0, n - SMALL), np.where(few, SMALL, n)
    return Parts(
        one=cells.share[of, i] / n, count=events, small=few | most | kept,
        low=np.where(kept, events - SMALL, low), high=np.where(kept, events + SMALL, high),
    )  # fmt: skip


def _row(
    cells: Cells,
    domain: tuple[str, str],
    i: int,
    state: int,
    n: int,
    limits: tuple[float, float],
    left: float,
    how: Parts | Derived | None = None,
) -> tuple[object, ...]:
    name = "few" if state == FEW else "others"
    if state == SHOWN:
        name = "open" if left > 0 else "spread"
    least, most = limits
    m = cells.measures[i]
    most = most if state == FEW else np.nan
    return (*domain, *cells.key(i), name, least, most, n, left, m.low, m.high, how)
