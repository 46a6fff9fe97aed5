"""From a source to the store: what is new, what was edited, what the server no longer shows.

The first reading of a form takes everything. A later one from a server reads on behind what is
known, with an overlap (a record can become visible after one with a larger id), then compares
the marks of all submissions and reads again those that were edited. Every page is stored before
the next is asked for, so that a pull may stop anywhere and the next one goes on from there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from pipeline.errors import PersepsiError
from pipeline.source import FROM_START, Source, SweepingSource
from pipeline.store import Added, Store

OVERLAP = 200
"""Known submissions read again at every pull, the latest ones."""

SWEEP_LIMIT = 50_000
"""Submissions of a form from which on marks are no longer compared (a pull with `full` reads all)."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a form is: pages and submissions read in this pull, and how many are expected."""

    form_id: str
    pages: int
    seen: int
    expected: int


@dataclass(frozen=True, slots=True)
class FormPull:
    """What a pull found of one form.

    `seen` counts submissions read in full, `total` those the server has, `missing` those we hold
    that it no longer shows (None where that was not looked at). A missing one may be deleted or
    hidden from this account; nothing is concluded, and it stays in the store.
    """

    form_id: str
    asset: str
    new: int
    edited: int
    seen: int
    missing: int | None
    total: int
    pages: int
    versions: int
    seconds: float


@dataclass(frozen=True, slots=True)
class PullSummary:
    """What a pull did, form by form."""

    run_id: int
    server_id: str
    address: str
    started_at: datetime
    ended_at: datetime
    forms: tuple[FormPull, ...]

    @property
    def new(self) -> int:
        """Submissions that were unknown before."""
        return sum(form.new for form in self.forms)

    @property
    def edited(self) -> int:
        """Submissions that changed since they were last read."""
        return sum(form.edited for form in self.forms)

    @property
    def seconds(self) -> float:
        """Duration of the whole pull."""
        return (self.ended_at - self.started_at).total_seconds()


def pull(
    source: Source,
    store: Store,
    assets: Mapping[str, str],
    *,
    now: Callable[[], datetime],
    page_size: int = 1000,
    progress: Callable[[Progress], None] | None = None,
    full: bool = False,
) -> PullSummary:
    """Bring the store up to what the source has.

    Parameters
    ----------
    assets : Mapping[str, str]
        Form id to the asset that holds its submissions.
    now
        Clock, in UTC or with an offset.
    page_size : int
        Submissions to ask for at once; the server may give fewer.
    progress
        Called after each page, when it is safely stored.
    full : bool
        Read every submission again, not only what seems new or edited.

    Raises
    ------
    ServerError, StoreError
        Where it cannot go on; the message says how much is already safe.
    """
    source.check()
    started_at = now()
    run_id = store.begin_run(source.server_id, source.address, started_at)
    forms: list[FormPull] = []
    reader = _Reader(source, store, run_id, now, page_size, progress, full)
    try:
        for form_id, asset in assets.items():
            forms.append(reader.read(form_id, asset))  # noqa: PERF401 - what was read is reported
    except PersepsiError as error:
        store.finish_run(run_id, now(), complete=False)
        added = reader.added
        error.args = (
            f"{error} Stored so far: {added.new} new, {added.edited} edited; running the same "
            "command again goes on from there.",
        )
        raise
    ended_at = now()
    store.finish_run(run_id, ended_at, complete=True)
    return PullSummary(
        run_id, source.server_id, source.address, started_at, ended_at, tuple(forms)
    )
