"""What is to be estimated: one small value for each question, made of names of columns.

A spec says nothing of a sample; the same one serves a frame in memory, Parquet files and Spark.
`low` and `high` are the ends of the scale of a mean. With both, its interval stays between them
and can be called wide; without, it is the plain t interval.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from analysis.errors import MeasureError


@dataclass(frozen=True)
class Mean:
    """Mean of a column of numbers on a scale from `low` to `high`, in its unit."""

    column: str
    low: float = -np.inf
    high: float = np.inf
    type: str = field(default="", kw_only=True)
    category: str = field(default="", kw_only=True)
    index_version: str = field(default="", kw_only=True)


@dataclass(frozen=True)
class Proportion:
    """Share of ones in a column of 0/1 (or bool), or of each code in a column of codes.

    A column of texts, or any column with `categories`, gives one row for each category, also for
    those that nobody chose; a code that is not among them is an error.
    """

    column: str
    categories: Sequence[str] | None = None
    type: str = field(default="", kw_only=True)
    category: str = field(default="", kw_only=True)
    index_version: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        if self.categories is None:
            return
        names = tuple(map(str, self.categories))
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled or not names:
            what = f"names {', '.join(doubled)} twice" if doubled else "names no category"
            raise MeasureError(
                f"Proportion of {self.column} {what}; its shares would not add up to 1. Give each "
                "code once."
            )
        object.__setattr__(self, "categories", names)


@dataclass(frozen=True)
class Total:
    """Sum of a column over the population: weights must be on its scale (not normalised).

    Who did not answer adds nothing.
    """

    column: str
    type: str = field(default="", kw_only=True)


@dataclass(frozen=True)
class Ratio:
    """Total of one column over the total of another, among those who answered both."""

    numerator: str
    denominator: str
    type: str = field(default="", kw_only=True)

    @property
    def name(self) -> str:
        """Such as `fee / visits`."""
        return f"{self.numerator} / {self.denominator}"


@dataclass(frozen=True)
class Quantile:
    """Quantiles of a column at probabilities `p`, with Woodruff's interval; one row for each."""

    column: str
    p: float | Sequence[float] = 0.5
    type: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        given = (self.p,) if isinstance(self.p, int | float) else tuple(self.p)
        if not given or any(not 0 < p < 1 for p in given) or len(set(given)) < len(given):
            raise MeasureError(
                f"Quantile of {self.column} at {', '.join(f'{p:g}' for p in given) or 'no p'}: a "
                "quantile needs probabilities between 0 and 1, without the ends, each once."
            )
        object.__setattr__(self, "p", given)

    @property
    def probabilities(self) -> tuple[float, ...]:
        """Those asked for, as given."""
        return (self.p,) if isinstance(self.p, int | float) else tuple(self.p)


@dataclass(frozen=True)
class Index:
    """A composite: the sum of the means of columns, each times its factor.

    Every part has its own base; the variance holds all their covariances. `column` may hold the
    composite of each respondent (it gives the base and the spread); without it, those who answered
    every part do.
    """

    name: str
    parts: Mapping[str, float]
    low: float = 0.0
    high: float = 100.0
    column: str = ""
    type: str = field(default="", kw_only=True)
    index_version: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        if not self.parts or not all(np.isfinite(f) for f in self.parts.values()):
            raise MeasureError(
                f"Index {self.name} needs at least one part, each with a finite factor. Name the "
                "columns that it adds up."
            )


Spec = Mean | Proportion | Total | Ratio | Quantile | Index
