r"""Who asked whom: interviews by PSU, domain and enumerator, and what a declared rho makes of it.

An enumerator's effect b, the same in all his interviews, has the variance rho s^2 when rho is the
intra-enumerator correlation and s^2 that of the answers. With t_e the share of the weight that
enumerator e carries in an estimate, the effects add

.. math:: \rho s^2 \sum_e t_e^2

to its variance; with equal weights and workloads m that is Kish's (m/n) rho s^2. A part of it is
already in the variance over sessions: where sessions have different enumerators, they differ by
them too. That part is known, for the variance is a quadratic form in the scores: it is

.. math:: \rho s^2 \sum_e \sum_h (1-f_h) \frac{n_h}{n_h-1} \sum_g (a_{eg} - \bar a_{eh})^2,
          \qquad a_{eg} = u_{eg} - u_g t_e,

u_g the share of the weight in session g and u_eg that of enumerator e there. Only the difference
is added, so that nothing counts twice: all of it where everybody works in every session, nothing
where each works a single one.

Kish, L. (1962). Studies of interviewer variance for attitudinal variables. JASA, 57, 92-115.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import sparse

from analysis import columns
from analysis.design import Coded, Codes, Floats, Psus
from analysis.errors import DesignError
from analysis.measures import Measure
from analysis.moments import Moments, narrow, psu_moments, sums
from analysis.variance import Lonely, Means

RHO = 0.03
"""Intra-enumerator correlation that is assumed where it cannot be estimated."""

ROUNDING = 1e-12
"""Variance, as a share of the squared mean, that is rounding and not spread."""


@dataclass(frozen=True, eq=False)
class Worked:
    """Sums of the cells PSU x domain x enumerator; `domain` and `who` are (C,) codes.

    The domains of `cells` are pairs of domain and enumerator. `weight` (C,) is that of all
    interviews of a cell, whatever they answered.
    """

    cells: Moments
    domains: tuple[str, ...]
    domain: Codes
    who: Codes
    weight: Floats


@dataclass(frozen=True, eq=False)
class Parts:
    """The cells as parts of J estimates, each the sum of means of one or several bases.

    `base` (C,) says which mean a cell belongs to, `whole` (B,) in which estimate that mean
    stands, with the factor `factor` (B,).
    """

    base: Codes
    whole: Codes
    factor: Floats
    size: int

    @property
    def group(self) -> Codes:
        """(C,) the estimate of each cell."""
        return self.whole[self.base]


def each_domain(worked: Worked) -> Parts:
    """Every domain's mean as an estimate of its own."""
    size = len(worked.domains)
    return Parts(worked.domain, np.arange(size), np.ones(size), size)


def whole(worked: Worked) -> Parts:
    """The mean of all interviews as the one estimate."""
    return Parts(np.zeros_like(worked.domain), np.zeros(1, dtype=np.intp), np.ones(1), 1)


def contrast(worked: Worked, coefficients: Floats) -> Parts:
    """The sum of the domains' means, each times its coefficient (D,), as the one estimate."""
    return Parts(worked.domain, np.zeros(coefficients.size, dtype=np.intp), coefficients, 1)


