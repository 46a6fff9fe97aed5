"""What publishing a form on ODK Central would do, found out without changing anything.

A project of Central holds one form of each form id, so the id is the form's identity. A second
form could only come about in another project, or under another id; both stop the plan.
"""

from dataclasses import dataclass
from typing import Any

from pipeline.assets_file import Published, assets_of_others, known_assets, published_of
from pipeline.central import CentralPublisher
from pipeline.central.forms import CentralForm, CentralProject
from pipeline.central_search import check_verb, project_of, refuse_other, refuse_second
from pipeline.form_back import given_back
from pipeline.form_files import FormFile
from pipeline.form_kept import Difference
from pipeline.form_ready import ReadyForm
from pipeline.project_search import AmbiguousProjectError
from pipeline.study import Study
from pipeline.transport.errors import VersionTakenError


@dataclass(frozen=True)
class CentralPlan:
    """What has to be done for one form; `form` is None where it has to be made.

    `changed` is what the published workbook has otherwise, `send` the files to upload, `linked`
    those that come from an entity list of the server, `left` those there that we do not have.
    `version` is what is published (empty: nothing), `renamed` whether it is other than the
    workbook's because only files changed. `draft` says what becomes of the draft there is.
    """

    ready: ReadyForm
    asset: str
    project: CentralProject
    form: CentralForm | None
    found: str
    changed: tuple[Difference, ...]
    send: tuple[FormFile, ...]
    linked: tuple[str, ...]
    left: tuple[str, ...]
    publish: bool
    version: str
    draft: str
    entry: Published | None

    @property
    def renamed(self) -> bool:
        """Whether the server is asked to publish under another version than the workbook's."""
        return self.publish and self.version != self.ready.version

    @property
    def nothing(self) -> bool:
        """Whether phones get this very form already."""
        return not self.publish

    def lines(self) -> list[str]:
        """The plan for a person, the form first and a line a step."""
        ready, form = self.ready, self.form
        head = f"{ready.name} ({ready.title}): form {self.asset}"
        head += f" in project “{self.project.name}”, "
        if form is None:
            head += "new"
        elif not form.published:
            head += f"{self.found}; a draft that was never published"
        else:
            head += f"{self.found}; version {form.version or 'without name'}, "
            head += f"{form.submissions} submissions"
        steps = self._steps()
        if self.linked:
            names = ", ".join(self.linked)
            steps.append(f"  left as it is, from an entity list of the server: {names}")
        if self.left:
            steps.append(
                f"  left as it is, not among the form's files here: {', '.join(self.left)}"
            )
        return [head, *steps]

    def _steps(self) -> list[str]:
        if self.nothing:
            return ["  nothing to do: phones get this form and these files"]
        name, steps = self.ready.form.path.name, []
        if self.form is None:
            steps.append(f"  create the form as a draft from {name}")
        elif self.draft == "goes on":
            steps.append(f"  go on with the draft, which holds {name}")
        else:
            steps.append(f"  make a draft from {name}")
        if self.draft == "replaced":
            steps.append("  the draft that is there holds another workbook and is replaced")
        if self.changed:
            more = len(self.changed) - 3
            told = "; ".join(map(str, self.changed[:3])) + (f"; {more} more" if more > 0 else "")
            steps.append(f"  changes what phones have; otherwise now: {told}")
        steps += [f"  upload {file.name} ({len(file.content)} bytes)" for file in self.send]
        steps.append(f"  publish as version {self.version or 'without name'}")
        if self.renamed:
            steps[-1] += (
                f", since only files changed and version {self.ready.version or 'without name'} "
                "is out already"
            )
        return steps

    def as_dict(self) -> dict[str, Any]:
        """The plan for a script."""
        return {
            "form": self.ready.name,
            "title": self.ready.title,
            "form_id": self.ready.identity,
            "asset": self.asset,
            "found": self.found,
            "submissions": self.form.submissions if self.form else 0,
            "create": self.form is None,
            "import": self.publish and self.draft != "goes on",
            "differences": [str(difference) for difference in self.changed],
            "media": [file.name for file in self.send],
            "left": [*self.linked, *self.left],
            "deploy": self.version if self.publish else "",
        }


