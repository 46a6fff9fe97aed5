import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pyxform.xls2xform import convert as pyxform_convert

from pipeline.errors import QuestionnaireError
from pipeline.mirror import from_markdown, to_markdown
from pipeline.study import study_folder
from pipeline.workbook import sheet, write_workbook
from pipeline.xlsform import read_xlsform

cell = st.text(
    st.characters(exclude_categories=("C", "Z"), include_characters=" \n|&#;\\10-"), max_size=12
).map(str.strip)


@given(st.lists(st.lists(cell, min_size=2, max_size=2), max_size=6))
@example([["a|b", "a\\|b"], ["&#10;", "x\ny"], ["\\", "-"], ["---", "|"], ["", ""], ["# no", "z"]])
@example([["&#38;#10;", "&#&#10;\n"]])
def test_cells_come_back_as_they_were(rows):
    sheets = {"survey": sheet(["name", "a|b"], rows), "choices": sheet(["list_name"], [])}
    assert from_markdown(to_markdown(sheets)) == sheets


def test_a_form_in_markdown_reads_as_it_is_written_here():
    text = """
# Anything that is no table row is a comment.
| survey |
| |      type | name | label          |
| | text      | a    | Satu \\| dua   |
| |           |      |                |
| | integer   | b    | Baris&#10;baru |
"""
    survey = from_markdown(text)["survey"]
    assert survey.header == ("type", "name", "label")
    assert [(row.number, row.get("label")) for row in survey.rows] == [
        (2, "Satu | dua"),
        (4, "Baris\nbaru"),
    ]


@pytest.mark.parametrize("form", ["wawancara", "sesi"])
def test_pyxform_makes_the_same_xform_of_mirror_and_workbook(form):
    path = study_folder("kendari") / f"{form}.xlsx"
    mirror = to_markdown(read_xlsform(path).sheets)
    of_mirror = pyxform_convert(mirror, form_name="data", file_type=".md").xform
    of_workbook = pyxform_convert(path.read_bytes(), form_name="data", file_type=".xlsx").xform
    assert of_mirror == of_workbook


@pytest.mark.parametrize("form", ["wawancara", "sesi"])
def test_a_workbook_made_from_the_mirror_holds_the_same_cells(form, tmp_path):
    original = read_xlsform(study_folder("kendari") / f"{form}.xlsx").sheets
    write_workbook(from_markdown(to_markdown(original)), tmp_path / "again.xlsx")
    assert read_xlsform(tmp_path / "again.xlsx").sheets == original


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("| | type | name |", "line 1: a row before any sheet's name"),
        ("| s |\n| | type |\n| | text | a|b |", r"line 3: 3 cells under 1 columns.*“\\\|”"),
    ],
)
def test_a_mirror_that_cannot_be_read_says_which_line(text, said):
    with pytest.raises(QuestionnaireError, match=said):
        from_markdown(text, "form.md")
