"""The version goes up exactly when the XForm changes, and nothing else of a workbook moves."""

import datetime as dt
import io
import zipfile

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment

from pipeline import xform
from pipeline.errors import QuestionnaireError
from pipeline.form_version import content_hash, raised, version_of
from pipeline.formbuild import build, lint, questionnaires
from pipeline.study import study_folder
from pipeline.workbook import read_workbook, sheet, with_cell, write_workbook
from pipeline.xlsform import read_xlsform

DAY = dt.date(2026, 11, 24)
SHEETS = {
    "survey": sheet(
        ["type", "name", "label", "dimensi"],
        [["select_one yt", "q", "Q?", ""], ["note", "n", "N", ""]],
    ),
    "choices": sheet(
        ["list_name", "name", "label", "skor"],
        [["yt", "ya", "Ya", "1"], ["yt", "tidak", "No", "0"]],
    ),
    "settings": sheet(["form_id", "version"], [["good", "2026010101"]]),
}


@pytest.fixture
def folder(tmp_path):
    write_workbook(SHEETS, tmp_path / "good.xlsx")
    build(tmp_path, validate=False, today=DAY)
    return tmp_path


def version(folder):
    form = read_xlsform(folder / "good.xlsx").setting("version")
    assert version_of((folder / "good.xml").read_text("utf-8")) == form
    assert f" {form} |" in (folder / "good.md").read_text("utf-8")
    return form


def edit(folder, cell, text, sheet_name="survey"):
    path = folder / "good.xlsx"
    book = load_workbook(path)
    book[sheet_name][cell] = text
    book.save(path)


def test_the_first_build_keeps_the_version_that_a_person_wrote(folder):
    assert version(folder) == "2026010101"


@pytest.mark.parametrize(
    ("sheet_name", "cell", "text"),
    [("survey", "C2", "Question?"), ("survey", "B3", "note_2"), ("choices", "C3", "Tidak"),
     ("choices", "D2", "5"), ("settings", "A2", "better")],
)  # fmt: skip
def test_what_phones_get_to_know_raises_it_once(folder, sheet_name, cell, text):
    edit(folder, cell, text, sheet_name)
    (built,) = build(folder, validate=False, today=DAY)
    assert version(folder) == "2026112401"
    assert (built.version, built.was) == ("2026112401", "2026010101")
    assert built.written == ("good.xlsx", "good.md", "good.xml")
    assert "version 2026010101 is now 2026112401" in built.line()
    (again,) = build(folder, validate=False, today=dt.date(2027, 1, 1))
    assert not again.changed
    assert (again.version, again.was) == ("2026112401", "")
    edit(folder, "C2", "Once more?")
    build(folder, validate=False, today=DAY)
    assert version(folder) == "2026112402"


def test_before_the_build_the_check_says_that_the_version_and_the_mirror_are_old(folder):
    assert lint(folder, validate=False) == []
    edit(folder, "C2", "Question?")
    version_, mirror = lint(folder, validate=False)
    assert (version_.sheet, version_.row, version_.column) == ("settings", 2, "version")
    assert "'2026010101', under which another form was built" in version_.found
    assert "good.md" in mirror.found
    build(folder, validate=False, today=DAY)
    assert lint(folder, validate=False) == []
    (folder / "good.xml").write_text("no form")
    assert lint(folder, validate=False) == []


def test_what_phones_never_see_leaves_it_alone(folder):
    before = (folder / "good.xml").read_bytes()
    edit(folder, "D2", "kompetensi")
    (built,) = build(folder, validate=False, today=DAY)
    assert built.written == ("good.md",)
    assert (folder / "good.xml").read_bytes() == before


def test_a_version_that_a_person_set_anew_stands(folder):
    edit(folder, "C2", "Question?")
    edit(folder, "B2", "wave two", "settings")
    (built,) = build(folder, validate=False, today=DAY)
    assert version(folder) == "wave two"
    assert built.was == ""


def test_a_refused_form_keeps_its_version(folder):
    edit(folder, "C2", "Question ${absent}?")
    with pytest.raises(QuestionnaireError, match="absent"):
        build(folder, validate=False, today=DAY)
    assert read_xlsform(folder / "good.xlsx").setting("version") == "2026010101"


def test_a_build_cut_off_after_the_workbook_raises_no_version_twice(folder, monkeypatch):
    edit(folder, "C2", "Question?")
    xml = (folder / "good.xml").read_bytes()
    build(folder, validate=False, today=DAY)
    (folder / "good.xml").write_bytes(xml)  # as if the last file had not been written
    build(folder, validate=False, today=DAY)
    assert version(folder) == "2026112401"


