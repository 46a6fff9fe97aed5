"""One form read from a source into the store: what is new, what changed, what is gone.

A first reading takes everything. A later one reads on behind what is known, with an overlap (a
record can become visible after one with a larger id), then compares the marks of all
submissions, which shows edits, reviews and files that came late. From `SWEEP_LIMIT` submissions
on this comparison is made once a day, or when the counts differ; between, the server's history
and its `_date_modified` are asked where it has them.

A submission is called deleted only after a walk that met every id the server counts, and after
the server, asked for it by name together with one it does have, gave only the other.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pipeline.census import Census
from pipeline.found import FormPull, Progress
from pipeline.ledger import Added, stamp
from pipeline.source import FROM_START, Changes, Mark, Page, Source, SweepingSource
from pipeline.store import FormState, Store

OVERLAP = 200
"""Known submissions read again at every pull, the latest ones."""

SWEEP_LIMIT = 50_000
"""From so many submissions on, not every pull compares all marks."""

SWEEP_EVERY = timedelta(hours=24)
ROUNDS = 3
"""How often a walk is made again because the server changed under it."""

MANY = 20
MANY_SHARE = 0.25
"""More vanished at once than both, and not in the history: somebody is asked first."""

TOGETHER = 150
"""Ids asked for by name in one request, the witness not counted."""


@dataclass(frozen=True)
class Run:
    """What all forms of one pull share."""

    source: Source
    run_id: int
    now: Callable[[], datetime]
    page_size: int
    progress: Callable[[Progress], None]
    full: bool
    accept_deletions: bool


class Reading:
    """One form being read."""

    def __init__(self, run: Run, store: Store, form_id: str, asset: str) -> None:
        self._run = run
        self._store = store
        self._form_id = form_id
        self._asset = asset
        self._server = run.source.server_id
        self._pages = 0
        self._seen = 0
        self._modified = ""
        self._deleted = 0
        self.added = Added()

    def read(self) -> FormPull:
        """Read the form; every page is stored before the next is asked for.

        Raises
        ------
        ServerError, StoreError
            Where it cannot go on; `added` says what is safe.
        """
        started_at = self._run.now()
        source = self._run.source
        missing: int | None = 0
        if isinstance(source, SweepingSource):
            versions, missing, total = self._read_server(source, started_at)
        else:
            versions = self._read_versions()
            walk = self._walk_pages(FROM_START)
            total = walk.read
            self._bury(walk.absent)  # a file was read whole and is the whole truth
        added, held = self.added, self._store.held(self._server, self._asset)
        return FormPull(
            form_id=self._form_id,
            asset=self._asset,
            new=added.new,
            edited=added.edited,
            seen=self._seen,
            missing=missing,
            total=total,
            pages=self._pages,
            versions=versions,
            seconds=(self._run.now() - started_at).total_seconds(),
            restored=added.restored,
            validated=added.validated,
            reset=added.reset,
            attachments=added.attachments,
            deleted=self._deleted,
            lacking=max(0, total - held + (missing or 0)),
            purged=added.purged,
        )

    def _read_server(
        self, source: SweepingSource, started_at: datetime
    ) -> tuple[int, int | None, int]:
        """Versions learned, absences left open, and how many submissions the server has."""
        sees_all = source.sees_all(self._asset)  # the first question: may we read this at all
        versions = self._read_versions()
        state = self._store.state(self._server, self._asset)
        changes = source.changes(self._asset, state.history_seen)  # before what it tells of
        start = FROM_START
        if not self._run.full:
            start = self._store.watermark(self._server, self._asset, OVERLAP)
        first = self._walk_pages(start)
        walk: Census | None = first
        if start != FROM_START or not self._whole(source, first):
            total, _ = source.count(self._asset)
            if not self._due(total, state, started_at):
                self._follow(source, state, changes)
                self._keep_state(state, changes)
                return versions, None, total
            walk = self._sweep(source)
        if walk is None:  # the server changed under every walk: nothing can be said of absences
            return versions, None, source.count(self._asset)[0]
        missing = self._conclude(source, walk, changes, sees_all=sees_all)
        self._keep_state(replace(state, swept_at=stamp(started_at)), changes)
        return versions, missing, walk.read

    def _read_versions(self) -> int:
        run, store = self._run, self._store
        known = {v.version for v in store.form_versions(self._server, self._asset)}
        return store.add_versions(run.source.versions(self._asset, known), run.now())

    def _walk_pages(self, after: int) -> Census:
        """Read and store what lies above `after`; a census only where that is everything."""
        census = Census(self._held)
        total: int | None = None
        for page in self._run.source.pages(self._asset, after, self._run.page_size):
            total = page.total if total is None else total
            if after == FROM_START:
                census.take([submission.id for submission in page.submissions], page.total)
            self._keep(page, total)
        return census

    def _sweep(self, source: SweepingSource) -> Census | None:
        """Compare all marks with ours and read again what differs; None where never whole."""
        for _ in range(ROUNDS):
            walk, stale, total = Census(self._held), [], 0
            for page in source.marks(self._asset, self._run.page_size):
                total = total or page.total
                known = walk.take([mark.id for mark in page.marks], page.total)
                stale += [mark.id for mark in page.marks if known.get(mark.id) != mark]
            for batch in source.fetch(self._asset, stale):
                self._keep(batch, total)
            if self._whole(source, walk):
                return walk
        return None

    def _whole(self, source: SweepingSource, walk: Census) -> bool:
        """Whether the walk met every id up to its last: the server counts them once more."""
        upto = walk.last if walk.read else None
        return walk.steady and source.count(self._asset, upto) == (walk.read, walk.first)

    def _due(self, total: int, state: FormState, now: datetime) -> bool:
        if self._run.full or total < SWEEP_LIMIT or not state.swept_at:
            return True
        if total != self._store.held(self._server, self._asset):
            return True
        return now - datetime.fromisoformat(state.swept_at) >= SWEEP_EVERY

    def _follow(self, source: SweepingSource, state: FormState, changes: Changes | None) -> None:
        """Read again what the server itself says has changed."""
        if state.modified_seen:
            for page in source.modified(self._asset, state.modified_seen, self._run.page_size):
                self._keep(page, page.total)
        if changes is None:
            return
        touched = self._store.ids_of(self._server, self._asset, changes.touched)
        for page in source.fetch(self._asset, sorted(touched)):
            self._keep(page, len(touched))
        named = self._store.ids_of(self._server, self._asset, changes.deleted)
        witness = self._store.watermark(self._server, self._asset)
        self._bury(self._absent(source, named - {witness}, witness) or set())

    def _conclude(
        self, source: SweepingSource, walk: Census, changes: Changes | None, *, sees_all: bool
    ) -> int:
        """Write tombstones for what is certainly deleted; gives how many absences stay open."""
        if not walk.absent or not sees_all:
            return len(walk.absent)
        absent = self._absent(source, set(walk.absent), walk.last if walk.read else None)
        if absent is None:
            return len(walk.absent)
        roots = changes.deleted if changes else frozenset[str]()
        open_ = absent - self._store.ids_of(self._server, self._asset, roots)
        limit = max(MANY, MANY_SHARE * self._store.held(self._server, self._asset))
        if (walk.read and len(open_) <= limit) or self._run.accept_deletions:
            open_ = set()
        self._bury(absent - open_)
        return len(open_)

    def _absent(
        self, source: SweepingSource, ids: set[int], witness: int | None
    ) -> set[int] | None:
        """Those of the ids that the server, asked by name, does not have.

        `witness` is an id that it does have: an answer without it is none (None).
        """
        absent: set[int] = set()
        wanted, extra = sorted(ids), [] if witness is None else [witness]
        for first in range(0, len(wanted), TOGETHER):
            batch = wanted[first : first + TOGETHER]
            present = source.present(self._asset, sorted({*batch, *extra}))
            if not present.issuperset(extra):
                return None
            absent.update(set(batch) - present)
        return absent

    def _bury(self, ids: Collection[int]) -> None:
        if ids:
            self._deleted += self._store.add_deletions(
                self._run.run_id, self._server, self._asset, ids, self._run.now()
            )

    def _keep(self, page: Page, expected: int) -> None:
        if page.submissions:
            self.added += self._store.add_page(self._run.run_id, page.submissions, self._run.now())
        self._pages += 1
        self._seen += len(page.submissions)
        self._modified = max(self._modified, page.modified)
        self._run.progress(Progress(self._form_id, self._pages, self._seen, expected))

    def _keep_state(self, state: FormState, changes: Changes | None) -> None:
        state = replace(state, modified_seen=max(state.modified_seen, self._modified))
        if changes is not None:
            state = replace(state, history_seen=max(state.history_seen, changes.latest))
        self._store.keep_state(self._server, self._asset, state)

    def _held(self, after: int, upto: int) -> Mapping[int, Mark]:
        return self._store.marks(self._server, self._asset, after, upto)
