"""In which order interviews arrive, and whether any arrives twice.

The bits of a sum depend on the order of its terms. The kernel needs the interviews of each PSU in
the order of their ids; two ways of writing files give that without sorting: ids that rise over all
rows (as they came in), or whole PSUs one after the other with ids rising within each.
"""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Codes = NDArray[np.intp]

ROOM = 16
"""Whole-numbered ids are ticked off in a list where it is at most so many times their number."""


class OutOfOrderError(Exception):
    """Interviews of a PSU came in another order than that of their ids; never leaves the engine."""


class Arrival:
    """What is known of the ids seen so far; `whole` says that each PSU's rows stand together."""

    def __init__(self, *, whole: bool) -> None:
        self._last: pa.Scalar | None = None
        self._last_psu = -1
        self._ids: list[NDArray[Any]] = []
        self.rising = True
        self._in_runs = whole

    def follow(self, ids: pa.Array, psu: Codes) -> None:
        """Take note of rows: `ids` (n,) without a missing one, and the PSU of each.

        Raises
        ------
        OutOfOrderError
            Where rows were in neither order.
        """
        n, up = len(ids), np.empty(len(ids), dtype=np.bool_)
        if pa.types.is_integer(ids.type):
            numbers = ids.to_numpy()
            self._ids.append(numbers)
            np.less(numbers[:-1], numbers[1:], out=up[1:])
        else:
            rises = pc.less(ids.slice(0, n - 1), ids.slice(1))
            up[1:] = rises.to_numpy(zero_copy_only=False)
        up[0] = self._last is None or bool(pc.less(self._last, ids[0]).as_py())
        self.rising &= bool(up.all())
        if not self.rising and self._in_runs:
            up[1:] |= psu[1:] != psu[:-1]  # a new PSU may begin anywhere
            up[0] |= self._last_psu != psu[0]
            self._in_runs = bool(up.all())
        self._last, self._last_psu = ids[-1], int(psu[-1])
        if not (self.rising or self._in_runs):
            raise OutOfOrderError

    def note(self, ids: pa.Array) -> None:
        """Take note of rows that were sorted, for `twice`."""
        self.rising = False
        if pa.types.is_integer(ids.type):
            self._ids.append(ids.to_numpy())

    def twice(self) -> bool | None:
        """Whether two rows have one id; None where ids are texts and did not rise."""
        if self.rising:
            return False
        return any_twice(np.concatenate(self._ids)) if self._ids else None


def any_twice(numbers: NDArray[Any]) -> bool:
    """Whether a whole number stands in (n,) `numbers` twice."""
    if not numbers.size:
        return False
    low, high = int(numbers.min()), int(numbers.max())
    if high - low < ROOM * numbers.size + 1000:
        seen = np.zeros(high - low + 1, dtype=np.bool_)
        seen[numbers - low] = True
        return int(np.count_nonzero(seen)) < numbers.size
    ordered = np.sort(numbers)
    return bool((ordered[1:] == ordered[:-1]).any())
