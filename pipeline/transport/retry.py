"""What is tried again, and after how long.

A fault may pass: no connection, a timeout, a body cut off, 429, 500, 502, 503, 504. Reading
(GET, HEAD) is repeated after each of them. What changes something on the server (POST, PATCH,
PUT, DELETE) is repeated only where the server cannot have done it: nobody was there, or it said
429 or 503 itself. A second import makes a second project, a second edit a second version.
"""

from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import requests

from pipeline.errors import ServerError

BUSY = frozenset({429, 502, 503, 504})
NOT_DONE = frozenset({429, 503})
READING = frozenset({"GET", "HEAD"})
RETRIES_OF_500 = 2
"""KoBo gives 500 for many requests that will never succeed, too."""

LONGEST_PAUSE = 60.0
LONGEST_WAIT = 300.0
"""Seconds of `Retry-After` we sit through; a longer wish is told to the user."""


class PassingFault(Exception):
    """A fault that may pass: what to say while waiting, and the error if it does not.

    `acted` says whether the server may have done what was asked, `wait` how many seconds it
    asked for, `retries` how often at most.
    """

    def __init__(
        self,
        what: str,
        error: ServerError,
        *,
        acted: bool = True,
        wait: float | None = None,
        retries: int | None = None,
    ) -> None:
        super().__init__(what)
        self.error = error
        self.acted = acted
        self.wait = wait
        self.retries = retries


@dataclass(frozen=True, slots=True)
class Policy:
    """How often a request is repeated at most."""

    retries: int

    def limit(self, method: str, fault: PassingFault) -> int:
        """How often a request of this verb is repeated after this fault."""
        if method not in READING and fault.acted:
            return 0
        return self.retries if fault.retries is None else min(self.retries, fault.retries)

    def pause(self, attempt: int, fault: PassingFault) -> float:
        """Seconds to wait after the given attempt (1, 2 ...): 1, 2, 4 ... or as asked."""
        return min(2.0 ** (attempt - 1), LONGEST_PAUSE) if fault.wait is None else fault.wait


class ContradictionError(ValueError):
    """An answer is JSON, but not what the server's own words before it allow; it may pass."""


def retry_after(response: requests.Response) -> float | None:
    """Seconds the server asks us to wait; None where it says nothing usable.

    A date is counted from the server's own `Date`, so that a wrong clock here does no harm.
    """
    text = response.headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        wait = parsedate_to_datetime(text) - parsedate_to_datetime(response.headers["Date"])
    except (KeyError, TypeError, ValueError):
        return None
    return max(wait.total_seconds(), 0.0)
