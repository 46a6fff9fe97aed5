"""Which project and form on ODK Central are a questionnaire's: recorded, found, or certainly none.

What cannot be told for certain stops here and names what there is; a second form for one
questionnaire would split the answers of a wave.
"""

from pipeline.assets_file import Published, known_assets
from pipeline.central import CentralPublisher
from pipeline.central.forms import CentralForm, CentralProject
from pipeline.errors import ServerError
from pipeline.form_ready import ReadyForm
from pipeline.project_search import EXAMINED, AmbiguousProjectError
from pipeline.study import Study
from pipeline.transport.errors import ForbiddenError

NEEDED = {"form.create": "make forms", "form.update": "change forms"}
"""What Central calls the rights that publishing needs, and what they let do."""


def project_of(
    study: Study, ready: ReadyForm, publisher: CentralPublisher, recorded: str, wanted: str
) -> CentralProject:
    """Project of a form: recorded, asked for, that of the study's other forms, or the only one.

    Raises
    ------
    AmbiguousProjectError
        Where it is not certain, not there, or archived.
    ServerError
        Where it encrypts submissions.
    """
    where = f"{study.file('study.toml')} or assets.toml"
    number, _, form_id = recorded.partition("/")
    if recorded and (not number.isdecimal() or form_id != ready.identity):
        raise AmbiguousProjectError(
            f"{where} names {recorded!r} for form {ready.name}, and the workbook's form_id is "
            f'{ready.identity!r}. On ODK Central a form is "<project number>/<form id>", and its '
            "id cannot be changed: correct the one that is wrong."
        )
    if recorded and wanted and wanted != number:
        raise AmbiguousProjectError(
            f"--project {wanted}: {where} says that form {ready.name} is {recorded}. Its answers "
            "stay together in one project; leave the option away, or declare a new [[wave]]."
        )
    if not number:
        number = wanted or _common(study) or _only(study, publisher)
    held = publisher.project(number)
    if held is None:
        raise AmbiguousProjectError(
            f"{publisher.url} has no project {number}, or the web user {publisher.account} may not "
            f"see it. Compare its address in the browser (/projects/{number}); "
            "make the project there first, and give the number with --project."
        )
    if held.archived:
        raise AmbiguousProjectError(
            f"{publisher.url}: project {number} (“{held.name}”) is archived, so fieldwork with it "
            "was ended on purpose. Unarchive it in the browser, or use another: --project."
        )
    if held.encrypted:
        raise ServerError(
            f"{publisher.url}: project {number} (“{held.name}”) encrypts submissions on the phone, "
            "so `persepsi pull` could not read one answer. That cannot be taken back in a "
            "project: make another without encryption and give its number with --project."
        )
    return held


def _common(study: Study) -> str:
    """Project that holds the study's other forms of this wave, where it is one."""
    numbers = {asset.partition("/")[0] for asset in known_assets(study).values() if "/" in asset}
    return numbers.pop() if len(numbers) == 1 else ""


def _only(study: Study, publisher: CentralPublisher) -> str:
    seen = [one for one in publisher.projects() if not one.archived]
    if len(seen) == 1 and len(study.waves) <= 1:
        return seen[0].number
    told = "".join(f"\n  {one.number}: “{one.name}”" for one in seen[:EXAMINED])
    raise AmbiguousProjectError(
        f"{publisher.url}: it is not said which project takes the forms. The web user "
        f"{publisher.account} sees{told or ' none'}\nGive its number: --project 7. A project is "
        "made in the browser, once a wave; its people and phones are set there too."
    )


def refuse_second(
    ready: ReadyForm,
    publisher: CentralPublisher,
    asset: str,
    held: CentralProject,
    recorded: str,
    entry: Published | None,
    *,
    new: bool,
) -> None:
    """Stop where the form was there before, or another project has it.

    Raises
    ------
    AmbiguousProjectError
        Names the forms.
    """
    if entry is not None and entry.asset == asset and entry.version:
        raise AmbiguousProjectError(
            f"{publisher.url}: form {asset} was published by this study and is not there. A form "
            "that was deleted lies in the project's trash with its answers for 30 days: restore it "
            "there. Only where that is meant, take its entry out of assets.toml and run again."
        )
    if recorded or new:
        return
    numbers = [p.number for p in publisher.projects() if p.number != held.number][:EXAMINED]
    elsewhere = [
        form
        for number in numbers
        if (form := publisher.form(f"{number}/{ready.identity}")) is not None
    ]
    if elsewhere:
        told = "".join(
            f"\n  {one.asset}: “{one.name}”, {one.submissions} submissions" for one in elsewhere
        )
        raise AmbiguousProjectError(
            f"{publisher.url} has a form of this id elsewhere, and the study records none:{told}\n"
            f'Write the right one as {ready.name} = "..." under [wave.assets] in study.toml. Only '
            f"where none of them is it: --new makes {asset}."
        )


def refuse_other(
    ready: ReadyForm, publisher: CentralPublisher, form: CentralForm, recorded: str
) -> None:
    """Stop where the form of this id is closed, encrypted, or may be somebody else's.

    Raises
    ------
    AmbiguousProjectError, ServerError
        Each says what to do.
    """
    if form.state != "open":
        raise AmbiguousProjectError(
            f"{publisher.url}: form {form.asset} is {form.state}, so fieldwork with it was ended "
            "on purpose. Set it to open in the browser to go on, or declare a new [[wave]]."
        )
    if form.encrypted:
        raise ServerError(
            f"{publisher.url}: form {form.asset} encrypts submissions, so `persepsi pull` could "
            "not read one answer. Publish it in a project without encryption: --project."
        )
    same = " ".join(form.name.split()).casefold() == " ".join(ready.title.split()).casefold()
    if not recorded and form.published and (form.submissions or not same):
        raise AmbiguousProjectError(
            f"{publisher.url} has form {form.asset} (“{form.name}”, {form.submissions} "
            f"submissions), and the study does not record it as form {ready.name} "
            f'(“{ready.title}”). If it is: write {ready.name} = "{form.asset}" under [wave.assets] '
            "in study.toml. If not, give the workbook another form_id."
        )


def check_verb(publisher: CentralPublisher, held: CentralProject, verb: str) -> None:
    """Stop where the server says that our account may not do a thing (`NEEDED`).

    Raises
    ------
    ForbiddenError
        Names what, and whom to ask.
    """
    if held.verbs is not None and verb not in held.verbs:
        raise ForbiddenError(
            f"{publisher.url}: the web user {publisher.account} may not {NEEDED[verb]} in project "
            f"{held.number} (“{held.name}”). Ask the server's administrator for the role Project "
            "Manager there, or use another account."
        )
