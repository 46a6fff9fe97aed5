"""Factors of a contrast, and the estimates that its keys name."""

from collections.abc import Mapping

import numpy as np

from analysis.errors import DesignError, MeasureError
from analysis.sample import Domains, Sample

Key = tuple[str, str] | tuple[str, str, str]
"""Domain and measure of an estimate, and its category where it has one."""


def require_named(coefficients: Mapping[str, Mapping[Key, float]]) -> None:
    """Refuse coefficients that are none before anything is computed."""
    how = "Give {name: {(domain, measure): factor}}, with the category where there is one."
    if not isinstance(coefficients, Mapping):
        raise MeasureError(f"{type(coefficients).__name__} is no table of contrasts. {how}")
    if not coefficients:
        raise MeasureError(f"No contrast is asked for. {how}")
    for name, own in coefficients.items():
        if not isinstance(own, Mapping):
            raise MeasureError(
                f"Contrast {name} is {type(own).__name__}, which gives its estimates no factor. "
                f"{how}"
            )
        if not own:
            raise MeasureError(f"Contrast {name} names no estimate. {how}")
        for key, factor in own.items():
            texts = isinstance(key, tuple) and all(isinstance(part, str) for part in key)
            if not texts or len(key) not in (2, 3):
                raise MeasureError(
                    f"Contrast {name}: {key!r} names no estimate; it takes two texts, or three. "
                    f"{how}"
                )
            number = isinstance(factor, int | float | np.integer | np.floating)
            if not number or not np.isfinite(factor):
                raise MeasureError(
                    f"Contrast {name}: the factor of {' '.join(key)} is no finite number. {how}"
                )


def cells_of(
    sample: Sample, of: Domains, name: str, own: Mapping[Key, float]
) -> dict[tuple[int, int], float]:
    """Positions of the estimates that a contrast names."""
    domains, found = of.moments.domains, {}
    for key, factor in own.items():
        domain, measure, *category = key
        if domain not in domains:
            raise DesignError(
                f"Contrast {name}: there is no domain {domain}; there are "
                f"{', '.join(domains[:10])}. Write it as the table of estimate prints it."
            )
        rows = [
            k for k, row in enumerate(sample.plan.rows)
            if row.name == measure and (not category or row.category == category[0])
        ]  # fmt: skip
        if len(rows) != 1 or sample.plan.rows[rows[0]].kind == "quantile":
            what = f"{measure} {' '.join(category)}".strip()
            why = "a quantile, which has no scores" if len(rows) == 1 else f"{len(rows)} rows"
            raise MeasureError(
                f"Contrast {name}: {what} is {why} of the table; a contrast needs one mean, "
                "proportion, total, ratio or index. Name it with its category."
            )
        found[domains.index(domain), rows[0]] = float(factor)
    return found
