"""From a source to the store: what is new, what was edited, what the server no longer shows.

The first reading of a form takes everything. A later one from a server reads on behind what is
known, with an overlap (a record can become visible after one with a larger id), then compares
the marks of all submissions and reads again those that were edited. Every page is stored before
the next is asked for, so that a pull may stop anywhere and the next one goes on from there.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from pipeline.errors import PersepsiError, StoreError
from pipeline.ledger import Added
from pipeline.source import FROM_START, Mark, Page, Source, SweepingSource
from pipeline.store import Store

OVERLAP = 200
"""Known submissions read again at every pull, the latest ones."""

SWEEP_LIMIT = 50_000
"""From so many submissions on, marks are compared only where we hold fewer than the server."""


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
    that it no longer shows (None where that was not looked at). One missing from a file gets a
    tombstone; one missing from a server may be deleted or hidden from this account: nothing is
    concluded, and it stays in the store.
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
    run = _Run(
        source=source,
        store=store,
        run_id=store.begin_run(source.server_id, source.address, started_at),
        now=now,
        page_size=page_size,
        progress=progress or _keep_silent,
        full=full,
    )
    readings = [_Reading(run, form_id, asset) for form_id, asset in assets.items()]
    try:
        forms = tuple([reading.read() for reading in readings])
    except PersepsiError as error:
        with suppress(StoreError):  # a full disk must not hide what went wrong first
            store.finish_run(run.run_id, now(), complete=False)
        added = sum((reading.added for reading in readings), Added())
        error.args = (
            f"{error} Stored before that: {added.new} new, {added.edited} edited submissions; "
            "the same command goes on from there.",
        )
        raise
    ended_at = now()
    store.finish_run(run.run_id, ended_at, complete=True)
    return PullSummary(run.run_id, source.server_id, source.address, started_at, ended_at, forms)


def _keep_silent(progress: Progress) -> None:
    del progress


@dataclass(frozen=True)
class _Run:
    source: Source
    store: Store
    run_id: int
    now: Callable[[], datetime]
    page_size: int
    progress: Callable[[Progress], None]
    full: bool


class _Reading:
    """One form being read."""

    def __init__(self, run: _Run, form_id: str, asset: str) -> None:
        self._run = run
        self._form_id = form_id
        self._asset = asset
        self._pages = 0
        self.added = Added()

    def read(self) -> FormPull:
        run, started_at = self._run, self._run.now()
        versions = self._read_versions()
        seen, total = self._read_pages(self._start())
        if seen is None and isinstance(run.source, SweepingSource):
            seen, total = self._sweep(run.source)
        gone = set() if seen is None else self._marks().keys() - seen
        missing = None if seen is None else len(gone)
        if gone and not isinstance(run.source, SweepingSource):
            # A file was read whole and is the whole truth; a server may only hide from us.
            run.store.add_deletions(run.run_id, run.source.server_id, self._asset, gone, run.now())
        return FormPull(
            form_id=self._form_id,
            asset=self._asset,
            new=self.added.new,
            edited=self.added.edited,
            seen=self.added.new + self.added.edited + self.added.same,
            missing=missing,
            total=total,
            pages=self._pages,
            versions=versions,
            seconds=(run.now() - started_at).total_seconds(),
        )

    def _read_versions(self) -> int:
        run = self._run
        known = {v.version for v in run.store.form_versions(run.source.server_id, self._asset)}
        return run.store.add_versions(run.source.versions(self._asset, known), run.now())

    def _start(self) -> int:
        run = self._run
        if run.full or not isinstance(run.source, SweepingSource):
            return FROM_START
        return run.store.watermark(run.source.server_id, self._asset, OVERLAP)

    def _read_pages(self, after: int) -> tuple[set[int] | None, int]:
        """Read what lies above `after`; the ids seen if that is everything, and the total."""
        ids: set[int] = set()
        total: int | None = None
        for page in self._run.source.pages(self._asset, after, self._run.page_size):
            total = page.total if total is None else total
            self._keep(page, total)
            ids.update(submission.id for submission in page.submissions)
        return (ids if after == FROM_START else None), total or 0

    def _sweep(self, source: SweepingSource) -> tuple[set[int] | None, int]:
        """Compare all marks with ours and read again what differs; as `_read_pages`."""
        known = self._marks()
        ids: set[int] = set()
        stale: list[int] = []
        total: int | None = None
        for page in source.marks(self._asset, self._run.page_size):
            total = page.total if total is None else total
            if total >= SWEEP_LIMIT and total <= len(known):
                return None, total
            ids.update(mark.id for mark in page.marks)
            stale += [mark.id for mark in page.marks if known.get(mark.id) != mark]
        for batch in source.fetch(self._asset, stale):
            self._keep(batch, total or 0)
        return ids, total or 0

    def _keep(self, page: Page, expected: int) -> None:
        run = self._run
        if page.submissions:
            self.added += run.store.add_page(run.run_id, page.submissions, run.now())
        self._pages += 1
        seen = self.added.new + self.added.edited + self.added.same
        run.progress(Progress(self._form_id, self._pages, seen, expected))

    def _marks(self) -> dict[int, Mark]:
        return self._run.store.marks(self._run.source.server_id, self._asset)