def by_enumerator(
    coded: Coded, measures: Sequence[Measure], frame: pd.DataFrame, enumerator: str
) -> Worked:
    """One pass over the interviews; `enumerator` is a column of the frame that was coded.

    Raises
    ------
    DesignError
        Where the column is absent, or blank in some rows.
    """
    if enumerator not in frame.columns:
        raise DesignError(
            f"The interviews have no column {enumerator}, so nobody knows who asked. Add the "
            "enumerator's code, or leave this variance out."
        )
    names, who = columns.codes(frame, enumerator, "enumerator")
    people = max(len(names), 1)
    pairs, pair = np.unique(coded.domain * people + who[coded.order], return_inverse=True)
    split = replace(coded, domain=np.asarray(pair), domains=tuple(map(str, range(pairs.size))))
    cells = psu_moments(split, measures)
    at = np.unique(coded.psu * max(pairs.size, 1) + pair, return_inverse=True)[1]
    weight = np.bincount(at, weights=coded.weight, minlength=cells.psu.size).astype(np.float64)
    of_cell = pairs[cells.domain]
    return Worked(cells, coded.domains, of_cell // people, of_cell % people, weight)


def check_rho(rho: float) -> None:
    """Refuse what is no correlation of the kind.

    Raises
    ------
    DesignError
        Where rho lies outside [0, 1).
    """
    if not 0 <= rho < 1:
        raise DesignError(
            f"rho = {rho:g} is no intra-enumerator correlation; it lies between 0 and 1, mostly "
            "under 0.1. Correct it under [design] in study.toml."
        )


def spread_of(means: Means) -> Floats:
    """(D, K) spread of the answers, 0 where it is what rounding leaves of equal answers."""
    with np.errstate(invalid="ignore"):
        return np.where(means.spread <= ROUNDING * means.value**2, 0.0, means.spread)


def shares(weight: Floats, parts: Parts) -> Floats:
    """(C, K) share of each cell in the weight of its estimate; one column where all are alike."""
    weight = narrow(weight)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = weight / sums(parts.base, weight, parts.whole.size)[parts.base]
    return np.where(weight > 0, found, 0.0) * parts.factor[parts.base][:, None]


def unseen(worked: Worked, psus: Psus, weight: Floats, parts: Parts, lonely: Lonely) -> Floats:
    """(J, K) variance of the estimates that enumerators with effects of variance 1 add to V_s.

    `weight` is (C, K). The variance over sessions is taken over `psus`, with its policy for
    lonely strata.
    """
    u, who = shares(weight, parts), worked.who
    total = sums(parts.base, u, parts.whole.size)
    person = _codes(who, parts.base)
    t = sums(person.code, u, person.size) / np.where(total == 0, 1, total)[person.other]
    t2 = sums(person.other, t**2, parts.whole.size)
    at = _codes(worked.cells.psu, parts.base)
    of_psu = sums(at.code, u, at.size)
    pair = _codes(psus.stratum[worked.cells.psu], parts.base)
    stratum, base = pair.one, pair.other
    of_session = _codes(psus.stratum[at.one], at.other)  # the same pairs, in the same order
    both = _codes(pair.code, who)
    u_he, u_h = sums(both.code, u, both.size), sums(pair.code, u, pair.size)
    t_he = np.zeros_like(u_he)
    t_he[both.code] = t[person.code]
    squares = (
        sums(pair.code, u**2 - 2 * t[person.code] * u * of_psu[at.code], pair.size)
        + sums(of_session.code, of_psu**2, pair.size) * t2[base]
    )
    centre = (
        sums(both.one, u_he**2 - 2 * u_he * t_he * u_h[both.one], pair.size) + u_h**2 * t2[base]
    )
    n = psus.drawn[stratum].astype(np.float64)[:, None]
    alone = (n == 1) & (lonely == "adjust")
    spread = np.where(alone, squares, n / np.maximum(n - 1, 1) * (squares - centre / n))
    if lonely == "certainty":
        spread = np.where(n == 1, 0.0, spread)
    seen = sums(parts.whole[base], psus.remaining[stratum][:, None] * spread, parts.size)
    return np.asarray(np.maximum(_of_people(who, u, parts) - seen, 0.0), dtype=np.float64)


def comparable(worked: Worked, psus: Psus, parts: Parts) -> Floats:
    """(J,) share of the enumerators' variance that is left when strata are taken off.

    1 - 1/E where E share all the work alike; 1/2 where two work each stratum; 0 where one does,
    for then nothing tells him from the stratum.
    """
    u, who = shares(worked.weight[:, None], parts), worked.who
    total = _of_people(who, u, parts)[:, 0]
    person = _codes(parts.group, who)
    pair = _codes(psus.stratum[worked.cells.psu], parts.base)
    work = sparse.coo_array(
        (u[:, 0], (pair.code, person.code)), shape=(pair.size, person.size)
    ).tocsr()
    of_stratum = np.asarray(work.sum(axis=1), dtype=np.float64)
    inverse = np.divide(1, of_stratum, out=np.zeros_like(of_stratum), where=of_stratum > 0)
    shared = (work.T @ sparse.diags_array(inverse) @ work).tocoo()
    own = np.bincount(person.code, weights=u[:, 0], minlength=person.size)
    # Without interviews bincount counts, in whole numbers.
    taken = np.bincount(shared.row, weights=shared.data**2, minlength=person.size).astype(
        np.float64
    )
    same = shared.row == shared.col
    taken[shared.row[same]] -= 2 * own[shared.row[same]] * shared.data[same]
    left = np.bincount(person.one, weights=own**2 + taken, minlength=parts.size)
    return np.where(total > 0, left / np.where(total > 0, total, 1.0), 0.0)


def _of_people(who: Codes, u: Floats, parts: Parts) -> Floats:
    """(J, K) sum of the squares of the enumerators' shares in the estimates."""
    person = _codes(parts.group, who)
    return sums(person.one, sums(person.code, u, person.size) ** 2, parts.size)


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Pairs that occur: `code` (C,) of each row; `one` and `other` (P,), what they are made of."""

    code: Codes
    one: Codes
    other: Codes

    @property
    def size(self) -> int:
        return self.one.size


def _codes(one: Codes, other: Codes) -> _Pairs:
    size = int(other.max(initial=0)) + 1
    found, code = np.unique(one * size + other, return_inverse=True)
    return _Pairs(np.asarray(code, dtype=np.intp), found // size, found % size)
