"""A mirror that was edited as text becomes the workbook; text and workbook say the same."""

import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from pipeline import xform
from pipeline.cli import _run
from pipeline.errors import QuestionnaireError
from pipeline.form_import import carry_out, import_markdown, plan_import
from pipeline.formbuild import build, questionnaires
from pipeline.formlint import read_rules
from pipeline.mirror import from_markdown, to_markdown
from pipeline.study import study_folder
from pipeline.workbook import read_workbook, sheet, write_workbook
from pipeline.xlsform import read_xlsform

FOLDER = study_folder("kendari")
FORMS = [path.stem for path in questionnaires(FOLDER)]


@pytest.fixture(params=FORMS)
def mirror(request, tmp_path):
    """A form of the project as text, alone in a folder."""
    path = FOLDER / f"{request.param}.md"
    (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path / path.name


def test_text_to_workbook_to_text_gives_the_same_bytes(mirror):
    before = mirror.read_bytes()
    import_markdown(mirror)
    assert to_markdown(read_workbook(mirror.with_suffix(".xlsx"))).encode("utf-8") == before


def test_workbook_to_text_to_workbook_gives_the_same_cells_and_xform(mirror):
    original = FOLDER / f"{mirror.stem}.xlsx"
    import_markdown(mirror)
    again = mirror.with_suffix(".xlsx")
    assert read_workbook(again) == read_workbook(original)
    assert xform.convert(again).xml == xform.convert(original).xml


def test_importing_twice_gives_identical_bytes(mirror):
    import_markdown(mirror)
    first = mirror.with_suffix(".xlsx").read_bytes()
    mirror.with_suffix(".xlsx").unlink()
    import_markdown(mirror)
    assert mirror.with_suffix(".xlsx").read_bytes() == first


cell = st.text(
    st.characters(exclude_categories=("C", "Z"), include_characters=" \n|&#;\\\"'=-"), max_size=16
).map(str.strip)
rows = st.lists(st.lists(cell, min_size=4, max_size=4), max_size=6)


@settings(max_examples=30, deadline=None)
@given(rows, rows)
def test_whatever_stands_in_the_cells_comes_back_both_ways(survey, choices):
    sheets = {
        "survey": sheet(["type", "name", "label::A (a)", "rujukan"], survey),
        "choices": sheet(["list_name", "name", "label::A (a)", "skor"], choices),
        "catatan": sheet(["x"], [["y"]]),
    }
    text = to_markdown(sheets)
    data = write_workbook(from_markdown(text))
    again = read_workbook(FOLDER / "unnamed.xlsx", data)
    assert again == sheets
    assert to_markdown(again) == text


@pytest.fixture
def edited(tmp_path):
    """The form `sesi` with its lists, and a mirror in which one choice is worded anew."""
    for path in (*FOLDER.glob("sesi.*"), *FOLDER.glob("*.csv")):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    mirror = tmp_path / "sesi.md"
    text = mirror.read_text("utf-8")
    row = "| kegiatan | buka | Membuka sesi | Opening the session |"
    assert text.count(row) == 1
    mirror.write_text(text.replace(row, row.replace("Opening the session", "Opening it")), "utf-8")
    return mirror


def test_the_plan_names_each_cell_and_changes_nothing(edited, capsys):
    before = (edited.parent / "sesi.xlsx").read_bytes()
    assert _run(["forms", "import", str(edited)]) == 0
    said = capsys.readouterr().out
    assert "sesi.xlsx: 1 cell will be changed." in said
    assert "column label::English (en): 'Opening the session' becomes 'Opening it'" in said
    assert "Run again with --yes" in said
    assert (edited.parent / "sesi.xlsx").read_bytes() == before


def test_with_yes_the_workbook_says_it_and_a_build_raises_the_version(edited, capsys):
    assert _run(["forms", "import", str(edited), "--yes", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["new"], told["written"], len(told["changes"])) == (False, True, 1)
    labels = [
        r.translations("label")
        for r in read_xlsform(edited.with_suffix(".xlsx")).records("choices")
    ]
    assert "Opening it" in [text for label in labels for text in label.values()]
    (built,) = build(edited.parent, validate=False)
    assert built.was
    assert _run(["forms", "import", str(edited)]) == 0
    assert "already says the same" in capsys.readouterr().out


def edit_the_workbook(path, text):
    book = load_workbook(path)
    book["survey"]["C15"] = text
    book.save(path)


@pytest.mark.parametrize("newer", [True, False], ids=["saved later", "another form than built"])
def test_a_workbook_that_somebody_edited_meanwhile_is_not_overwritten(edited, newer, capsys):
    workbook = edited.with_suffix(".xlsx")
    edit_the_workbook(workbook, "Kalimat rekan")
    shift = 60 if newer else -60
    times = edited.stat().st_mtime + shift
    os.utime(workbook, (times, times))
    before = workbook.read_bytes()
    assert _run(["forms", "import", str(edited)]) == 0
    assert "what was changed there is taken back" in capsys.readouterr().out
    assert _run(["forms", "import", str(edited), "--yes"]) == 11
    said = capsys.readouterr().err
    assert ("was saved after sesi.md" if newer else "another form than sesi.xml") in said
    assert "'Kalimat rekan' becomes" in said
    assert "--force" in said
    assert workbook.read_bytes() == before
    assert _run(["forms", "import", str(edited), "--yes", "--force"]) == 0
    assert workbook.read_bytes() != before


def test_a_form_that_a_build_would_refuse_is_not_written(edited, capsys):
    before = edited.with_suffix(".xlsx").read_bytes()
    edited.write_text(edited.read_text("utf-8").replace("| relevant |", "| relevent |"), "utf-8")
    assert _run(["forms", "import", str(edited)]) == 11
    assert _run(["forms", "import", str(edited), "--yes"]) == 11
    assert "relevent" in capsys.readouterr().err
    assert edited.with_suffix(".xlsx").read_bytes() == before
    assert _run(["forms", "import", str(edited), "--yes", "--force"]) == 11
    assert edited.with_suffix(".xlsx").read_bytes() != before


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("| | text | a |", "line 3: 2 cells under 3 columns, so a bar is missing"),
        ("| | text | a | A", "line 3: a row without a bar at its end"),
        ("| text | a | A |", "line 3: cells beside 'text'"),
        ("| | text | a | A | B |", "line 3: 4 cells under 3 columns"),
        (r"| | text | a | A \|", "line 3: a row without a bar at its end"),
    ],
)
def test_a_row_that_lost_a_bar_is_refused_with_its_line(tmp_path, row, said):
    (tmp_path / "f.md").write_text(f"| survey |\n| | type | name | label |\n{row}\n", "utf-8")
    with pytest.raises(QuestionnaireError, match=said):
        plan_import(tmp_path / "f.md")


