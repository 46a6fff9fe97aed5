"""The instrument read from an XLSForm, held against the XForm that pyxform makes of it."""

import csv
import re
import xml.etree.ElementTree as ET

import pytest
from pyxform.xls2xform import convert as pyxform_convert

from pipeline.errors import QuestionnaireError
from pipeline.form_import import import_markdown
from pipeline.questionnaire import read_instrument
from pipeline.study import study_folder
from pipeline.xlsform import QuestionType, read_xlsform

ID, EN = "Bahasa Indonesia (id)", "English (en)"
FORMS = ("wawancara", "sesi")

FOREIGN = """
| survey |
| | type | name | label | hint | required | relevance | disabled |
| | start | start | | | | | |
| | begin group | hh | Household | | | | |
| | select one from yn | own | Own house? | Ask kindly | yes | | |
| | begin repeat | member | Member | | | | |
| | int | age | Age | | | | |
| | begin_group | more | More | | | ${age} > 5 | |
| | select_multiple fruit or_other | likes | Likes | | | | |
| | end_group | | | | | | |
| | end repeat | | | | | | |
| | calculate | size | | | | | |
| | end group | | | | | | |
| | note | n | Thank you | | | | |
| | text | old | No longer asked | | | | yes |
| | select_one_from_file places.csv | place | Place | | | | |
| | rank fruit | best | Best | | | | |
| | audit | audit | | | | | |
| choices |
| | list name | name | label | skor | colour |
| | yn | 1 | Yes | 1,5 | |
| | yn | 0 | No | -2.5 | |
| | fruit | apple | Apple | | red |
| | fruit | pear | Pear | | |
"""


def nodes_of(xform):
    """Paths of the XForm's leaves as KoBo writes them, from the primary instance."""
    root = ET.fromstring(xform)
    (data,) = (e for e in root.iter() if e.tag.endswith("}data"))

    def walk(element, above):
        for child in element:
            path = [*above, child.tag.split("}")[-1]]
            if len(child):
                yield from walk(child, path)
            else:
                yield "/".join(path)

    return set(walk(data, []))


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    folder = tmp_path_factory.mktemp("foreign")
    (folder / "form.md").write_text(FOREIGN, encoding="utf-8")
    import_markdown(folder / "form.md", folder / "form.xlsx")
    return folder / "form.xlsx"


@pytest.fixture(scope="module", params=FORMS)
def own(request):
    return study_folder("kendari") / f"{request.param}.xlsx"


def test_a_foreign_forms_questions_have_the_paths_kobo_uses(foreign):
    questions = {q.name: q for q in read_instrument(foreign).questions}
    assert {name: q.path for name, q in questions.items()} == {
        "start": "start",
        "own": "hh/own",
        "age": "hh/member/age",
        "likes": "hh/member/more/likes",
        "likes_other": "hh/member/more/likes_other",
        "size": "hh/size",
        "place": "place",
        "best": "best",
        "audit": "meta/audit",
    }
    assert questions["likes"].repeat == questions["age"].repeat == "hh/member"
    assert questions["size"].repeat == ""


def test_a_foreign_forms_paths_are_the_nodes_of_its_xform(foreign):
    # A calculate without a calculation does not convert; the rest of the form does.
    text = FOREIGN.replace("| | calculate | size | | | | | |", "| | integer | size | S | | | | |")
    nodes = nodes_of(pyxform_convert(text, form_name="data", file_type=".md").xform)
    paths = {question.path for question in read_instrument(foreign).questions}
    assert paths == nodes - {"n", "meta/instanceID"}


def test_a_form_without_translations_or_codebook_is_an_instrument(foreign):
    instrument = read_instrument(foreign)
    assert instrument.languages == ("",)
    assert (instrument.form_id, instrument.title, instrument.version) == ("form", "form", "")
    own = instrument["own"]
    assert (own.type, own.list_name, own.required, own.row) == ("select_one", "yn", True, 4)
    assert own.labels == {"": "Own house?"}
    assert own.hints == {"": "Ask kindly"}
    assert (own.dimension, own.bentuk, own.skm, own.polarity) == ("", "", "", "")
    assert not instrument["place"].is_closed
    assert instrument["likes"].is_closed


