"""Bad input gets a clear sentence, its exit code, and nothing is lost."""

import csv
import gzip
import io
import json
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from pipeline.cli import _run
from pipeline.sandbox import Fault, serve, study_state
from pipeline.store import Store
from pipeline.study import open_study
from pipeline.workbook import read_workbook, sheet, write_workbook

KENDARI = open_study("kendari").folder


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A copy of the default study to spoil, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KOBO_TOKEN", raising=False)
    folder = tmp_path / "kendari"
    shutil.copytree(KENDARI, folder)
    return folder


def persepsi(capsys, *arguments) -> tuple[int, str]:
    code = _run(list(arguments))
    heard = capsys.readouterr()
    assert "Traceback" not in heard.err
    return code, heard.out + heard.err


def rewrite(folder: Path, form: str, change) -> None:
    """Change the records of one form of the simulated fieldwork."""
    path = folder / "simulasi" / f"{form}.jsonl.gz"
    records = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    kept = [new for record in records if (new := change(record)) is not None]
    path.write_bytes(gzip.compress("\n".join(json.dumps(r) for r in kept).encode()))


def test_a_wrong_token_names_the_variable(study, capsys, monkeypatch):
    monkeypatch.setenv("KOBO_TOKEN", "0" * 40)
    with serve(study_state(study, "kendari")) as server:
        code, said = persepsi(capsys, "pull", "./kendari", "--server", server.url)
    assert code == 12
    assert "token" in said.lower()
    assert "0" * 40 not in said


def test_a_server_that_is_down(study, capsys):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    code, said = persepsi(capsys, "pull", "./kendari", "--server", url)
    assert code == 12
    assert "127.0.0.1" in said


def test_a_server_that_answers_html(study, capsys):
    state = study_state(study, "kendari")
    state.faults.add(*[Fault("html", path="/me/", status=200) for _ in range(9)])
    with serve(state) as server:
        code, said = persepsi(capsys, "pull", "./kendari", "--server", server.url)
    assert code == 12
    assert "HTML" in said or "web page" in said


def test_plain_http_to_another_machine_is_refused(study, capsys, monkeypatch):
    monkeypatch.setenv("KOBO_TOKEN", "1" * 40)
    text = (study / "study.toml").read_text("utf-8")
    real = text.replace('id = "sandbox"\nkind = "sandbox"', 'id = "kobo"\nkind = "kobo"')
    real = real.replace("[wave.assets]", '[wave.assets]\nwawancara = "aX"\nsesi = "aY"\n')
    (study / "study.toml").write_text(real, encoding="utf-8")
    code, said = persepsi(capsys, "pull", "./kendari", "--server", "http://example.org")
    assert code == 12
    assert "https" in said


def test_a_misspelt_column_and_a_double_name_are_placed(study, capsys):
    path = study / "wawancara.xlsx"
    sheets = dict(read_workbook(path))
    survey = sheets["survey"]
    header = ["relevent" if name == "relevant" else name for name in survey.header]
    rows = [[row.cells.get(name, "") for name in survey.header] for row in survey.rows]
    sheets["survey"] = sheet(header, rows)
    write_workbook(sheets, path)
    before = (study / "wawancara.xml").read_bytes()
    code, said = persepsi(capsys, "forms", "build", "./kendari")
    assert code == 11
    assert "relevent" in said
    assert "relevant" in said
    twice = [*rows, next(row for row in rows if row[1] == "e_tunda")]
    sheets["survey"] = sheet(survey.header, twice)
    write_workbook(sheets, path)
    code, said = persepsi(capsys, "forms", "build", "./kendari")
    assert code == 11
    assert "e_tunda" in said
    assert (study / "wawancara.xml").read_bytes() == before, "nothing half-written"


