r"""Fay-Herriot model: direct estimates of units drawn to what the other units say.

.. math:: y_d = x_d'\beta + u_d + e_d, \quad u_d \sim (0, A), \quad e_d \sim (0, \psi_d),

with psi_d taken as known (`analysis.smoothed`). A is found by restricted maximum likelihood, for
all measures at once. The best predictor is x'b + g (y - x'b) with g = A / (A + psi): a unit with
few interviews leans on the others, one with many stands for itself. Its mean squared error is

.. math:: g_1 + g_2 + 2 g_3, \quad g_1 = g\psi, \quad g_2 = (1-g)^2 x'(X'V^{-1}X)^{-1}x, \quad
          g_3 = \psi^2 (A+\psi)^{-3} \cdot 2 / \sum_j (A + \psi_j)^{-2},

nearly unbiased for REML. Fay and Herriot 1979, JASA 74, 269-277; Prasad and Rao 1990, JASA 85,
163-171; Datta and Lahiri 2000, Statistica Sinica 10, 613-627; Rao and Molina 2015, ch. 6.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.design import Floats
from analysis.errors import DesignError

STEPS = 200
NEAR = 1e-12
"""Change of A, as a share of A and a typical psi, at which it is found."""


@dataclass(frozen=True, eq=False)
class FayHerriot:
    """The model of K measures in D areas; arrays are (D, K) where nothing else is said.

    `area_variance` is A (K,), `coefficients` (p, K), `fixed` x'b. `kept` is g, the share of its
    own deviation that an area keeps. `value` is the predictor, `mse` its mean squared error with
    its parts `g1`, `g2`, `g3`. `areas` (K,) counts those in the model. NaN where an area has no
    direct estimate, and for measures that were not fitted; `found` (K,) says which were.
    """

    area_variance: Floats
    coefficients: Floats
    fixed: Floats
    kept: Floats
    value: Floats
    mse: Floats
    g1: Floats
    g2: Floats
    g3: Floats
    areas: NDArray[np.intp]
    found: NDArray[np.bool_]


def fay_herriot(
    direct: Floats,
    psi: Floats,
    covariates: Floats | None = None,
    names: Sequence[str] = (),
    *,
    least: int = 10,
) -> FayHerriot:
    """Fit the model of every measure and predict every area.

    Parameters
    ----------
    direct, psi : (D, K) float
        Direct estimates and their sampling variances; NaN where there is none. An area with
        either of them missing has no part in that measure.
    covariates : (D, q) float, optional
        Of the areas, the same for all measures; an intercept is added. `names` are theirs.
    least
        Areas from which a measure is fitted, beyond the coefficients. With fewer, nothing says
        how much areas differ.

    Raises
    ------
    DesignError
        Where covariates are missing for an area, or say the same twice; a variance is not
        positive.
    """
    x = _matrix(direct.shape[0], covariates, names)
    known = np.isfinite(direct) & np.isfinite(psi)
    bad = known & (psi <= 0)
    if bad.any():
        raise DesignError(
            f"{int(bad.sum())} sampling variances are 0 or less, which would make their areas "
            "certain. Smooth the variances across units first."
        )
    areas = known.sum(axis=0)
    found = areas >= least + x.shape[1] - 1
    shape, p = direct.shape, x.shape[1]
    empty = np.full(shape, np.nan)
    parts = {name: empty.copy() for name in ("fixed", "kept", "value", "g1", "g2", "g3")}
    variance, beta = np.full(shape[1], np.nan), np.full((p, shape[1]), np.nan)
    if found.any():
        q, r = np.linalg.qr(x)
        # In units of a typical standard error the search is the same whatever the scale.
        unit = np.sqrt(np.nanmedian(np.where(known, psi, np.nan)[:, found], axis=0))
        y = np.where(known, direct, 0.0)[:, found] / unit
        v = np.where(known, psi, np.inf)[:, found] / unit**2
        a = _reml(q, y, v)
        own = _predicted(q, y, v, a)
        for name, part in own.items():
            if name != "beta":
                power = {"fixed": 1, "value": 1, "kept": 0}.get(name, 2)
                filled = np.where(known[:, found], part * unit**power, np.nan)
                parts[name][:, found] = filled
        variance[found] = a * unit**2
        beta[:, found] = np.linalg.solve(r, own["beta"] * unit)
    mse = parts["g1"] + parts["g2"] + 2 * parts["g3"]
    return FayHerriot(variance, beta, mse=mse, areas=areas, found=found, **parts)


def _matrix(size: int, covariates: Floats | None, names: Sequence[str]) -> Floats:
    if covariates is None:
        return np.ones((size, 1))
    missing = ~np.isfinite(covariates)
    if covariates.shape[0] != size or missing.any():
        at = [
            names[i] if names else str(i + 1) for i in np.flatnonzero(missing.any(axis=0)).tolist()
        ]
        raise DesignError(
            f"Covariate {', '.join(at) or '(all)'} is missing for "
            f"{int(missing.any(axis=1).sum()) or 'some'} of {size} units; the model needs it for "
            "all of them. Fill it in, or leave it out."
        )
    spread = covariates.std(axis=0)
    x = np.column_stack([np.ones(size), covariates - covariates.mean(axis=0)])
    scaled = x / np.where(np.append(1.0, spread) > 0, np.append(1.0, spread), 1.0)
    if np.linalg.matrix_rank(scaled) < x.shape[1]:
        raise DesignError(
            f"The covariates {', '.join(names) or '(all)'} say the same twice, or are the same in "
            "all units, so their coefficients cannot be told apart. Leave one of them out."
        )
    return np.column_stack([np.ones(size), covariates])


def _crossed(x: Floats, w: Floats) -> Floats:
    """(K, p, p) X'WX."""
    if x.shape[1] == 1:
        return np.asarray((x**2 * w).sum(axis=0)[:, None, None], dtype=np.float64)
    return np.asarray(np.einsum("dp,dk,dq->kpq", x, w, x, optimize=False), dtype=np.float64)


