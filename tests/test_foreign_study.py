"""Any XLSForm with its data: a folder outside the repository, without codebook columns."""

import json
import shutil
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from analysis.errors import SampleError
from pipeline.cli import _run
from pipeline.errors import PersepsiError, ServerError, StudyError
from pipeline.run import analyze
from pipeline.study import open_study
from pipeline.workbook import sheet, write_workbook

SURVEY = [
    ["begin_group", "rumah", "Rumah"],
    ["select_one air", "sumber", "Dari mana air minum?"],
    ["select_multiple aset", "punya", "Apa yang dimiliki?"],
    ["end_group", "", ""],
    ["integer", "usia", "Usia"],
    ["select_one air", "cadangan", "Sumber cadangan?"],
    ["text", "catatan", "Catatan"],
]
CHOICES = [
    ["air", "sumur", "Sumur"], ["air", "ledeng", "Ledeng"], ["air", "sungai", "Sungai"],
    ["aset", "radio", "Radio"], ["aset", "motor", "Motor"],
]  # fmt: skip


def record(i, n, rng):
    return {
        "_id": i, "_uuid": f"u{i}", "meta/instanceID": f"uuid:u{i}",
        "_submission_time": "2026-06-01T00:00:00", "__version__": "v9",
        "rumah/sumber": str(rng.choice(["sumur", "ledeng"])),
        "rumah/punya": str(rng.choice(["radio", "radio motor", "motor"])),
        "usia": str(rng.integers(18, 70)),
        "bobot": f"{rng.uniform(0.5, 2):.4f}",
        "kab": "A" if i <= n // 2 else "B",
        "desa": f"d{(i - 1) // 10:02d}",
    }  # fmt: skip


def records(n=120):
    rng = np.random.default_rng(7)
    return [record(i, n, rng) for i in range(1, n + 1)]


@pytest.fixture
def folder(tmp_path):
    study = tmp_path / "survei-air"
    study.mkdir()
    write_workbook(
        {
            "survey": sheet(["type", "name", "label"], SURVEY),
            "choices": sheet(["list_name", "name", "label"], CHOICES),
        },
        study / "air.xlsx",
    )
    (study / "unduhan.json").write_text(json.dumps({"results": records()}), encoding="utf-8")
    return study


def run(folder):
    return analyze(
        open_study(str(folder)), data=folder.parent / "data", build=folder.parent / "build",
        environ={}, now=lambda: datetime(2026, 11, 16, tzinfo=UTC),
    ).results.estimates  # fmt: skip


def test_a_form_without_codebook_gives_the_topline_of_every_closed_question(folder):
    table = run(folder)
    assert set(table["measure_type"]) == {"topline"}
    assert set(zip(table["measure"], table["category"], strict=True)) == {
        *(("sumber", c) for c in ("sumur", "ledeng", "sungai")),
        *(("cadangan", c) for c in ("sumur", "ledeng", "sungai")),
        *(("punya", c) for c in ("radio", "motor")),
    }
    data = pd.DataFrame(records())
    share = (data["rumah/sumber"] == "sumur").mean()
    row = table[(table["measure"] == "sumber") & (table["category"] == "sumur")].iloc[0]
    assert row["value"] == pytest.approx(share, rel=1e-11)
    assert set(table["selection"]) == {"volunteer"}
    assert table[["se", "low", "high", "df"]].isna().all().all()
    page = (folder.parent / "build" / "survei-air" / "index.html").read_text("utf-8")
    assert "Dari mana air minum?" in page
    assert "sukarela" in page


