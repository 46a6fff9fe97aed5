"""Publishing a form on ODK Central: draft, files, comparison, publication, and what phones get.

Phones keep what they have until the draft is published, which is the last step that changes
anything. Stopped anywhere, the same command goes on from what the server has then.
"""

import hashlib
from dataclasses import replace

from pipeline.assets_file import Published, write_published
from pipeline.central import CentralPublisher
from pipeline.central.forms import CentralForm, HeldFile
from pipeline.central_plan import CentralPlan, version_taken
from pipeline.deploying import Deployed, FormLostError, Say
from pipeline.form_back import converted_otherwise, given_back
from pipeline.form_kept import Difference, listed
from pipeline.form_ready import ReadyForm
from pipeline.form_rows import place_of
from pipeline.study import Study
from pipeline.transport.errors import (
    DeploymentConflictError,
    FormRefusedError,
    MediaRefusedError,
    NotOfferedError,
    VersionTakenError,
)


def carry_out_central(
    study: Study, plan: CentralPlan, publisher: CentralPublisher, say: Say
) -> Deployed:
    """Do what a plan says, and see that phones get the form.

    Raises
    ------
    FormRefusedError, FormLostError, MediaRefusedError, VersionTakenError, DeploymentConflictError
        Each with the form's phones still on the version that they had.
    NotOfferedError
        Where the version is published and phones are offered another.
    """
    ready, asset, steps = plan.ready, plan.asset, 0
    entry = _note_asset(study, plan)
    form = plan.form
    if plan.publish:
        if plan.draft != "goes on":
            say(f"{ready.name}: uploading {ready.form.path.name} ...")
            _draft(plan, publisher)
            steps += 1
        draft = _compare(ready, asset, publisher)
        steps += _send_files(plan, publisher, say)
        say(f"{ready.name}: publishing version {plan.version} ...")
        form = _publish(plan, draft, publisher)
        steps += 1
    if form is None:
        raise AssertionError("a plan without a form publishes one")
    write_published(
        study.folder,
        replace(
            entry, version=form.version or "-", form_version=ready.version, xform=ready.xform,
            media={file.name: file.hash for file in ready.files},
        ),
    )  # fmt: skip
    note = _verify(plan, form, publisher)
    return Deployed(ready.name, asset, form.version, form.version, steps, not note, (), note)


def _note_asset(study: Study, plan: CentralPlan) -> Published:
    """Write the form's address down before anything is put there."""
    fresh = Published(study.server.id, study.wave.id, plan.ready.name, plan.asset)
    entry = plan.entry if plan.entry and plan.entry.asset == plan.asset else fresh
    if entry is fresh:
        write_published(study.folder, entry)
    return entry


def _draft(plan: CentralPlan, publisher: CentralPublisher) -> None:
    ready = plan.ready
    try:
        if plan.form is None:
            made = publisher.create(plan.asset, ready.workbook)
            if made.asset != plan.asset:
                raise FormLostError(
                    f"{publisher.url} made form {made.asset} of {ready.form.path.name}, where "
                    f"{plan.asset} was meant. It is a draft that no phone sees: delete it in the "
                    "browser, and write the form_id on the sheet settings in plain letters."
                )
        else:
            publisher.new_draft(plan.asset, ready.workbook)
    except FormRefusedError as error:
        name = ready.form.path.name
        raise FormRefusedError(
            f"{place_of(ready.form, str(error)) or name}: {publisher.url} cannot take the form: "
            f"{error} What phones have is unchanged. Correct the workbook and run again."
        ) from None


