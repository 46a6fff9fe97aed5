"""Publishing a study's forms: project, workbook, files, deployment, and whether phones get it.

Every step leaves the server in a state from which the same command goes on: the id of a project
is written down before anything is put into it, a form that was saved is not sent again, and what
phones have stays until the very last step.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipeline.assets_file import Published, write_published
from pipeline.deploy_plan import FormPlan, plan_form
from pipeline.errors import ServerError
from pipeline.form_kept import Difference, differences, listed
from pipeline.form_ready import ReadyForm
from pipeline.form_rows import place_of
from pipeline.kobo import KoboPublisher
from pipeline.kobo.imports import Patience
from pipeline.kobo.projects import Project
from pipeline.study import Study
from pipeline.transport.errors import (
    DeploymentConflictError,
    FormRefusedError,
    ImportFailedError,
    NotOfferedError,
)

Say = Callable[[str], None]

OFFERED_SECONDS = 60.0
"""How long phones may wait for a new version: the server hands files out a little later."""


class FormLostError(ServerError):
    """The server did not keep the form as it was sent; nothing was deployed."""


@dataclass(frozen=True)
class Deployed:
    """What became of a form; `verified`: phones were seen to get it, else `note` says why not."""

    form: str
    asset: str
    version: str
    label: str
    steps: int
    verified: bool
    lost: tuple[Difference, ...] = ()
    note: str = ""

    def line(self) -> str:
        """One line for a person."""
        did = "unchanged" if not self.steps else "published"
        seen = f"phones get version {self.label}" if self.verified else self.note
        lost = f"; not kept by the server:{listed(self.lost)}" if self.lost else ""
        return f"{self.form}: {did} as project {self.asset}; {seen}{lost}"

    def as_dict(self) -> dict[str, Any]:
        """The outcome for a script."""
        return {
            "form": self.form, "asset": self.asset, "version": self.version, "label": self.label,
            "steps": self.steps, "verified": self.verified, "note": self.note,
            "lost": [str(difference) for difference in self.lost],
        }  # fmt: skip


def make_plan(
    study: Study, forms: Sequence[ReadyForm], publisher: KoboPublisher, *, new: bool = False
) -> list[FormPlan]:
    """Plans of all forms; ServerError before anything was changed where one cannot be done."""
    return [plan_form(study, ready, publisher, new=new) for ready in forms]


def carry_out(
    study: Study,
    plan: FormPlan,
    publisher: KoboPublisher,
    patience: Patience,
    say: Say,
    *,
    accept_losses: bool = False,
) -> Deployed:
    """Do what a plan says, and see that phones get the form.

    `accept_losses` goes on where the server dropped columns that only the codebook reads.

    Raises
    ------
    ImportFailedError, ImportStuckError, FormLostError, MediaRefusedError, FormRefusedError,
    DeploymentConflictError
        Each with the form's phones still on the version that they had.
    NotOfferedError
        Where the version is deployed and phones are not offered it in time.
    """
    ready, project, steps = plan.ready, plan.project, 0
    if project is None:
        say(f"{ready.name}: making the project “{ready.title}” ...")
        project = publisher.create(ready.title)
        steps += 1
    entry = _note_asset(study, plan, project)
    lost: tuple[Difference, ...] = ()
    if plan.import_form:
        say(f"{ready.name}: uploading {ready.form.path.name} ...")
        project, lost = _import(ready, project, publisher, patience, say, accept_losses)
        steps += 1
    for file in plan.send:
        say(f"{ready.name}: uploading {file.name} ...")
        publisher.put_media(project.uid, file.name, file.content, file.mimetype, plan.held)
        steps += 1
    if plan.deploy:
        say(f"{ready.name}: deploying ...")
        project = _deploy(ready, project, publisher, say, lost)
        steps += 1
    if study.server.kind != "sandbox":
        write_published(
            study.folder,
            replace(
                entry, version=project.deployed_version, form_version=ready.version,
                xform=ready.xform, media={file.name: file.hash for file in ready.files},
            ),
        )  # fmt: skip
    label, note = _verify(ready, project, publisher, patience)
    return Deployed(
        ready.name, project.uid, project.deployed_version, label, steps, not note, lost, note
    )


def _note_asset(study: Study, plan: FormPlan, project: Project) -> Published:
    """Write the project's id down before anything is put into it."""
    fresh = Published(study.server.id, study.wave.id, plan.ready.name, project.uid)
    entry = plan.entry if plan.entry and plan.entry.asset == project.uid else fresh
    if entry is fresh and study.server.kind != "sandbox":
        write_published(study.folder, entry)
    return entry


