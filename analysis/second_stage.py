r"""What the second stage adds: interviews drawn within their PSU, where both stages are finite.

With m of M visitors of PSU i interviewed, the first stage's variance is increased by

.. math:: f_1 \sum_i (1 - m_i/M_i) \frac{m_i}{m_i - 1} \sum_j (z_{ij} - \bar z_i)^2,

z the interviews' scores, 0 outside the domain, and f_1 the share of the stratum's PSUs that was
drawn. A PSU with one interview of several follows the policy for lonely PSUs. Without a finite
first stage, or where f_1 is small, nearly nothing is added.

Särndal, C.-E., Swensson, B. and Wretman, J. (1992). Model Assisted Survey Sampling, ch. 4.3.
"""

import numpy as np

from analysis.design import Codes, Floats, Psus
from analysis.errors import DesignError
from analysis.moments import sums
from analysis.variance import Lonely


def has_two_stages(psus: Psus) -> bool:
    """Whether a second stage can add anything."""
    return psus.visitors is not None and bool(_share(psus).any())


def within(
    psus: Psus, psu: Codes, group: Codes, groups: int, a: Floats, b: Floats, lonely: Lonely
) -> Floats:
    """(groups, K) second-stage sums of the products of the scores `a` and `b` (n, K) of interviews.

    `psu` and `group` are (n,).

    Raises
    ------
    DesignError
        Where `lonely` is `fail` and a PSU gave one interview of several.
    """
    assert psus.interviews is not None
    share, m = _share(psus), psus.interviews
    size = max(groups, 1)
    present, pair = np.unique(psu * size + group, return_inverse=True)
    of_psu = present // size
    alone = (m == 1) & (share > 0)
    if lonely == "fail" and alone[of_psu].any():
        names = [psus.names[g] for g in np.unique(of_psu[alone[of_psu]])]
        raise DesignError(
            f"PSU {', '.join(names[:5])}{' ...' if len(names) > 5 else ''} gave one interview of "
            "several visitors, so that nothing shows how its visitors differ. Leave fpc2 out of "
            'the design, or say how such PSUs count: lonely="adjust" (on the wide side), or '
            '"certainty" (nothing is added for them).'
        )
    products = sums(pair, a * b, present.size)
    around = sums(pair, a, present.size) * sums(pair, b, present.size) / m[of_psu][:, None]
    centred = products - np.where(alone[of_psu][:, None] & (lonely == "adjust"), 0.0, around)
    factor = share * m / np.where(m > 1, m - 1, 1)
    if lonely in ("certainty", "average"):
        factor = np.where(alone, 0.0, factor)
    return sums(present % size, factor[of_psu][:, None] * centred, size)


def _share(psus: Psus) -> Floats:
    """(G,) f1 (1 - f2) of every PSU."""
    if psus.visitors is None or psus.interviews is None:
        return np.zeros(len(psus.names))
    first = (psus.drawn / psus.size)[psus.stratum]
    return np.asarray(first * (1 - psus.interviews / psus.visitors), dtype=np.float64)
