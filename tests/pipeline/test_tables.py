import pytest

from pipeline.errors import StudyError
from pipeline.tables import number, read_table, read_text, read_toml, unique


@pytest.mark.parametrize(
    "raw",
    [
        b"unit_id,name\nu1,Caf\xc3\xa9\n",
        b"\xef\xbb\xbfunit_id,name\r\nu1,Caf\xc3\xa9\r\n",
        b"unit_id;name\r\nu1;Caf\xe9\r\n",
        b"unit_id\tname\nu1\tCaf\xc3\xa9\n\n\n",
    ],
    ids=["utf-8", "bom-crlf", "semicolon-cp1252", "tab-blank-lines"],
)
def test_a_table_is_read_alike_however_excel_wrote_it(tmp_path, raw):
    path = tmp_path / "units.csv"
    path.write_bytes(raw)
    assert read_table(path, ["unit_id", "name"]) == [{"unit_id": "u1", "name": "Café"}]


def test_a_code_stays_text(tmp_path):
    path = tmp_path / "units.csv"
    path.write_text("unit_id;name\n007;A\n")
    assert read_table(path, ["unit_id"])[0]["unit_id"] == "007"


@pytest.mark.parametrize(
    ("text", "value"),
    [("1,5", 1.5), ("1.5", 1.5), ("1.234,5", 1234.5), (" 45 ", 45.0), ("", None), ("-0,25", -0.25)],
)
def test_numbers_take_comma_or_point(text, value):
    assert number(text, "here") == value


def test_a_number_that_is_none_says_where():
    with pytest.raises(StudyError, match=r"units\.csv, row 3: 'empat' is not a number"):
        number("empat", "units.csv, row 3")


def test_a_missing_column_is_named_with_those_found(tmp_path):
    path = tmp_path / "units.csv"
    path.write_text("unit,name\na,b\n")
    with pytest.raises(StudyError, match=r"column unit_id is missing; found unit, name"):
        read_table(path, ["unit_id"])


def test_too_many_cells_name_the_line(tmp_path):
    path = tmp_path / "units.csv"
    path.write_text("unit_id,name\nu1,A, B\n")
    with pytest.raises(StudyError, match="line 2: 3 cells under 2 columns"):
        read_table(path, ["unit_id"])


def test_a_code_that_stands_twice_names_both_rows(tmp_path):
    rows = [{"unit_id": "a"}, {"unit_id": "b"}, {"unit_id": "a"}]
    with pytest.raises(StudyError, match="'a' stands in rows 2 and 4"):
        unique(rows, "unit_id", tmp_path / "units.csv")


def test_an_absent_file_and_bad_toml_are_sentences(tmp_path):
    with pytest.raises(StudyError, match=r"units\.csv: not found"):
        read_table(tmp_path / "units.csv", ["unit_id"])
    with pytest.raises(StudyError, match="cannot be read"):
        read_text(tmp_path / "none.txt")
    (tmp_path / "study.toml").write_text("[study\nname = 1")
    with pytest.raises(StudyError, match=r"study\.toml: not valid TOML.*line 1"):
        read_toml(tmp_path / "study.toml")
