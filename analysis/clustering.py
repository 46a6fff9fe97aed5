r"""What a sample cannot show: how a rare answer clusters in sessions.

A share of 2 % in eight sessions is a handful of events in two or three of them. Whether they came
together because a counter was closed that morning, or by chance, cannot be told from them; and a
sample that by luck met few events also finds few differences between sessions, so that its
interval is short just when the share is too low (docs/coverage.md). Two numbers say how much was
seen of a share, each an effective number of PSUs as Kish's n is one of interviews:

.. math:: k_w = (\sum_g w_g)^2 / \sum_g w_g^2, \quad
          k = \min_{a \in \{y, 1-y\}} (\sum_g w_g a_g)^2 / \sum_g (w_g a_g)^2,

the sums over PSUs, :math:`w_g a_g` the weight of the answers y, or of their opposite. Where a share
is `RARE` and k is below `SEEN` of k_w, it is held by a part of the sessions only; its variance is
then at least that of sessions with the intraclass correlation `ICC`, Kish's 1 + (b - 1) ICC with b
the interviews of a session as an interview sees them. ICC is an assumption, and marked wherever it
decides.

Kish, L. (1965). Survey Sampling. Wiley. §5.4 (1 + (b - 1) roh) and §11.7 (effective numbers).
"""

import numpy as np
from numpy.typing import NDArray

from analysis.design import Floats
from analysis.moments import Moments, narrow, sums, sums_of

Claims = NDArray[np.bool_]

ICC = 0.07
"""Intraclass correlation of sessions that is assumed for a share whose clustering was not seen: the
least with which no cell of the coverage study falls under 92 % (decision 0016)."""
SEEN = 0.75
"""Part of the sessions, in effective numbers, that must hold an answer, and its opposite."""
RARE = 0.25
"""Share below which, or above one minus which, all this is asked. Between them answers and their
opposites are many, and differences between sessions show."""
ROUNDING = 1e-9


def assumed_deff(moments: Moments, of: Claims) -> Floats:
    """(D, K) design effect of sessions to be assumed; 1 where the sample shows it, or none is due.

    `of` (K,) are the measures that are proportions.
    """
    m, size = moments, len(moments.domains)
    found = np.ones((size, of.size))
    at = np.flatnonzero(of)
    if not at.size or not size:
        return found
    alike = narrow(m.weight).shape[1] == 1 and narrow(m.n).shape[1] == 1
    columns = slice(0, 1) if alike else at
    weight, n, k = m.weight[:, columns], m.n[:, columns], at.size
    together = at[-1] - at[0] == k - 1
    columns_of = slice(at[0], at[-1] + 1) if together else at
    n_of_domain, of_domain, _, events, _ = m.by_domain

    def made(rows: slice, out: Floats) -> None:
        own = m.value[rows, columns_of]
        np.multiply(own, own, out=out[:, :k])
        np.multiply(own, weight[rows], out=out[:, k:])

    with np.errstate(invalid="ignore", divide="ignore"):
        whole, squares = of_domain[:, columns], sums(m.domain, weight**2, size)
        a = events[:, columns_of]
        a2, product = np.split(sums_of(m.domain, size, 2 * k, made), 2, axis=1)
        opposite = whole - a
        # Where all are events, rounding may leave something of their opposite.
        some = opposite > ROUNDING * whole
        held = np.where(some, opposite**2 / (squares - 2 * product + a2), 0.0)
        seen = np.minimum(np.where(a > 0, a**2 / a2, 0.0), held)
        rare = np.minimum(a, opposite) < RARE * whole
        few = rare & (seen < SEEN * (1 - ROUNDING) * whole**2 / squares)
        interviews = sums(m.domain, n**2, size) / n_of_domain[:, columns]
        deff = 1 + np.maximum(interviews - 1, 0.0) * ICC
    found[:, at] = np.where(few, deff, 1.0)
    return found
