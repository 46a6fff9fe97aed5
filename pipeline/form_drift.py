"""Whether phones get the questionnaire that lies in the study's folder.

Offline the record of the last publication tells; with a token the server is asked, which sees
edits in the form builder and lists that were never redeployed, too.
"""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline import xform
from pipeline.assets_file import known_assets, published_of
from pipeline.doctor import Check
from pipeline.errors import PersepsiError
from pipeline.form_files import form_files
from pipeline.form_kept import differences
from pipeline.kobo import KoboPublisher
from pipeline.kobo.token import find_token
from pipeline.publish_server import open_publisher
from pipeline.study import Study
from pipeline.transport.errors import BusyError, UnreachableError
from pipeline.xlsform import XLSForm, read_xlsform

AGAIN = "`persepsi forms deploy` shows what would change"


def drift(
    study: Study,
    environ: Mapping[str, str],
    forms_of: Callable[[Study], Mapping[str, Path]],
) -> list[Check]:
    """A check for each form of a study on a KoBo or ODK Central server; none for other studies.

    Central is not asked: what was published there stays as it is, and the record tells.

    `forms_of` gives the questionnaires that pull reads (`pipeline.gather.forms_of`).
    """
    if study.server.kind not in {"kobo", "central"}:
        return []
    try:
        forms = forms_of(study)
        known = known_assets(study)
    except PersepsiError:
        return []  # told by the other checks already
    held = {name: path for name, path in forms.items() if name in known}
    offline = study.server.kind == "central" or not find_token(environ, study.server.id)
    if offline or not held:
        return [_recorded(study, name, path) for name, path in held.items()]
    try:
        with open_publisher(
            study, environ, "", _keep_silent, retries=0, timeout=(5.0, 20.0)
        ) as publisher:
            _ = publisher.account  # fails once for all forms where the server is away
            return [
                _asked(study, name, path, known[name], publisher) for name, path in held.items()
            ]
    except (UnreachableError, BusyError) as error:
        checks = [Check("server", "optional", str(error))]
    except PersepsiError as error:
        checks = [Check("server", "missing", str(error))]
    return checks + [_recorded(study, name, path) for name, path in held.items()]


def _recorded(study: Study, name: str, path: Path) -> Check:
    """By the record: whether this very XForm was published, with these very files."""
    title = f"published {name}"
    entry = published_of(study, name)
    if entry is None or not entry.version:
        central = study.server.kind == "central"
        advice = "deploy it" if central else "set KOBO_TOKEN to ask the server"
        return Check(
            title,
            "optional",
            f"not recorded, so whether phones get this form is not known; {advice}",
        )
    try:
        form = read_xlsform(path)
        digest = hashlib.sha256(xform.convert(path).xml.encode()).hexdigest()
        files = {file.name: file.hash for file in form_files(form, study.folder)}
    except PersepsiError as error:
        return Check(title, "missing", str(error))
    changed = [path.name] if digest != entry.xform else []
    changed += sorted(n for n in files | dict(entry.media) if files.get(n) != entry.media.get(n))
    if changed:
        return Check(
            title, "missing",
            f"{', '.join(changed)} changed since version {entry.version} was published (or the "
            f"converter did); {AGAIN}",
        )  # fmt: skip
    return Check(title, "ok", f"unchanged since version {entry.version} was published")


def _asked(study: Study, name: str, path: Path, asset: str, publisher: KoboPublisher) -> Check:
    """By the server: whether the deployed version says what the workbook says."""
    title = f"published {name}"
    try:
        project = publisher.project(asset)
        if not project.deployed_version:
            return Check(title, "missing", f"project {asset} was never deployed; {AGAIN}")
        if project.status == "archived":
            return Check(title, "optional", f"project {asset} is archived: phones cannot send")
        content = (
            project.content
            if project.version == project.deployed_version
            else publisher.version_content(asset, project.deployed_version)
        )
        form = read_xlsform(path)
        found = differences(form, content)
        if found:
            more = f" and {len(found) - 3} more" if len(found) > 3 else ""
            told = "; ".join(map(str, found[:3]))
            return Check(
                title, "missing",
                f"phones get another form than {path.name}: {told}{more}. {AGAIN}",
            )  # fmt: skip
        late = _late_files(study, form, asset, publisher)
    except PersepsiError as error:
        return Check(title, "missing", str(error))
    if late:
        return Check(title, "missing", f"phones have an older {', '.join(late)}; {AGAIN}")
    return Check(title, "ok", f"project {asset}, version {project.deployed_version}, is this form")


def _late_files(study: Study, form: XLSForm, asset: str, publisher: KoboPublisher) -> list[str]:
    """Files of the form that phones have otherwise, where we may see what they get."""
    wanted = {file.name: file.hash for file in form_files(form, study.folder)}
    offered = publisher.offered(asset)
    given = (
        offered.media
        if offered is not None
        else {media.filename: media.hash for media in publisher.media(asset)}
    )
    return sorted(name for name, hash_ in wanted.items() if given.get(name) != hash_)


def _keep_silent(sentence: str) -> None:
    del sentence
