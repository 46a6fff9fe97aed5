"""Answers made ready for the sums: one measure for each choice, and no infinite number.

A missing answer is NaN and leaves the base of its measure; nothing else is dropped here, and
nothing silently.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.errors import MeasureError
from analysis.measures import Measure

LARGEST = 1e100
"""Beyond it, the square of an answer times its weight may leave the range of a float."""
SMALLEST = 1e-80
"""Where no answer is larger, squares of answers lose digits or become 0."""


def one_per_choice(
    type: str, name: str, codes: "pd.Series[str]", choices: Sequence[str]
) -> list[Measure]:
    """Proportions of a question with several choices: a measure of zeros and ones for each.

    `codes` is (n,) in the order of the interviews' frame, missing or empty where there is no
    answer. Choices that nobody took stay, with a proportion of 0: that is a finding. The sums of
    one pass hold the covariances between the choices.

    Raises
    ------
    MeasureError
        Where an answer is none of the choices, a choice is declared twice, or nobody answered.
    """
    doubled = sorted({choice for choice in choices if list(choices).count(choice) > 1})
    if doubled:
        raise MeasureError(
            f"Question {name} declares the choice {', '.join(doubled)} twice; its answers would "
            "count twice. Keep one of each."
        )
    text = texts(codes)
    answered = text != ""
    strange = answered & ~np.isin(text, list(choices))
    if strange.any():
        raise MeasureError(
            f"Question {name}: {', '.join(sorted(set(text[strange].tolist()))[:5])} in "
            f"{_rows(strange)} is none of its choices, so the proportions would not add up to 1. "
            "Declare the choice, or correct the answers."
        )
    if not answered.any():
        raise MeasureError(
            f"Question {name}: nobody answered, so there is nothing to estimate. Check the name "
            "of the column, or leave the question out."
        )
    return [
        Measure(
            type, name, choice, "proportion",
            np.where(answered, (text == choice).astype(np.float64), np.nan),
        )
        for choice in choices
    ]  # fmt: skip


def texts(codes: "pd.Series[str]") -> NDArray[np.str_]:
    """(n,) codes as text, empty where there is none."""
    return codes.astype(object).where(codes.notna(), "").astype(str).to_numpy(dtype=np.str_)


def require_finite(measures: Sequence[Measure]) -> None:
    """Refuse answers that are infinite, or whose sums of squares leave the range of a float.

    Raises
    ------
    MeasureError
        Naming the measure and the rows, counted from 1.
    """
    for measure in measures:
        for bad, what in (
            (np.isinf(measure.values), "is infinite"),
            (np.abs(measure.values) > LARGEST, "overflows the sums"),
        ):
            if bad.any():
                raise MeasureError(
                    f"Measure {measure.name}: the answer {what} in {_rows(bad)}; one such row "
                    "decides every total. Correct it, or set it to missing."
                )
        largest = np.abs(measure.values).max(initial=0.0, where=~np.isnan(measure.values))
        if 0 < largest < SMALLEST:
            raise MeasureError(
                f"Measure {measure.name}: no answer is larger than {SMALLEST:g}, so their squares "
                "vanish and the standard error would be wrong. Give the column in a larger unit."
            )


def _rows(bad: NDArray[np.bool_]) -> str:
    at = np.flatnonzero(bad) + 1
    more = f" and {at.size - 5} more" if at.size > 5 else ""
    return f"row{'s' if at.size > 1 else ''} {', '.join(map(str, at[:5]))}{more}"
