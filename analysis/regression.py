r"""Linear and logistic regression with the variance of the design.

statsmodels fits the weighted model; two Newton steps on sums of a fixed order then take the
coefficients to the root of the estimating equations, whatever the fitter's tolerance or CPU. The
variance is the sandwich :math:`A^{-1} V(U) A^{-1}`, with V the design's variance of the PSU sums
of :math:`w x (y - \mu)`: R's `svyglm` with `gaussian` and `quasibinomial`.

Binder, D. A. (1983). On the variances of asymptotically normal estimators from complex surveys.
International Statistical Review, 51, 279-292.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy import linalg, special
from statsmodels.tools.sm_exceptions import ConvergenceWarning, PerfectSeparationWarning

from analysis import intervals, linearised
from analysis.answers import require_finite
from analysis.calibration import Calibration
from analysis.contrasts import wald
from analysis.design import Coded, Floats
from analysis.errors import DesignError, MeasureError
from analysis.measures import Measure
from analysis.moments import sums
from analysis.predictors import Predictors
from analysis.variance import Lonely

Family = Literal["linear", "logistic"]
FAMILIES = ("linear", "logistic")
DEPENDENT = 1e-9
"""Part of a column that the others leave unexplained, below which it adds nothing."""
CERTAIN = 1e-8
"""Fitted probability so near 0 or 1 that the coefficients run away (separation)."""


@dataclass(frozen=True, eq=False)
class Regression:
    """Coefficients of a model, with the covariance that the design gives them.

    `names` are P: the constant first, then columns of the predictors; a level of a coded one is
    `column=level`, against its `reference`. `value`, `se`, `low`, `high`, `p` are (P,),
    `covariance` (P, P). `df` is PSUs less strata, less coefficients, plus one. `n` interviews were
    used; `left_out` of the domain lacked an answer.
    """

    names: tuple[str, ...]
    value: Floats
    covariance: Floats
    se: Floats
    low: Floats
    high: Floats
    p: Floats
    df: float
    n: int
    left_out: int
    terms: Mapping[str, tuple[int, ...]]

    def test(self, term: str) -> tuple[float, float]:
        """Wald's F and p that all coefficients of a predictor are 0.

        The degrees of freedom are the number of its coefficients and `df`. NaN where there are
        fewer degrees of freedom than coefficients.

        Raises
        ------
        MeasureError
            Where the model has no such predictor.
        """
        if term not in self.terms:
            raise MeasureError(
                f"The model has no predictor {term}; it has {', '.join(self.terms)}. Correct the "
                "name."
            )
        at = list(self.terms[term])
        return wald(self.value[at], self.covariance[np.ix_(at, at)], self.df)

    def without_errors(self) -> "Regression":
        """The coefficients alone, for a sample that has no sampling variance."""
        no = np.full_like(self.value, np.nan)
        return replace(
            self, covariance=np.full_like(self.covariance, np.nan), se=no, low=no, high=no, p=no
        )


def require_family(family: str) -> None:
    """Refuse a family that is none of the two: another name must never fit one of them."""
    if family not in FAMILIES:
        raise MeasureError(
            f"family = {family!r} is none of {', '.join(FAMILIES)}; another would be fitted than "
            "is meant. Choose one."
        )


def regress(
    coded: Coded,
    outcome: Measure,
    predictors: Predictors,
    *,
    family: Family = "linear",
    domain: str | None = None,
    level: float = 0.95,
    lonely: Lonely = "fail",
    calibration: Calibration | None = None,
) -> Regression:
    """Regress `outcome` on `predictors`, both in the order of the interviews' frame.

    Interviews that lack the outcome or any predictor are left out and counted; their PSUs remain
    in the design. `domain` takes one of `coded.domains`; levels that nobody there has are left
    out. `level` is that of the t intervals. With `calibration`, of the interviews of `coded`, the
    fit has its weights and the variance is that of the residuals on the margins; a coefficient
    that the margins fix has no `se`.

    Raises
    ------
    MeasureError
        A family that is none of the two; rows of different number; a logistic outcome that is no
        proportion; outcomes all equal;
        infinite values, with their rows; columns that depend on each other, by name; a logistic
        model whose predictors separate the answers.
    DesignError
        No such domain; nobody answered; fewer degrees of freedom than coefficients.
    LonelyPSUError
        From the variance.
    """
    require_family(family)
    coded = coded if calibration is None else calibration.final(coded)
    y, inside = _outcome(coded, outcome, family, domain)
    if predictors.x.shape[0] != y.size:
        raise MeasureError(
            f"The predictors have {predictors.x.shape[0]} rows for {y.size} interviews; they must "
            "be in the order of the interviews' frame."
        )
    used = inside & predictors.complete & ~np.isnan(y)
    x, names, terms = predictors.among(used)
    # From here on in the order of the design, in which all sums are made.
    rows = coded.order[used[coded.order]]
    at = used[coded.order]
    x, y, w, psu = x[rows], y[rows], coded.weight[at], coded.psu[at]
    held = np.unique(psu)
    df = float(held.size - np.unique(coded.psus.stratum[held]).size + 1 - len(names))
    _require(x, y, names, df, outcome.name)
    scale = float(w.mean())
    w = w / scale
    beta = _fitted(x, y, w, names, family)
    mean, slope = _mean(x, beta, family)
    inverse = np.asarray(np.linalg.inv(_information(x, w * slope)), dtype=np.float64)
    scores = np.zeros((at.size, len(names)))
    scores[at] = _turned(x * ((y - mean) / scale)[:, None], inverse)
    v = linearised.covariance(coded, scores, at, lonely, calibration)
    with np.errstate(invalid="ignore"):
        se = np.where(np.diag(v) > 0, np.sqrt(np.diag(v)), np.nan)
    low, high = intervals.t(beta, se, df, level)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * special.stdtr(df, -np.abs(beta / se))
    left_out = int((inside & ~used).sum())
    return Regression(names, beta, v, se, low, high, p, df, y.size, left_out, terms)


def _outcome(
    coded: Coded, outcome: Measure, family: Family, domain: str | None
) -> tuple[Floats, NDArray[np.bool_]]:
    y = outcome.values
    if y.shape != (coded.order.size,):
        raise MeasureError(
            f"Measure {outcome.name} has {y.size} values for {coded.order.size} interviews; they "
            "must be in the order of the interviews' frame."
        )
    if family == "logistic" and not np.isin(y[~np.isnan(y)], (0.0, 1.0)).all():
        raise MeasureError(
            f"Measure {outcome.name} has values beside 0 and 1; a logistic model explains a "
            'proportion. Use family="linear", or code the answers as yes and no.'
        )
    require_finite([outcome])
    inside = np.ones(y.size, dtype=np.bool_)
    if domain is not None:
        if domain not in coded.domains:
            raise DesignError(
                f"There is no domain {domain}; there are {', '.join(coded.domains[:10])}."
            )
        inside[coded.order] = coded.domain == coded.domains.index(domain)
    return y, inside


def _require(x: Floats, y: Floats, names: Sequence[str], df: float, outcome: str) -> None:
    if not y.size:
        raise DesignError(
            f"No interview has {outcome} and all predictors, so there is nothing to fit. Leave "
            "out the predictor that is missing most."
        )
    if df < 1:
        raise DesignError(
            f"{len(names)} coefficients leave {df:g} degrees of freedom in the PSUs that "
            "answered, so their errors cannot be estimated. Use fewer predictors or a larger "
            "domain."
        )
    if np.ptp(y) == 0:
        raise MeasureError(
            f"All answers to {outcome} are equal, so nothing can explain how they differ. Take a "
            "larger domain."
        )
    length = np.sqrt((x**2).sum(axis=0))
    scaled = x / np.where(length > 0, length, 1.0)
    _, r, order = linalg.qr(scaled, mode="economic", pivoting=True)
    rank = int((np.abs(np.diag(r)) > DEPENDENT).sum())
    if rank < len(names):
        lost = ", ".join(names[i] for i in order[rank:])
        raise MeasureError(
            f"Predictor {lost} follows from the others (or never varies), so its coefficient is "
            "anybody's guess. Leave it out."
        )


def _fitted(x: Floats, y: Floats, w: Floats, names: Sequence[str], family: Family) -> Floats:
    separated = MeasureError(
        f"The predictors ({', '.join(names[1:])}) separate the answers: some group said only yes "
        "or only no, and its coefficient is infinite. Join its level to another, or leave the "
        "predictor out."
    )
    # Where predictors separate the answers, the fitter overflows before it stops.
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", PerfectSeparationWarning)
        if family == "linear":
            found = sm.WLS(y, x, weights=w).fit()
        else:
            found = sm.GLM(y, x, family=sm.families.Binomial(), freq_weights=w).fit(maxiter=100)
    beta = np.asarray(found.params, dtype=np.float64)
    for _ in range(2):
        mean, slope = _mean(x, beta, family)
        if family == "logistic" and ((mean < CERTAIN) | (mean > 1 - CERTAIN)).any():
            raise separated
        gradient = sums(np.zeros(y.size, dtype=np.intp), x * (w * (y - mean))[:, None], 1)[0]
        beta = beta + np.linalg.solve(_information(x, w * slope), gradient)
    return beta


def _mean(x: Floats, beta: Floats, family: Family) -> tuple[Floats, Floats]:
    """(n,) fitted means and their derivative by the linear predictor, added column by column."""
    eta = np.zeros(x.shape[0])
    for j in range(x.shape[1]):
        eta += x[:, j] * beta[j]
    if family == "linear":
        return eta, np.ones(eta.size)
    mean = special.expit(eta)
    return mean, mean * (1 - mean)


def _turned(scores: Floats, inverse: Floats) -> Floats:
    """(n, P) product, added column by column, so that no bit depends on the machine."""
    out = np.zeros_like(scores)
    for j in range(scores.shape[1]):
        out += scores[:, [j]] * inverse[j]
    return out


def _information(x: Floats, w: Floats) -> Floats:
    upper = np.triu_indices(x.shape[1])
    whole = np.zeros(x.shape[0], dtype=np.intp)
    found = sums(whole, x[:, upper[0]] * x[:, upper[1]] * w[:, None], 1)[0]
    out = np.empty((x.shape[1], x.shape[1]))
    out[upper] = out[upper[::-1]] = found
    return out