def _inverse(x: Floats, w: Floats) -> Floats:
    """(K, p, p) inverse of X'WX."""
    return np.asarray(np.linalg.inv(_crossed(x, w)), dtype=np.float64)


def _fixed(x: Floats, y: Floats, w: Floats, inverse: Floats) -> tuple[Floats, Floats]:
    """(p, K) generalised least squares, and (D, K) x'b."""
    crossed = np.einsum("dp,dk->pk", x, w * y)
    beta = np.einsum("kpq,qk->pk", inverse, crossed)
    return beta, np.einsum("dp,pk->dk", x, beta)


def _likelihood(x: Floats, y: Floats, psi: Floats, a: Floats) -> tuple[Floats, Floats, Floats]:
    """(K,) restricted log likelihood, its slope in A, and Fisher's information."""
    w = 1 / (a + psi)
    inverse = _inverse(x, w)
    _, fit = _fixed(x, y, w, inverse)
    r = y - fit
    m2 = inverse @ _crossed(x, w**2)
    m3 = inverse @ _crossed(x, w**3)
    trace = w.sum(axis=0) - np.trace(m2, axis1=1, axis2=2)
    squared = (w**2).sum(axis=0) - 2 * np.trace(m3, axis1=1, axis2=2)
    squared = squared + np.trace(m2 @ m2, axis1=1, axis2=2)
    with np.errstate(divide="ignore"):
        logs = np.where(w > 0, np.log(w), 0.0).sum(axis=0)
    value = (logs + np.linalg.slogdet(inverse)[1] - (w * r**2).sum(axis=0)) / 2
    slope = ((w**2 * r**2).sum(axis=0) - trace) / 2
    return value, slope, squared / 2


def _reml(x: Floats, y: Floats, psi: Floats) -> Floats:
    """(K,) A by Fisher scoring; a step that lowers the likelihood is halved.

    0 where the likelihood is greatest there.
    """
    typical = np.nanmedian(np.where(np.isfinite(psi), psi, np.nan), axis=0)
    a = typical.copy()
    best, slope, information = _likelihood(x, y, psi, a)
    step = slope / information
    active = np.arange(a.size)
    for _ in range(STEPS):
        trial = np.maximum(a[active] + step[active], 0.0)
        moved = np.abs(trial - a[active])
        value, s, i = _likelihood(x, y[:, active], psi[:, active], trial)
        better = value >= best[active] - 1e-14 * np.abs(best[active])
        done = moved <= NEAR * (a[active] + typical[active])
        at = active[better]
        a[at], best[at] = trial[better], value[better]
        step[at] = s[better] / i[better]
        step[active[~better]] /= 2
        active = active[~done]
        if not active.size:
            break
    none = np.zeros_like(a)
    at_zero = _likelihood(x, y, psi, none)[0]
    return np.where(at_zero > best, 0.0, a)


def _predicted(x: Floats, y: Floats, psi: Floats, a: Floats) -> dict[str, Floats]:
    w = 1 / (a + psi)
    inverse = _inverse(x, w)
    beta, fixed = _fixed(x, y, w, inverse)
    kept = np.where(np.isfinite(psi), a * w, 0.0)
    lever = np.einsum("dp,kpq,dq->dk", x, inverse, x)
    used = np.isfinite(psi)
    finite = np.where(used, psi, 0.0)
    return {
        "beta": beta, "fixed": fixed, "kept": kept, "value": fixed + kept * (y - fixed),
        "g1": kept * finite, "g2": (1 - kept) ** 2 * lever,
        "g3": finite**2 * w**3 * 2 / (w**2).sum(axis=0),
    }  # fmt: skip
