"""What a phone adds to a submission by itself: clock, identity, chance."""

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Phone:
    """What the phone, not the respondent, contributes to a submission.

    `start` and `end` carry their zone. `at` says when a question was answered: from then on
    `now()` stands at that moment, before the first of them at `start`. `seed` feeds `random()`
    and `uuid()`; `instance_id` is a UUID without `uuid:`.
    """

    start: datetime
    end: datetime
    instance_id: str
    device_id: str = "persepsi:simulasi"
    username: str = ""
    seed: int = 0
    at: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def zone(self) -> str:
        """Java's name of the zone of `start`, e.g. `GMT+08:00`."""
        minutes = round((self.start.utcoffset() or timedelta()).total_seconds() / 60)
        sign, (hours, rest) = "+-"[minutes < 0], divmod(abs(minutes), 60)
        return f"GMT{sign}{hours:02d}:{rest:02d}"


def seeded_uuid(text: str) -> str:
    """A version-4 UUID that is a function of `text`."""
    return str(uuid.UUID(bytes=hashlib.sha256(text.encode()).digest()[:16], version=4))


def millis(moment: datetime) -> int:
    """Milliseconds since 1970, as Java counts; ValueError for a moment without a zone."""
    if moment.tzinfo is None:
        raise ValueError("a phone's clock needs a time zone")
    return round(moment.timestamp() * 1000)
