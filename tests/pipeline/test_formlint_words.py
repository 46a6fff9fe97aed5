"""Wordings are held against a list that a study can add to; minutes are an estimate from words."""

import json

import pytest

from pipeline.cli import _run
from pipeline.errors import StudyError
from pipeline.formlint import Rules, lint, overview
from pipeline.formlint.media import needed_columns
from pipeline.formlint.word_list import KINDS, Entry, Words, house_words, study_words
from pipeline.mirror import from_markdown
from pipeline.workbook import write_workbook
from pipeline.xlsform import read_xlsform

FORM = """
| survey |
| | type | name | label::Bahasa Indonesia (id) | label::English (en) | dimensi | rujukan |
| | {kind} | q | {id} | {en} | {dimensi} | umum |
| choices |
| | list_name | name | label::Bahasa Indonesia (id) | label::English (en) | skor |
| | s | a | Ya | Yes | 1 |
| | s | b | Tidak | No | 0 |
"""


def worded(tmp_path, text, en="Fine?", *, kind="select_one s", dimensi="", rules=None):
    path = tmp_path / "form.md"
    path.write_text(FORM.format(kind=kind, id=text, en=en, dimensi=dimensi), "utf-8")
    return [f for f in lint(path, rules or Rules()) if f.column.startswith("label")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Apakah Bapak/Ibu pernah dimintai uang?", "'pernah'"),
        ("Pernahkah Bapak/Ibu datang?", ""),  # another word: whole words only
        ("Dalam 12 bulan terakhir, apakah Bapak/Ibu pernah dilayani?", ""),
        ("Dalam dua bulan terakhir, apakah Bapak/Ibu pernah dilayani?", ""),
        ("Hari ini, apakah Bapak/Ibu pernah disuruh kembali?", ""),
        ("Apakah ada MALADMINISTRASI?", "'MALADMINISTRASI'"),
        ("Apakah SOP diikuti?", "'SOP'"),
        ("Apakah sopan?", ""),
        ("Apakah petugas bersikap kasar (misalnya diskriminasi)?", ""),
        ("Apakah ada kesulitan, misalnya diskriminasi dan antre?", ""),
        ("Bukankah pelayanannya baik?", "'Bukankah'"),
        ("Apakah Bapak dan Ibu datang?", ""),  # not measured
    ],
)
def test_a_wording_is_held_against_the_list(tmp_path, text, said):
    found = worded(tmp_path, text)
    assert len(found) == (1 if said else 0)
    for finding in found:
        assert said in finding.found
        assert finding.column == "label::Bahasa Indonesia (id)"
        assert finding.row == 2


def test_each_language_has_words_of_its_own(tmp_path):
    (found,) = worded(tmp_path, "Apakah Bapak/Ibu datang?", "Have you ever come?")
    assert found.column == "label::English (en)"
    assert worded(tmp_path, "Apakah ever?", "Is pernah fine?") == []


def test_two_things_at_once_count_only_where_the_answer_is_a_number(tmp_path):
    text = "Petugas cepat dan jujur."
    assert worded(tmp_path, text) == []
    (found,) = worded(tmp_path, text, dimensi="mutu")
    assert "two questions in one ('dan')" in found.found
    assert worded(tmp_path, "Sarana dan prasarana di sini baik.", dimensi="mutu") == []


def test_notes_and_calculations_are_not_looked_at(tmp_path):
    assert worded(tmp_path, "Tentang maladministrasi", kind="note") == []


def test_open_recall_stops_a_designed_study_only(tmp_path):
    text = "Apakah Bapak/Ibu pernah datang?"
    assert [f.severity for f in worded(tmp_path, text)] == ["warning"]
    assert [f.severity for f in worded(tmp_path, text, rules=Rules(designed=True))] == ["error"]


def test_a_study_adds_words_accepts_phrases_and_names_forms_for_staff(tmp_path):
    (tmp_path / "words.csv").write_text(
        "language;kind;words;instead;form;reason\n"
        "id;jargon;berkas;surat;;\n"
        "id;accepted;cepat dan jujur;;form;discussed\n"
        "id;accepted;tanpa SOP;;lain;another form only\n",
        "utf-8",
    )
    words = study_words(tmp_path)
    assert len(words.entries) == len(house_words().entries) + 3
    rules = Rules(words=words)
    (found,) = worded(tmp_path, "Apakah berkas lengkap?", rules=rules)
    assert "such as surat" in found.expected
    assert worded(tmp_path, "Petugas cepat dan jujur.", dimensi="mutu", rules=rules) == []
    assert worded(tmp_path, "Apakah tanpa SOP?", rules=rules)
    staff = Words((*words.entries, Entry("", "staff", "*", form="form")))
    assert worded(tmp_path, "Apakah berkas lengkap?", rules=Rules(words=staff)) == []


