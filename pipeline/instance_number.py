"""Numbers for submissions of a server that only names them, as ODK Central does.

The store keys submissions by a whole number that grows with their arrival. Central gives a name
(`uuid:...`) and the time of arrival in milliseconds; both never change. The number is that time
with 21 bits of the name's hash behind it, so it sorts as the submissions came and says when.
"""

import hashlib
from datetime import UTC, datetime, timedelta

BITS = 21
"""Of the hash: two submissions of one millisecond share a number once in two million."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def instance_number(instance_id: str, submitted_at: datetime | None) -> int:
    """Number of a submission; where its arrival is not known, of its name alone."""
    digest = int.from_bytes(hashlib.sha256(instance_id.encode()).digest()[:8], "big")
    if submitted_at is None:
        return digest >> 2
    return ((submitted_at - _EPOCH) // _MILLISECOND << BITS) | (digest >> (64 - BITS))


def arrival(number: int) -> datetime:
    """Millisecond (UTC) of arrival that a number tells."""
    return _EPOCH + (number >> BITS) * _MILLISECOND
