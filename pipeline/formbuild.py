"""Build a study's questionnaires: check, convert, validate, then write XForm and text mirror.

The workbook is what people edit and what is uploaded; the .md mirror and the .xml beside it are
generated and committed, so that a change can be read in a diff. Nothing is written before every
form of the study has passed, and a file is touched only where its content changed.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from pipeline import xform
from pipeline.errors import QuestionnaireError
from pipeline.formlint import Finding, lint_form, read_rules
from pipeline.mirror import from_markdown, to_markdown
from pipeline.tables import read_text
from pipeline.workbook import read_workbook, write_workbook
from pipeline.xlsform import XLSForm, read_xlsform

SHOWN = 20
"""Errors named in one message; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Built:
    """A questionnaire that was built: the files written, and what was remarked on the way."""

    form: str
    path: Path
    written: tuple[str, ...]
    findings: tuple[Finding, ...]
    warnings: tuple[str, ...]
    validation: xform.Validation

    @property
    def changed(self) -> bool:
        """Whether any file had to be written."""
        return bool(self.written)

    def as_dict(self) -> dict[str, object]:
        """Plain values by name, for machines."""
        return {
            "form": self.form,
            "path": str(self.path),
            "written": list(self.written),
            "findings": [finding.as_dict() for finding in self.findings],
            "warnings": list(self.warnings),
            "validated": self.validation.done,
            "reason": self.validation.reason,
        }

    def line(self) -> str:
        """One line for a person, with the remarks below it."""
        judged = "valid (ODK Validate)" if self.validation.done else self.validation.reason
        files = f"wrote {', '.join(self.written)}" if self.written else "unchanged"
        remarks = [str(finding) for finding in self.findings]
        remarks += [f"warning: {text}" for text in self.warnings]
        return "\n  ".join([f"{self.path.name}: {judged}; {files}", *remarks])


def questionnaires(folder: Path) -> list[Path]:
    """XLSForm workbooks of a study folder, by name.

    Other workbooks (no sheet survey, choices or settings) and the lock files of spreadsheet
    programs are passed over.
    """
    return [form.path for form in _read(folder)]


def lint(folder: Path, *, validate: bool = True) -> list[Finding]:
    """Findings of every questionnaire of a study folder; nothing is written.

    A form without errors is converted and, where there is Java, judged by ODK Validate, so that
    what a build would refuse is refused here.
    """
    rules = read_rules(folder)
    findings = []
    for form in _read(folder):
        own = lint_form(form, rules, folder=folder)
        if not any(finding.severity == "error" for finding in own):
            own = [*_refusal(form, validate=validate), *own]
        findings += own
    return findings


def _refusal(form: XLSForm, *, validate: bool) -> list[Finding]:
    try:
        conversion = xform.convert(form.path)
        if validate:
            xform.validate(conversion.xml, form=form)
    except xform.FormRefused as error:
        return [
            Finding(
                error.sheet, error.row, error.column, error.reason.rstrip(".!?"),
                "a form that converts and that phones can run", "Correct it and check again.",
                form=form.path.name,
            )
        ]  # fmt: skip
    return []


def build(folder: Path, *, validate: bool = True) -> list[Built]:
    """Check, convert, validate and write every questionnaire of a study folder.

    Raises
    ------
    QuestionnaireError
        Where the folder has no questionnaire, or one has errors, does not convert or is
        rejected by ODK Validate; then nothing at all was written.
    """
    forms = _read(folder)
    if not forms:
        raise QuestionnaireError(
            f"{folder}: no questionnaire. Put an XLSForm workbook (.xlsx) into the folder."
        )
    rules = read_rules(folder)
    findings = {form.path: lint_form(form, rules, folder=folder) for form in forms}
    _refuse([finding for found in findings.values() for finding in found])
    ready = []
    for form in forms:
        conversion = xform.convert(form.path)
        judged = (
            xform.validate(conversion.xml, form=form)
            if validate
            else xform.Validation(False, "not validated: not asked for")
        )
        ready.append((form, conversion, judged))
    return [
        Built(
            form=form.setting("form_id") or form.path.stem,
            path=form.path,
            written=tuple(
                target.name
                for target, text in (
                    (form.path.with_suffix(".md"), to_markdown(form.sheets)),
                    (form.path.with_suffix(".xml"), conversion.xml),
                )
                if write_if_changed(target, text)
            ),
            findings=tuple(findings[form.path]),
            warnings=(*conversion.warnings, *judged.warnings),
            validation=judged,
        )
        for form, conversion, judged in ready
    ]


def import_markdown(markdown: Path, workbook: Path) -> None:
    """Write the workbook that a Markdown mirror describes, replacing the one that is there.

    Raises
    ------
    QuestionnaireError
        Where the mirror cannot be read as sheets; the workbook is then left as it was.
    """
    if not markdown.is_file():
        raise QuestionnaireError(f"{markdown}: not found. Check the name.")
    sheets = from_markdown(read_text(markdown), str(markdown))
    if not sheets:
        raise QuestionnaireError(
            f"{markdown}: no sheet in it. A mirror begins with a line such as “| survey |”."
        )
    write_workbook(sheets, workbook)


def write_if_changed(path: Path, text: str) -> bool:
    """Write text (UTF-8, line feeds) whole or not at all; False where the file already says so."""
    data = text.encode("utf-8")
    if path.is_file() and path.read_bytes() == data:
        return False
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(data)
    os.replace(part, path)
    return True


def _read(folder: Path) -> list[XLSForm]:
    forms = []
    for path in sorted(folder.glob("*.xlsx")):
        if path.name.startswith(("~$", ".")):
            continue
        names = {name.strip().lower() for name in read_workbook(path)}
        if names & {"survey", "choices", "settings"}:
            forms.append(read_xlsform(path))
    return forms


def _refuse(findings: list[Finding]) -> None:
    errors = [finding for finding in findings if finding.severity == "error"]
    if not errors:
        return
    shown = "\n  ".join(str(error) for error in errors[:SHOWN])
    more = f"\n  and {len(errors) - SHOWN} more" if len(errors) > SHOWN else ""
    raise QuestionnaireError(
        f"{len(errors)} error{'s' if len(errors) > 1 else ''} in the questionnaires; nothing was "
        f"written:\n  {shown}{more}"
    )
