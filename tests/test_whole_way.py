"""The main job as a user runs it: real server, real store, real files."""

import csv
import gzip
import hashlib
import json
import re
import shutil
import subprocess
import sys
import urllib.request
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest
from attack import Stranger, answers_of

from pipeline.cli import main
from pipeline.edition_ledger import beside, published, record
from pipeline.errors import StoreError, StudyError
from pipeline.report.build import build_unit_page
from pipeline.report.render import render
from pipeline.run import Outcome, analyze
from pipeline.sandbox import asset_uid, serve, study_state
from pipeline.store import Store
from pipeline.study import open_study
from pipeline.unit_edition import for_unit

NOW = datetime(2026, 11, 16, 1, tzinfo=UTC)
UNITS = ("dikbud", "dinsos", "disdukcapil", "dpmptsp", "pkm_jatiraya", "pkm_lepolepo")


def run(folder: Path, **more) -> Outcome:
    return analyze(
        open_study("kendari"), data=folder / "data", build=folder / "build", environ={},
        now=lambda: NOW, **more,
    )  # fmt: skip


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != "manifest.json"
    }


@pytest.fixture(scope="module")
def default(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return folder, run(folder)


def test_every_output_is_there(default):
    folder, _ = default
    build = folder / "build" / "kendari"
    assert sorted(p.stem for p in (build / "unit").glob("*.html")) == list(UNITS)
    names = ("index.html", "estimates.csv", "estimates.parquet", "manifest.json", "variances.csv")
    for name in (*names, "calibration.csv", "weights.csv", "sensitivity.csv", "hasil.xlsx"):
        assert (build / name).stat().st_size > 1000, name
    assert (folder / "data" / "kendari" / "sandbox.sqlite").exists()
    assert not (folder / "data" / "kendari" / "store.sqlite").exists()


def test_the_manifest_names_the_server_and_the_counts(default):
    folder, outcome = default
    manifest = json.loads((folder / "build" / "kendari" / "manifest.json").read_text("utf-8"))
    assert manifest["server"]["id"] == "sandbox"
    assert manifest["run"]["server_url"].startswith("http://127.0.0.1:")
    on_server = manifest["server"]["on_server"]
    assert on_server["wawancara"] == manifest["run"]["pulled"]["wawancara"]["new"]
    assert manifest["counts"]["contacts"] == on_server["wawancara"] > 1000
    assert manifest["counts"]["interviews"] == len(outcome.results.weighted)
    assert manifest["simulated"] is True
    for name, sha in manifest["outputs"].items():
        file = folder / "build" / "kendari" / name
        assert hashlib.sha256(file.read_bytes()).hexdigest() == sha


def test_a_second_run_pulls_nothing_new_and_writes_the_same_bytes(default):
    folder, outcome = default
    before = hashes(folder / "build")
    again = run(folder)
    assert {f["new"] for f in again.manifest["run"]["pulled"].values()} == {0}
    assert hashes(folder / "build") == before
    assert again.issue == outcome.issue
    assert again.issue.number == 1
    assert outcome.manifest["run"]["written"]
    assert again.manifest["run"]["written"] == []  # the same bytes were not written again


def test_another_store_gives_the_same_estimates_whatever_the_page_size(default, tmp_path):
    folder, _ = default
    run(tmp_path, page_size=97)
    assert hashes(tmp_path / "build") == hashes(folder / "build")


def test_without_a_pull_the_store_alone_gives_the_same_estimates(default):
    folder, _ = default
    before = hashes(folder / "build" / "kendari")["estimates.csv"]
    offline = run(folder, pull=False)
    assert offline.manifest["run"]["pulled"] == {}
    assert hashes(folder / "build" / "kendari")["estimates.csv"] == before


def test_the_default_study_is_as_the_fieldwork_was_planned(default):
    _, outcome = default
    sessions = outcome.results.sessions
    worked = sessions[sessions["worked"]].groupby("unit_id").size()
    assert worked.to_dict() == {unit: 4 if unit == "dinsos" else 8 for unit in UNITS}
    n = outcome.results.weighted.groupby("unit_id").size()
    assert 10 <= n["dinsos"] < 30
    assert sessions.loc[sessions["worked"] & ~sessions["closed"], "session_id"].tolist() == [
        "JTR-05"
    ]
    tiers = outcome.results.weighted.groupby("psu")["tier"].first()
    assert tiers["JTR-05"] == "T1"
    assert set(tiers.drop("JTR-05")) == {"T0"}


def test_intervals_cover_the_declared_truth_of_the_simulation(default):
    """One sample: 95 % intervals of six units x many measures miss some, never a fifth."""
    _, outcome = default
    truth = json.loads(open_study("kendari").file("simulasi/kebenaran.json").read_text("utf-8"))
    table = outcome.results.estimates
    own = table[(table["domain_type"] == "unit") & (table["measure_type"] == "topline")]
    hit = []
    for row in own.itertuples():
        declared = truth["units"][row.domain]["service"].get(row.measure)
        if declared is None or row.category != "ya" or pd.isna(row.low) or row.n_psu < 8:
            continue
        hit.append(row.low <= declared <= row.high)
    assert len(hit) >= 50
    assert sum(hit) / len(hit) > 0.8


def test_estimates_follow_the_publication_rules(default):
    _, outcome = default
    table = outcome.results.estimates
    hidden = table["flag"].isin(["withheld", "not_estimable"])
    assert table.loc[hidden, ["value", "se", "low", "high"]].isna().all().all()
    assert (table.loc[~hidden, "n"] >= 10).all()
    units = table[(table["domain_type"] == "unit") & (table["flag"] == "published")]
    assert (units["n_psu"] >= 4).all()
    assert (units["df"] >= 3).all()
    assert (units["n"] >= 30).all()
    bounded = table.dropna(subset=["low", "high"])
    assert (bounded["low"] <= bounded["value"]).all()
    assert (bounded["value"] <= bounded["high"]).all()
    judged = outcome.results.comparisons.query("tier != ''")
    assert "dinsos" not in set(judged["domain"])


def test_weights_meet_the_known_visits_and_the_manifest_says_so(default):
    folder, outcome = default
    build = folder / "build" / "kendari"
    totals = pd.read_csv(open_study("kendari").file("simulasi/margins.csv"))
    jk = totals[totals["margin"] == "jk"].groupby("unit_id")["total"].sum()
    weighted = outcome.results.weighted
    final = weighted.groupby("unit_id")["w_final"].sum()
    assert final.to_dict() == pytest.approx(jk.to_dict(), rel=1e-9)
    n = weighted.groupby("unit_id").size()
    norm = weighted.groupby("unit_id")["w_norm"].sum()
    assert norm.to_dict() == pytest.approx(n.to_dict(), rel=1e-9)
    levels = pd.read_csv(build / "calibration.csv")
    assert (levels["gap"].abs() < 1e-9).all()
    assert not {"n", "before"} & set(levels)  # how many a unit has of a level is not for the public
    told = json.loads((build / "manifest.json").read_text("utf-8"))
    assert told["calibration"]["converged"] is True
    assert told["calibration"]["simulated"] is True
    assert told["calibration"]["variance_redoes_it"] is True
    assert "simulasi/margins.csv" in told["inputs"]
    assert told["settings"]["calibration"]["variance"] == "jkn_raked"
    history = pd.read_csv(build / "weights.csv")
    assert list(history["factor"].unique())[-2:] == ["f_calibration", "w_final"]
    last = history[history["factor"] == "w_final"].set_index("unit_id")["deff"]
    w = weighted[weighted["unit_id"] == "dikbud"]["w_final"]
    # Three digits: with twelve of them a weight could be told.
    assert last["dikbud"] == pytest.approx(len(w) * (w**2).sum() / w.sum() ** 2, rel=5e-3)


def test_the_standard_errors_stand_side_by_side(default):
    folder, outcome = default
    beside = pd.read_csv(folder / "build" / "kendari" / "variances.csv")
    public = pd.read_csv(folder / "build" / "kendari" / "estimates.csv")
    table = outcome.results.estimates
    key = ["domain_type", "domain", "measure_type", "measure", "category"]
    both = public.merge(beside, on=key, how="left", suffixes=("", "_beside"), indicator=True)
    assert len(both) == len(public)
    hidden = both["flag"].isin(["withheld", "not_estimable"])
    numbers = ["se_beside", "se_taylor", "se_jkn_raked", "ratio", "enumerators"]
    assert both.loc[hidden, numbers].isna().all().all()
    # What is hidden or coarse has no error from which it could be found again.
    kept_back = hidden | both["reason"].str.contains("coarse", na=False)
    assert ((both["_merge"] == "left_only") == kept_back).all()
    shown = both[~hidden & both["se_beside"].notna()]
    assert (shown["variance_method"] == "jkn_raked").mean() > 0.95
    assert shown["ratio"].dropna().between(0.8, 1.6).mean() > 0.95
    # What the margins count is known, and so nobody estimates it.
    assert not set(table["measure"]) & {"jk", "umur_kel", "jk_amatan", "umur_amatan"}


ATTACKED = ("e_uang", "e_hak", "e_beda", "p_tata", "t_jujur", "s_biaya", "didik", "dampak")


def stranger(default):
    folder, outcome = default
    results = outcome.results
    return Stranger(
        [folder / "build" / "kendari"], results.instrument, answers_of(results), results.hidden
    )


def test_no_file_of_the_public_edition_bounds_a_hidden_count(default):
    """The linear programs of a stranger, for a few questions; `make proof` tries them all."""
    attack = stranger(default)
    assert attack.tight(ATTACKED) == {}
    assert attack.tried > 40
    assert attack.tight_profiles() == {}
    assert attack.tried > 0


@pytest.mark.slow
def test_no_file_of_the_public_edition_bounds_any_hidden_count(default):
    attack = stranger(default)
    assert attack.tight() == {}
    assert attack.tried > 300


def test_the_stranger_reads_what_one_protected_answer_would_tell(default):
    attack = stranger(default)
    edition = attack.editions[0]
    told = [
        key for key, row in edition.items()
        if key[:1] + key[2:4] == ("unit", "topline", "s_biaya") and "protects" in str(row.reason)
    ]  # fmt: skip
    assert told
    for key in told:
        edition[key] = edition[key]._replace(flag="published", reason="")
    assert attack.tight(["s_biaya"])


def test_hidden_rows_do_not_tell_nobody_from_somebody(default):
    folder, _ = default
    table = pd.read_csv(folder / "build" / "kendari" / "estimates.csv", keep_default_na=False)
    few = table[table["reason"].str.contains("count<5") & (table["domain_type"] == "unit")]
    numbers = ["value", "se", "low", "high", "df", "n", "n_eff", "n_psu", "deff"]
    assert (few[[*numbers, "interval_method", "variance_method"]] == "").all(axis=None)
    # Reasons are those of the base, whoever of it gave the answer.
    line = ["domain", "measure_type", "measure"]
    assert len(few[[*line, "reason"]].drop_duplicates()) == len(few[line].drop_duplicates())
    assert few["reason"].str.fullmatch(r"count<5(;(n|sessions)<\d+)*").all()
    # Nobody or somebody was asked because of a hidden answer: both look alike.
    own = table[(table["domain_type"] == "unit") & (table["measure_type"] == "topline")]
    hides = own[(own["measure"] == "e_uang") & own["reason"].str.contains("count<5")]["domain"]
    asked_after = own[(own["measure"] == "uang_siapa") & own["domain"].isin(set(hides))]
    assert len(asked_after) > 5
    assert set(asked_after["reason"]) == {"protects"}
    assert set(asked_after["flag"]) == {"withheld"}


def test_the_page_for_one_unit_has_its_numbers_and_no_name_of_another(default):
    folder, outcome = default
    results = outcome.results
    own = for_unit(results, "dinsos", "secret")
    text = render(build_unit_page(own, "dinsos", "dinsos.html", NOW))
    for unit in results.study.units:
        if unit.unit_id != "dinsos":
            assert unit.unit_id not in text
            assert unit.short_name not in text
    assert "Unit E" in text
    assert 'href="../' not in text
    public = (folder / "build" / "kendari" / "unit" / "dinsos.html").read_text("utf-8")
    numbers = re.compile(r'<span class="num">[^<]*')
    assert numbers.findall(text) == numbers.findall(public)
    with pytest.raises(StudyError, match=r"no unit 'nowhere'.*--unit: disdukcapil"):
        for_unit(results, "nowhere", "secret")


def test_a_published_edition_is_remembered_once(default, tmp_path):
    _, outcome = default
    shown = outcome.results
    assert record(shown, shown, tmp_path / "editions") is not None
    assert record(shown, shown, tmp_path / "editions") is None
    (edition,) = published(tmp_path / "editions")
    assert len(edition) > 3000
    # The same answers again: nothing more is hidden than was.
    again = beside(shown, [edition])
    assert again.hidden["state"].tolist() == shown.hidden["state"].tolist()
    (tmp_path / "editions" / "0001.parquet").write_bytes(b"torn")
    with pytest.raises(StoreError, match="it is not known what a new one may show"):
        published(tmp_path / "editions")


def test_real_answers_are_not_weighted_to_simulated_counts(tmp_path):
    """A server of one's own, and somebody forgot the simulated totals in study.toml."""
    folder = tmp_path / "kendari"
    shutil.copytree(open_study("kendari").folder, folder)
    path = folder / "simulasi" / "wawancara.jsonl.gz"
    for form in ("wawancara", "sesi"):
        path = folder / "simulasi" / f"{form}.jsonl.gz"
        text = gzip.decompress(path.read_bytes()).replace(b'"simulasi:', b'"collect:')
        path.write_bytes(gzip.compress(text))
    text = (folder / "study.toml").read_text("utf-8")
    with serve(study_state(folder, "kendari")) as server:
        there = f'id = "kobo"\nkind = "kobo"\nurl = "{server.url}"'
        real = text.replace('id = "sandbox"\nkind = "sandbox"', there)
        assets = "".join(f'{f} = "{asset_uid("kendari", f)}"\n' for f in ("wawancara", "sesi"))
        real = real.replace("[wave.assets]", "[wave.assets]\n" + assets)
        (folder / "study.toml").write_text(real, encoding="utf-8")
        with pytest.raises(StudyError, match="these totals were simulated"):
            analyze(
                open_study(str(folder)), data=tmp_path / "data", build=tmp_path / "build",
                environ={"KOBO_TOKEN": server.token}, now=lambda: NOW,
            )  # fmt: skip
    assert not (tmp_path / "build").exists()


def test_simulated_submissions_are_called_simulated_whatever_server_they_come_from(tmp_path):
    """A training server set up as a real one must not give a report that looks real."""
    folder = tmp_path / "kendari"
    shutil.copytree(open_study("kendari").folder, folder)
    text = (folder / "study.toml").read_text("utf-8")
    with serve(study_state(folder, "kendari")) as server:
        there = f'id = "kobo"\nkind = "kobo"\nurl = "{server.url}"'
        real = text.replace('id = "sandbox"\nkind = "sandbox"', there)
        assets = "".join(f'{f} = "{asset_uid("kendari", f)}"\n' for f in ("wawancara", "sesi"))
        real = real.replace("[wave.assets]", "[wave.assets]\n" + assets)
        (folder / "study.toml").write_text(real, encoding="utf-8")
        outcome = analyze(
            open_study(str(folder)), data=tmp_path / "data", build=tmp_path / "build",
            environ={"KOBO_TOKEN": server.token}, now=lambda: NOW,
        )  # fmt: skip
    assert outcome.results.simulated
    assert (tmp_path / "data" / "kendari" / "store.sqlite").exists()
    for page in (tmp_path / "build" / "kendari").rglob("*.html"):
        assert "simulasi" in page.read_text("utf-8").lower(), page.name


def test_a_sandbox_study_pulls_from_no_real_server(tmp_path):
    with pytest.raises(StudyError, match="whose store is for simulated data only"):
        run(tmp_path, server_url="https://kf.kobotoolbox.org")


def test_two_runs_at_once_both_end_well(tmp_path):
    command = [sys.executable, "-m", "pipeline", "analyze", "kendari", "--data",
               str(tmp_path / "data"), "--build", str(tmp_path / "build")]  # fmt: skip
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for one in both:
        _, error = one.communicate(timeout=120)
        assert one.returncode == 0, error
    with Store.open(tmp_path / "data" / "kendari" / "sandbox.sqlite") as store:
        assert store.verify() == []


def test_interviews_are_exported_from_the_store_for_the_office_alone(default, capsys):
    folder, outcome = default
    places = ["--data", str(folder / "data"), "--build", str(folder / "build")]
    asked = ["export", "kendari", "--format", "parquet", "--table", "interviews", *places]
    with pytest.raises(SystemExit) as refused:
        main(asked)
    assert refused.value.code == 10
    with pytest.raises(SystemExit) as done:
        main([*asked, "--internal", "--json"])
    assert done.value.code == 0
    told = json.loads(capsys.readouterr().out)
    (path,) = map(Path, told["files"])
    assert path == folder / "build" / "kendari-internal" / "export" / "interviews.parquet"
    assert path.stat().st_mode & 0o077 == 0
    frame = pd.read_parquet(path).set_index("submission_id")
    weights = outcome.results.weighted.set_index("submission_id")["w_final"]
    assert frame["w_final"].to_dict() == weights.to_dict()
    assert {"deviceid", "tiket", "x_saran", "kode_ulang"} <= set(told["left_out"])
    assert Path(told["codebook"]).read_text("utf-8").count('id="wawancara.p_tata"') == 1


def cells(path: Path) -> dict[tuple[str, ...], str]:
    """Every cell of a CSV file by the texts of its row's key and its column."""
    key = ("domain_type", "domain", "measure_type", "measure", "category", "label", "question")
    found = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            name = tuple(row.pop(k, "") for k in key)
            found |= {(*name, column): text for column, text in row.items()}
    return found


def test_one_changed_answer_makes_an_issue_that_names_exactly_what_moved(default, tmp_path):
    """A supervisor corrects one answer on the server: the courtesy of one clerk, one step up."""
    first, _ = default
    shutil.copytree(first, tmp_path, dirs_exist_ok=True)
    build, before = tmp_path / "build" / "kendari", first / "build" / "kendari"
    study = open_study("kendari")
    with serve(study_state(study.folder, "kendari")) as server:
        change = {"submission_ids": [5], "data": {"skm/s_sopan": "sangat_sopan"}}
        request = urllib.request.Request(
            f"{server.url}/api/v2/assets/{asset_uid('kendari', 'wawancara')}/data/bulk/",
            json.dumps({"payload": change}).encode(),
            {"Authorization": f"Token {server.token}", "Content-Type": "application/json"},
            method="PATCH",
        )
        assert json.load(urllib.request.urlopen(request))["successes"] == 1
        again = run(tmp_path, server_url=server.url, issued=date(2026, 11, 20))

    # The pages: those that are named are those whose bytes differ, and no other file was touched.
    old, new = hashes(before), hashes(build)
    differ = {name for name in new if new[name] != old.get(name)}
    assert {name for name in differ if name.endswith(".html")} == {
        "index.html", "unit/dpmptsp.html", "poster/dpmptsp.html",
    }  # fmt: skip
    assert set(again.issue.changed) == {n for n in differ if not n.endswith(".parquet")}
    assert set(again.manifest["run"]["written"]) == differ
    for name in set(new) - differ:
        assert (build / name).stat().st_mtime_ns == (before / name).stat().st_mtime_ns, name

    # The cells: those that are named are those whose text differs, and they are what was asked.
    rows = again.revision.rows
    names = ("table", "domain_type", "domain", "measure_type", "measure", "category")
    named = {
        (*(row[name] for name in names), cell)
        for row in rows.to_dict("records")
        for cell in row["columns"].split(";")
    }
    moved = set()
    for table in again.revision.tables:
        if not (build / f"{table}.csv").exists():
            continue
        was, now = cells(before / f"{table}.csv"), cells(build / f"{table}.csv")
        assert was.keys() == now.keys()
        moved |= {(table, *key[:5], key[-1]) for key in now if was[key] != now[key]}
    assert named == moved
    estimates = rows[rows["table"] == "estimates"]
    assert set(estimates["measure"]) <= {"s_sopan", "perilaku", "ikm"}
    assert set(estimates.loc[estimates["domain_type"] == "unit", "domain"]) == {"dpmptsp"}
    assert set(rows.loc[rows["table"] == "comparisons", "measure"]) == {"perilaku"}

    # The issue: number, date, checksum; one person's answer is not told by its difference.
    assert (again.issue.number, again.issue.issued) == (2, date(2026, 11, 20))
    assert again.issue.few == ("dpmptsp",)
    assert again.manifest["issue"]["checksum"] == again.issue.checksum
    assert again.manifest["files"]["unit/dinsos.html"]["issue"] == 1
    assert not (build / "reissue.csv").exists()
    text = (build / "unit" / "dpmptsp.html").read_text("utf-8")
    assert "Terbitan 2, 20 November 2026, menggantikan terbitan 1 (16 November 2026)" in text
    assert "satu sampai empat orang" in text
    assert "Terbitan 1, 16 November 2026" in (build / "unit" / "dinsos.html").read_text("utf-8")
    (mind,) = [line for line in again.summary if line.startswith("Mind")]
    assert "dpmptsp 1" in mind
    told = estimates[(estimates["measure"] == "ikm") & (estimates["old"] != estimates["new"])]
    told = told.dropna(subset=["new"])
    assert len(told)
    for row in told.to_dict("records"):
        where = row["domain"] if row["domain_type"] == "unit" else row["domain_type"]
        said = f"{where} skm ikm: {row['old']:.6g} -> {row['new']:.6g}"
        assert any(line.strip() == said for line in again.summary), said