def test_an_unknown_form_version_is_counted_and_kept(study, capsys):
    rewrite(study, "wawancara", lambda r: {**r, "__version__": "vUnknown"} if r["_id"] < 40 else r)
    code, said = persepsi(capsys, "analyze", "./kendari")
    assert code == 0
    assert "form version vUnknown, which the server does not list" in said


def test_an_unknown_session_and_a_question_that_went_are_counted_and_kept(study, capsys):
    def spoil(record):
        if record["_id"] < 30:
            return {**record, "kontak/sesi": "XYZ-01", "lama/pertanyaan": "ya"}
        return record

    rewrite(study, "wawancara", spoil)
    code, said = persepsi(capsys, "analyze", "./kendari")
    assert code == 0
    assert "XYZ-01" in said
    assert "'lama/pertanyaan', which the questionnaire does not have" in said
    with Store.open(Path("data/kendari/sandbox.sqlite")) as store:
        assert store.verify() == []
        bodies = [s.submission.body for s in store.current("sandbox", _asset("wawancara"))]
    assert sum("lama/pertanyaan" in body for body in bodies) > 10


def test_an_unknown_unit_in_the_plan_names_the_row(study, capsys):
    path = study / "sessions.csv"
    path.write_text(path.read_text("utf-8").replace(",dinsos,", ",dinsso,", 1), encoding="utf-8")
    code, said = persepsi(capsys, "analyze", "./kendari")
    assert code == 10
    assert "'dinsso' is not in units.csv" in said


def test_a_unit_without_interviews_gets_a_page_that_says_so(study, capsys):
    rewrite(study, "wawancara", lambda r: None if "DNS" in r["kontak/sesi"] else r)
    rewrite(study, "sesi", lambda r: None if "DNS" in str(r) else r)
    code, said = persepsi(capsys, "analyze", "./kendari")
    assert code == 0
    assert "No interview from dinsos" in said
    page = Path("build/kendari/unit/dinsos.html").read_text("utf-8")
    assert "Dinas Sosial" in page
    assert "Dinas Sosial" in Path("build/kendari/index.html").read_text("utf-8")


def test_no_interview_at_all_still_ends_with_sentences(study, capsys):
    rewrite(study, "wawancara", lambda r: None)
    code, said = persepsi(capsys, "analyze", "./kendari")
    assert code == 0
    assert "No interview from" in said
    assert Path("build/kendari/index.html").exists()


def test_a_session_without_counts_is_weighted_by_a_named_tier(study, capsys):
    def uncount(record):
        if record.get("sesi") == "LPL-03" and "tutup/tally" in record:
            record = {k: v for k, v in record.items() if k != "tutup/tally"}
            return {**record, "tutup/cara_hitung": "tidak"}
        return record

    rewrite(study, "sesi", uncount)
    code, said = persepsi(capsys, "analyze", "./kendari")
    assert code == 0
    assert "LPL-03" in said
    assert "T1" in said


def test_a_count_below_the_number_selected_costs_a_tier_not_the_analysis(study, capsys):
    def too_few(record):
        if record.get("sesi") == "LPL-03" and "tutup/tally" in record:
            return {**record, "tutup/tally": "2", "tutup/hitung": "2"}
        return record

    rewrite(study, "sesi", too_few)
    code, said = persepsi(capsys, "analyze", "./kendari")
    assert code == 0
    assert "LPL-03: count not usable: 2 visitors counted" in said
    assert "(tier T1)" in said


def test_weights_that_cannot_be_computed_name_the_session(study, capsys):
    assert persepsi(capsys, "analyze", "./kendari")[0] == 0
    before = Path("build/kendari/estimates.csv").read_bytes()
    path = study / "sessions.csv"
    path.write_text(_with(path, "unit_id", "pkm_lepolepo", "blocks_window", "3"), "utf-8")
    code, said = persepsi(capsys, "analyze", "./kendari")
    assert code == 14
    assert "LPL-0" in said
    assert "8 blocks were worked, more than the 3" in said
    path.write_text(_with(path, "unit_id", "pkm_lepolepo", "blocks_window", ""), "utf-8")
    code, said = persepsi(capsys, "analyze", "./kendari")
    assert code == 14
    assert "blocks_window is missing" in said
    assert Path("build/kendari/estimates.csv").read_bytes() == before


