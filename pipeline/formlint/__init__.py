"""What is wrong with an XLSForm that pyxform and ODK Validate let pass.

Both are silent about a misspelt column (its logic vanishes), an empty translation (the phone
shows a dash), a list or a file that is not there. Each finding names the cell and says what to
do. An error stops a build; a warning is what a careful person would still change.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pipeline.formlint import columns, meaning, rows
from pipeline.formlint.finding import Finding, Severity
from pipeline.xlsform import XLSForm, read_xlsform

__all__ = ["Finding", "Severity", "lint", "lint_form"]

SHEETS = ("survey", "choices", "settings")


def lint(
    path: Path | str, *, bentuk: set[str] | None = None, folder: Path | None = None
) -> list[Finding]:
    """Findings of an XLSForm, errors first, then down the workbook.

    `bentuk` holds the codes of bentuk.csv (None: the study has none, any code passes), `folder`
    the media files (default: beside the form).

    Raises
    ------
    QuestionnaireError
        Only where the file is no XLSForm at all.
    """
    return lint_form(read_xlsform(path), bentuk=bentuk, folder=folder)


def lint_form(
    form: XLSForm, *, bentuk: set[str] | None = None, folder: Path | None = None
) -> list[Finding]:
    """Findings of a form already read; see `lint`."""
    found = dict.fromkeys(_every(form, bentuk, folder or form.path.parent))
    return sorted(
        (replace(finding, form=form.path.name) for finding in found),
        key=lambda f: (f.severity != "error", SHEETS.index(f.sheet), f.row, f.column),
    )


def _every(form: XLSForm, bentuk: set[str] | None, folder: Path) -> Iterator[Finding]:
    yield from columns.headers(form)
    yield from columns.languages(form)
    yield from rows.names(form)
    yield from rows.lists(form)
    yield from rows.codes(form)
    yield from meaning.codebook(form, bentuk)
    yield from meaning.files(form, folder)
