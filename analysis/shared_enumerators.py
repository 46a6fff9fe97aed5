r"""Enumerators who work in several units: what their effects have in common in the units' means.

An enumerator with the effect b, of variance :math:`\sigma_b^2`, moves the means of units u and v
by :math:`t_{eu} b` and :math:`t_{ev} b`, t his shares of their weights. So the means have the
covariance

.. math:: \sigma_b^2 \sum_e t_{eu} t_{ev},

whoever else works there. In a difference it goes: enumerators who ask in both units make both high
or both low. :math:`\sigma_b^2` of a unit is what its enumerators add to its variance over what
effects of variance 1 would add (`workloads.unseen`); of two units it is the geometric mean.

Kish, L. (1962). Studies of interviewer variance for attitudinal variables. JASA, 57, 92-115.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy import sparse

from analysis.design import Floats
from analysis.interviewers import Interviewers, Raised
from analysis.kernel import Described
from analysis.workloads import each_domain, shares, unseen

Shared = Mapping[tuple[str, str], sparse.csr_array]
"""By (measure_type, measure) the (D, D) parts of enumerators in the units' variances, relative to
their standard errors: on the diagonal the share of each unit's own, elsewhere correlations."""


def shared_enumerators(
    who: Interviewers, raised: Raised, se: Floats, measures: Sequence[Described]
) -> Shared | None:
    """Parts of enumerators in the variances and covariances of all units that may be compared.

    Parameters
    ----------
    raised
        What enumerators add to the units: `who.units()`.
    se
        (D, K) standard errors that are printed, with that in them.

    Returns
    -------
    dict or None
        None where no enumerator works in two units: the units are then independent.
    """
    worked, parts = who.worked, each_domain(who.worked)
    people, units = int(worked.who.max(initial=-1)) + 1, len(worked.domains)
    pairs = np.unique(worked.who * max(units, 1) + worked.domain)
    if pairs.size == np.unique(worked.who).size:
        return None
    weight = worked.cells.weight
    # One column where all measures have the same answers missing.
    effect = np.broadcast_to(unseen(worked, who.psus, weight, parts, "adjust"), se.shape)
    u = np.broadcast_to(shares(weight, parts), weight.shape)
    found: dict[tuple[str, str], sparse.csr_array] = {}
    for k, measure in enumerate(measures):
        if measure.category:
            continue
        with np.errstate(invalid="ignore", divide="ignore"):
            sd = np.sqrt(raised.added[:, k] / effect[:, k]) / se[:, k]
            own = raised.added[:, k] / se[:, k] ** 2
        sd, own = (np.where(np.isfinite(a), a, 0.0) for a in (sd, own))
        t = sparse.coo_array((u[:, k], (worked.domain, worked.who)), shape=(units, people)).tocsr()
        t = sparse.diags_array(sd) @ t
        common = (t @ t.T).tocsr()
        found[measure.type, measure.name] = (
            common - sparse.diags_array(common.diagonal()) + sparse.diags_array(own)
        ).tocsr()
    return found
