r"""Covariances of estimates from the scores of interviews, where PSU sums are not enough.

An estimate's linearisation gives every interview a score u, 0 outside the domain. After
calibration the interview's part of the variance is the residual on the margins, weighted by the
final weight w,

.. math:: w_i (u_i - x_i' B), \quad B = (\sum d x x')^{-} \sum d x u,

with d the base weight (`analysis.calibrated`); interviews outside the domain have one too, for the
margins tie all together. In a design of two stages what interviews of one PSU differ by is added
(`analysis.second_stage`), after calibration of the residuals.

Deville, J.-C. and Särndal, C.-E. (1992). Calibration estimators in survey sampling. JASA, 87,
376-382.
"""

import numpy as np
from numpy.typing import NDArray

from analysis.calibrated import ROUNDING, bread, level_matrix
from analysis.calibration import Calibration
from analysis.cells import summed
from analysis.contrasts import covariance_of
from analysis.design import Coded, Floats
from analysis.moments import sums
from analysis.second_stage import has_two_stages, within
from analysis.variance import Lonely


def covariance(
    coded: Coded,
    scores: Floats,
    held: NDArray[np.bool_],
    lonely: Lonely = "fail",
    calibration: Calibration | None = None,
) -> Floats:
    """(Q, Q) covariance of Q estimates from the scores (n, Q) of interviews.

    `scores` are in the order of `coded`, before weighting and 0 where `held` (n,) is False: the
    interviews that the estimates are of. Without calibration their PSUs alone are looked at for
    a lonely one, as R's `subset` does. With `calibration` `coded` has its final weights; variances
    that the margins leave nothing of are 0.

    Raises
    ------
    LonelyPSUError
        Where `lonely` is `fail` and a stratum with such interviews has a single PSU.
    DesignError
        From `second_stage.within`.
    """
    weighted = coded.weight[:, None] * scores
    if calibration is None:
        return _covariance(coded, weighted, held, lonely)
    everyone = np.ones_like(held)
    rest = coded.weight[:, None] * (scores - _explained(calibration, scores))
    found = _covariance(coded, rest, everyone, lonely)
    plain = (sums(coded.psu, weighted, len(coded.psus.names)) ** 2).sum(axis=0)
    nothing = np.diag(found) <= ROUNDING * plain
    return np.where(nothing[:, None] | nothing[None], 0.0, found)


def _explained(c: Calibration, scores: Floats) -> Floats:
    """(n, Q) what the margins explain of the scores."""
    design = level_matrix(c.cells)
    inverse = bread(c.cells, summed(c.cell, c.base, c.cells.size), design)
    b = inverse @ (design.T @ sums(c.cell, c.base[:, None] * scores, c.cells.size))
    return np.asarray((design @ b)[c.cell], dtype=np.float64)


def _covariance(coded: Coded, z: Floats, held: NDArray[np.bool_], lonely: Lonely) -> Floats:
    """(Q, Q) from weighted scores, over the PSUs of the interviews that are held."""
    psus = coded.psus
    own = np.unique(coded.psu[held])
    out = covariance_of(psus, own, sums(coded.psu, z, len(psus.names))[own], lonely)
    if has_two_stages(psus):
        psu, z = coded.psu[held], z[held]
        one = np.zeros_like(psu)
        for q in range(z.shape[1]):  # a row at a time: interviews are many, pairs more so
            added = within(psus, psu, one, 1, z[:, [q]], z[:, q:], lonely)[0]
            out[q, q:] += added
            out[q + 1 :, q] += added[1:]
    return out
