"""From a study to a pulled store: which server, which forms, which file of the ledger.

Sandbox data live in a store of their own and are never mixed with real ones.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from analysis.instrument import Instrument
from pipeline.attachments import Files, Which, held_files
from pipeline.audit import write_audit
from pipeline.central import CentralClient, CentralSource, credentials
from pipeline.errors import ServerError, StoreError, StudyError
from pipeline.export import ExportSource
from pipeline.fielded import assets_of as assets_of
from pipeline.fielded import assets_of_waves, export_files
from pipeline.fielded import forms_of as forms_of
from pipeline.found import Progress
from pipeline.gathered import Gathered
from pipeline.kobo import KoboClient, KoboSource
from pipeline.kobo.token import TOKEN_VARIABLE, find_token
from pipeline.place import unsafe
from pipeline.pull import PullSummary, pull
from pipeline.questionnaire import read_instrument
from pipeline.sandbox import TOKEN, serve, study_state
from pipeline.settings import zone
from pipeline.source import Source
from pipeline.store import Store
from pipeline.study import Study

Say = Callable[[str], None]
Clock = Callable[[], datetime]

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def store_path(study: Study, data: Path) -> Path:
    """The ledger of a study; simulated data have one of their own."""
    name = "sandbox.sqlite" if study.server.kind == "sandbox" else "store.sqlite"
    return data / study.id / name


@contextmanager
def open_store(study: Study, data: Path) -> Iterator[Store]:
    """Open the study's ledger, making its folder where there is none."""
    path = store_path(study, data)
    claim_folder(study, path.parent)
    with Store.open(path) as store:
        yield store


def claim_folder(study: Study, folder: Path) -> None:
    """Make the folder of a study's stores, and refuse one that belongs to another study.

    Two folders of one name would otherwise fill one store and count each other's submissions.
    """
    mark = folder / "study.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not mark.exists():
            mark.write_text(str(study.folder), encoding="utf-8")
        owner = mark.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise StoreError(
            f"{folder}: cannot be made or written ({error.strerror}). Choose another folder with "
            "--data."
        ) from None
    if owner != str(study.folder) and Path(owner).exists():
        raise StudyError(
            f"{folder} holds the submissions of another study of the same name, {owner}. Give "
            f"{study.folder} an id of its own ([study] id in study.toml), or another --data folder."
        )
    if owner != str(study.folder):
        mark.write_text(str(study.folder), encoding="utf-8")  # the folder was moved


@contextmanager
def open_source(
    study: Study, environ: Mapping[str, str], server_url: str, say: Say
) -> Iterator[Source]:
    """The source of a study's submissions; the sandbox runs inside the process while needed."""
    server = study.server
    if server_url and server.kind == "sandbox" and urlsplit(server_url).hostname not in LOOPBACK:
        raise StudyError(
            f'--server {server_url}: {study.file("study.toml")} has [server] kind = "sandbox", '
            'whose store is for simulated data only. Set kind = "kobo", an id and the asset ids '
            "for a real server."
        )
    if server.kind == "export":
        yield ExportSource(
            export_files(study),
            server.id,
            instruments=_instruments(study),
            zone=zone(study.timezone),
            say=say,
        )
    elif server.kind == "sandbox" and not server_url:
        with (
            serve(study_state(study.folder, study.id)) as sandbox,
            KoboClient(sandbox.url, sandbox.token, notify=say) as client,
        ):
            yield KoboSource(client, server.id)
    else:
        url = server_url or server.url
        if not url:
            raise StudyError(
                f"{study.file('study.toml')} [server] has no url. Write the address of the "
                'server, such as url = "https://kf.kobotoolbox.org".'
            )
        if server.kind == "central":
            with CentralClient(url, credentials(environ), notify=say) as central:
                yield CentralSource(central, server.id, _instruments(study))
            return
        token = find_token(environ, server.id) or (TOKEN if server.kind == "sandbox" else "")
        if not token:
            raise ServerError(
                f"The environment variable {TOKEN_VARIABLE} is not set, so the server would show "
                "nothing. Copy the API key from Account Settings → Security on the server into it, "
                f"or into the keyring of this computer (service persepsi, name {server.id}); never "
                "write it into a file of the study."
            )
        with KoboClient(url, token, notify=say) as client:
            yield KoboSource(client, server.id)


