"""What becomes of memory that was freed: kept for the next array, or given back to the system.

glibc gives freed memory back as soon as it exceeds a limit, and every page that is asked for again
costs the system a quarter of a microsecond to ten. An estimate makes and drops hundreds of arrays
of about a megabyte, with 5,000 units of eight: a fifth of its CPU time went into pages that had
been there a moment before.
"""

import ctypes
from functools import cache

LARGEST = 32 << 20
"""Bytes of a block that is asked of the system by itself (DEFAULT_MMAP_THRESHOLD_MAX)."""
KEPT = 128 << 20
"""Bytes of freed memory that stay: what 5,000 units by 20 measures hold at a time."""
_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1


@cache
def keep_freed() -> None:
    """Let the C library keep up to 128 MB of freed memory, from now on in this process.

    By mallopt(3). Elsewhere than with glibc nothing changes; results never do.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # another C library, or Windows
        return
    mallopt(_MMAP_THRESHOLD, LARGEST)
    mallopt(_TRIM_THRESHOLD, KEPT)
