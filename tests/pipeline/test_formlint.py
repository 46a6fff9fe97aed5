"""Each defect is planted alone into a clean form and must be found in its own cell."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from pipeline.errors import QuestionnaireError
from pipeline.formbuild import questionnaires
from pipeline.formlint import Finding, Rules, lint, read_rules
from pipeline.questionnaire import read_instrument
from pipeline.study import study_folder
from pipeline.workbook import sheet, write_workbook
from pipeline.xform import convert

CLEAN = """
| survey |
| | type | name | label::A (a) | label::B (b) | relevant | dimensi | bentuk | polaritas | rujukan |
| | select_one yt | q | Satu? | One? | | tata | PB | negatif | urusan |
| | begin_group | g | Grup | Group | | | | | |
| | integer | n | Berapa? | How many? | ${q} = 'ya' | | | | |
| | end_group | | | | | | | | |
| | calculate | c | | | | | | | |
| choices |
| | list_name | name | label::A (a) | label::B (b) | skor |
| | yt | ya | Ya | Yes | 1 |
| | yt | tidak | Tidak | No | 0,5 |
| | yt | tt | Tidak tahu | Do not know | |
| settings |
| | form_id | version | default_language |
| | clean | 1 | A (a) |
"""


PLAIN = Rules(bentuk={"PB": True})
DESIGNED = Rules(designed=True, bentuk={"PB": True}, dimensions=("tata",))


def findings(tmp_path, text, rules=PLAIN, name="form"):
    path = tmp_path / f"{name}.md"
    path.write_text(text, encoding="utf-8")
    return lint(path, rules)


def test_a_clean_form_has_no_finding(tmp_path):
    assert findings(tmp_path, CLEAN) == []


def test_the_studys_own_questionnaires_have_no_finding():
    folder = study_folder("kendari")
    rules = read_rules(folder)
    assert rules.designed
    assert rules.bentuk["PB"]
    assert "kepercayaan" in rules.dimensions
    for path in questionnaires(folder):
        found = [str(finding) for finding in lint(path, rules)]
        assert [text for text in found if "minutes on the usual way" not in text] == []


DEFECTS = [
    ("a misspelt column", "relevant |", "relevent |", ("survey", 1, "relevent", "error")),
    ("a misspelt codebook column", "polaritas", "polaritass",
     ("survey", 1, "polaritass", "warning")),
    ("a misspelt score", "| skor |", "| skorr |", ("choices", 1, "skorr", "warning")),
    ("a misspelt setting", "default_language", "default_languge",
     ("settings", 1, "default_languge", "error")),
    ("a header twice", "| bentuk |", "| dimensi |", ("survey", 1, "dimensi", "error")),
    ("a colon in a column of our own", "| skor |", "| bobot:nilai |",
     ("choices", 1, "bobot:nilai", "error")),
    ("a translated column of our own", "| dimensi |", "| dimensi::B (b) |",
     ("survey", 1, "dimensi::B (b)", "error")),
    ("an empty translation", "| Satu? | One? |", "| Satu? | |",
     ("survey", 2, "label::B (b)", "warning")),
    ("an empty translation of a choice", "| Tidak | No |", "| | No |",
     ("choices", 3, "label::A (a)", "warning")),
    ("a language that one sheet lacks", "| list_name | name | label::A (a) | label::B (b) |",
     "| list_name | name | label::A (a) | catatan |", ("choices", 1, "label::B (b)", "error")),
    ("an unknown default language", "| clean | 1 | A (a) |", "| clean | 1 | A |",
     ("settings", 2, "default_language", "error")),
    ("an unknown list", "select_one yt", "select_one ty", ("survey", 2, "type", "error")),
    ("a select without a list", "select_one yt", "select_one", ("survey", 2, "type", "error")),
    ("a list nobody uses", "| | yt | tt |", "| | tt | tt |",
     ("choices", 4, "list_name", "warning")),
    ("a name twice", "| integer | n |", "| integer | q |", ("survey", 4, "name", "error")),
    ("a question named as a group", "| integer | n |", "| integer | g |",
     ("survey", 4, "name", "warning")),
    ("a blank name", "| integer | n |", "| integer | |", ("survey", 4, "name", "error")),
    ("a name with a blank", "| integer | n |", "| integer | n o |", ("survey", 4, "name", "error")),
    ("a code twice in a list", "| yt | tt |", "| yt | ya |", ("choices", 4, "name", "error")),
    ("a blank code", "| yt | tt |", "| yt | |", ("choices", 4, "name", "error")),
    ("a blank list name", "| | yt | tt |", "| | | tt |", ("choices", 4, "list_name", "error")),
    ("a score that is no number", "| 0,5 |", "| nol |", ("choices", 3, "skor", "error")),
    ("a bentuk that the study does not know", "| PB |", "| XX |", ("survey", 2, "bentuk", "error")),
    ("a polarity in other words", "| negatif |", "| minus |", ("survey", 2, "polaritas", "error")),
    ("a reference in other words", "| urusan |", "| tahun |", ("survey", 2, "rujukan", "error")),
    ("a measured question without scores", "| integer | n | Berapa? | How many? | ${q} = 'ya' | |",
     "| integer | n | Berapa? | How many? | ${q} = 'ya' | tata |",
     ("survey", 4, "dimensi", "error")),
    ("an unknown question type", "| integer | n |", "| intiger | n |",
     ("survey", 4, "type", "error")),
    ("a select misspelt", "select_one yt", "slect_one yt", ("survey", 2, "type", "error")),
    ("a score missing among scores", "| Tidak | No | 0,5 |", "| Tidak | No | |",
     ("choices", 3, "skor", "warning")),
    ("a code that its list does not have", "${q} = 'ya'", "${q} = 'yaa'",
     ("survey", 4, "relevant", "warning")),
    ("a code that its list does not have, turned", "${q} = 'ya'", "'yaa' != ${q}",
     ("survey", 4, "relevant", "warning")),
    ("a code selected that its list does not have", "${q} = 'ya'", "selected(${q}, 'Ya')",
     ("survey", 4, "relevant", "warning")),
    ("no wording at all", "| Berapa? | How many? |", "| | |",
     ("survey", 4, "label::A (a)", "warning")),
    ("a choice without wording", "| Tidak | No |", "| | |",
     ("choices", 3, "label::A (a)", "warning")),
    ("a media file that is not there", "select_one yt", "select_one_from_file unit.csv",
     ("survey", 2, "type", "error")),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "place"), [d[1:] for d in DEFECTS],
                         ids=[d[0] for d in DEFECTS])  # fmt: skip
def test_a_planted_defect_is_found_in_its_cell(tmp_path, before, after, place):
    assert before in CLEAN
    found = findings(tmp_path, CLEAN.replace(before, after, 1))
    assert place in [(f.sheet, f.row, f.column, f.severity) for f in found]
    for finding in found:
        assert finding.found
        assert finding.expected
        assert finding.fix.endswith(".")
        assert str(finding).startswith(f"{finding.severity}: form.md, sheet {finding.sheet}")


SERIOUS = [
    ("a misspelt codebook column", "polaritas", "polaritass", ("survey", 1, "polaritass")),
    ("a misspelt score", "| skor |", "| skorr |", ("choices", 1, "skorr")),
    ("a score missing among scores", "| Tidak | No | 0,5 |", "| Tidak | No | |",
     ("choices", 3, "skor")),
    ("a dimension that the index does not have", "| tata |", "| tatta |", ("survey", 2, "dimensi")),
    ("an unsur that is none of the nine", "| bentuk |", "| skm |", ("survey", 2, "skm")),
    ("an empty translation in the default language", "| Tidak | No |", "| | No |",
     ("choices", 3, "label::A (a)")),
    ("a code that its list does not have", "${q} = 'ya'", "${q} = 'yes'",
     ("survey", 4, "relevant")),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "place"), [d[1:] for d in SERIOUS],
                         ids=[d[0] for d in SERIOUS])  # fmt: skip
def test_what_the_analysis_cannot_do_without_is_an_error_in_a_designed_study(
    tmp_path, before, after, place
):
    assert findings(tmp_path, CLEAN, DESIGNED) == []
    text = CLEAN.replace(before, after, 1)
    (found,) = (
        f for f in findings(tmp_path, text, DESIGNED) if (f.sheet, f.row, f.column) == place
    )
    assert found.severity == "error"
    weight = {f.severity for f in findings(tmp_path, text) if (f.sheet, f.row, f.column) == place}
    assert weight <= {"warning"}


@pytest.mark.parametrize("code", ["tt", "tj", "tb"])
def test_no_answer_needs_no_score(tmp_path, code):
    text = CLEAN.replace("| yt | tt |", f"| yt | {code} |")
    assert findings(tmp_path, text, DESIGNED) == []


@pytest.mark.parametrize(
    "condition",
    [
        "${q} = ''",
        "${n} = 'nobody'",  # a number, no select
        "selected(${q}, 'tt') or ${q}!='tidak'",
        "concat(${q}, 'x') = 'yax'",
        '"ya" = ${q}',
    ],
)
def test_comparisons_that_can_hold_pass(tmp_path, condition):
    text = CLEAN.replace("| calculate | c | | | |", f"| note | c | C | C | {condition} |")
    assert findings(tmp_path, text, DESIGNED) == []


OWN = """
| survey |
| | type | name | label | constraint | constraint_message |
| | select_multiple yt | q | Q? | not(selected(., 'tt')) or . != '{code}' | Not both. |
| choices |
| | list_name | name | label |
| | yt | ya | Ya |
| | yt | tt | Tidak tahu |
"""


def test_a_constraint_compares_its_own_question(tmp_path):
    assert findings(tmp_path, OWN.format(code="ya")) == []
    (found,) = findings(tmp_path, OWN.format(code="yaa"))
    assert (found.row, found.column, found.severity) == (2, "constraint", "warning")
    assert "perhaps 'ya'" in found.expected


def test_a_constraint_without_a_message_is_pointed_out(tmp_path):
    text = CLEAN.replace("| relevant |", "| constraint |").replace("${q} = 'ya'", ". > 0")
    (found,) = findings(tmp_path, text)
    assert (found.row, found.column, found.severity) == (4, "constraint_message", "warning")


FILTERED = """
| survey |
| | type | name | label | choice_filter |
| | select_one yt | q | Q? | {filter} |
| | text | t | T | |
| choices |
| | list_name | name | label | sektor | kota |
| | yt | ya | Ya | a | |
| | yt | tidak | Tidak | b | |
| | other | x | X | | k |
"""


@pytest.mark.parametrize(
    ("choice_filter", "columns"),
    [
        ("sektor = ${t}", []),
        ("sektor = ${t} or sektor='semua' and not(name = 'ya')", []),
        ("selected(${t}, sektor)", []),
        ("sector = ${t}", ["sector"]),
        ("kota = ${t}", ["kota"]),  # filled for another list only
        ("sektor = current()/../t", []),
        ("sektor = instance('other')/root/item[id = ${t}]/wilayah", []),
    ],
)
def test_a_filter_needs_its_column_in_the_list(tmp_path, choice_filter, columns):
    found = [f for f in findings(tmp_path, FILTERED.format(filter=choice_filter), DESIGNED)
             if f.severity == "error"]  # fmt: skip
    assert [f.column for f in found] == ["choice_filter"] * len(columns)
    for finding, column in zip(found, columns, strict=True):
        assert repr(column) in finding.found


INTERVIEW = """
| survey |
| | type | name | label | dimensi | bentuk |
| | text | petugas | Petugas | | |
| | text | sesi | Sesi | | |
| | calculate | unit | | | |
| | integer | urut | Urut | | |
| | calculate | t_pilih | | | |
| | text | jk_amatan | JK | | |
| | text | umur_amatan | Umur | | |
| | select_one hasil | hasil | Hasil | | |
| | select_one yt | setuju | Setuju? | | |
| | select_one yt | dewasa | Dewasa? | | |
| | select_one yt | pegawai | Pegawai? | | |
| | select_one yt | e | E? | tata | PB |
| choices |
| | list_name | name | label | skor | aapor |
| | yt | ya | Ya | 1 | |
| | yt | tidak | Tidak | 0 | |
| | hasil | bersedia | Bersedia | | 1 |
| | hasil | menolak | Menolak | | 2.112 |
"""


@pytest.mark.parametrize(
    ("before", "after", "place", "found"),
    [
        ("| pegawai | Pegawai? |", "| staf | Pegawai? |", ("survey", 0, "name"), "'pegawai'"),
        ("| hasil | menolak | Menolak | | 2.112 |", "| hasil | menolak | Menolak | | |",
         ("choices", 5, "aapor"), "a blank cell"),
        ("| 2.112 |", "| 2.12a |", ("choices", 5, "aapor"), "'2.12a'"),
        ("| hasil | bersedia |", "| hasil | mau |", ("survey", 9, "type"), "without bersedia"),
        ("| tata | PB |", "| tata | |", ("survey", 0, "bentuk"), "'PB'"),
        ("| tata | PB |", "| | PB |", ("survey", 0, "dimensi"), "'tata'"),
    ],
)  # fmt: skip
def test_what_contacts_and_index_are_made_of_must_be_there(tmp_path, before, after, place, found):
    assert findings(tmp_path, INTERVIEW, DESIGNED, "wawancara") == []
    assert before in INTERVIEW
    text = INTERVIEW.replace(before, after, 1)
    (finding,) = findings(tmp_path, text, DESIGNED, "wawancara")
    assert (finding.sheet, finding.row, finding.column) == place
    assert found in finding.found
    assert finding.severity == "error"
    other = findings(tmp_path, text, DESIGNED, "lain")
    assert [f for f in other if f.severity == "error"] == [], "no other form needs it"


def test_a_bentuk_that_is_not_asked_needs_no_question(tmp_path):
    rules = Rules(True, {"PB": True, "TK": False}, ("tata",))
    assert findings(tmp_path, INTERVIEW, rules, "wawancara") == []


def test_a_question_that_is_only_read_where_it_is_there_is_a_warning(tmp_path):
    text = INTERVIEW.replace("| | calculate | t_pilih | | | |\n", "")
    (finding,) = findings(tmp_path, text, DESIGNED, "wawancara")
    assert finding.severity == "warning"
    assert "'t_pilih'" in finding.found


def test_a_finding_says_what_stands_there_what_should_and_what_to_do(tmp_path):
    (finding,) = findings(tmp_path, CLEAN.replace("relevant |", "relevent |"))
    assert str(finding) == (
        "error: form.md, sheet survey, row 1, column relevent: found the header 'relevent'; "
        "expected 'relevant'. Correct the spelling: a column with an unknown header is ignored "
        "without a word."
    )
    assert finding.as_dict()["row"] == 1


def test_any_bentuk_passes_in_a_study_without_a_list_of_them(tmp_path):
    assert findings(tmp_path, CLEAN.replace("| PB |", "| XX |"), Rules()) == []


def test_a_question_may_ask_for_several_bentuk(tmp_path):
    rules = Rules(bentuk={"PB": True, "TK": True})
    assert findings(tmp_path, CLEAN.replace("| PB |", "| PB TK |"), rules) == []
    (wrong,) = findings(tmp_path, CLEAN.replace("| PB |", "| PB XX |"), rules)
    assert wrong.found == "'XX'"


def test_columns_of_ones_own_are_welcome(tmp_path):
    text = CLEAN.replace("| rujukan |", "| rujukan | aapor | bobot | sektor | order | chapter |")
    assert findings(tmp_path, text.replace("| skor |", "| skor | sektor | aapor |")) == []


def test_a_form_in_one_language_needs_no_translation(tmp_path):
    text = CLEAN.replace("label::A (a)", "label").replace("label::B (b)", "catatan")
    text = text.replace("| clean | 1 | A (a) |", "| clean | 1 | |")
    assert findings(tmp_path, text) == []


def test_duplicate_codes_pass_where_the_form_allows_them(tmp_path):
    text = CLEAN.replace("| yt | tt | Tidak tahu | Do not know | |", "| yt | ya | Ya! | Yes! | 1 |")
    allowed = text.replace("| default_language |", "| default_language | allow_choice_duplicates |")
    allowed = allowed.replace("| clean | 1 | A (a) |", "| clean | 1 | A (a) | yes |")
    assert [f.column for f in findings(tmp_path, text)] == ["name"]
    assert findings(tmp_path, allowed) == []


FROM_FILE = """
| survey |
| | type | name | label | parameters | calculation |
| | select_one_from_file unit.csv | u | Unit? | value=unit_id label=nama | |
| | calculate | s | | | instance('unit')/root/item[unit_id=${u}]/sektor |
"""


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("unit_id,nama,sektor", []),
        ("unit_id,name,sektor", ["parameters"]),
        ("unit_id,nama", ["calculation"]),
        ("unit_id;nama;sektor", ["calculation", "calculation", "parameters", "parameters"]),
        ("id,nama,sektor", ["calculation", "parameters"]),
    ],
)
def test_columns_of_a_media_file_must_be_there(tmp_path, header, columns):
    (tmp_path / "unit.csv").write_text(f"{header}\n1,2,3\n", encoding="utf-8")
    assert sorted(f.column for f in findings(tmp_path, FROM_FILE)) == columns


def test_codes_typed_as_numbers_are_pointed_out(tmp_path):
    book = Workbook()
    survey = book.active
    survey.title = "survey"
    for row in [["type", "name", "label"], ["select_one yt", "q", "Q?"]]:
        survey.append(row)
    choices = book.create_sheet("choices")
    for row in [
        ["list_name", "name", "label", "skor"],
        ["yt", 7, "Seven", 7],
        ["yt", "08", "E", 8],
    ]:
        choices.append(row)
    book.save(tmp_path / "form.xlsx")
    (finding,) = lint(tmp_path / "form.xlsx")
    assert (finding.sheet, finding.row, finding.column) == ("choices", 2, "name")
    assert finding.severity == "warning"


def test_errors_come_before_warnings_and_then_down_the_workbook(tmp_path):
    text = CLEAN.replace("| Satu? | One? |", "| Satu? | |").replace("| 0,5 |", "| nol |")
    text = text.replace("relevant |", "relevent |")
    assert [(f.severity, f.sheet) for f in findings(tmp_path, text)] == [
        ("error", "survey"),
        ("error", "choices"),
        ("warning", "survey"),
    ]


def test_no_form_at_all_is_an_error_of_its_own(tmp_path):
    with pytest.raises(QuestionnaireError):
        lint(tmp_path / "nothing.xlsx")


def test_a_finding_of_a_whole_sheet_has_no_row():
    assert str(Finding("survey", 0, "", "x", "y", "Do z.")) == (
        "error: sheet survey: found x; expected y. Do z."
    )


HEADERS = ["type", "name", "label", "label::A", "list_name", "skor", "relevant", "bind", "media"]
CELLS = [
    "",
    "",
    "q",
    "text",
    "select_one",
    "select_one q",
    "begin_group",
    "end_group",
    "end_repeat",
]
CELLS += ["rank q", "begin repeat", "1,5", "${q}", "a b", "note", "select_one_from_file x.csv", ":"]
grid = st.lists(st.lists(st.sampled_from(CELLS), min_size=5, max_size=5), max_size=5)
header = st.lists(st.sampled_from(HEADERS), min_size=3, max_size=3).map(
    lambda h: ["type", "name", *h]
)


@settings(max_examples=40, deadline=None)
@given(header, grid, header, grid)
def test_nonsense_ends_in_findings_or_a_clear_refusal_never_in_another_error(
    tmp_path_factory, survey, rows, choices, codes
):
    path = tmp_path_factory.mktemp("nonsense") / "form.xlsx"
    write_workbook({"survey": sheet(survey, rows), "choices": sheet(choices, codes)}, path)
    assert all(finding.fix for finding in lint(path))
    for read in (read_instrument, convert):
        with contextlib.suppress(QuestionnaireError):
            read(path)
