"""A measure: one number per interview that an estimate is made of."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["mean", "proportion", "total", "ratio", "quantile"]
"""What is estimated; what is summed is of the first two."""


@dataclass(frozen=True, eq=False)
class Measure:
    """What is estimated, and its value for every interview.

    `values` is (n,) in the order of the interviews' frame and in the unit of the measure;
    NaN where the question was not asked or not answered, so that each measure has its own
    base. `low` and `high` are the ends of its scale: 0 and 1 for a proportion, whose values
    are 0 and 1; 0 and 100 for an index.

    A composite names in `combines` the measures, by (type, name), whose estimates it adds up with
    a factor each. Its estimate is exactly that sum, so that a reader can check it with the
    printed parts; its `values` (the composite of each respondent who answered enough of it) give
    only its base and its spread.
    """

    type: str
    name: str
    category: str
    kind: Kind
    values: NDArray[np.float64]
    low: float = 0.0
    high: float = 1.0
    index_version: str = ""
    combines: tuple[tuple[tuple[str, str], float], ...] = ()
