"""Self-assessments: scored by their questionnaire, as exports and as people write them."""

import dataclasses
import shutil

import pytest

from pipeline.errors import StudyError
from pipeline.questionnaire import read_instrument
from pipeline.self_assessment import self_assessments
from pipeline.study import open_study

FORM = open_study("kendari").file("mandiri.xlsx")


@pytest.fixture(scope="module")
def items():
    return [q.name for q in read_instrument(FORM).questions if q.dimension]


@pytest.fixture
def study(tmp_path):
    shutil.copy(FORM, tmp_path / "mandiri.xlsx")
    return dataclasses.replace(open_study("kendari"), folder=tmp_path)


def write(study, items, *rows, prefix="", separator=";"):
    """Each row: unit, year, half, the answer of all items, that of the verification."""
    verified = [f"v_{name[2:]}" for name in items]
    head = ["unit", "tahun", "paruh", *(prefix + n for n in items), *(prefix + n for n in verified)]
    lines = [separator.join(head)]
    for unit, year, half, own, theirs in rows:
        cells = [unit, year, half, *([own] * len(items)), *([theirs] * len(items))]
        lines.append(separator.join(cells))
    study.file("mandiri.csv").write_text("\n".join(lines), encoding="utf-8-sig")
    return self_assessments(study).set_index(["unit_id", "measure_type", "measure"])


def test_answers_are_worth_what_the_questionnaire_says(study, items):
    table = write(study, items, ("dikbud", "2026", "s2", "dijalankan", "belum"))
    row = table.loc[("dikbud", "dimensi", "tata_kelola")]
    assert row["own"] == pytest.approx(200 / 3)
    assert row["verified"] == 0
    assert row["period"] == "Juli\u2013Desember 2026"
    assert table["own"].to_numpy() == pytest.approx(200 / 3)


def test_an_item_that_does_not_apply_is_left_out_and_not_counted_as_none(study, items):
    write(study, items, ("dikbud", "2026", "s2", "dievaluasi", ""))
    path = study.file("mandiri.csv")
    text = path.read_text("utf-8-sig").replace("dievaluasi", "tb", 2)
    path.write_text(text, encoding="utf-8")
    table = self_assessments(study).set_index(["measure_type", "measure"])
    assert table.loc[("dimensi", "tata_kelola"), "own"] == pytest.approx(100)
    assert table["verified"].isna().all()


def test_paths_of_groups_and_commas_are_read_and_the_last_half_counts(study, items):
    rows = [("dikbud", "2026", "s2", "dievaluasi", ""), ("dikbud", "2026", "s1", "belum", "")]
    table = write(study, items, *rows, prefix="d_tata_kelola/h_1/", separator=",")
    assert set(table["own"]) == {100.0}


def test_without_the_file_there_is_nothing(study):
    assert self_assessments(study).empty


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("lain", "2026", "s2", "belum", ""), "row 2: unit 'lain' is not in units.csv"),
        (("dikbud", "2026", "s2", "Belum ada", ""), "XML values"),
        (("dikbud", "2026", "s2", "belum", "mungkin"), "v_standar = 'mungkin'"),
    ],
)
def test_what_is_wrong_is_named_with_file_row_and_column(study, items, row, words):
    with pytest.raises(StudyError) as caught:
        write(study, items, row)
    assert words in str(caught.value)
    assert "mandiri.csv" in str(caught.value)


def test_labels_for_headers_and_a_missing_questionnaire_are_told(study, items):
    study.file("mandiri.csv").write_text("unit,Standar pelayanan\ndikbud,belum\n", "utf-8")
    with pytest.raises(StudyError, match="XML values and headers"):
        self_assessments(study)
    study.file("mandiri.xlsx").unlink()
    with pytest.raises(StudyError, match="Bring the questionnaire"):
        self_assessments(study)