def test_a_design_that_names_weight_stratum_and_psu_gives_intervals(folder):
    (folder / "study.toml").write_text(
        '[design]\nweight = "bobot"\nstratum = "kab"\npsu = "desa"\n', encoding="utf-8"
    )
    table = run(folder)
    assert set(table["selection"]) == {"probability"}
    row = table[(table["measure"] == "sumber") & (table["category"] == "sumur")].iloc[0]
    data = pd.DataFrame(records())
    w = data["bobot"].astype(float)
    y = (data["rumah/sumber"] == "sumur").astype(float)
    mean = (w * y).sum() / w.sum()
    scores = (w * (y - mean) / w.sum()).groupby([data["kab"], data["desa"]]).sum()
    by_stratum = scores.groupby(level=0)
    m = by_stratum.size()
    variance = (m / (m - 1) * by_stratum.agg(lambda z: ((z - z.mean()) ** 2).sum())).sum()
    assert row["value"] == pytest.approx(mean, rel=1e-11)
    assert row["se"] == pytest.approx(variance**0.5, rel=1e-9)
    assert row["df"] == 10
    assert row["low"] < row["value"] < row["high"]
    assert row["flag"] == "published"
    page = (folder.parent / "build" / "survei-air" / "index.html").read_text("utf-8")
    assert "sukarela" not in page


def test_a_design_may_be_named_after_a_first_run_and_weights_may_have_commas(folder):
    run(folder)
    commas = [{**r, "bobot": r["bobot"].replace(".", ",")} for r in records()]
    (folder / "unduhan.json").write_text(json.dumps(commas), encoding="utf-8")
    (folder / "study.toml").write_text(
        '[design]\nweight = "bobot"\nstratum = "kab"\npsu = "desa"\n', encoding="utf-8"
    )
    with_commas = run(folder)
    (folder / "unduhan.json").write_text(json.dumps(records()), encoding="utf-8")
    assert with_commas["low"].notna().any()
    pd.testing.assert_frame_equal(run(folder), with_commas)


def test_what_an_export_no_longer_holds_counts_no_more(folder):
    run(folder)
    fewer = [r for r in records() if r["rumah/sumber"] == "sumur"]
    (folder / "unduhan.json").write_text(json.dumps(fewer), encoding="utf-8")
    table = run(folder)
    row = table[(table["measure"] == "sumber") & (table["category"] == "sumur")].iloc[0]
    assert (row["value"], row["n"]) == (1.0, len(fewer))
    (folder / "unduhan.json").write_text(json.dumps(records()), encoding="utf-8")
    assert run(folder)["n"].max() == 120, "and counts again when it is back"


def test_two_folders_of_one_name_do_not_share_a_store(folder, tmp_path):
    run(folder)
    other = tmp_path / "lain" / folder.name
    shutil.copytree(folder, other)
    with pytest.raises(StudyError, match="another study of the same name"):
        analyze(open_study(str(other)), data=tmp_path / "data", build=tmp_path / "b", environ={})


def test_questions_of_one_name_in_two_groups_are_told_apart(folder):
    survey = [
        ["begin_group", "a", "A"], ["select_one air", "q", "Satu?"], ["end_group", "", ""],
        ["begin_group", "b", "B"], ["select_one air", "q", "Dua?"], ["end_group", "", ""],
    ]  # fmt: skip
    write_workbook(
        {
            "survey": sheet(["type", "name", "label"], survey),
            "choices": sheet(["list_name", "name", "label"], CHOICES),
        },
        folder / "air.xlsx",
    )
    made = [{"_id": i, "a/q": "sumur", "b/q": "sungai"} for i in range(1, 41)]
    (folder / "unduhan.json").write_text(json.dumps(made), encoding="utf-8")
    table = run(folder).set_index(["measure", "category"])["value"]
    assert table["a.q", "sumur"] == 1
    assert table["b.q", "sungai"] == 1
    page = (folder.parent / "build" / "survei-air" / "index.html").read_text("utf-8")
    assert "Satu?" in page
    assert "Dua?" in page


def test_labels_instead_of_codes_are_noted_and_not_counted(folder):
    made = [{**r, "rumah/sumber": r["rumah/sumber"].title()} for r in records()]
    (folder / "unduhan.json").write_text(json.dumps(made), encoding="utf-8")
    outcome = analyze(
        open_study(str(folder)), data=folder.parent / "data", build=folder.parent / "build",
        environ={},
    )  # fmt: skip
    assert any("'sumber' are not among its choices" in note for note in outcome.results.notes)
    table = outcome.results.estimates
    assert (table[table["measure"] == "sumber"]["n"] == 0).all()


