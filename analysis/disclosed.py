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
from analysis.disclosure import FEW, OTHER, SHOWN, SMALL, WHOLE
from analysis.hidden_lines import hide_lines
from analysis.hidden_links import hide_linked
from analysis.hiding import Cells
from analysis.hiding import People as People
from analysis.instrument import Instrument
from analysis.measures import Measure

UNIT, CITY, CITY_MEAN = "unit", "city", "city_mean"


def limit(n: float, carried: float, level: float) -> float:
    """Upper limit of a share of which no more is said than that up to four people had it.

    Korn and Graubard's: Clopper and Pearson's for four of n, both times what an interview counts
    for. One limit for the counts 0 to 4.
    """
    size = max(n * carried, 1.0)
    events = min(SMALL * size / n, size)
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

    Returns
    -------
    DataFrame
        `KEY`, `state` ("few" where the count is 0 to 4, "others" where the row would tell another
        one), `at_least`, `at_most` (shares, NaN where there is no limit).
    """
    cells = Cells(measures, instrument, people, least)
    hide_lines(cells)
    hide_linked(cells)
    return _table(cells, level, by_unit=by_unit)


def _table(cells: Cells, level: float, *, by_unit: bool) -> pd.DataFrame:
    """Every row that is hidden or left open."""
    carried = cells.people.carried()
    rows = []
    for d, unit in enumerate(cells.people.units):
        for i in np.flatnonzero((cells.state[d] != SHOWN) | (cells.open[d] > 0)).tolist():
            n = int(cells.n[d, i])
            most = limit(n, carried[d], level) if n else 1.0
            # All but a few: the mirror of a few, where the line has no third answer.
            mirror = (
                cells.measures[i].kind == "proportion"
                and n - int(cells.events[d, i]) <= SMALL
                and cells.two(i)
                and not cells.followed[d, i]
            )
            state = int(cells.state[d, i])
            rows.append(_row(cells, (UNIT, unit), i, state, most, cells.open[d, i], mirror=mirror))
    whole = cells.n.sum(axis=0)
    for kind, states, left in (
        (CITY, cells.city, cells.open_city), (CITY_MEAN, cells.city_mean, cells.open_mean),
    ) if by_unit else ():  # fmt: skip
        for i in np.flatnonzero((states != SHOWN) | (left > 0)).tolist():
            # Of the mean of units no more is known than of the smallest.
            most = limit(whole[i], float(carried.min()), level) if whole[i] else 1.0
            row = _row(cells, (kind, CITY), i, int(states[i]), most, left[i])
            rows.append((*row[:-1], _how(cells, i, city=kind == CITY)))
    columns = [*KEY, "state", *LIMITS, "open", "low_end", "high_end", "parts"]
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
    return Parts(
        one=cells.share[of, i] / n, count=events, small=few | most,
        low=np.where(few | ~most, 0, n - SMALL), high=np.where(few, SMALL, n),
    )  # fmt: skip


def _row(
    cells: Cells,
    domain: tuple[str, str],
    i: int,
    state: int,
    most: float,
    left: float,
    *,
    mirror: bool = False,
) -> tuple[object, ...]:
    name = "few" if state == FEW else "open" if state == SHOWN else "others"
    least = 1 - most if mirror and state in (OTHER, WHOLE) else np.nan
    m = cells.measures[i]
    most = most if state == FEW else np.nan
    return (*domain, *cells.key(i), name, least, most, left, m.low, m.high, None)
