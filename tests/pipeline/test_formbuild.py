import shutil

import pytest

from pipeline import xform
from pipeline.cli import _run
from pipeline.errors import QuestionnaireError
from pipeline.form_import import import_markdown
from pipeline.formbuild import build, lint, questionnaires
from pipeline.mirror import to_markdown
from pipeline.study import study_folder
from pipeline.workbook import sheet, write_workbook
from pipeline.xlsform import read_xlsform

GOOD = {
    "survey": sheet(["type", "name", "label"], [["select_one yt", "q", "Q?"]]),
    "choices": sheet(["list_name", "name", "label"], [["yt", "ya", "Ya"], ["yt", "tidak", "No"]]),
    "settings": sheet(["form_id", "version"], [["good", "1"]]),
}


def changed(**cells):
    """The good form with other cells in its one question."""
    header = [*dict.fromkeys(["type", "name", "label", *cells])]
    row = {"type": "select_one yt", "name": "q", "label": "Q?"} | cells
    return GOOD | {"survey": sheet(header, [[row[column] for column in header]])}


@pytest.fixture
def folder(tmp_path):
    write_workbook(GOOD, tmp_path / "good.xlsx")
    return tmp_path


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_build_writes_mirror_and_xform_and_the_next_one_touches_nothing(folder):
    (built,) = build(folder, validate=False)
    assert (built.form, built.written, built.changed) == ("good", ("good.md", "good.xml"), True)
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    (again,) = build(folder, validate=False)
    assert not again.changed
    assert again.line() == "good.xlsx: not validated: not asked for; unchanged"
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_only_what_changed_is_written(folder):
    build(folder, validate=False)
    write_workbook(changed(dimensi=""), folder / "good.xlsx")  # the codebook leaves the XForm alone
    (built,) = build(folder, validate=False)
    assert built.written == ("good.md",)


def test_an_error_in_one_form_leaves_every_file_of_the_study_as_it_was(folder):
    write_workbook(changed(relevent="1"), folder / "zz.xlsx")
    with pytest.raises(QuestionnaireError, match=r"1 error in .*\n.*zz\.xlsx, sheet survey, row 1"):
        build(folder, validate=False)
    assert names(folder) == ["good.xlsx", "zz.xlsx"]


def test_a_form_that_pyxform_refuses_is_refused_with_row_and_advice(folder):
    write_workbook(changed(parameters="abc"), folder / "good.xlsx")
    with pytest.raises(QuestionnaireError, match=r"\[row : 2\].*'parameters'.*build again"):
        build(folder, validate=False)
    assert names(folder) == ["good.xlsx"]


def test_a_crash_inside_pyxform_is_no_traceback(folder):
    write_workbook(changed(control="x"), folder / "good.xlsx")
    with pytest.raises(QuestionnaireError, match=r"could not convert the form .*Rename the column"):
        xform.convert(folder / "good.xlsx")


@pytest.mark.parametrize(
    ("cells", "place"),
    [
        ({"relevant": "${absent} = 1"}, ("survey", 2, "relevant")),
        ({"type": "calculate"}, ("survey", 2, "")),
        ({"relevant": "'ya' = 'ya"}, ("survey", 2, "relevant")),
        ({"constraint": ". != \"'ya'"}, ("survey", 2, "constraint")),
    ],
)
def test_what_a_build_refuses_the_check_refuses(folder, cells, place):
    assert lint(folder, validate=False) == []
    write_workbook(changed(**cells), folder / "good.xlsx")
    with pytest.raises(QuestionnaireError):
        build(folder, validate=False)
    (finding,) = (f for f in lint(folder, validate=False) if f.severity == "error")
    assert (finding.sheet, finding.row, finding.column) == place
    assert finding.form == "good.xlsx"
    assert names(folder) == ["good.xlsx"]


def test_one_finding_is_counted_as_one(folder, capsys):
    write_workbook(changed(relevent="1"), folder / "good.xlsx")
    assert _run(["forms", "lint", str(folder)]) == 11
    assert capsys.readouterr().out.splitlines()[-1] == "1 finding"


GROUPED = {"type": "select_one yt", "name": "q", "label": "Q?"}


def grouped(**cells):
    """A group with one question in row 3."""
    header = ["type", "name", "label", "relevant", "constraint", "calculation", "required",
              "choice_filter"]  # fmt: skip
    lines = [{"type": "begin_group", "name": "g", "label": "G"}, GROUPED | cells,
             {"type": "end_group"}]  # fmt: skip
    rows = [[line.get(column, "") for column in header] for line in lines]
    return GOOD | {"survey": sheet(header, rows)}


@pytest.mark.java
@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"relevant": "lower-case-of('A') = 'a'"}, "relevant"),
        ({"constraint": ". > foo("}, "constraint"),
        ({"type": "calculate", "calculation": "foo(1)"}, "calculation"),
        ({"required": "foo() = 1"}, "required"),
        ({"choice_filter": "foo(name) = 1"}, "choice_filter"),
    ],
)
def test_a_refusal_of_odk_validate_names_the_cell_and_no_path_of_the_machine(folder, cells, column):
    write_workbook(grouped(**cells), folder / "good.xlsx")
    (finding,) = (f for f in lint(folder) if f.severity == "error")
    assert (finding.sheet, finding.row, finding.column) == ("survey", 3, column)
    with pytest.raises(QuestionnaireError) as refused:
        build(folder)
    said = str(refused.value)
    assert said.startswith(f"{folder / 'good.xlsx'}, sheet survey, row 3, column {column}: ")
    for noise in ("form.xml", "persepsi-", "Exception", "[1]"):
        assert noise not in said.replace(str(folder), "")


