"""What changed from one wave to the next.

The names of PSUs decide what is shared: one that stands in both waves was drawn once and asked
twice, and the two estimates move together.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis import variance
from analysis.design import Floats, Psus
from analysis.errors import DesignError, MeasureError
from analysis.moments import sums
from analysis.variance import Lonely, Means, stratified_products


@dataclass(frozen=True, eq=False)
class Change:
    """From one wave to the next, for the D domains of both; arrays are (D, K).

    `covariance` is that of the two waves' estimates, 0 where they share no PSU.
    """

    domains: tuple[str, ...]
    value: Floats
    variance: Floats
    covariance: Floats
    df: Floats


def change(before: Means, after: Means, lonely: Lonely = "fail") -> Change:
    """Estimates of `after` less those of `before`, for domains of the same name.

    Waves that share no PSU are independent and their variances add. Where n_c PSUs of a stratum
    stand in both, the covariance is n_c/(n_c - 1) times their centred cross-products, less the
    finite population where sizes are given (Qualité and Tillé 2008); one shared PSU tells of no
    covariance, and 0 is on the wide side. It is never larger than the two variances allow, so
    that no difference has a negative variance. Degrees of freedom are Satterthwaite's for waves
    that share no PSU, the smaller of the two otherwise.

    Raises
    ------
    MeasureError
        Where the waves do not have the same number of measures.
    DesignError
        Where they share no domain, or a PSU of both lies in different strata.

    References
    ----------
    Qualité, L. and Tillé, Y. (2008). Variance estimation of changes in repeated surveys and its
    application to the Swiss survey of value added. Survey Methodology, 34, 173-181.
    """
    if before.value.shape[1] != after.value.shape[1]:
        raise MeasureError(
            f"The waves have {before.value.shape[1]} and {after.value.shape[1]} measures; a change "
            "needs the same ones in the same order. Compare what both waves asked."
        )
    old, new = before.moments, after.moments
    domains = tuple(name for name in new.domains if name in set(old.domains))
    if not domains:
        raise DesignError(
            "The waves share no domain, so nothing can be said of a change. Check the codes in "
            "units.csv of both."
        )
    i = np.array([old.domains.index(name) for name in domains], dtype=np.intp)
    j = np.array([new.domains.index(name) for name in domains], dtype=np.intp)
    one, other = variance.variances(before, lonely)[i], variance.variances(after, lonely)[j]
    shared, psus = _shared(old.psus, new.psus)
    covariance = np.zeros(one.shape)
    if shared:
        covariance = _between(before, after, psus, domains)
        limit = np.sqrt(one * other)
        covariance = np.clip(covariance, -limit, limit)
    v = np.maximum(one + other - 2 * covariance, 0.0)
    df_one, df_other = before.df[i], after.df[j]
    with np.errstate(invalid="ignore", divide="ignore"):
        satterthwaite = (one + other) ** 2 / (one**2 / df_one + other**2 / df_other)
    alone = (covariance == 0) & (one + other > 0)
    df = np.where(alone, satterthwaite, np.minimum(df_one, df_other))
    return Change(domains, after.value[j] - before.value[i], v, covariance, df)


def _shared(old: Psus, new: Psus) -> tuple[set[str], Psus]:
    """PSUs of both waves as a sample of their own, with sizes that give the covariance's factor."""
    here, there = ({name: psus.strata[h] for name, h in zip(psus.names, psus.stratum, strict=True)}
                   for psus in (old, new))  # fmt: skip
    shared = sorted(set(here) & set(there))
    torn = [name for name in shared if here[name] != there[name]]
    if torn:
        raise DesignError(
            f"PSU {', '.join(torn[:5])} lies in one stratum in the first wave and in another in "
            "the second; a PSU is drawn in one stratum. Name PSUs by their wave where they are not "
            "the same, or give them the same stratum."
        )
    strata = sorted({here[name] for name in shared})
    of = {name: h for h, name in enumerate(strata)}
    stratum = np.array([of[here[name]] for name in shared], dtype=np.intp)
    both = np.bincount(stratum, minlength=len(strata)).astype(np.float64)
    n_old, n_new = (psus.drawn[[psus.strata.index(s) for s in strata]] for psus in (old, new))
    size = np.array([max(p.size[p.strata.index(s)] for p in (old, new)) for s in strata])
    # The factor is 1 - n1 n2 / (n_c N), never below 0; Psus gives 1 - n_c / size.
    size = np.maximum(size * both**2 / (n_old * n_new), both)
    return set(shared), Psus(tuple(shared), stratum, tuple(strata), size)


def _between(before: Means, after: Means, psus: Psus, domains: Sequence[str]) -> Floats:
    """(D, K) covariance of the waves over the PSUs they share."""
    code = {name: g for g, name in enumerate(psus.names)}
    place = {name: d for d, name in enumerate(domains)}
    keys, scores = [], []
    for means in (before, after):
        m = means.moments
        g = np.array([code.get(name, -1) for name in m.psus.names], dtype=np.intp)[m.psu]
        d = np.array([place.get(name, -1) for name in m.domains], dtype=np.intp)[m.domain]
        held = (g >= 0) & (d >= 0)
        keys.append(g[held] * len(domains) + d[held])
        scores.append(means.scores[held])
    cells, at = np.unique(np.concatenate(keys), return_inverse=True)
    a, b = (
        sums(part, values, cells.size)
        for part, values in zip(np.split(at, [keys[0].size]), scores, strict=True)
    )
    return stratified_products(
        psus, cells // len(domains), cells % len(domains), len(domains), a, b, "certainty"
    )
