"""Any XLSForm with its data: a folder outside the repository, without codebook columns."""

import json
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from analysis.errors import SampleError
from pipeline.cli import _run
from pipeline.errors import ServerError, StudyError
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


def test_a_design_column_that_the_data_lack_is_named(folder):
    (folder / "study.toml").write_text('[design]\nweight = "bobott"\n', encoding="utf-8")
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
