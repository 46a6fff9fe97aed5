"""A defect planted into a form of the project is reported at its cell, in words that name it."""

from functools import cache

import pytest

from pipeline.formbuild import lint as lint_folder
from pipeline.formbuild import questionnaires
from pipeline.formlint import lint_form, read_rules
from pipeline.study import study_folder
from pipeline.workbook import write_workbook
from pipeline.xlsform import read_xlsform
from tests.forms.mutations import MUTATIONS, planted

FOLDER = study_folder("kendari")
FORMS = [path.stem for path in questionnaires(FOLDER)]
AT_LEAST = 40
"""Mutations that each form must suffer; a short one has fewer things to spoil."""


@cache
def of(form):
    """What is found in each draft of a form, what was found before, and what must be."""
    rules = read_rules(FOLDER)
    path = FOLDER / f"{form}.xlsx"
    before = set(lint_form(read_xlsform(path), rules, folder=FOLDER))
    return [
        (name, expected, [f for f in lint_form(d.form(), rules, folder=FOLDER) if f not in before])
        for name, d, expected in planted(path, staff=rules.words.for_staff(form))
    ]


@pytest.mark.parametrize("form", FORMS)
def test_every_planted_defect_is_named_with_its_cell_and_in_its_words(form):
    missed = []
    for name, expected, found in of(form):
        place = (expected.sheet, expected.row, expected.column)
        right = [
            finding
            for finding in found
            if (finding.sheet, finding.row, finding.column.split("::")[0])
            == (*place[:2], place[2].split("::")[0])
            and (expected.column == finding.column or "::" not in expected.column)
            and all(word in str(finding) for word in expected.words)
            and expected.severity in {"", finding.severity}
        ]
        if not right:
            missed.append((name, expected, [str(finding) for finding in found]))
        for finding in found:
            assert finding.form == f"{form}.xlsx"
            assert finding.found, name
            assert finding.expected, name
            assert finding.fix.endswith("."), finding.fix
    assert not missed, missed


@pytest.mark.parametrize("form", FORMS)
def test_a_form_suffers_at_least_forty_of_them(form):
    assert len(of(form)) >= AT_LEAST


def test_each_mutation_is_suffered_by_a_form():
    suffered = {name for form in FORMS for name, _, _ in of(form)}
    assert suffered == set(MUTATIONS)


def test_one_defect_in_a_workbook_stops_the_build_and_the_command_says_so(tmp_path):
    for name in ("units.csv", "sessions.csv", "enumerators.csv", "bentuk.csv", "study.toml"):
        (tmp_path / name).write_bytes((FOLDER / name).read_bytes())
    (tmp_path / "simulasi").mkdir()
    (tmp_path / "simulasi" / "margins.csv").write_bytes(
        (FOLDER / "simulasi" / "margins.csv").read_bytes()
    )
    (draft, expected), *_ = (
        (draft, expected)
        for name, draft, expected in planted(FOLDER / "sesi.xlsx")
        if name == "a misspelt relevant"
    )
    write_workbook(draft.form().sheets, tmp_path / "sesi.xlsx")
    found = [f for f in lint_folder(tmp_path, validate=False) if f.severity == "error"]
    assert [(f.form, f.sheet, f.row, f.column) for f in found] == [
        ("sesi.xlsx", expected.sheet, expected.row, expected.column)
    ]
