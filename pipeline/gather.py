"""From a study to a pulled store: which server, which forms, which file of the ledger.

Sandbox data live in a store of their own and are never mixed with real ones.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.errors import ServerError, StoreError, StudyError
from pipeline.export import ExportSource, find_exports
from pipeline.kobo.client import KoboClient, KoboSource
from pipeline.pull import Progress, PullSummary, pull
from pipeline.sandbox import TOKEN, asset_uid, serve, study_state
from pipeline.source import Source
from pipeline.store import Store
from pipeline.study import Study

Say = Callable[[str], None]
Clock = Callable[[], datetime]

DESIGNED_FORMS = ("wawancara", "sesi")
TOKEN_VARIABLE = "KOBO_TOKEN"


@dataclass(frozen=True)
class Gathered:
    """What a pull found and where it lies."""

    study: str
    store: Path
    simulated: bool
    summary: PullSummary

    def as_dict(self) -> dict[str, Any]:
        """The summary for a script."""
        return {
            "study": self.study,
            "store": str(self.store),
            "simulated": self.simulated,
            "server": self.summary.server_id,
            "address": self.summary.address,
            "seconds": round(self.summary.seconds, 3),
            "forms": [asdict(form) for form in self.summary.forms],
        }

    def lines(self) -> list[str]:
        """The summary for a person, one line a form."""
        found = []
        for form in self.summary.forms:
            missing = f", {form.missing} no longer on the server (kept)" if form.missing else ""
            found.append(
                f"{form.form_id}: {form.new} new, {form.edited} edited, {form.total} on the server"
                f"{missing} ({form.pages} pages, {form.seconds:.1f} s)"
            )
        found.append(f"Store: {self.store}" + (" (simulated data)" if self.simulated else ""))
        return found


def form_file(study: Study) -> Path:
    """The one questionnaire of a study without a session plan.

    Raises
    ------
    StudyError
        Where the folder has none or several XLSForms.
    """
    found = sorted(p for p in study.folder.glob("*.xlsx") if not p.name.startswith(("~$", ".")))
    if len(found) == 1:
        return found[0]
    names = ", ".join(p.name for p in found) or "none"
    raise StudyError(
        f"{study.folder}: a study needs exactly one XLSForm (.xlsx), or units.csv and sessions.csv "
        f"beside wawancara.xlsx and sesi.xlsx; found {names}."
    )


def forms_of(study: Study) -> dict[str, Path]:
    """Form id to its XLSForm."""
    if not study.is_designed:
        path = form_file(study)
        return {path.stem: path}
    paths = {form: study.file(f"{form}.xlsx") for form in DESIGNED_FORMS}
    for path in paths.values():
        if not path.exists():
            raise StudyError(f"{path}: not found. A study with units.csv needs this questionnaire.")
    return paths


def assets_of(study: Study) -> dict[str, str]:
    """Form id to the asset that holds its submissions.

    Raises
    ------
    StudyError
        Where study.toml does not name the asset of a form on a real server.
    """
    forms = forms_of(study)
    if study.server.kind == "sandbox":
        return {form: asset_uid(study.id, form) for form in forms}
    if study.server.kind == "export":
        return {form: form for form in forms}
    missing = [form for form in forms if not study.wave.assets.get(form)]
    if missing:
        raise StudyError(
            f"{study.file('study.toml')} [wave.assets] does not name {', '.join(missing)}. Copy "
            "the asset id (22 characters, begins with a) from the project's address on the server."
        )
    return {form: study.wave.assets[form] for form in forms}


def store_path(study: Study, data: Path) -> Path:
    """The ledger of a study; simulated data have one of their own."""
    name = "sandbox.sqlite" if study.server.kind == "sandbox" else "store.sqlite"
    return data / study.id / name


@contextmanager
def open_store(study: Study, data: Path) -> Iterator[Store]:
    """Open the study's ledger, making its folder where there is none."""
    path = store_path(study, data)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"{path.parent}: cannot be made ({error.strerror}). Choose another folder with --data."
        ) from None
    with Store.open(path) as store:
        yield store


@contextmanager
def open_source(
    study: Study, environ: Mapping[str, str], server_url: str, say: Say
) -> Iterator[Source]:
    """The source of a study's submissions; the sandbox runs inside the process while needed."""
    server = study.server
    if server.kind == "export":
        forms = list(forms_of(study))
        yield ExportSource(find_exports(study.folder, server.export, forms), server.id)
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
                f"{study.file('study.toml')} [server] has no url. Write the address of the KoBo "
                'server, such as url = "https://kf.kobotoolbox.org".'
            )
        token = environ.get(TOKEN_VARIABLE) or (TOKEN if server.kind == "sandbox" else "")
        if not token:
            raise ServerError(
                f"The environment variable {TOKEN_VARIABLE} is not set, so the server would show "
                "nothing. Copy the API key from Account Settings → Security on the server into it; "
                "never write it into a file of the study."
            )
        with KoboClient(url, token, notify=say) as client:
            yield KoboSource(client, server.id)


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
) -> Gathered:
    """Pull everything new and edited into the study's store; `full` reads all of it again."""

    def tell(progress: Progress) -> None:
        say(f"  {progress.form_id}: {progress.seen} of {progress.expected}")

    assets = assets_of(study)
    if study.server.kind == "sandbox" and not server_url:
        _forget_other_fieldwork(study, data, say)
    with (
        open_store(study, data) as store,
        open_source(study, environ, server_url, say) as source,
    ):
        say(f"Pulling {', '.join(assets)} from {source.address} ...")
        summary = pull(
            source, store, assets, now=now,
            page_size=page_size or study.server.page_size, progress=tell, full=full,
        )  # fmt: skip
    return Gathered(study.id, store_path(study, data), study.server.kind == "sandbox", summary)


def _forget_other_fieldwork(study: Study, data: Path, say: Say) -> None:
    """Remove a sandbox store that was filled from other simulated fieldwork.

    Filling the fieldwork anew gives other people under the same ids, which no server does: the
    store would hold both. Only simulated data are ever in it.
    """
    path = store_path(study, data)
    mark = path.with_suffix(".fieldwork")
    sha = hashlib.sha256()
    for file in sorted(study.file("simulasi").glob("*.jsonl.gz")):
        sha.update(file.read_bytes())
    if path.exists() and mark.exists() and mark.read_text("ascii") != sha.hexdigest():
        say("The simulated fieldwork is another than the sandbox store holds; it is made anew.")
        for leftover in path.parent.glob(f"{path.name}*"):
            leftover.unlink()
    path.parent.mkdir(parents=True, exist_ok=True)
    mark.write_text(sha.hexdigest(), encoding="ascii")
