"""From a source to the store: all forms of a study at once, and what that found.

Every page is stored before the next is asked for, so that a pull may stop anywhere and the
next one goes on from there. How one form is read stands in `pipeline.reading`, how its files
come in `pipeline.attachments`.
"""

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from pipeline.attachments import Fetched, Files, fetch_files
from pipeline.errors import PersepsiError, StoreError
from pipeline.found import FormPull, Progress
from pipeline.ledger import Added
from pipeline.reading import Reading, Run
from pipeline.source import FileSource, Source, SweepingSource
from pipeline.store import Store

BUSY_TIMEOUT = 60.0
"""Seconds for which one form waits while another writes its page."""

PATIENCE = 0.2
"""Seconds after which the waiting thread looks whether somebody pressed Ctrl-C: a signal may reach
another thread, and then wakes nobody."""


@dataclass(frozen=True, slots=True)
class PullSummary:
    """What a pull did, form by form."""

    run_id: int
    server_id: str
    address: str
    started_at: datetime
    ended_at: datetime
    forms: tuple[FormPull, ...]
    files: tuple[Fetched, ...] = ()

    @property
    def new(self) -> int:
        """Submissions that were unknown before."""
        return sum(form.new for form in self.forms)

    @property
    def edited(self) -> int:
        """Submissions whose answers changed since they were last read."""
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
    accept_deletions: bool = False,
    files: Files | None = None,
) -> PullSummary:
    """Bring the store up to what the source has.

    Parameters
    ----------
    assets : Mapping[str, str]
        Form id to the asset that holds its submissions. Forms of a server are read at the same
        time, each in a thread of its own.
    now
        Clock, in UTC or with an offset.
    page_size : int
        Submissions to ask for at once; the server may give fewer.
    progress
        Called after each page, when it is safely stored; by one thread at a time.
    full : bool
        Read every submission again, not only what seems new or edited.
    accept_deletions : bool
        Believe the server even where many submissions vanished at once.
    files : Files, optional
        Which files to fetch, and where they are kept.

    Raises
    ------
    ServerError, StoreError
        Where it cannot go on; the message says how much is already safe.
    """
    source.check()
    started_at = now()
    told = threading.Lock()

    def tell(step: Progress) -> None:
        with told:
            if progress is not None:
                progress(step)

    run = Run(
        source=source,
        run_id=store.begin_run(source.server_id, source.address, started_at),
        now=now,
        page_size=page_size,
        progress=tell,
        full=full,
        accept_deletions=accept_deletions,
    )
    work = [_Work(run, form_id, asset, files) for form_id, asset in assets.items()]
    if len(work) > 1 and isinstance(source, SweepingSource):
        _side_by_side(work, store)
    else:
        for one in work:
            one.do(store)
            if one.error is not None:
                break
    error = next((one.error for one in work if one.error is not None), None)
    if error is not None:
        with suppress(StoreError):  # a full disk must not hide what went wrong first
            store.finish_run(run.run_id, now(), complete=False)
        if isinstance(error, PersepsiError):
            added = sum((one.added for one in work), Added())
            error.args = (
                f"{error} Stored before that: {added.new} new, {added.edited} edited submissions; "
                "the same command goes on from there.",
            )
        raise error
    ended_at = now()
    store.finish_run(run.run_id, ended_at, complete=True)
    return PullSummary(
        run.run_id, source.server_id, source.address, started_at, ended_at,
        tuple(one.form for one in work if one.form is not None),
        tuple(one.fetched for one in work if one.fetched is not None),
    )  # fmt: skip


class _Work:
    """One form: what is to do, and what came of it."""

    def __init__(self, run: Run, form_id: str, asset: str, files: Files | None) -> None:
        self._run = run
        self._form_id = form_id
        self._asset = asset
        self._files = files
        self._stopped = threading.Event()
        self.added = Added()
        self.form: FormPull | None = None
        self.fetched: Fetched | None = None
        self.error: BaseException | None = None

    def stop(self) -> None:
        """End at the next page, which is then stored."""
        self._stopped.set()

    def do(self, store: Store) -> None:
        """Read the form and fetch its files; an error is kept for the one who waits."""
        run = replace(self._run, progress=self._step)
        reading = Reading(run, store, self._form_id, self._asset)
        try:
            self.form = reading.read()
            if self._files is not None and isinstance(run.source, FileSource):
                self.fetched = fetch_files(
                    run.source, store, self._form_id, self._asset, self._files, run.now
                )
        except (KeyboardInterrupt, SystemExit):
            raise
        except Exception as error:
            self.error = error
        finally:
            self.added = reading.added

    def _step(self, step: Progress) -> None:
        self._run.progress(step)
        if self._stopped.is_set():
            raise _StoppedError


class _StoppedError(Exception):
    """Somebody pressed Ctrl-C; the page was stored."""


def _side_by_side(work: list[_Work], store: Store) -> None:
    """Do all of it at once, each with a connection of its own to the same store."""

    def one(item: _Work) -> None:
        try:
            with Store.open(store.path, busy_timeout=BUSY_TIMEOUT) as mine:
                item.do(mine)
        except PersepsiError as error:
            item.error = error

    threads = [threading.Thread(target=one, args=(item,), daemon=True) for item in work]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            while thread.is_alive():
                thread.join(PATIENCE)
    except BaseException:
        for item in work:
            item.stop()
        raise
