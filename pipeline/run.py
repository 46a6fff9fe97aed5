"""The one place where the stages are chained: pull, decode, weight, estimate, render.

Readable as the method; each stage is one call. Time and environment are arguments.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.changes import DOWN, SAME, UP
from analysis.instrument import Instrument
from analysis.moments import Reduce
from pipeline.codebook import PAGE, write_codebook
from pipeline.contacts import assemble, read_plan
from pipeline.decode import DECODER, Decoder, distinct
from pipeline.decoded_snapshot import snapshot_submissions
from pipeline.decoding import counts, notes
from pipeline.designed import analyze_designed
from pipeline.edition_ledger import beside, published, record
from pipeline.edition_ledger import place as shelf_of_editions
from pipeline.editions import INTERNAL, PUBLIC, checked, folder_of, released
from pipeline.errors import QuestionnaireError, StoreError
from pipeline.fielded import assets_of, assets_of_waves, forms_of, label_of
from pipeline.formlint import lint, read_rules
from pipeline.gather import gather, open_store, store_path
from pipeline.gathered import Gathered
from pipeline.issue_lines import lines as issue_lines
from pipeline.issued import Revision, lay_out, place, revised, settle
from pipeline.issues import Issue, Press, digest_of, next_date, read_ledger
from pipeline.manifest import describe, earlier_pdfs, to_json
from pipeline.outputs import write_text
from pipeline.placing import told_beside, without_beside
from pipeline.plain import analyze_plain, extra_columns
from pipeline.proof_book import write_proof_book
from pipeline.questionnaire import read_instrument
from pipeline.report.reissue import teller
from pipeline.report.render import render_reports
from pipeline.report_pdf import Pdfs, print_pages
from pipeline.result_book import write_result_book
from pipeline.results import Results
from pipeline.settings import zone
from pipeline.snapshot import digest, read_snapshot
from pipeline.study import Study
from pipeline.study_engine import summing, with_engine
from pipeline.tabled import write_tables
from pipeline.trending import all_notes, with_trend

MANIFEST = "manifest.json"
SHOWN = 10
"""Keys named one by one; the rest are counted."""

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


class Stopwatch:
    """Seconds that each stage took, by the name of the stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Time what runs inside, added to what the stage took before."""
        started = time.perf_counter()
        yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - started


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
        _need_store(study, data, "Run it once without --no-pull.")
    say("Decoding, weighting and estimating ...")
    results, store_digest, decoded = _compute_waves(
        study, data, watch, has_proof=edition == INTERNAL
    )
    results = replace(results, notes=(*_gone(gathered), *results.notes))
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
        pulls=_pulls(gathered),
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
    summary = _summary(results, gathered, folder, watch, told)
    return Outcome(results, manifest, tuple(files), summary, issue, revision, pdfs)


def _handed_on(whole: Results, shown: Results, folder: Path, *, publish: bool) -> tuple[str, ...]:
    """Remember a public edition as published, and say so."""
    if not publish:
        return ()
    if shown.edition != PUBLIC:
        return ("Not remembered as published: only the public edition may be handed on.",)
    path = record(whole, shown, folder)
    return (f"Published edition: {path}" if path else "Published before, unchanged.",)


def results_of(study: Study, data: Path) -> Results:
    """The results of what the store holds, before any edition; nothing is written.

    Raises
    ------
    PersepsiError, analysis.errors.SampleError
        As `analyze`.
    """
    _need_store(study, data, "Run persepsi pull or persepsi analyze first.")
    return _compute_waves(study, data, Stopwatch())[0]


def store_digest(study: Study, data: Path) -> str:
    """Digest of all that the store of a study holds."""
    with open_store(study, data) as store:
        return store.digest()


def _need_store(study: Study, data: Path, what_to_do: str) -> None:
    if not store_path(study, data).exists():
        raise StoreError(
            f"{store_path(study, data)}: not found, so there is nothing to analyse without a pull. "
            f"{what_to_do}"
        )


def _times(folder: Path) -> dict[str, tuple[int, int]]:
    """When each file of the build folder was written, by its path there; the manifest left out."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != MANIFEST:
            at = path.stat()
            found[path.relative_to(folder).as_posix()] = at.st_mtime_ns, at.st_ino
    return found


