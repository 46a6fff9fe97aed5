r"""Comparisons as if every unit had the same visitors: who was asked, and for which service.

Older people and people with a simple matter answer more kindly wherever they are asked. A unit
that has more of them looks better than it is. So beside the plain difference stands one from

.. math:: y_i = \alpha_{d(i)} + x_i'\beta + e_i,

with an :math:`\alpha` for each unit and the answers' part that goes with the visitor, x, the same
in all of them: the adjusted difference of a unit is :math:`\alpha_d` less the mean of the other
:math:`\alpha`. Nothing need be said of a reference mix, for it falls out of a difference. The
unit's weights are scaled to its number of interviews, so that a busy unit does not decide
:math:`\beta` alone. :math:`\beta` is taken from differences within units only; units that differ
in x where nobody within a unit does cannot be compared, and are not.

The variance is the design's, of the scores of the estimating equations (R's `svyglm`): that
:math:`\beta` is estimated is in it. Weights count as fixed; what the calibration's replicates and
the enumerators add to the plain difference beyond that is added to the adjusted one too.

O'Malley, A. J. et al. (2005). Case-mix adjustment of the CAHPS hospital survey. Health Services
Research, 40, 2162-2181. Binder, D. A. (1983). International Statistical Review, 51, 279-292.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit
from statsmodels.stats.multitest import multipletests

from analysis.alike import Levels, alike_levels, answered, plain_levels
from analysis.assembled import parts_of
from analysis.comparison import ABOVE, BELOW, SAME
from analysis.design import Coded, Floats
from analysis.measures import Measure
from analysis.rounding import quantise
from analysis.variance import stratified_products

COLUMNS = (
    "domain", "measure_type", "measure", "peers", "adjusted_for", "units", "unadjusted",
    "difference", "se", "low", "high", "df", "p", "p_adjusted", "tier", "reason",
)  # fmt: skip

NO_OVERLAP = "no_overlap"
"""Reason of comparisons where units differ in who came, and nobody within a unit does."""


def adjusted(
    coded: Coded,
    measures: Sequence[Measure],
    mix: pd.DataFrame,
    comparisons: pd.DataFrame,
    *,
    level: float = 0.95,
    peers: str = "",
) -> pd.DataFrame:
    """Each comparison again, with the visitors made alike.

    Parameters
    ----------
    coded
        The interviews with their final weights, one domain a unit; strata left with one PSU merged.
    measures
        All that the comparisons are of, and the parts of composites; means only.
    mix
        (n, ...) codes of each interview, in the order of the measures' values.
    comparisons
        Those to be adjusted, unrounded, as of `comparison.against_others`: units with a tier are
        compared with each other, the rest has no part.
    peers
        What the compared units have in common, where they are not all.

    Returns
    -------
    DataFrame
        A row for each comparison that has a tier: `unadjusted` is its difference, `adjusted_for`
        the columns of `mix`, `tier` by Benjamini and Hochberg as there. Where the visitors of
        units have nothing in common the numbers are NaN and `reason` is `no_overlap`.
    """
    place = {(m.type, m.name): k for k, m in enumerate(measures) if not m.category}
    parts = parts_of(measures)
    told = comparisons[comparisons["tier"] != ""]
    rows: list[pd.DataFrame] = []
    fits: dict[tuple[int, tuple[int, ...]], tuple[Levels | None, Levels]] = {}
    for name, table in told.groupby(["measure_type", "measure"], sort=False):
        if name not in place or len(table) < 2:
            continue
        units = tuple(coded.domains.index(domain) for domain in table["domain"])
        made, plain = _composite(coded, measures, mix, place[name], parts, units, fits)
        rows.append(_rows(coded, table, made, plain, level))
    if not rows:
        return pd.DataFrame(columns=list(COLUMNS))
    found = pd.concat(rows, ignore_index=True)
    return found.assign(peers=peers, adjusted_for=";".join(map(str, mix.columns)))[list(COLUMNS)]


def _composite(
    coded: Coded,
    measures: Sequence[Measure],
    mix: pd.DataFrame,
    k: int,
    parts: Mapping[int, Mapping[int, float]],
    units: tuple[int, ...],
    fits: dict[tuple[int, tuple[int, ...]], tuple[Levels | None, Levels]],
) -> tuple[Levels | None, Levels]:
    """Adjusted and plain levels of a measure; a composite adds up those of its parts."""
    if (k, units) in fits:
        return fits[k, units]
    if k not in parts:
        given = answered(coded, measures[k], units)
        found = alike_levels(given, mix), plain_levels(given)
    else:
        each = [
            (factor, _composite(coded, measures, mix, part, parts, units, fits))
            for part, factor in parts[k].items()
        ]
        plain = _sum([(factor, own[1]) for factor, own in each])
        made = [(factor, own[0]) for factor, own in each if own[0] is not None]
        found = _sum(made) if len(made) == len(each) else None, plain
    fits[k, units] = found
    return found


def _sum(parts: Sequence[tuple[float, Levels]]) -> Levels:
    level = sum((f * own.level for f, own in parts), np.zeros_like(parts[0][1].level))
    scores = sum((f * own.scores for f, own in parts), np.zeros_like(parts[0][1].scores))
    return Levels(level, scores)


def _rows(
    coded: Coded, table: pd.DataFrame, made: Levels | None, plain: Levels, level: float
) -> pd.DataFrame:
    k = len(table)
    number = table[["difference", "se"]].to_numpy(dtype=np.float64)
    out = table[["domain", "measure_type", "measure"]].assign(units=k, unadjusted=number[:, 0])
    columns = ["difference", "se", "low", "high", "df", "p", "p_adjusted"]
    if made is None:
        return out.assign(**dict.fromkeys(columns, np.nan), tier="", reason=NO_OVERLAP)
    contrast = np.eye(k) * (1 + 1 / (k - 1)) - 1 / (k - 1)
    difference = contrast @ made.level
    variance, df = _variance(coded, made.scores @ contrast.T)
    # What the plain difference has beyond Taylor's variance, the adjusted one has too.
    more = number[:, 1] ** 2 - _variance(coded, plain.scores @ contrast.T)[0]
    se = np.sqrt(variance + np.maximum(more, 0.0))
    reach = stdtrit(df, 0.5 + level / 2) * se
    with np.errstate(invalid="ignore", divide="ignore"):
        p = np.where(se > 0, 2 * stdtr(df, -np.abs(difference) / se), 1.0)
    p_adjusted = multipletests(p, method="fdr_bh")[1]
    tier = np.where(difference > 0, ABOVE, BELOW).astype(object)
    tier[p_adjusted >= 1 - level] = SAME
    found = (difference, se, difference - reach, difference + reach, df, p, p_adjusted)
    numbers = dict(zip(columns, map(quantise, found), strict=True))
    return out.assign(**numbers, tier=tier, reason="")


def _variance(coded: Coded, scores: Floats) -> tuple[Floats, Floats]:
    """(K,) variance of contrasts from PSU scores (G, K), and Satterthwaite's df over strata."""
    psus = coded.psus
    own = stratified_products(
        psus, np.arange(len(psus.names)), psus.stratum, len(psus.strata), scores, scores, "adjust"
    )
    df = np.maximum(psus.drawn - 1, 1).astype(np.float64)[:, None]
    total = own.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return total, np.asarray(total**2 / (own**2 / df).sum(axis=0), dtype=np.float64)