def test_a_workbook_that_cannot_be_replaced_leaves_mirror_and_xform_as_they_were(
    folder, monkeypatch
):
    edit(folder, "C2", "Question?")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def locked(source, target):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pipeline.whole_file.os.replace", locked)
    with pytest.raises(QuestionnaireError, match=r"good\.xlsx: cannot be written .*Close it"):
        build(folder, validate=False, today=DAY)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_form_without_a_version_is_built_and_gets_none(tmp_path):
    write_workbook({k: v for k, v in SHEETS.items() if k != "settings"}, tmp_path / "good.xlsx")
    build(tmp_path, validate=False, today=DAY)
    edit(tmp_path, "C2", "Question?")
    (built,) = build(tmp_path, validate=False, today=DAY)
    assert built.written == ("good.md", "good.xml")
    assert built.version == ""


@pytest.mark.parametrize(
    ("current", "built", "expected"),
    [
        ("2026112401", "2026112401", "2026112402"),
        ("2026112499", "2026112499", "2026112500"),
        ("3", "3", "2026112401"),
        ("v1", "v1", "2026112401"),
        ("v2", "v1", "v2"),
        ("2026090101", "2026112401", "2026112402"),  # an older workbook came back
        ("", "", "2026112401"),
    ],
)
def test_the_next_version_is_the_day_and_a_number_and_never_smaller(current, built, expected):
    assert raised(current, built, DAY) == expected


def test_neither_order_of_attributes_nor_blanks_nor_the_version_make_another_form():
    a = '<h xmlns="http://www.w3.org/2002/xforms"><model><instance><data id="f" version="1"/>' \
        "</instance></model><input ref='q' appearance='x'/></h>"  # fmt: skip
    b = a.replace('version="1"', 'version="2"')
    b = b.replace("ref='q' appearance='x'", "appearance='x' ref='q'")
    assert content_hash(a) == content_hash(b.replace("><", ">\n  <"))
    assert content_hash(a) != content_hash(a.replace("'x'", "'y'"))
    assert (version_of(a), version_of(b)) == ("1", "2")


def test_one_cell_changes_and_every_other_part_of_a_workbook_keeps_its_bytes(tmp_path):
    book = Workbook()
    survey = book.active
    survey.title = "survey"
    survey.append(["type", "name", "label"])
    survey.append(["text", "a", "A <&> “ü”"])
    survey["A2"].comment = Comment("ask the team", "analyst")
    book.create_sheet("Settings").append(["form_id", "version", "note"])
    book["Settings"].append(["x", 7, "=1+1"])
    book.create_sheet("scribble")["Z99"] = "mine"
    path = tmp_path / "book.xlsx"
    book.save(path)
    data = path.read_bytes()
    changed = with_cell(data, "Settings", "B2", "8 <&>")
    assert read_workbook(path, changed)["Settings"].rows[0].get("version") == "8 <&>"
    with zipfile.ZipFile(io.BytesIO(data)) as a, zipfile.ZipFile(io.BytesIO(changed)) as b:
        assert a.namelist() == b.namelist()
        differ = [name for name in a.namelist() if a.read(name) != b.read(name)]
        assert differ == ["xl/worksheets/sheet2.xml"]
    again = load_workbook(io.BytesIO(changed))
    assert again["survey"]["A2"].comment.text == "ask the team"
    assert again["scribble"]["Z99"].value == "mine"
    assert again["Settings"]["C2"].value == "=1+1"
    assert with_cell(data, "Settings", "B2", "8 <&>") == changed


@pytest.mark.parametrize(
    ("tab", "cell", "said"),
    [("no", "A1", "no sheet 'no'"), ("survey", "Q9", "cell Q9 cannot be changed")],
)
def test_a_cell_that_is_not_there_is_refused(tab, cell, said):
    with pytest.raises(QuestionnaireError, match=said):
        with_cell(write_workbook(SHEETS), tab, cell, "x")


def test_the_versions_of_the_studys_forms_are_those_of_their_last_build():
    for path in questionnaires(study_folder("kendari")):
        built = path.with_suffix(".xml").read_text("utf-8")
        now = xform.convert(path).xml
        assert content_hash(built) == content_hash(now), path.name
        assert version_of(built) == read_xlsform(path).setting("version"), path.name
