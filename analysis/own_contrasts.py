"""An indicator against the other indicators of the same unit, as a measure like any other.

The difference is that of the printed values: a composite with the factor 1 for the indicator and
-1 / (K - 1) for each of the other K - 1. So its variance comes from the same sessions, weights
and replicates, with every covariance between indicators of the same people in it.
"""

from collections.abc import Sequence

import numpy as np

from analysis.measures import Measure

OWN = "dibanding_sendiri"
"""Type of these measures; they stand beside the estimates and are no estimates that are printed."""

LEAST = 3
"""Indicators from which one can be held against the others: of two, each is the other's mirror."""


def own_contrasts(indicators: Sequence[Measure]) -> list[Measure]:
    """One measure an indicator: its mean less the plain mean of the others', in points.

    `indicators` are scores of one scale, asked in the same interviews. Empty where there are
    fewer than `LEAST`. Values are (n,), of those who answered every indicator; they give only the
    base and the spread, as in every composite.
    """
    size = len(indicators)
    if size < LEAST:
        return []
    each = np.stack([m.values for m in indicators])
    total = each.sum(axis=0)
    span = indicators[0].high - indicators[0].low
    return [
        Measure(
            OWN, own.name, "", "mean", (size * own.values - total) / (size - 1), -span, span,
            own.index_version,
            tuple(
                ((m.type, m.name), 1.0 if m is own else -1.0 / (size - 1)) for m in indicators
            ),
        )
        for own in indicators
    ]  # fmt: skip
