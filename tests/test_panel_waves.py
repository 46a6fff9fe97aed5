"""A survey from elsewhere in two waves: files by wave, and villages that were drawn once.

Simulated people. The same villages asked again share what is theirs, so that a change is known
better than from two separate samples; where the second wave drew its own, it is not.
"""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis import Design, Mean, change
from pipeline.errors import PersepsiError
from pipeline.run import analyze
from pipeline.study import open_study
from pipeline.workbook import sheet, write_workbook

TOML = """
[server]
export = "ekspor"
[[wave]]
id = "w1"
[[wave]]
id = "w2"
[design]
psu = "desa"
weight = "bobot"
[index]
id = "mutu"
version = "1"
dimensions = ["layanan"]
"""
VILLAGES, PEOPLE = 24, 10


def people(rng: np.random.Generator, mood: np.ndarray, names: list[str], shift: float):
    """One wave: a row a person, with the village's lasting mood in the answers."""
    rows = []
    for village, name in enumerate(names):
        for _ in range(PEOPLE):
            latent = 2.5 + shift + mood[village] + rng.normal(0, 0.7)
            rows.append(
                (name, f"{rng.uniform(0.5, 2):.4f}", str(int(np.clip(round(latent), 1, 4))))
            )
    return pd.DataFrame(rows, columns=["desa", "bobot", "puas"])


def write(folder: Path, waves: dict[str, pd.DataFrame]) -> None:
    folder.mkdir(parents=True)
    (folder / "study.toml").write_text(TOML, encoding="utf-8")
    write_workbook(
        {
            "survey": sheet(
                ["type", "name", "label", "dimensi"],
                [["select_one puas", "puas", "Seberapa puas?", "layanan"]],
            ),
            "choices": sheet(
                ["list_name", "name", "label", "skor"],
                [["puas", str(i), f"Jawaban {i}", str(i)] for i in range(1, 5)],
            ),
        },
        folder / "air.xlsx",
    )
    for wave, frame in waves.items():
        records = [
            {"_id": i, "_uuid": f"{wave}-{i}", "meta/instanceID": f"uuid:{wave}-{i}",
             "_submission_time": "2026-06-01T00:00:00", **row}
            for i, row in enumerate(frame.to_dict("records"), start=1)
        ]  # fmt: skip
        path = folder / "ekspor" / wave / "air.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(records), encoding="utf-8")


def run(folder: Path, edition: str = "internal"):
    return analyze(
        open_study(str(folder)), data=folder.parent / "data", build=folder.parent / "build",
        environ={}, now=lambda: datetime(2026, 11, 16, tzinfo=UTC), edition=edition,
    )  # fmt: skip


def two(same: bool) -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(3)
    mood = rng.normal(0, 0.8, VILLAGES)
    other = mood if same else rng.normal(0, 0.8, VILLAGES)
    names = [f"d{v:02}" for v in range(VILLAGES)]
    later = names if same else [f"n{v:02}" for v in range(VILLAGES)]
    return {"w1": people(rng, mood, names, 0.0), "w2": people(rng, other, later, 0.25)}


def index_of(outcome):
    table = outcome.results.trend.changes
    return table[table["measure_type"] == "indeks"].iloc[0]


def api(frames: dict[str, pd.DataFrame]) -> pd.Series:
    numeric = [
        frame.assign(
            bobot=frame["bobot"].astype(float), skor=100 * (frame["puas"].astype(int) - 1) / 3
        )
        for frame in frames.values()
    ]
    return change(*numeric, Design("bobot", psu="desa"), Mean("skor")).iloc[0]


def test_villages_asked_again_make_a_change_surer_as_the_public_api_says(tmp_path):
    frames = two(same=True)
    write(tmp_path / "desa", frames)
    outcome = run(tmp_path / "desa")
    found, expected = index_of(outcome), api(frames)
    assert found["difference"] == pytest.approx(expected["value"], rel=1e-9)
    assert found["se"] == pytest.approx(expected["se"], rel=1e-6)
    tables = outcome.results.trend.estimates.query("measure_type == 'indeks'")
    assert found["se"] < 0.7 * float((tables["se"] ** 2).sum() ** 0.5)
    assert outcome.results.trend.again == {"w1": VILLAGES}
    assert any("24 PSUs of w1 were asked again in w2" in note for note in outcome.results.notes)
    page = (tmp_path / "build" / "desa-internal" / "index.html").read_text("utf-8")
    assert "24 klaster yang sama didatangi lagi" in page
    assert found["tier"] == "naik jelas"
    public = index_of(run(tmp_path / "desa", "public"))
    assert public["difference"] == round(public["after"] - public["before"], 9)
    assert public["difference"] == pytest.approx(expected["value"], abs=0.1)
    assert (public["se"], public["df"], public["tier"]) == (found["se"], found["df"], found["tier"])


def test_villages_of_their_own_make_two_separate_samples(tmp_path):
    frames = two(same=False)
    write(tmp_path / "desa", frames)
    outcome = run(tmp_path / "desa")
    found, expected = index_of(outcome), api(frames)
    assert found["se"] == pytest.approx(expected["se"], rel=1e-9)
    assert found["df"] == pytest.approx(expected["df"], rel=1e-9)
    assert outcome.results.trend.again == {}


def test_a_wave_without_its_file_is_named(tmp_path):
    write(tmp_path / "desa", two(same=True))
    (tmp_path / "desa" / "ekspor" / "w2" / "air.json").unlink()
    with pytest.raises(PersepsiError, match=r"ekspor.w2.* air needs exactly one export file"):
        run(tmp_path / "desa")
    assert not (tmp_path / "build").exists()