def _compare(ready: ReadyForm, asset: str, publisher: CentralPublisher) -> CentralForm:
    """Hold the draft on the server against what was sent; the draft."""
    lost: tuple[Difference, ...] = given_back(
        ready.form, ready.workbook, publisher.workbook(asset, draft=True)
    )
    lost += converted_otherwise(ready.xml, publisher.xml(asset, draft=True))
    if lost:
        raise FormLostError(
            f"{publisher.url} did not keep {ready.form.path.name} as it was sent, so nothing was "
            f"published and phones keep what they have. Not alike:{listed(lost)}\nLook at the "
            "draft in the browser; if the server's converter is old, ask its administrator to "
            "update ODK Central."
        )
    draft = publisher.draft(asset)
    if draft is None:
        raise _conflict(publisher, asset)
    return draft


def _send_files(plan: CentralPlan, publisher: CentralPublisher, say: Say) -> int:
    """Upload what the draft lacks; how many. A draft takes over the files of the version before."""
    asset, ready = plan.asset, plan.ready
    there = _by_name(publisher.files(asset, draft=True))
    sent = 0
    for file in ready.files:
        held = there.get(file.name)
        if held is not None and (held.dataset or held.hash == file.hash):
            continue
        say(f"{ready.name}: uploading {file.name} ...")
        publisher.put_file(asset, file.name, file.content, file.mimetype)
        sent += 1
    there = _by_name(publisher.files(asset, draft=True))
    ours = {file.name: file.hash for file in ready.files}
    for name, held in there.items():
        if held.dataset:
            continue
        if not held.hash or held.hash != ours.get(name, held.hash):
            raise MediaRefusedError(
                f"{publisher.url}: the draft of form {asset} names {name}, and the server "
                f"{'has not got it' if not held.hash else 'holds another content'}, so nothing was "
                "published: phones would show an empty list. Put the file beside the workbook, and "
                "run again."
            )
    return sent


def _publish(plan: CentralPlan, draft: CentralForm, publisher: CentralPublisher) -> CentralForm:
    ready, asset = plan.ready, plan.asset
    now = publisher.draft(asset)
    if now is None or now.hash != draft.hash:
        raise _conflict(publisher, asset)
    try:
        form = publisher.publish(asset, plan.version if plan.renamed else "")
    except VersionTakenError:
        raise version_taken(ready, publisher.url, asset) from None
    if form.version != plan.version or publisher.workbook(asset) != ready.workbook:
        raise _conflict(publisher, asset)
    return form


def _verify(plan: CentralPlan, form: CentralForm, publisher: CentralPublisher) -> str:
    """Why it could not be seen that phones get the form (empty: it was seen)."""
    asset = plan.asset
    xml = publisher.xml(asset)
    made = hashlib.md5(xml or b"", usedforsecurity=False).hexdigest()
    allowed, offered = publisher.offered(asset)
    if not allowed:
        return (
            "whether phones get it was not looked at: this web user may not fill forms. Open it in "
            "Collect once, with an app user's code"
        )
    wanted = {file.name: file.hash for file in plan.ready.files}
    linked = {file.name for file in publisher.files(asset) if file.dataset}
    why = ""
    if offered is None:
        why = "not at all"
    elif offered.version != form.version or offered.hash != f"md5:{made}":
        why = f"as version {offered.version} with another content"
    elif late := sorted(
        name for name, hash_ in wanted.items()
        if name not in linked and offered.files.get(name) != hash_
    ):  # fmt: skip
        why = f"without the new {', '.join(late)}"
    if why:
        raise NotOfferedError(
            f"{publisher.url}: form {asset} is published as version {form.version}, but phones are "
            f"offered it {why}. Something on the way may keep old answers: run again in some "
            "minutes, and send nobody out before this says that phones get it."
        )
    return ""


def _conflict(publisher: CentralPublisher, asset: str) -> DeploymentConflictError:
    return DeploymentConflictError(
        f"{publisher.url}: form {asset} was changed by somebody else while it was being published, "
        "so what phones get is not certain. Agree on who publishes, and run the same command "
        "again: it begins with what the server has then."
    )


def _by_name(files: list[HeldFile]) -> dict[str, HeldFile]:
    return {file.name: file for file in files}