def _compute_waves(
    study: Study, data: Path, watch: Stopwatch, *, has_proof: bool = False
) -> tuple[Results, str, dict[str, Any]]:
    """Each wave on its own, so that none can move a number of another; then all beside the last."""
    with watch("decode"):
        instruments = {
            form: distinct(read_instrument(path)) for form, path in forms_of(study).items()
        }
        wrong = form_errors(study)
    assets_of_waves(study)  # refuses two waves of one project before anything is counted
    found: list[Results] = []
    decoded: dict[str, Any] = {}
    content = ""
    with summing(study, data) as reduce:
        for wave in study.waves:
            own = study.of_wave(wave.id)
            results, content, counted = _compute(
                own, data, instruments, wrong, watch, reduce, has_proof=has_proof
            )
            found.append(results)
            decoded |= {label_of(own, form): told for form, told in counted.items()}
    if any(one.simulated for one in found):
        found = [replace(one, simulated=True) for one in found]
    with watch("estimate"):
        results = with_trend(found)
    return results, content, decoded


def _compute(
    study: Study,
    data: Path,
    instruments: Mapping[str, Instrument],
    wrong: tuple[str, ...],
    watch: Stopwatch,
    reduce: Reduce,
    *,
    has_proof: bool,
) -> tuple[Results, str, dict[str, Any]]:
    """The wave under analysis; `wrong` is what the checks of the questionnaires say."""
    simulated = study.server.kind == "sandbox"
    # Not the address that was really used: a sandbox has another port at every run, and pages
    # must be equal for equal data. The manifest holds it.
    source = study.server.url or study.server.id
    with watch("decode"):
        frames, told, store_digest, decoded = decode_store(study, data, instruments)
        told = (*wrong, *told)
        if not simulated and any(is_simulated(frame) for frame in frames.values()):
            simulated = True
            told = (*told, SIMULATED_NOTE)
    with watch("estimate"):
        if study.is_designed:
            record = assemble(
                study, read_plan(study), frames["wawancara"], frames["sesi"],
                instruments["wawancara"],
            )  # fmt: skip
            results = analyze_designed(
                study, record, instruments["wawancara"],
                simulated=simulated, source=source, notes=told, reduce=reduce,
                has_proof=has_proof,
            )  # fmt: skip
        else:
            ((form, frame),) = frames.items()
            told = (*told, *_left_out(form, frame, instruments[form]))
            results = analyze_plain(
                study, frame, instruments[form],
                simulated=simulated, source=source, notes=told,
            )  # fmt: skip
    return results, store_digest, decoded


def form_errors(study: Study) -> tuple[str, ...]:
    """What the checks of the questionnaires call wrong, where it can still be analysed.

    Raises
    ------
    QuestionnaireError
        Where the form of a study with a session plan has errors: they would move the numbers.
    """
    rules = read_rules(study.folder)
    found = [
        finding
        for path in forms_of(study).values()
        for finding in lint(path, rules, folder=study.folder)
        if finding.severity == "error"
    ]
    if found and study.is_designed:
        shown = "\n  ".join(str(finding) for finding in found[:SHOWN])
        raise QuestionnaireError(
            f"The questionnaires of {study.id} have {len(found)} errors that would move the "
            f"numbers. Mend them, or see persepsi forms lint:\n  {shown}"
        )
    return tuple(str(finding) for finding in found)


def _left_out(form: str, frame: pd.DataFrame, instrument: Instrument) -> tuple[str, ...]:
    """What a topline of every closed question does not hold, said rather than left to be missed."""
    silent = [
        q.name
        for q in instrument.questions
        if q.type.startswith("select_") and (q.repeat or not instrument.choices_of(q))
    ]
    notes = []
    if silent:
        notes.append(
            f"{form}: no topline of {', '.join(silent)}: asked in a repeat, or its choices are not "
            "in the form itself."
        )
    if frame.empty:
        notes.append(
            f"{form}: there is not a single submission, so there is nothing to estimate. Check "
            "that the export is the right one and holds rows."
        )
    return tuple(notes)


