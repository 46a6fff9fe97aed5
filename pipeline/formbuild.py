"""Build a study's questionnaires: check, convert, validate, then write XForm and text mirror.

The workbook is what people edit and what is uploaded; the .md mirror and the .xml beside it are
generated and committed, so that a change can be read in a diff. Nothing is written before every
form of the study has passed, and a file is touched only where its content changed. Of the workbook
a build changes one cell: the version, where the XForm is not the one built last.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline import xform
from pipeline.errors import QuestionnaireError
from pipeline.form_version import content_hash, raised, version_of, with_version
from pipeline.formcheck import lint, overviews, questionnaires, read_forms
from pipeline.formlint import Finding, lint_form, read_rules
from pipeline.mirror import to_markdown
from pipeline.other_pyxform import Other, ask
from pipeline.whole_file import write_if_changed
from pipeline.xlsform import XLSForm, read_xlsform

__all__ = ["Built", "build", "lint", "overviews", "questionnaires"]

SHOWN = 20
"""Errors named in one message; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Built:
    """A questionnaire that was built: the files written, and what was remarked on the way.

    `version` is the form's, `was` that of the build before where it went up; `other` what the
    pyxform of a server made of it.
    """

    form: str
    path: Path
    written: tuple[str, ...]
    findings: tuple[Finding, ...]
    warnings: tuple[str, ...]
    validation: xform.Validation
    other: Other
    version: str = ""
    was: str = ""

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
            "version": self.version,
            "was": self.was,
            "other_pyxform": self.other.as_dict(),
        }

    def line(self) -> str:
        """One line for a person, with the remarks below it."""
        judged = "valid (ODK Validate)" if self.validation.done else self.validation.reason
        if self.other.done:
            judged += f", pyxform {self.other.version} too"
        files = f"wrote {', '.join(self.written)}" if self.written else "unchanged"
        if self.was:
            files += f"; version {self.was} is now {self.version}"
        remarks = [str(finding) for finding in self.findings]
        remarks += [f"warning: {text}" for text in self.warnings]
        theirs = f"warning: pyxform {self.other.version} (KoBo's server)"
        remarks += [f"{theirs}: {text}" for text in self.other.warnings]
        if self.other.differences:
            remarks.append(f"{theirs} makes another XForm of it (- here, + there):")
            remarks += [f"  {line}" for line in self.other.differences]
        return "\n  ".join([f"{self.path.name}: {judged}; {files}", *remarks])


def build(
    folder: Path,
    *,
    validate: bool = True,
    today: dt.date | None = None,
    other: Path | None = None,
    need_other: bool = False,
) -> list[Built]:
    """Check, convert, validate and write every questionnaire of a study folder.

    Parameters
    ----------
    validate
        Whether ODK Validate judges the forms, where there is Java.
    today
        Date that a new version begins with; default: the day in UTC.
    other
        Python of an environment with the pyxform of KoBo's server; without it the result says
        that the forms were not converted with that one, and with `need_other` nothing is built.

    Raises
    ------
    QuestionnaireError
        Where the folder has no questionnaire, or one has errors, does not convert (here or with
        the other pyxform) or is rejected by ODK Validate; then nothing at all was written.
    """
    forms = read_forms(folder)
    if not forms:
        raise QuestionnaireError(
            f"{folder}: no questionnaire. Put an XLSForm workbook (.xlsx) into the folder."
        )
    rules = read_rules(folder)
    findings = {form.path: lint_form(form, rules, folder=folder) for form in forms}
    _refuse([finding for found in findings.values() for finding in found])
    day = today or dt.datetime.now(dt.UTC).date()
    ready = [_versioned(form, day) for form in forms]
    judged = [_judge(one.conversion, one.form, validate=validate) for one in ready]
    others = _others(ready, other, validate=validate, needed=need_other)
    return [
        Built(
            form=one.form.setting("form_id") or one.form.path.stem,
            path=one.form.path,
            written=_write(one),
            findings=tuple(findings[one.form.path]),
            warnings=(*one.conversion.warnings, *validation.warnings),
            validation=validation,
            other=others[one.form.path.name],
            version=version_of(one.conversion.xml),
            was=one.was,
        )
        for one, validation in zip(ready, judged, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Ready:
    """A form as it will be written; `data` are its bytes, `was` the version that was replaced."""

    form: XLSForm
    data: bytes
    conversion: xform.Conversion
    was: str = ""


def _versioned(form: XLSForm, day: dt.date) -> _Ready:
    """The form with a version that is new where its XForm is not the one built last."""
    data = form.path.read_bytes()
    conversion = xform.convert(form.path, data)
    last = form.path.with_suffix(".xml")
    try:
        before = last.read_text(encoding="utf-8")
        same = content_hash(before) == content_hash(conversion.xml)
        built = version_of(before)
    except (OSError, ValueError, SyntaxError):  # never built, or a file that is no XForm
        return _Ready(form, data, conversion)
    current = form.setting("version")
    version = current if same else raised(current, built, day)
    try:
        changed = with_version(data, version) if version != current else None
    except QuestionnaireError as error:
        raise QuestionnaireError(f"{form.path}: {error}") from None
    if changed is None:
        return _Ready(form, data, conversion)
    again = read_xlsform(form.path, changed)
    return _Ready(again, changed, xform.convert(form.path, changed), current)


def _judge(conversion: xform.Conversion, form: XLSForm, *, validate: bool) -> xform.Validation:
    if not validate:
        return xform.Validation(False, "not validated: not asked for")
    return xform.validate(conversion.xml, form=form)


def _others(
    ready: Sequence[_Ready], python: Path | None, *, validate: bool, needed: bool
) -> dict[str, Other]:
    """What the pyxform of KoBo's server makes of the forms; what it refuses stops the build."""
    found = ask(
        python,
        {one.form.path.name: one.data for one in ready},
        {one.form.path.name: one.conversion.xml for one in ready},
    )
    for one in ready:
        other = found[one.form.path.name]
        if needed and not other.done:
            raise QuestionnaireError(
                f"The forms could not be converted with pyxform {other.version}, which KoBo's "
                f"server uses: {other.reason}. Nothing was written; `persepsi forms build` without "
                "--need-both does without it and says so."
            )
        if other.error:
            raise QuestionnaireError(
                f"{one.form.path}: pyxform {other.version}, which KoBo's server uses, refuses the "
                f"form, although the one here takes it: {other.error} Write it as the older one "
                "understands it too, and build again."
            )
        if other.done and validate and other.xform != one.conversion.xml:
            xform.validate(other.xform, form=one.form)
    return found


def _write(one: _Ready) -> tuple[str, ...]:
    """Names of the files that had to be written: workbook, mirror, XForm, in this order.

    The XForm comes last: a build cut off before it raises no version twice.
    """
    texts = (
        (one.form.path, one.data),
        (one.form.path.with_suffix(".md"), to_markdown(one.form.sheets).encode("utf-8")),
        (one.form.path.with_suffix(".xml"), one.conversion.xml.encode("utf-8")),
    )
    return tuple(target.name for target, data in texts if write_if_changed(target, data))


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
