"""Check every questionnaire of a study folder without writing anything.

What a build would refuse is refused here: a form that has no errors of ours is converted, and
judged by ODK Validate where there is Java.
"""

import re
from pathlib import Path

from pipeline import xform
from pipeline.form_version import content_hash, version_of
from pipeline.formlint import Finding, Overview, lint_form, overview, read_rules
from pipeline.mirror import to_markdown
from pipeline.tables import read_text
from pipeline.workbook import read_workbook
from pipeline.xlsform import XLSForm, read_xlsform


def questionnaires(folder: Path) -> list[Path]:
    """XLSForm workbooks of a study folder, by name.

    Other workbooks (no sheet survey, choices or settings) and the lock files of spreadsheet
    programs are passed over.
    """
    return [form.path for form in read_forms(folder)]


def lint(folder: Path, *, validate: bool = True) -> list[Finding]:
    """Findings of every questionnaire of a study folder; nothing is written.

    A form without errors is converted and, where there is Java, judged by ODK Validate, so that
    what a build would refuse is refused here.
    """
    rules = read_rules(folder)
    findings = []
    for form in read_forms(folder):
        own = lint_form(form, rules, folder=folder)
        if not any(finding.severity == "error" for finding in own):
            own = [*_refusal(form, validate=validate), *own]
        findings += own
    return findings


def overviews(folder: Path) -> list[Overview]:
    """Prompts, minutes and files of every questionnaire of a study folder."""
    return [overview(form) for form in read_forms(folder)]


def _refusal(form: XLSForm, *, validate: bool) -> list[Finding]:
    try:
        conversion = xform.convert(form.path)
        if validate:
            xform.validate(conversion.xml, form=form)
        remarks = [_remark(form, warning) for warning in conversion.warnings]
        return [*remarks, *_stale(form, conversion)]
    except xform.FormRefused as error:
        return [
            Finding(
                error.sheet, error.row, error.column, error.reason.rstrip(".!?"),
                "a form that converts and that phones can run", "Correct it and check again.",
                form=form.path.name,
            )
        ]  # fmt: skip


def _stale(form: XLSForm, conversion: xform.Conversion) -> list[Finding]:
    """What was built of an earlier state of the form: its version, and its mirror."""
    found = []
    built, mirror = form.path.with_suffix(".xml"), form.path.with_suffix(".md")
    version = form.setting("version")
    if built.is_file() and version:
        try:
            text = built.read_text(encoding="utf-8")
            other = content_hash(text) != content_hash(conversion.xml)
            again = other and version_of(text) == version
        except (ValueError, SyntaxError):
            again = False
        if again:
            found.append(Finding(
                "settings", next(form.records("settings")).number, "version",
                f"{version!r}, under which another form was built", "a version of its own",
                "Run persepsi forms build, which raises it.", "warning", form.path.name,
            ))  # fmt: skip
    if mirror.is_file() and read_text(mirror) != to_markdown(form.sheets):
        found.append(Finding(
            "survey", 0, "", f"other cells than {mirror.name} has", "workbook and mirror alike",
            "Run persepsi forms build where the workbook was edited, forms import where the text "
            "was.", "warning", form.path.name,
        ))  # fmt: skip
    return found


def _remark(form: XLSForm, warning: str) -> Finding:
    """What pyxform warns of, as a finding; it names the row where it can."""
    row = re.search(r"\[row : (\d+)\]", warning)
    return Finding(
        "survey", int(row[1]) if row else 0, "", warning.rstrip(".!?"),
        "a form that pyxform converts without a remark", "Change it as pyxform says.", "warning",
        form.path.name,
    )  # fmt: skip


def read_forms(folder: Path) -> list[XLSForm]:
    """XLSForms of a study folder, by the names of their files."""
    forms = []
    for path in sorted(folder.glob("*.xlsx")):
        if path.name.startswith(("~$", ".")):
            continue
        names = {name.strip().lower() for name in read_workbook(path)}
        if names & {"survey", "choices", "settings"}:
            forms.append(read_xlsform(path))
    return forms