def decode_store(
    study: Study, data: Path, instruments: Mapping[str, Instrument]
) -> tuple[dict[str, pd.DataFrame], tuple[str, ...], str, dict[str, Any]]:
    """Typed frames of what the store holds of the present wave, by form, through their snapshots.

    Also the notes of what did not fit, the digest of the store's content, and all counts by form.
    """
    frames, told, met = {}, [], {}
    assets = assets_of(study)
    with open_store(study, data) as store:
        content = store.digest()
        for form, instrument in instruments.items():
            versions = store.form_versions(study.server.id, assets[form])
            known = frozenset(v.version for v in versions) if versions else None
            extra = () if study.is_designed else extra_columns(study)
            decoder = Decoder(
                instrument,
                wave=study.wave.id,
                known_versions=known,
                extra=extra,
                zone=zone(study.timezone),
                renamed=study.renamed.get(form, {}),
            )
            key = digest([
                DECODER, content, repr(instrument), study.wave.id, repr(extra),
                repr(sorted(known or ())),
                study.timezone, repr(sorted(study.renamed.get(form, {}).items())),
            ])  # fmt: skip
            rows = (stored.submission for stored in store.current(study.server.id, assets[form]))
            folder = data / study.id / "snapshot"
            name = f"{study.server.id}-{label_of(study, form)}"
            path, decoded = snapshot_submissions(rows, decoder, folder, name, key)
            frames[form] = read_snapshot(path)
            told += notes(form, decoded)
            met[form] = counts(decoded)
    return frames, tuple(told), content, met


SIMULATED_NOTE = (
    "These submissions come from simulated fieldwork, whatever server they were pulled from; every "
    "page says so. Real data belong in a study and a store of their own."
)


def is_simulated(frame: pd.DataFrame) -> bool:
    """Whether a decoded frame holds simulated fieldwork: its phones say so."""
    if "deviceid" not in frame:
        return False
    return bool(frame["deviceid"].astype("object").fillna("").str.startswith("simulasi:").any())


def _gone(gathered: Gathered | None) -> tuple[str, ...]:
    """A note for each form with submissions that its source no longer shows."""
    if gathered is None:
        return ()
    place = "in the export file" if gathered.from_file else "on the server"
    notes = []
    for form in gathered.summary.forms:
        if form.deleted:
            notes.append(
                f"{form.form_id}: {form.deleted} submissions are no longer {place}; they stay in "
                "the store and count no more."
            )
        if form.missing:
            notes.append(
                f"{form.form_id}: {form.missing} submissions are no longer {place}; they are kept "
                "and still counted. Ask who deleted them."
            )
    return tuple(notes)


def _pulls(gathered: Gathered | None) -> dict[str, Any]:
    if gathered is None:
        return {}
    return {
        form.form_id: {
            "new": form.new, "edited": form.edited, "on_server": form.total, "pages": form.pages,
            "missing": form.missing or 0, "deleted": form.deleted, "restored": form.restored,
            "validated": form.validated, "reset": form.reset, "lacking": form.lacking,
        }
        for form in gathered.summary.forms
    }  # fmt: skip


def _summary(
    results: Results,
    gathered: Gathered | None,
    folder: Path,
    watch: Stopwatch,
    issue: tuple[str, ...],
) -> tuple[str, ...]:
    table = results.estimates if results.trend is None else results.trend.estimates
    flags = table["flag"].value_counts()
    counted = ", ".join(f"{int(flags[flag])} {flag}" for flag in sorted(flags.index))
    total = sum(watch.seconds.values())
    parts = ", ".join(f"{stage} {value:.1f}" for stage, value in watch.seconds.items())
    lines = list(gathered.lines()) if gathered else []
    for one in (*(results.trend.earlier if results.trend else ()), results):
        wave = f"{one.wave}: " if results.trend else ""
        if results.study.is_designed:
            worked = int(one.sessions["worked"].sum())
            lines.append(
                f"{wave}{len(one.contacts)} contacts, {len(one.weighted)} interviews, "
                f"{worked} sessions"
            )
        else:
            lines.append(f"{wave}{len(one.contacts)} submissions")
    lines.append(f"{len(table)} estimates: {counted}")
    if results.trend is not None:
        tiers = results.trend.changes["tier"].value_counts()
        told = ", ".join(f"{int(tiers[tier])} {tier}" for tier in (UP, SAME, DOWN) if tier in tiers)
        lines.append(f"Changes: {told or 'none could be judged'}")
    lines += [
        *(f"Note: {note}" for note in all_notes(results)),
        *issue,
        f"Report: {folder / 'index.html'}" + (" (SIMULATED DATA)" if results.simulated else ""),
        f"Done in {total:.1f} s ({parts})",
    ]
    return tuple(lines)
