"""Pure statistics: from a sample and its design to numbers that may be printed.

For notebooks (docs/api.md has the guide):

    from analysis import Design, Mean, Proportion, Total, Ratio, Quantile, Index, estimate

These names are looked up when they are first used, so that a command that only needs an error
starts at once. All modules, by what they are for:

sample
    errors, instrument, measures, answers, columns, design, sampling, same_frame, reading, sample
public API
    specs, arguments, plan, centring, survey, comparing, coefficients, flagged, asking,
    interval_choice
weights
    weights, weight_plan, weight_counts, weight_classes, weight_diagnostics, weight_persons,
    weight_sensitivity, outcomes
calibration
    margins, given_margins, auxiliaries, cells, raking, distances, newton, feasibility, trimming,
    calibration, calibration_plan, partial_margins, calibration_report,
    calibrated
sums
    kernel, laid, moments, cell_moments, rollups
estimators
    estimators, totals, ratios, quantiles, woodruff, cubes, contrasts, waves, raoscott,
    predictors, regression, scoring
variance
    variance, taylor, second_stage, linearised, varying, spreads, cut_again, adding, twoway,
    workloads, interviewers, shared_enumerators
replicates
    replicates, quotients, moving, jackknife, bootstrap, given_replicates, recalibrating,
    reraking, raked_parts, raked_jackknife
intervals and publication
    intervals, clustering, precision, open_scale, blocks, judged, complement, publication, rounding,
    tidy
disclosure control
    disclosure, disclosed, concealing
study
    estimates, assembled, comparison, ranks, alike, case_mix, confidence, side_by_side,
    by_hand
findings
    own_contrasts, peer_gaps, associations, findings, sessions_needed,
    settling
waves and issues
    changes, comparable, moved, revised
published scores of others
    bands, half_up
small units
    smoothed, area_scales, fay_herriot, small_areas, small_units
simulation
    simulation, answer_model
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.asking import association as association
    from analysis.asking import regress as regress
    from analysis.comparing import change as change
    from analysis.comparing import contrast as contrast
    from analysis.errors import SampleError as SampleError
    from analysis.given_replicates import GivenReplicates as GivenReplicates
    from analysis.publication import Rules as Rules
    from analysis.publication import publish as publish
    from analysis.sampling import CalibratedDesign as CalibratedDesign
    from analysis.sampling import Design as Design
    from analysis.specs import Index as Index
    from analysis.specs import Mean as Mean
    from analysis.specs import Proportion as Proportion
    from analysis.specs import Quantile as Quantile
    from analysis.specs import Ratio as Ratio
    from analysis.specs import Total as Total
    from analysis.survey import estimate as estimate

_HOMES = {
    "CalibratedDesign": "sampling",
    "Design": "sampling",
    "GivenReplicates": "given_replicates",
    "Index": "specs",
    "Mean": "specs",
    "Proportion": "specs",
    "Quantile": "specs",
    "Ratio": "specs",
    "Rules": "publication",
    "SampleError": "errors",
    "Total": "specs",
    "association": "asking",
    "change": "comparing",
    "contrast": "comparing",
    "estimate": "survey",
    "publish": "publication",
    "regress": "asking",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
