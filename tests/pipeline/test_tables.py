import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.contacts import read_plan
from pipeline.errors import StudyError
from pipeline.study import open_study
from pipeline.tables import Row, number, read_table, read_text, read_toml, unique


@pytest.mark.parametrize(
    "raw",
    [
        b"unit_id,name\nu1,Caf\xc3\xa9\n",
        b"\xef\xbb\xbfunit_id,name\r\nu1,Caf\xc3\xa9\r\n",
        b"unit_id;name\r\nu1;Caf\xe9\r\n",
        b"unit_id\tname\nu1\tCaf\xc3\xa9\n\n\n",
        b"unit_id,name\ru1,Caf\xc3\xa9\r",
        codecs.BOM_UTF16_LE + "unit_id\tname\r\nu1\tCafé\r\n".encode("utf-16-le"),
        codecs.BOM_UTF16_BE + "unit_id;name\nu1;Café\n".encode("utf-16-be"),
    ],
    ids=[
        "utf-8",
        "bom-crlf",
        "semicolon-cp1252",
        "tab-blank-lines",
        "mac-cr",
        "utf-16-le-tab",
        "utf-16-be-semicolon",
    ],
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
    path = tmp_path / "units.csv"
    path.write_text("unit_id\na\n\nb\na\n")
    with pytest.raises(StudyError, match="'a' stands in rows 2 and 5"):
        unique(read_table(path, ["unit_id"]), "unit_id", path)


def test_a_blank_code_names_its_row(tmp_path):
    rows = [Row([("unit_id", "a")], 2), Row([("unit_id", "")], 7)]
    with pytest.raises(StudyError, match="row 7: unit_id is blank"):
        unique(rows, "unit_id", tmp_path / "units.csv")


@given(
    st.lists(
        st.sampled_from(["", ";;", '"a\nb";x;', 'c;"d\n\n";e', "f;g;h"]),
        min_size=1,
        max_size=12,
    ),
    st.sampled_from(["\n", "\r\n"]),
)
def test_a_row_knows_the_line_of_the_file_where_it_begins(tmp_path_factory, written, end):
    path = tmp_path_factory.mktemp("t") / "t.csv"
    text = "one;two;three\n" + "\n".join(written) + "\n"
    path.write_text(text, encoding="utf-8", newline=end)
    lines = text.split("\n")
    rows = read_table(path, ["one"])
    assert len(rows) == sum(1 for row in written if row.strip(";"))
    for row in rows:
        first = next(cell for cell in row.values() if cell).split("\n")[0]
        assert first in lines[row.line - 1]
        assert row["one"][:1] in {"a", "c", "f"}


def test_a_quote_left_open_is_an_error_and_swallows_no_row(tmp_path):
    path = tmp_path / "units.csv"
    path.write_text('unit_id,name\nu1,A\n\nu2,"B\nu3,C\n')
    with pytest.raises(StudyError, match=r"units\.csv, line 4: .*double quote"):
        read_table(path, ["unit_id"])


def test_text_that_only_begins_as_utf_16_is_a_sentence(tmp_path):
    path = tmp_path / "units.csv"
    path.write_bytes(codecs.BOM_UTF16_LE + b"unit_id")
    with pytest.raises(StudyError, match="begins as UTF-16"):
        read_table(path, ["unit_id"])


UNITS = "unit_id;name;sector;inclusion_probability;in_frame\n"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("u2;B;s;1;no", r"row 4: in_frame 'no' must be ya or tidak"),
        ("u2;B;s;1;", r"row 4: in_frame '' must be ya or tidak"),
        ("u2;B;s;satu;ya", r"row 4: 'satu' is not a number"),
        ("u1;B;s;1;ya", r"rows 2 and 4"),
    ],
)
def test_a_wrong_unit_below_a_blank_line_is_found_by_its_row(tmp_path, row, said):
    (tmp_path / "units.csv").write_text(f"{UNITS}u1;A;s;1;ya\n\n{row}\n")
    with pytest.raises(StudyError, match=said):
        open_study(str(tmp_path))


def test_a_unit_is_in_the_frame_unless_the_row_says_tidak(tmp_path):
    path = tmp_path / "units.csv"
    path.write_text(f"{UNITS}u1;A;s;1;ya\nu2;B;s;1;Tidak\n")
    assert [unit.in_frame for unit in open_study(str(tmp_path)).units] == [True, False]
    path.write_text("unit_id,name,sector\nu1,A,s\n")
    assert [unit.in_frame for unit in open_study(str(tmp_path)).units] == [True]


def test_a_wrong_session_below_a_blank_line_is_found_by_its_row(tmp_path):
    (tmp_path / "units.csv").write_text(f"{UNITS}u1;A;s;1;ya\n")
    plan = tmp_path / "sessions.csv"
    header = "session_id;unit_id;date;block;blocks_window\n"
    for row, said in [
        ("s2;u9;2026-10-05;pagi;4", r"row 4: unit_id 'u9' is not in units\.csv"),
        ("s2;u1;2026-10-05;pagi;empat", r"row 4, blocks_window: 'empat' is not a number"),
    ]:
        plan.write_text(f"{header}s1;u1;2026-10-05;pagi;4\n\n{row}\n")
        with pytest.raises(StudyError, match=said):
            read_plan(open_study(str(tmp_path)))


def test_an_absent_file_and_bad_toml_are_sentences(tmp_path):
    with pytest.raises(StudyError, match=r"units\.csv: not found"):
        read_table(tmp_path / "units.csv", ["unit_id"])
    with pytest.raises(StudyError, match="cannot be read"):
        read_text(tmp_path / "none.txt")
    (tmp_path / "study.toml").write_text("[study\nname = 1")
    with pytest.raises(StudyError, match=r"study\.toml: not valid TOML.*line 1"):
        read_toml(tmp_path / "study.toml")
