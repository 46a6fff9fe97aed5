"""Rows added to the sums of their cells, one after the other.

The chain of additions of a sum is that of `np.bincount`: its terms in the order of the rows, no
other. Here the sums of all columns of a row grow side by side, so that the processor does not
wait for one addition before the next.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Codes = NDArray[np.intp]
Floats = NDArray[np.float64]

try:
    # The loop behind `csc_array @ array`. It adds to what stands in its last argument; the
    # public product begins with zeros, and earlier sums have to be handed to it as rows.
    from scipy.sparse import _sparsetools

    _in_place: Callable[..., Any] | None = _sparsetools.csc_matvecs
except (ImportError, AttributeError):  # a scipy that hides it: slower, with the same bits
    _in_place = None


def _fuses() -> bool:
    """Whether that loop adds a product without rounding it first, as some processors can.

    Sums would then differ from those of other processors in the last bits.
    """
    if _in_place is None:
        return True
    near_one, total = np.array([1 + 2.0**-30]), np.array([-(1 + 2.0**-29)])
    none, ends = np.zeros(1, dtype=np.intp), np.arange(2, dtype=np.intp)
    _in_place(1, 1, 1, ends, none, near_one, near_one, total)
    return bool(total[0] != 0)


_FUSES = _fuses()


def add_rows(sums: Floats, codes: Codes, rows: Floats, weight: Floats | None = None) -> None:
    """Add (n, T) `rows` to the (C, T) `sums` in place: row i to `sums[codes[i]]`, in their order.

    With a `weight` (n,) row i is multiplied by its own before it is added; the products are
    rounded as everywhere.

    Raises
    ------
    IndexError
        Where a code is not a place in `sums`, or arrays do not lie row by row in memory.
    """
    n, columns = rows.shape
    if not n:
        return
    fit = sums.flags.c_contiguous and rows.flags.c_contiguous and codes.shape == (n,)
    if not fit or codes.min() < 0 or codes.max() >= len(sums):
        raise IndexError("add_rows takes a code for each row, below the number of sums")
    if weight is not None and _FUSES:
        rows, weight = rows * weight[:, None], None
    factor = np.ones(n) if weight is None else np.ascontiguousarray(weight, dtype=np.float64)
    ends = np.arange(n + 1, dtype=np.intp)
    if _in_place is not None:
        # raveled, not copied: both lie row by row
        _in_place(len(sums), n, columns, ends, codes, factor, rows.ravel(), sums.reshape(-1))
        return
    touched, local = np.unique(codes, return_inverse=True)
    so_far = touched.size
    both = np.concatenate([sums[touched], rows])
    place = np.concatenate([np.arange(so_far), local])
    ends, ones = np.arange(so_far + n + 1), np.ones(so_far + n)
    sums[touched] = sparse.csc_array((ones, place, ends), shape=(so_far, so_far + n)) @ both
