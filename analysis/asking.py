"""Tests and models of a frame: whether two questions go together, and what explains an answer."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis import design as base
from analysis import plan as planning
from analysis import raoscott, reading, regression
from analysis.design import Coded, code
from analysis.errors import DesignError, MeasureError
from analysis.measures import Measure
from analysis.predictors import predictors as read_predictors
from analysis.sampling import CalibratedDesign, Design
from analysis.specs import Mean, Proportion
from analysis.variance import Lonely


def association(
    frame: reading.Frame,
    design: base.Design | CalibratedDesign,
    row: str,
    column: str,
    *,
    where: Sequence[bool] | NDArray[np.bool_] | None = None,
    lonely: Lonely = "fail",
) -> raoscott.Association:
    """Rao and Scott's test whether two columns of codes go together, as R's `svychisq`.

    `where` is (n,) in the order of the frame: the domain. Who left one of the two unanswered is in
    neither table nor test. Calibrated weights are taken as given: the covariance of the cells is
    then on the wide side where the margins explain the answers.

    Raises
    ------
    SampleError
        As `raoscott.association`; where a column is absent or the design has replicate weights.
    """
    data = reading.pandas(frame)
    reading.codes(data, [row, column])
    coded, domain = _coded(data, design, where)
    return raoscott.association(coded, data[row], data[column], domain=domain, lonely=lonely)


def regress(
    frame: reading.Frame,
    design: base.Design | CalibratedDesign,
    outcome: str,
    predictors: str | Sequence[str],
    *,
    family: regression.Family = "linear",
    reference: Mapping[str, str] | None = None,
    where: Sequence[bool] | NDArray[np.bool_] | None = None,
    level: float = 0.95,
    lonely: Lonely = "fail",
) -> regression.Regression:
    """Linear or logistic regression with the variance of the design, as R's `svyglm`.

    `predictors` are columns: numbers as they are, codes as one coefficient a level against
    `reference`. Interviews that lack an answer are left out and counted. Other arguments as
    `association`.

    Raises
    ------
    SampleError
        As `regression.regress` and `predictors.predictors`.
    """
    data = reading.pandas(frame)
    named = [predictors] if isinstance(predictors, str) else list(predictors)
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
    coded, domain = _coded(data, design, where)
    return regression.regress(
        coded, measure, read_predictors(data[named], reference=reference), family=family,
        domain=domain, level=level, lonely=lonely,
    )  # fmt: skip


def _coded(
    frame: pd.DataFrame,
    design: base.Design | CalibratedDesign,
    where: Sequence[bool] | NDArray[np.bool_] | None,
) -> tuple[Coded, str | None]:
    """The design of the frame, and the name of the domain that `where` makes."""
    own = design.design if isinstance(design, CalibratedDesign) else design
    if (isinstance(own, Design) and own.replicates is not None) or own.fpc2:
        raise DesignError(
            "Tests and models need strata and PSUs of one stage. Name them, without replicate "
            "weights or fpc2."
        )
    if where is None:
        coded = code(frame, own)
        domain = None
    else:
        inside = np.asarray(where)
        if inside.shape != (len(frame),) or inside.dtype != np.bool_:
            raise DesignError(
                f"where must say True or False for each of the {len(frame)} interviews, in the "
                "order of the frame, such as frame['unit'] == 'A'."
            )
        text = np.where(inside, "inside", "outside")
        coded, domain = code(frame.assign(**{"(where)": text}), own, domain="(where)"), "inside"
        if not inside.any():
            raise DesignError("where leaves no interview, so that nothing can be said.")
    if isinstance(design, CalibratedDesign):
        design.require(coded)
        coded = design.calibration.final(coded)
    return coded, domain
