"""Distance functions of calibration: from the linear predictor of a cell to its factor.

A calibrated weight is the base weight times F(u), u the sum of one number for each level the
interview has. F is 1 + u for the linear method (GREG), exp(u) for raking, a logistic curve
between two bounds for logit. Bounds cut the first two off; the third bends towards them.

Deville, J.-C. and Särndal, C.-E. (1992). Calibration estimators in survey sampling. JASA, 87,
376-382 (their cases 1, 2, 6 and 7).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analysis.errors import CalibrationError

Floats = NDArray[np.float64]
Method = Literal["linear", "raking", "logit"]
METHODS = ("linear", "raking", "logit")

LARGEST = 300.0
"""Of the exponent; beyond it a factor is no number, and a step too long."""


@dataclass(frozen=True)
class Distance:
    """A method and its bounds on the factor; 0 < low < 1 < high for logit, else low < 1 < high.

    Raises
    ------
    CalibrationError
        Bounds that no factor of 1 lies between, an unknown method, logit without bounds.
    """

    method: str
    low: float = -np.inf
    high: float = np.inf

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise CalibrationError(
                f"Calibration by {self.method!r} is not known; there are {', '.join(METHODS)}."
            )
        if not self.low < 1 < self.high:
            raise CalibrationError(
                f"Factors between {self.low:g} and {self.high:g} leave no weight as it is; bounds "
                "must lie on both sides of 1, such as 0.3 and 3."
            )
        if self.method == "logit" and not (np.isfinite(self.low) and np.isfinite(self.high)):
            raise CalibrationError(
                "Logit calibration bends between two finite bounds; give both, such as 0.3 and 3."
            )

    @property
    def free_raking(self) -> bool:
        """Whether this is raking without bounds, which proportional fitting does."""
        return self.method == "raking" and np.isinf(self.low) and np.isinf(self.high)

    def factor(self, u: Floats) -> Floats:
        """F(u); F(0) = 1."""
        if self.method == "logit":
            up = self._odds(u)
            return np.asarray(
                (self.low * (self.high - 1) + self.high * up) / (self.high - 1 + up),
                dtype=np.float64,
            )
        free = 1 + u if self.method == "linear" else np.exp(np.clip(u, -LARGEST, LARGEST))
        return np.clip(free, self.low, self.high)

    def slope(self, u: Floats) -> Floats:
        """F'(u); 1 at 0, 0 where a bound cuts off."""
        if self.method == "logit":
            up, span = self._odds(u), self.high - self.low
            # dF/d(up) = (U-1)(U-L) / (U-1+up)^2, and d(up)/du = A up.
            bent = (self.high - 1) * span / (self.high - 1 + up) ** 2
            return np.asarray(bent * self._rate() * up, dtype=np.float64)
        free = 1 + u if self.method == "linear" else np.exp(np.clip(u, -LARGEST, LARGEST))
        steep = np.ones_like(u) if self.method == "linear" else free
        return np.where((free > self.low) & (free < self.high), steep, 0.0)

    def _rate(self) -> float:
        return (self.high - self.low) / ((1 - self.low) * (self.high - 1))

    def _odds(self, u: Floats) -> Floats:
        return np.asarray(
            (1 - self.low) * np.exp(np.clip(self._rate() * u, -LARGEST, LARGEST)), dtype=np.float64
        )
