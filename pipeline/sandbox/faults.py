"""Failures of a real server on demand: slow, overloaded, cut off, or not KoBo at all.

Off by default. A test adds a `Fault`; the server applies the first one that matches a
request, before or instead of the answer it would have given.
"""

import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

HTML_PAGE = (
    "<!DOCTYPE html><html><head><title>Masuk ke jaringan</title></head>"
    "<body><form>Silakan masuk untuk memakai jaringan ini.</form></body></html>"
)


@dataclass(frozen=True)
class Fault:
    """One failure: what happens, on which requests, after how many, how often.

    `action` is one of

    * `delay`: answer as usual after `seconds`;
    * `status`: answer with `status`, with `Retry-After: retry_after` where that is given;
    * `html`: answer `status` (give 200 for a captive portal) with an HTML page;
    * `truncate`: announce the whole body, send half of it and close the connection;
    * `invalid_json`: answer 200 with half of the body, correctly announced;
    * `drop`: close the connection without an answer.

    Requests are matched by `path`, a regular expression searched in path and query. The first
    `after` of them pass untouched, the next `times` fail (None: all of them).
    """

    action: str
    path: str = "/data/"
    after: int = 0
    times: int | None = 1
    status: int = 503
    retry_after: str | None = None
    seconds: float = 0.0
    method: str = "GET"

    def __post_init__(self) -> None:
        actions = ("delay", "status", "html", "truncate", "invalid_json", "drop")
        if self.action not in actions:
            raise ValueError(f"Fault action {self.action!r}: must be one of {', '.join(actions)}.")


@dataclass
class Faults:
    """The failures to come, in order; safe to change while the server runs.

    `lost_columns` are columns of a workbook that an import drops, as an older server does;
    `import_error` is the kind and the sentence with which the next imports fail.
    """

    lost_columns: frozenset[str] = frozenset()
    import_error: tuple[str, str] | None = None
    _pending: list[tuple[Fault, list[int]]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, *faults: Fault) -> None:
        """Let these failures happen from the next request on."""
        self.extend(faults)

    def extend(self, faults: Iterable[Fault]) -> None:
        """As `add`, from any iterable."""
        with self._lock:
            self._pending.extend((fault, [0]) for fault in faults)

    def clear(self) -> None:
        """Serve everything well again."""
        with self._lock:
            self._pending.clear()

    def next(self, method: str, path: str) -> Fault | None:
        """The failure that this request meets, or None; counts the request."""
        with self._lock:
            for fault, seen in self._pending:
                if fault.method != method or not re.search(fault.path, path):
                    continue
                seen[0] += 1
                number = seen[0]
                if number > fault.after and (
                    fault.times is None or number <= fault.after + fault.times
                ):
                    return fault
        return None
