import pytest

from pipeline.errors import QuestionnaireError
from pipeline.workbook import sheet, write_workbook
from pipeline.xlsform import Column, QuestionType, XLSForm, read_xlsform


@pytest.mark.parametrize(
    ("header", "base", "language"),
    [
        ("label", "label", ""),
        ("Label::English (en)", "label", "English (en)"),
        ("label :: English (en)", "label", "English (en)"),
        ("label:English", "label", "English"),
        ("list name", "list_name", ""),
        ("Required Message::X", "required_message", "X"),
        ("relevance", "relevant", ""),
        ("media::image::X", "image", "X"),
        ("bind::relevant", "bind::relevant", ""),
        ("body::accuracyThreshold", "body::accuracyThreshold", ""),
        ("skor", "skor", ""),
    ],
)
def test_a_header_means_what_pyxform_takes_it_for(header, base, language):
    assert Column.of(header) == Column(base, language)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("select_one yt", QuestionType("select_one", "yt")),
        ("select one from yt", QuestionType("select_one", "yt")),
        ("select1 yt", QuestionType("select_one", "yt")),
        ("select_one yt or_other", QuestionType("select_one", "yt", "", True)),
        ("select all that apply from yt", QuestionType("select_multiple", "yt")),
        ("select_multiple  yt", QuestionType("select_multiple", "yt")),
        ("select_one_from_file u.csv", QuestionType("select_one_from_file", "", "u.csv")),
        ("select one from file u.csv", QuestionType("select_one_from_file", "", "u.csv")),
        ("select_multiple_from_file u.csv", QuestionType("select_multiple_from_file", "", "u.csv")),
        ("rank yt", QuestionType("rank", "yt")),
        ("begin group", QuestionType("begin_group")),
        ("begin_repeat", QuestionType("begin_repeat")),
        ("end repeat", QuestionType("end_repeat")),
        ("begin lgroup", QuestionType("begin_repeat")),
        ("int", QuestionType("integer")),
        ("datetime", QuestionType("dateTime")),
        ("dateTime", QuestionType("dateTime")),
        ("gps", QuestionType("geopoint")),
        ("note", QuestionType("note")),
    ],
)
def test_a_type_is_read_in_all_its_spellings(written, meant):
    assert QuestionType.of(written) == meant


def write(tmp_path, sheets, name="form.xlsx"):
    write_workbook(sheets, tmp_path / name)
    return tmp_path / name


def test_a_lone_sheet_of_any_name_is_the_survey_as_in_pyxform(tmp_path):
    path = write(tmp_path, {"Sheet1": sheet(["type", "name"], [["text", "a"]])})
    assert [record.text("name") for record in read_xlsform(path).records("survey")] == ["a"]


def test_sheets_are_found_whatever_their_capitals(tmp_path):
    survey = sheet(["type", "name"], [["text", "a"]])
    path = write(tmp_path, {"Survey": survey, "Settings": sheet(["version"], [["7"]])})
    assert read_xlsform(path).setting("version") == "7"


def test_a_form_without_a_survey_sheet_names_the_sheets_it_has(tmp_path):
    path = write(tmp_path, {"surveys": sheet(["type"], []), "choices": sheet(["name"], [])})
    with pytest.raises(QuestionnaireError, match=r"no sheet named survey.*surveys, choices"):
        read_xlsform(path)


def test_a_survey_without_the_columns_type_and_name_says_what_it_found(tmp_path):
    path = write(tmp_path, {"survey": sheet(["typo", "name"], [["text", "a"]])})
    with pytest.raises(QuestionnaireError, match=r"column type is missing; found typo, name"):
        read_xlsform(path)


def test_any_other_kind_of_file_is_refused_with_what_to_do(tmp_path):
    (tmp_path / "form.xls").write_bytes(b"old")
    with pytest.raises(QuestionnaireError, match="save it as “Excel workbook"):
        read_xlsform(tmp_path / "form.xls")
    with pytest.raises(QuestionnaireError, match=r"form\.md: not found"):
        read_xlsform(tmp_path / "form.md")


def languages(survey, choices=(), default=""):
    sheets = {"survey": sheet(survey, []), "choices": sheet(choices, [])}
    sheets["settings"] = sheet(["default_language"], [[default]])
    return XLSForm(None, sheets).languages()  # type: ignore[arg-type]


def test_languages_come_from_the_headers_with_the_default_first():
    assert languages(["label::A", "label::B"], ["label::B"], "B") == ("B", "A")
    assert languages(["label::A", "hint::C"], ["label::B"]) == ("A", "C", "B")
    assert languages(["label"]) == ("",)
    assert languages(["label", "label::B"], default="A") == ("A", "B")
    assert languages(["label", "label::B"]) == ("", "B")
    assert languages(["type"]) == ()
