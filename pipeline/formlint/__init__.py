"""What is wrong with an XLSForm that pyxform and ODK Validate let pass.

Both are silent about a misspelt column (its logic vanishes), an empty translation (the phone
shows a dash), a list or a file that is not there, a code that no list has. Each finding names
the cell and says what to do. An error stops a build; a warning is what a careful person would
still change. What the analysis of a designed study cannot do without is an error there only.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pipeline.formlint import (
    columns,
    duration,
    expressions,
    leftovers,
    logic,
    meaning,
    names,
    needs,
    patterns,
    personal,
    portable,
    references,
    rows,
    scales,
    wording,
)
from pipeline.formlint.duration import Overview, overview
from pipeline.formlint.finding import Finding, Severity
from pipeline.formlint.rules import Rules, read_rules
from pipeline.xlsform import XLSForm, read_xlsform

__all__ = [
    "Finding", "Overview", "Rules", "Severity", "lint", "lint_form", "overview", "read_rules",
]  # fmt: skip

NO_STUDY = Rules()

SHEETS = ("survey", "choices", "settings")


def lint(path: Path | str, rules: Rules = NO_STUDY, *, folder: Path | None = None) -> list[Finding]:
    """Findings of an XLSForm, errors first, then down the workbook.

    `rules` are those of its study (`read_rules`), `folder` holds the media files (default:
    beside the form).

    Raises
    ------
    QuestionnaireError
        Only where the file is no XLSForm at all.
    """
    return lint_form(read_xlsform(path), rules, folder=folder)


def lint_form(
    form: XLSForm, rules: Rules = NO_STUDY, *, folder: Path | None = None
) -> list[Finding]:
    """Findings of a form already read; see `lint`."""
    found = dict.fromkeys(_every(form, rules, folder or form.path.parent))
    return sorted(
        (replace(finding, form=form.path.name) for finding in found),
        key=lambda f: (f.severity != "error", SHEETS.index(f.sheet), f.row, f.column),
    )


def _every(form: XLSForm, rules: Rules, folder: Path) -> Iterator[Finding]:
    yield from columns.headers(form, rules)
    yield from columns.languages(form, rules)
    yield from columns.labels(form, rules)
    yield from names.names(form, rules)
    yield from rows.types(form)
    yield from rows.messages(form, rules)
    yield from rows.lists(form)
    yield from rows.codes(form)
    yield from rows.scores(form, rules)
    yield from rows.settings(form, rules)
    yield from scales.scales(form, rules)
    yield from scales.indicators(form, rules)
    yield from scales.references_in_groups(form)
    yield from meaning.codebook(form, rules)
    yield from meaning.files(form, folder)
    yield from references.references(form)
    yield from references.pulled(form, folder)
    yield from expressions.compared_codes(form, rules, folder)
    yield from expressions.filters(form, rules, folder)
    yield from logic.logic(form, folder)
    yield from patterns.patterns(form)
    yield from leftovers.leftovers(form)
    yield from portable.portable(form)
    yield from personal.personal(form, rules)
    yield from wording.wording(form, rules)
    yield from duration.too_long(form, rules)
    yield from needs.needs(form, rules)
