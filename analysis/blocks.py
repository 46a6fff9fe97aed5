"""From estimates and their variances to a block that can be judged."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis import variance
from analysis.assembled import UNWEIGHTED_TIER, stands_for_others
from analysis.clustering import assumed_deff
from analysis.design import Codes, Floats
from analysis.moments import narrow
from analysis.precision import VARIANCES, Block, Claims
from analysis.rollups import JOIN, WHOLE, RollUp
from analysis.variance import Means


@dataclass(frozen=True, eq=False)
class Varied:
    """Estimates of a table with their variance and where it came from; arrays are (D, M).

    `differs` marks a variance far from that of another method, `assumed` one that rests on a
    declared correlation, `untold` those of them whose enumerators were too few. `method` is a
    place in `precision.VARIANCES`.
    """

    means: Means
    variance: Floats
    df: Floats
    method: Codes
    differs: Claims
    assumed: Claims
    untold: Claims | None = None

    @classmethod
    def plain(cls, means: Means, found: Floats, method: str) -> "Varied":
        """All by one method, with the degrees of freedom of the design."""
        no = np.zeros(means.value.shape, dtype=np.bool_)
        code = np.full(no.shape, VARIANCES.index(method))
        return cls(means, found, means.df, code, no, no)


def block(
    table: RollUp,
    of: Varied,
    selection: str,
    *,
    unit: str,
    merged: frozenset[str],
    tiers: Mapping[str, str],
    replicated: bool = False,
    shares: Claims | None = None,
    lonely: str = "",
) -> Block:
    """The block of one table; `unit` names the dimension whose lonely strata were merged.

    With `replicated` weights that came with the data carry the design: neither PSUs nor strata
    are known then. `shares` (M,) are the proportions whose variance has the floor of an assumed
    clustering where theirs was not seen. `lonely` is the policy for strata with one PSU.
    """
    means, shape = of.means, of.means.value.shape
    size = shape[0]
    of_unit = np.full(size, "", dtype=object)
    if unit in table.dimensions:
        of_unit[:] = table.level_of(unit)
        tier, touched = np.full(size, "", dtype=object), np.zeros(size, dtype=np.bool_)
        if tiers:
            tier[:] = [tiers.get(name, "") for name in of_unit]
        if merged:
            touched[:] = [bool({name, ""} & merged) for name in of_unit]
    else:
        tier = np.full(size, max(tiers.values(), default=""), dtype=object)
        touched = np.full(size, bool(merged))
    drawn_as = np.full(size, selection, dtype=object)
    drawn_as[(drawn_as == "probability") & (tier == UNWEIGHTED_TIER)] = "volunteer"
    drawn = (drawn_as == "probability")[:, None]
    census = drawn & (of.variance == 0) & variance.exhausted(means) & (not replicated)
    usable = drawn & (census | ((of.df >= 1) & ((means.n_psu >= 2) | replicated)))
    no = np.zeros(shape, dtype=np.bool_)
    touched_by = no if replicated else variance.in_lonely_strata(means) & drawn
    with np.errstate(invalid="ignore"):
        se = np.where(usable, np.sqrt(of.variance), np.nan)
    return Block(
        JOIN.join(table.dimensions) or WHOLE, table.moments.domains, drawn_as, tier,
        value=means.value, se=se, n=means.n, n_psu=means.n_psu,
        df=np.broadcast_to(np.where(drawn, narrow(of.df), np.nan), shape),
        kish=means.kish, spread=means.spread,
        collapsed=np.broadcast_to(touched[:, None], shape), lonely=touched_by, hides=no,
        lacks=(means.n > 0) & (np.isnan(means.value) | (drawn & np.isnan(se))), incomplete=no,
        assumed=of.assumed, differs=of.differs, variance=of.method,
        clustering=None if shares is None or replicated else assumed_deff(means.moments, shares),
        policy=lonely, untold=of.untold, census=census, one_stage=census & stands_for_others(means),
    )  # fmt: skip
