"""A submission: one record exactly as the server holds it."""

from dataclasses import dataclass
from datetime import datetime

LARGEST_ID = 2**63 - 1
"""The largest id a store can hold."""


@dataclass(frozen=True, slots=True)
class Submission:
    """What the server said, verbatim, and the few fields that identify it.

    The key is (`server_id`, `asset`, `id`); `root_uuid` (without `uuid:`) names the interview
    through every edit, `uuid` this version of it. `body` is the JSON text of the record;
    `submitted_at` is UTC, `form_version` the server's own version id or None.
    """

    server_id: str
    asset: str
    id: int
    root_uuid: str
    uuid: str
    form_version: str | None
    submitted_at: datetime
    body: str
