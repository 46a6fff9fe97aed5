"""Which project on the server is a form's: recorded, found, or certainly none.

What cannot be told for certain stops here and names the projects; a second project for one form
would split the answers of a wave.
"""

from collections.abc import Sequence

from pipeline.assets_file import assets_of_others
from pipeline.errors import ServerError
from pipeline.form_ready import ReadyForm
from pipeline.kobo import KoboPublisher
from pipeline.kobo.projects import Project
from pipeline.study import Study
from pipeline.transport.errors import UnknownAssetError

EXAMINED = 40
"""Projects of other names looked into for the form's id; each costs a request."""


class AmbiguousProjectError(ServerError):
    """It is not certain which project a form belongs to, or whether it has one."""


def recorded_project(
    study: Study, ready: ReadyForm, publisher: KoboPublisher, uid: str
) -> Project | None:
    """The project that the study names for a form; None where a sandbox does not have it.

    Raises
    ------
    AmbiguousProjectError
        Where it is gone, archived, no survey, or of another form.
    """
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


def search_project(study: Study, ready: ReadyForm, publisher: KoboPublisher) -> Project | None:
    """The form's own project on the server, None where there is certainly none.

    Raises
    ------
    AmbiguousProjectError
        Where there are projects that may be it; names them.
    """
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


def _counted(projects: Sequence[Project]) -> str:
    count = len(projects)
    return "a project" if count == 1 else f"{count} projects"


def _told(project: Project) -> str:
    return (
        f"{project.uid}: “{project.name}”, form_id {project.form_id or 'none'}, {project.status}, "
        f"{project.submissions} submissions"
    )


def _same(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()
