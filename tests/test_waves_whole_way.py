"""A study of three waves as a user runs it: pulled over HTTP, killed, gone on with, added to.

Simulated people (tests/fakes/waves.py): at the second wave dpmptsp was made much worse, at the
third pkm_lepolepo much better, and nothing else changed.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from fakes import waves

from pipeline.errors import StudyError
from pipeline.fielded import assets_of_waves
from pipeline.gather import gather
from pipeline.run import analyze
from pipeline.store import Store
from pipeline.study import open_study

SHIFTS = {
    (1, "dpmptsp"): -1.2,
    (2, "dpmptsp"): -1.2,
    (2, "pkm_lepolepo"): 1.0,
}
PERSEPSI = [sys.executable, "-m", "pipeline"]


def run(study: Path, place: Path, **more):
    return analyze(
        open_study(str(study)), data=place / "data", build=place / "build", environ={},
        now=lambda: waves.NOW, **more,
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    base = tmp_path_factory.mktemp("waves")
    waves.write_study(base / "gelombang", 3, shifts=SHIFTS)
    return base


@pytest.fixture(scope="module")
def done(folder):
    return run(folder / "gelombang", folder)


def built(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / "build" / "gelombang" / name)


def test_every_submission_counts_in_the_wave_of_its_project(folder, done):
    manifest = json.loads((folder / "build/gelombang/manifest.json").read_text("utf-8"))
    on_server = manifest["server"]["on_server"]
    ids = [w["id"] for w in manifest["waves"]]
    assert ids == ["2026-2", "2027-1", "2027-2"]
    assert set(on_server) == {f"{form}@{i}" for form in ("wawancara", "sesi") for i in ids}
    counts = [w["counts"] for w in manifest["waves"][:-1]] + [manifest["counts"]]
    for i, own in zip(ids, counts, strict=True):
        assert own["contacts"] == on_server[f"wawancara@{i}"] > 100
        assert own["sessions_worked"] == 16
    assert manifest["wave"] == "2027-2"
    assert built(folder, "estimates.csv")["wave"].drop_duplicates().tolist() == ids


def test_every_table_says_of_which_wave_its_rows_are(folder, done):
    ids = {"2026-2", "2027-1", "2027-2"}
    for name in ("standings", "comparisons", "variances", "weights", "sensitivity"):
        assert set(built(folder, f"{name}.csv")["wave"]) == ids, name
    sessions = {w: set(r.sessions["session_id"]) for w, r in each(done).items()}
    for one in ids:
        assert all(not sessions[one] & sessions[other] for other in ids - {one})


def each(done):
    results = done.results
    return {r.wave: r for r in (*results.trend.earlier, results)}


def test_the_changes_that_were_made_are_found_and_no_other(folder, done):
    # What may leave the office may hold fewer: the analysis itself finds these.
    whole = run(folder / "gelombang", folder, pull=False, edition="internal").results.trend.changes
    index = whole.query("measure_type == 'indeks' & domain_type == 'unit'")
    tiers = {(r.since, r.domain): r.tier for r in index.itertuples()}
    assert tiers == {
        ("previous", "dpmptsp"): "tidak dapat dibedakan",
        ("first", "dpmptsp"): "turun jelas",
        ("previous", "pkm_lepolepo"): "naik jelas",
        ("first", "pkm_lepolepo"): "naik jelas",
    }
    table = built(folder, "changes.csv")
    parquet = pq.read_table(folder / "build/gelombang/changes.parquet").to_pandas()
    assert len(table) == len(parquet) == len(done.results.trend.changes)
    assert table["difference"].notna().sum() == parquet["difference"].notna().sum() > 50
    assert (table["after"] - table["before"] - table["difference"]).abs().max() < 1e-9


def test_changes_can_be_repeated_from_the_estimates_that_were_published(folder, done):
    estimates = (
        built(folder, "estimates.csv").query("measure == 'persepsi'").set_index(["wave", "domain"])
    )
    one = built(folder, "changes.csv").query("measure == 'persepsi' & domain == 'dpmptsp'").iloc[0]
    before = estimates.loc[(one["wave_before"], "dpmptsp")]
    after = estimates.loc[(one["wave"], "dpmptsp")]
    assert one["difference"] == pytest.approx(after["value"] - before["value"], rel=1e-9)
    assert one["se"] == pytest.approx((after["se"] ** 2 + before["se"] ** 2) ** 0.5, rel=1e-9)


def test_the_pages_tell_the_change_and_hold_no_script(folder, done):
    page = (folder / "build/gelombang/unit/dpmptsp.html").read_text("utf-8")
    text = " ".join(re.sub(r"<style.*?</style>|<[^>]+>", " ", page, flags=re.S).split())
    assert "Dibanding gelombang 2027-1, indeks tidak dapat dibedakan" in text
    assert "Dibanding gelombang 2026-2, indeks jelas turun" in text
    assert "<script" not in page
    assert len(page.encode()) < 200_000
    overview = (folder / "build/gelombang/index.html").read_text("utf-8")
    assert "Perubahan tiap unit" in overview
    assert len(overview.encode()) < 250_000


def test_a_second_run_writes_the_same_bytes(folder, done):
    build = folder / "build" / "gelombang"
    before = {p: p.read_bytes() for p in build.rglob("*.*") if p.name != "manifest.json"}
    again = run(folder / "gelombang", folder)
    assert {f["new"] for f in again.manifest["run"]["pulled"].values()} == {0}
    assert {p: p.read_bytes() for p in before} == before


def test_a_wave_more_changes_no_number_of_the_earlier_ones(tmp_path):
    study = tmp_path / "gelombang"
    waves.write_study(study, 2, shifts=SHIFTS)
    run(study, tmp_path)
    ids = ["2026-2", "2027-1"]
    names = ("estimates", "variances", "standings", "comparisons", "weights", "sensitivity")
    before = {name: built(tmp_path, f"{name}.csv") for name in names}
    changes = built(tmp_path, "changes.csv")
    waves.write_study(study, 3, shifts=SHIFTS)
    after = run(study, tmp_path)
    for name, table in before.items():
        now = built(tmp_path, f"{name}.csv")
        own = now[now["wave"].isin(ids)].reset_index(drop=True)
        pd.testing.assert_frame_equal(own, table, check_exact=True)
    assert {
        name: f["new"]
        for name, f in after.manifest["run"]["pulled"].items()
        if "2027-2" not in name
    } == {f"{form}@{i}": 0 for form in ("wawancara", "sesi") for i in ids}
    assert changes["wave"].unique().tolist() == ["2027-1"]
    assert built(tmp_path, "changes.csv")["wave"].unique().tolist() == ["2027-2"]


def test_one_wave_alone_has_the_numbers_that_it_has_among_others(folder, done, tmp_path):
    """The same fieldwork in a study of its own: nothing is borrowed from another wave."""
    study = tmp_path / "gelombang"
    shutil.copytree(folder / "gelombang", study)
    text = (study / "study.toml").read_text("utf-8")
    parts = re.split(r"(?=^\[\[wave\]\])|(?=^\[design\])", text, flags=re.M)
    kept = [p for p in parts if not p.startswith("[[wave]]") or '"2027-1"' in p]
    (study / "study.toml").write_text("".join(kept), encoding="utf-8")
    rows = (study / "sessions.csv").read_text("utf-8").splitlines()
    own = [rows[0], *(row for row in rows if row.endswith(",2027-1"))]
    (study / "sessions.csv").write_text("\n".join(own) + "\n", encoding="utf-8")
    for path in (study / "simulasi" / "2027-1").iterdir():
        path.rename(study / "simulasi" / path.name)
    for name in ("2026-2", "2027-1", "2027-2"):
        shutil.rmtree(study / "simulasi" / name)
    alone = run(study, tmp_path)
    assert alone.results.trend is None
    assert not (tmp_path / "build" / "gelombang" / "changes.csv").exists()
    among = each(done)["2027-1"].estimates
    pd.testing.assert_frame_equal(alone.results.estimates, among, check_exact=True)
    page = (tmp_path / "build" / "gelombang" / "index.html").read_text("utf-8")
    assert "Perkembangan antargelombang" not in page


def test_one_wave_can_be_pulled_alone(folder, tmp_path):
    study = open_study(str(folder / "gelombang"))

    def pulled(**more):
        found = gather(study, data=tmp_path, environ={}, now=lambda: waves.NOW, say=print, **more)
        return {form.form_id: form.new for form in found.summary.forms}

    assert set(pulled(wave="2027-1")) == {"wawancara@2027-1", "sesi@2027-1"}
    rest = pulled()
    assert rest["wawancara@2027-1"] == 0
    assert rest["wawancara@2026-2"] > 100
    with pytest.raises(StudyError, match=r"no \[\[wave\]\] '2030-1'"):
        pulled(wave="2030-1")


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is POSIX")
def test_killed_in_the_second_wave_the_next_run_goes_on(folder, done, tmp_path):
    study = folder / "gelombang"
    served = subprocess.Popen(
        [*PERSEPSI, "sandbox", str(study)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        assert served.stdout is not None
        url = re.search(r"http://127\.0\.0\.1:\d+", served.stdout.readline())[0]
        command = [*PERSEPSI, "pull", str(study), "--server", url, "--data", str(tmp_path / "data"),
                   "--page-size", "40"]  # fmt: skip
        first = subprocess.run([*command, "--wave", "2026-2"], capture_output=True, text=True)
        assert first.returncode == 0, first.stderr
        killed = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for line in killed.stderr:
            if re.search(r"wawancara@2027-1: (80|120) of", line):
                break
        killed.send_signal(signal.SIGKILL)
        killed.communicate(timeout=60)
        path = tmp_path / "data" / "gelombang" / "sandbox.sqlite"
        asset = assets_of_waves(open_study(str(study)))["wawancara@2027-1"]
        with Store.open(path) as store:
            assert store.verify() == []
            held = {s.submission.id for s in store.current("sandbox", asset)}
        total = each(done)["2027-1"].contacts
        assert 80 <= len(held) < len(total)
        again = subprocess.run(command, capture_output=True, text=True)
        assert again.returncode == 0, again.stderr
    finally:
        served.kill()
        served.communicate()
    found = re.search(r"wawancara@2027-1: (\d+) new, 0 edited", again.stdout)
    assert int(found[1]) == len(total) - len(held), "only what was missing"
    offline = run(study, tmp_path, pull=False)
    pd.testing.assert_frame_equal(
        offline.results.trend.estimates, done.results.trend.estimates, check_exact=True
    )


def test_a_changed_question_tears_the_line_and_is_said(tmp_path):
    extra = {1: 'changed = ["p_tata"]'}
    waves.write_study(tmp_path / "gelombang", 2, shifts=SHIFTS, extra=extra)
    outcome = run(tmp_path / "gelombang", tmp_path)
    torn = outcome.results.trend.changes.query("reason == 'asked_otherwise'")
    names = set(zip(torn["measure_type"], torn["measure"], strict=True))
    assert ("indeks", "persepsi") in names
    assert ("dimensi", "tata_kelola") in names
    assert ("dimensi", "kompetensi") not in names
    page = (tmp_path / "build/gelombang/unit/dpmptsp.html").read_text("utf-8")
    assert "Mulai gelombang 2027-1 pertanyaan atau definisi indeks diubah" in page
    assert "jadi keduanya tidak dibandingkan" in page
    manifest = json.loads((tmp_path / "build/gelombang/manifest.json").read_text("utf-8"))
    assert ["indeks", "persepsi"] in manifest["waves"][1]["broken"]
    assert manifest["waves"][1]["changed"] == ["p_tata"]
    text = (tmp_path / "gelombang/study.toml").read_text("utf-8").replace("p_tata", "p_taat")
    (tmp_path / "gelombang/study.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match=r"\[\[wave\]\] '2027-1' changed names p_taat"):
        run(tmp_path / "gelombang", tmp_path, pull=False)


def test_waves_without_assets_or_with_one_project_for_two_stop_the_run(tmp_path):
    study = tmp_path / "gelombang"
    waves.write_study(study, 2)
    shutil.rmtree(study / "simulasi" / "2027-1")
    for path in (study / "simulasi" / "2026-2").iterdir():
        path.rename(study / "simulasi" / path.name)
    with pytest.raises(StudyError, match="simulasi has no folder 2027-1"):
        run(study, tmp_path)
    assert not (tmp_path / "build").exists()