def test_closed_questions_without_a_topline_and_an_empty_export_are_noted(folder):
    survey = [
        *SURVEY, ["select_one_from_file desa.csv", "desa_asal", "Desa?"],
        ["begin_repeat", "anggota", "Anggota"], ["select_one air", "minum", "Minum apa?"],
        ["end_repeat", "", ""],
    ]  # fmt: skip
    write_workbook(
        {
            "survey": sheet(["type", "name", "label"], survey),
            "choices": sheet(["list_name", "name", "label"], CHOICES),
        },
        folder / "air.xlsx",
    )
    (folder / "unduhan.json").write_text("[]", encoding="utf-8")
    outcome = analyze(
        open_study(str(folder)), data=folder.parent / "data", build=folder.parent / "build",
        environ={},
    )  # fmt: skip
    said = " ".join(outcome.results.notes)
    assert "no topline of desa_asal, minum" in said
    assert "not a single submission" in said


def test_a_build_folder_that_cannot_be_written_is_a_sentence(folder, tmp_path):
    (tmp_path / "berkas").write_text("")
    with pytest.raises(PersepsiError, match="cannot be written"):
        analyze(
            open_study(str(folder)), data=tmp_path / "data", build=tmp_path / "berkas", environ={}
        )


def test_a_design_column_that_the_data_lack_is_named(folder):
    text = '[design]\nselection = "probability"\nweight = "bobott"\n'
    (folder / "study.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match="names the column 'bobott', which the data do not have"):
        run(folder)


def test_a_weight_that_is_not_positive_names_the_rows(folder):
    bad = records()
    bad[4]["bobot"] = "-1"
    (folder / "unduhan.json").write_text(json.dumps(bad), encoding="utf-8")
    (folder / "study.toml").write_text(
        '[design]\nweight = "bobot"\nstratum = "kab"\npsu = "desa"\n', encoding="utf-8"
    )
    with pytest.raises(SampleError, match="u5"):
        run(folder)


def test_a_folder_without_export_or_with_two_forms_says_what_is_needed(folder):
    (folder / "unduhan.json").rename(folder / "unduhan.txt")
    with pytest.raises(ServerError, match="form air needs exactly one export file, found none"):
        run(folder)
    (folder / "lagi.xlsx").write_bytes((folder / "air.xlsx").read_bytes())
    with pytest.raises(StudyError, match=r"found air\.xlsx, lagi\.xlsx"):
        run(folder)


def test_an_export_that_is_no_json_loses_nothing(folder):
    before = run(folder)
    (folder / "unduhan.json").write_text("<html>captive portal</html>", encoding="utf-8")
    with pytest.raises(ServerError, match=r"unduhan\.json"):
        run(folder)
    (folder / "unduhan.json").write_text(json.dumps(records()), encoding="utf-8")
    pd.testing.assert_frame_equal(run(folder), before)


def test_the_command_does_the_same(folder, capsys, monkeypatch):
    monkeypatch.chdir(folder.parent)
    assert _run(["analyze", "./survei-air"]) == 0
    assert "120 submissions" in capsys.readouterr().out
    assert (folder.parent / "build" / "survei-air" / "estimates.csv").exists()


def test_a_survey_with_its_own_design_can_be_brought_to_known_totals(folder):
    toml = """
[design]
weight = "bobot"
stratum = ["kab"]
psu = "desa"

[calibration]
minimum = 5
"""
    (folder / "study.toml").write_text(toml, encoding="utf-8")
    (folder / "margins.csv").write_text(
        "population;unit_id;margin;level;total;source\n"
        "penduduk;;sumber;sumur;700,5;sensus\npenduduk;;sumber;ledeng;299,5;sensus\n",
        encoding="cp1252",
    )
    table = run(folder)
    assert set(table.loc[table["se"].notna(), "variance_method"]) == {"jkn_raked"}
    # What the totals say is not estimated again.
    assert "sumber" not in set(table["measure"])
    build = folder.parent / "build" / "survei-air"
    assert (build / "variances.csv").exists()
    page = (build / "index.html").read_text("utf-8")
    assert "Angka yang diketahui" in page
    assert "sensus" in page
    levels = pd.read_csv(build / "calibration.csv")
    assert levels["after"].tolist() == pytest.approx([700.5, 299.5])
