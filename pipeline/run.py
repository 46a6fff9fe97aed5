"""The one place where the stages are chained: pull, decode, weight, estimate, render.

Readable as the method; each stage is one call. Time and environment are arguments.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from pipeline.codebook import PAGE, write_codebook
from pipeline.computing import Stopwatch, compute_waves, need_store
from pipeline.edition_ledger import beside, published, record
from pipeline.edition_ledger import place as shelf_of_editions
from pipeline.editions import INTERNAL, PUBLIC, checked, folder_of, released
from pipeline.gather import gather, store_path
from pipeline.gathered import Gathered
from pipeline.issue_lines import lines as issue_lines
from pipeline.issued import Revision, lay_out, place, revised, settle
from pipeline.issues import Issue, Press, digest_of, next_date, read_ledger
from pipeline.manifest import describe, earlier_pdfs, to_json
from pipeline.outputs import write_text
from pipeline.placing import told_beside, without_beside
from pipeline.proof_book import write_proof_book
from pipeline.report.reissue import teller
from pipeline.report.render import render_reports
from pipeline.report_pdf import Pdfs, print_pages
from pipeline.result_book import write_result_book
from pipeline.results import Results
from pipeline.run_lines import gone, pulls, summary
from pipeline.settings import zone
from pipeline.study import Study
from pipeline.study_engine import with_engine
from pipeline.tabled import write_tables

MANIFEST = "manifest.json"

Say = Callable[[str], None]
Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Outcome:
    """What `analyze` made: the results, the files, and the lines that tell a person.

    `issue` is the one that stands now, `revision` what differs from the one before it.
    """

    results: Results
    manifest: Mapping[str, Any]
    files: tuple[Path, ...]
    summary: tuple[str, ...]
    issue: Issue
    revision: Revision
    pdfs: Pdfs


def analyze(
    study: Study,
    *,
    data: Path,
    build: Path,
    environ: Mapping[str, str],
    now: Clock = lambda: datetime.now(UTC),
    say: Say = lambda _: None,
    server_url: str = "",
    page_size: int = 0,
    pull: bool = True,
    engine: str = "",
    edition: str = "",
    issued: date | None = None,
    pdf: bool = False,
    publish: bool = False,
) -> Outcome:
    """Pull a study, analyse what its store holds and write `build/<study>/`.

    Files that say what they said are left alone. Those that say something new are a new issue,
    dated `issued` (see `pipeline.issues.next_date`). With `pdf` every report is printed too;
    what could not be is in the outcome's `pdfs`, the rest is whole.

    `engine` (local or spark) stands before that of the study; it moves no number. `edition`
    (public or internal) stands before `[report] release`. A public edition shows nothing that
    would tell a few people's answers beside those published before; with `publish` it is remembered
    as one of them (`pipeline.edition_ledger`).

    Raises
    ------
    PersepsiError, analysis.errors.SampleError
        Expected failures, each with its sentence; nothing already stored is lost, and files of
        an earlier run stay until their successors are whole.
    """
    study = with_engine(study, engine)
    edition = checked(edition or study.report.release)
    watch = Stopwatch()
    gathered: Gathered | None = None
    if pull:
        with watch("pull"):
            gathered = gather(
                study, data=data, environ=environ, now=now, say=say,
                server_url=server_url, page_size=page_size,
            )  # fmt: skip
    else:
        need_store(study, data, "Run it once without --no-pull.")
    say("Decoding, weighting and estimating ...")
    results, store_digest, decoded = compute_waves(
        study, data, watch, has_proof=edition == INTERNAL
    )
    results = replace(results, notes=(*gone(gathered), *results.notes))
    handed_on = shelf_of_editions(data, study.id, store_path(study, data))
    whole = beside(results, published(handed_on)) if edition == PUBLIC else results
    results = released(whole, edition)
    folder = build / folder_of(study.id, edition)
    shelf = place(data, study.id, store_path(study, data), edition)
    with watch("compare"):
        ledger, revision = read_ledger(shelf), revised(results, shelf)
    declared, today = study.report.issued, now().astimezone(zone(study.timezone)).date()
    day = next_date(ledger, asked=issued, declared=declared, today=today)
    press = Press(ledger, day, teller(results, revision))
    before = _times(folder)
    with watch("write"):
        files = write_tables(results, folder)
        files.append(write_result_book(results, files, folder))
        files += write_proof_book(results, folder)
    say("Rendering the reports ...")
    with watch("render"):
        files.append(
            write_codebook(study, data, folder, home="index.html", simulated=results.simulated)
        )
        for path in files:
            if path.suffix != ".parquet":  # says what the CSV says, in the bytes of a library
                own = path.with_name(without_beside(path) + path.suffix)  # wherever it came to lie
                press.enter(own.relative_to(folder).as_posix(), digest_of(path.read_bytes()))
        files += render_reports(results, folder, codebook=PAGE, press=press)
    issue = settle(press, ledger, revision, declared, shelf)
    files += lay_out(shelf, folder)
    with watch("pdf"):
        pdfs = print_pages(
            [path for path in press.files if path.endswith(".html") and path != PAGE],
            folder, earlier_pdfs(folder / MANIFEST), wanted=pdf, environ=environ, say=say,
        )  # fmt: skip
    files += [folder / name for name in pdfs.made]
    after = _times(folder)
    written = [name for name in after if after[name] != before.get(name)]
    manifest = describe(
        results,
        pulls=pulls(gathered),
        server={
            "id": study.server.id,
            "kind": study.server.kind,
            "url": gathered.summary.address if gathered else "",
            "on_server": {f.form_id: f.total for f in gathered.summary.forms} if gathered else {},
        },
        store_digest=store_digest,
        decoded=decoded,
        outputs=files,
        issue=issue,
        files=press.files,
        written=written,
        pdfs=pdfs.made,
        build=folder,
        now=now(),
        seconds=watch.seconds,
    )
    files.append(write_text(folder / MANIFEST, to_json(manifest)))
    told = (
        *_handed_on(whole, results, handed_on, publish=publish),
        *(f"Note: {note}" for note in told_beside(files)),
        *issue_lines(issue, ledger, press.files, revision, shelf),
        *pdfs.lines(),
    )
    lines = summary(results, gathered, folder, watch.seconds, told)
    return Outcome(results, manifest, tuple(files), lines, issue, revision, pdfs)


def _handed_on(whole: Results, shown: Results, folder: Path, *, publish: bool) -> tuple[str, ...]:
    """Remember a public edition as published, and say so."""
    if not publish:
        return ()
    if shown.edition != PUBLIC:
        return ("Not remembered as published: only the public edition may be handed on.",)
    path = record(whole, shown, folder)
    return (f"Published edition: {path}" if path else "Published before, unchanged.",)


def _times(folder: Path) -> dict[str, tuple[int, int]]:
    """When each file of the build folder was written, by its path there; the manifest left out."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != MANIFEST:
            at = path.stat()
            found[path.relative_to(folder).as_posix()] = at.st_mtime_ns, at.st_ino
    return found
