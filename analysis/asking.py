"""Tests and models of a frame: whether two questions go together, and what explains an answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis import design as base
from analysis import plan as planning
from analysis import raoscott, reading, regression
from analysis.calibration import Calibration
from analysis.design import Coded, code, collapse, units_of_strata
from analysis.errors import DesignError, MeasureError
from analysis.measures import Measure
from analysis.predictors import predictors as read_predictors
from analysis.sampling import CalibratedDesign
from analysis.specs import Mean, Proportion
from analysis.survey import Policy, design_of, require
from analysis.variance import Lonely

Where = Sequence[bool] | NDArray[np.bool_] | None
"""(n,) in the order of the frame: the domain; None for the whole."""


def association(
    frame: reading.Frame,
    design: base.Design | CalibratedDesign,
    row: str,
    column: str,
    *,
    where: Where = None,
    lonely: Policy = "fail",
    order: Sequence[str] = (),
    unit: str = "",
    empty: Mapping[str, str] | None = None,
) -> raoscott.Association:
    """Rao and Scott's test whether two columns of codes go together, as R's `svychisq`.

    `where` is (n,) in the order of the frame: the domain. Who left one of the two unanswered is in
    neither table nor test. The covariance of the cells is that of the design: of calibration
    residuals where weights were calibrated, of both stages where it has two. `lonely`, `order`,
    `unit` and `empty` are those of `estimate`; without `unit` strata are joined in the whole.

    Raises
    ------
    SampleError
        As `raoscott.association`; where a column is absent, the design has replicate weights, or
        the sample is no probability sample.

    Examples
    --------
    >>> import pandas as pd
    >>> from analysis import Design, association
    >>> frame = pd.DataFrame({
    ...     "sesi": ["s1", "s1", "s1", "s2", "s2", "s3", "s3", "s4", "s4", "s4"],
    ...     "jk": list("LPLPLPLPLP"),
    ...     "jalur": ["loket", "daring", "loket", "loket", "loket", "daring", "daring", "daring",
    ...               "loket", "loket"],
    ... })
    >>> round(association(frame, Design(psu="sesi"), "jk", "jalur").f_p, 4)
    0.2384
    """
    data = reading.pandas(frame)
    reading.codes(data, [row, column])
    drawn = _drawn(data, design, where, lonely, order, unit, empty)
    selection = design_of(design).selection
    if selection != "probability":
        raise DesignError(
            f"The sample is one of {selection}: nobody knows how it could have come out otherwise, "
            "so there is no chance to test against. Show the shares of the table alone."
        )
    return raoscott.association(
        drawn.coded, data[row], data[column], domain=drawn.domain, lonely=drawn.lonely,
        calibration=drawn.calibration,
    )  # fmt: skip


def regress(
    frame: reading.Frame,
    design: base.Design | CalibratedDesign,
    outcome: str,
    predictors: str | Sequence[str],
    *,
    family: regression.Family = "linear",
    reference: Mapping[str, str] | None = None,
    where: Where = None,
    level: float = 0.95,
    lonely: Policy = "fail",
    order: Sequence[str] = (),
    unit: str = "",
    empty: Mapping[str, str] | None = None,
) -> regression.Regression:
    """Linear or logistic regression with the variance of the design, as R's `svyglm`.

    `predictors` are columns: numbers as they are, codes as one coefficient a level against
    `reference`. Interviews that lack an answer are left out and counted. Other arguments, and
    what the variance holds, as `association`. A sample that is no probability sample has
    coefficients and no errors.

    Raises
    ------
    SampleError
        As `regression.regress` and `predictors.predictors`.
    """
    regression.require_family(family)
    data = reading.pandas(frame)
    named = [predictors] if isinstance(predictors, str) else list(predictors)
    doubled = sorted({name for name in named if named.count(name) > 1})
    if doubled or not named:
        what = f"Predictor {', '.join(doubled)} is named twice" if doubled else "No predictor"
        raise MeasureError(
            f"{what}; nothing says which coefficient would be its own. Name at least one column, "
            "each once."
        )
    reading.codes(data, [outcome, *named])
    spec = Mean(outcome) if family == "linear" else Proportion(outcome)
    plan = planning.plan([spec], reading.codes(data, [outcome]))
    found = reading.measures(data, plan)
    if len(found) != 1:
        raise MeasureError(
            f"Column {outcome} holds codes; a regression explains a number, or a column of 0 and "
            "1. Make one of the code that is meant."
        )
    measure = Measure("", outcome, "", found[0].kind, found[0].values)
    drawn = _drawn(data, design, where, lonely, order, unit, empty, level)
    fit = regression.regress(
        drawn.coded, measure, read_predictors(data[named], reference=reference), family=family,
        domain=drawn.domain, level=level, lonely=drawn.lonely, calibration=drawn.calibration,
    )  # fmt: skip
    return fit if design_of(design).selection == "probability" else fit.without_errors()


@dataclass(frozen=True, eq=False)
class _Drawn:
    """The design of a frame as tests and models read it.

    `domain` is the one that `where` makes, `lonely` the policy left after strata were joined.
    """

    coded: Coded
    domain: str | None
    lonely: Lonely
    calibration: Calibration | None


def _drawn(
    frame: pd.DataFrame,
    design: base.Design | CalibratedDesign,
    where: Where,
    lonely: Policy,
    order: Sequence[str],
    unit: str,
    empty: Mapping[str, str] | None,
    level: float = 0.95,
) -> _Drawn:
    require(level, lonely)
    own = design_of(design)
    if getattr(own, "replicates", None) is not None:
        raise DesignError(
            "Tests and models need strata and PSUs, but the design has replicate weights, which "
            "carry them unseen. Name strata and PSUs."
        )
    if where is None:
        coded = code(frame, own, empty=empty)
        domain = None
    else:
        inside = np.asarray(where)
        if inside.shape != (len(frame),) or inside.dtype != np.bool_:
            raise DesignError(
                f"where must say True or False for each of the {len(frame)} interviews, in the "
                "order of the frame, such as frame['unit'] == 'A'."
            )
        if not inside.any():
            raise DesignError("where leaves no interview, so that nothing can be said.")
        text = np.where(inside, "inside", "outside")
        marked = frame.assign(**{"(where)": text})
        coded, domain = code(marked, own, domain="(where)", empty=empty), "inside"
    calibration = None
    if isinstance(design, CalibratedDesign):
        design.require(coded, frame)
        calibration = design.calibration
    if own.selection != "probability":  # its errors are not shown, so no stratum stops it
        return _Drawn(coded, domain, "adjust", calibration)
    if lonely != "collapse":
        return _Drawn(coded, domain, lonely, calibration)
    if coded.psus.lonely.any():
        units = code(frame, own, domain=unit, empty=empty)
        coded = replace(coded, psus=collapse(coded.psus, units_of_strata(units), order)[0])
    return _Drawn(coded, domain, "adjust", calibration)