def test_scores_take_decimal_comma_and_point_and_other_columns_travel_along(foreign):
    instrument = read_instrument(foreign)
    assert instrument.scores_of(instrument["own"]) == {"1": 1.5, "0": -2.5}
    assert instrument.choices["fruit"][0].columns == {"colour": "red"}
    assert [choice.name for choice in instrument.choices["fruit"]] == ["apple", "pear", "other"]


def test_the_mirror_reads_as_the_same_instrument(own):
    assert read_instrument(own.with_suffix(".md")) == read_instrument(own)


def lone(tmp_path, survey, choices="", settings=""):
    path = tmp_path / "form.md"
    path.write_text(f"| survey |\n{survey}\n{choices}\n{settings}\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("survey", "choices", "said"),
    [
        ("| | type | name |\n| | text | |", "", "row 2: 'text' has no name"),
        ("| | type | name |\n| | begin_group | g |", "", "row 2: begin_group 'g' is never closed"),
        ("| | type | name |\n| | end_group | |", "", "row 2: end_group closes nothing"),
        (
            "| | type | name |\n| | begin_group | g |\n| | end_repeat | |",
            "",
            "row 3: end_repeat closes group 'g'",
        ),
        (
            "| | type | name |\n| | select_one a | q |",
            "| choices |\n| | list_name | name | skor |\n| | a | x | satu |",
            "sheet choices, row 2, column skor: 'satu' is not a number",
        ),
        (
            "| | type | name |\n| | select_one a | q |",
            "| choices |\n| | list_name | name | label |\n| | a | | X |",
            "sheet choices, row 2: name is blank",
        ),
    ],
)
def test_what_cannot_be_an_instrument_names_its_row(tmp_path, survey, choices, said):
    with pytest.raises(QuestionnaireError, match=said):
        read_instrument(lone(tmp_path, survey, choices))


def test_a_plain_label_speaks_the_default_language(tmp_path):
    path = lone(
        tmp_path,
        "| | type | name | label | label::B |\n| | text | q | satu | one |",
        settings="| settings |\n| | default_language |\n| | A |",
    )
    instrument = read_instrument(path)
    assert instrument.languages == ("A", "B")
    assert instrument["q"].labels == {"A": "satu", "B": "one"}


# --- the two questionnaires of the study -------------------------------------------------------


def test_paths_are_the_nodes_of_the_xform(own):
    notes = {
        record.text("name")
        for record in read_xlsform(own).records("survey")
        if QuestionType.of(record.text("type")).kind == "note"
    }
    nodes = nodes_of(own.with_suffix(".xml").read_text(encoding="utf-8"))
    asked = {node for node in nodes if node.split("/")[-1] not in notes}
    paths = {question.path for question in read_instrument(own).questions}
    assert paths == asked - {"meta/instanceID", "meta/instanceName"}


def test_indonesian_comes_first_and_both_languages_are_complete(own):
    instrument = read_instrument(own)
    assert instrument.languages == (ID, EN)
    for question in instrument.questions:
        assert set(question.labels) in (set(), {ID, EN}), question.name
        assert set(question.hints) in (set(), {ID, EN}), question.name
    for choices in instrument.choices.values():
        assert all(set(choice.labels) == {ID, EN} for choice in choices)
    for record in read_xlsform(own).records("survey"):
        for column in ("required", "constraint"):
            if record.text(column):
                assert set(record.translations(f"{column}_message")) == {ID, EN}, record.number


def test_no_respondent_reads_the_word_maladministration(own):
    words = [
        cell for record in read_xlsform(own).records("survey") for cell in record.cells.values()
    ]
    words += [c for record in read_xlsform(own).records("choices") for c in record.cells.values()]
    assert not [text for text in words if "maladmin" in text.lower()]


