"""`persepsi analyze --pdf`: the reports and sheets as PDF, by one browser that is on the machine.

A PDF lies beside its page and is made again only when the page says something else. One whose page
has changed since is taken away rather than left to contradict it.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import MachineError
from pipeline.issues import digest_of
from pipeline.outputs import write_bytes
from pipeline.paper.pdf import BY_HAND, find_browser, make_pdf

Made = Mapping[str, Mapping[str, str]]
"""PDF by its path in the build folder: digest of the page it was made `from`, and its own."""
ABSENT = "there is no Chromium, Chrome or Edge on this machine"
EVERY = 20
"""Of more pages than this, one in ten is told of."""


@dataclass(frozen=True)
class Pdfs:
    """What there is after a run: `made` of all that stand, `removed` and `missing` by path.

    `reason` says why some are missing; it is empty where all that were asked for are there.
    """

    made: Made
    removed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    reason: str = ""

    def demand(self) -> None:
        """Refuse to call a run done that lacks what was asked for.

        Raises
        ------
        MachineError
            Where a PDF is missing.
        """
        if not self.missing:
            return
        count = f"{len(self.missing)} PDF files were not made: {self.reason}."
        raise MachineError(
            f"{count} The HTML reports are whole. Install Chromium, Chrome or Edge, or name one in "
            f"the environment variable PERSEPSI_BROWSER, and run again with --pdf; or {BY_HAND}."
        )

    def lines(self) -> tuple[str, ...]:
        """Lines for a person; none where there is nothing to tell."""
        if not self.removed:
            return ()
        names = ", ".join(self.removed[:5]) + (" ..." if len(self.removed) > 5 else "")
        return (f"PDF of earlier pages taken away: {names}. With --pdf they are made again.",)


def print_pages(
    pages: Sequence[str],
    folder: Path,
    earlier: Made,
    *,
    wanted: bool,
    environ: Mapping[str, str],
    say: Callable[[str], None] = lambda _: None,
) -> Pdfs:
    """Make the PDF of every page of `folder` that has none of its present bytes.

    Without `wanted` none is made, and those that no longer are of their page are removed.
    `earlier` is what the last run noted; a PDF that it does not name is somebody else's and stays,
    unless it has the name of one that is made.
    """
    sources = {str(Path(page).with_suffix(".pdf").as_posix()): page for page in pages}
    made: dict[str, Mapping[str, str]] = {}
    todo: list[str] = []
    removed: list[str] = []
    missing: list[str] = []
    digests = {page: digest_of((folder / page).read_bytes()) for page in pages}
    for name in [*sources, *(name for name in earlier if name not in sources)]:
        path, note = folder / name, earlier.get(name, {})
        page = sources.get(name, "")
        if page and note.get("from") == digests[page] and _is(path, note.get("sha256", "")):
            made[name] = note
            continue
        if page and wanted:
            todo.append(name)
        elif note and path.exists():
            path.unlink()
            removed.append(name)
    if not todo:
        return Pdfs(made, tuple(removed))
    browser = find_browser(environ)
    if not browser:
        removed += _gone(folder, todo, earlier)
        return Pdfs(made, tuple(removed), tuple(todo), ABSENT)
    reason = ""
    with _printer(browser) as draw:
        for done, name in enumerate(todo, 1):
            if len(todo) <= EVERY or done % 10 == 0 or done == len(todo):
                say(f"  PDF {done} of {len(todo)}: {name}")
            data, why = draw(folder / sources[name])
            if why:
                missing.append(name)
                reason = why
                continue
            write_bytes(folder / name, data)
            note = {"from": digests[sources[name]], "sha256": digest_of(data)}
            made[name] = note
    removed += _gone(folder, missing, earlier)
    return Pdfs(made, tuple(removed), tuple(missing), reason)


def _is(path: Path, digest: str) -> bool:
    return path.is_file() and digest_of(path.read_bytes()) == digest


def _gone(folder: Path, names: Sequence[str], earlier: Made) -> list[str]:
    """Take away the PDFs of an earlier page that could not be made anew."""
    found = [name for name in names if name in earlier and (folder / name).exists()]
    for name in found:
        (folder / name).unlink()
    return found


Draw = Callable[[Path], tuple[bytes, str]]


@contextmanager
def _printer(browser: str) -> Iterator[Draw]:
    """A function from page to PDF, or to the reason why there is none."""
    if os.name != "posix":
        yield lambda html: _alone(html, browser)
        return
    from pipeline.paper.chromium import BrowserGoneError, Chromium

    running: list[Chromium] = []

    def draw(html: Path) -> tuple[bytes, str]:
        why = ""
        for _ in (1, 2):  # a browser that died is started once more for the same page
            try:
                if not running:
                    running.append(Chromium(browser))
                return running[0].pdf(html), ""
            except BrowserGoneError as error:
                why = f"{Path(browser).name}: {error}"
                if running:
                    running.pop().end()
        return b"", why

    try:
        yield draw
    finally:
        for one in running:
            one.end()


def _alone(html: Path, browser: str) -> tuple[bytes, str]:
    """A PDF by a browser of its own, where one cannot be spoken to over a pipe."""
    target = html.with_name(f".{html.stem}.pdf.part")
    try:
        made = make_pdf(html, target, browser)
        return (target.read_bytes(), "") if made.done else (b"", made.reason)
    finally:
        target.unlink(missing_ok=True)