def test_a_mirror_of_equal_cells_leaves_a_persons_workbook_untouched(edited):
    edited.write_text((FOLDER / "sesi.md").read_text("utf-8"), "utf-8")
    before = edited.with_suffix(".xlsx").read_bytes()
    assert not carry_out(plan_import(edited))
    assert edited.with_suffix(".xlsx").read_bytes() == before


def test_rows_columns_and_sheets_that_came_or_went_are_named(tmp_path):
    write_workbook(
        {"survey": sheet(["type", "name", "hint"], [["text", "a", "h"]]), "x": sheet(["y"], [])},
        tmp_path / "f.xlsx",
    )
    (tmp_path / "f.md").write_text(
        "| survey |\n| | type | name | label |\n| | text | a | A |\n| | text | b | B |\n"
    )
    changes = "\n".join(plan_import(tmp_path / "f.md").changes)
    assert "row 1: hint gone; label new" in changes
    assert "sheet x: gone" in changes
    assert "row 3, column name: blank becomes 'b'" in changes


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("absent.md", None, "not found"),
        ("empty.md", "only words\n", "no sheet in it"),
        (
            "other.md",
            "| choices |\n| | a |\n| | b |\n| settings |\n| | c |\n",
            "no sheet named survey",
        ),
        ("table.csv", "type,name\n", "not a text mirror"),
        ("headless.md", "| survey |\n| | label |\n| | A |\n", "column name and type is missing"),
    ],
)
def test_what_is_no_mirror_is_refused_and_nothing_is_written(tmp_path, name, text, said):
    if text is not None:
        (tmp_path / name).write_text(text, "utf-8")
    with pytest.raises(QuestionnaireError, match=said):
        import_markdown(tmp_path / name)
    assert not list(tmp_path.glob("*.xlsx"))


def test_a_target_that_cannot_be_written_is_no_traceback(tmp_path):
    with pytest.raises(QuestionnaireError, match=r"w\.xlsx: cannot be written .*as it was"):
        import_markdown(FOLDER / "sesi.md", tmp_path / "absent" / "w.xlsx")


def test_codebook_columns_offer_the_studys_own_words(tmp_path):
    rules = read_rules(FOLDER)
    plan = plan_import(FOLDER / "wawancara.md", tmp_path / "w.xlsx", rules)
    assert plan.is_new
    assert carry_out(plan)
    tab = load_workbook(tmp_path / "w.xlsx")["survey"]
    header = {cell.column_letter: cell.value for cell in tab[1]}
    offered = {
        header[str(rule.sqref).split(":")[0].rstrip("0123456789")]: rule.formula1.strip('"').split(
            ","
        )
        for rule in tab.data_validations.dataValidation
    }
    assert offered["bentuk"] == list(rules.bentuk)
    assert offered["dimensi"] == list(rules.dimensions)
    assert offered["rujukan"] == ["kunjungan", "urusan", "umum"]
    assert offered["polaritas"] == ["positif", "negatif"]
    assert len(offered["skm"]) == 9
    assert tab.freeze_panes == "C2"
