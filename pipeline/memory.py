"""What becomes of memory that was freed: kept for the next array, or given back to the system.

glibc gives freed memory back as soon as it exceeds twice the largest block that was mapped and
freed before, and every page that is asked for again costs the system a quarter of a microsecond
to two. An estimate makes and drops hundreds of arrays of about a megabyte: a fifth of its CPU time
at 100,000 rows and 500 units went into pages that had been there a moment before.
"""

from functools import cache

import numpy as np

LARGEST = 32 << 20
"""Bytes of the largest block that glibc lets move its limits (DEFAULT_MMAP_THRESHOLD_MAX)."""


@cache
def keep_freed() -> None:
    """Let the C library keep up to 64 MB of freed memory, from now on in this process.

    By what it does itself when a large block is freed: its limits rise to that block's size
    (mallopt(3), M_MMAP_THRESHOLD). The block is never written to, so that it takes no memory.
    Elsewhere than with glibc nothing changes; results never do.
    """
    block = np.empty(LARGEST - (64 << 10), dtype=np.uint8)
    del block