@pytest.mark.parametrize("row", ["id;jargn;x", "id;jargon;"])
def test_a_row_that_says_nothing_is_refused_with_its_line(tmp_path, row):
    (tmp_path / "words.csv").write_text(f"language;kind;words\n\n{row}\n", "utf-8")
    with pytest.raises(StudyError, match=r"words\.csv, line 3: .*Correct the row"):
        study_words(tmp_path)


def test_the_houses_list_is_whole():
    entries = house_words().entries
    assert {entry.kind for entry in entries} <= set(KINDS)
    assert {entry.language for entry in entries} == {"id", "en"}
    assert len({(e.language, e.kind, e.words) for e in entries}) == len(entries)
    assert all(e.instead for e in entries if e.kind in {"jargon", "recall"})


TIMED = """
| survey |
| | type | name | label | relevant | constraint | calculation | parameters | skm |
| | select_one_from_file units.csv | u | Unit? | | | | value=unit_id label=nama | |
| | calculate | s | | | | instance('units')/root/item[unit_id=${u}]/sektor | | |
| | select_one k | k | Apa yang dilaporkan? | | | | | |
| | begin_group | buka | Buka | ${k} = 'buka' | | | | |
| | text | b1 | satu dua tiga | | | | | |
| | text | b2 | satu dua tiga | ${b1} = 'x' | | | | |
| | end_group | | | | | | | |
| | begin_group | tutup | Tutup | ${k} = 'tutup' | | | | |
| | integer | t1 | Berapa? | | | | | |
| | end_group | | | | | | | |
| | note | n | Petugas: baca ini dalam hati saja sampai selesai. | | | | | |
| choices |
| | list_name | name | label |
| | k | buka | Buka |
| | k | tutup | Tutup |
"""


def test_the_usual_way_takes_one_branch_and_no_follow_up(tmp_path):
    (tmp_path / "form.md").write_text(TIMED, "utf-8")
    seen = overview(read_xlsform(tmp_path / "form.md"))
    assert (seen.prompts, seen.all_prompts) == (4, 6)
    second = 60 / 130
    usual = (8 + second) + (3.5 + 3 * second) + (15 + 3 * second) + 1
    assert seen.minutes == pytest.approx(usual / 60)
    assert seen.longest == pytest.approx((usual + 15 + 3 * second + 5 + second) / 60)
    assert seen.files == {"units.csv": ("unit_id", "nama", "sektor")}
    assert "needs units.csv (unit_id, nama, sektor)" in seen.lines()[0]


def test_columns_that_pulldata_reads_are_needed_too(tmp_path):
    (tmp_path / "form.md").write_text(
        "| survey |\n| | type | name | label | calculation |\n"
        "| | csv-external | wilayah | | |\n"
        "| | calculate | c | | pulldata('units', 'nama', \"unit_id\", ${u}) |\n"
        "| | text | u | U? | |\n"
    )
    form = read_xlsform(tmp_path / "form.md")
    assert needed_columns(form) == {"wilayah.csv": (), "units.csv": ("unit_id", "nama")}
    found = {(f.row, f.found) for f in lint(form.path) if f.severity == "error"}
    assert found == {(2, "the file 'wilayah.csv'"), (3, "pulldata of 'units.csv'")}


def test_the_command_prints_minutes_and_files_and_json_holds_every_field(tmp_path, capsys):
    text = TIMED.replace("Apa yang dilaporkan?", "Apa laporan stakeholder?")
    text = text.replace("units", "daftar")
    write_workbook(from_markdown(text), tmp_path / "form.xlsx")
    (tmp_path / "daftar.csv").write_text("unit_id,nama,sektor\nu,U,s\n")
    assert _run(["forms", "lint", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "form.xlsx: about 0.5 minutes on the usual way (4 prompts)" in said
    assert "needs daftar.csv (unit_id, nama, sektor)" in said
    assert said.splitlines()[-1] == "1 finding"
    assert _run(["forms", "lint", str(tmp_path), "--json"]) == 0
    (finding,) = json.loads(capsys.readouterr().out)
    assert finding["form"] == "form.xlsx"
    assert set(finding) == {
        "sheet", "row", "column", "found", "expected", "fix", "severity", "form",
    }  # fmt: skip
