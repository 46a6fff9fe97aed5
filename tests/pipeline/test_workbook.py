import datetime
import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from pipeline.errors import QuestionnaireError
from pipeline.workbook import Sheet, read_workbook, sheet, write_workbook

SURVEY = sheet(
    ["type", "name", "label", "polaritas"],
    [
        ["begin_group", "g", "Group", ""],
        ["text", "a", "=1+1 is no formula", "positif"],
        ["end_group", "", "", ""],
    ],
)


def saved(tmp_path, rows):
    """A workbook written by somebody else, with whatever Python values as cells."""
    book = Workbook()
    tab = book.active
    tab.title = "survey"
    for row in rows:
        tab.append(row)
    path = tmp_path / "foreign.xlsx"
    book.save(path)
    return path


def test_the_same_sheets_give_the_same_bytes():
    assert write_workbook({"survey": SURVEY}) == write_workbook({"survey": SURVEY})


def test_no_part_of_the_archive_carries_the_time_of_writing():
    with zipfile.ZipFile(io.BytesIO(write_workbook({"survey": SURVEY}))) as archive:
        assert {item.date_time for item in archive.infolist()} == {(2026, 1, 1, 0, 0, 0)}
        properties = archive.read("docProps/core.xml").decode()
    assert properties.count("2026-01-01T00:00:00Z") == 2


def test_every_cell_is_a_text_cell_even_one_that_begins_like_a_formula():
    book = load_workbook(io.BytesIO(write_workbook({"survey": SURVEY})))
    cells = [cell for row in book["survey"].iter_rows() for cell in row if cell.value]
    assert {cell.data_type for cell in cells} == {"s"}
    assert book["survey"]["C3"].value == "=1+1 is no formula"


def test_headers_are_frozen_and_codebook_columns_offer_the_values_in_use():
    tab = load_workbook(io.BytesIO(write_workbook({"survey": SURVEY})))["survey"]
    assert tab.freeze_panes == "C2"
    (rule,) = tab.data_validations.dataValidation
    assert (rule.formula1, str(rule.sqref).split(":")[0]) == ('"positif"', "D2")


text = st.text(
    st.characters(exclude_categories=("C", "Z"), include_characters=" \n|&#;\\\"'=+-"), max_size=20
).map(str.strip)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(text, min_size=3, max_size=3), max_size=5))
def test_sheets_come_back_as_they_were_written(tmp_path_factory, rows):
    written = sheet(["type", "name", "note::Bahasa (id)"], rows)
    path = tmp_path_factory.mktemp("book") / "book.xlsx"
    write_workbook({"survey": written, "_catatan": written}, path)
    assert read_workbook(path) == {"survey": written, "_catatan": written}


def test_numbers_dates_and_truth_values_are_read_as_xlsform_tools_read_them(tmp_path):
    path = saved(
        tmp_path,
        [
            ["type", "name", " label  ::  X ", None, "skor"],
            ["a\u00a0b ", 7, 7.0, "lost", 1.5],
            [True, False, datetime.date(2026, 10, 5), None, None],
        ],
    )
    content = read_workbook(path)["survey"]
    assert content.header == ("type", "name", "label :: X", "skor")
    assert content.rows[0].cells == {"type": "a b", "name": "7", "label :: X": "7", "skor": "1.5"}
    assert content.rows[0].numeric == {"name", "label :: X", "skor"}
    assert content.rows[1].cells["type"] == "TRUE"
    assert content.rows[1].cells["name"] == "FALSE"
    assert content.rows[1].numeric == frozenset()


def test_blank_rows_keep_their_number_and_the_first_of_two_equal_headers_is_read(tmp_path):
    path = saved(tmp_path, [["type", "type"], ["a", "b"], [None, None], [None, "c"]])
    content = read_workbook(path)["survey"]
    assert content.header == ("type", "type")
    assert [(row.number, dict(row.cells)) for row in content.rows] == [
        (2, {"type": "a"}),
        (4, {"type": "c"}),
    ]


def test_what_stands_far_below_the_last_row_is_no_data(tmp_path):
    rows = [["type"], ["text"], *[[None]] * 61, ["stray"]]
    assert len(read_workbook(saved(tmp_path, rows))["survey"].rows) == 1
    rows = [["type"], ["text"], *[[None]] * 60, ["kept"]]
    assert len(read_workbook(saved(tmp_path, rows))["survey"].rows) == 2


@pytest.mark.parametrize("content", [b"", b"type,name\n", b"PK\x03\x04 broken", b"\x89PNG"])
def test_a_file_that_is_no_workbook_is_refused_with_what_to_do(tmp_path, content):
    path = tmp_path / "form.xlsx"
    path.write_bytes(content)
    with pytest.raises(QuestionnaireError, match=r"form\.xlsx: not an Excel workbook.*save it as"):
        read_workbook(path)


def test_a_zip_archive_that_is_no_workbook_is_refused(tmp_path):
    path = tmp_path / "form.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "hello")
    with pytest.raises(QuestionnaireError, match="not an Excel workbook"):
        read_workbook(path)


def test_an_absent_workbook_is_named():
    from pathlib import Path

    with pytest.raises(QuestionnaireError, match=r"nowhere\.xlsx: cannot be read"):
        read_workbook(Path("nowhere.xlsx"))


@pytest.mark.parametrize(
    ("sheets", "said"),
    [
        ({"a/b": SURVEY}, "no name for a sheet"),
        ({"x" * 32: SURVEY}, "no name for a sheet.*at most 31 letters"),
        ({"survey": SURVEY, "Survey": SURVEY}, "'Survey' and 'survey'"),
        ({"s": sheet(["x"], [["a\x07b"]])}, "sheet s, row 2, column 'x'"),
        ({"s": sheet(["x"], [["ok"], ["y" * 32_768]])}, "row 3.*32767 characters"),
    ],
)
def test_what_no_workbook_can_hold_is_refused_and_nothing_is_written(tmp_path, sheets, said):
    path = tmp_path / "out.xlsx"
    path.write_bytes(b"before")
    with pytest.raises(QuestionnaireError, match=said):
        write_workbook(sheets, path)
    assert path.read_bytes() == b"before"
    assert [p.name for p in tmp_path.iterdir()] == ["out.xlsx"]


def test_an_empty_sheet_is_written_and_read():
    assert write_workbook({"survey": Sheet((), ())}).startswith(b"PK")
