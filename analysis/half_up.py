"""Rounding, in one place: half-up after 12 significant digits, as printed scores are classified.

A value is first quantised to 12 significant digits, so that the order of summation never decides
a printed digit: with equal weights and 400 answers it would change a third of percentages
printed with one decimal. Half-up and not half-to-even, because that is what a reader does who
checks a page with a pocket calculator, and what the published city means do (`bands`).
"""

import math
from decimal import ROUND_HALF_UP, Decimal
from functools import cache


def quantise(value: float) -> Decimal:
    """Value with 12 significant digits.

    Raises
    ------
    ValueError
        For NaN and infinities: a caller that has no value must print a reason, not a number.
    """
    if not math.isfinite(value):
        raise ValueError(f"{value} cannot be printed; show the reason why there is no value")
    return Decimal(f"{value:.11e}")


@cache
def _unit(decimals: int) -> Decimal:
    return Decimal(1).scaleb(-decimals)


def rounded(value: float, decimals: int) -> Decimal:
    """Value rounded half-up (away from zero) after quantising; zero has no sign."""
    result = quantise(value).quantize(_unit(decimals), rounding=ROUND_HALF_UP)
    return abs(result) if result == 0 else result
