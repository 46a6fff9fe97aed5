"""Making the latest version of a form the one that phones get.

KoBo answers the second POST with 405 and a `version_id` that is not the latest with 500; a PATCH
without `version_id` changes nothing but archived or active. So the project is read right before,
and after a 500 read again to learn which of the two it was.
"""

from pipeline.kobo.assets import asset_path
from pipeline.kobo.objects import read_object
from pipeline.kobo.projects import Project, fetch_project
from pipeline.kobo.session import Session
from pipeline.transport.errors import (
    BusyError,
    DeploymentConflictError,
    FormRefusedError,
    IncompleteAnswerError,
    UnreachableError,
)

LOST = (BusyError, IncompleteAnswerError, UnreachableError)
"""After these the server may have deployed all the same."""


def deploy(session: Session, project: Project) -> Project:
    """Deploy or redeploy the version that `project` has as its latest; the project after it.

    Raises
    ------
    FormRefusedError
        With the converter's own sentence.
    DeploymentConflictError
        Where another version was saved meanwhile; nothing was deployed then.
    """
    method = "POST"
    body: dict[str, object] = {"active": True}
    if project.deployed_version:
        method = "PATCH"
        body["version_id"] = project.version
    path = f"{asset_path(project.uid)}deployment/"
    try:
        refusal = session.request(
            method, path, body=body, expect=(200, 400), asset=project.uid, parse=_refusal
        )
    except LOST:
        now = fetch_project(session, project.uid)
        # A version that was deployed before goes out again with new files: then it tells nothing.
        again = project.deployed_version == project.version
        if not again and now.deployed_version == project.version and now.status == "deployed":
            return now
        if now.version != project.version:
            raise _conflict(session, project) from None
        raise
    if refusal:
        raise FormRefusedError(refusal)
    now = fetch_project(session, project.uid)
    if now.deployed_version != project.version:
        raise _conflict(session, project)
    return now


def _conflict(session: Session, project: Project) -> DeploymentConflictError:
    return DeploymentConflictError(
        f"{session.address.base}: project {project.uid} was saved by somebody else while it was "
        "being published, so what phones get is not certain. Close the form builder in every "
        "browser, and run the same command again: it begins with what the server has then."
    )


def _refusal(text: str) -> str:
    value = read_object(text)
    if "version_id" in value and "backend" in value:
        return ""
    told = value.get("error") or value.get("detail") or "(no reason given)"
    return " ".join(str(told).split())
