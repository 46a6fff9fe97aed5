"""Waves that asked the same PSUs again: how far their estimates move together.

A study of its own sessions never has any: a session is of one wave. A data file that brings its
design may: villages or schools that were drawn once and visited in every wave.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from analysis.assembled import CITY, parts_of
from analysis.design import Design, Floats, code
from analysis.measures import Measure
from analysis.moments import Moments, psu_moments
from analysis.scoring import measures
from analysis.variance import Means, combined, domain_means, variances
from analysis.waves import change
from pipeline.designed import bentuk_codes, index_definition
from pipeline.results import Results

Name = tuple[str, str]


@dataclass(frozen=True)
class Shared:
    """PSUs that stand in both waves, and the correlation of the waves' estimates.

    `correlations` are by domain type, domain and measure; what is not in it counts as 0.
    """

    psus: int = 0
    correlations: Mapping[tuple[str, str, Name], float] = field(default_factory=dict)


def shared(before: Results, after: Results) -> Shared:
    """What two waves of a file with a `psu` share; nothing where each drew its own.

    After a calibration the scores are residuals, which these are not: then the waves are taken as
    independent, which is on the wide side.
    """
    psu = after.study.design.psu
    if after.study.is_designed or not psu or before.weighted.empty or after.weighted.empty:
        return Shared()
    both = set(before.weighted[psu]) & set(after.weighted[psu])
    if not both or before.calibration is not None or after.calibration is not None:
        return Shared(len(both))
    if after.study.design.selection != "probability":
        return Shared(len(both))
    (old, names), (new, same) = _moments(before), _moments(after)
    if names != same:
        return Shared(len(both))
    parts = parts_of(_measures(after))
    found: dict[tuple[str, str, Name], float] = {}
    pairs = [(CITY, old.pooled(CITY), new.pooled(CITY))]
    if after.study.design.domain:
        pairs.append(("unit", old, new))
    for domain_type, one, other in pairs:
        means = [combined(domain_means(m), parts) for m in (one, other)]
        domains, rho = _correlation(*means)
        for d, domain in enumerate(domains):
            for k, (kind, name, category) in enumerate(names):
                if not category and np.isfinite(rho[d, k]):
                    found[domain_type, domain, (kind, name)] = float(rho[d, k])
    return Shared(len(both), found)


def _correlation(before: Means, after: Means) -> tuple[tuple[str, ...], Floats]:
    """(D, K) covariance of the waves over the product of their standard errors."""
    made = change(before, after, "adjust")
    sizes = [
        variances(means, "adjust")[[means.moments.domains.index(name) for name in made.domains]]
        for means in (before, after)
    ]
    with np.errstate(invalid="ignore", divide="ignore"):
        return made.domains, np.clip(made.covariance / np.sqrt(sizes[0] * sizes[1]), -1.0, 1.0)


def _measures(results: Results) -> list[Measure]:
    study = results.study
    return measures(
        results.contacts, results.instrument, index_definition(study), bentuk_codes(study)
    )


def _moments(results: Results) -> tuple[Moments, list[tuple[str, str, str]]]:
    chosen = results.study.design
    drawn = Design(
        chosen.weight or "weight", stratum="stratum", psu=chosen.psu, id="submission_id",
        selection=chosen.selection,
    )  # fmt: skip
    coded = code(results.weighted, drawn, domain="domain" if chosen.domain else "")
    asked = _measures(results)
    return psu_moments(coded, asked), [(m.type, m.name, m.category) for m in asked]
