"""A questionnaire that may go to phones: checked, converted, its files beside it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline import xform
from pipeline.errors import QuestionnaireError, StudyError
from pipeline.form_files import FormFile, form_files
from pipeline.formbuild import SHOWN, questionnaires
from pipeline.formlint import Rules, lint_form, read_rules
from pipeline.gather import forms_of
from pipeline.study import Study
from pipeline.xlsform import XLSForm, read_xlsform


@dataclass(frozen=True)
class ReadyForm:
    """A form to publish: its name in the study, its workbook as it is sent, its files.

    `xml` is the XForm that the workbook gives here, `xform` its SHA-256, which tells whether the
    form has changed since it was published.
    """

    name: str
    form: XLSForm
    workbook: bytes
    files: tuple[FormFile, ...]
    xform: str
    remarks: tuple[str, ...] = ()
    xml: str = ""

    @property
    def identity(self) -> str:
        """Form id where a server needs one: that of the sheet settings, else the form's name."""
        return self.form_id or self.name

    @property
    def form_id(self) -> str:
        """`form_id` of the sheet settings; the server makes one up where it is empty."""
        return self.form.setting("form_id")

    @property
    def title(self) -> str:
        """What the project will be called on the server."""
        return self.form.setting("form_title") or self.name

    @property
    def version(self) -> str:
        """`version` of the sheet settings."""
        return self.form.setting("version")


def chosen_forms(study: Study, names: Sequence[str]) -> dict[str, Path]:
    """Questionnaires by name: those given, else those that `pull` reads.

    Other workbooks of the folder, such as last year's, are never published unasked.

    Raises
    ------
    StudyError
        Where a name is none of the folder's questionnaires.
    """
    if not names:
        return forms_of(study)
    there = {path.stem: path for path in questionnaires(study.folder)}
    for name in names:
        if name not in there:
            raise StudyError(
                f"{study.folder} has no questionnaire {name!r}; it has "
                f"{', '.join(there) or 'none'}. Give the workbook's name without .xlsx."
            )
    return {name: there[name] for name in dict.fromkeys(names)}


def prepare(study: Study, names: Sequence[str], *, validate: bool = True) -> list[ReadyForm]:
    """Check and convert the forms; nothing is written and no server asked.

    `validate` lets ODK Validate judge them where there is Java.

    Raises
    ------
    QuestionnaireError
        Where a form has errors, does not convert, lacks a file, or shares its form_id.
    """
    rules = read_rules(study.folder)
    ready = [
        _ready(name, read_xlsform(path), study, rules, validate=validate)
        for name, path in chosen_forms(study, names).items()
    ]
    taken: dict[str, str] = {}
    for form in ready:
        other = taken.setdefault(form.form_id or form.name, form.name)
        if other != form.name:
            raise QuestionnaireError(
                f"{other}.xlsx and {form.name}.xlsx have the same form_id {form.form_id!r}, so a "
                "project could be taken for the wrong one. Give each its own on the sheet settings."
            )
    return ready


def _ready(name: str, form: XLSForm, study: Study, rules: Rules, *, validate: bool) -> ReadyForm:
    findings = lint_form(form, rules, folder=study.folder)
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        shown = "\n  ".join(str(error) for error in errors[:SHOWN])
        more = f"\n  and {len(errors) - SHOWN} more" if len(errors) > SHOWN else ""
        raise QuestionnaireError(
            f"{len(errors)} error{'s' if len(errors) > 1 else ''} in {form.path.name}; nothing was "
            f"published:\n  {shown}{more}"
        )
    conversion = xform.convert(form.path)
    remarks = [str(finding) for finding in findings]
    if validate:
        judged = xform.validate(conversion.xml, form=form)
        remarks += [] if judged.done else [f"{form.path.name}: {judged.reason}"]
    digest = hashlib.sha256(conversion.xml.encode()).hexdigest()
    return ReadyForm(
        name, form, form.path.read_bytes(), form_files(form, study.folder), digest, tuple(remarks),
        conversion.xml,
    )  # fmt: skip