def _instruments(study: Study) -> dict[str, Instrument]:
    """Asset to its questionnaire, in every wave."""
    forms = {form: read_instrument(path) for form, path in forms_of(study).items()}
    return {
        asset: forms[form]
        for wave in study.waves
        for form, asset in assets_of(study.of_wave(wave.id)).items()
    }


def gather(
    study: Study,
    *,
    data: Path,
    environ: Mapping[str, str],
    now: Clock,
    say: Say,
    server_url: str = "",
    page_size: int = 0,
    full: bool = False,
    accept_deletions: bool = False,
    files: Which = "audit",
    progress: Callable[[Progress], None] | None = None,
    wave: str = "",
) -> Gathered:
    """Bring the study's store up to what its server has, files and their events too.

    All waves are read, or the one called `wave`. `full` reads all of it again,
    `accept_deletions` believes the server where many submissions
    vanished at once, `files` says which attachments to fetch. `progress` is told of every page;
    without it `say` is.
    """

    def tell(step: Progress) -> None:
        say(f"  {step.form_id}: {step.seen} of {step.expected}")

    assets = assets_of_waves(study, wave)
    warning = unsafe(data)
    if study.server.kind == "sandbox" and not server_url:
        _forget_other_fieldwork(study, data, say)
    path = store_path(study, data)
    kept = Files(files_folder(path), files)
    with (
        open_store(study, data) as store,
        open_source(study, environ, server_url, say) as source,
    ):
        say(f"Pulling {', '.join(assets)} from {source.address} ...")
        summary = pull(
            source, store, assets, now=now, page_size=page_size or study.server.page_size,
            progress=progress or tell, full=full, accept_deletions=accept_deletions,
            files=None if files == "none" else kept,
        )  # fmt: skip
        warnings = [f"Warning: {data.resolve()} {warning}"] if warning else []
        warnings += _write_audits(store, kept.folder, summary)
    return Gathered(
        study.id, path, study.server.kind == "sandbox", summary,
        from_file=study.server.kind == "export", warnings=tuple(warnings),
    )  # fmt: skip


def files_folder(store: Path) -> Path:
    """Folder of the files that came with the submissions of a store, and of their events."""
    return store.with_suffix(".files")


def _write_audits(store: Store, folder: Path, summary: PullSummary) -> list[str]:
    """Turn the logs of interviews into Parquet; a sentence where one was no log."""
    said = []
    for form in summary.forms:
        held = held_files(store, folder, summary.server_id, form.asset)
        log = write_audit(held, folder / f"{form.form_id}.audit.parquet")
        if log is not None and log.unreadable:
            said.append(
                f"{form.form_id}: {log.unreadable} of {log.files} audit.csv cannot be read and "
                "were left out of the events."
            )
    return said


def _forget_other_fieldwork(study: Study, data: Path, say: Say) -> None:
    """Remove a sandbox store that was filled from other simulated fieldwork.

    Filling the fieldwork anew gives other people under the same ids, which no server does: the
    store would hold both. Only simulated data are ever in it. A wave that was added changes
    nothing of the earlier ones, so the store stays.
    """
    path = store_path(study, data)
    mark = path.with_suffix(".fieldwork")
    folder = study.file("simulasi")
    marks = {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*.jsonl.gz"))
    }
    if path.exists() and mark.exists():
        lines = (line.split(" ", 1) for line in mark.read_text("utf-8").splitlines())
        held = {name: sha for sha, name in (pair for pair in lines if len(pair) == 2)}
        if not held or any(marks.get(name) != sha for name, sha in held.items()):
            say("The simulated fieldwork is another than the sandbox store holds; it is made anew.")
            for leftover in path.parent.glob(f"{path.name}*"):
                leftover.unlink()
    claim_folder(study, path.parent)
    mark.write_text("".join(f"{sha} {name}\n" for name, sha in marks.items()), encoding="utf-8")
