"""What enumerators add to the variance of every unit, of the city and of the mean of the units.

The rule is that of `analysis.twoway`; here it is found for all estimates of a study in one pass, so
that any variance can be raised by it: Taylor's, or that of the jackknife with the raking redone.
What is added is a number in the square of the measure's unit (`added`), and not only a multiple
(`factor`): calibration takes from the variance what the margins explain, and leaves what the
enumerators bring.

In the city an enumerator who works in several units counts once, with all that he asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis import variance
from analysis.design import Coded, Floats, Psus
from analysis.measures import Measure
from analysis.moments import Moments, sums
from analysis.twoway import Crossed, crossed, scores_of
from analysis.variance import Lonely, Means
from analysis.workloads import (
    RHO,
    Parts,
    Worked,
    by_enumerator,
    contrast,
    each_domain,
    spread_of,
    whole,
)

Composites = Mapping[int, Mapping[int, float]]
"""Position of each composite to the positions and factors of its parts, as `variance.combined`."""


@dataclass(frozen=True, eq=False)
class Raised:
    """What enumerators do to the variances of J estimates; arrays are (J, K).

    `factor` is 1 or more, `added` 0 or more; both are 1 and 0 where nobody answered. `assumed`
    says that the declared rho decides.
    """

    crossed: Crossed
    added: Floats
    assumed: NDArray[np.bool_]

    @property
    def untold(self) -> NDArray[np.bool_]:
        """(J, K) whether rho decides because enumerators are too few, not because they agree."""
        return self.assumed & self.crossed.untold

    @property
    def factor(self) -> Floats:
        """V / V_s, V_s Taylor's variance over sessions; infinite where V_s is 0 and V is not."""
        with np.errstate(invalid="ignore", divide="ignore"):
            found = 1 + self.added / self.crossed.session
        return np.where(self.added > 0, found, 1.0)

    def on(self, of_session: Floats, df: Floats) -> tuple[Floats, Floats]:
        """Variance and degrees of freedom (J, K) with the enumerators, from those without.

        `of_session` may come from any method that takes sessions as PSUs. Satterthwaite's
        degrees of freedom where the enumerators could be compared, else `df` itself.
        """
        return of_session + self.added, self.crossed.degrees(df, of_session)


@dataclass(frozen=True, eq=False)
class Interviewers:
    """The interviews by who asked, ready for any estimate of the study."""

    worked: Worked
    psus: Psus
    means: Means
    pooled: Means
    composites: Composites
    rho: float
    lonely: Lonely

    def units(self) -> Raised:
        """(D, K) for the mean of every domain."""
        return self._raised(each_domain(self.worked), self.means, spread_of(self.means), "adjust")

    def city(self) -> Raised:
        """(1, K) for the mean of all interviews."""
        weight = sums(self.worked.domain, self.worked.cells.weight, len(self.worked.domains))
        with np.errstate(invalid="ignore", divide="ignore"):
            within = np.nansum(spread_of(self.means) * weight, axis=0) / weight.sum(axis=0)
        return self._raised(whole(self.worked), self.pooled, within[None], self.lonely)

    def mean_of_units(self) -> Raised:
        """(1, K) for the plain mean of the domains' means."""
        size = len(self.worked.domains)
        return self.contrast(np.full(size, 1 / max(size, 1)))

    def contrast(self, coefficients: Floats) -> Raised:
        """(1, K) for a linear combination of the domains' means; `coefficients` is (D,).

        An enumerator who works on both sides of a difference is taken off it.
        """
        used = np.abs(coefficients)
        with np.errstate(invalid="ignore", divide="ignore"):
            # rho is a correlation within units, so s^2 is the mean of the units' own spreads.
            within = np.nansum(spread_of(self.means) * used[:, None], axis=0) / used.sum()
        parts = contrast(self.worked, coefficients)
        return self._raised(parts, self.means, within[None], "adjust")

    def _raised(self, parts: Parts, means: Means, spread: Floats, lonely: Lonely) -> Raised:
        scores = scores_of(self.worked, means.value, parts)
        scores = variance.combined(replace(means, scores=scores), self.composites).scores
        found = crossed(self.worked, self.psus, scores, parts, spread, rho=self.rho, lonely=lonely)
        added = np.where(np.isnan(found.variance), 0.0, np.nan_to_num(found.added))
        return Raised(found, added, found.assumed & (added > 0))


def interviewers(
    coded: Coded,
    measures: Sequence[Measure],
    frame: pd.DataFrame,
    enumerator: str,
    *,
    psus: Psus | None = None,
    composites: Composites | None = None,
    rho: float = RHO,
    lonely: Lonely = "adjust",
) -> Interviewers:
    """Read who asked whom, in one pass.

    Parameters
    ----------
    coded, measures, frame
        As for `estimates.estimate`; the frame is the one that was coded.
    enumerator
        Its column with the enumerators' codes.
    psus
        The PSUs where strata were merged (`design.collapse`); those of `coded` otherwise.
    composites
        What each composite adds up.
    rho
        Intra-enumerator correlation that is declared for where it cannot be estimated.
    lonely
        What the city does with a stratum that has one PSU.

    Raises
    ------
    DesignError
        Where the column is absent or blank in some rows.
    """
    worked = by_enumerator(coded, measures, frame, enumerator)
    merged = coded.psus if psus is None else psus
    means = variance.domain_means(_by_domain(worked, merged))
    pooled = variance.domain_means(means.moments.pooled("all"))
    return Interviewers(worked, merged, means, pooled, composites or {}, rho, lonely)


def _by_domain(worked: Worked, psus: Psus) -> Moments:
    """The sums of PSU and domain, whoever asked."""
    c, size = worked.cells, max(len(worked.domains), 1)
    found, cell = np.unique(c.psu * size + worked.domain, return_inverse=True)
    arrays = (sums(cell, a, found.size) for a in (c.n, c.weight, c.weight2, c.value, c.square))
    return Moments(psus, worked.domains, found // size, found % size, *arrays)