def test_a_store_that_is_no_database_is_left_alone(study, capsys):
    path = Path("data/kendari/sandbox.sqlite")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not a database, but somebody's file" * 100)
    code, said = persepsi(capsys, "analyze", "./kendari")
    assert code == 13
    assert "sandbox.sqlite" in said
    assert path.read_bytes().startswith(b"not a database")


def test_make_says_which_python_is_needed(tmp_path):
    root = Path(__file__).parents[1]
    if not (root / "Makefile").exists() or shutil.which("make") is None:
        pytest.skip("no make here")
    old = tmp_path / "python-old"
    old.write_text('#!/bin/sh\ncase "$*" in *version_info*) exit 1;; *) echo 3.9.1;; esac\n')
    old.chmod(0o755)
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(root / name, tmp_path / name)
    done = subprocess.run(
        ["make", "analyze", f"PYTHON={old}"], cwd=tmp_path, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "Persepsi needs Python 3.11 or newer" in done.stdout
    assert "3.9.1" in done.stdout


def _asset(form: str) -> str:
    from pipeline.sandbox import asset_uid

    return asset_uid("kendari", form)


def _with(path: Path, key: str, code: str, column: str, value: str) -> str:
    """Text of a CSV file in which the rows whose `key` is `code` have another cell."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(r | {column: value} if r[key] == code else r for r in rows)
    return out.getvalue()


def test_refusals_that_were_not_sent_do_not_better_the_response_rate(study, capsys):
    assert persepsi(capsys, "analyze", "./kendari")[0] == 0
    before = json.loads(Path("build/kendari/manifest.json").read_text("utf-8"))
    agreed = "bersedia"
    rewrite(
        study,
        "wawancara",
        lambda r: r if "DKC" not in r["kontak/sesi"] or r["kontak/hasil"] == agreed else None,
    )
    code, said = persepsi(capsys, "analyze", "./kendari")
    after = json.loads(Path("build/kendari/manifest.json").read_text("utf-8"))
    assert code == 0
    assert "people were selected by the closing tally and never arrived" in said
    assert "DKC-01" in said
    rates = [m["counts"]["response_rate"]["disdukcapil"] for m in (before, after)]
    assert rates[1] <= rates[0] + 0.02


def test_a_unit_taken_out_of_the_frame_is_left_out_with_a_note(study, capsys):
    path = study / "units.csv"
    lines = path.read_text("utf-8").splitlines()
    out = [x.removesuffix(",ya") + ",tidak" if x.startswith("dinsos,") else x for x in lines]
    path.write_text("\n".join(out) + "\n", encoding="utf-8")
    code, said = persepsi(capsys, "analyze", "./kendari")
    assert code == 0
    assert "dinsos: in_frame = tidak in units.csv" in said
    assert not any(
        line.split(",")[2] == "dinsos"
        for line in Path("build/kendari/estimates.csv").read_text("utf-8").splitlines()
    )


def test_units_that_were_drawn_leave_the_city_without_an_interval(study, capsys):
    path = study / "units.csv"
    text = path.read_text("utf-8").replace(",1,ya", ",0.5,ya")
    path.write_text(text, encoding="utf-8")
    assert persepsi(capsys, "analyze", "./kendari")[0] == 0
    lines = Path("build/kendari/estimates.csv").read_text("utf-8").splitlines()
    city = [line for line in lines if ",city,city,indeks," in line]
    assert len(city) == 1
    assert "units_drawn" in city[0]
    assert ",caution," in city[0]
    cells = dict(zip(lines[0].split(","), city[0].split(","), strict=True))
    assert cells["value"]
    assert cells["se"] == cells["low"] == cells["high"] == ""