@pytest.mark.java
def test_a_cycle_names_both_of_its_rows(folder):
    rows = [
        ["calculate", "a", "", "${b} + 1"],
        ["calculate", "b", "", "${a} + 1"],
        ["text", "t", "T", ""],
    ]
    survey = sheet(["type", "name", "label", "calculation"], rows)
    write_workbook(GOOD | {"survey": survey}, folder / "good.xlsx")
    with pytest.raises(
        QuestionnaireError, match=r"good\.xlsx, sheet survey, rows 2 and 3: .*Cycle"
    ):
        build(folder)


@pytest.mark.java
def test_odk_validate_judges_the_form(folder):
    (built,) = build(folder)
    assert built.validation == xform.Validation(True)
    assert built.line() == "good.xlsx: valid (ODK Validate); wrote good.md, good.xml"


@pytest.mark.java
def test_logic_that_no_phone_can_read_is_refused_and_nothing_is_written(folder):
    write_workbook(changed(relevant="lower-case-of('A') = 'a'"), folder / "good.xlsx")
    with pytest.raises(QuestionnaireError, match=r"rejects the form.*lower-case-of"):
        build(folder)
    assert names(folder) == ["good.xlsx"]


def test_without_java_the_form_is_built_and_the_result_says_it_was_not_judged(folder):
    xml = xform.convert(folder / "good.xlsx").xml
    for java in (None, "no-such-java"):
        judged = xform.validate(xml, java=java)
        assert not judged.done
        assert judged.reason.startswith("not validated: no Java")


def test_warnings_of_pyxform_reach_the_reader(folder):
    sheets = changed() | {"settingss": sheet(["form_id"], [["x"]])}
    del sheets["settings"]
    write_workbook(sheets, folder / "good.xlsx")
    (built,) = build(folder, validate=False)
    assert "settingss" in built.line()


def test_lock_files_and_other_workbooks_are_passed_over(folder):
    (folder / "~$good.xlsx").write_bytes(b"owner")
    write_workbook({"hasil": sheet(["a"], [["1"]])}, folder / "hasil.xlsx")
    assert [path.name for path in questionnaires(folder)] == ["good.xlsx"]


def test_a_workbook_whose_survey_sheet_is_missing_is_not_passed_over(folder):
    write_workbook({"surveys": GOOD["survey"], "choices": GOOD["choices"]}, folder / "b.xlsx")
    with pytest.raises(QuestionnaireError, match=r"b\.xlsx: no sheet named survey"):
        build(folder, validate=False)


def test_a_folder_without_a_questionnaire_says_what_to_put_there(tmp_path):
    with pytest.raises(QuestionnaireError, match=r"no questionnaire\. Put an XLSForm"):
        build(tmp_path)


def test_an_edited_mirror_becomes_the_workbook(folder):
    build(folder, validate=False)
    mirror = folder / "good.md"
    mirror.write_text(mirror.read_text().replace("Q?", "Edited | or not?".replace("|", "\\|")))
    import_markdown(mirror, folder / "good.xlsx")
    (record,) = read_xlsform(folder / "good.xlsx").records("survey")
    assert record.text("label") == "Edited | or not?"


def test_a_mirror_without_sheets_leaves_the_workbook_as_it_was(folder):
    before = (folder / "good.xlsx").read_bytes()
    (folder / "good.md").write_text("nothing here\n")
    with pytest.raises(QuestionnaireError, match="no sheet in it"):
        import_markdown(folder / "good.md", folder / "good.xlsx")
    assert (folder / "good.xlsx").read_bytes() == before


def test_a_line_break_in_a_cell_survives_mirror_and_conversion(folder):
    write_workbook(changed(label="Two\nlines"), folder / "good.xlsx")
    build(folder, validate=False)
    of_workbook = xform.convert(folder / "good.xlsx").xml
    assert xform.convert(folder / "good.md").xml == of_workbook
    assert "Two\nlines" in of_workbook


@pytest.mark.parametrize("form", ["wawancara", "sesi"])
def test_mirror_and_xform_of_the_study_are_what_a_build_would_write(form):
    path = study_folder("kendari") / f"{form}.xlsx"
    converted = xform.convert(path)
    assert converted.warnings == ()
    assert path.with_suffix(".xml").read_text(encoding="utf-8") == converted.xml
    mirror = to_markdown(read_xlsform(path).sheets)
    assert path.with_suffix(".md").read_text(encoding="utf-8") == mirror


@pytest.mark.java
def test_the_studys_questionnaires_build_without_a_remark(tmp_path):
    for file in study_folder("kendari").iterdir():
        if file.suffix in {".xlsx", ".csv", ".toml"}:
            shutil.copy(file, tmp_path)
    built = build(tmp_path)
    forms = ["cek_ulang", "kepercayaan", "kontak_ulang", "mandiri", "sesi", "wawancara"]
    assert [b.form for b in built] == forms
    assert all(b.validation == xform.Validation(True) for b in built)
    remarks = [str(remark) for b in built for remark in (*b.findings, *b.warnings)]
    assert [text for text in remarks if "minutes on the usual way" not in text] == []
    assert [str(finding) for finding in lint(tmp_path, validate=False)] == remarks
