"""What publishing a study's forms would do, found out without changing anything.

A project is never made where there may be one already: first the study's own records are asked,
then the server. What cannot be told for certain stops the plan and names the projects.
"""

from dataclasses import dataclass
from typing import Any, Literal

from pipeline.assets_file import Published, known_assets, published_of
from pipeline.form_files import FormFile
from pipeline.form_kept import Difference, differences
from pipeline.form_ready import ReadyForm
from pipeline.kobo import KoboPublisher
from pipeline.kobo.form_media import HeldMedia
from pipeline.kobo.projects import Project
from pipeline.project_search import recorded_project, search_project
from pipeline.sandbox import asset_uid
from pipeline.study import Study
from pipeline.transport.errors import ForbiddenError

NEEDED = {"change_asset": "“Edit form”", "manage_asset": "“Manage project”"}


@dataclass(frozen=True)
class FormPlan:
    """What has to be done for one form; `project` is None where one has to be made.

    `changed` is what the server's latest version has otherwise, `send` the files to upload,
    `held` those there, `left` those there that the form does not name.
    """

    ready: ReadyForm
    project: Project | None
    found: str
    changed: tuple[Difference, ...]
    send: tuple[FormFile, ...]
    held: tuple[HeldMedia, ...]
    left: tuple[str, ...]
    deploy: Literal["", "first", "again"]
    entry: Published | None
    verified: bool = False

    @property
    def import_form(self) -> bool:
        """Whether the workbook has to be sent."""
        return self.project is None or bool(self.changed)

    @property
    def nothing(self) -> bool:
        """Whether phones get this very form already."""
        return self.project is not None and not (self.import_form or self.send or self.deploy)

    def lines(self) -> list[str]:
        """The plan for a person, the form first and a line a step."""
        ready, project = self.ready, self.project
        head = f"{ready.name} ({ready.title}): "
        if project is None:
            head += "new project"
        else:
            head += f"project {project.uid}, {self.found}; {project.status}, "
            head += f"{project.submissions} submissions"
        steps = [f"  create the project “{ready.title}”"] if project is None else []
        if project is None or project.is_empty:
            steps.append(f"  upload {ready.form.path.name}")
        elif self.import_form:
            more = len(self.changed) - 3
            told = "; ".join(map(str, self.changed[:3])) + (f"; {more} more" if more > 0 else "")
            steps.append(f"  replace the form by {ready.form.path.name}; otherwise now: {told}")
        names = {media.filename for media in self.held}
        for file in self.send:
            verb = "replace" if file.name in names else "upload"
            steps.append(f"  {verb} {file.name} ({len(file.content)} bytes)")
        if self.deploy:
            steps.append("  deploy" if self.deploy == "first" else "  deploy the new version")
        if not steps:
            steps.append("  nothing to do: phones get this form and these files")
        if self.left:
            steps.append(f"  left as it is, not named by the form: {', '.join(self.left)}")
        return [head, *steps]

    def as_dict(self) -> dict[str, Any]:
        """The plan for a script."""
        return {
            "form": self.ready.name,
            "title": self.ready.title,
            "form_id": self.ready.form_id,
            "asset": self.project.uid if self.project else None,
            "found": self.found,
            "submissions": self.project.submissions if self.project else 0,
            "create": self.project is None,
            "import": self.import_form,
            "differences": [str(difference) for difference in self.changed],
            "media": [file.name for file in self.send],
            "left": list(self.left),
            "deploy": self.deploy,
        }


def plan_form(
    study: Study, ready: ReadyForm, publisher: KoboPublisher, *, new: bool = False
) -> FormPlan:
    """Plan of one form; `new` makes a project although one of the same name exists.

    Raises
    ------
    AmbiguousProjectError
        Where it is not certain which project is the form's.
    ForbiddenError
        Where our account may not do what has to be done.
    """
    entry = published_of(study, ready.name)
    uid = known_assets(study).get(ready.name, "")
    project, found = None, ""
    if study.server.kind == "sandbox" and not uid:
        uid = asset_uid(study.id, ready.name)
    if uid:
        project, found = recorded_project(study, ready, publisher, uid), "as the study records it"
    if project is None and not new:
        project, found = search_project(study, ready, publisher), "found by its name and form id"
    if project is None:
        return FormPlan(ready, None, "", (), ready.files, (), (), "first", entry)
    _check_rights(project, publisher)
    return _steps(ready, project, found, publisher, entry)


def _steps(
    ready: ReadyForm,
    project: Project,
    found: str,
    publisher: KoboPublisher,
    entry: Published | None,
) -> FormPlan:
    changed = differences(ready.form, project.content)
    held = publisher.media(project.uid)
    there = {media.filename: media.hash for media in held}
    send = tuple(file for file in ready.files if there.get(file.name) != file.hash)
    names = {file.name for file in ready.files}
    left = tuple(sorted(set(there) - names))
    deploy: Literal["", "first", "again"] = ""
    if not project.deployed_version:
        deploy = "first"
    elif changed or send or _outdated(ready, project, publisher, entry):
        deploy = "again"
    return FormPlan(ready, project, found, changed, send, tuple(held), left, deploy, entry)


def _outdated(
    ready: ReadyForm, project: Project, publisher: KoboPublisher, entry: Published | None
) -> bool:
    """Whether what was deployed is another form, or has other files, than what is saved."""
    if project.deployed_version != project.version:
        content = publisher.version_content(project.uid, project.deployed_version)
        if differences(ready.form, content):
            return True
    wanted = {file.name: file.hash for file in ready.files}
    offered = publisher.offered(project.uid)
    given = offered.media if offered is not None else dict(entry.media) if entry else wanted
    return any(given.get(name) != hash_ for name, hash_ in wanted.items())


def _check_rights(project: Project, publisher: KoboPublisher) -> None:
    missing = [told for name, told in NEEDED.items() if name not in project.rights]
    if missing:
        raise ForbiddenError(
            f"{publisher.url}: the account behind KOBO_TOKEN may see project {project.uid} but not "
            f"publish to it. Ask its owner for {' and '.join(missing)}, or use the token of an "
            "account that has them."
        )