def test_every_bentuk_that_is_asked_has_an_item_that_says_what_it_speaks_of():
    folder = study_folder("kendari")
    with (folder / "bentuk.csv").open(encoding="utf-8", newline="") as file:
        asked = {row["bentuk"] for row in csv.DictReader(file) if row["asked"] == "ya"}
    instrument = read_instrument(folder / "wawancara.xlsx")
    events = [q for q in instrument.questions if q.bentuk]
    assert {q.bentuk for q in events} == asked
    assert len(asked) == 11
    for question in events:
        assert question.reference in {"kunjungan", "urusan"}, question.name
        # "today" for the visit, "this matter" for the matter, and never an open recall
        stem = "Hari ini" if question.reference == "kunjungan" else "Untuk urusan ini"
        assert question.label(ID).startswith(stem), question.name
        assert "pernah" not in question.label(ID).lower()
        assert instrument.scores_of(question) == {"ya": 1.0, "tidak": 0.0}
        assert {c.name for c in instrument.choices_of(question)} == {"ya", "tidak", "tt", "tj"}


def test_five_perception_indicators_six_of_trust_and_nine_unsur_are_scored_one_to_four():
    instrument = read_instrument(study_folder("kendari") / "wawancara.xlsx")
    measured = [q for q in instrument.questions if q.dimension]
    assert [q.indicator for q in measured] == [
        *("tata_kelola", "kompetensi", "keadilan", "transparansi", "pengelolaan_pengaduan"),
        *("jujur", "adil", "mampu", "buka", "janji", "kembali"),
    ]
    assert [q.name for q in measured if q.polarity == "negatif"] == ["t_buka"]
    unsur = [q for q in instrument.questions if q.skm]
    assert {q.skm for q in unsur} == {
        *("persyaratan", "prosedur", "waktu", "biaya", "produk"),
        *("kompetensi", "perilaku", "pengaduan", "sarana"),
    }
    for question in [*measured, *unsur]:
        scores = list(instrument.scores_of(question).values())
        assert scores == [1.0, 2.0, 3.0, 4.0], question.name


def test_outcomes_carry_their_aapor_code_and_services_their_sector():
    instrument = read_instrument(study_folder("kendari") / "wawancara.xlsx")
    outcomes = {c.name: c.columns["aapor"] for c in instrument.choices["hasil"]}
    assert outcomes == {
        "bersedia": "1", "menolak_waktu": "2.111", "menolak": "2.112", "terlewat": "2.20",
        "tak_mampu": "2.32", "bahasa": "2.33", "dihentikan": "2.36", "belum_jelas": "3.0",
        "bukan_pengguna": "4.10", "anak": "4.70", "penuh": "4.80", "sudah": "4.90",
    }  # fmt: skip
    with (study_folder("kendari") / "units.csv").open(encoding="utf-8", newline="") as file:
        sectors = {row["sector"] for row in csv.DictReader(file)}
    others = {"sekolah", "kelurahan"}  # kinds of units that other cities have in their list
    assert {c.columns["sektor"] for c in instrument.choices["layanan"]} == {
        *sectors, *others, "semua",
    }  # fmt: skip


def test_codes_are_words_not_numbers(own):
    for choices in read_instrument(own).choices.values():
        assert not [c.name for c in choices if re.fullmatch(r"[\d.]+", c.name)]


def test_the_session_plan_and_the_roster_agree():
    folder = study_folder("kendari")

    def rows(name):
        with (folder / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    units, planned, people = rows("units.csv"), rows("sessions.csv"), rows("enumerators.csv")
    sessions = [row for row in planned if row["cadangan"] != "ya"]
    assert len({s["session_id"] for s in planned}) == len(planned) == 60
    assert len(units) == 6
    assert len(sessions) == 48
    assert {s["unit_id"]: s["sector"] for s in sessions} == {
        u["unit_id"]: u["sector"] for u in units
    }
    assert {s["enumerator_plan"] for s in sessions} == {p["enumerator_id"] for p in people}
    places = [(s["enumerator_plan"], s["date"], s["block"]) for s in sessions]
    assert len(set(places)) == 48, "nobody is at two units at once"
    for unit in units:
        own = [s for s in sessions if s["unit_id"] == unit["unit_id"]]
        assert len(own) == len({(s["date"], s["block"]) for s in own}) == 8
        assert {s["block"] for s in own} == {"pagi", "siang", "sore"}
    for session in sessions:
        assert 1 <= int(session["random_start"]) <= int(session["k_plan"])
        assert "2026-10-05" <= session["date"] <= "2026-10-23"
        assert session["day_type"] == ("ramai" if " Sen " in session["label"] else "biasa")