def plan_central(
    study: Study,
    ready: ReadyForm,
    publisher: CentralPublisher,
    *,
    new: bool = False,
    project: str = "",
) -> CentralPlan:
    """Plan of one form; `project` says where it is made, `new` although another project has it.

    Raises
    ------
    AmbiguousProjectError
        Where it is not certain which form on the server is the study's.
    VersionTakenError
        Where another content was published under the workbook's version.
    ForbiddenError
        Where our account may not do what has to be done.
    """
    entry = published_of(study, ready.name)
    recorded = known_assets(study).get(ready.name, "")
    held = project_of(study, ready, publisher, recorded, project)
    asset = f"{held.number}/{ready.identity}"
    if asset in assets_of_others(study, ready.name):
        raise AmbiguousProjectError(
            f"{publisher.url}: form {asset} belongs to another form or an earlier wave of the "
            "study, and answers would be mixed. Make a project for this wave in the browser and "
            f'give its number: --project 7, or {ready.name} = "7/{ready.identity}" under '
            "[wave.assets]."
        )
    form = publisher.form(asset) or publisher.draft(asset)
    if form is None:
        refuse_second(ready, publisher, asset, held, recorded, entry, new=new)
        check_verb(publisher, held, "form.create")
        return CentralPlan(
            ready, asset, held, None, "", (), ready.files, (), (), True, ready.version, "", entry
        )
    refuse_other(ready, publisher, form, recorded)
    check_verb(publisher, held, "form.update")
    return _steps(ready, publisher, held, form, recorded, entry)


def _steps(
    ready: ReadyForm,
    publisher: CentralPublisher,
    held: CentralProject,
    form: CentralForm,
    recorded: str,
    entry: Published | None,
) -> CentralPlan:
    asset = form.asset
    there = {file.name: file for file in publisher.files(asset)} if form.published else {}
    linked = tuple(sorted(name for name, file in there.items() if file.dataset))
    send = tuple(
        file
        for file in ready.files
        if file.name not in linked
        and (file.name not in there or there[file.name].hash != file.hash)
    )
    changed: tuple[Difference, ...] = ()
    version, publish = ready.version, True
    if form.published:
        changed = given_back(ready.form, ready.workbook, publisher.workbook(asset))
        taken = {one.version for one in publisher.versions(asset)}
        publish = bool(changed or send)
        if changed and ready.version in taken:
            raise version_taken(ready, publisher.url, asset, changed)
        version = ready.version if changed else _next(ready.version, taken)
    draft = ""
    if publish and publisher.draft(asset) is not None:
        ours = publisher.workbook(asset, draft=True) == ready.workbook
        draft = "goes on" if ours else "replaced"
    left = tuple(sorted(set(there) - {file.name for file in ready.files} - set(linked)))
    found = "as the study records it" if recorded else "found by its form id"
    return CentralPlan(
        ready, asset, held, form, found, changed, send, linked, left, publish, version, draft, entry
    )


def version_taken(
    ready: ReadyForm, url: str, asset: str, changed: tuple[Difference, ...] = ()
) -> VersionTakenError:
    """Error for a version that is out already with another content."""
    more = f" Otherwise there: {changed[0]}." if changed else ""
    version = f"version {ready.version}" if ready.version else "a version without name"
    return VersionTakenError(
        f"{ready.form.path.name}, sheet settings, column version: {url} has published {version} of "
        f"form {asset} already, with another content, and never publishes a version twice; phones "
        f"would not notice the change.{more} Write a higher version into that cell and run again."
    )


def _next(version: str, taken: set[str]) -> str:
    """First free name for a version in which only files change: `2`, then `2.1`, `2.2` ..."""
    if version not in taken:
        return version
    return next(
        name
        for n in range(1, len(taken) + 2)
        if (name := f"{version}.{n}".lstrip(".")) not in taken
    )
