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


class OutOfOrderError(Exception):
    """Interviews of a PSU came in another order than that of their ids; never leaves the engine."""


class Arrival:
    """What is known of the ids and PSUs seen so far; `psus` is the number of PSUs."""

    def __init__(self, psus: int) -> None:
        self._seen = np.zeros(psus, dtype=np.bool_)
        self._last: tuple[pa.Scalar, int] | None = None
        self._keys: list[NDArray[Any]] = []
        self.rising = True
        self._in_runs = True

    def follow(self, ids: pa.Array, keys: pa.Array, starts: Codes, psu: Codes) -> None:
        """Take note of rows: `ids` (n,), `starts` of the runs of one PSU and the `psu` of each.

        `keys` (n,) are whole numbers that differ wherever ids do, or almost.

        Raises
        ------
        OutOfOrderError
            Where rows were in neither order.
        """
        self._keys.append(keys.to_numpy())
        up = np.empty(len(ids), dtype=np.bool_)
        up[1:] = pc.less(ids.slice(0, len(ids) - 1), ids.slice(1)).to_numpy(zero_copy_only=False)
        up[0] = self._last is None or bool(pc.less(self._last[0], ids[0]).as_py())
        self.rising &= bool(up.all())
        goes_on = self._last is not None and self._last[1] == psu[0]
        new = psu[1:] if goes_on else psu
        again = bool(self._seen[new].any())
        self._seen[new] = True
        again |= bool((np.bincount(new, minlength=1) > 1).any())
        up[starts[1:] if goes_on else starts] = True  # a new PSU may begin anywhere
        self._in_runs &= not again and bool(up.all())
        self._last = ids[-1], int(psu[-1])
        if not (self.rising or self._in_runs):
            raise OutOfOrderError

    def note(self, keys: pa.Array) -> None:
        """Take note of rows that were sorted, for `may_repeat`."""
        self.rising = False
        self._keys.append(keys.to_numpy())

    def may_repeat(self) -> bool:
        """Whether two rows may have one id; if not, all differ for certain."""
        if self.rising or not self._keys:
            return False
        keys = np.sort(np.concatenate(self._keys))
        return bool((keys[1:] == keys[:-1]).any())
