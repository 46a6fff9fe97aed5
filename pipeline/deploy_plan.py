"""What publishing a study's forms would do, found out without changing anything.

A project is never made where there may be one already: first the study's own records are asked,
then the server. What cannot be told for certain stops the plan and names the projects.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from pipeline.assets_file import Published, assets_of_others, known_assets, published_of
from pipeline.errors import ServerError
from pipeline.form_files import FormFile
from pipeline.form_kept import Difference, differences
from pipeline.form_ready import ReadyForm
from pipeline.kobo import KoboPublisher
from pipeline.kobo.errors import ForbiddenError, UnknownAssetError
from pipeline.kobo.form_media import HeldMedia
from pipeline.kobo.projects import Listed, Project
from pipeline.study import Study

EXAMINED = 40
"""Projects of other names looked into for the form's id; each costs a request."""

NEEDED = {"change_asset": "“Edit form”", "manage_asset": "“Manage project”"}


class AmbiguousProjectError(ServerError):
    """It is not certain which project a form belongs to, or whether it has one."""


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
        uid = _in_sandbox(study, ready)
    if uid:
        project, found = _recorded(study, ready, publisher, uid), "as the study records it"
    if project is None and not new:
        project, found = _search(study, ready, publisher), "found by its name and form id"
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


def _in_sandbox(study: Study, ready: ReadyForm) -> str:
    from pipeline.sandbox import asset_uid

    return asset_uid(study.id, ready.name)


def _recorded(study: Study, ready: ReadyForm, publisher: KoboPublisher, uid: str) -> Project | None:
    where = f"{study.file('study.toml')} or assets.toml"
    try:
        project = publisher.project(uid)
    except UnknownAssetError:
        if study.server.kind == "sandbox":
            return None
        raise AmbiguousProjectError(
            f"{publisher.url}: form {ready.name} is project {uid} by {where}, but there is no such "
            "project, or it is not shared with the account behind KOBO_TOKEN. To keep its answers "
            "together no other one is made. Use the right account; or, where it was deleted, take "
            "the line out and run again."
        ) from None
    if project.kind != "survey":
        raise AmbiguousProjectError(
            f"{publisher.url}: project {uid}, which {where} names for form {ready.name}, is a "
            f"{project.kind} of the question library and cannot be deployed. Correct the id."
        )
    if not project.is_empty and project.form_id and ready.form_id:
        alike = _same(project.form_id, ready.form_id) or _same(project.name, ready.title)
        if not alike:
            raise AmbiguousProjectError(
                f"{publisher.url}: project {uid}, which {where} names for form {ready.name}, holds "
                f"the form “{project.name}” (form_id {project.form_id}), not “{ready.title}” "
                f"(form_id {ready.form_id}). It would be overwritten. Correct the id; or, where "
                "the form was given a new name and id, rename the project in the browser first."
            )
    if project.status == "archived":
        raise AmbiguousProjectError(
            f"{publisher.url}: project {uid} of form {ready.name} is archived, so fieldwork with "
            "it was ended on purpose. Unarchive it in the browser to go on, or declare a new "
            "[[wave]] in study.toml for a project of its own."
        )
    return project


def _search(study: Study, ready: ReadyForm, publisher: KoboPublisher) -> Project | None:
    """The form's own project on the server, None where there is certainly none."""
    others = assets_of_others(study, ready.name)
    me = publisher.account.username
    listed = [one for one in publisher.projects() if one.uid not in others]
    named = [one for one in listed if _same(one.name, ready.title)]
    rest = [one for one in listed if one not in named and one.owner == me][:EXAMINED]
    projects = [publisher.project(one.uid) for one in [*named, *(rest if ready.form_id else ())]]
    alike = [p for p in projects if _same(p.name, ready.title) or p.form_id == ready.form_id != ""]
    if not alike:
        return None
    certain = [p for p in alike if _is_own(p, ready, me)]
    if len(alike) == 1 and certain:
        return certain[0]
    raise AmbiguousProjectError(
        f"{publisher.url} has {_counted(alike)} that may be that of form {ready.name} "
        f"(“{ready.title}”, form_id {ready.form_id or 'none'}), and the study records none:"
        + "".join(f"\n  {_told(project)}" for project in alike)
        + f'\nWrite the right one as {ready.name} = "..." under [wave.assets] in study.toml. '
        "Only where none of them is it: --new makes another project."
    )


def _is_own(project: Project, ready: ReadyForm, me: str) -> bool:
    """Whether a project can only be what an earlier run of ours began: ours, without answers."""
    if project.owner != me or project.submissions or not _same(project.name, ready.title):
        return False
    return project.is_empty or project.form_id == ready.form_id


def _check_rights(project: Project, publisher: KoboPublisher) -> None:
    missing = [told for name, told in NEEDED.items() if name not in project.rights]
    if missing:
        raise ForbiddenError(
            f"{publisher.url}: the account behind KOBO_TOKEN may see project {project.uid} but not "
            f"publish to it. Ask its owner for {' and '.join(missing)}, or use the token of an "
            "account that has them."
        )


def _counted(projects: Iterable[Project | Listed]) -> str:
    count = len(list(projects))
    return "a project" if count == 1 else f"{count} projects"


def _told(project: Project) -> str:
    return (
        f"{project.uid}: “{project.name}”, form_id {project.form_id or 'none'}, {project.status}, "
        f"{project.submissions} submissions"
    )


def _same(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()
