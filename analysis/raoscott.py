r"""Whether two questions go together: Pearson's chi-square, corrected for the design.

Answers of one session resemble each other, so that Pearson's X² alone finds associations that are
not there. With V the covariance of the cells' shares under the design and :math:`V_0` the one
under simple random sampling, X² is distributed as a sum of chi-squares weighted by the eigenvalues
of :math:`\Delta = (C' D^{-1} V_0 D^{-1} C)^{-1} (C' D^{-1} V D^{-1} C)`, C the contrasts of the
interaction. First order: X² over their mean. Second order: Satterthwaite's degrees of freedom,
and F, as `svychisq(statistic = "F")` in R.

Rao, J. N. K. and Scott, A. J. (1984). On chi-squared tests for multiway contingency tables with
cell proportions estimated from survey data. Annals of Statistics, 12, 46-60.
Thomas, D. R. and Rao, J. N. K. (1987). Small-sample comparisons of level and power for simple
goodness-of-fit statistics under cluster sampling. JASA, 82, 630-636.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from analysis import linearised, variance
from analysis.answers import one_per_choice, texts
from analysis.calibration import Calibration
from analysis.design import Coded, Floats
from analysis.errors import DesignError, MeasureError
from analysis.moments import psu_moments
from analysis.variance import Lonely

SEPARATOR = "\x1f"
"""Between the codes of a row and a column; no questionnaire can hold it."""


@dataclass(frozen=True, eq=False)
class Association:
    """A two-way table and its tests.

    `shares` is (R, C), weighted shares of the whole table; `n` the interviews that answered both.
    `pearson` is X² of these shares on n. `f`, `f_df`, `f_p` are the second-order test, `chisq_p`
    with `chisq_df` the first-order one, of X² over `mean_deff`, the mean generalised design
    effect.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    shares: Floats
    n: int
    pearson: float
    mean_deff: float
    f: float
    f_df: tuple[float, float]
    f_p: float
    chisq_df: int
    chisq_p: float


def association(
    coded: Coded,
    row: "pd.Series[str]",
    column: "pd.Series[str]",
    *,
    rows: Sequence[str] = (),
    columns: Sequence[str] = (),
    domain: str | None = None,
    lonely: Lonely = "fail",
    calibration: Calibration | None = None,
) -> Association:
    """Test whether `row` and `column`, codes (n,) in the order of the frame, are associated.

    `rows` and `columns` declare their levels; without them, those that were answered. `domain`
    takes one of `coded.domains` only. Who left one of the two unanswered is in neither table nor
    test. With `calibration`, of the interviews of `coded`, shares have its weights and the
    covariance of the cells is that of the residuals on the margins.

    Raises
    ------
    MeasureError
        Where a declared level was chosen by nobody, or a question has a single level left.
    DesignError
        Where the domain does not exist, or the PSUs leave no degree of freedom, or the margins
        none to chance.
    LonelyPSUError
        From the variance.
    """
    coded = coded if calibration is None else calibration.final(coded)
    inside = _inside(coded, domain)
    one, other = texts(row), texts(column)
    both = inside & (one != "") & (other != "")
    levels = [
        _levels(codes[both], declared, what)
        for codes, declared, what in ((one, rows, "row"), (other, columns, "column"))
    ]
    joint = pd.Series(np.char.add(np.char.add(one, SEPARATOR), other)).where(both, "")
    names = [SEPARATOR.join(pair) for pair in product(*levels)]
    # Who is outside makes a domain of their own: a lonely PSU there is no reason to stop.
    outside = np.where(inside[coded.order], 0, 1).astype(np.intp)
    whole = replace(coded, domain=outside, domains=("", "outside"))
    cells = one_per_choice("", "table", joint, names)
    means = variance.domain_means(psu_moments(whole, cells))
    df = float(means.df[0, 0])
    if df < 1:
        raise DesignError(
            f"The answers to both questions come from {int(means.n_psu[0, 0])} PSUs with {df:g} "
            "degrees of freedom, so the table cannot be tested. Take a larger domain."
        )
    values = np.column_stack([np.take(measure.values, coded.order) for measure in cells])
    held = both[coded.order]
    total = np.bincount(held.astype(np.intp), weights=coded.weight)[1]  # added in their order
    scores = np.where(held[:, None], values - means.value[0], 0.0) / total
    v = linearised.covariance(coded, scores, held, lonely, calibration)
    n = int(means.n[0, 0])
    shares = means.value[0].reshape(len(levels[0]), len(levels[1]))
    return _tested(shares, v, n, df, levels[0], levels[1])


def _tested(
    shares: Floats, v: Floats, n: int, df: float, rows: tuple[str, ...], columns: tuple[str, ...]
) -> Association:
    expected = np.outer(shares.sum(axis=1), shares.sum(axis=0))
    pearson = n * float(((shares - expected) ** 2 / expected).sum())
    flat = shares.ravel()
    inverse = np.divide(1.0, flat, out=np.zeros_like(flat), where=flat > 0)
    c = _interaction(*shares.shape) * inverse[:, None]
    # C'D^-1 V_0 D^-1 C is C'D^-1 C / n: contrasts sum to 0, so the other part of V_0 vanishes.
    delta = np.linalg.solve(_interaction(*shares.shape).T @ c / n, c.T @ v @ c)
    trace = float(np.trace(delta))
    q = delta.shape[0]
    if trace <= 0:
        raise DesignError(
            "The shares of the table do not vary between PSUs, or calibration fixes them, so "
            "nothing is left to chance. Take more sessions, a larger domain, or questions that "
            "are no margins."
        )
    d0 = trace**2 / float(np.trace(delta @ delta))
    f, mean_deff = pearson / trace, trace / q
    return Association(
        rows, columns, shares, n, pearson, mean_deff, f, (d0, d0 * df),
        float(stats.f.sf(f, d0, d0 * df)), q, float(stats.chi2.sf(pearson / mean_deff, q)),
    )  # fmt: skip


def _interaction(rows: int, columns: int) -> Floats:
    """(RC, (R-1)(C-1)) contrasts orthogonal to rows and columns."""

    def centred(size: int) -> Floats:
        return np.asarray(np.eye(size)[:, 1:] - 1 / size, dtype=np.float64)

    return np.asarray(np.kron(centred(rows), centred(columns)), dtype=np.float64)


def _inside(coded: Coded, domain: str | None) -> NDArray[np.bool_]:
    """(n,) in the order of the frame: belongs to the domain."""
    inside = np.ones(coded.order.size, dtype=np.bool_)
    if domain is not None:
        if domain not in coded.domains:
            raise DesignError(
                f"There is no domain {domain}; there are {', '.join(coded.domains[:10])}. "
                "Correct the name."
            )
        inside[coded.order] = coded.domain == coded.domains.index(domain)
    return inside


def _levels(answered: NDArray[np.str_], declared: Sequence[str], what: str) -> tuple[str, ...]:
    found = set(answered.tolist())
    nobody = [level for level in declared if level not in found]
    if nobody:
        raise MeasureError(
            f"Nobody chose the {what} level {', '.join(nobody)}, so the test would count degrees "
            "of freedom that are not there. Leave it out, or join it to another."
        )
    strange = sorted(found - set(declared)) if declared else []
    if strange:
        raise MeasureError(
            f"The {what} level {', '.join(strange)} is not declared. Declare it, or set these "
            "answers to missing."
        )
    if len(found) < 2:
        raise MeasureError(
            f"All answers of the {what} question are equal ({', '.join(sorted(found)) or 'none'}), "
            "so it cannot go together with anything. Take a larger domain or another question."
        )
    return tuple(declared) or tuple(sorted(found))