def _import(
    ready: ReadyForm,
    project: Project,
    publisher: KoboPublisher,
    patience: Patience,
    say: Say,
    accept_losses: bool,
) -> tuple[Project, tuple[Difference, ...]]:
    name = ready.form.path.name
    try:
        now = publisher.replace_form(project.uid, name, ready.workbook, patience, say)
    except ImportFailedError as error:
        raise ImportFailedError(
            f"{place_of(ready.form, str(error)) or name}: {publisher.url} cannot read the form: "
            f"{_sentence(str(error))} The project's form is as it was, and so is what phones "
            "have. Correct the workbook and run again."
        ) from None
    lost = differences(ready.form, now.content)
    fatal = [difference for difference in lost if difference.runs or not accept_losses]
    if fatal:
        only_codebook = not any(difference.runs for difference in lost)
        advice = (
            "Phones would not notice, since these columns say only what an answer means, and pull "
            "reads them from the workbook: --accept-losses goes on."
            if only_codebook
            else "Compare the form in the server's form builder with the workbook, and correct "
            "what the server reads otherwise."
        )
        raise FormLostError(
            f"{publisher.url} did not keep {name} as it was sent, so nothing was deployed and "
            f"phones keep what they have. Not alike:{listed(lost)}\n{advice}"
        )
    return now, lost


def _deploy(
    ready: ReadyForm,
    project: Project,
    publisher: KoboPublisher,
    say: Say,
    accepted: tuple[Difference, ...],
) -> Project:
    project = publisher.project(project.uid)  # a file that was added is no new version; a save is
    try:
        return publisher.deploy(project)
    except FormRefusedError as error:
        name = ready.form.path.name
        raise FormRefusedError(
            f"{place_of(ready.form, str(error)) or name}: {publisher.url} will not deploy the "
            f"form: {_sentence(str(error))} Phones keep the version they have. Correct the "
            "workbook and run again."
        ) from None
    except DeploymentConflictError:
        now = publisher.project(project.uid)
        if differences(ready.form, now.content) != accepted:
            raise
        say(f"{ready.name}: somebody saved the project meanwhile, with the same form; again ...")
        return publisher.deploy(now)


def _verify(
    ready: ReadyForm, project: Project, publisher: KoboPublisher, patience: Patience
) -> tuple[str, str]:
    """Version as phones show it, and why it could not be seen (empty: it was)."""
    if not publisher.phones():
        return "", (
            "whether phones get it was not looked at: their server is of another family of hosts, "
            "and the token is not sent there. Open the form in Collect once"
        )
    if project.status != "deployed" or "add_submissions" not in project.rights:
        return "", (
            "whether phones get it was not looked at: this account may not fill the form. Open it "
            "in Collect once, with the enumerators' account"
        )
    begun, pause = patience.clock(), 0.5
    wanted = {file.name: file.hash for file in ready.files}
    while True:
        offered = publisher.offered(project.uid)
        if offered is not None and project.deployed_version in offered.versions:
            missing = sorted(n for n, hash_ in wanted.items() if offered.media.get(n) != hash_)
            if not missing:
                return offered.label, ""
            why = f"without the new {', '.join(missing)}"
        else:
            why = "not at all" if offered is None else f"as the older version {offered.label}"
        if patience.clock() - begun >= min(OFFERED_SECONDS, patience.seconds):
            raise NotOfferedError(
                f"{publisher.phones()}: project {project.uid} is deployed as version "
                f"{project.deployed_version}, but after {OFFERED_SECONDS:.0f} s phones are offered "
                f"it {why}. The server may be slow: run again in some minutes, and send nobody "
                "out before this says that phones get it."
            )
        patience.sleep(pause)
        pause = min(2 * pause, 5.0)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
