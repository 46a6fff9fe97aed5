"""Numbers as they are printed: to 12 significant digits, so that no last bit decides one."""

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Claims = NDArray[np.bool_]

SIGNIFICANT = 12
_TENS = np.array([float(f"1e{power}") for power in range(23)])
_LEAST, _MOST = -10, 15
"""Powers of ten between which numbers are rounded by scaling."""
_AT_ONCE = 1 << 13
"""Numbers rounded at a time: few enough to stay near the processor."""
_TEN_FROM = np.array([float(f"1e{power}") for power in range(_LEAST, _MOST + 2)])
_UP = np.array([_TENS[max(SIGNIFICANT - 1 - p, 0)] for p in range(_LEAST, _MOST + 1)])
_DOWN = np.array([_TENS[max(p - SIGNIFICANT + 1, 0)] for p in range(_LEAST, _MOST + 1)])
_TWO_FIRST = 1023 + math.frexp(_TEN_FROM[0])[1]
"""Biased exponent of the first power of two above the least power of ten."""
_TEN_BELOW = np.array(
    [np.searchsorted(_TEN_FROM, 2.0 ** (two - 1023), side="right") - 1
     for two in range(_TWO_FIRST, 1023 + 51)], dtype=np.intp,
)  # fmt: skip
"""Place of the power of ten at or below each power of two."""
_NEXT_TEN = _TEN_FROM[_TEN_BELOW + 1]
_WHOLE = SIGNIFICANT - 1 - _LEAST
"""Place of the last power of ten that leaves digits behind the point."""
CLEAR = 0.4997
"""Distance to the next whole number below which rounding goes to it for sure."""


def quantise(values: Floats, hidden: Claims | None = None) -> Floats:
    """Round to 12 significant digits, as printing them and reading them again would.

    Those that are `hidden` become NaN. Most values are scaled to a whole number and back: both
    steps are exact or correctly rounded while the power of ten is a float, which it is up to
    10^22. Values that lie near the middle of two neighbours, and very small or large ones, are
    printed.
    """
    found = np.array(values, dtype=np.float64)
    flat = found.reshape(-1)  # a view: `found` lies row by row
    if hidden is not None:
        flat[hidden.reshape(-1)] = np.nan
    for start in range(0, flat.size, _AT_ONCE):
        _quantise(flat[start : start + _AT_ONCE])
    return found


def _quantise(found: Floats) -> None:
    """As `quantise`, in place."""
    whole = float(found[0]).is_integer() and bool((np.rint(found) == found).all())
    if whole and np.abs(found).max() < _TENS[SIGNIFICANT]:
        return  # counts and degrees of freedom have their digits already
    size = np.abs(found)
    quick: Claims | None = None  # all of them, mostly
    if not (size.min() >= 1e-9 and size.max() < 1e15):
        quick = (size >= 1e-9) & (size < 1e15)
        np.copyto(size, 1.0, where=~quick)
    # The power of two says which of two powers of ten a number lies above.
    two = size.view(np.int64) >> 52
    two -= _TWO_FIRST
    place = _TEN_BELOW.take(two)
    place += size >= _NEXT_TEN.take(two)
    up = _UP.take(place)
    large = int(place.max()) > _WHOLE
    size *= up
    if large:
        down = _DOWN.take(place)  # one of the two is 1
        size /= down
    digits = np.rint(size)
    size -= digits
    off = np.abs(size, out=size)
    least, most = _TENS[SIGNIFICANT - 1], _TENS[SIGNIFICANT]
    # Powers below 1 are no exact floats, and products err by a ten thousandth of the last digit.
    if not (off.max() < CLEAR and digits.min() >= least and digits.max() < most):
        clear = (off < CLEAR) & (digits >= least) & (digits < most)
        quick = clear if quick is None else quick & clear
    digits /= up
    if large:
        digits *= down
    if quick is None:
        np.copysign(digits, found, out=found)
        return
    np.copysign(digits, found, out=digits)
    np.copyto(found, digits, where=quick)
    left = ~quick & np.isfinite(found) & (found != 0)
    form = f"%.{SIGNIFICANT - 1}e"
    found[left] = [float(form % value) for value in found[left].tolist()]
    found[np.isnan(found)] = np.nan  # one kind of NaN, whatever its sign was
